"""The hours of advertising lines (contract §8)."""

from __future__ import annotations

import datetime as dt

import pytest

from payamak.codes import Code
from payamak.domain.clocks import Reading, earliest
from payamak.domain.hours import Hours, parse_hours
from payamak.domain.message import StepKind
from payamak.domain.plan import due_at, make_plan
from payamak.domain.site import Account, Line, LineKind, OutsideHours, build_site, faults_of
from payamak.errors import Refused

TEHRAN = dt.timezone(dt.timedelta(hours=3, minutes=30))


def at(hour: int, minute: int = 0, day: int = 1) -> int:
    """An instant of a day in Tehran."""
    return int(dt.datetime(2026, 11, day, hour, minute, tzinfo=TEHRAN).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("07:00-22:00", Hours(420, 1_320)),
        ("7:00 - 22:00", Hours(420, 1_320)),
        ("۰۷:۰۰-۲۲:۳۰", Hours(420, 1_350)),
        ("22:00-06:00", Hours(1_320, 360)),
        ("00:00-24:00", Hours(0, 1_440)),
        ("always", None),
    ],
)
def test_hours_are_read(text: str, hours: Hours | None) -> None:
    """A window in either digits, over midnight too; always is no window."""
    assert parse_hours(text) == hours


@pytest.mark.parametrize("text", ["", "7-22", "07:00", "07:00-07:00", "25:00-26:00", "07:60-08:00", "12:00-24:30"])
def test_what_is_no_window_is_refused(text: str) -> None:
    """A ValueError that says how hours are written, or why these are none."""
    with pytest.raises(ValueError, match=r"hours are written|window"):
        parse_hours(text)


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        (Hours(420, 1_320), at(7), at(7)),
        (Hours(420, 1_320), at(21, 59), at(21, 59)),
        (Hours(420, 1_320), at(22), at(7, day=2)),
        (Hours(420, 1_320), at(6, 59), at(7)),
        (Hours(420, 1_320), at(0), at(7)),
        (Hours(1_320, 360), at(23), at(23)),
        (Hours(1_320, 360), at(5, 59), at(5, 59)),
        (Hours(1_320, 360), at(6), at(22)),
    ],
)
def test_when_the_window_opens(hours: Hours, now: int, opens: int) -> None:
    """Now while it is open, else its next beginning."""
    assert hours.opens_at(now) == opens
    assert hours.is_open(now) == (opens == now)


@pytest.mark.parametrize(
    ("line", "now", "lives_h", "expected"),
    [
        (Line(number="3000"), at(12), 24, at(12)),
        (Line(number="3000"), at(23), 24, Code.OUTSIDE_HOURS),
        (Line(number="3000", hours="always"), at(23), 24, at(23)),
        (Line(number="3000", kind=LineKind.SERVICE), at(23), 24, at(23)),
        (Line(number="3000", kind=LineKind.SIM), at(3), 24, at(3)),
        (Line(number="3000", outside_hours=OutsideHours.HOLD), at(23), 24, at(7, day=2)),
        (Line(number="3000", outside_hours=OutsideHours.HOLD), at(23), 8, Code.OUTSIDE_HOURS),
    ],
)
def test_a_fresh_message_outside_the_hours(line: Line, now: int, lives_h: int, expected: int | Code) -> None:
    """Refused with 8, or held until the window opens if that is before the deadline."""
    site = build_site([line], 1)
    deadline_at = now + lives_h * 3_600_000
    if isinstance(expected, Code):
        with pytest.raises(Refused) as refused:
            due_at(site, line, now, deadline_at)
        assert refused.value.code is expected
    else:
        assert due_at(site, line, now, deadline_at) == expected


def test_hours_that_cannot_be_read_are_a_fault() -> None:
    """They never get into a store."""
    assert [str(fault) for fault in faults_of(build_site([Line(number="3000", hours="nine to five")], 1))] == [
        "line 3000: hours are written 07:00-22:00 or always, not 'nine to five'"
    ]


def test_the_footer_is_written_once_counted_and_paid() -> None:
    """«لغو۱۱» stands under texts of its line, makes parts, and is not doubled; templates are left as approved."""
    line = Line(number="3000", footer="لغو۱۱", gsm7_rial=1, ucs2_rial=10)
    site, account = build_site([line], 1), Account(username="a")
    (step,) = make_plan(site, account, [(line, StepKind.NORMAL)], "س" * 66, None)
    assert (step.text, step.parts, step.price) == ("س" * 66 + "\nلغو۱۱", 2, 20)
    for text in ("سلام لغو۱۱", "سلام لغو11", "سلام\nلغو١١ ", "سلام لغو\u200c۱۱\u200f"):
        (again,) = make_plan(site, account, [(line, StepKind.NORMAL)], text, None)
        assert again.text == text
    (other,) = make_plan(site, account, [(line, StepKind.NORMAL)], "سلام لغو۱۲", None)
    assert other.text == "سلام لغو۱۲\nلغو۱۱"


@pytest.mark.parametrize("hours_back", [6, -9])
def test_a_window_is_open_by_both_clocks_or_closed(hours_back: int) -> None:
    """While the clocks disagree a message waits until they may agree: neither of them opens a window alone."""
    window = parse_hours("07:00-22:00")
    assert window is not None
    midnight = 1_767_225_600_000 - 12_600_000
    night = midnight + 23 * 3_600_000
    other = night - hours_back * 3_600_000
    now, until = Reading(max(night, other), min(night, other), max(night, other) + 600_000), max(night, other) + 600_000
    assert window.is_open(now) is not window.is_open(earliest(now))
    assert not window.is_open_by_all(now)
    assert window.look_again_at(now) == until
    assert window.is_open_by_all(other)
    assert window.look_again_at(night) == window.opens_at(night)
