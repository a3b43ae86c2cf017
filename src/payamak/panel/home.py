"""Where one comes first: of an account its days in figures, of the house the customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from payamak.domain.people import Right
from payamak.domain.usage import UsageBy, day_of, start_of
from payamak.hands.values import UsageSum
from payamak.panel import shown
from payamak.panel.lists import Choice
from payamak.panel.pages import ROOT
from payamak.panel.visit import Sent, Shown, Visit
from payamak.texts.panel import say

SPANS: Final = (1, 7, 30)
USUAL_DAYS: Final = 7
TALLEST: Final = 100
"""Of a bar, in the chart's own units."""


class ChartBar(Struct, frozen=True, kw_only=True):
    """One day of the chart, and of its table."""

    place: int
    height: int
    day: str
    messages: int
    delivered: int
    rial: int


class LineFigures(Struct, frozen=True, kw_only=True):
    """What became of one line's messages. `share`: how many of a hundred were delivered, where any have ended."""

    line: str
    messages: int
    share: str
    rejected: int
    parts: int
    rial: int


class Dashboard(Struct, frozen=True, kw_only=True):
    """The figures of some days."""

    spans: tuple[Choice, ...]
    messages: int
    delivered: int
    share: str
    rial: int
    balance: int
    enough: str
    lines: tuple[LineFigures, ...]
    bars: tuple[ChartBar, ...]
    may_send: bool
    has_line: bool


async def home(visit: Visit) -> Shown | Sent:
    """The dashboard, or on to what a person of the house may see."""
    if visit.person.account is None:
        return Sent(to=f"{ROOT}/customers")
    days = _days(visit.query.text("days"))
    today = day_of(visit.now)
    span = range(today - days + 1, today + 1)
    asking = visit.front.asking
    account, by_line = await asking.usage(visit.caller, span, (UsageBy.LINE,))
    _, by_day = await asking.usage(visit.caller, span, (UsageBy.DAY,))
    _, balance = await asking.purse(visit.caller)
    messages, delivered = sum(each.messages for each in by_line), sum(each.delivered for each in by_line)
    rial = sum(each.charged - each.refunded for each in by_line)
    enough = ""
    if rial > 0 and messages > 0:
        enough = say("home.enough", count=shown.count(max(0, balance * messages // rial)))
    page = Dashboard(
        spans=tuple(
            Choice(
                value=str(each),
                label=say("home.today" if each == 1 else "home.days", days=shown.count(each)),
                is_chosen=each == days,
            )
            for each in SPANS
        ),
        messages=messages,
        delivered=delivered,
        share=_share(delivered, messages),
        rial=rial,
        balance=balance,
        enough=enough,
        lines=tuple(
            LineFigures(
                line=each.line or "",
                messages=each.messages,
                share=_share(each.delivered, each.messages),
                rejected=each.rejected,
                parts=each.charged_parts - each.refunded_parts,
                rial=each.charged - each.refunded,
            )
            for each in by_line
        ),
        bars=_bars(span, by_day),
        may_send=visit.person.may(Right.SEND),
        has_line=bool(asking.lines(account)),
    )
    return Shown(template="home.html", page=page, title="home", section="home")


def _bars(span: range, by_day: Sequence[UsageSum]) -> tuple[ChartBar, ...]:
    """A bar for each day, the first at the right."""
    sums = {each.day: each for each in by_day}
    most = max((each.messages for each in by_day), default=0)
    bars = []
    for place, day in enumerate(span):
        each = sums.get(day)
        sent = 0 if each is None else max(0, each.messages)
        bars.append(
            ChartBar(
                place=len(span) - 1 - place,
                height=0 if most <= 0 else -(-sent * TALLEST // most),
                day=shown.day(start_of(day)),
                messages=sent,
                delivered=0 if each is None else each.delivered,
                rial=0 if each is None else each.charged - each.refunded,
            )
        )
    return tuple(bars)


def _days(text: str | None) -> int:
    return next((each for each in SPANS if text == str(each)), USUAL_DAYS)


def _share(some: int, all_: int) -> str:
    return say("home.percent", share=shown.count(some * 100 // all_)) if all_ > 0 else ""
