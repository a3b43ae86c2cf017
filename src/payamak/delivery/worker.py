"""The back's first hand: take what was accepted and bring it to the desk of a link.

One desk for each link. A message comes to a desk from the Feed, already leased to us, or by a claim. The desk keeps
it until it may go; then the outlet (outlet.py) marks it, submits it and stores its answers.

When it fails:

* A link goes down: what waits at its desk is given back to the store; what was on the wire is reported
  ambiguous by the upstream.
* A link comes on trial: what has a better link is given back and goes by that; the rest waits in its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from payamak.clock import Clock
from payamak.delivery.backlog import Backlog
from payamak.delivery.desk import LinkDesk, limits_of
from payamak.delivery.lanes import LANES
from payamak.delivery.outlet import STORE_REST_S, Outlet
from payamak.delivery.pacing import Turns
from payamak.delivery.places import Places
from payamak.delivery.routing import choose_link, is_routable
from payamak.delivery.waiting import Kind, was_on_wire
from payamak.domain.events import OnAmbiguous
from payamak.domain.message import Lane, Message, State
from payamak.domain.site import Line
from payamak.errors import StoreFailed
from payamak.store.base import Store
from payamak.store.feed import Change
from payamak.upstreams.base import Upstream

HELD_PER_LANE = 256
"""Messages of one line and class that the back holds in memory. Enough to fill a window of 100 twice; small enough
that a claim, which deals the accounts in turn, comes often."""

MOST_KEPT_BACK = HELD_PER_LANE // 2
"""Of those, how many may be resends that may not go yet: the rest finds fresh ones a place."""

PUT_OFF_MS, PUT_OFF_APART_MS, LONGEST_PUT_OFF_MS = 2_000, 10, 10_000
"""After how long a resend that found no place is looked at again: one after the other, for each is a commit."""

POLL_S = 1.0
"""How often a line is looked at although nobody said that something is due: another process may have moved it."""

POLLED_AT_ONCE = 16
"""Lines that are looked at in one transaction: some 2 ms. Taste."""

CLAIM_AGAIN_MS = 20
"""When to claim again for a line whose lanes are full: a window of 100 at 5,000 parts/s empties in that time."""

CLAIM_FROM = HELD_PER_LANE // 4
"""A lane with less room is left alone until it has: else a line at its pace would commit a lease for each message."""

TRIED_WITH_CODES_AFTER_S = 60.0
"""How long a link on trial whose lines have others is tried only with what can wait: no code, nothing that is held."""


class Worker:
    """Takes and deals out. Lives on one event loop; see the module's text."""

    def __init__(self, store: Store, clock: Clock, log: Callable[..., object]) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._desks: dict[str, LinkDesk] = {}
        self._held: dict[tuple[str, int], int] = {}
        self._kept_back: dict[tuple[str, int], int] = {}
        self._place_looked_at: dict[tuple[str, int], int] = {}
        self._backlog = Backlog()
        self._turns = Turns()
        self.outlet = Outlet(store, clock, log, self, self._turns)
        self._places = store.feed.places = Places(store, clock, self.outlet, self._desks, self.is_open)
        self._open_lines: set[str] = set()
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._stop_listening = store.feed.listen(self._on_changes)

    # -- links

    def open_desk(self, upstream: Upstream, parts_per_second: float) -> None:
        """Begin to use a link."""
        self._desks[upstream.name] = desk = LinkDesk(upstream, parts_per_second, self._clock.monotonic())
        desk.follow(self._clock.monotonic())
        self.link_changed(upstream.name)

    def close_desk(self, name: str) -> None:
        """Use a link no more; what waits there is given back to the store."""
        if desk := self._desks.pop(name, None):
            self.give_back_all(desk)
        self.refresh_lines()

    def link_changed(self, name: str) -> None:
        """A link came up, went down, or was suspended or resumed: its desk opens or is cleared."""
        desk = self._desks.get(name)
        if desk is not None:
            desk.follow(self._clock.monotonic())
            if not self.is_open(name):
                self.give_back_all(desk)
        self.refresh_lines()
        if desk is not None:
            self.outlet.pump(desk)

    def trial_changed(self, desk: LinkDesk) -> None:
        """See WorkerHands.trial_changed: resends make room, and what may go by another link does."""
        is_on_trial = desk.health.is_on_trial
        self._log("link_on_trial" if is_on_trial else "link_answers", link=desk.name)
        if is_on_trial:
            desk.upstream.give_back()
            link = self._store.site.links.get(desk.name)
            if link is not None:
                desk.tries_from_s = self._clock.monotonic() + limits_of(link).trial_s
            self._give_back(
                desk.waiting.remove(lambda m, kind: kind is not Kind.FRESH or self._goes_elsewhere(m, desk))
            )
        self.refresh_lines()

    def _goes_elsewhere(self, message: Message, desk: LinkDesk) -> bool:
        line = self._store.site.lines.get(message.current.line)
        return line is not None and self._choose(line, message) is not desk

    def refresh_lines(self) -> None:
        """Say to the Feed which lines have room, after anything that opens or closes one.

        A line that was open before keeps its standing: a dead link that tries again every second must not make the
        messages of every other line queue.
        """
        for number in self._store.site.lines:
            if not self._is_routable(number):
                self._open_lines.discard(number)
                self._backlog.closed(number)
            elif number not in self._open_lines:
                self._open_lines.add(number)
                self._backlog.unknown(number)
            self._set_rooms(number)
        self._wake.set()

    def is_open(self, name: str) -> bool:
        """Whether a link may be used now: it is up, and nobody has suspended it."""
        desk = self._desks.get(name)
        link = self._store.site.links.get(name)
        return desk is not None and desk.upstream.is_up and link is not None and not link.is_suspended

    def serves(self, desk: LinkDesk) -> bool:
        """See WorkerHands.serves."""
        return self._desks.get(desk.name) is desk and self.is_open(desk.name)

    def _is_well(self, name: str) -> bool:
        return self.is_open(name) and not self._desks[name].health.is_on_trial

    def _is_routable(self, number: str) -> bool:
        line = self._store.site.lines.get(number)
        return line is not None and not self._is_stopping and is_routable(line, self.is_open)

    def _set_rooms(self, number: str) -> None:
        """Tell the Feed how many fresh messages of each class may come straight to us."""
        routable = self._is_routable(number)
        for lane in LANES:
            self._set_room(number, lane, is_routable=routable)

    def _set_room(self, number: str, lane: Lane, *, is_routable: bool) -> None:
        direct = is_routable and self._backlog.is_direct(number, lane)
        self._store.feed.room[number, lane] = self._room(number, lane) if direct else 0

    # -- taking

    def _on_changes(self, changes: Sequence[Change]) -> None:
        """From the Feed: take what is leased to us, remember when what is not will be due."""
        touched: dict[str, LinkDesk] = {}
        fresh: list[Message] = []
        for change in changes:
            message = change.message
            if message.state is not State.QUEUED:
                if change.before is None:
                    self._places.go(change)
                continue
            if message.owner == self._store.feed.owner:
                if desk := self._take(message):
                    touched[desk.name] = desk
                    fresh.append(message)
            elif not message.is_leased:
                self._will_be_due(message.current.line, message.lane, message.due_at)
        gone: set[int] = set()
        for desk in touched.values():
            gone |= self.outlet.pump(desk)
        for message in fresh:
            if message.id not in gone:
                self._store.feed.has_to_queue(message.id)

    def _take(self, message: Message) -> LinkDesk | None:
        """Put a leased message into the lanes of the desk that its line and recipient name."""
        line = self._store.site.lines.get(message.current.line)
        desk = None
        if line is not None and not line.is_suspended and not self._is_stopping:
            desk = self._choose(line, message)
        self._count(message, 1)
        if desk is None:
            self._give_back([message])
            self._store.feed.has_to_queue(message.id)
            return None
        kind = desk.kind_of(message)
        if self._finds_no_place(message, kind, desk):
            self.outlet.postpone(message, message.reason, self._place_at(message))
        else:
            desk.waiting.put(message, kind)
        return desk

    def _choose(self, line: Line, message: Message) -> LinkDesk | None:
        """The desk of the first link that is open and well; of one on trial only if none is, or to try it.

        Else a link whose lines all have another one would stay on trial for ever. It is tried with one message after
        each bind, and after each `trial_minutes`.
        """
        open_link = choose_link(line, message.recipient, message.id, self.is_open)
        if open_link is None or not self._desks[open_link].health.is_on_trial:
            return None if open_link is None else self._desks[open_link]
        well_link = choose_link(line, message.recipient, message.id, self._is_well)
        if well_link is None or self._may_try(self._desks[open_link], line, message):
            return self._desks[open_link]
        return self._desks[well_link]

    def _may_try(self, desk: LinkDesk, line: Line, message: Message) -> bool:
        """Whether a link on trial may be tried with this message, although the message has a better link."""
        now_s = self._clock.monotonic()
        is_dear = message.lane is Lane.OTP or line.on_ambiguous is OnAmbiguous.HOLD
        from_s = desk.tries_from_s + (TRIED_WITH_CODES_AFTER_S if is_dear else 0.0)
        if now_s < from_s or desk.in_flight or desk.waiting.count or was_on_wire(message):
            return False
        desk.tries_from_s = now_s + limits_of(self._store.site.links[desk.name]).trial_s
        return True

    def _finds_no_place(self, message: Message, kind: Kind, desk: LinkDesk) -> bool:
        """Whether so many wait already that may not go yet that fresh ones would find no room beside them."""
        if kind is Kind.FRESH or (kind is Kind.AGAIN and desk.resends_go):
            return False
        return self._kept_back.get((message.current.line, int(message.lane)), 0) > MOST_KEPT_BACK

    def _room(self, number: str, lane: Lane) -> int:
        return HELD_PER_LANE - self._held.get((number, lane), 0)

    def _place_at(self, message: Message) -> int:
        """When to look again whether there is a place for a resend."""
        key, now = (message.current.line, int(message.lane)), self._clock.now()
        at = max(now + PUT_OFF_MS, self._place_looked_at.get(key, 0) + PUT_OFF_APART_MS)
        self._place_looked_at[key] = at = min(at, now + LONGEST_PUT_OFF_MS)
        return at

    def _count(self, message: Message, change: int) -> None:
        key = (message.current.line, int(message.lane))
        self._held[key] = self._held.get(key, 0) + change
        if was_on_wire(message):
            self._kept_back[key] = self._kept_back.get(key, 0) + change

    def left(self, message: Message) -> None:
        """See WorkerHands.left."""
        number, lane = message.current.line, message.lane
        self._count(message, -1)
        self._set_room(number, lane, is_routable=self._is_routable(number))
        if self._room(number, lane) == CLAIM_FROM and not self._backlog.is_direct(number, lane):
            self._will_be_due(number, lane, self._clock.now())

    def came_back(self, message: Message) -> None:
        """See WorkerHands.came_back."""
        self._count(message, 1)
        self._set_rooms(message.current.line)

    def may_bring_fresh(self, name: str) -> bool:
        """See WorkerHands.may_bring_fresh: something of a line of the link is due in the store, and will be claimed."""
        for number, line in self._store.site.lines.items():
            if any(use.link == name for use in line.links) and self._is_routable(number):
                for lane in Lane:
                    if self._room(number, lane) >= CLAIM_FROM and not self._backlog.is_direct(number, lane):
                        return True
        return False

    def set_back(self) -> None:
        """`now` fell: nothing that was to be done at an instant of before is waited for; each line is looked at."""
        self._turns.set_back(self._clock.now())
        self._place_looked_at.clear()
        for number in self._open_lines:
            self._backlog.unknown(number)
            self._set_rooms(number)
        self._wake.set()

    def _will_be_due(self, number: str, lane: int, due_at: int) -> None:
        if not self._is_routable(number):
            return  # refresh_lines() asks for everything when the line opens again
        sooner = self._backlog.will_be_due(number, lane, due_at, self._clock.now())
        self._set_rooms(number)
        if sooner:
            self._wake.set()

    def give_back_all(self, desk: LinkDesk) -> None:
        """See WorkerHands.give_back_all."""
        self._give_back(desk.waiting.drain())

    def _give_back(self, messages: list[Message]) -> None:
        """Return leases to the store; a claim finds the messages when their line is open again."""
        if messages:
            for message in messages:
                self._count(message, -1)
            self.outlet.start(self._release(messages))

    async def _release(self, messages: list[Message]) -> None:
        ids, owner = [m.id for m in messages], self._store.feed.owner
        await self.outlet.until_stored(lambda: self._store.release(ids, owner))
        soon = self._clock.now() + int(POLL_S * 1_000)
        for line, lane in {(m.current.line, m.lane) for m in messages}:
            self._will_be_due(line, lane, soon)

    async def run_claims(self) -> None:
        """Claim what is due, for as long as the program runs: retries, overflow, what another process left."""
        next_poll_s = self._clock.monotonic() + POLL_S
        while not self._is_stopping:
            if self._clock.monotonic() >= next_poll_s:
                await self._poll_lines()
                for desk in list(self._desks.values()):
                    self.outlet.tend(desk)
                self.outlet.bugs.went_well("claims")
                next_poll_s = self._clock.monotonic() + POLL_S
            await self._claim_due()
            self._wake.clear()
            due_in_s = (self._backlog.next_due_at() - self._clock.now()) / 1_000
            poll_in_s = next_poll_s - self._clock.monotonic()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), max(min(due_in_s, poll_in_s), 0.01))

    async def _claim_due(self) -> None:
        """Claim for each line that has something due and room for it; left() tells when there is room again."""
        now = self._clock.now()
        for number in list(self._store.site.lines):
            lanes = self._backlog.due_lanes(number, now)
            if not lanes or not self._is_routable(number):
                continue
            if any(self._room(number, lane) >= CLAIM_FROM for lane in lanes):
                await self._claim(number, now)
            else:
                self._backlog.put_off(number, now + int(POLL_S * 1_000))

    async def _poll_lines(self) -> None:
        """Look at every line, called due or not: another process may have moved messages there.

        Some at once, so that they share a transaction, and few enough that the news of what was sent waits behind no
        crowd of them.
        """
        lines = [number for number in self._store.site.lines if self._is_routable(number)]
        for first in range(0, len(lines), POLLED_AT_ONCE):
            now = self._clock.now()
            await asyncio.gather(*(self._claim(number, now) for number in lines[first : first + POLLED_AT_ONCE]))

    async def _claim(self, number: str, now: int) -> None:
        """One claim of a line, as much as there is room for; sets when to come again."""
        rooms = [room if (room := self._room(number, lane)) >= CLAIM_FROM else 0 for lane in Lane]
        try:
            if (interval_ms := self._store.site.intervals_by_line.get(number)) and not self._turns.knows(number):
                self._turns.resume(number, await self._store.last_turn(number), interval_ms)
            claimed = await self._store.claim(number, rooms, now, self._store.feed.owner)
        except StoreFailed:
            self._backlog.put_off(number, now + int(STORE_REST_S * 1_000))
            return
        except Exception as error:  # this line's alone: the others are claimed
            self.outlet.bugs.failed(f"claims of {number}", error)
            self._backlog.put_off(number, now + int(STORE_REST_S * 1_000))
            return
        self.outlet.bugs.went_well(f"claims of {number}")
        self._backlog.claimed(number, claimed.next_due_at, now, now + CLAIM_AGAIN_MS)
        touched = {desk.name for m in claimed.messages if (desk := self._take(m))}
        self._set_rooms(number)
        for desk in list(self._desks.values()):
            # A probe may have waited for what this claim would bring.
            if desk.name in touched or desk.probe_asked_s is not None:
                self.outlet.pump(desk)

    # -- stopping

    @property
    def in_flight(self) -> int:
        """Parts without an answer, on all links."""
        return sum(desk.in_flight for desk in self._desks.values())

    @property
    def desks(self) -> Mapping[str, LinkDesk]:
        """The desk of each link, to be looked at."""
        return self._desks

    @property
    def trials(self) -> Mapping[str, bool]:
        """Of each link, whether it is on trial."""
        return {name: desk.health.is_on_trial for name, desk in self._desks.items()}

    @property
    def suspects(self) -> Mapping[str, int]:
        """Of each link, how many messages are suspect there."""
        return {name: len(desk.suspects) for name, desk in self._desks.items()}

    @property
    def full_for_s(self) -> Mapping[str, float]:
        """Of each link, for how long messages have waited because its window is full; 0 while none does."""
        now_s = self._clock.monotonic()
        return {name: desk.full_for_s(now_s) for name, desk in self._desks.items()}

    @property
    def waiting_by_link(self) -> Mapping[str, int]:
        """Of each link, how many messages wait for it in memory; more may wait in the store."""
        return {name: desk.waiting.count for name, desk in self._desks.items()}

    @property
    def waiting(self) -> int:
        """Messages held in memory."""
        return sum(desk.waiting.count for desk in self._desks.values())

    def stop_taking(self) -> None:
        """Take nothing more and give back what waits; what is on the wire goes on."""
        self._is_stopping = True
        self._wake.set()
        for number in self._store.site.lines:
            self._set_rooms(number)
        for desk in self._desks.values():
            self.give_back_all(desk)

    async def finish(self, timeout_s: float) -> None:
        """After the upstreams have stopped: wait until every answer is stored, at most `timeout_s`."""
        self._stop_listening()
        deadline = self._clock.monotonic() + timeout_s
        while self.outlet.tasks and self._clock.monotonic() < deadline:
            await asyncio.wait(self.outlet.tasks, timeout=max(deadline - self._clock.monotonic(), 0.01))
        for task in list(self.outlet.tasks):
            task.cancel()
