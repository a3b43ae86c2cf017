"""What is shown how: digits, dates, numbers."""

from __future__ import annotations

import pytest

from payamak.panel import shown
from payamak.panel.shown import Sight

AT = 1_795_672_800_000
"""2026-11-26 06:00 UTC: Thursday, the fifth of Azar 1405, 09:30 in Tehran."""


def test_a_moment() -> None:
    """Jalali, in Tehran, with the day's name."""
    assert shown.moment(AT) == "پنجشنبه ۵ آذر ۱۴۰۵، ۰۹:۳۰"
    assert shown.short_day(AT) == "۱۴۰۵/۰۹/۰۵"
    assert shown.lately(AT, AT + 1_000) == "۰۹:۳۰"
    assert shown.lately(AT, AT + 86_400_000) == "۱۴۰۵/۰۹/۰۵، ۰۹:۳۰"
    assert shown.seconds(AT + 7_000) == "۰۹:۳۰:۰۷"


@pytest.mark.parametrize(("number", "text"), [(0, "۰"), (1_234_500, "۱٬۲۳۴٬۵۰۰"), (-9_800, "\u2066−۹٬۸۰۰\u2069")])
def test_a_count(number: int, text: str) -> None:
    """By thousands; a minus stays before its number."""
    assert shown.count(number) == text


def test_sight() -> None:
    """Whole, or its two ends; texts with marks for what is not seen, or none at all."""
    full, less = Sight(is_full=True), Sight(is_full=False)
    assert full.number("989121234500") == "09121234500"
    assert less.number("989121234500") == "0912•••••00"
    assert less.number("98") == "•••••"
    assert full.text("a\u202eb\nc") == ["a<U+202E>b", "c"]
    assert less.text("a") == []
    assert less.first_words("a") == ""
    assert len(full.first_words("واژه " * 100)) <= shown.FIRST_WORDS
