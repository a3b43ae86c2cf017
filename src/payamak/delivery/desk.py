"""What the worker keeps for one link, and for one attempt that is under way on it."""

from __future__ import annotations

import asyncio

from payamak.delivery.lanes import Lanes
from payamak.delivery.pacing import Pace
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import Reason
from payamak.upstreams.base import Upstream


class Desk:
    """A link with its lanes and its pace. `in_flight` counts parts from the mark to the answer."""

    __slots__ = ("in_flight", "lanes", "pace", "pump_is_due", "timer", "timer_at_s", "upstream")

    def __init__(self, upstream: Upstream, parts_per_second: float, now_s: float) -> None:
        self.upstream = upstream
        self.lanes = Lanes()
        self.pace = Pace(parts_per_second, now_s)
        self.in_flight = 0
        self.timer: asyncio.TimerHandle | None = None
        self.timer_at_s = 0.0
        self.pump_is_due = False

    def slows_down(self, outcome: Outcome) -> bool:
        """True for throttled and queue full: the whole link rests, not only the message."""
        return outcome.kind is OutcomeKind.LATER and outcome.reason is Reason.THROTTLED


class Flight:
    """An attempt on the wire: `open_parts` have no answer yet, `outcomes` are not stored yet."""

    __slots__ = ("desk", "message_id", "open_parts", "outcomes", "step", "try_no")

    def __init__(self, desk: Desk, message_id: int, step: int, try_no: int, open_parts: int) -> None:
        self.desk = desk
        self.message_id = message_id
        self.step = step
        self.try_no = try_no
        self.open_parts = open_parts
        self.outcomes: list[Outcome] = []
