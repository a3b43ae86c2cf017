"""What the metrics ask of the store: what waits with its reason and age, purses, receipts of nobody."""

from __future__ import annotations

from tests.store.world import LINE, LINE2, World, taken

from payamak.domain.message import Lane
from payamak.store.records import RelayQueue, WaitingCount


async def test_an_empty_store(world: World) -> None:
    """Nothing waits; every account has its purses."""
    figures = await world.store.figures()
    assert (figures.waiting, figures.unmatched) == ((), {})
    assert figures.relay == RelayQueue(waiting=0, oldest_at=None, dead=0)
    assert {purses.username for purses in figures.purses} == {
        balance.username for balance in await world.store.balances()
    }


async def test_what_waits(world: World) -> None:
    """By line, class and reason, the oldest acceptance beside it; what is under way or has ended waits no more."""
    began_at = world.now
    await world.accept()
    world.now += 5_000
    await world.accept()
    await world.sending()
    await world.enroute("7")
    await world.move(LINE, LINE2, most=1)
    rows = {(row.line, row.reason): row for row in (await world.store.figures()).waiting}
    assert sum(row.count for row in rows.values()) == 2
    assert rows[LINE2, "moved"] == WaitingCount(
        line=LINE2, lane=Lane.NORMAL, reason="moved", count=1, oldest_accepted_at=began_at
    )
    assert rows[LINE, "accepted"].oldest_accepted_at == began_at + 5_000


async def test_receipts_of_nobody(world: World) -> None:
    """Each upstream's; one that finds its part is none of them."""
    message = await world.sending()
    await world.answer(message, taken("77"))
    await world.receipt("77")
    await world.receipt("unknown")
    assert (await world.store.figures()).unmatched == {"operator": 1}


async def test_purses_do_not_drift(world: World) -> None:
    """What messages do to an account's money is in the ledger and with the open messages, too."""
    await world.accept()
    await world.enroute("8")
    purses = {each.username: each for each in (await world.store.figures()).purses}
    for balance in await world.store.balances():
        assert balance.drift_rial == 0
        assert (balance.available, balance.reserved) == (
            purses[balance.username].available,
            purses[balance.username].reserved,
        )
