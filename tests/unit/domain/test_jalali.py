"""The Jalali calendar: the same days both ways, against another implementation, and its dates where one is read."""

import datetime as dt
import json
import shutil
import subprocess

import pytest

from payamak.domain.jalali import check_year, is_leap, read_jalali, to_gregorian, to_jalali

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
    assert to_jalali(gregorian) == jalali


INTL = """
const f = new Intl.DateTimeFormat("en-US-u-ca-persian-nu-latn",
  {year: "numeric", month: "numeric", day: "numeric", timeZone: "UTC"});
const days = [];
for (let t = Date.UTC(2011, 2, 21); t < Date.UTC(2072, 2, 20); t += 86400000) {
  const part = Object.fromEntries(f.formatToParts(new Date(t)).map((x) => [x.type, parseInt(x.value)]));
  days.push([part.year, part.month, part.day]);
}
console.log(JSON.stringify(days));
"""


@pytest.mark.debian
@pytest.mark.skipif(shutil.which("node") is None, reason="no node here")
def test_every_day_of_sixty_years_as_intl_has_it() -> None:
    """From 1390-01-01 to 1450-12-29 each day is that of `Intl` in node, both ways."""
    said = subprocess.run(["node", "-e", INTL], capture_output=True, check=True, text=True).stdout
    days = [tuple(day) for day in json.loads(said)]
    assert (days[0], days[-1], len(days)) == ((1390, 1, 1), (1450, 12, 29), 22_280)
    first = dt.date(2011, 3, 21)
    assert [to_jalali(first + dt.timedelta(days=n)) for n in range(len(days))] == days
    assert [to_gregorian(*day) for day in days] == [first + dt.timedelta(days=n) for n in range(len(days))]


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


@pytest.mark.parametrize("day", [dt.date(1921, 3, 20), dt.date(2094, 3, 21), dt.date(1, 1, 1)])
def test_no_day_of_these_years(day: dt.date) -> None:
    """A day outside the years that are known has no Jalali name."""
    with pytest.raises(ValueError, match="is no day of the Jalali years"):
        to_jalali(day)


@pytest.mark.parametrize(
    ("written", "when"),
    [
        ("1405/09/05", dt.datetime(2026, 11, 26, tzinfo=TEHRAN)),
        ("1405-09-05", dt.datetime(2026, 11, 26, tzinfo=TEHRAN)),
        (" \u200f۱۴۰۵/۹/۵ ", dt.datetime(2026, 11, 26, tzinfo=TEHRAN)),
        ("1406-02-31T18:00Z", dt.datetime(2027, 5, 21, 18, tzinfo=dt.UTC)),
        ("jalali:1406-01-01", dt.datetime(2027, 3, 21, tzinfo=TEHRAN)),
        ("Jalali: ۱۴۰۶/۱/۱", dt.datetime(2027, 3, 21, tzinfo=TEHRAN)),
        ("jalali:1406-01-01T18:30", dt.datetime(2027, 3, 21, 18, 30, tzinfo=TEHRAN)),
        ("1406-01-01 18:30:00+00:00", dt.datetime(2027, 3, 21, 18, 30, tzinfo=dt.UTC)),
        ("2027-03-21T00:00:00+03:30", None),
        ("1299-01-01", None),
        ("2h", None),
    ],
)
def test_a_jalali_date(written: str, when: dt.datetime | None) -> None:
    """It is known by its year or its mark, and read in Tehran's time unless it names a zone; others are not touched."""
    assert read_jalali(written) == when


@pytest.mark.parametrize(
    "written", ["jalali:", "jalali:1406", "1406-13-01", "1404/12/30", "1406-01-01T25:00", "1406-01-01 at noon"]
)
def test_a_jalali_date_that_is_none(written: str) -> None:
    """What is one by its year or mark, and is no day or no time, is refused."""
    with pytest.raises(ValueError, match=r"."):
        read_jalali(written)


def test_a_year_that_nobody_means() -> None:
    """The refusal says which day was meant, if it can be one."""
    check_year(dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(ValueError, match="the year 1999 is before 2000"):
        check_year(dt.datetime(1999, 12, 31, tzinfo=dt.UTC))
    with pytest.raises(ValueError, match=r"Jalali calendar write 2027-03-21T18:30:00\+03:30$"):
        check_year(dt.datetime(1406, 1, 1, 18, 30, tzinfo=TEHRAN))
