"""Places on the wire for messages that are being accepted: the transaction that keeps one marks it as well.

That spares a message with nobody before it the wait in memory and a commit of its own. A place is taken on the loop
before the accept is handed to the store, so window and pace count it from then on, and is free again if nothing of the
message stays. Everything else waits its turn at a desk (worker.py): what comes while somebody waits there, what a line
holds on doubt or gives a turn, what a share of several links decides, and whatever meets a link that is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from payamak.clock import Clock
from payamak.delivery.desk import LinkDesk
from payamak.delivery.outlet import Outlet
from payamak.delivery.routing import only_link
from payamak.domain import events as ev
from payamak.domain.message import Lane, Message, State, Step
from payamak.store.base import Store
from payamak.store.feed import Change, WirePlace


class Places:
    """See payamak.store.feed.WirePlaces. Lives on one event loop."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        outlet: Outlet,
        desks: Mapping[str, LinkDesk],
        is_open: Callable[[str], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._outlet = outlet
        self._desks = desks
        self._is_open = is_open
        self._drawn = 0
        self._taken: dict[int, tuple[LinkDesk, int]] = {}
        self._going: dict[int, LinkDesk] = {}

    def take(self, step: Step, lane: Lane, recipient: str) -> WirePlace | None:
        """See WirePlaces.take: only where the Feed would hand the message over, and nobody waits before it."""
        if self._store.feed.room.get((step.line, lane), 0) <= 0 or not self._goes_freely(step.line):
            return None
        name = only_link(self._store.site.lines[step.line], recipient, self._is_open)
        desk = None if name is None else self._desks[name]
        now_s, parts = self._clock.monotonic(), step.wire_parts
        if desk is None or not desk.has_place_at_once(now_s, parts):
            return None
        desk.pace.take(parts, now_s)
        desk.in_flight += parts
        self._drawn += 1
        self._taken[self._drawn] = desk, parts
        return WirePlace(ticket=self._drawn, link=desk.name)

    def _goes_freely(self, number: str) -> bool:
        """Whether a line sends again what is lost, and has neither turns nor closed hours."""
        site = self._store.site
        line = site.lines.get(number)
        if line is None or line.is_suspended or line.on_ambiguous is not ev.OnAmbiguous.RESEND:
            return False
        window = site.windows_by_line.get(number)
        is_open = window is None or window.is_open_by_all(self._clock.now())
        return is_open and number not in site.intervals_by_line

    def told(self, place: WirePlace, message: Message | None) -> None:
        """See WirePlaces.told: what was not marked leaves its place to others."""
        desk, parts = self._taken.pop(place.ticket)
        if message is not None and message.state is State.SENDING:
            self._going[message.id] = desk
            return
        desk.in_flight -= parts
        self._outlet.pump_soon(desk)

    def go(self, change: Change) -> None:
        """From the Feed: a message is on disk with its mark, and is written."""
        desk = self._going.pop(change.message.id)
        for effect in change.effects:
            if isinstance(effect, ev.Submit):
                self._outlet.submit(desk, change.message, effect)
