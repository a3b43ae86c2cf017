"""Who may try a password, and who goes first: what is remembered of tries and of entries, all of it bounded. Pure.

A limit must hold a guesser and never the owner of the name that he guesses. So nothing that strangers do with a name
counts against a neighbourhood in which nobody fails: each has a few tries of its own, also while the name's are spent;
and one from which the name got in lately answers for its own failures alone. A name that exists and one that does not
are the same here: names are what callers wrote.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from payamak.domain.neighbourhood import circles

MOST_PLACES: Final = 16
"""Neighbourhoods that are remembered of a name. Taste: an office, its replacement line, and room to move."""


class ProofKind(StrEnum):
    """What is proven. Each kind has counters of its own: who guesses one locks nobody out of another."""

    WEB_SERVICE = "web_service"
    PANEL = "panel"
    """A person's at the panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthLimits:
    """How much verification work is done, and for how long its results stand."""

    cached_credentials: int = 10_000
    """Verified credentials that are remembered at most."""
    cache_idle_s: float = 3_600.0
    """A verified credential is forgotten if it was not used for so long."""
    failures_per_account: int = 20
    """Why passwords for one name before strange neighbourhoods have only `strange_failures` left for it each; and of
    one neighbourhood for a name that got in from there lately."""
    strange_failures: int = 3
    """Why passwords of one neighbourhood for a name under attack before further ones are refused unread."""
    failures_per_address: int = 60
    """Why passwords from one neighbourhood, whatever the names, before further ones are refused unread."""
    failure_window_s: float = 60.0
    """Time in which the whole allowance of failures grows back, evenly."""
    tracked_failures: int = 10_000
    """Names, neighbourhoods, and pairs of them that are remembered at most; the longest untouched is dropped first."""
    lately_s: float = 7 * 86_400.0
    """For how long a neighbourhood is one from which the name got in lately."""
    concurrent: int = 2
    """Verifications that run at once."""
    waiting: int = 200
    """Verifications that may wait (at 27 ms, two at once: under 3 s); beyond it the last in turn is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try: of which credential, by what name, from which neighbourhood."""

    kind: ProofKind
    username: str
    place: str

    @property
    def name(self) -> tuple[ProofKind, str]:
        """Whose failures are counted together."""
        return self.kind, self.username


Standing = tuple[bool, tuple[str, ...]]
"""Of one that asks: whether it is a stranger's, and the networks that it lies in, the widest first."""

Rank = tuple[bool, list[float]]
"""Whose turn it is: the smallest first."""


class Guesses:
    """Failures and entries of late. Every instant is a monotonic one, in seconds."""

    def __init__(self, limits: AuthLimits) -> None:
        self._limits = limits
        self._of_names = _Allowance(limits.failures_per_account, limits)
        self._of_places = _Allowance(limits.failures_per_address, limits)
        self._of_strangers = _Allowance(limits.strange_failures, limits)
        self._of_the_known = _Allowance(limits.failures_per_account, limits)
        self._known: OrderedDict[tuple[ProofKind, str], OrderedDict[str, float]] = OrderedDict()
        self._asking: Counter[str] = Counter()

    def entered(self, one: Try, now_s: float) -> None:
        """It got in; takes a microsecond or two, for it is told of every call."""
        places = self._known.get(one.name)
        if places is None:
            places = self._known[one.name] = OrderedDict()
            if len(self._known) > self._limits.tracked_failures:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(one.name)
        places[one.place] = now_s
        places.move_to_end(one.place)
        if len(places) > MOST_PLACES:
            places.popitem(last=False)

    def failed(self, one: Try, now_s: float) -> None:
        """Its password was wrong, or there is no such name."""
        if self.is_known(one, now_s):
            self._of_the_known.spend(one, now_s)
            return
        self._of_names.spend(one.name, now_s)
        self._of_strangers.spend(one, now_s)
        for circle in circles(one.place):
            self._of_places.spend(circle, now_s)

    def is_known(self, one: Try, now_s: float) -> bool:
        """Whether the name got in from this neighbourhood lately."""
        places = self._known.get(one.name)
        at_s = None if places is None else places.get(one.place)
        return at_s is not None and now_s - at_s <= self._limits.lately_s

    def is_limited(self, one: Try, now_s: float) -> bool:
        """Whether its neighbourhood has used up what it may fail."""
        if self.is_known(one, now_s):
            return self._of_the_known.is_spent(one, now_s)
        if self._of_places.is_spent(one.place, now_s):
            return True
        return self._of_names.is_spent(one.name, now_s) and self._of_strangers.is_spent(one, now_s)

    def begin(self, one: Try, now_s: float) -> Standing:
        """It asks. Whether it is a stranger's, and the networks that it lies in, the widest first."""
        within = circles(one.place)
        for circle in within:
            self._asking[circle] += 1
        return not self.is_known(one, now_s), within

    def ranks(self, now_s: float) -> Callable[[Standing], Rank]:
        """Where those that ask stand now among each other: it changes with what their networks fail and ask.

        Known neighbourhoods first. Of the others the one whose widest network has failed and asks least, then whose
        narrower one, then which itself: who has many neighbourhoods in one network has no more turns than who has one.
        """
        loads: dict[str, float] = {}  # all who wait are ranked at each turn, and most share their wider networks

        def load(circle: str) -> float:
            if (known := loads.get(circle)) is not None:
                return known
            loads[circle] = made = self._of_places.spent_of(circle, now_s) + self._asking[circle]
            return made

        return lambda standing: (standing[0], [*map(load, standing[1])])

    def end(self, one: Try) -> None:
        """It asks no more."""
        for circle in circles(one.place):
            self._asking[circle] -= 1
            if not self._asking[circle]:
                del self._asking[circle]


class _Allowance:
    """Failures that somebody may still have; grows back evenly, is bounded in how many it remembers."""

    def __init__(self, most: int, limits: AuthLimits) -> None:
        self._most = float(most)
        self._growth_per_s = most / limits.failure_window_s
        self._names = limits.tracked_failures
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def is_spent(self, name: Hashable, now_s: float) -> bool:
        return self._left_of(name, now_s) < 1

    def spent_of(self, name: Hashable, now_s: float) -> float:
        """How many failures of this one have not grown back."""
        return self._most - self._left_of(name, now_s)

    def spend(self, name: Hashable, now_s: float) -> None:
        self._left[name] = (max(self._left_of(name, now_s) - 1, 0.0), now_s)
        self._left.move_to_end(name)
        if len(self._left) > self._names:
            self._left.popitem(last=False)

    def _left_of(self, name: Hashable, now_s: float) -> float:
        left, at_s = self._left.get(name, (self._most, now_s))
        return min(self._most, left + (now_s - at_s) * self._growth_per_s)
