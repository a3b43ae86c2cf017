"""Which equal receipts are one told twice: those of a connection that ended before our answer surely arrived."""

from __future__ import annotations

import asyncio

import pytest

from payamak.delivery.repeats import ACK_DOUBT_S, DOUBTS_KEPT, Brought
from payamak.domain.receipts import REPEAT_MS

A, B = b"a", b"b"


class Hand:
    """A clock that is moved by hand."""

    now_s = 100.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now_s


@pytest.fixture
def hand() -> Hand:
    """At its beginning."""
    return Hand()


async def test_unanswered_when_the_connection_ended(hand: Hand) -> None:
    """It may come again, once, for ten minutes; nothing else may."""
    brought = Brought(hand.monotonic)
    brought.begin("north", A)
    assert not await brought.is_again("north", A), "the connection stands: it is another part's"
    brought.link_changed("north")
    brought.end("north", A, is_answered=True)  # stored too late to be answered there
    assert not await brought.is_again("north", B)
    assert await brought.is_again("south", A)
    assert not await brought.is_again("south", A)


async def test_answered_long_before_the_end(hand: Hand) -> None:
    """What was answered in good time is not repeated; what was answered at the last moment may be."""
    brought = Brought(hand.monotonic)
    for digest in (A, B):
        brought.begin("north", digest)
        brought.end("north", digest, is_answered=True)
        hand.now_s += ACK_DOUBT_S * 0.75
    brought.link_changed("north")
    assert [await brought.is_again("north", digest) for digest in (A, B)] == [False, True]


async def test_what_could_not_be_stored(hand: Hand) -> None:
    """It was refused for now, so it was never counted: when it comes again it is not a repetition."""
    brought = Brought(hand.monotonic)
    brought.begin("north", A)
    brought.end("north", A, is_answered=False)
    brought.link_changed("north")
    assert not await brought.is_again("north", A)


async def test_two_that_are_alike(hand: Hand) -> None:
    """As many may come again as were brought; ten minutes later none."""
    brought = Brought(hand.monotonic)
    for _ in range(3):
        brought.begin("north", A)
    brought.link_changed("north")
    assert [await brought.is_again("north", A) for _ in range(2)] == [True, True]
    hand.now_s += REPEAT_MS / 1_000 + 1
    assert not await brought.is_again("north", A)


async def test_over_another_connection(hand: Hand) -> None:
    """An equal one over another link waits for news of the first, and is a repetition if that is gone."""
    brought = Brought(hand.monotonic)
    brought.begin("north", A)
    asked = asyncio.ensure_future(brought.is_again("south", A))
    await asyncio.sleep(0)
    assert not asked.done()
    brought.link_changed("north")
    assert await asked


async def test_what_is_remembered_has_a_bound(hand: Hand) -> None:
    """The oldest are forgotten first."""
    brought = Brought(hand.monotonic)
    for number in range(DOUBTS_KEPT + 1):
        brought.begin("north", str(number).encode())
    brought.link_changed("north")
    assert not await brought.is_again("north", b"0")
    assert await brought.is_again("north", str(DOUBTS_KEPT).encode())
