"""Receipts as operators bring them: several ids in one, one id for several parts, one for a whole text (P2, P3)."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace
from tests.store.sqlite.test_upgrade import IDS, make_old_store, recipient
from tests.store.world import ALI, DAY, HOUR, LINE, LINE2, MINUTE, NOW, SARA, World, later, lost, refused, step, taken

from payamak.domain.events import Outcome, OutcomeKind, ReceiptOverdue
from payamak.domain.ids import LEAN_AFTER, SETTLE_AFTER, IdPlace, readings
from payamak.domain.message import Message, PartState, Reason, State
from payamak.domain.receipts import ReceiptIn
from payamak.domain.site import ReceiptsPer
from payamak.store.feed import Change
from payamak.store.sqlite.store import SqliteStore

UUID = "2298d520-b783-4a10-a5b4-3c2a9f1e0001"
UNDELIVERED = PartState.UNDELIVERABLE


def brought(
    *ids: str,
    part_state: PartState | None = PartState.DELIVERED,
    to: str | None = ALI,
    line: str | None = LINE,
    upstream: str = "operator",
    reference: int | None = None,
) -> ReceiptIn:
    """A receipt that names these ids, of the parameter, the text and the payload in this order."""
    first = next(filter(None, ids), "")
    return ReceiptIn(
        upstream=upstream,
        link="north",
        operator_id=first,
        keys=readings(first),
        part_state=part_state,
        stat="DELIVRD" if part_state is PartState.DELIVERED else "UNDELIV",
        line=line,
        recipient=to,
        reference=reference,
        ids=ids if len(ids) > 1 else (),
    )


async def bring(world: World, *receipts: ReceiptIn) -> list[Change]:
    """They come, one after the other."""
    return [change for each in receipts for change in await world.store.receive(each, world.now)]


async def state_of(world: World, message: Message) -> State:
    """Where a message stands on disk."""
    return (await world.standing_of(message)).state


async def configured(world: World, **changes: object) -> None:
    """Both links of the operator say so."""
    links = [replace(world.store.site.links[name], **changes) for name in ("north", "south")]
    await world.store.put_documents(links, [], world.now)


# ------------------------------------------------------------------------------------------- several ids in one


@pytest.mark.parametrize(
    ("answered", "ids"),
    [
        (UUID, (UUID.replace("-", ""), UUID)),
        (UUID, (UUID.replace("-", ""),)),
        (UUID.replace("-", ""), ("{" + UUID.upper() + "}",)),
        ("900001", ("77", "900001")),
        ("900001", ("77", "", "900001")),
        ("900001", ("77", "78", "900001")),
        ("0x1f3a", ("7994",)),
        ("1F3A", ("77", "7994")),
        ("7994", ("0x1F3A",)),
    ],
)
@pytest.mark.parametrize("is_early", [False, True], ids=["after", "before"])
async def test_the_id_that_counts(world: World, answered: str, ids: tuple[str, ...], is_early: bool) -> None:
    """Whichever id of a receipt is the answered one, and however it is written, before the answer and after it."""
    sending = await world.sending()
    if is_early:
        assert await bring(world, brought(*ids)) == []
        message = await world.answer(sending, taken(answered))
    else:
        await world.answer(sending, taken(answered))
        (change,) = await bring(world, brought(*ids))
        message = change.message
    assert (message.state, message.reason) == (State.DELIVERED, Reason.RECEIPT)
    assert await world.unmatched_ids() == []


async def test_an_early_one_without_recipient(world: World) -> None:
    """It is found under any of its ids too."""
    sending = await world.sending()
    await bring(world, brought("77", "900001", to=None))
    assert (await world.answer(sending, taken("900001"))).state is State.DELIVERED


async def test_ids_of_two_messages(world: World) -> None:
    """Both ids are messages' of one person by one line: it waits, and three clear receipts decide by the place."""
    first, second = await world.enroute("900001"), await world.enroute("900002")
    assert await bring(world, brought("900001", "900002", part_state=UNDELIVERED)) == []
    (waiting,) = await world.store.unmatched(9)
    assert waiting.why == "two_readings"
    assert {"900001", "900002"} <= set(waiting.tried)
    for number in range(LEAN_AFTER):
        message = await world.enroute(f"a{number}")
        await bring(world, brought(f"z{number}", f"a{number}"))
        assert await state_of(world, message) is State.DELIVERED
    await world.store.sweep(world.now, 9)
    assert [await state_of(world, m) for m in (first, second)] == [State.ENROUTE, State.UNDELIVERABLE]


async def test_the_line_tells_two_apart(world: World) -> None:
    """Of two messages to one person the receipt's line names one."""
    other, own = await world.enroute("900001", step(LINE2)), await world.enroute("900002")
    await bring(world, brought("900001", "900002"))
    assert [await state_of(world, m) for m in (other, own)] == [State.ENROUTE, State.DELIVERED]


async def test_a_settled_place(world: World) -> None:
    """Once twenty receipts were of the text's id alone, an id in the parameter that is another message's is passed."""
    for number in range(SETTLE_AFTER):
        await world.enroute(f"a{number}")
        await bring(world, brought(f"z{number}", f"a{number}"))
    (report,) = await world.store.id_reports()
    assert (report.habit.place, report.habit.several) == (IdPlace.TEXT, SETTLE_AFTER)
    old = await world.enroute("900001")
    new = await world.sending()
    await bring(world, brought("900001", "900002"))
    assert await state_of(world, old) is State.ENROUTE
    assert (await world.answer(new, taken("900002"))).state is State.DELIVERED


async def test_lost_answers_and_several_ids(world: World) -> None:
    """Two receipts that share any id may be one told twice: they are dealt as one, so nothing is said too much (P3)."""
    plan = step(parts=2)
    message = await world.answer(await world.sending(plan), lost(1), lost(2))
    await bring(world, brought("77", "900001"), brought("78", "900001"))
    assert await state_of(world, message) is State.QUEUED
    await bring(world, brought("79", "900002"))
    assert await state_of(world, message) is State.DELIVERED


# ------------------------------------------------------------------------------------- one id for several parts

LONG = step(parts=3)


async def test_parts_under_one_id(world: World) -> None:
    """Each of the three equal receipts goes to a part that has none."""
    message = await world.answer(await world.sending(LONG), *(taken("5", part) for part in (1, 2, 3)))
    await bring(world, brought("5"), brought("5"))
    assert await state_of(world, message) is State.ENROUTE
    await bring(world, brought("5"))
    assert await state_of(world, message) is State.DELIVERED
    await bring(world, brought("5", part_state=UNDELIVERED))
    assert await state_of(world, message) is State.DELIVERED


async def test_a_repetition_is_no_siblings(world: World) -> None:
    """What came by a connection that ended before its answer is the same receipt again."""
    message = await world.answer(await world.sending(LONG), *(taken("5", part) for part in (1, 2, 3)))
    again = replace(brought("5"), is_again=True)
    await bring(world, brought("5"), again, brought("5"), again)
    assert (await world.standing_of(message)).parts == ("ddt",)
    await bring(world, brought("5"))
    assert await state_of(world, message) is State.DELIVERED


async def test_a_repetition_after_a_death(world: World) -> None:
    """What a process took before it died may come again to the next one: it is no sibling's for ten minutes."""
    message = await world.answer(await world.sending(step(parts=2)), taken("5", 1), taken("5", 2))
    await bring(world, replace(brought("5"), began_at=world.now))
    world.now += MINUTE
    next_one = replace(brought("5"), began_at=world.now - 1_000)
    await bring(world, next_one)
    assert await state_of(world, message) is State.ENROUTE
    world.now += HOUR
    await bring(world, next_one)
    assert await state_of(world, message) is State.DELIVERED


async def test_siblings_before_their_answers(world: World) -> None:
    """Receipts that come before the answers of their parts wait, one for each."""
    sending = await world.sending(LONG)
    await bring(world, brought("5"), brought("5"), brought("5"))
    for part in (1, 2):
        assert (await world.answer(sending, taken("5", part))).state is State.SENDING
    assert (await world.answer(sending, taken("5", 3))).state is State.DELIVERED
    assert await world.unmatched_ids() == []


async def test_a_second_receipt_while_an_answer_is_to_come(world: World) -> None:
    """It waits and is not dealt to a copy whose answer is lost; the answer that names its id has it."""
    sending = await world.sending(LONG)
    await world.answer(sending, taken("5", 1), taken("6", 2))
    await bring(world, brought("5"), brought("5"), brought("6"))
    (waiting,) = await world.store.unmatched(9)
    assert (waiting.operator_id, waiting.why) == ("5", "sibling")
    assert (await world.answer(sending, lost(3))).parts == ("dda",)
    assert (await world.answer(sending, taken("5", 3))).state is State.DELIVERED


# ------------------------------------------------------------------------------------ one receipt for a text


async def test_one_receipt_for_three_parts(world: World) -> None:
    """Where it is set, one receipt, whichever part it names, is about the whole text."""
    await configured(world, receipts_per=ReceiptsPer.MESSAGE)
    good = await world.answer(await world.sending(LONG), taken("7", 1), taken("8", 2), taken("9", 3))
    bad = await world.answer(await world.sending(LONG), taken("17", 1), taken("18", 2), taken("19", 3))
    await bring(world, brought("9"), brought("17", part_state=UNDELIVERED))
    assert [await state_of(world, m) for m in (good, bad)] == [State.DELIVERED, State.UNDELIVERABLE]
    await bring(world, brought("7", part_state=UNDELIVERED), brought("19"))
    assert [await state_of(world, m) for m in (good, bad)] == [State.DELIVERED, State.UNDELIVERABLE]


async def test_without_the_setting_it_is_counted(world: World) -> None:
    """By default the text ends as unknown, and says that receipts came for one of three parts."""
    message = await world.answer(await world.sending(LONG), taken("7", 1), taken("8", 2), taken("9", 3))
    await bring(world, brought("9"))
    world.now = message.deadline_at + 25 * HOUR
    await world.store.advance(message.id, ReceiptOverdue(), world.now)
    after = await world.standing_of(message)
    assert (after.state, after.reason, after.parts) == (State.UNKNOWN, Reason.SOME_RECEIPTS, ("ttd",))


async def test_a_texts_receipt_before_the_last_answers(world: World) -> None:
    """The parts that are taken after it are told by it, those whose answer is lost are not: nobody knows them taken."""
    await configured(world, receipts_per=ReceiptsPer.MESSAGE)
    sending = await world.sending(LONG)
    await world.answer(sending, taken("7", 1))
    await bring(world, brought("7"))
    assert (await world.standing_of(sending)).parts == ("dss",)
    await world.answer(sending, taken("8", 2))
    assert (await world.standing_of(sending)).parts == ("dds",)
    assert (await world.answer(sending, lost(3))).parts == ("dda",)
    assert (await world.answer(sending, taken("9", 3))).state is State.DELIVERED


async def test_doctor_counts_texts_with_one_receipt(world: World) -> None:
    """Long texts of a link that got exactly one receipt, and those that got more."""
    for number in range(3):
        ids = [f"{number}{part}" for part in (1, 2, 3)]
        message = await world.answer(
            await world.sending(LONG), *(taken(each, part) for part, each in enumerate(ids, 1))
        )
        await bring(world, brought(ids[2]))
        if number == 2:
            await bring(world, brought(ids[0]))
        assert await state_of(world, message) is State.ENROUTE
    assert await world.store.receipts_of_texts(world.now) == []
    (counted,) = await world.store.receipts_of_texts(world.now + HOUR)
    assert (counted.link, counted.with_one, counted.with_more) == ("north", 2, 1)


# ------------------------------------------------------------------------------------------- answers that take nothing


def nack() -> Outcome:
    """A generic_nack without a reason."""
    return Outcome(part=1, kind=OutcomeKind.LATER, status=0, is_nack=True)


async def test_a_nack_without_a_reason(world: World) -> None:
    """The part goes again, as often as a part may be tried, and is refused then; it never counts as taken."""
    message = await world.accept()
    for state in (State.QUEUED, State.QUEUED, State.REJECTED):
        message = await world.answer(await world.on_wire(message), nack())
        assert (message.state, message.was_taken) == (state, False)
    assert (await world.balance()).reserved == 0


async def test_other_answers_do_not_count_as_nacks(world: World) -> None:
    """An operator that was busy five times may still answer with a nack."""
    message = await world.accept()
    for _ in range(5):
        message = await world.answer(await world.on_wire(message), later())
    assert (await world.answer(await world.on_wire(message), nack())).state is State.QUEUED


@pytest.mark.parametrize("is_early", [False, True], ids=["after", "before"])
async def test_throttled_yet_taken(world: World, is_early: bool) -> None:
    """The id in an answer that puts the part off is kept: its receipt ends the message, and no copy goes."""
    sending = await world.sending()
    hint = replace(later(), operator_id="900001")
    if is_early:
        await bring(world, brought("900001"))
        message = await world.answer(sending, hint)
    else:
        message = await world.answer(sending, hint)
        assert message.state is State.QUEUED
        (change,) = await bring(world, brought("900001"))
        message = change.message
    assert message.state is State.DELIVERED


async def test_a_hint_gives_way_to_an_answer(world: World) -> None:
    """An id that another message of the person was taken under is that one's."""
    own = await world.enroute("900001")
    world.now += 1
    hinted = await world.answer(await world.sending(), replace(refused(), operator_id="900001"))
    await bring(world, brought("900001"))
    assert [await state_of(world, m) for m in (own, hinted)] == [State.DELIVERED, State.REJECTED]


# ------------------------------------------------------------------------------------------- by its reference


@pytest.mark.parametrize("operator_id", ["", "900001"])
@pytest.mark.parametrize("is_early", [False, True], ids=["after", "before"])
async def test_taken_without_an_id(world: World, operator_id: str, is_early: bool) -> None:
    """Where the operator echoes our reference, the receipt finds the part that was taken without an id."""
    await configured(world, echoes_reference=True)
    other = await world.answer(await world.sending(), taken(None))
    sending = await world.sending()
    receipt = brought(operator_id, reference=sending.id & 0xFFFF)
    if is_early:
        await bring(world, receipt)
        await world.answer(sending, taken(None))
    else:
        await world.answer(sending, taken(None))
        await bring(world, receipt)
    await bring(world, receipt)
    assert [await state_of(world, m) for m in (other, sending)] == [State.ENROUTE, State.DELIVERED]


async def test_a_reference_that_is_not_echoed(world: World) -> None:
    """Without the setting it is another program's; with it, only of the same recipient, and when all is taken."""
    message = await world.answer(await world.sending(), taken(None))
    receipt = brought("", reference=message.id & 0xFFFF)
    assert await bring(world, receipt) == []
    await configured(world, echoes_reference=True)
    assert await bring(world, replace(receipt, recipient=SARA), replace(receipt, reference=1)) == []
    half = await world.answer(await world.sending(step(parts=2)), taken(None, 1), lost(2))
    changes = await bring(world, brought("", reference=half.id & 0xFFFF))
    assert [change.event for change in changes] == ["Pooled"], "nothing says which of the two parts it is about"


async def test_parts_by_their_reference(world: World) -> None:
    """The parts of a text have one reference: each receipt goes to one that has none."""
    await configured(world, echoes_reference=True)
    message = await world.answer(await world.sending(step(parts=2)), taken(None, 1), taken(None, 2))
    receipts = [brought(name, reference=message.id & 0xFFFF) for name in ("a", "a", "b")]
    await bring(world, *receipts[:2])
    assert await state_of(world, message) is State.ENROUTE
    await bring(world, receipts[2])
    assert await state_of(world, message) is State.DELIVERED


# ------------------------------------------------------------------------------------------- what looks like one


async def test_what_is_known_to_be_a_receipt(world: World) -> None:
    """An unmarked one counts by id, recipient and line; while an answer is to come nobody knows yet."""
    await world.enroute("900001")
    assert await world.store.knows_receipt(brought("900001"), world.now) is True
    assert await world.store.knows_receipt(brought("900002"), world.now) is False
    for to, line in ((SARA, LINE), (ALI, LINE2), (ALI, None), (None, LINE)):
        assert await world.store.knows_receipt(brought("900001", to=to, line=line), world.now) is False
    await world.sending()
    assert await world.store.knows_receipt(brought("900002"), world.now) is None
    assert await world.unmatched_ids() == []


# ------------------------------------------------------------------------------------------- names of an operator


async def test_links_that_become_one_operator(world: World) -> None:
    """What went under a link's own name is found when it is known that two links are one operator, for as long as
    something may be under way; the answers that were lost before count among the rivals."""
    one = {"system_id": "shop", "upstream": ""}
    for name, host in (("north", "127.0.0.2"), ("south", "127.0.0.3")):
        await world.store.put_documents([replace(world.store.site.links[name], host=host, **one)], [], world.now)
    south = await world.on_wire(await world.accept(), link="south")
    assert (await world.answer(south, taken("5"))).state is State.ENROUTE
    rival = await world.answer(await world.on_wire(await world.accept(), link="south"), lost())
    await configured(world, host="127.0.0.4")
    own = await world.answer(await world.sending(), lost())
    await bring(world, brought("5", upstream="north"), brought("unheard", upstream="north"))
    assert [await state_of(world, m) for m in (south, rival, own)] == [State.DELIVERED, State.QUEUED, State.QUEUED]
    await bring(world, brought("another", upstream="north"))
    assert [await state_of(world, m) for m in (rival, own)] == [State.DELIVERED, State.DELIVERED]


async def test_a_link_that_gets_another_name(world: World) -> None:
    """A link that goes while another one comes with its login is the same operator's: its receipts come by that."""
    alone = {"system_id": "alone", "upstream": ""}
    await world.store.put_documents([replace(world.store.site.links["south"], **alone)], [], world.now)
    message = await world.on_wire(await world.accept(), link="south")
    await world.answer(message, taken("5"))
    south = world.store.site.links["south"]
    lines = [
        replace(line, links=tuple(replace(use, link="west") if use.link == "south" else use for use in line.links))
        for line in world.store.site.lines.values()
    ]
    links = [replace(south, name="west"), replace(south, name="east", system_id="another")]
    await world.store.put_documents([*links, *lines], [("link", "south")], world.now)
    assert await bring(world, brought("5", upstream="east")) == []
    await bring(world, brought("5", upstream="west"))
    assert await state_of(world, message) is State.DELIVERED


async def test_a_receipt_after_the_upgrade(tmp_path: Path) -> None:
    """Two links of one login were two operators in an older store: what is under way is found by its old name."""
    path = tmp_path / "old.sqlite"
    make_old_store(path)
    db = apsw.Connection(str(path))
    for name in ("north", "south"):
        body = f'{{"name":"{name}","system_id":"shop"}}'
        db.execute("UPDATE config SET body = ? WHERE kind = 'link' AND name = ?", (body, name))
    facts = "upstream = 'south', operator_key = 'a-7', operator_id = 'A-7'"
    db.execute(f"UPDATE part SET {facts} WHERE message_id = ?", (IDS["enroute"],))
    db.close()
    store = SqliteStore(path)
    try:
        site = store.site
        assert {site.upstream_of(link) for link in site.links.values()} == {"north"}
        receipt = replace(brought("a7", upstream="north", to=recipient("enroute")), line=None)
        (change,) = await store.receive(receipt, NOW + MINUTE)
        assert change.message.state is State.DELIVERED
        grown_old = NOW + 9 * DAY
        for at in (grown_old, grown_old + 9 * DAY):
            await store.retire(at, 1)
        assert await store.receive(replace(receipt, operator_id="e3"), grown_old) == []
    finally:
        await store.close()
