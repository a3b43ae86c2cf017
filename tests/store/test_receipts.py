"""Hop 7: every receipt is kept, finds its part and acts, once; nothing is guessed (P3, P8)."""

from __future__ import annotations

import pytest
from tests.store.world import (
    ALI,
    DAY,
    HOLD,
    LINE,
    LINE2,
    NOW,
    SARA,
    Listener,
    MakeStore,
    World,
    lost,
    opted_out,
    step,
    taken,
)

from payamak.codes import Code
from payamak.domain.ids import IdBase
from payamak.domain.message import PartState, Reason, State
from payamak.domain.receipts import ReceiptIn
from payamak.store.feed import Change

UNDELIVERED = PartState.UNDELIVERABLE


def kept_back(changes: list[Change]) -> list[int]:
    """The messages of which no further copy goes, for a receipt that may be theirs has come; nothing else happened."""
    assert all(change.event == "Pooled" and change.message.awaited for change in changes), changes
    return [change.message.id for change in changes]


async def states(world: World, *messages: object) -> list[State]:
    """Where the messages stand on disk."""
    return [(await world.standing_of(m)).state for m in messages]  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------- matching


@pytest.mark.parametrize(
    ("answered", "reported", "base"),
    [
        ("12345", "12345", IdBase.SAME),
        ("0012345", "12345", IdBase.SAME),
        ("12345", "0000012345", IdBase.SAME),
        ("AbCdEf", "aBcDeF", IdBase.SAME),
        ("1a2b", "6699", IdBase.AUTO),
        ("1A2B", "0006699", IdBase.AUTO),
        ("6699", "1A2B", IdBase.AUTO),
        ("1a2b", "6699", IdBase.HEX_TO_DECIMAL),
        ("6699", "00001A2B", IdBase.DECIMAL_TO_HEX),
        ("f00d-1", "F00D-1", IdBase.AUTO),
    ],
)
@pytest.mark.parametrize("is_early", [False, True], ids=["after", "before"])
async def test_readings(world: World, answered: str, reported: str, base: IdBase, is_early: bool) -> None:
    """An id is found in hex or decimal, with zeros or without, in any case, before its answer and after."""
    sending = await world.sending()
    if is_early:
        assert await world.receipt(reported, base=base) == []
        message = await world.answer(sending, taken(answered))
    else:
        await world.answer(sending, taken(answered))
        (change,) = await world.receipt(reported, base=base)
        message = change.message
    assert (message.state, message.reason) == (State.DELIVERED, Reason.RECEIPT)
    assert await world.unmatched_ids() == []
    story = await world.store.story(message.id)
    assert story is not None
    part = story.parts[0]
    assert (part.operator_id, part.receipt, part.receipt_stat, part.receipt_err) == (answered, "d", "STAT", "000")


async def test_upstreams_have_ids_of_their_own(world: World) -> None:
    """An id counts only for the upstream that gave it; links of one upstream share theirs."""
    message = await world.enroute("5")
    assert await world.receipt("5", upstream="other") == []
    assert await states(world, message) == [State.ENROUTE]
    assert len(await world.receipt("5", upstream="operator")) == 1


async def test_recurring_ids(world: World) -> None:
    """Ids recur: the newest match with the same recipient counts."""
    old = await world.enroute("5")
    world.now += 1
    new = await world.enroute("5")
    world.now += 1
    other = await world.enroute("5", recipient=SARA)
    (change,) = await world.receipt("5")
    assert change.message.id == new.id
    assert await states(world, old, other) == [State.ENROUTE, State.ENROUTE]


async def test_recurring_id_without_recipient(world: World) -> None:
    """A receipt that names no recipient belongs to the newest."""
    await world.enroute("5")
    world.now += 1
    new = await world.enroute("5", recipient=SARA)
    (change,) = await world.receipt("5", recipient=None)
    assert change.message.id == new.id


async def test_another_recipient(world: World) -> None:
    """An id whose recipient is another one is no match; the receipt is kept and shown."""
    message = await world.enroute("5")
    assert await world.receipt("5", recipient=SARA) == []
    assert await states(world, message) == [State.ENROUTE]
    assert await world.unmatched_ids() == ["5"]


async def test_unmatched_is_kept(world: World, make_store: MakeStore) -> None:
    """What matches nothing is kept, committed and shown, newest first."""
    listener = Listener(world.store)
    for operator_id in ("a1", "b2"):
        assert await world.receipt(operator_id) == []
    rows = await (await make_store()).unmatched(10)
    assert [row.operator_id for row in rows] == ["b2", "a1"]
    assert len(await world.store.unmatched(1)) == 1
    assert listener.batches == []


async def test_without_keys(world: World) -> None:
    """A receipt whose upstream gave no readings is found under its id as written."""
    message = await world.enroute("5")
    receipt = ReceiptIn(
        upstream="operator",
        link="north",
        operator_id="05",
        keys=(),
        part_state=PartState.DELIVERED,
        stat="DELIVRD",
        recipient=ALI,
    )
    (change,) = await world.store.receive(receipt, NOW)
    assert change.message.id == message.id


# ------------------------------------------------------------------------------------------------- early


async def test_early_for_each_part(world: World) -> None:
    """Receipts of several parts may come before their answers; the last answer ends the message."""
    message = await world.sending(step(parts=2))
    await world.receipt("11")
    await world.receipt("12")
    message = await world.answer(message, taken("11", 1))
    assert message.parts == ("ds",)
    message = await world.answer(message, taken("12", 2))
    assert message.state is State.DELIVERED
    assert (await world.balance()).available == 9_900


async def test_early_opt_out(world: World) -> None:
    """An early receipt may be an opt-out: answer and receipt are two changes, and the next step begins."""
    sending = await world.sending(step(), step(LINE2))
    await world.receipt("11", PartState.OPTED_OUT, code=Code.OPTED_OUT_OF_LINE)
    listener = Listener(world.store)
    message = await world.answer(sending, taken("11"))
    assert (message.state, message.step, message.reason) == (State.QUEUED, 1, Reason.FALLBACK)
    assert message.code is Code.OPTED_OUT_OF_LINE  # not its number: the caller who waits for the verdict is told it
    assert [event for _, event in listener.events] == ["Answered", "Receipted"]


async def test_the_first_early_one_counts(world: World) -> None:
    """Of two early receipts the first acts; both leave the list of the unmatched."""
    sending = await world.sending()
    await world.receipt("11", UNDELIVERED)
    await world.receipt("11", PartState.DELIVERED)
    assert (await world.answer(sending, taken("11"))).state is State.UNDELIVERABLE
    assert await world.unmatched_ids() == []
    story = await world.store.story(sending.id)
    assert story is not None
    assert [r.standing for r in story.receipts] == ["matched", "matched"]


async def test_early_one_of_another_recipient(world: World) -> None:
    """An early receipt for somebody else waits on; one that names nobody is taken."""
    sending = await world.sending()
    await world.receipt("11", recipient=SARA)
    await world.receipt("11", UNDELIVERED, recipient=None)
    assert (await world.answer(sending, taken("11"))).state is State.UNDELIVERABLE
    assert await world.unmatched_ids() == ["11"]


async def test_receipt_from_before_the_attempt(world: World) -> None:
    """Ids recur: a receipt that came before the attempt was on the wire is not its receipt."""
    await world.receipt("11")
    world.now += 1
    assert (await world.answer(await world.sending(), taken("11"))).state is State.ENROUTE
    assert await world.unmatched_ids() == ["11"]


async def test_early_one_in_a_base_that_is_known(world: World) -> None:
    """Where the base is known, an early receipt waits for its own answer and not for one that reads alike."""
    ten, sixteen = await world.sending(), await world.sending()
    await world.receipt("16", base=IdBase.SAME)
    assert (await world.answer(ten, taken("10"))).state is State.ENROUTE
    assert (await world.answer(sixteen, taken("16"))).state is State.DELIVERED


async def test_two_early_ones_read_as_one_answer(world: World) -> None:
    """As long as nothing is known of the habit, nobody guesses which of two receipts an answer's is: both wait."""
    ten, sixteen = await world.sending(), await world.sending()
    await world.receipt("16", UNDELIVERED)
    await world.receipt("10")
    assert (await world.answer(ten, taken("10"))).state is State.ENROUTE
    assert (await world.answer(sixteen, taken("16"))).state is State.ENROUTE
    assert {row.why for row in await world.store.unmatched(9)} == {"two_readings"}


async def test_early_receipt_seen_by_another_store(world: World, make_store: MakeStore) -> None:
    """A receipt that another process has kept is found when the answer comes."""
    sending = await world.sending()
    other = World(await make_store())
    await other.receipt("11")
    assert (await world.answer(sending, taken("11"))).state is State.DELIVERED


# -------------------------------------------------------------------------------------- once and for all


@pytest.mark.parametrize("second", [PartState.DELIVERED, UNDELIVERED, PartState.OPTED_OUT])
async def test_final_is_final(world: World, second: PartState) -> None:
    """A second receipt of a part is recorded and moves nothing (P8)."""
    message = await world.enroute("5", step(), step(LINE2))
    await world.receipt("5")
    world.now += 1
    assert await world.receipt("5", second, code=Code.OPTED_OUT if second is PartState.OPTED_OUT else None) == []
    story = await world.store.story(message.id)
    assert story is not None
    assert story.message.state is State.DELIVERED
    assert (story.parts[0].receipt, story.parts[0].receipt_at) == ("d", NOW)
    assert [(r.standing, r.received_at) for r in story.receipts] == [("repeated", NOW + 1)]
    assert (await world.balance()).available == 9_900


async def test_an_unsure_operator_may_make_up_its_mind(world: World) -> None:
    """UNKNOWN in a receipt ends the message as unknown, which a later receipt may settle, once."""
    message = await world.enroute("5")
    await world.receipt("5", PartState.UNSURE)
    assert await states(world, message) == [State.UNKNOWN]
    (change,) = await world.receipt("5", PartState.DELIVERED)
    assert (change.message.state, change.message.was_settled_late) == (State.DELIVERED, True)
    assert await world.receipt("5", UNDELIVERED) == []


async def test_intermediate(world: World) -> None:
    """A receipt that is not final is kept with its message and moves nothing."""
    message = await world.enroute("5")
    assert await world.receipt("5", None) == []
    story = await world.store.story(message.id)
    assert story is not None
    assert (story.message, [r.standing for r in story.receipts]) == (message, ["intermediate"])
    assert (await world.receipt("5"))[0].message.state is State.DELIVERED


async def test_parts_fold(world: World) -> None:
    """The receipts of all parts make the end: one that did not arrive makes it partly delivered."""
    sending = await world.sending(step(parts=2))
    await world.answer(sending, taken("1", 1), taken("2", 2))
    (change,) = await world.receipt("1")
    assert change.message.state is State.ENROUTE
    (change,) = await world.receipt("2", UNDELIVERED)
    assert (change.message.state, change.message.reason) == (State.UNDELIVERABLE, Reason.PARTLY_DELIVERED)


async def test_earlier_step_delivered_after_all(world: World) -> None:
    """DELIVERED of an earlier step drops the next one as long as that is not on the wire, and pays what was sent."""
    sending = await world.sending(step(parts=2), step(LINE2, 250))
    await world.answer(sending, taken("1", 1), opted_out(2))
    (change,) = await world.receipt("1")
    assert (change.message.state, change.message.step) == (State.QUEUED, 1)
    assert (await world.balance()).reserved == 250


# ------------------------------------------------------------- lost parts: more of them in test_pools.py


async def test_the_only_lost_part(world: World) -> None:
    """A receipt under an unknown id is the one lost part's, if recipient, upstream and line name exactly one (P3)."""
    message = await world.answer(await world.sending(), lost())
    (change,) = await world.receipt("77")
    assert (change.message.id, change.message.state) == (message.id, State.DELIVERED)
    story = await world.store.story(message.id)
    assert story is not None
    assert (story.parts[0].answer, story.parts[0].operator_id, story.parts[0].receipt) == ("ambiguous", "77", "d")
    assert (await world.balance()).available == 9_900


async def test_two_candidates(world: World) -> None:
    """Two candidates are not guessed between: the receipt is shown."""
    first = await world.answer(await world.sending(), lost())
    second = await world.answer(await world.sending(), lost())
    assert kept_back(await world.receipt("77")) == [first.id, second.id]
    assert await states(world, first, second) == [State.QUEUED, State.QUEUED]
    assert await world.unmatched_ids() == ["77"]


async def test_two_parts_are_two_candidates(world: World) -> None:
    """Two lost parts of one message are not guessed between either."""
    message = await world.answer(await world.sending(step(parts=2)), lost(1), lost(2))
    assert kept_back(await world.receipt("77")) == [message.id]


async def test_part_on_the_wire_is_a_rival(world: World) -> None:
    """While another message of the recipient waits for its answer, the receipt may be that one's: it waits too."""
    message = await world.answer(await world.sending(), lost())
    rival = await world.sending()
    assert kept_back(await world.receipt("77")) == [message.id]
    await world.answer(rival, taken("77"))
    assert await states(world, rival) == [State.DELIVERED]
    after = await world.standing_of(message)
    assert (after.state, after.reason, after.awaited) == (State.QUEUED, Reason.RESEND, ())


@pytest.mark.parametrize(
    ("recipient", "line", "upstream", "age"),
    [
        (SARA, LINE, "operator", 0),
        (ALI, LINE2, "operator", 0),
        (ALI, LINE, "other", 0),
        (None, LINE, "operator", 0),
        (ALI, None, "operator", 0),
        (ALI, LINE, "operator", 9 * DAY),
    ],
)
async def test_names_no_candidate(
    world: World, recipient: str | None, line: str | None, upstream: str, age: int
) -> None:
    """Another recipient, line or upstream, a missing one, or too long a time name no candidate."""
    await world.answer(await world.sending(), lost())
    world.now += age
    assert await world.receipt("77", recipient=recipient, line=line, upstream=upstream) == []


async def test_rivals_elsewhere_do_not_count(world: World) -> None:
    """Lost parts of other recipients, lines and upstreams are no rivals."""
    for line, recipient in ((LINE2, ALI), (LINE, SARA)):
        await world.answer(await world.sending(step(line), recipient=recipient), lost())
    message = await world.answer(await world.sending(), lost())
    (change,) = await world.receipt("77")
    assert change.message.id == message.id


async def test_many_other_lost_parts(world: World) -> None:
    """However many parts were lost on another line: two candidates stay two."""
    mine = [await world.sending() for _ in range(2)]
    others = [await world.sending(step(LINE2, 0)) for _ in range(25)]
    for sending in (*mine, *others):
        await world.answer(sending, lost())
        world.now += 1
    assert kept_back(await world.receipt("77")) == [one.id for one in mine]
    assert await states(world, *mine) == [State.QUEUED, State.QUEUED]


async def test_a_repeated_receipt_settles_nobody_else(world: World) -> None:
    """Repeated after its part was found, a receipt is known as repeated: it is not the next lost part's."""
    await world.answer(await world.sending(step(HOLD)), lost())
    (change,) = await world.receipt("77", line=HOLD)
    second = await world.answer(await world.sending(step(HOLD)), lost())
    assert await world.receipt("77", line=HOLD) == []
    assert await states(world, second) == [State.UNKNOWN]
    story = await world.store.story(change.message.id)
    assert story is not None
    assert [r.standing for r in story.receipts] == ["matched", "repeated"]
    assert await world.unmatched_ids() == []


async def test_receipts_without_an_id(world: World) -> None:
    """A receipt that names no id can still be the only lost part's; the next one may be the same, brought again."""
    first = await world.answer(await world.sending(), lost())
    (change,) = await world.receipt("")
    assert (change.message.id, change.message.state) == (first.id, State.DELIVERED)
    second = await world.answer(await world.sending(), lost())
    assert await world.receipt("") == []
    assert await states(world, second) == [State.QUEUED]


async def test_echoed_reference(world: World) -> None:
    """An echoed user_message_reference tells two candidates apart; one that names neither is not guessed."""
    first = await world.answer(await world.sending(), lost())
    second = await world.answer(await world.sending(), lost())
    assert await world.receipt("77", reference=(second.id + 9) & 0xFFFF) == []
    (change,) = await world.receipt("78", reference=second.id & 0xFFFF)
    assert change.message.id == second.id
    assert await states(world, first, second) == [State.QUEUED, State.DELIVERED]
    assert (await world.standing_of(first)).awaited == (), "it waits for no receipt that names another"


@pytest.mark.parametrize(("told", "state"), [(UNDELIVERED, State.SENDING), (PartState.DELIVERED, State.DELIVERED)])
async def test_receipt_of_an_earlier_attempt(world: World, told: PartState, state: State) -> None:
    """The failed copy of a resent part says nothing of the attempt under way; a delivered one has arrived (P8)."""
    first = await world.sending()
    again = await world.on_wire(await world.answer(first, lost()))
    assert (again.state, again.tries) == (State.SENDING, 2)
    await world.answer(first, taken("701"))  # the overdue answer of the first attempt: recorded
    await world.receipt("701", told)
    assert (await world.standing_of(first)).state is state


async def test_the_line_of_a_moved_message(world: World) -> None:
    """A lost attempt is named by the line that it went by, also after its message was moved to another one (P3)."""
    lost_one = await world.answer(await world.sending(), lost())
    assert await world.move() == 1
    assert await world.receipt("77", line=LINE2) == []
    (change,) = await world.receipt("78", line=LINE)
    assert (change.message.id, change.message.state) == (lost_one.id, State.DELIVERED)


async def test_an_unsure_early_receipt_may_be_corrected(world: World) -> None:
    """An operator that was unsure may make up its mind before its answer comes, just as after it."""
    sending = await world.sending()
    for told in (PartState.UNSURE, PartState.DELIVERED, UNDELIVERED):
        await world.receipt("11", told)
    assert (await world.answer(sending, taken("11"))).state is State.DELIVERED
