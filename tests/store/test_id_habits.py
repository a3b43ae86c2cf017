"""What the store learns of an operator's ids, what it does with it, and how it is undone (docs/guide/receipts.md)."""

from __future__ import annotations

from msgspec.structs import replace
from tests.store.world import ALI, DAY, SARA, MakeStore, World, lost, taken

from payamak.domain.ids import ANSWER_TIME_MS, SETTLE_AFTER, UNLEARN_AFTER, IdBase, IdHabit
from payamak.domain.message import Message, PartState, State
from payamak.domain.receipts import IdReport

FIRST = 0x4A000000
"""Ids from here on have eight digits in either base, letters in hex: no reading of one is another one's."""

UNDELIVERED = PartState.UNDELIVERABLE


async def report(world: World, upstream: str = "operator") -> IdReport:
    """What is known of the upstream."""
    return next(r for r in await world.store.id_reports() if r.upstream == upstream)


async def habit(world: World) -> IdHabit:
    """The upstream's habit, as it is on disk."""
    return (await report(world)).habit


async def teach(world: World, count: int, answered: str = "d", reported: str = "d", first: int = FIRST) -> None:
    """So many messages that are taken under ids in one base and reported in one; `x` is hex, `d` decimal."""
    for number in range(first, first + count):
        await world.enroute(f"{number:{answered}}")
        (change,) = await world.receipt(f"{number:{reported}}")
        assert change.message.state is State.DELIVERED


async def state_of(world: World, message: Message) -> State:
    """Where a message stands."""
    return (await world.standing_of(message)).state


async def test_learned_and_remembered(world: World, make_store: MakeStore) -> None:
    """Twenty receipts that name their recipient settle the habit; it is in the file for the next process."""
    await teach(world, SETTLE_AFTER - 1, "x", "d")
    assert (await habit(world)).choice is IdBase.HEX_TO_DECIMAL
    assert (await habit(world)).settled is IdBase.AUTO
    await teach(world, 1, "x", "d", FIRST + 100)
    assert (await habit(World(await make_store()))).settled is IdBase.HEX_TO_DECIMAL


async def test_a_settled_habit_is_not_written_again(world: World) -> None:
    """Once settled a receipt costs no write of its own."""
    await teach(world, SETTLE_AFTER)
    before = await habit(world)
    await teach(world, 3, first=FIRST + 100)
    assert await habit(world) == before


async def test_what_proves_nothing(world: World) -> None:
    """An id that reads alike in both bases, one of no number, and a receipt without recipient teach nothing."""
    for operator_id, recipient in (("7", ALI), ("0a1b-77", ALI), ("f" * 32, ALI), ("4a000001", None)):
        await world.enroute(operator_id)
        assert len(await world.receipt(operator_id, recipient=recipient)) == 1
    assert await world.store.id_reports() == []


async def test_a_repeated_receipt_teaches_once(world: World) -> None:
    """The second receipt of a part is no further evidence."""
    await teach(world, 1)
    for _ in range(5):
        assert await world.receipt(str(FIRST)) == []
    assert (await habit(world)).judged == 1


async def test_an_id_from_a_receipt_teaches_nothing(world: World) -> None:
    """A part whose answer was lost has its id from a receipt, which says nothing of how answers are written."""
    await world.answer(await world.sending(), lost())
    for state in (PartState.UNSURE, PartState.DELIVERED):
        assert len(await world.receipt("74000001", state)) == 1
    assert await world.store.id_reports() == []


async def test_settled_spares_the_other_message(world: World) -> None:
    """Once settled, an id that another reading makes another message's, of the same recipient, waits for its own."""
    await teach(world, SETTLE_AFTER, "x", "d")
    sixteen = await world.enroute("16")
    ten = await world.sending()
    assert await world.receipt("16") == []  # the message under hex 10, whose answer is not there yet
    assert await state_of(world, sixteen) is State.ENROUTE
    assert (await world.answer(ten, taken("10"))).state is State.DELIVERED


async def test_two_readings_wait_until_more_is_known(world: World) -> None:
    """A receipt that fits two messages of one recipient is shown, not guessed; three other receipts decide it."""
    ten, sixteen = await world.enroute("10"), await world.enroute("16")
    assert await world.receipt("16", UNDELIVERED) == []
    (waiting,) = await world.store.unmatched(9)
    assert (waiting.why, waiting.tried) == ("two_readings", ("16", "10", "22"))
    assert (await report(world)).waiting == {"two_readings": 1}
    assert await world.store.sweep(world.now, 9) == 1
    assert await world.store.sweep(world.now, 9) == 0, "looked at once as long as nothing changes"
    await teach(world, 2, "x", "d")
    await world.store.sweep(world.now, 9)
    assert await state_of(world, ten) is State.ENROUTE
    await teach(world, 1, "x", "d", FIRST + 100)
    await world.store.sweep(world.now, 9)
    assert await state_of(world, ten) is State.UNDELIVERABLE
    assert await state_of(world, sixteen) is State.ENROUTE
    assert await world.unmatched_ids() == []
    story = await world.store.story(ten.id)
    assert story is not None
    assert [r.standing for r in story.receipts] == ["matched"]


async def test_early_ones_are_decided_too(world: World) -> None:
    """Two early receipts that read as one answer are told apart as soon as the habit is known."""
    ten, sixteen = await world.sending(), await world.sending()
    await world.receipt("16", UNDELIVERED)
    await world.receipt("10")
    await world.answer(ten, taken("10"))
    await world.answer(sixteen, taken("16"))
    await teach(world, 3)
    await world.store.sweep(world.now, 9)
    assert [await state_of(world, m) for m in (ten, sixteen)] == [State.DELIVERED, State.UNDELIVERABLE]


async def test_a_setting_decides_what_waited(world: World) -> None:
    """`id_base` of the link overrules; what had waited is read as it says."""
    ten, sixteen = await world.enroute("10"), await world.enroute("16")
    await world.receipt("16")
    north = world.store.site.links["north"]
    await world.store.put_documents([replace(north, id_base=IdBase.HEX_TO_DECIMAL)], [], world.now)
    await world.store.sweep(world.now, 9)
    assert [await state_of(world, m) for m in (ten, sixteen)] == [State.DELIVERED, State.ENROUTE]


async def test_a_wrong_setting_is_shown(world: World) -> None:
    """A receipt that the link's setting does not explain and another reading does says so."""
    message = await world.enroute("4a000001")
    assert await world.receipt(str(0x4A000001), base=IdBase.SAME) == []
    (waiting,) = await world.store.unmatched(9)
    assert (waiting.why, waiting.tried) == ("other_reading", (str(0x4A000001),))
    await world.store.sweep(world.now, 9)  # the world's links say auto
    assert await state_of(world, message) is State.DELIVERED


async def test_unlearned_when_the_operator_changes(world: World) -> None:
    """An operator that writes ids in another way from some day on is followed, and no receipt is lost on the way."""
    await teach(world, SETTLE_AFTER)
    messages = []
    for number in range(FIRST + 500, FIRST + 500 + UNLEARN_AFTER):
        messages.append(await world.enroute(f"{number:x}"))
        assert await world.receipt(str(number)) == []
    assert {row.why for row in await world.store.unmatched(99)} == {"other_reading"}
    world.now += ANSWER_TIME_MS - 1
    while await world.store.sweep(world.now, 2):
        pass
    assert (await habit(world)).settled is IdBase.SAME, "their answers may still come"
    world.now += 1
    while await world.store.sweep(world.now, 2):
        pass
    assert (await habit(world)).unlearned == 1
    assert {await state_of(world, m) for m in messages} == {State.DELIVERED}
    assert (await habit(world)).choice is IdBase.AUTO
    await teach(world, 2 * SETTLE_AFTER - UNLEARN_AFTER, "x", "d", FIRST + 900)
    assert (await habit(world)).settled is IdBase.HEX_TO_DECIMAL


async def test_early_ones_unlearn_nothing(world: World) -> None:
    """Receipts that came before their answers, and read as other messages, are no evidence in the end."""
    await teach(world, SETTLE_AFTER)
    numbers = range(0x10, 0x10 + 2 * UNLEARN_AFTER)
    for number in numbers:
        await world.enroute(f"{number:x}9")  # read as hex, another message's number
    early = [await world.sending() for _ in numbers]
    for number in numbers:
        await world.receipt(str(int(f"{number:x}9", 16)))
    assert {row.why for row in await world.store.unmatched(99)} == {"other_reading"}
    for message, number in zip(early, numbers, strict=True):
        assert (await world.answer(message, taken(str(int(f"{number:x}9", 16))))).state is State.DELIVERED
    world.now += ANSWER_TIME_MS
    await world.store.sweep(world.now, 99)
    assert (await habit(world)).unlearned == 0


async def test_forgotten_by_hand(world: World, make_store: MakeStore) -> None:
    """What was learned can be forgotten, also by another process, and the server learns anew."""
    await teach(world, SETTLE_AFTER)
    other = await make_store()
    assert await other.forget_ids("operator")
    assert not await other.forget_ids("operator")
    await teach(world, 1, "x", "d", FIRST + 100)
    assert await habit(world) == IdHabit(judged=1, hex_to_decimal=1)


async def test_upstreams_have_habits_of_their_own(world: World) -> None:
    """What one upstream's receipts show says nothing of another's; its links share it."""
    await teach(world, SETTLE_AFTER)
    message = await world.answer(await world.on_wire(await world.accept(), link="elsewhere"), taken("4a000009"))
    (change,) = await world.receipt(str(0x4A000009), upstream="elsewhere")
    assert change.message.id == message.id


# ------------------------------------------------------------------------------------------ zeros and case


async def test_exact_before_folded(world: World) -> None:
    """Ids that differ by case or zeros alone are told apart: what is written exactly alike goes before what folds."""
    for one, two in (("aB3x-", "Ab3x-"), ("007", "7")):
        first = await world.enroute(one)
        world.now += 1
        second = await world.enroute(two)
        assert [change.message.id for change in await world.receipt(one)] == [first.id]
        assert await world.receipt(one) == [], "doubled: it is not the other one's"
        assert [change.message.id for change in await world.receipt(two)] == [second.id]


async def test_exact_before_folded_when_early(world: World) -> None:
    """The same holds for receipts that come before their answers."""
    first, second = await world.sending(), await world.sending()
    await world.receipt("aB3x-", UNDELIVERED)
    await world.receipt("Ab3x-")
    await world.answer(second, taken("Ab3x-"))
    await world.answer(first, taken("aB3x-"))
    assert [await state_of(world, m) for m in (first, second)] == [State.UNDELIVERABLE, State.DELIVERED]


async def test_recurring_ids_days_later(world: World) -> None:
    """An id that comes back after days is the newer message's, and an old one's reading makes no conflict."""
    old = await world.enroute("16")
    world.now += 9 * DAY
    ten = await world.enroute("10")
    assert [change.message.id for change in await world.receipt("16")] == [ten.id]
    assert await state_of(world, old) is State.ENROUTE


async def test_many_recipients_under_one_id(world: World) -> None:
    """An operator that gives every message the same id is told apart by the recipient, as far back as 200 of them."""
    recipients = [f"98912{n:07d}" for n in range(60)]
    messages = [await world.enroute("1", recipient=recipient) for recipient in recipients]
    (change,) = await world.receipt("1", recipient=recipients[0])
    assert change.message.id == messages[0].id


async def test_other_recipient_is_said(world: World) -> None:
    """An id that is only another recipient's says so."""
    await world.enroute("5")
    await world.receipt("5", recipient=SARA)
    await world.receipt("6")
    await world.receipt("", recipient=None)
    assert [row.why for row in await world.store.unmatched(9)] == ["no_id", "unknown_id", "other_recipient"]


# -------------------------------------------------------------------------------- what waits, and its end


async def test_intermediate_before_its_answer(world: World) -> None:
    """A receipt that is not final and comes before the answer waits, is shown, and is the message's at last."""
    sending = await world.sending()
    await world.receipt("11", None)
    await world.receipt("11")
    assert await world.unmatched_ids() == ["11", "11"]
    assert (await world.answer(sending, taken("11"))).state is State.DELIVERED
    story = await world.store.story(sending.id)
    assert story is not None
    assert [r.standing for r in story.receipts] == ["intermediate", "matched"]
    assert await world.unmatched_ids() == []


async def test_an_early_one_that_was_unsure(world: World) -> None:
    """Of early receipts UNKNOWN is no last word: the operator may have made up its mind before the answer came."""
    sending = await world.sending()
    await world.receipt("11", PartState.UNSURE)
    await world.receipt("11")
    assert (await world.answer(sending, taken("11"))).state is State.DELIVERED


async def test_an_empty_id_is_no_zero(world: World) -> None:
    """A receipt without id is not the receipt of the message under id 0."""
    sending = await world.sending()
    await world.receipt("", recipient=None)
    assert (await world.answer(sending, taken("0"))).state is State.ENROUTE
    assert await world.unmatched_ids() == [""]


async def test_two_early_ones_of_which_one_has_the_recipient(world: World) -> None:
    """Of two that wait under one id, for days even, the one with the right recipient is taken."""
    sending = await world.sending()
    await world.receipt("11", UNDELIVERED, recipient=SARA)
    await world.receipt("11")
    world.now += 2 * DAY
    assert (await world.answer(sending, taken("11"))).state is State.DELIVERED
    assert await world.unmatched_ids() == ["11"]


async def test_unmatched_receipts_have_an_end(world: World) -> None:
    """They go with the age of the longest kept messages, oldest first, and are counted where they go."""
    for number in range(5):
        await world.receipt(f"z{number}")
        world.now += DAY
    world.now += 87 * DAY  # 92, 91, 90, 89, 88 days old; the world keeps messages 90 days at most
    assert await world.store.retire(world.now, 1) == 2
    assert await world.store.retire(world.now, 9) == 0
    assert await world.unmatched_ids() == ["z4", "z3", "z2"]
    now_known = await report(world)
    assert (now_known.removed, now_known.removed_until, now_known.waiting) == (
        2,
        world.now - 91 * DAY,
        {"unknown_id": 3},
    )
    await teach(world, 1)
    assert (await report(world)).removed == 2


async def test_an_unsure_one_stays_to_be_seen(world: World) -> None:
    """When an operator makes up its mind, what it said before is kept beside what counts."""
    message = await world.enroute("5")
    await world.receipt("5", PartState.UNSURE)
    world.now += 1
    await world.receipt("5")
    await world.receipt("5", UNDELIVERED)
    story = await world.store.story(message.id)
    assert story is not None
    assert (story.message.state, story.parts[0].receipt) == (State.DELIVERED, "d")
    assert [(r.standing, r.received_at) for r in story.receipts] == [
        ("repeated", world.now - 1),
        ("repeated", world.now),
    ]


async def test_any_id_is_kept(world: World) -> None:
    """An id may be longer than the standard allows, and hold anything: it is kept, shown, and finds its message."""
    for operator_id in ("9" * 300, "f" * 200, "\0x", "id with blanks", "۱۲۳", "%'\";--"):
        assert await world.receipt(operator_id) == []
        (waiting,) = await world.store.unmatched(1)
        assert (waiting.operator_id, waiting.why) == (operator_id, "unknown_id")
    long = await world.sending()
    await world.receipt("8" * 300)
    assert (await world.answer(long, taken("8" * 300))).state is State.DELIVERED


async def test_a_clock_that_was_set_back(world: World) -> None:
    """A receipt that seems to come before its part was sent is its part's all the same, once the answer is there."""
    message = await world.enroute("5")
    world.now -= 60_000
    assert [change.message.id for change in await world.receipt("5")] == [message.id]
