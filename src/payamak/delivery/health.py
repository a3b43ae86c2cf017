"""The health of one link: does the operator answer what it is sent? Pure; `now` in seconds of one steady clock.

    well --- `most_unanswered` submits without an answer, and none of any kind for `silence_s` ---> on trial
    on trial --- the first answer of any kind, to whatever submit, late ones included ------------> well

A link may be bound, and answer enquire_link, while nobody reads its submits. Sent at full window to such a link, every
message that waits would spend its tries on silence, and each try may be a copy in a handset (P3). On trial a link gets
one submit at a time. What has to be true of the order of messages then is said in waiting.py.

Silence counts only while the link is bound: a link that is down answers nothing, and that says nothing of it. What was
without an answer when the link broke counts like what is overdue, so that an operator who cuts each connection before
the response timer fires is found out too.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

LEAST_BETWEEN_BREAKS_S = 60.0
"""A link on trial is broken and bound again at most once a minute, however short `trial_minutes` is."""

_EARLY_S = 0.05
"""How much too early a response timer may fire, by the grain of the loop's clock."""


class Limits(Struct, frozen=True, kw_only=True):
    """When a link comes on trial and when it is bound anew; as its document and its response timer say."""

    most_unanswered: int
    silence_s: float
    trial_s: float


class Health(Struct, frozen=True, kw_only=True):
    """What is known of a link since its last answer. Every method gives the health after what it is named for.

    `unanswered` counts submits without an answer since then; `silent_s` is the silence of earlier binds,
    `silent_since_s` the begin of this bind's. None: it is not bound, or nothing is without an answer.
    """

    unanswered: int = 0
    silent_s: float = 0.0
    silent_since_s: float | None = None
    trial_since_s: float | None = None
    bound_at_s: float | None = None
    broken_at_s: float = float("-inf")

    @property
    def is_on_trial(self) -> bool:
        """True from the look that found the silence to the next answer, over as many binds as that takes."""
        return self.trial_since_s is not None

    @property
    def is_in_doubt(self) -> bool:
        """True while there is something that an answer would mend."""
        return self.unanswered > 0 or self.trial_since_s is not None

    def bound(self, now: float) -> Health:
        """The link is up: silence goes on from here."""
        return replace(self, bound_at_s=now, silent_since_s=now if self.unanswered else None)

    def down(self, now: float) -> Health:
        """The link is down: what was silence stays, nothing is added."""
        return replace(self, bound_at_s=None, silent_s=self.silence_s(now), silent_since_s=None)

    def without_answer(self, since_s: float, now: float) -> Health:
        """A submit is overdue, or was lost with the link; silent since it was written or since the last answer."""
        if self.unanswered:
            return replace(self, unanswered=self.unanswered + 1)
        if self.bound_at_s is None:  # heard after the loss
            return replace(self, unanswered=1, silent_s=max(now - since_s, 0.0))
        return replace(self, unanswered=1, silent_since_s=since_s)

    def answered(self) -> Health:
        """The operator has answered something: all is well."""
        if not self.is_in_doubt:
            return self
        return Health(bound_at_s=self.bound_at_s, broken_at_s=self.broken_at_s)

    def looked_at(self, now: float, limits: Limits) -> Health:
        """On trial, if there is reason to; a trial begins only while the link is bound."""
        if self.is_on_trial or self.bound_at_s is None or self.unanswered < limits.most_unanswered:
            return self
        if self.silence_s(now) < limits.silence_s - _EARLY_S:
            return self
        return replace(self, trial_since_s=now)

    def silence_s(self, now: float) -> float:
        """For how long the link was bound, had something unanswered, and said nothing."""
        return self.silent_s + (0.0 if self.silent_since_s is None else now - self.silent_since_s)

    def wants_new_bind(self, now: float, limits: Limits) -> bool:
        """Whether the trial has lasted so long on this bind that another one is worth trying."""
        if self.trial_since_s is None or self.bound_at_s is None:
            return False
        patient_until_s = max(self.trial_since_s, self.bound_at_s, self.broken_at_s) + limits.trial_s
        return now >= max(patient_until_s, self.broken_at_s + LEAST_BETWEEN_BREAKS_S)

    def broken(self, now: float) -> Health:
        """We have given the bind up ourselves."""
        return replace(self, broken_at_s=now)
