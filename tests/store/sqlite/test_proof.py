"""The proof of the books: whatever is damaged in a file is named, with the account and the difference (P5)."""

from __future__ import annotations

import apsw
import pytest
from tests.store.world import ALI, DAY, HOLD, LINE2, World, lost, step

from payamak.domain.message import PartState
from payamak.store.records import ProvenAccount
from payamak.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.parametrize("sqlite", [True], indirect=True, ids=["inline"])


async def busy(world: World) -> None:
    """Every kind of entry: taken, refunded, released, settled late, removed for its age, credited and taken back."""
    await world.enroute("1")
    await world.receipt("1", PartState.DELIVERED)
    world.now += 40 * DAY
    while await world.store.retire(world.now, 10):
        pass
    await world.enroute("2", step(), step(LINE2, 250))
    await world.receipt("2", PartState.OPTED_OUT)
    await world.store.forget_opt_outs(ALI, None)
    await world.answer(await world.sending(step(HOLD, 70)), lost())
    await world.receipt("9", line=HOLD)
    await world.enroute("3")
    await world.store.credit("shop", -500, "back", world.now)


async def account(store: SqliteStore, username: str = "shop") -> ProvenAccount:
    """The proof of one account; every other one must balance."""
    proof = await store.prove_ledger()
    assert [a.username for a in proof.accounts if a.faults and a.username != username] == []
    return next(a for a in proof.accounts if a.username == username)


async def test_what_was_paid_in_is_charged_set_aside_or_left(world: World, sqlite: SqliteStore) -> None:
    """The four purses sum to zero: money neither appears nor vanishes."""
    await busy(world)
    shop = await account(sqlite)
    assert shop.faults == ()
    assert (shop.paid_in, shop.charged, shop.reserved, shop.available) == (9_500, 270, 250, 8_980)
    assert shop.paid_in == shop.charged + shop.reserved + shop.available
    proof = await sqlite.prove_ledger()
    assert (proof.messages, len(proof.accounts)) == (3, 3)


MESSAGE = "(SELECT id FROM message WHERE state = 'enroute')"

DAMAGES: dict[str, tuple[str, str]] = {
    "a balance changed": (
        "UPDATE account SET available = available + 7 WHERE username = 'shop'",
        "the balance is 8,987, by the entries 8,980 (+7)",
    ),
    "what is set aside changed": (
        "UPDATE account SET reserved = reserved - 50 WHERE username = 'shop'",
        "what is set aside is 200, by the entries 250 (-50)",
    ),
    "a credit removed": (
        "DELETE FROM ledger WHERE kind = 'credit' AND amount = 500",
        "the balance is 8,980, by the entries 9,480 (-500)",
    ),
    "a settlement removed": (
        f"DELETE FROM ledger WHERE kind = 'settle' AND message_id = {MESSAGE}",
        "what the messages were charged is 270, by the entries 170 (+100)",
    ),
    "a reservation removed": (
        "DELETE FROM ledger WHERE kind = 'reserve' AND amount = 250",
        "what is set aside is 250, by the entries 0 (+250)",
    ),
    "a release removed": (
        "DELETE FROM ledger WHERE kind = 'release' AND amount = 70",
        "the balance is 8,980, by the entries 8,910 (+70)",
    ),
    "a refund removed": (
        "DELETE FROM ledger WHERE kind = 'refund'",
        "what is set aside is 250, by the entries 150 (+100)",
    ),
    "an opening balance removed": (
        "DELETE FROM ledger WHERE kind = 'opening' AND target = 'revenue'",
        "what is set aside is 250, by the entries 350 (-100)",
    ),
    "an amount changed": (
        "UPDATE ledger SET amount = amount + 1 WHERE kind = 'credit' AND amount = 10000 AND account_id = 1",
        "the balance is 8,980, by the entries 8,981 (-1)",
    ),
    "an entry doubled": (
        "INSERT INTO ledger (at, account_id, message_id, kind, source, target, amount) "
        f"SELECT at, account_id, message_id, kind, source, target, amount FROM ledger WHERE message_id = {MESSAGE} "
        "AND kind = 'settle'",
        "what the messages were charged is 270, by the entries 370 (-100)",
    ),
    "a message's charge changed": (
        f"UPDATE message SET charged = 90 WHERE id = {MESSAGE}",
        "message 1004: charged 90, by its entries 100 (-10)",
    ),
    "what a message has set aside changed": (
        "UPDATE message SET reserved = 3 WHERE state = 'queued'",
        "message 1002: set aside 3, by its entries 250 (-247)",
    ),
    "a message removed": (
        f"DELETE FROM message WHERE id = {MESSAGE}",
        "message 1004 is gone, its entries are not",
    ),
    "two messages' entries exchanged": (
        "UPDATE ledger SET message_id = 1002 WHERE message_id = 1004 AND kind = 'settle'",
        "message 1004: charged 100, by its entries 0 (+100)",
    ),
    "an entry with another account": (
        "UPDATE ledger SET account_id = (SELECT id FROM account WHERE username = 'clinic') WHERE message_id = 1004",
        "message 1004 has entries of another account",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_every_damage_is_named(world: World, sqlite: SqliteStore, damage: str) -> None:
    """Whatever single figure is changed or removed, its account is named and by how much it is wrong."""
    await busy(world)
    statement, fault = DAMAGES[damage]
    db = apsw.Connection(str(sqlite.path))
    db.execute(statement)
    assert db.changes() == 1 or damage == "an entry with another account", "the damage is done"
    db.close()
    accounts = {a.username: a for a in (await sqlite.prove_ledger()).accounts}
    assert fault in accounts["shop"].faults
    assert accounts["bank"].faults == ()
    assert (accounts["clinic"].faults == ()) is (damage != "an entry with another account")


async def test_an_account_without_a_purse(world: World, sqlite: SqliteStore) -> None:
    """Entries of an account that is not there are told by its number."""
    await busy(world)
    db = apsw.Connection(str(sqlite.path))
    db.execute("DELETE FROM account WHERE username = 'shop'")
    db.close()
    (gone,) = [a for a in (await sqlite.prove_ledger()).accounts if a.faults]
    assert (gone.username, gone.faults[0]) == ("", "has no purse")


async def test_many_damaged_messages_are_counted(world: World, sqlite: SqliteStore) -> None:
    """A damage of many messages is told by the first five and the number of the others."""
    for number in range(8):
        await world.enroute(f"{number}")
    db = apsw.Connection(str(sqlite.path))
    db.execute("UPDATE message SET charged = charged + 1")
    db.close()
    shop = await account(sqlite)
    assert len([fault for fault in shop.faults if fault.startswith("message ")]) == 5
    assert shop.faults[-1] == "and 3 more of its messages"


async def steps_of(sqlite: SqliteStore, query: str) -> int:
    """How many hundreds of instructions SQLite needs for it: the same every time, unlike a duration."""
    counted = 0

    def count() -> bool:
        nonlocal counted
        counted += 1
        return False

    from payamak.store.rules.proof import prove_ledger
    from payamak.store.rules.reading import balances
    from payamak.store.sqlite.reader import SqliteReader

    db = apsw.Connection(str(sqlite.path), flags=apsw.SQLITE_OPEN_READONLY)
    db.set_progress_handler(count, 100)
    {"proof": prove_ledger, "balances": balances}[query](SqliteReader(db))
    db.close()
    return counted


@pytest.mark.parametrize("query", ["proof", "balances"])
async def test_the_cost_grows_with_the_store_and_no_faster(world: World, sqlite: SqliteStore, query: str) -> None:
    """Twice the accounts, messages and entries: about twice the work, not four times."""
    db = apsw.Connection(str(sqlite.path))
    columns = [row[1] for row in db.execute("PRAGMA table_info(message)") if row[1] not in ("id", "account_id")]
    message = await world.enroute("1")

    def grow(first: int, last: int) -> None:
        with db:
            for number in range(first, last):
                db.execute("INSERT INTO account (id, username) VALUES (?, ?)", (number, f"u{number}"))
                names = ", ".join(columns)
                db.execute(
                    f"INSERT INTO message (account_id, {names}) SELECT ?, {names} FROM message WHERE id = ?",
                    (number, message.id),
                )
                for source, target in (("available", "reserved"), ("reserved", "revenue")):
                    db.execute(
                        "INSERT INTO ledger (at, account_id, message_id, kind, source, target, amount) "
                        "VALUES (1, ?, last_insert_rowid(), 'settle', ?, ?, 5)",
                        (number, source, target),
                    )

    grow(1_000, 1_400)
    once = await steps_of(sqlite, query)
    grow(1_400, 1_800)
    twice = await steps_of(sqlite, query)
    db.close()
    assert 1.5 * once < twice < 2.6 * once


@pytest.mark.parametrize(("amount", "left"), [(-10_000, 0), (-1, 9_999), (10, 10_010)])
async def test_credit_down_to_nothing(sqlite: SqliteStore, amount: int, left: int) -> None:
    """What an account has can be taken back, to the last rial."""
    assert await sqlite.credit("shop", amount, "", 1) == left


async def test_credit_not_below_zero(world: World, sqlite: SqliteStore) -> None:
    """More than it has is taken only if that is meant; what is set aside for messages is not there to be taken."""
    await world.accept()
    with pytest.raises(ValueError, match=r"account shop has 9,900 rial; 9,901 would take it below zero"):
        await sqlite.credit("shop", -9_901, "", 1)
    assert (await world.balance()).available == 9_900
    assert await sqlite.credit("shop", -9_901, "a debt", 1, allow_negative=True) == -1
    assert await sqlite.credit("shop", 1, "", 1) == 0
    assert (await world.balance()).is_balanced


@pytest.mark.parametrize("amount", [10**15 + 1, -(10**15) - 1, 10**30])
async def test_a_slip_of_the_keyboard(world: World, sqlite: SqliteStore, amount: int) -> None:
    """An amount beyond all money is refused before it meets the end of a 64-bit number."""
    with pytest.raises(ValueError, match="more than the"):
        await sqlite.credit("shop", amount, "", 1, allow_negative=True)
    assert (await world.balance()).available == 10_000
