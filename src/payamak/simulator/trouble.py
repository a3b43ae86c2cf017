"""What may be wrong with the operator as a whole, and when: pure, the time and the chance are parameters.

A `Trouble` is written `WHAT[=VALUE][@FROM..TO]`, in seconds since the troubles were set; without `@` it holds always:

    silent@10..610      takes every submit and answers none, no receipts; enquire_link is answered
    loses=30            answers 30 % of the submits that it takes not at all; the receipts of all of them come
    fails=20            of the receipts that would say DELIVRD 20 % say UNDELIV
    cuts=5@0..600       cuts every connection 5 s after it came
    unbinds=5           unbinds every connection 5 s after it came, and goes on answering
    early               brings what waits before it answers the bind, and once more after it
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, unique
from math import inf, isfinite
from typing import Final

from payamak.simulator.behaviour import Answer, Behaviour, Plan, Receipt, Timing, react


class TroubleError(ValueError):
    """A trouble that cannot be understood; the message says what was expected."""


@unique
class What(Enum):
    """What is wrong. The value is its name on the command line."""

    SILENT = "silent"
    LOSES = "loses"
    FAILS = "fails"
    CUTS = "cuts"
    UNBINDS = "unbinds"
    SLOW_BIND = "slow_bind"
    EARLY = "early"


#: Of which the value is a share in per cent; of the others it is seconds.
_SHARES: Final = frozenset({What.LOSES, What.FAILS})
_BARE: Final = frozenset({What.SILENT, What.EARLY})
"""What has no value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One thing that is wrong from `from_s` until before `to_s`; `value`: per cent or seconds, as `What` says."""

    what: What
    value: float = 0.0
    from_s: float = 0.0
    to_s: float = inf

    def __post_init__(self) -> None:
        """Raise TroubleError for a value or a time that means nothing."""
        if not (0 <= self.from_s < self.to_s):
            raise TroubleError(f"{self.what.value}: expected 0 <= FROM < TO, got {self.from_s:g}..{self.to_s:g}")
        most = 100.0 if self.what in _SHARES else inf
        if self.what not in _BARE and not (0 < self.value <= most and isfinite(self.value)):
            raise TroubleError(f"{self.what.value}: expected a value above 0 and up to {most:g}, got {self.value:g}")


def parse_trouble(text: str) -> Trouble:
    """Read `WHAT[=VALUE][@FROM..TO]`. Raises TroubleError."""
    head, _, window = text.partition("@")
    name, _, value = head.partition("=")
    begins, _, ends = window.partition("..")
    try:
        return Trouble(
            what=What(name),
            value=float(value or 0),
            from_s=float(begins or 0),
            to_s=float(ends or inf),
        )
    except TroubleError:
        raise
    except ValueError:
        known = ", ".join(what.value for what in What)
        raise TroubleError(f"expected WHAT[=VALUE][@FROM..TO], WHAT one of {known}; got {text!r}") from None


class Troubles:
    """All that is wrong with one operator. `now` is seconds on a monotonic clock; chance is drawn from `seed`."""

    def __init__(self, troubles: Iterable[Trouble], timing: Timing, *, began_s: float, seed: int) -> None:
        self._troubles = tuple(troubles)
        self._began_s = began_s
        self._chance = random.Random(seed)
        self._silence = react(Behaviour.NEVER_ANSWERS, timing=timing, registered_delivery=0)

    @property
    def all(self) -> tuple[Trouble, ...]:
        """What is or will be wrong."""
        return self._troubles

    def __bool__(self) -> bool:
        """Whether anything is or will be wrong."""
        return bool(self._troubles)

    def value(self, what: What, now: float) -> float | None:
        """The value of what holds now; None if it does not."""
        since_s = now - self._began_s
        for trouble in self._troubles:
            if trouble.what is what and trouble.from_s <= since_s < trouble.to_s:
                return trouble.value
        return None

    def befall(self, plan: Plan, now: float) -> Plan:
        """What becomes of the plan for one submit."""
        if self.value(What.SILENT, now) is not None:
            return self._silence
        if plan.status == 0 and self._hits(What.LOSES, now):
            kept = tuple(action for action in plan.actions if not isinstance(action, Answer))
            plan = replace(plan, actions=kept, status=None)
        if plan.is_taken and self._hits(What.FAILS, now):
            told = tuple(_failed(one) if isinstance(one, Receipt) else one for one in plan.actions)
            plan = replace(plan, actions=told)
        return plan

    def _hits(self, what: What, now: float) -> bool:
        share = self.value(what, now)
        return share is not None and self._chance.random() * 100 < share


def _failed(receipt: Receipt) -> Receipt:
    return replace(receipt, stat="UNDELIV", err="001") if receipt.stat == "DELIVRD" else receipt
