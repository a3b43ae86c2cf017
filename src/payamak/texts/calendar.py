"""Calendar: the names of the Jalali months and of the days of the week; the panel alone says them, in Persian."""

from __future__ import annotations

from typing import Final

MONTHS: Final = (
    *("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور"),
    *("مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
)

WEEKDAYS: Final = ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه")
"""By datetime.weekday()."""
