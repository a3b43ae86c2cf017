"""A store that is held to be a copy (P10): what waits stands still, whatever happens, until a person lets it go."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.store.stores import FILES
from tests.store.world import (
    DAY,
    HOLD,
    HOUR,
    LINE,
    LINE2,
    NOW,
    OWNER,
    SARA,
    SERVICE,
    Listener,
    MakeStore,
    World,
    later,
    lost,
    step,
)

from payamak.domain.events import Cancelled, Moved, OnWire, Postponed
from payamak.domain.message import Message, PartState, Reason, State
from payamak.domain.mo import MoPart
from payamak.domain.posting import PostState
from payamak.domain.restoring import AT_LEAST, Why
from payamak.domain.site import Account, Line, LinkUse
from payamak.encoding.alphabets import Alphabet
from payamak.store.memory import BLOCK
from payamak.store.records import NewMessage, PostResult
from payamak.store.sqlite.mark import MarkFile
from payamak.store.sqlite.store import SqliteStore

ALL = (9, 9, 9)


async def put_back(world: World, limit: int = 100) -> None:
    """A person says that the store is a copy."""
    assert await world.store.settle_mark(world.now, is_restored=True)
    while await world.store.hold(world.now, limit):
        pass


async def claimed(world: World, *lines: str) -> list[int]:
    """What would go out now."""
    found = [m for line in lines or (LINE,) for m in (await world.store.claim(line, ALL, world.now, OWNER)).messages]
    return [m.id for m in found]


def without_its_mark(world: World) -> None:
    """The store has come without the file beside it."""
    assert isinstance(world.store, SqliteStore)
    MarkFile(world.store.path).path.unlink()


def standing(message: Message) -> tuple[State, Reason]:
    """State and reason."""
    return message.state, message.reason


async def test_all_that_could_go_out_is_held(world: World) -> None:
    """Queued, leased, resent, postponed, on the wire: held; taken and final: as they were; accepted since: free."""
    waiting = await world.accept()
    resent = await world.answer(await world.sending(), lost())
    put_off = await world.answer(await world.sending(), later())
    sending = await world.sending()
    enroute = await world.enroute("7")
    delivered = await world.enroute("8", recipient=SARA)
    await world.receipt("8", recipient=SARA)
    await put_back(world, limit=2)
    for message in (waiting, resent, put_off, sending):
        assert standing(await world.standing_of(message)) == (State.QUEUED, Reason.RESTORED)
    assert (await world.standing_of(enroute)).state is State.ENROUTE
    assert (await world.standing_of(delivered)).state is State.DELIVERED
    fresh = await world.accept()
    await world.store.release([fresh.id], OWNER)
    world.now += 12 * HOUR
    assert await claimed(world) == [fresh.id]
    restore = await world.store.last_restore()
    assert restore is not None
    assert (restore.why, restore.held, restore.is_open) == (Why.ASKED, 4, True)
    await world.balance()


async def test_ids_go_on_above_all_that_were_given(world: World) -> None:
    """Of messages and of messages from handsets; a number that a person names counts too."""
    last = await world.accept()
    await world.store.settle_mark(NOW, is_restored=True)
    first = await world.accept()
    above = last.id + AT_LEAST + 10
    assert above < first.id <= above + 2 * BLOCK  # what was taken of blocks may have been given too
    await world.store.settle_mark(NOW, is_restored=True, ids_above=5_000_000)
    assert (await world.accept()).id == 5_000_001
    await receive(world)
    (received,) = await world.store.received([LINE], NOW)
    assert received.id > 1_000 + 2 * AT_LEAST


async def test_held_again_and_again(world: World, make_store: MakeStore) -> None:
    """What a process that died has noted and not held yet, the next one holds; noting twice changes nothing of it."""
    messages = [await world.accept() for _ in range(5)]
    await world.store.settle_mark(NOW, is_restored=True)
    assert await world.store.hold(NOW, 2) == 2
    again = World(await make_store())
    assert await again.store.hold(NOW, 2) == 2
    await again.store.settle_mark(NOW, is_restored=True)
    assert [await again.store.hold(NOW, 4) for _ in range(3)] == [4, 1, 0]
    for message in messages:
        assert standing(await again.standing_of(message)) == (State.QUEUED, Reason.RESTORED)
    assert await again.resume() == 5


async def test_let_go(world: World) -> None:
    """By line, by account, all: what waited goes, as the copy that it may be; what is not held is left alone."""
    one = await world.accept()
    two = await world.accept(world.new(step(LINE2)))
    three = await world.accept(world.new(step(LINE2), account="clinic"))
    await put_back(world)
    free = await world.accept(world.new(step(SERVICE)))
    assert await world.resume(line=LINE2, account_id=world.account_id("clinic")) == 1
    assert await claimed(world, LINE, LINE2) == [three.id]
    assert await world.resume(line=LINE) == 1
    restore = await world.store.last_restore()
    assert restore is not None
    assert (restore.held, restore.is_open) == (1, True)
    assert await world.resume() == 1
    restore = await world.store.last_restore()
    assert restore is not None
    assert (restore.held, restore.is_open) == (0, False)
    assert await world.resume() == 0
    assert sorted(await claimed(world, LINE, LINE2)) == sorted([one.id, two.id])
    gone = await world.on_wire(await world.standing_of(one))
    assert (gone.copies, gone.state) == (1, State.SENDING)
    assert (await world.standing_of(free)).version == free.version


@pytest.mark.parametrize("make_store", FILES, indirect=True)
async def test_a_copy_is_not_let_go_as_moved(world: World) -> None:
    """Who said that the store is a copy was right whatever comes later: nothing goes without being counted."""
    await world.accept()
    await put_back(world)
    for _ in range(2):
        await world.store.keep_mark(world.now, is_needed=True)
    without_its_mark(world)
    assert await world.store.settle_mark(world.now)
    with pytest.raises(ValueError, match="resume restored"):
        await world.resume(is_moved=True)
    while await world.store.hold(world.now, 100):
        pass
    assert await world.resume() == 1
    assert await world.resume(is_moved=True) == 0


@pytest.mark.parametrize("make_store", FILES, indirect=True)
async def test_let_go_as_moved(world: World) -> None:
    """The store is no copy: nothing counts as sent twice but what was on the wire, as after any death."""
    assert not await world.store.settle_mark(world.now)
    for _ in range(2):
        await world.store.keep_mark(world.now, is_needed=True)
    waiting, sending = await world.accept(), await world.sending()
    without_its_mark(world)
    assert await world.store.settle_mark(world.now)
    while await world.store.hold(world.now, 100):
        pass
    assert await world.resume(is_moved=True) == 2
    assert (await world.on_wire(await world.standing_of(waiting))).copies == 0
    assert standing(await world.standing_of(sending)) == (State.QUEUED, Reason.RESEND)


async def test_on_the_wire_of_a_line_that_holds(world: World) -> None:
    """What was on the wire when the copy was made goes by its line's rule: `hold` ends as unknown, also when let go."""
    sending = await world.sending(step(HOLD))
    waiting = await world.accept(world.new(step(HOLD)))
    await put_back(world)
    assert await world.resume() == 2
    assert standing(await world.standing_of(sending)) == (State.UNKNOWN, Reason.ANSWER_LOST)
    assert standing(await world.standing_of(waiting)) == (State.QUEUED, Reason.RESUMED)


@pytest.mark.parametrize(
    "event",
    [
        Postponed(reason=Reason.LINK_DOWN, until=NOW + 1),
        Moved(line=LINE2, advertising=True),
        OnWire(link="north", owner=OWNER),
    ],
    ids=lambda event: type(event).__name__,
)
async def test_nothing_else_lets_it_go(world: World, event: Postponed | Moved | OnWire) -> None:
    """Whatever the back or a person does meanwhile, it stays held; moved, it is held on the other line."""
    message = await world.accept()
    await put_back(world)
    await world.store.advance(message.id, event, NOW)
    after = await world.standing_of(message)
    assert standing(after) == (State.QUEUED, Reason.RESTORED)
    world.now += DAY - 1
    assert await claimed(world, LINE, LINE2) == []
    assert after.current.line == (LINE2 if isinstance(event, Moved) else LINE)


async def test_a_receipt_settles_what_is_held(world: World) -> None:
    """A receipt of what was on the wire when the copy was made settles it as ever (P3, P8)."""
    sending = await world.sending(recipient=SARA)
    await put_back(world)
    await world.receipt("77", recipient=SARA)
    assert standing(await world.standing_of(sending)) == (State.DELIVERED, Reason.RECEIPT)
    await world.balance()


async def test_a_receipt_that_waits_in_the_copy(world: World) -> None:
    """A receipt that came before its answer, and stands in the copy, tells what became of the message."""
    sending, resent = await world.sending(recipient=SARA), await world.sending()
    await world.receipt("77", recipient=SARA)
    await put_back(world)
    assert standing(await world.standing_of(sending)) == (State.DELIVERED, Reason.RECEIPT)
    assert (await world.standing_of(resent)).is_held
    await world.balance()


async def test_an_opt_out_goes_on_held(world: World) -> None:
    """A late opt-out leads to the next step, which is held too: it may have gone since the copy was made."""
    listener = Listener(world.store)
    sending = await world.sending(step(LINE), step(SERVICE), recipient=SARA)
    await put_back(world)
    await world.receipt("77", PartState.OPTED_OUT, recipient=SARA)
    message = await world.standing_of(sending)
    assert (message.step, message.is_leased, *standing(message)) == (1, False, State.QUEUED, Reason.RESTORED)
    assert await claimed(world, SERVICE) == []
    assert await world.resume() == 1
    assert await claimed(world, SERVICE) == [message.id]
    assert listener.events[-1] == (message.id, "Resumed")


@pytest.mark.parametrize("by_hand", [True, False])
async def test_ends_while_held(world: World, by_hand: bool) -> None:
    """Deadlines go on (P7), and a person may cancel: it may have been sent since, so it ends as unknown, paid back."""
    message = await world.accept()
    await put_back(world)
    if by_hand:
        await world.store.advance(message.id, Cancelled(), NOW)
    else:
        world.now += DAY
        assert await world.store.sweep(world.now, 9) == 1
    assert standing(await world.standing_of(message)) == (State.UNKNOWN, Reason.RESTORED)
    assert (await world.balance()).available == 10_000


async def test_what_was_let_go_may_have_arrived(world: World) -> None:
    """A message that went, or waited to go, once more after a restore is never told as expired or cancelled."""
    message = await world.accept()
    await put_back(world)
    await world.resume()
    world.now += DAY
    await world.store.sweep(world.now, 9)
    assert (await world.standing_of(message)).state is State.UNKNOWN


# --------------------------------------------------------------------------------- what is posted to customers


async def hooked(world: World) -> None:
    """The account has a webhook, the line a URL for what handsets send."""
    site = world.store.site
    account = replace(site.accounts["shop"], webhook_url="https://shop.example/hook", webhook_secret="env:S")
    line = replace(site.lines[LINE], relay_url="https://shop.example/mo")
    documents: tuple[Account | Line, ...] = (account, line)
    await world.store.put_documents(documents, [], NOW)


async def receive(world: World) -> None:
    """A handset sends."""
    part = MoPart(upstream="operator", link="north", line=LINE, sender=SARA, alphabet=Alphabet.GSM7, octets=b"hello")
    await world.store.receive_mo(part, "north#1", ["north#1"], world.now)


async def test_names_of_events_are_not_used_again(world: World) -> None:
    """An event of a copy's message has a name that no event of it can have had since; one of the copy keeps its own."""
    await hooked(world)
    message = await world.accept()
    (before,) = await world.store.notices_due(world.account_id(), NOW, 9)
    await put_back(world)
    await world.store.advance(message.id, Cancelled(), NOW)
    story = await world.store.story(message.id)
    assert story is not None
    first, second = story.notices
    assert first == before
    assert (first.sequence, second.state) == (1, State.UNKNOWN)
    assert 1_000_000 < second.sequence < 1 << 31
    fresh = await world.accept()
    due = {n.message_id: n.sequence for n in await world.store.notices_due(world.account_id(), NOW, 9)}
    assert due == {message.id: 1, fresh.id: 1}


async def test_events_go_in_order_over_the_leap(world: World) -> None:
    """The next event has its turn when the one before is done, however far apart their numbers are; replayed too."""
    from payamak.domain.posting import PostState
    from payamak.domain.webhooks import NoticeResult

    await hooked(world)
    message = await world.accept()
    await put_back(world)
    await world.store.advance(message.id, Cancelled(), NOW)

    async def due() -> list[int]:
        return [n.sequence for n in await world.store.notices_due(world.account_id(), NOW, 9)]

    story = await world.store.story(message.id)
    assert story is not None
    first, second = (n.sequence for n in story.notices)
    assert await due() == [first]
    for sequence in (first, second):
        done = NoticeResult(
            message_id=message.id,
            sequence=sequence,
            account_id=world.account_id(),
            post=PostState.DONE,
            next_at=None,
            note="200",
        )
        assert (await world.store.conclude_notices([done], NOW))[0]
        assert await due() == ([second] if sequence == first else [])
    assert await world.store.replay_notices([(message.id, first), (message.id, second)], NOW) == 2
    assert await due() == [first]


@pytest.mark.parametrize("is_let_go", [False, True])
async def test_answers_to_handsets(world: World, is_let_go: bool) -> None:
    """The answer to a message that waited for its post in the copy may have been sent: it is held until all may go."""
    await hooked(world)
    await receive(world)
    await put_back(world)
    restore = await world.store.last_restore()
    assert restore is not None
    assert (restore.held, restore.posts, restore.is_open) == (0, 1, True)
    if is_let_go:
        await world.resume()
    (received,) = await world.store.relay_due((await world.store.relay_targets())[0][0], NOW, 9)
    reply: NewMessage = world.new(recipient=SARA)
    result = PostResult(received_id=received.id, state=PostState.DONE, next_at=None, note="200", reply=reply)
    concluded = (await world.store.conclude_posts([result], NOW))[0]
    assert concluded is not None
    assert concluded.reply_id is not None
    story = await world.store.story(concluded.reply_id)
    assert story is not None
    assert story.message.is_held is not is_let_go
    await receive_another(world)
    assert LinkUse(link="north") in world.store.site.lines[LINE].links


async def receive_another(world: World) -> None:
    """What came after the restore is answered as ever."""
    part = MoPart(upstream="operator", link="north", line=LINE, sender=SARA, alphabet=Alphabet.GSM7, octets=b"new")
    await world.store.receive_mo(part, "north#1", ["north#1"], world.now)
    (received,) = await world.store.relay_due((await world.store.relay_targets())[0][0], NOW, 9)
    result = PostResult(
        received_id=received.id, state=PostState.DONE, next_at=None, note="200", reply=world.new(recipient=SARA)
    )
    concluded = (await world.store.conclude_posts([result], NOW))[0]
    assert concluded is not None
    assert concluded.reply_id is not None
    story = await world.store.story(concluded.reply_id)
    assert story is not None
    assert not story.message.is_held


async def test_nothing_to_ask_for(world: World) -> None:
    """A copy in which nothing waits asks nobody; its ids go on above all the same."""
    await world.enroute("1")
    await put_back(world)
    restore = await world.store.last_restore()
    assert restore is not None
    assert not restore.is_open
    assert (await world.accept()).id > AT_LEAST
