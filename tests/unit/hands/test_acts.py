"""Who acts, and in which portions an act is carried out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from payamak.hands.acts import AT_ONCE, LONGEST_REASON, by, in_batches, named


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("invoice 1042", "invoice 1042"),
        (" of 09120000077 \n", "of 98912***0077"),
        ("+98 912 000 0077, and 0912-000-0077", "98912***0077, and 98912***0077"),
        ("۰۹۱۲۰۰۰۰۰۷۷", "98912***0077"),
        ("line 983000330012", "line 983000330012"),
        ("a\nb", "a␊b"),
    ],
)
def test_a_reason(said: str, kept: str) -> None:
    """It is one line, and no mobile number is whole in it."""
    assert by("omid", "payamak cancel", said).reason == kept


def test_long_words_are_cut() -> None:
    """A reason and a name that are too long lose their ends."""
    made = by("x" * 100, "payamak cancel", "y" * 1_000)
    assert len(made.who) == 64
    assert made.reason == "y" * (LONGEST_REASON - 1) + "…"


def test_each_act_has_a_number() -> None:
    """No two acts are one."""
    assert len({by("omid", "payamak cancel").act for _ in range(100)}) == 100


def test_what_was_named() -> None:
    """The first ten stand for all."""
    assert named("message", [7]) == "message 7"
    assert named("message", range(1, 13)) == "messages 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …"


async def test_in_portions() -> None:
    """All of it, so many at once, and the count of what was done."""
    seen: list[int] = []

    async def work(ids: Sequence[int]) -> int:
        seen.append(len(ids))
        return len(ids) - 1

    assert await in_batches(range(AT_ONCE * 2 + 1), work) == AT_ONCE * 2 - 2
    assert seen == [AT_ONCE, AT_ONCE, 1]
    assert await in_batches((), work) == 0
