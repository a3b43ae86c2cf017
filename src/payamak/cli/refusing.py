"""An operator that refuses every message for one reason: what the reason says of the link's settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from payamak.hands.values import StatusCount

FEWEST: Final = 10
"""Refusals that make a habit; of fewer each may be its own message's fault (taste)."""

_SAYS: Final = {
    0x0A: ("refuses every sender (0x0A)", "look at source_ton and source_npi, and at how it wants the line written"),
    0x0B: ("refuses every recipient (0x0B)", "look at TON and NPI: recipient_ton and recipient_npi of the link"),
    0x15: ("refuses every service_type (0x15)", "set service_type as the operator has given it"),
    0x48: ("refuses every sender's type (0x48)", "set source_ton as the operator has given it"),
    0x49: ("refuses every sender's plan (0x49)", "set source_npi as the operator has given it"),
    0x50: ("refuses every recipient's type (0x50)", "set recipient_ton as the operator has given it"),
    0x51: ("refuses every recipient's plan (0x51)", "set recipient_npi as the operator has given it"),
    0x62: ("refuses every validity period (0x62)", "set validity: absolute, or none if it wants none"),
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
            yield Habit(link=link, says=f"the centre {says}: the last {told[0].count} messages", todo=todo)
