"""An operator that refuses every message for one reason: what the reason says of the link's settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from payamak.language import Words, spoken, worded

if TYPE_CHECKING:
    from payamak.hands.values import StatusCount

FEWEST: Final = 10
"""Refusals that make a habit; of fewer each may be its own message's fault (taste)."""

_SAYS: Final = {
    0x0A: (
        Words("refuses every sender (0x0A)", "هر فرستنده‌ای را رد می‌کند (0x0A)"),
        Words(
            "look at source_ton and source_npi, and at how it wants the line written",
            "source_ton و source_npi و شکل نوشتن خط را بررسی کنید",
        ),
    ),
    0x0B: (
        Words("refuses every recipient (0x0B)", "هر گیرنده‌ای را رد می‌کند (0x0B)"),
        Words(
            "look at TON and NPI: recipient_ton and recipient_npi of the link",
            "TON و NPI را بررسی کنید: recipient_ton و recipient_npi لینک",
        ),
    ),
    0x15: (
        Words("refuses every service_type (0x15)", "هر service_type را رد می‌کند (0x15)"),
        Words("set service_type as the operator has given it", "service_type را همان بگذارید که اپراتور داده است"),
    ),
    0x48: (
        Words("refuses every sender's type (0x48)", "نوع هر فرستنده‌ای را رد می‌کند (0x48)"),
        Words("set source_ton as the operator has given it", "source_ton را همان بگذارید که اپراتور داده است"),
    ),
    0x49: (
        Words("refuses every sender's plan (0x49)", "طرح هر فرستنده‌ای را رد می‌کند (0x49)"),
        Words("set source_npi as the operator has given it", "source_npi را همان بگذارید که اپراتور داده است"),
    ),
    0x50: (
        Words("refuses every recipient's type (0x50)", "نوع هر گیرنده‌ای را رد می‌کند (0x50)"),
        Words("set recipient_ton as the operator has given it", "recipient_ton را همان بگذارید که اپراتور داده است"),
    ),
    0x51: (
        Words("refuses every recipient's plan (0x51)", "طرح هر گیرنده‌ای را رد می‌کند (0x51)"),
        Words("set recipient_npi as the operator has given it", "recipient_npi را همان بگذارید که اپراتور داده است"),
    ),
    0x62: (
        Words("refuses every validity period (0x62)", "هر مهلت اعتباری را رد می‌کند (0x62)"),
        Words("set validity: absolute, or none if it wants none", "validity را absolute بگذارید، یا اگر نمی‌خواهد none"),
    ),
}
"""By command_status (SMPP 3.4 §5.1.3): those that our settings bring about, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Habit:
    """A link whose operator has refused all of its last messages for one reason."""

    link: str
    says: str
    todo: str


def habits_of(counts: Iterable[StatusCount]) -> Iterator[Habit]:
    """Of the last answers of each link, by status: the links of which all say the same refusal."""
    for link, rows in groupby(sorted(counts, key=lambda row: row.link), key=lambda row: row.link):
        told = list(rows)
        if len(told) == 1 and told[0].status in _SAYS and told[0].count >= FEWEST:
            says, todo = _SAYS[told[0].status]
            yield Habit(
                link=link,
                says=worded(
                    f"the centre {says}: the last {told[0].count} messages",
                    f"مرکز {spoken(says)}: {told[0].count} پیام آخر",
                ),
                todo=todo,
            )
