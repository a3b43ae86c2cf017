"""How much of each queue goes into one transaction."""

from __future__ import annotations

import pytest

from payamak.store.shares import SHARES, TARGET_S, Shares, Urgency

ALL = sum(SHARES.values())


def of_all(shares: Shares) -> dict[Urgency, int]:
    """Every queue's share."""
    return {urgency: shares.of(urgency) for urgency in Urgency}


def test_whole_while_pieces_are_cheap() -> None:
    """Where a full transaction is short, the shares are whole."""
    shares = Shares()
    for _ in range(100):
        shares.learn(ALL, TARGET_S / 2)
    assert of_all(shares) == SHARES
    assert shares.together == ALL


@pytest.mark.parametrize("cost_s", [0.0001, 0.0003, 0.001])
def test_as_many_as_are_short(cost_s: float) -> None:
    """Pieces that cost more make the shares smaller, all alike, until a full transaction takes the time it may."""
    shares = Shares()
    for _ in range(100):
        shares.learn(shares.together, shares.together * cost_s)
    assert shares.together * cost_s == pytest.approx(TARGET_S, rel=0.3)
    assert shares.of(Urgency.RESULT) == pytest.approx(4 * shares.of(Urgency.NORMAL), abs=4)


def test_each_has_something() -> None:
    """However much a piece costs, nobody is left out; and it is forgotten when it is over."""
    shares = Shares()
    for _ in range(100):
        shares.learn(1, 5.0)
    assert all(1 <= count <= SHARES[urgency] // 16 for urgency, count in of_all(shares).items())
    for _ in range(1_000):
        shares.learn(shares.together, shares.together * 1e-6)
    assert of_all(shares) == SHARES


def test_an_idle_look_teaches_nothing() -> None:
    """A transaction without pieces has no cost a piece."""
    shares = Shares()
    shares.learn(0, 5.0)
    assert of_all(shares) == SHARES
