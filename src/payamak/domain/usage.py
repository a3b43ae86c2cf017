"""What is counted of messages, day by day: how they ended, and which money moved. Pure.

The store adds these up in the transaction in which they happen (store/rules/usage.py), and keeps the sums when the
messages have long been removed. What a message has ended as is counted on the day of its end; if a late receipt makes
another end of it, that is counted on the day on which it comes, and the first end once less. Money is counted on the
day on which it moves, whatever becomes of the message. So the sums of a time are the ledger's of that time, and all
sums of an end are the messages that have it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from payamak.domain.events import Effect, Refund, Settle
from payamak.domain.jalali import TEHRAN, to_gregorian
from payamak.domain.message import Message, Step

DAY_MS: Final = 86_400_000

_TEHRAN_MS: Final = int(TEHRAN.utcoffset(None).total_seconds() * 1_000)
_EPOCH: Final = dt.date(1970, 1, 1)

UNDATED: Final = 0
"""The day of what happened before there were sums, on days that nobody knows any more."""

CHARGED: Final = "charged"
REFUNDED: Final = "refunded"


class UsageBy(StrEnum):
    """What sums may be told apart by."""

    DAY = "day"
    ACCOUNT = "account"
    LINE = "line"
    LANGUAGE = "language"
    SOURCE = "source"
    CAMPAIGN = "campaign"
    OPERATOR = "operator"


class FirstOperator(StrEnum):
    """Whose a number was first, by the numbering plan: numbers are carried to others, so it says no more than that."""

    MCI = "mci"
    IRANCELL = "irancell"
    RIGHTEL = "rightel"
    OTHER = "other"


_PLAN: Final = {
    **{str(code): FirstOperator.MCI.value for code in (*range(910, 920), 932, *range(990, 995), 996)},
    **{str(code): FirstOperator.IRANCELL.value for code in (*range(900, 906), 930, 933, *range(935, 940), 941, 999)},
    **{str(code): FirstOperator.RIGHTEL.value for code in (*range(920, 924), 998)},
}
"""The first three digits behind 98, as libphonenumber 9.0.43 knows their carriers (a test compares); 941 is Irancell's
too, which it takes for no mobile. Numbers of operators that only sell another's network are that one's."""

_OTHER: Final = FirstOperator.OTHER.value

UsageKey = tuple[int, int, str, str, str, int, str, str]
"""Of what there is one sum: account, day, line, encoding, source, campaign (0: none), first operator, what happened."""

UsageCount = tuple[UsageKey, int, int, int]
"""What is added to it: messages, parts, rial."""


def day_of(at: int) -> int:
    """The day in Tehran of an instant, counted from 1970-01-01."""
    return (at + _TEHRAN_MS) // DAY_MS


def date_of(day: int) -> dt.date:
    """The date of such a day."""
    return _EPOCH + dt.timedelta(days=day)


def day_of_date(date: dt.date) -> int:
    """The day of a date."""
    return (date - _EPOCH).days


def start_of(day: int) -> int:
    """The instant at which a day begins."""
    return day * DAY_MS - _TEHRAN_MS


def days_of_month(year: int, month: int) -> range:
    """The days of a Jalali month. Raises ValueError for none of 1300 to 1471."""
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    return range(day_of_date(to_gregorian(year, month, 1)), day_of_date(to_gregorian(*after, 1)))


def operator_of(recipient: str) -> str:
    """Whose a number was first, of its twelve digits."""
    return _PLAN.get(recipient[2:5], _OTHER)


def counted(before: Message, after: Message, effects: Iterable[Effect], now: int) -> Sequence[UsageCount]:
    """What an advance from `before` to `after`, with these effects, adds to the sums of its day.

    A fresh message adds nothing: it is accepted before it ends, and before it is paid for. All changes of messages come
    by here, and most add nothing.
    """
    ended = after.state if after.is_final else None
    had_ended = before.state if before.is_final else None
    if ended is had_ended and not effects:
        return ()
    day = day_of(now)
    found: list[UsageCount] = []
    for effect in effects:
        if type(effect) is Settle:
            step = after.current
            found.append((_key(after, step, day, CHARGED), 1, step.parts, effect.reserved + effect.available))
        elif type(effect) is Refund:
            step = before.current  # what is paid back is the step that is left
            found.append((_key(after, step, day, REFUNDED), 1, step.parts, effect.amount))
    if ended is not had_ended:
        if had_ended is not None:
            step = before.current
            found.append((_key(before, step, day, had_ended._value_), -1, -step.parts, 0))
        if ended is not None:
            step = after.current
            found.append((_key(after, step, day, ended._value_), 1, step.parts, 0))
    return found


def _key(message: Message, step: Step, day: int, what: str) -> UsageKey:
    return (
        message.account_id,
        day,
        step.line,
        step.encoding._value_,
        message.source,
        message.campaign_id,
        _PLAN.get(message.recipient[2:5], _OTHER),
        what,
    )
