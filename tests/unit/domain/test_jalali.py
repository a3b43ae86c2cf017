"""The Jalali calendar: the same days, and what is said to whoever writes one for an instant."""

import datetime as dt
import re

import pytest

from payamak.domain.jalali import check_written, check_year, is_leap, read_marked, to_gregorian

TEHRAN = dt.timezone(dt.timedelta(hours=3, minutes=30))


@pytest.mark.parametrize(
    ("jalali", "gregorian"),
    [
        ((1400, 1, 1), dt.date(2021, 3, 21)),
        ((1405, 9, 5), dt.date(2026, 11, 26)),
        ((1403, 12, 30), dt.date(2025, 3, 20)),
        ((1404, 1, 1), dt.date(2025, 3, 21)),
        ((1399, 12, 30), dt.date(2021, 3, 20)),
        ((1357, 11, 22), dt.date(1979, 2, 11)),
        ((1300, 1, 1), dt.date(1921, 3, 21)),
        ((1406, 1, 1), dt.date(2027, 3, 21)),
        ((1409, 1, 1), dt.date(2030, 3, 21)),
    ],
)
def test_the_same_day(jalali: tuple[int, int, int], gregorian: dt.date) -> None:
    """Days that calendars on the wall know by both names."""
    assert to_gregorian(*jalali) == gregorian


def test_leap_years() -> None:
    """The official leap years of our time."""
    wanted = [1370, 1375, 1379, 1383, 1387, 1391, 1395, 1399, 1403, 1408]
    assert [year for year in range(1370, 1410) if is_leap(year)] == wanted


@pytest.mark.parametrize(
    "day", [(1404, 12, 30), (1400, 7, 31), (1400, 13, 1), (1400, 0, 1), (1299, 1, 1), (2026, 1, 1)]
)
def test_no_day(day: tuple[int, int, int]) -> None:
    """A day that the calendar does not have is refused."""
    with pytest.raises(ValueError, match="is no day of the Jalali years"):
        to_gregorian(*day)


@pytest.mark.parametrize(
    ("written", "when"),
    [
        ("jalali:1406-01-01", dt.datetime(2027, 3, 21, tzinfo=TEHRAN)),
        ("Jalali: ۱۴۰۶/۱/۱", dt.datetime(2027, 3, 21, tzinfo=TEHRAN)),
        ("jalali:1406-01-01T18:30", dt.datetime(2027, 3, 21, 18, 30, tzinfo=TEHRAN)),
        ("jalali:1406-01-01 18:30:00+00:00", dt.datetime(2027, 3, 21, 18, 30, tzinfo=dt.UTC)),
        ("2027-03-21T00:00:00+03:30", None),
    ],
)
def test_marked(written: str, when: dt.datetime | None) -> None:
    """A marked date is read, in Tehran's time unless it names a zone; what is not marked is not touched."""
    assert read_marked(written) == when


@pytest.mark.parametrize("written", ["jalali:", "jalali:1406", "jalali:1406-13-01", "jalali:1406-01-01T25:00"])
def test_marked_and_wrong(written: str) -> None:
    """What is marked and is no date is refused."""
    with pytest.raises(ValueError, match=r"."):
        read_marked(written)


def test_a_year_that_nobody_means() -> None:
    """The refusal says which day was meant, if it can be one."""
    check_year(dt.datetime(1900, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(ValueError, match=r"write 2027-03-21T00:00:00\+03:30, or jalali:1406-01-01$"):
        check_year(dt.datetime(1406, 1, 1, tzinfo=TEHRAN))
    with pytest.raises(ValueError, match=r"write 2027-03-21T18:30:00\+03:30, or jalali:1406-01-01T18:30:00"):
        check_year(dt.datetime(1406, 1, 1, 18, 30, tzinfo=TEHRAN))
    with pytest.raises(ValueError, match=r"that can be meant$"):
        check_year(dt.datetime(999, 1, 1, tzinfo=TEHRAN))


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("1406-01-01", "2027-03-21T00:00:00+03:30, or jalali:1406-01-01"),
        (" ۱۴۰۶/۱/۱ ", "2027-03-21T00:00:00+03:30, or jalali:1406-01-01"),
        ("1406-02-31T18:00Z", "2027-05-21T18:00:00+00:00, or jalali:1406-02-31T18:00:00+00:00"),
        ("1406-02-31 at noon", "2027-05-21T00:00:00+03:30, or jalali:1406-02-31"),
        ("\u200f1406-01-01", "2027-03-21T00:00:00+03:30, or jalali:1406-01-01"),
        ("1406-01-01T00:00:00Z", "2027-03-21T00:00:00+00:00, or jalali:1406-01-01T00:00:00+00:00"),
        ("2027-03-21", None),
        ("jalali:1406-01-01", None),
        ("2h", None),
    ],
)
def test_a_jalali_date_however_it_is_written(written: str, hint: str | None) -> None:
    """Also a date that could not be read is told, with what is to be written, and that is read."""
    if hint is None:
        check_written(written)
        return
    with pytest.raises(ValueError, match=re.escape(f"write {hint}") + "$"):
        check_written(written)
    meant, _, marked = hint.partition(", or ")
    assert read_marked(marked) == dt.datetime.fromisoformat(meant)
