"""Suspects: messages at which a link may break, and how one of them goes without taking others along. Pure.

A message that was on the wire at two breaks of a link, with no answer in between, is *suspect* on that link: it may be
the poison that breaks it, or it was only near. One break makes nobody suspect. A suspect goes when the link has
answered something since its bind, one at a time; so each bind does something for everybody else first.

To find the culprit, and to spare the others, a suspect is best alone on the wire: only then does a break count against
it. But the others must not wait for a suspect that is never answered. So for each suspect there is a *hush*: at most
HUSH_S in which nothing else is let in, until what is out has been answered, and at most HUSH_S more while the suspect
is out. Whatever the operator does, the others wait for a second at most, and have the link for themselves for as long
again before the next hush. An operator who answers within half a second sees every suspect alone.
"""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum, auto

STRIKES = 2
"""Breaks, with no answer in between, that make a message suspect."""

MOST_REMEMBERED = 10_000
"""Messages remembered for each link, the oldest forgotten first: a hundred full windows of a hundred. What is forgotten
is a message like any other again; how often it is tried at most is the line's to say (`most_tries`)."""

HUSH_S = 0.5
"""Long enough for nearly every answer of an operator, short enough not to be felt (taste)."""


class Suspects:
    """What was on the wire at breaks of one link, by message and step. Lost at a restart, like the link's health."""

    def __init__(self) -> None:
        self._strikes: dict[Hashable, int] = {}

    def strike(self, key: Hashable) -> None:
        """The link broke while this was on the wire."""
        self._strikes[key] = self._strikes.pop(key, 0) + 1
        if len(self._strikes) > MOST_REMEMBERED:
            del self._strikes[next(iter(self._strikes))]

    def clear(self, key: Hashable) -> None:
        """The operator has answered it, whatever it said."""
        self._strikes.pop(key, None)

    def __contains__(self, key: Hashable) -> bool:
        return self._strikes.get(key, 0) >= STRIKES

    def __len__(self) -> int:
        """How many suspects there are."""
        return sum(strikes >= STRIKES for strikes in self._strikes.values())


class Turn(Enum):
    """Whose turn it is while a suspect waits."""

    SUSPECT = auto()
    NOBODY = auto()
    OTHERS = auto()


class Hush:
    """The hushes of one link: seconds of one steady clock are passed in."""

    def __init__(self) -> None:
        self.is_out = False
        """Whether a suspect is on the wire; a second one does not go beside it."""
        self._began_s: float | None = None
        self._holds_until_s = 0.0
        self._rests_until_s = 0.0

    def others_first(self, now: float) -> None:
        """The link has just been opened for all: whoever else waits goes first for a while."""
        self._rests_until_s = now + HUSH_S

    def turn(self, now: float, in_flight: int, *, others_wait: bool) -> Turn:
        """Who goes now. `in_flight`: parts without an answer; `others_wait`: somebody else could go."""
        if self.is_out:
            return Turn.NOBODY if self.holds(now) else Turn.OTHERS
        if self._began_s is None:
            if others_wait and now < self._rests_until_s:
                return Turn.OTHERS
            self._began_s = now
            self._holds_until_s = now + HUSH_S
        if in_flight and self.holds(now):
            return Turn.NOBODY
        return Turn.SUSPECT

    def went(self, now: float, *, is_alone: bool) -> None:
        """A suspect goes. If others are still out after all, nobody is held back for it any more."""
        self.is_out = True
        if self._began_s is None:
            self._began_s = now
        self._holds_until_s = now + HUSH_S if is_alone else now

    def ended(self, now: float) -> None:
        """The suspect has its answer, or will have none; or it did not go after all, or the link is down."""
        if self._began_s is not None:
            self._rests_until_s = now + min(now, self._holds_until_s) - self._began_s
        self.is_out = False
        self._began_s = None
        self._holds_until_s = now

    def holds(self, now: float) -> bool:
        """Whether the others are held back."""
        return self._began_s is not None and now < self._holds_until_s

    def next_look_s(self, now: float) -> float | None:
        """Seconds until the turn may be another's although nothing has happened; None if it never will be."""
        ends = [at for at in (self._holds_until_s, self._rests_until_s) if at > now]
        return min(ends) - now if ends else None
