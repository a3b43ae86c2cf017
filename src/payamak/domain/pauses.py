"""Pauses between tries that failed: each twice the one before, up to a longest, spread so that not all come at once.

What waits for an operator and what waits for a customer's server have the same rule and figures of their own, all of
them a matter of taste. A throttled link is slowed as a whole (delivery/pacing.py), so a message itself waits only a
little; a lost link heals by itself, so its messages wait for it, not for a clock. Every pause ends at the deadline:
validity is the only limit to the number of tries.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from payamak.domain.message import Reason

_MOST_DOUBLINGS: Final = 20


class Pauses(Struct, frozen=True, kw_only=True):
    """How long to wait after the first failure, and at most after any; milliseconds."""

    first_ms: int
    longest_ms: int

    def full(self, tries: int) -> int:
        """The pause after the `tries`th failure (1 for the first), before it is spread."""
        return min(self.first_ms << min(max(tries - 1, 0), _MOST_DOUBLINGS), self.longest_ms)

    def after(self, tries: int, salt: int) -> int:
        """The same, plus up to a quarter that `salt` decides.

        The salt (an id) takes the place of chance, so that what failed together does not come back together, and a
        replay gives the same times.
        """
        pause = self.full(tries)
        spread = (salt * 2_654_435_761 + tries * 40_503) % 1_000  # Knuth's multiplicative hash
        return pause + pause * spread // 4_000


_OTHERS: Final = Pauses(first_ms=2_000, longest_ms=300_000)
_OF_PARTS: Final[dict[Reason, Pauses]] = {
    Reason.THROTTLED: Pauses(first_ms=500, longest_ms=10_000),
    Reason.LINK_DOWN: Pauses(first_ms=500, longest_ms=10_000),
    Reason.RESEND: Pauses(first_ms=500, longest_ms=30_000),
}


def pause_ms(reason: Reason, tries: int, salt: int) -> int:
    """Milliseconds until the next try of a part that the operator did not take."""
    return _OF_PARTS.get(reason, _OTHERS).after(tries, salt)


WEBHOOKS: Final = Pauses(first_ms=5_000, longest_ms=24 * 3_600_000)
"""Between posts of a change of state."""

RELAYS: Final = Pauses(first_ms=5_000, longest_ms=4 * 3_600_000)
"""Between posts of a message from a handset."""

PROBES: Final = Pauses(first_ms=500, longest_ms=30_000)
"""Between probes of a server of the contract that does not answer; half of each is left to chance."""
