"""The back's hands: take what was accepted, mark it, submit it, store the answer.

One desk for each link. A message comes to a desk from the Feed, already leased to us, or by a claim. The desk keeps
it in its lanes until window and pace allow it to go; then it is marked as on the wire, by a commit, and only then
written. Its answers are stored by another commit. Nothing here decides what an answer means for the message:
`advance()` does, inside these commits.

When it fails:

* The mark cannot be stored: the message goes back to its lane and the desk rests; nothing left.
* An answer cannot be stored: it is kept and tried again until it can, for the operator will not say it again.
  If we die before, the attempt is ambiguous and recovery treats it so (P3); so is one that fails by a bug, three times.
* A bug with one message, its mark or its turn: it alone is put aside, and the others go (store/aside.py).
* A link goes down: what waits at its desk is given back to the store; what was on the wire is reported
  ambiguous by the upstream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from payamak.clock import Clock
from payamak.delivery.backlog import Backlog
from payamak.delivery.desk import Desk, Flight
from payamak.delivery.pacing import Turns
from payamak.delivery.recovery import Health
from payamak.delivery.routing import choose_link, is_routable
from payamak.domain import events as ev
from payamak.domain.events import Outcome
from payamak.domain.message import Lane, Message, Reason, State
from payamak.domain.unreadable import MOST_TRIES, Unreadable
from payamak.errors import StoreFailed
from payamak.log import place_of
from payamak.store.base import Claim, Store
from payamak.store.feed import Change
from payamak.upstreams.base import Parcel, Upstream

HELD_PER_LANE = 256
"""Messages of one line and class that the back holds in memory. Enough to fill a window of 100 twice; small enough
that a claim, which deals the accounts in turn, comes often."""

POLL_S = 1.0
"""How often a line is looked at although nobody said that something is due: another process may have moved it."""

CLAIM_AGAIN_MS = 20
"""When to claim again for a line whose lanes are full: a window of 100 at 5,000 parts/s empties in that time."""

CLAIM_FROM = HELD_PER_LANE // 4
"""A lane with less room is left alone until it has: else a line at its pace would commit a lease for each message."""

STORE_REST_S = 1.0
"""How long a desk rests, and an answer waits, when the store fails."""


class Worker:
    """Takes, marks, submits and concludes. Lives on one event loop; see the module's text."""

    def __init__(self, store: Store, clock: Clock, log: Callable[..., object]) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._desks: dict[str, Desk] = {}
        self._held: dict[tuple[str, int], int] = {}
        self._backlog = Backlog()
        self._turns = Turns()
        self._open_lines: set[str] = set()
        self._wake = asyncio.Event()
        self._is_stopping = False
        self.health = Health(log)
        """Where bugs are told; the runtime puts in the one that all background work shares."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop_listening = store.feed.listen(self._on_changes)

    # -- links

    def open_desk(self, upstream: Upstream, parts_per_second: float) -> None:
        """Begin to use a link."""
        self._desks[upstream.name] = Desk(upstream, parts_per_second, self._clock.monotonic())
        self.link_changed(upstream.name)

    def close_desk(self, name: str) -> None:
        """Use a link no more; what waits there is given back to the store."""
        if desk := self._desks.pop(name, None):
            self._give_back(desk.lanes.drain())
        self.refresh_lines()

    def link_changed(self, name: str) -> None:
        """A link came up, went down, or was suspended or resumed: its desk opens or is cleared."""
        desk = self._desks.get(name)
        if desk is not None and not self._is_open(name):
            self._give_back(desk.lanes.drain())
        self.refresh_lines()
        if desk is not None:
            self._pump(desk)

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

    def _is_open(self, name: str) -> bool:
        desk = self._desks.get(name)
        link = self._store.site.links.get(name)
        return desk is not None and desk.upstream.is_up and link is not None and not link.is_suspended

    def _is_routable(self, number: str) -> bool:
        line = self._store.site.lines.get(number)
        return line is not None and not self._is_stopping and is_routable(line, self._is_open)

    def _set_rooms(self, number: str) -> None:
        """Tell the Feed how many fresh messages of each class may come straight to us."""
        routable = self._is_routable(number)
        for lane in Lane:
            direct = routable and self._backlog.is_direct(number, lane)
            room = HELD_PER_LANE - self._held.get((number, lane), 0) if direct else 0
            self._store.feed.room[number, lane] = room

    # -- taking

    def _on_changes(self, changes: Sequence[Change]) -> None:
        """From the Feed: take what is leased to us, remember when what is not will be due."""
        touched: dict[str, Desk] = {}
        fresh: list[Message] = []
        for change in changes:
            message = change.message
            if message.state is not State.QUEUED:
                continue
            if message.is_leased:
                if desk := self._take(message):
                    touched[desk.upstream.name] = desk
                    fresh.append(message)
            else:
                self._will_be_due(message.current.line, message.lane, message.due_at)
        gone: set[int] = set()
        for desk in touched.values():
            gone |= self._pump(desk)
        for message in fresh:
            if message.id not in gone:
                self._store.feed.has_to_queue(message.id)

    def _take(self, message: Message) -> Desk | None:
        """Put a leased message into the lanes of the desk that its line and recipient name."""
        line = self._store.site.lines.get(message.current.line)
        name = None
        if line is not None and not line.is_suspended and not self._is_stopping:
            name = choose_link(line, message.recipient, message.id, self._is_open)
        self._count(message, 1)
        if name is None:
            self._give_back([message])
            self._store.feed.has_to_queue(message.id)
            return None
        desk = self._desks[name]
        desk.lanes.put(message)
        return desk

    def _count(self, message: Message, change: int) -> None:
        key = (message.current.line, int(message.lane))
        self._held[key] = self._held.get(key, 0) + change

    def _will_be_due(self, number: str, lane: int, due_at: int) -> None:
        if not self._is_routable(number):
            return  # refresh_lines() asks for everything when the line opens again
        sooner = self._backlog.will_be_due(number, lane, due_at, self._clock.now())
        self._set_rooms(number)
        if sooner:
            self._wake.set()

    def _give_back(self, messages: list[Message]) -> None:
        """Return leases to the store; a claim finds the messages when their line is open again."""
        if messages:
            for message in messages:
                self._count(message, -1)
            self._start(self._release(messages))

    async def _release(self, messages: list[Message]) -> None:
        await self._until_stored(lambda: self._store.release([m.id for m in messages]))
        soon = self._clock.now() + int(POLL_S * 1_000)
        for line, lane in {(m.current.line, m.lane) for m in messages}:
            self._will_be_due(line, lane, soon)

    async def run_claims(self) -> None:
        """Claim what is due, for as long as the program runs: retries, overflow, what another process left."""
        next_poll_s = self._clock.monotonic() + POLL_S
        while not self._is_stopping:
            if self._clock.monotonic() >= next_poll_s:
                await self._poll_lines()
                next_poll_s = self._clock.monotonic() + POLL_S
                self.health.went_well("claims")
            now = self._clock.now()
            for number in list(self._store.site.lines):
                if self._backlog.is_due(number, now) and self._is_routable(number):
                    await self._claim(number, now)
            self._wake.clear()
            due_in_s = (self._backlog.next_due_at() - self._clock.now()) / 1_000
            poll_in_s = next_poll_s - self._clock.monotonic()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), max(min(due_in_s, poll_in_s), 0.01))

    async def _poll_lines(self) -> None:
        """Look at every line, called due or not: another process may have moved messages there."""
        for number in list(self._store.site.lines):
            if self._is_routable(number):
                await self._claim(number, self._clock.now())

    async def _claim(self, number: str, now: int) -> None:
        """One claim of a line, as much as there is room for; sets when to come again."""
        rooms = [HELD_PER_LANE - self._held.get((number, lane), 0) for lane in Lane]
        rooms = [room if room >= CLAIM_FROM else 0 for room in rooms]
        try:
            if (interval_ms := self._store.site.intervals_by_line.get(number)) and not self._turns.knows(number):
                self._turns.resume(number, await self._store.last_turn(number), interval_ms)
            claimed = await self._store.claim(number, rooms, now)
        except StoreFailed:
            self._backlog.put_off(number, now + int(STORE_REST_S * 1_000))
            return
        except Exception as error:  # this line's alone: the others are claimed
            self.health.failed(f"claims of {number}", error)
            self._backlog.put_off(number, now + int(STORE_REST_S * 1_000))
            return
        self.health.went_well(f"claims of {number}")
        self._backlog.claimed(number, claimed.next_due_at, now, now + CLAIM_AGAIN_MS)
        touched = {desk.upstream.name: desk for m in claimed.messages if (desk := self._take(m))}
        self._set_rooms(number)
        for desk in touched.values():
            self._pump(desk)

    # -- marking and submitting

    def _pump(self, desk: Desk) -> set[int]:
        """Mark what may go now; the ids of what was taken out of the lanes."""
        name = desk.upstream.name
        if not self._is_open(name):
            return set()
        now_s = self._clock.monotonic()
        going: list[Message] = []
        while desk.lanes.count and desk.in_flight < desk.upstream.window:
            message = desk.lanes.peek(desk.in_flight, desk.upstream.window)
            if message is None:
                break
            if wait_s := desk.pace.wait_s(now_s, message.current.wire_parts):
                self._pump_later(desk, wait_s)
                break
            desk.lanes.next(desk.in_flight, desk.upstream.window)
            if self._has_to_wait(message):
                continue
            parts = message.current.wire_parts
            desk.pace.take(parts, now_s)
            desk.in_flight += parts
            going.append(message)
            self._count(message, -1)
            self._set_rooms(message.current.line)
        if going:
            self._start(self._mark(desk, going))
        return {message.id for message in going}

    def _has_to_wait(self, message: Message) -> bool:
        """Postpone a message whose line's hours are over or whose turn has not come; True if it was.

        A fallback or a late retry may come to a line outside its hours. A message that was given a turn comes back
        as PACED when that is due, and goes, unless others whose turn has passed have come back with it.
        """
        number, site, now = message.current.line, self._store.site, self._clock.now()
        window = site.windows_by_line.get(number)
        interval_ms = site.intervals_by_line.get(number)
        if window is not None and not window.is_open(now):
            event = ev.Postponed(reason=Reason.OUTSIDE_HOURS, until=window.opens_at(now))
        elif interval_ms:
            if message.reason is Reason.PACED and self._turns.goes(number, interval_ms, now):
                return False
            turn_at = self._turns.take(number, interval_ms, now, message.deadline_at)
            if turn_at <= now:
                self._turns.goes(number, interval_ms, now)
                return False
            event = ev.Postponed(reason=Reason.PACED, until=turn_at)
        else:
            return False
        self._count(message, -1)
        self._start(self._postpone(message, event, now))
        return True

    async def _postpone(self, message: Message, event: ev.Postponed, now: int) -> None:
        try:
            await self._until_stored(lambda: self._store.advance(message.id, event, now, message.version))
        except Exception as error:
            await self._put_aside(message.id, error)

    async def _put_aside(self, message_id: int, error: Exception) -> None:
        """A bug with this message: it is given back, due again later, and shown; the others go."""
        told = (type(error).__name__, " < ".join(reversed(place_of(error))))
        await self._until_stored(lambda: self._store.put_aside(message_id, *told, self._clock.now()))

    def _pump_later(self, desk: Desk, wait_s: float) -> None:
        at_s = self._loop.time() + wait_s
        if desk.timer is not None and desk.timer_at_s > at_s:
            desk.timer.cancel()  # it waits for the pace of a long text; a short one that came since may go sooner
            desk.timer = None
        if desk.timer is None:
            desk.timer_at_s = at_s
            desk.timer = self._loop.call_later(wait_s, self._pump_now, desk)

    def _pump_now(self, desk: Desk) -> None:
        desk.timer = None
        self._pump(desk)

    async def _mark(self, desk: Desk, going: list[Message]) -> None:
        """Commit the marks, then write; what could not be marked goes back to its lane."""
        claims = [Claim(message_id=m.id, version=m.version, link=desk.upstream.name) for m in going]
        is_urgent = any(message.lane is Lane.OTP for message in going)
        try:
            changes = await self._store.put_on_wire(claims, self._clock.now(), is_urgent=is_urgent)
        except StoreFailed as error:
            self._log("mark_failed", link=desk.upstream.name, reason=str(error))
            self._put_back(desk, going)
            return
        except Exception as error:
            await self._mark_apart(desk, going, error)
            return
        # A message may be there twice, as it was and as an answer to an earlier attempt has changed it meanwhile.
        submits = [(c.message, effect) for c in changes for effect in c.effects if isinstance(effect, ev.Submit)]
        reserved = sum(message.current.wire_parts for message in going)
        written = sum(len(effect.parts) for _, effect in submits)
        desk.in_flight += written - reserved
        for message, effect in submits:
            self._submit(desk, message, effect)
        if written < reserved:  # expired, cancelled or moved in the meantime, or only some of its parts go
            self._pump(desk)

    async def _mark_apart(self, desk: Desk, going: list[Message], error: Exception) -> None:
        """A bug with one of them: each alone, and the one that fails alone is put aside."""
        if len(going) > 1:
            for message in going:
                await self._mark(desk, [message])
            return
        (message,) = going
        desk.in_flight -= message.current.wire_parts
        await self._put_aside(message.id, error)
        self._pump(desk)

    def _put_back(self, desk: Desk, going: list[Message]) -> None:
        """Into the lanes again; into the store if the desk was closed meanwhile, for nobody would look there."""
        for message in reversed(going):
            desk.in_flight -= message.current.wire_parts
            desk.lanes.put(message, first=True)
            self._count(message, 1)
            self._set_rooms(message.current.line)
        name = desk.upstream.name
        if self._desks.get(name) is not desk or not self._is_open(name):
            self._give_back(desk.lanes.drain())
        else:
            self._pump_later(desk, STORE_REST_S)

    def _submit(self, desk: Desk, message: Message, effect: ev.Submit) -> None:
        flight = Flight(desk, message.id, effect.step, effect.try_no, len(effect.parts))
        if self._clock.now() >= message.deadline_at:  # its mark took that long: nothing has left, nothing will (P7)
            for part in effect.parts:
                self._on_outcome(flight, Outcome(part=part, kind=ev.OutcomeKind.LATER, reason=Reason.DEADLINE))
            return
        desk.upstream.submit(Parcel(message=message, parts=effect.parts), partial(self._on_outcome, flight))

    # -- concluding

    def _on_outcome(self, flight: Flight, outcome: Outcome) -> None:
        """An answer to one part: free its place, gather it with others of the same loop turn, store."""
        desk = flight.desk
        now_s = self._clock.monotonic()
        if flight.open_parts > 0:
            flight.open_parts -= 1
            desk.in_flight -= 1
            if not desk.pump_is_due:
                desk.pump_is_due = True
                self._loop.call_soon(self._pump_again, desk)
        if outcome.kind is ev.OutcomeKind.TAKEN:
            desk.pace.went_well(now_s)
        elif desk.slows_down(outcome):
            desk.pace.throttled(now_s)
        flight.outcomes.append(outcome)
        if len(flight.outcomes) == 1:
            self._loop.call_soon(self._conclude, flight)

    def _pump_again(self, desk: Desk) -> None:
        desk.pump_is_due = False
        self._pump(desk)

    def _conclude(self, flight: Flight) -> None:
        """Store the answers that have come: submit_sm_resp → Outcome → advance(), in one commit."""
        outcomes, flight.outcomes = tuple(flight.outcomes), []
        link = self._store.site.links.get(flight.desk.upstream.name)
        event = ev.Answered(
            step=flight.step,
            try_no=flight.try_no,
            outcomes=outcomes,
            gives_receipts=link is None or link.gives_receipts,
        )
        stored: asyncio.Future[Any] = asyncio.ensure_future(
            self._store.advance(flight.message_id, event, self._clock.now())
        )
        stored.add_done_callback(partial(self._concluded, flight, event))

    def _concluded(self, flight: Flight, event: ev.Answered, stored: asyncio.Future[Any]) -> None:
        error = stored.exception()
        if isinstance(error, StoreFailed):
            self._log("answer_not_stored", message_id=flight.message_id, reason=str(error))
            self._start(self._conclude_later(flight, event))
        elif isinstance(error, Exception):
            self._start(self._conclude_later(flight, event, error))

    async def _conclude_later(self, flight: Flight, event: ev.Answered, error: Exception | None = None) -> None:
        """Until it is stored; an answer that fails by a bug each time is a lost one, as if none had come (P2, P3)."""
        tries = 0 if error is None else 1
        while tries < MOST_TRIES:
            try:
                await self._until_stored(lambda: self._store.advance(flight.message_id, event, self._clock.now()))
                return
            except Exception as again:
                tries, error = tries + 1, again
            await asyncio.sleep(STORE_REST_S)
        assert error is not None
        await self._lose(flight, event, error)

    async def _lose(self, flight: Flight, event: ev.Answered, error: Exception) -> None:
        where, now = place_of(error), self._clock.now()
        self.health.alarm("answer_lost", message_id=flight.message_id, error=type(error).__name__, where=where)
        piece = Unreadable(
            kind="answer",
            link=flight.desk.upstream.name,
            message_id=flight.message_id,
            octets=msgspec.json.encode(event.outcomes),
            error=type(error).__name__,
            place=" < ".join(reversed(where)),
            came_at=now,
        )
        await self._until_stored(lambda: self._store.lose_answer(piece, event, now))

    async def _until_stored(self, write: Callable[[], Any]) -> None:
        """Try again until the store can: what is written here will not be said a second time."""
        while True:
            try:
                await write()
                return
            except StoreFailed:
                await asyncio.sleep(STORE_REST_S)

    # -- stopping

    def _start(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def in_flight(self) -> int:
        """Parts without an answer, on all links."""
        return sum(desk.in_flight for desk in self._desks.values())

    @property
    def waiting(self) -> int:
        """Messages held in memory."""
        return sum(desk.lanes.count for desk in self._desks.values())

    def stop_taking(self) -> None:
        """Take nothing more and give back what waits; what is on the wire goes on."""
        self._is_stopping = True
        self._wake.set()
        for number in self._store.site.lines:
            self._set_rooms(number)
        for desk in self._desks.values():
            self._give_back(desk.lanes.drain())

    async def finish(self, timeout_s: float) -> None:
        """After the upstreams have stopped: wait until every answer is stored, at most `timeout_s`."""
        self._stop_listening()
        deadline = self._clock.monotonic() + timeout_s
        while self._tasks and self._clock.monotonic() < deadline:
            await asyncio.wait(self._tasks, timeout=max(deadline - self._clock.monotonic(), 0.01))
        for task in list(self._tasks):
            task.cancel()
