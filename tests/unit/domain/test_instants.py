"""Instants as people write and read them, in both calendars."""

import datetime as dt

import pytest

from payamak.domain.instants import Calendar, read_instant, show_instant

TEHRAN = dt.timezone(dt.timedelta(hours=3, minutes=30))
NOW = 1_795_734_000_000
"""2026-11-26T23:00:00Z: in Tehran it is half past two of the next day, 1405/09/06."""


@pytest.mark.parametrize(
    ("written", "when"),
    [
        ("2h", dt.datetime(2026, 11, 26, 21, tzinfo=dt.UTC)),
        ("۲ h", dt.datetime(2026, 11, 26, 21, tzinfo=dt.UTC)),
        ("امروز", dt.datetime(2026, 11, 27, tzinfo=TEHRAN)),
        ("2H", dt.datetime(2026, 11, 26, 21, tzinfo=dt.UTC)),
        ("امروز ۸:۳۰", dt.datetime(2026, 11, 27, 8, 30, tzinfo=TEHRAN)),
        ("1405/9/5 7:05:09", dt.datetime(2026, 11, 26, 7, 5, 9, tzinfo=TEHRAN)),
        ("2026-11-26 8:30", dt.datetime.fromisoformat("2026-11-26T08:30")),
        ("دیروز", dt.datetime(2026, 11, 26, tzinfo=TEHRAN)),
        ("ديروز ۱۸:۳۰", dt.datetime(2026, 11, 26, 18, 30, tzinfo=TEHRAN)),
        ("Today 07:00", dt.datetime(2026, 11, 27, 7, tzinfo=TEHRAN)),
        ("yesterday", dt.datetime(2026, 11, 26, tzinfo=TEHRAN)),
        ("1405/09/05", dt.datetime(2026, 11, 26, tzinfo=TEHRAN)),
        ("۱۴۰۵-۰۹-۰۵ 18:00", dt.datetime(2026, 11, 26, 18, tzinfo=TEHRAN)),
        ("2026-11-26", dt.datetime.fromisoformat("2026-11-26")),
        ("2026/11/6 18:00", dt.datetime.fromisoformat("2026-11-06T18:00")),
        ("2026-11-26T18:00:00Z", dt.datetime(2026, 11, 26, 18, tzinfo=dt.UTC)),
    ],
)
def test_an_instant_is_read(written: str, when: dt.datetime) -> None:
    """Long ago, a day by its name, a date of either calendar, digits of any script; a zone where one is meant."""
    read = read_instant(written, NOW)
    assert (read, read.tzinfo is None) == (when, when.tzinfo is None)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("tomorrow", "'tomorrow' is no time; write 2h"),
        ("today noon", "'noon' is no time of day; write 18:30"),
        ("2026-13-01", "'2026-13-01' is no time; write 2h"),
        ("1405/09/05 24:00", "'24:00' is no time of day; write 18:30"),
        ("99999d", "99999d ago is before 2000"),
        ("999999999d", "999999999d ago is before 2000"),
        ("99/09/05", "'99/09/05' is no time"),
        ("1999-12-31", "the year 1999 is before 2000"),
        ("1200-01-01", "the year 1200 is before 2000"),
        ("1405/12/30", "1405-12-30 is no day of the Jalali years"),
    ],
)
def test_what_is_no_instant(written: str, said: str) -> None:
    """The refusal says how to write one; a year of long ago is never read in silence."""
    with pytest.raises(ValueError, match=said):
        read_instant(written, NOW)


def test_an_instant_is_shown() -> None:
    """To the second, in either calendar; what a table shows can be given back to an option."""
    assert show_instant(NOW + 999, Calendar.ISO, dt.UTC) == "2026-11-26 23:00:00"
    assert show_instant(NOW + 999, Calendar.ISO, TEHRAN) == "2026-11-27 02:30:00"
    assert show_instant(NOW + 999, Calendar.JALALI) == "1405/09/06 02:30:00"
    assert show_instant(0, Calendar.JALALI) == "1348/10/11 03:30:00"
    assert show_instant(-2_000_000_000_000, Calendar.JALALI, dt.UTC) == "1906-08-16 20:26:40"
    assert read_instant("1405/09/06 02:30:00", 0).timestamp() * 1_000 == NOW
