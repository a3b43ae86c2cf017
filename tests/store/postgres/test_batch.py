"""The writing transaction: one statement if that is enough, once more if somebody was faster, the truth of a break."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest
from msgspec.structs import replace
from tests.store.past import past_the_store
from tests.store.postgres.support import Cut, line_to, statements_of
from tests.store.world import ALI, LINE, NOW, SARA, World, step, taken

from payamak.domain.message import Message
from payamak.errors import Refused, StoreFailed
from payamak.store.base import Mode
from payamak.store.desk import Desk
from payamak.store.postgres import reader
from payamak.store.postgres.store import PostgresStore, open_postgres
from payamak.store.records import OptOut, Search


async def accept_together(world: World, count: int, price: int = 1) -> list[Message]:
    """So many accepts that are waiting when the writer takes."""
    news = [world.new(step(price=price), recipient=(ALI, SARA)[each % 2]) for each in range(count)]
    changes = await asyncio.gather(*(world.store.accept(new, NOW) for new in news))
    return [change.message for change in changes]


def writes(ran: list[str]) -> list[str]:
    """The statements that write."""
    return [sql for sql in ran if sql.startswith(("WITH", "INSERT", "UPDATE", "DELETE", "BEGIN", "COMMIT"))]


def batches(ran: list[str]) -> int:
    """How many transactions were begun: how many pieces go into one depends on how busy the machine is."""
    return sum("meta WHERE key = 'batch'" in sql and sql.startswith("SELECT") for sql in ran)


async def test_accepts_are_one_statement(world: World, postgres: PostgresStore) -> None:
    """Twenty accepts of a turn: the number, a question of each kind, and one statement that writes."""
    await accept_together(world, 2)
    with statements_of(postgres) as ran:
        messages = await accept_together(world, 20)
    assert len(messages) == 20
    assert 1 <= batches(ran) < 10
    assert len(writes(ran)) == batches(ran)
    assert len(ran) == 4 * batches(ran)  # number, opt-outs, purse, and the write


async def test_a_life_is_a_statement_for_each_step(world: World, postgres: PostgresStore) -> None:
    """Marks, answers and receipts of several messages, too, are written by one statement each; receipts ask twice."""
    for _ in range(2):  # the first time they are prepared
        messages = await accept_together(world, 5)
        with statements_of(postgres) as marked:
            sending = [change.message for change in await world.mark(*messages)]
        with statements_of(postgres) as answered:
            await asyncio.gather(*(world.answer(message, taken(f"x{message.id}")) for message in sending))
        with statements_of(postgres) as told:
            await asyncio.gather(*(world.receipt(f"x{m.id}", recipient=m.recipient) for m in sending))
    for ran, most in ((marked, 3), (answered, 3), (told, 4)):
        assert len(writes(ran)) == batches(ran) <= 5
        assert len(ran) <= most * batches(ran)
    await world.balance()


async def test_somebody_was_faster(world: World, postgres: PostgresStore) -> None:
    """What another program writes between question and write is seen: the batch runs once more, on what is there."""
    other = await open_postgres(postgres.address, Mode.HANDS)
    seen: list[int | None] = []

    async def pay(desk: Desk) -> None:
        seen.append(await desk.available(1))
        if len(seen) == 1:
            await other.credit("shop", -4_000, "meanwhile", NOW)
        desk.execute("set_meta", ("seen", seen[-1]))

    await postgres.writer.submit(pay)
    assert len(seen) == 2
    first, second = seen
    assert first is not None
    assert second == first - 4_000
    await other.close()


async def test_credit_is_spent_once(world: World, postgres: PostgresStore) -> None:
    """Two programs accept on one purse at once: as many as it pays for, not one more."""
    other = await open_postgres(postgres.address, Mode.HANDS)
    await postgres.credit("shop", -9_990, "ten are left", NOW)

    async def accept(store: PostgresStore) -> bool:
        try:
            await store.accept(world.new(step(price=1)), NOW)
        except Refused:
            return False
        return True

    kept = await asyncio.gather(*(accept(store) for _ in range(10) for store in (postgres, other)))
    assert sum(kept) == 10
    assert (await world.balance()).available == 0
    await other.close()


async def test_a_new_opt_out_of_another_program(world: World, postgres: PostgresStore) -> None:
    """An accept that begins after another program's commit knows what that has written."""
    other = await open_postgres(postgres.address, Mode.HANDS)
    known = OptOut(recipient=ALI, line=LINE, code=27, source="hand", learned_at=NOW, expires_at=None)
    await other.put_opt_outs([known])
    with pytest.raises(Refused):
        await world.accept()
    await other.close()


@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize("is_one_statement", [True, False])
async def test_the_line_breaks_at_the_write(address: str, tmp_path: Path, cut: Cut, is_one_statement: bool) -> None:
    """Whoever waits is told what is there: kept if the answer was lost on its way, not kept if the question was."""
    async with line_to(address, tmp_path) as (line, by_line):
        store = await open_postgres(by_line, Mode.SERVE)
        world = await World(store).build()
        is_to_break = False

        async def keep(desk: Desk) -> bool:
            if not is_one_statement:
                await desk.change("set_meta", ("early", 1))
            desk.execute("put_opt_out", (ALI, LINE, 27, "hand", NOW, None))
            if is_to_break:
                line.cut, line.at = cut, b"" if is_one_statement else b"COMMIT"
            return is_to_break

        await store.writer.submit(keep)  # its statement is prepared
        assert len(await store.opt_outs(ALI, LINE, "", 9)) == 1
        await store.forget_opt_outs(ALI, None)
        is_to_break = True
        if cut is Cut.QUESTION:
            with pytest.raises(StoreFailed):
                await store.writer.submit(keep)
        else:
            assert await store.writer.submit(keep)
        is_to_break = False
        assert line.cut is None
        assert len(await store.opt_outs(ALI, LINE, "", 9)) == (cut is Cut.ANSWER)
        await store.writer.submit(keep)
        assert store.trouble is None
        await world.accept(world.new(recipient=SARA))
        await store.close()


async def test_a_connection_that_is_ended(world: World, postgres: PostgresStore) -> None:
    """An administrator ends every connection while nothing is asked: the next works find new ones."""
    await world.accept()
    await postgres.search(Search())
    db = await asyncpg.connect(postgres.address)
    await db.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    await db.close()
    for _ in range(3):  # it may be met in the middle of a question
        try:
            await world.accept()
            break
        except StoreFailed:
            continue
    await world.accept()
    assert len(await postgres.search(Search())) >= 2
    assert postgres.trouble is None


@pytest.mark.parametrize("count", [1, 2])
async def test_an_error_tells_no_values(world: World, count: int) -> None:
    """What the database refuses is told without the row: that holds a text and a number."""
    broken = [replace(world.new(recipient=ALI), recipient="no number") for _ in range(count)]
    with pytest.raises(asyncpg.CheckViolationError) as raised:
        await world.store.accept_each(world.account_id(), broken, NOW)
    said = repr(raised.value) + str(raised.value) + str(raised.value.detail)
    assert "no number" not in said
    wrong = OptOut(recipient=7, line=LINE, code=27, source="hand", learned_at=NOW, expires_at=None)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="put_opt_out") as second:
        await world.store.put_opt_outs([wrong])
    assert LINE not in str(second.value)


async def test_the_ledger_is_proven_a_piece_at_a_time(
    world: World, postgres: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof streams the tables; it finds what was written past the store."""
    monkeypatch.setattr(reader, "ROWS_AT_ONCE", 2)
    await accept_together(world, 5)
    proof = await postgres.prove_ledger()
    assert [each for each in proof.accounts if each.faults] == []
    await past_the_store(postgres, "UPDATE account SET available = available + 1 WHERE username = 'shop'")
    proof = await postgres.prove_ledger()
    assert [each.username for each in proof.accounts if each.faults] == ["shop"]
