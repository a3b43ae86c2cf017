"""An account's money: the statement of a Jalali month, by sums of days, with payments and the running balance."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from payamak.domain.jalali import to_jalali
from payamak.domain.numbers import latin_digits
from payamak.domain.usage import date_of, day_of, days_of_month, start_of
from payamak.language import spoken
from payamak.panel import shown
from payamak.panel.lists import Choice
from payamak.panel.visit import Shown, Visit
from payamak.texts.calendar import MONTHS
from payamak.texts.usage import LANGUAGES
from payamak.visible import visible

MONTHS_BACK: Final = 12
_MONTH: Final = re.compile(r"(1[34][0-9]{2})-(0[1-9]|1[0-2])")


class DayOfMoney(Struct, frozen=True, kw_only=True):
    """What one day has moved, and what there was at its end."""

    day: str
    paid_in: int
    charged: int
    refunded: int
    balance: int


class LineOfMoney(Struct, frozen=True, kw_only=True):
    """What one line has cost in one language."""

    line: str
    language: str
    parts: int
    charged: int
    refunded: int


class PaidIn(Struct, frozen=True, kw_only=True):
    """Money from outside."""

    at: str
    rial: int
    note: str
    reference: str


class MoneyPage(Struct, frozen=True, kw_only=True):
    """The statement. `whole_from`: the sums know nothing of days before; empty where they know all of the month."""

    month: str
    months: tuple[Choice, ...]
    opening: int
    paid_in: int
    charged: int
    refunded: int
    closing: int
    days: tuple[DayOfMoney, ...]
    lines: tuple[LineOfMoney, ...]
    payments: tuple[PaidIn, ...]
    whole_from: str


async def month(visit: Visit) -> Shown:
    """The month that is asked for, else this one."""
    year, number = to_jalali(date_of(day_of(visit.now)))[:2]
    asked = _MONTH.fullmatch(latin_digits(visit.query.text("month") or ""))
    chosen = (int(asked[1]), int(asked[2])) if asked else (year, number)
    _, found = await visit.front.asking.statement(visit.caller, days_of_month(*chosen))
    paid: defaultdict[int, int] = defaultdict(int)
    for credit in found.credits:
        paid[day_of(credit.at)] += credit.rial
    sums = {each.day: each for each in found.by_day if each.day is not None}
    days, balance = [], found.opening
    for day in sorted({*paid, *sums}):
        charged, refunded = (sums[day].charged, sums[day].refunded) if day in sums else (0, 0)
        balance += paid[day] - charged + refunded
        if paid[day] or charged or refunded:
            days.append(
                DayOfMoney(
                    day=shown.day(start_of(day)),
                    paid_in=paid[day],
                    charged=charged,
                    refunded=refunded,
                    balance=balance,
                )
            )
    page = MoneyPage(
        month=_name(*chosen),
        months=tuple(_months(year, number, chosen)),
        opening=found.opening,
        paid_in=found.paid_in,
        charged=found.charged,
        refunded=found.refunded,
        closing=found.closing,
        days=tuple(reversed(days)),
        lines=tuple(
            LineOfMoney(
                line=each.line or "",
                language=spoken(LANGUAGES[each.encoding]) if each.encoding in LANGUAGES else each.encoding or "",
                parts=each.charged_parts,
                charged=each.charged,
                refunded=each.refunded,
            )
            for each in found.by_line
            if each.charged or each.refunded
        ),
        payments=tuple(
            PaidIn(
                at=shown.moment(each.at),
                rial=each.rial,
                note=visible(each.note),
                reference=visible(each.reference),
            )
            for each in reversed(found.credits)
        ),
        whole_from=shown.day(start_of(found.whole_from)) if found.whole_from > found.first_day else "",
    )
    return Shown(template="money.html", page=page, title="money", section="money")


def _name(year: int, number: int) -> str:
    return f"{MONTHS[number - 1]} {shown.digits(str(year))}"


def _months(year: int, number: int, chosen: tuple[int, int]) -> Iterator[Choice]:
    """This month and those before it, and the one that was asked for."""
    known = []
    for _ in range(MONTHS_BACK + 1):
        known.append((year, number))
        year, number = (year, number - 1) if number > 1 else (year - 1, 12)
    for each in known if chosen in known else [*known, chosen]:
        yield Choice(value=f"{each[0]}-{each[1]:02d}", label=_name(*each), is_chosen=each == chosen)
