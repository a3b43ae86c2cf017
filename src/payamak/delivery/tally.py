"""Tally: what a link has been given and what its operator has said, counted for the metrics."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Final

from payamak.domain.durations import Durations
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import Reason

ANSWER_BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Response timers begin at about 5 s."""

OTHER: Final = "other"

STATS: Final = frozenset(
    (
        *("DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD", "ENROUTE"),
        *("DELIVERED", "UNDELIVERED", "REJECTED", "NOT_SENT"),
    )
)
"""SMPP 3.4 appendix B, and the states of another panel. Any other word is OTHER: operators write what they like."""


class Said(StrEnum):
    """What came of a part that was handed to a link, as a person counts it."""

    TAKEN = "taken"
    LATER = "later"
    THROTTLED = "throttled"
    OPTED_OUT = "opted_out"
    REFUSED = "refused"
    OVERDUE = "overdue"


_SAID: Final = {
    OutcomeKind.TAKEN: Said.TAKEN,
    OutcomeKind.LATER: Said.LATER,
    OutcomeKind.OPTED_OUT: Said.OPTED_OUT,
    OutcomeKind.REFUSED: Said.REFUSED,
    OutcomeKind.AMBIGUOUS: Said.OVERDUE,
}


class Tally:
    """The counts of one link since it was opened."""

    __slots__ = ("answers", "parts", "said")

    def __init__(self) -> None:
        self.parts = 0
        self.said = dict.fromkeys(Said, 0)
        self.answers = Durations(ANSWER_BOUNDS_S)

    def ended(self, outcome: Outcome, seconds: float) -> None:
        """A part has its answer, or none, so long after its mark."""
        is_throttled = outcome.kind is OutcomeKind.LATER and outcome.reason is Reason.THROTTLED
        said = Said.THROTTLED if is_throttled else _SAID[outcome.kind]
        self.said[said] += 1
        if said is Said.TAKEN or outcome.status is not None:
            self.answers.add(seconds)


class ReceiptTally:
    """Receipts that were stored, by link and the operator's word for what became of the part."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def add(self, link: str, stat: str) -> None:
        """One more."""
        word = stat.upper()
        self.counts[link, word if word in STATS else OTHER] += 1
