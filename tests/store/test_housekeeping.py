"""What nobody waits for: deadlines, overdue receipts, opt-outs that expire, retention; and moving a line's queue."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.store.world import (
    ALI,
    DAY,
    HOLD,
    HOUR,
    LINE,
    LINE2,
    MINUTE,
    NOW,
    OWNER,
    SERVICE,
    Listener,
    MakeStore,
    World,
    gone,
    lost,
    step,
    taken,
)

from payamak.domain.events import Cancelled
from payamak.domain.message import PartState, Reason, State
from payamak.domain.site import Account
from payamak.store.records import OptOut, Search

# ------------------------------------------------------------------------------------------------- sweep


async def test_deadline(world: World) -> None:
    """What waits at its deadline expires and is paid back; what has a minute left does not (P7)."""
    short = await world.accept(world.new(life=HOUR))
    long = await world.accept(world.new(life=HOUR + MINUTE))
    world.now += HOUR
    assert await world.store.sweep(world.now, 100) == 1
    assert (await world.standing_of(short)).state is State.EXPIRED
    assert (await world.standing_of(long)).state is State.QUEUED
    assert (await world.balance()).reserved == 100
    assert await world.store.sweep(world.now, 100) == 0


async def test_leased_messages_expire_too(world: World) -> None:
    """A message that the back holds expires all the same; its claim is then left out."""
    await world.accept()
    (claimed,) = (await world.store.claim(LINE, (9, 9, 9), NOW, OWNER)).messages
    world.now += DAY
    assert await world.store.sweep(world.now, 100) == 1
    assert await world.mark(claimed) == []


async def test_on_the_wire_is_left_alone(world: World) -> None:
    """What is on the wire at its deadline waits for its answer."""
    sending = await world.sending()
    world.now += 2 * DAY
    assert await world.store.sweep(world.now, 100) == 0
    assert (await world.standing_of(sending)).state is State.SENDING


async def test_ambiguous_at_its_deadline(world: World) -> None:
    """A resend that did not come to be ends as unknown, for the first copy may have arrived (P2)."""
    message = await world.answer(await world.sending(), lost())
    world.now += DAY
    await world.store.sweep(world.now, 100)
    assert (await world.standing_of(message)).state is State.UNKNOWN


async def test_overdue(world: World) -> None:
    """No receipt until deadline and the line's grace: unknown, and still charged; each line has its own grace."""
    day = await world.enroute("1", step(LINE))
    hour = await world.enroute("2", step(HOLD))
    world.now += DAY + HOUR
    assert await world.store.sweep(world.now, 100) == 1
    assert (await world.standing_of(day)).state is State.ENROUTE
    message = await world.standing_of(hour)
    assert (message.state, message.reason) == (State.UNKNOWN, Reason.NO_RECEIPT)
    world.now += 23 * HOUR
    assert await world.store.sweep(world.now, 100) == 1
    assert (await world.balance()).available == 9_800


async def test_a_long_grace_hides_nothing(world: World) -> None:
    """However many messages of a patient line wait, those of an impatient one are found."""
    for number in range(6):
        await world.enroute(f"a{number}", step(LINE, 0))
    world.now += 1
    hour = await world.enroute("b", step(HOLD, 0))
    world.now += DAY + HOUR
    assert await world.store.sweep(world.now, 5) == 1
    assert (await world.standing_of(hour)).state is State.UNKNOWN


async def test_grace_of_a_line_that_is_gone(world: World) -> None:
    """A line that is no longer configured has the default grace of a day."""
    message = await world.enroute("1", step(HOLD))
    accounts = [replace(a, lines=(LINE,)) for a in world.store.site.accounts.values()]
    await world.store.put_documents(accounts, [("line", HOLD)], NOW)
    world.now += DAY + HOUR
    assert await world.store.sweep(world.now, 100) == 0
    world.now += 23 * HOUR
    assert await world.store.sweep(world.now, 100) == 1
    assert (await world.standing_of(message)).state is State.UNKNOWN


async def test_sweep_in_batches(world: World) -> None:
    """Sweeping goes on in batches until nothing is left, and tells the Feed."""
    for line in (LINE, LINE2, LINE):
        await world.accept(world.new(step(line), life=HOUR))
    listener = Listener(world.store)
    world.now += HOUR
    assert [await world.store.sweep(world.now, 2) for _ in range(3)] == [2, 1, 0]
    assert len(listener.events) == 3


async def test_expired_opt_outs_are_forgotten(world: World) -> None:
    """Opt-outs whose time is over are swept, counted, a little at a time; those without an end stay."""
    numbers = [f"98912000000{i}" for i in range(5)]
    ends = [NOW + 1, NOW + 1, NOW + 1, NOW + 9, None]
    await world.store.put_opt_outs(
        OptOut(recipient=r, line=LINE, code=33, source="hand", learned_at=NOW, expires_at=end)
        for r, end in zip(numbers, ends, strict=True)
    )
    assert [await world.store.sweep(NOW + 1, 2) for _ in range(3)] == [2, 1, 0]
    assert [o.recipient for o in await world.store.opt_outs(None, None, "", 9)] == numbers[3:]


# ---------------------------------------------------------------------------------------------- retention


async def retire_all(world: World, limit: int = 100) -> int:
    """Two rounds of retention: one to the end and one from the beginning."""
    return sum([await world.store.retire(world.now, limit) for _ in range(60)])


async def delivered(world: World, operator_id: str, account: str = "shop") -> int:
    """The id of a message that has come to its end."""
    message = await world.on_wire(await world.accept(world.new(account=account)))
    await world.answer(message, taken(operator_id))
    await world.receipt(operator_id)
    return message.id


async def test_limits_of_the_accounts(world: World) -> None:
    """A final message goes when it is older than its account keeps it, and not before."""
    shop = await delivered(world, "1")
    clinic = await delivered(world, "2", account="clinic")
    world.now += 30 * DAY - 1
    assert await retire_all(world) == 0
    world.now += 1
    assert await retire_all(world) == 1
    assert await world.store.story(shop) is None
    assert await world.store.story(clinic) is not None
    world.now += 60 * DAY
    assert await retire_all(world) == 1
    assert await world.store.search(Search()) == []


async def test_not_before_a_late_receipt_could_come(world: World) -> None:
    """Nothing goes before deadline, grace and seven days, however short the account's limit is."""
    shop = world.store.site.accounts["shop"]
    await world.store.put_documents([replace(shop, keep_days=1)], [], NOW)
    await delivered(world, "1")
    world.now += (1 + 1 + 7) * DAY - 1
    assert await retire_all(world) == 0
    world.now += 1
    assert await retire_all(world) == 1


async def test_open_messages_stay(world: World) -> None:
    """A message that has not come to its end is never removed."""
    await world.accept(world.new(life=200 * DAY))
    await world.enroute("1")
    await world.sending()
    world.now += 100 * DAY
    assert await retire_all(world) == 0
    assert len(await world.store.search(Search())) == 3


async def test_money_stays(world: World) -> None:
    """The entries of what is removed are folded into an opening balance: the books balance as before."""
    for number in range(5):
        await delivered(world, f"{number}")
    refunded = await world.enroute("9")
    await world.receipt("9", PartState.OPTED_OUT)
    world.now += 30 * DAY
    before = await world.balance()
    assert await retire_all(world, limit=2) == 6
    assert await world.store.story(refunded.id) is None
    assert await world.balance() == before
    world.now += 1
    await delivered(world, "20")
    assert (await world.balance()).available == before.available - 100


async def test_everything_of_it_goes(world: World) -> None:
    """Parts and further receipts go with their message: a receipt that comes even later is unmatched."""
    await delivered(world, "1")
    await world.receipt("1")
    world.now += 31 * DAY
    assert await retire_all(world) == 1
    assert await world.receipt("1") == []
    assert await world.unmatched_ids() == ["1"]


async def test_ids_are_never_used_again(world: World) -> None:
    """After the newest message was removed the next id is still a new one."""
    old = await delivered(world, "1")
    world.now += 31 * DAY
    await retire_all(world)
    assert (await world.accept()).id > old


async def test_paging(world: World) -> None:
    """Small batches come round: what one account keeps for longer hides nothing behind it."""
    for number in range(30):
        await delivered(world, f"c{number}", account="clinic")
    shop = [await delivered(world, f"s{number}") for number in range(3)]
    world.now += 31 * DAY
    assert await retire_all(world, limit=1) == 3
    left = {m.id for m in await world.store.search(Search(limit=100))}
    assert left.isdisjoint(shop)
    assert len(left) == 30


async def test_a_young_message_under_a_low_id(world: World, make_store: MakeStore) -> None:
    """It hides nothing: another process that accepts has ids of its own, and any of the two may be ahead."""
    other = World(await make_store())
    await other.store.refresh()
    old = await delivered(other, "1")
    world.now += 31 * DAY
    young = await world.accept()
    assert young.id < old
    assert await retire_all(world, limit=1) == 1
    assert [message.id for message in await world.store.search(Search())] == [young.id]


async def test_removed_account(world: World) -> None:
    """The messages of an account that was removed are kept as long as the default says."""
    await delivered(world, "1")
    await gone(world.store, "account", "shop")
    world.now += int(Account(username="").keep_days * DAY) - 1
    assert await retire_all(world) == 0
    world.now += 1
    assert await retire_all(world) == 1


# ------------------------------------------------------------------------------------------- move a line


async def test_move(world: World) -> None:
    """Waiting messages go to the other line, in batches, at their old price; the rest stays."""
    waiting = [await world.accept() for _ in range(3)]
    sending, elsewhere = await world.sending(), await world.accept(world.new(step(SERVICE)))
    assert [await world.move(most=2) for _ in range(3)] == [2, 1, 0]
    claimed = (await world.store.claim(LINE2, (9, 9, 9), NOW, OWNER)).messages
    assert sorted(m.id for m in claimed) == [m.id for m in waiting]
    assert {(m.reason, m.current.line, m.reserved) for m in claimed} == {(Reason.MOVED, LINE2, 100)}
    assert (await world.standing_of(sending)).current.line == LINE
    assert (await world.standing_of(elsewhere)).current.line == SERVICE
    assert (await world.balance()).reserved == 500


async def test_moved_while_leased(world: World) -> None:
    """A message that the back holds is moved away from it: its claim is left out."""
    await world.accept()
    (claimed,) = (await world.store.claim(LINE, (9, 9, 9), NOW, OWNER)).messages
    assert await world.move() == 1
    assert await world.mark(claimed) == []
    (moved,) = (await world.store.claim(LINE2, (9, 9, 9), NOW, OWNER)).messages
    assert moved.id == claimed.id


async def test_move_nowhere(world: World) -> None:
    """A target that is not configured, or the same line, is refused and nothing moves."""
    message = await world.accept()
    with pytest.raises(LookupError):
        await world.move(target="98300099")
    with pytest.raises(ValueError, match="already"):
        await world.move(target=LINE)
    assert await world.standing_of(message) == message


async def test_final_messages_do_not_move(world: World) -> None:
    """What has ended on a line stays there."""
    message = await world.accept()
    await world.store.advance(message.id, Cancelled(), NOW)
    assert await world.move() == 0
    found = await world.store.search(Search(recipient=ALI))
    assert [m.current.line for m in found] == [LINE]
