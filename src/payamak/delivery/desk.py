"""What the worker keeps for one link, and for one attempt that is under way on it."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

from payamak.delivery.health import Health, Limits
from payamak.delivery.pacing import Pace
from payamak.delivery.suspects import Suspects
from payamak.delivery.tally import Tally
from payamak.delivery.waiting import Kind, Waiting, was_on_wire
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import Message, Reason
from payamak.domain.site import Link
from payamak.upstreams.base import Upstream

FULL_AGAIN_S = 3.0
"""After how long without a full window its time begins anew: some rounds of claims (Worker, POLL_S)."""


class LinkDesk:
    """A link with what waits for it, its pace, health and suspects. `in_flight` counts parts from mark to answer.

    Those beyond the link's window wait there for a place, marked already.
    """

    def __init__(self, upstream: Upstream, parts_per_second: float, now_s: float) -> None:
        self.upstream = upstream
        self.waiting = Waiting()
        self.pace = Pace(parts_per_second, now_s)
        self.health = Health()
        self.suspects = Suspects()
        self.tally = Tally()
        self.in_flight = 0
        self.is_up = False
        self.is_given_up = False
        """Whether we have ended the present bind ourselves: then nobody on the wire is to blame."""
        self.tries_from_s = now_s
        """When a link on trial may next be tried with a message that has a better link (Worker._choose)."""
        self.probe_asked_s: float | None = None
        """Since when a probe waits for what fresh messages the store may still bring."""
        self._heard_at_s = float("-inf")
        self.is_narrow = False
        self.is_resting = False
        self._full_from_s = float("-inf")
        self._full_at_s = float("-inf")
        self.timer: asyncio.TimerHandle | None = None
        self.timer_at_s = 0.0
        self.pump_is_due = False

    @property
    def name(self) -> str:
        """The link's name."""
        return self.upstream.name

    @property
    def resends_go(self) -> bool:
        """Whether the link has answered since its bind and is not on trial: then resends go like fresh messages."""
        return self.upstream.answered_since_bind > 0 and not self.health.is_on_trial

    def kind_of(self, message: Message) -> Kind:
        """What a message is to this link."""
        if not was_on_wire(message):
            return Kind.FRESH
        return Kind.SUSPECT if key_of(message) in self.suspects else Kind.AGAIN

    def follow(self, now_s: float) -> None:
        """See whether the link came up or went down."""
        if self.upstream.is_up == self.is_up:
            return
        self.is_up = self.upstream.is_up
        self._hear()
        self.health = self.health.bound(now_s) if self.is_up else self.health.down(now_s)
        if self.is_up:
            self.is_given_up = False
            self.tries_from_s = now_s
            self.probe_asked_s = None

    def look(self, now_s: float, limits: Limits) -> bool:
        """Bring the health up to date; True if a trial has begun or ended."""
        was_on_trial = self.health.is_on_trial
        self._hear()
        self.health = self.health.looked_at(now_s, limits)
        return self.health.is_on_trial != was_on_trial

    def without_answer(self, flight: Flight, now_s: float) -> None:
        """A part of a flight is overdue or was lost with the link."""
        self._hear()
        self.health = self.health.without_answer(max(flight.began_s, self._heard_at_s), now_s)

    def _hear(self) -> None:
        """Whatever was answered since the last look; the upstream knows, also of what nobody waits for any more."""
        answered_at_s = self.upstream.last_answer_at_s
        if answered_at_s > self._heard_at_s:
            self._heard_at_s = answered_at_s
            self.health = self.health.answered()

    def has_place_at_once(self, now_s: float, parts: int) -> bool:
        """Whether a fresh message of so many parts may go now: nobody waits, window and pace are free, nothing is in
        doubt.
        """
        return (
            self.resends_go
            and not self.health.is_in_doubt
            and not self.waiting.count
            and not self.waiting.hush.is_out
            and self.in_flight + parts <= self.upstream.window
            and not self.pace.wait_s(now_s, parts)
        )

    def window_is_full(self, now_s: float) -> None:
        """Somebody waits for a place in the window. A moment without anybody, between two claims, is no end of it."""
        if now_s - self._full_at_s > FULL_AGAIN_S:
            self._full_from_s = now_s
        self._full_at_s = now_s

    def full_for_s(self, now_s: float) -> float:
        """For how long somebody has waited for a place in the window; 0 while nobody does."""
        return self._full_at_s - self._full_from_s if now_s - self._full_at_s <= FULL_AGAIN_S else 0.0

    def slows_down(self, outcome: Outcome) -> bool:
        """True for throttled and queue full: the whole link rests, not only the message."""
        return outcome.kind is OutcomeKind.LATER and outcome.reason is Reason.THROTTLED


class Flight:
    """An attempt on the wire: the parts in `open` have no answer yet, `outcomes` are not stored yet."""

    __slots__ = (
        "began_s",
        "desk",
        "is_struck",
        "is_suspect",
        "key",
        "message_id",
        "open",
        "outcomes",
        "step",
        "try_no",
    )

    def __init__(self, desk: LinkDesk, message: Message, try_no: int, parts: tuple[int, ...], now_s: float) -> None:
        self.desk = desk
        self.message_id = message.id
        self.step = message.step
        self.try_no = try_no
        self.key = key_of(message)
        self.open = set(parts)
        self.outcomes: list[Outcome] = []
        self.began_s = now_s
        self.is_suspect = False
        self.is_struck = False


def key_of(message: Message) -> Hashable:
    """By what a link remembers a message: another step is another line and often another text."""
    return message.id, message.step


def limits_of(link: Link) -> Limits:
    """When a link comes on trial, by its document."""
    return Limits(
        most_unanswered=max(1, min(link.trial_after, link.window)),
        silence_s=link.response_timeout_s,
        trial_s=link.trial_minutes * 60,
    )
