"""From what a caller asked to a route plan: which lines, in which order, at which price.

The table of contract §1 in one rule: the steps are the lines and routes that are wanted, in their order; with none
of them it is the account's default line. Equal steps collapse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from payamak.codes import Code
from payamak.domain.marks import fold, is_blank
from payamak.domain.message import Lane, Step, StepKind
from payamak.domain.money import price
from payamak.domain.site import ADVERTISING_HOURS, Account, LaneName, Line, LineKind, OnLateOptOut, OutsideHours, Site
from payamak.domain.templates import fill
from payamak.encoding.parts import choose, count_parts
from payamak.errors import Refused

Text = str | Mapping[str, str | int]


Via = Literal[StepKind.SIM, StepKind.TEMPLATE]
"""A way that is named by what it is and not by a number: the account's own line for it is meant."""

Way = tuple[Line, StepKind]


def choose_ways(site: Site, account: Account, wanted: Sequence[str | Via]) -> tuple[Way, ...]:
    """The lines of the plan in order: of each number the account's line, of each route the one that it has for it.

    Raises Refused with 22 or 2 (in this order, contract §1).
    """
    routes = routes_of(site, account, wanted)
    if not wanted:
        if account.default_line is None:
            raise Refused(Code.LINE_INVALID, "no line given and the account has no default line")
        wanted = [account.default_line]
    ways: dict[str, Way] = {}
    for each in wanted:
        way = routes[each] if isinstance(each, StepKind) else _own_line(site, account, each)
        ways.setdefault(way[0].number, way)
    return tuple(ways.values())


def routes_of(site: Site, account: Account, wanted: Iterable[str | Via]) -> dict[StepKind, Way]:
    """The account's lines for the routes among what is wanted. Raises Refused with 22."""
    routes: dict[StepKind, Way] = {}
    for each in wanted:
        if isinstance(each, StepKind):
            routes[each] = _route_line(site, account, each), each
    return routes


def _route_line(site: Site, account: Account, route: StepKind) -> Line:
    number = account.sim_line if route is StepKind.SIM else account.service_line
    found = site.line(number) if number is not None else None
    if found is None:
        raise Refused(Code.SERVICE_NOT_ENABLED, "this way of sending is not configured for the account")
    return found


def _own_line(site: Site, account: Account, number: str) -> Way:
    found = site.line(number)
    if found is None or not _may_use(site, account, found):
        raise Refused(Code.LINE_INVALID, "the line is not registered for the account")
    service = site.line(account.service_line) if account.service_line else None
    return found, StepKind.TEMPLATE if service is found else StepKind.NORMAL


def _may_use(site: Site, account: Account, line: Line) -> bool:
    named = (*account.lines, account.default_line, account.service_line)
    return any(site.line(number) is line for number in named if number is not None)


def make_plan(
    site: Site, account: Account, ways: Iterable[Way], text: Text | None, template: int | None
) -> tuple[Step, ...]:
    """Fill, encode, count and price every step. Raises Refused with 13, 30 or 34, the first that holds."""
    ways = tuple(ways)
    is_object = text is not None and not isinstance(text, str)
    if not text or (is_object and any(kind is not StepKind.TEMPLATE for _, kind in ways)):
        raise Refused(Code.TEXT_EMPTY, "the text is empty or no text")
    if isinstance(text, str) and is_blank(text):
        raise Refused(Code.TEXT_EMPTY, "a reader of the text would see nothing")
    steps = []
    unfilled = False
    for line, kind in ways:
        body = text
        if kind is StepKind.TEMPLATE:
            filled = fill(site.templates_by_account.get(account.id, {}), account.default_template, template, text)
            unfilled |= filled is None
            body = filled if filled is not None else ""
        assert isinstance(body, str)
        if line.footer and kind is StepKind.NORMAL and not _ends_with(body, line.footer):
            body = f"{body}\n{line.footer}"
        steps.append(make_step(site, line, kind, body, account.max_parts))
    if unfilled:
        raise Refused(Code.NO_TEMPLATE, "the text fits no approved template of the account")
    return tuple(steps)


def _ends_with(text: str, footer: str) -> bool:
    """Whether a reader sees the footer at the text's end: `لغو11` is «لغو۱۱», and a mark behind it is not seen."""
    return fold(text).rstrip().endswith(fold(footer).strip())


def make_step(site: Site, line: Line, kind: StepKind, text: str, max_parts: int) -> Step:
    """A text as this line sends it, and at which price. Raises Refused with 30 or 13."""
    encoding = choose(text, site.alphabet_of(line))
    split = site.split_of(line)
    try:
        parts = count_parts(text, encoding, split)
    except ValueError:  # half of a surrogate pair: no encoding has it
        raise Refused(Code.ENCODING, "the text cannot be encoded") from None
    if parts > max_parts:
        raise Refused(Code.TOO_MANY_PARTS, f"at most {max_parts} parts are allowed")
    return Step(
        line=line.number,
        kind=kind,
        text=text,
        encoding=encoding,
        parts=parts,
        price=price(parts, encoding, line.tariff),
        advertising=line.kind is LineKind.ADVERTISING and kind is StepKind.NORMAL,
        keep=line.on_late_opt_out is OnLateOptOut.KEEP,
        split=split,
    )


def reservation(plan: Iterable[Step]) -> int:
    """Rial to reserve: the dearest end that the plan can come to, kept prices of earlier steps included (P5)."""
    dearest = kept = 0
    for step in plan:
        if step.skip is not None:
            continue
        dearest = max(dearest, kept + step.price)
        kept += step.price if step.keep else 0
    return dearest


def lane_of(account: Account, first: Way, default: Lane = Lane.NORMAL) -> Lane:
    """The class of a message: as the account or the line says, OTP for templates and service lines, else `default`."""
    named: LaneName | None = account.lane or first[0].lane
    if named is not None:
        return named.lane
    if first[1] is StepKind.TEMPLATE or first[0].kind is LineKind.SERVICE:
        return Lane.OTP
    return default


def due_at(site: Site, first: Line, now: int, deadline_at: int, *, holds: bool = False) -> int:
    """When a fresh message may go: now, or when the hours of its first line begin, if it (`holds`) or the line waits.

    Raises Refused with 8 outside the hours, also if the window opens only after the deadline (contract §8).
    """
    window = site.windows_by_line.get(first.number)
    if window is None or window.is_open(now):
        return now
    opens_at = window.opens_at(now)
    if (holds or first.outside_hours is OutsideHours.HOLD) and opens_at < deadline_at:
        return opens_at
    raise Refused(Code.OUTSIDE_HOURS, f"line {first.number} sends from {first.hours or ADVERTISING_HOURS} in Tehran")
