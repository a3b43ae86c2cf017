"""When a campaign would be through: counted minute by minute, against the formula."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.domain.forecast import Forecast, forecast, interval_us
from payamak.domain.hours import TEHRAN_MS, Hours
from payamak.domain.message import StepKind
from payamak.domain.site import Line, Link, LinkUse, build_site

WINDOW = Hours(7 * 60, 22 * 60)


def tehran(day: int, hour: int, minute: int = 0) -> int:
    """That instant, in Tehran."""
    return int(dt.datetime(2026, 11, day, hour, minute, tzinfo=dt.UTC).timestamp() * 1_000) - TEHRAN_MS


def test_over_a_night() -> None:
    """Begun at 21:50, one each ten seconds: sixty before 22:00, the others from 07:00 on."""
    found = forecast(100, 10_000_000, WINDOW, tehran(26, 21, 50))
    assert found == Forecast(
        first_at=tehran(26, 21, 50),
        last_at=tehran(27, 7, 0) + 39 * 10_000,
        days=(("2026-11-26", 60), ("2026-11-27", 40)),
    )


def test_begun_in_the_night() -> None:
    """It waits for the morning."""
    found = forecast(2, 60_000_000, WINDOW, tehran(26, 23))
    assert found is not None
    assert (found.first_at, found.last_at) == (tehran(27, 7), tehran(27, 7, 1))


def test_too_long() -> None:
    """More than a year is no forecast."""
    assert forecast(10_000_000, 60_000_000, WINDOW, tehran(26, 12)) is None


@given(
    count=st.integers(1, 3_000),
    each_s=st.integers(1, 400),
    start=st.integers(0, 1_439),
    opens=st.integers(0, 1_438),
    length=st.integers(1, 1_438),
)
def test_as_counted_one_by_one(count: int, each_s: int, start: int, opens: int, length: int) -> None:
    """Any hours, also those that span midnight: a message goes as soon as the one before it allows and it is open."""
    window = Hours(opens, (opens + length) % 1_440)
    at_ms = tehran(26, 0) + start * 60_000
    days: dict[str, int] = {}
    instants = []
    for _ in range(count):
        at_ms = window.opens_at(at_ms)
        instants.append(at_ms)
        day = dt.datetime.fromtimestamp((at_ms + TEHRAN_MS) // 1_000, dt.UTC).date().isoformat()
        days[day] = days.get(day, 0) + 1
        at_ms += each_s * 1_000
    found = forecast(count, each_s * 1_000_000, window, tehran(26, 0) + start * 60_000)
    if len(days) <= 400:
        assert found == Forecast(first_at=instants[0], last_at=instants[-1], days=tuple(days.items()))


@pytest.mark.parametrize(
    ("pace", "per_minute", "link_pace", "parts", "wanted"),
    [
        (60, None, 0.0, 1.0, 1_000_000),
        (60, 30.0, 0.0, 1.0, 2_000_000),
        (600, None, 10.0, 3.0, 300_000),
        (None, None, 0.0, 1.0, None),
        (None, None, 100.0, 2.0, 20_000),
    ],
)
def test_what_limits_it(
    pace: int | None, per_minute: float | None, link_pace: float, parts: float, wanted: int | None
) -> None:
    """Its own pace, the line's, or the link's by the parts of a message: the slowest."""
    line = Line(number="9830", links=(LinkUse(link="north"),), messages_per_minute=per_minute)
    site = build_site([Link(name="north", parts_per_second=link_pace), line], 1)
    assert interval_us(site, (line, StepKind.NORMAL), pace, parts) == wanted
