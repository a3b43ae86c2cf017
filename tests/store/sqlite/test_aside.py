"""One row whose handling fails by a bug: it alone is put aside, told once, shown, tried again; others go on (P2)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.store.sqlite.support import at_desk, raw
from tests.store.world import DAY, HOUR, LINE, LINE2, MINUTE, OWNER, World, step, taken

from payamak.domain import events as ev
from payamak.domain import states
from payamak.domain.message import Message, Reason, State
from payamak.domain.unreadable import Unreadable
from payamak.store.desk import Desk
from payamak.store.records import FaultCounts
from payamak.store.rules import aside, webhooks
from payamak.store.rules.aside import MOST_UNREADABLE
from payamak.store.sqlite.store import SqliteStore
from payamak.store.statements import load_migrations

Spoil = Callable[..., Callable[[], None]]


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Spoil:
    """Make the rule fail for these messages, whatever happens to them; answers what mends it."""

    def make(*ids: int, event: type[ev.Event] | tuple[type, ...] = object) -> Callable[[], None]:  # type: ignore[assignment]
        advance = states.advance

        def failing(message: Message, what: ev.Event, now: int, rules: Any) -> Any:
            if message.id in ids and isinstance(what, event):
                raise OverflowError("09121234567 سلام")
            return advance(message, what, now, rules)

        monkeypatch.setattr(states, "advance", failing)
        return lambda: monkeypatch.setattr(states, "advance", advance)

    return make


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What the log is told, as errors."""
    lines: list[dict[str, object]] = []
    monkeypatch.setattr(aside, "_log", lambda event, **fields: lines.append({"event": event, **fields}))
    return lines


async def swept(store: SqliteStore, now: int, limit: int) -> int:
    """Sweep as housekeeping does, as long as there is something; how many rounds that took."""
    for rounds in range(1, 50):
        if await store.sweep(now, limit) < limit:
            return rounds
    raise AssertionError("the sweep comes to no end")


async def state(store: SqliteStore, message_id: int) -> tuple[State, Reason]:
    """Where a message stands."""
    story = await store.story(message_id)
    assert story is not None
    return story.message.state, story.message.reason


async def test_a_sweep_goes_past_messages_whose_rule_fails(
    sqlite: SqliteStore, spoil: Spoil, told: list[dict[str, object]]
) -> None:
    """More than a whole batch of them: every other message expires, the sweep ends, and they expire when mended."""
    world = await World(sqlite).build()
    bad = [(await world.accept(world.new(step(price=0), life=MINUTE))).id for _ in range(5)]
    good = [(await world.accept(world.new(step(price=0), life=MINUTE))).id for _ in range(7)]
    mend = spoil(*bad)
    now = world.now + HOUR
    await swept(sqlite, now, 3)
    assert {(await state(sqlite, each))[0] for each in good} == {State.EXPIRED}
    assert {(await state(sqlite, each))[0] for each in bad} == {State.QUEUED}
    assert (await sqlite.fault_counts()).aside == 5
    shown = await sqlite.aside(10)
    assert {(row.work, row.key, row.error) for row in shown} == {
        ("deadline", str(each), "OverflowError") for each in bad
    }
    assert "test_aside.py" in shown[0].place
    await swept(sqlite, now + MINUTE, 3)
    assert {row.times for row in await sqlite.aside(10)} == {2}
    assert len(told) == 5, "once each"
    assert "0912" not in repr(told)
    mend()
    await swept(sqlite, now + HOUR, 3)
    assert {(await state(sqlite, each))[0] for each in bad} == {State.EXPIRED}
    assert (await sqlite.fault_counts()).aside == 0


async def test_a_line_whose_numbers_are_nonsense(sqlite: SqliteStore) -> None:
    """A grace that no clock can count keeps the other lines' receipts from nothing."""
    world = await World(sqlite).build()
    ids = {}
    for line in (LINE, LINE2):
        message = await world.on_wire(await world.accept(world.new(step(line), life=MINUTE)))
        await world.answer(message, taken(f"id-{line}"))
        ids[line] = message.id

    async def spoil(desk: Desk) -> None:
        raw(desk).execute(
            "UPDATE config SET body = json_set(body, '$.receipt_grace_hours', 1e300) WHERE kind = 'line' AND name = ?",
            (LINE,),
        )
        await desk.config_changed()

    await sqlite.writer.submit(spoil)
    await swept(sqlite, world.now + 30 * DAY, 10)
    assert (await state(sqlite, ids[LINE2]))[0] is State.UNKNOWN
    assert (await state(sqlite, ids[LINE]))[0] in (State.ENROUTE, State.UNKNOWN)


async def test_recovery_ends_and_comes_back(sqlite: SqliteStore, spoil: Spoil) -> None:
    """What was on the wire and cannot be recovered is passed by at the start, and recovered when mended."""
    world = await World(sqlite).build()
    sent = [await world.sending(step(price=0)) for _ in range(4)]
    mend = spoil(sent[0].id, sent[1].id)
    rounds = 0
    while await sqlite.recover(OWNER, world.now, 2):
        rounds += 1
        assert rounds < 10, "recovery comes to no end"
    assert [(await state(sqlite, each.id))[0] for each in sent] == [State.SENDING] * 2 + [State.QUEUED] * 2
    mend()
    await swept(sqlite, world.now + HOUR, 10)
    assert {(await state(sqlite, each.id))[0] for each in sent} == {State.QUEUED}
    assert (await sqlite.fault_counts()).aside == 0


async def test_what_has_moved_since_is_not_lost_again(sqlite: SqliteStore, spoil: Spoil) -> None:
    """A message that is aside on the wire, and whose answer came after all, is not called lost later."""
    world = await World(sqlite).build()
    message = await world.sending(step(price=0))
    mend = spoil(message.id)
    await sqlite.recover(OWNER, world.now, 10)
    mend()
    await world.answer(message, taken("7"))
    await swept(sqlite, world.now + HOUR, 10)
    assert (await state(sqlite, message.id))[0] is State.ENROUTE
    assert (await sqlite.fault_counts()).aside == 0


async def test_a_claim_goes_past_a_row_that_cannot_be_read(sqlite: SqliteStore) -> None:
    """It is due again later, and not at once: nobody comes for it again and again."""
    world = await World(sqlite).build()
    bad, good = [(await world.accept(world.new(step(price=0)))).id for _ in range(2)]
    await sqlite.release([bad, good], OWNER)
    await sqlite.writer.submit(
        at_desk(lambda desk: raw(desk).execute("UPDATE message SET plan = '[7]' WHERE id = ?", (bad,)) and None)
    )
    claimed = await sqlite.claim(LINE, [10, 10, 10], world.now, OWNER)
    assert [message.id for message in claimed.messages] == [good]
    assert all(due_at is None or due_at > world.now for due_at in claimed.next_due_at)
    assert [(row.work, row.key) for row in await sqlite.aside(10)] == [("claim", str(bad))]


async def test_an_answer_that_cannot_be_stored_is_a_lost_one(sqlite: SqliteStore, spoil: Spoil) -> None:
    """Kept as unreadable, and the attempt is ambiguous by the table; if that fails too, it is tried again."""
    world = await World(sqlite).build()
    for spoilt, then in ((ev.Receipted, State.QUEUED), (ev.Answered, State.SENDING)):
        message = await world.sending(step(price=0))
        mend = spoil(message.id, event=spoilt)
        piece = Unreadable(
            kind="answer", link="north", message_id=message.id, octets=b"[]", error="X", place="y", came_at=world.now
        )
        event = ev.Answered(step=0, try_no=1, outcomes=(taken("9"),))
        await sqlite.lose_answer(piece, event, world.now)
        assert (await state(sqlite, message.id))[0] is then
        mend()
        await swept(sqlite, world.now + HOUR, 10)
        assert (await state(sqlite, message.id))[0] is State.QUEUED
        (kept,) = [each for each in await sqlite.unreadable(None, 10) if each.message_id == message.id]
        assert (kept.kind, kept.octets) == ("answer", b"[]")


async def test_unreadable_pieces_are_bounded(sqlite: SqliteStore) -> None:
    """In number and in size; how many there have ever been is still known."""
    piece = Unreadable(kind="mo", link="north", octets=b"x" * 100_000, error="E", place="p", came_at=1)

    async def flood(desk: Desk) -> None:
        for _ in range(MOST_UNREADABLE + 5):
            await aside.keep_unreadable(desk, piece)

    await sqlite.writer.submit(flood)
    counts = await sqlite.fault_counts()
    assert (counts.unreadable, counts.unreadable_ever) == (MOST_UNREADABLE, MOST_UNREADABLE + 5)
    (newest,) = await sqlite.unreadable(MOST_UNREADABLE + 5, 10)
    assert len(newest.octets) == 65_536
    assert await sqlite.forget_unreadable(newest.id) == 1
    assert await sqlite.forget_unreadable(None) == MOST_UNREADABLE - 1


async def test_money_of_a_failed_row_is_undone_with_it(sqlite: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that fails half way leaves nothing of its half: the books balance."""
    world = await World(sqlite).build()
    message = await world.accept(world.new(step(), life=MINUTE))

    def fails(*_: object) -> None:
        raise KeyError("a bug after the money has moved")

    monkeypatch.setattr(webhooks, "tell", fails)
    await swept(sqlite, world.now + HOUR, 10)
    assert (await state(sqlite, message.id))[0] is State.QUEUED
    assert all(not account.faults for account in (await sqlite.prove_ledger()).accounts)
    monkeypatch.undo()
    await swept(sqlite, world.now + 2 * HOUR, 10)
    assert (await state(sqlite, message.id))[0] is State.EXPIRED


async def test_a_store_from_before(tmp_path: Path) -> None:
    """A store without these tables, with messages in every open state, is brought up to date and goes on."""
    path = tmp_path / "before.sqlite"
    store = SqliteStore(path)
    world = await World(store).build()
    queued, sending = await world.accept(world.new(step(price=0), life=MINUTE)), await world.sending(step(price=0))
    enroute = await world.enroute("77", step(price=0))
    final = await world.accept(world.new(step(price=0)))
    await store.advance(final.id, ev.Cancelled(), world.now)
    await store.close()
    db = apsw.Connection(str(path))
    before = next(number for number, text in enumerate(load_migrations()) if "CREATE TABLE aside" in text)
    db.execute("DROP TABLE aside; DROP TABLE unreadable")
    db.execute("DROP INDEX received_unread; DROP INDEX received_foreign; DROP INDEX optout_doubtful")
    db.execute("ALTER TABLE received DROP COLUMN is_foreign; ALTER TABLE optout DROP COLUMN is_doubtful")
    db.execute("CREATE INDEX received_unread ON received (line, id) WHERE read_at IS NULL")
    db.execute("DROP INDEX ledger_reference; ALTER TABLE ledger DROP COLUMN reference")  # what came after
    db.execute("DROP TABLE upstream_name; DROP INDEX receipt_ids")
    db.execute("ALTER TABLE receipt DROP COLUMN ids")
    for column in ("several", "by_parameter", "by_text", "by_payload", "place"):
        db.execute(f"ALTER TABLE id_habit DROP COLUMN {column}")
    db.execute("ALTER TABLE message RENAME COLUMN owner TO is_leased; UPDATE message SET is_leased = is_leased <> 0")
    db.execute("DROP TABLE owner; DROP TABLE audit; DROP TABLE own_id")
    db.execute("DROP TABLE panel_view; DROP TABLE panel_session; DROP TABLE panel_user")
    db.execute("DROP INDEX message_account; DROP INDEX ledger_account")
    db.execute("DROP TABLE usage_day; DROP INDEX ledger_credit; DELETE FROM meta WHERE key = 'usage_from'")
    columns = ", ".join(f"{name} INTEGER NOT NULL" for name in ("account_id", "check_id", "message_id", "accepted_at"))
    db.execute(f"CREATE TABLE check_id ({columns}, digest BLOB, PRIMARY KEY (account_id, check_id)) WITHOUT ROWID")
    db.execute("DROP TABLE campaign_row; DROP TABLE campaign; DROP INDEX message_campaign; DROP INDEX ledger_campaign")
    db.execute("ALTER TABLE message DROP COLUMN campaign_id; ALTER TABLE ledger DROP COLUMN campaign_id")
    db.pragma("user_version", before)
    db.close()
    store = SqliteStore(path)
    (owner,) = await store.take_over(world.now)
    assert await store.recover(owner, world.now, 10) == 1
    assert await store.recover(owner, world.now, 10) == 0
    await swept(store, world.now + HOUR, 10)
    states = [(await state(store, each.id))[0] for each in (queued, sending, enroute, final)]
    assert states == [State.EXPIRED, State.QUEUED, State.ENROUTE, State.CANCELLED]
    assert await store.fault_counts() == FaultCounts()
    await store.close()


async def test_the_pauses_grow_up_to_an_hour(sqlite: SqliteStore) -> None:
    """A minute, then twice as long each time; never more than an hour."""
    world = await World(sqlite).build()
    message = await world.accept()
    pauses = []
    for times in range(1, 12):
        await sqlite.put_aside(message.id, "OverflowError", "states.py:7 advance", world.now + times)
        (row,) = await sqlite.aside(1)
        pauses.append((row.again_at - row.last_at) // MINUTE)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]


async def test_a_waiting_message_that_nobody_can_take_expires(sqlite: SqliteStore) -> None:
    """It is aside and due later and later; its deadline comes all the same."""
    world = await World(sqlite).build()
    message = await world.accept(world.new(step(price=0), life=MINUTE))
    for _ in range(5):
        await sqlite.put_aside(message.id, "OverflowError", "states.py:7 advance", world.now)
    assert (await sqlite.claim(LINE, [10, 10, 10], world.now + MINUTE // 2, OWNER)).messages == ()
    await swept(sqlite, world.now + MINUTE, 10)
    assert await state(sqlite, message.id) == (State.EXPIRED, Reason.DEADLINE)
