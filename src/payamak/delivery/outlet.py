"""The back's second hand: mark what may go, submit it, store the answer.

A message that waits at a desk is marked as on the wire, by a commit, and only then written. Its answers are stored by
another commit. Whose turn it is, waiting.py says. Nothing here decides what an answer means for the message:
`advance()` does, inside these commits. The outlet tells it facts, and learns from the same facts whether the link
answers (health.py) and at what it breaks (suspects.py).

When it fails:

* The mark cannot be stored: the message goes back to its lane and the desk rests; nothing left.
* An answer cannot be stored: it is kept and tried again until it can, for the operator will not say it again.
  If we die before, the attempt is ambiguous and recovery treats it so (P3); so is one that fails by a bug, three times.
* A bug with one message, its mark or its turn: it alone is put aside, and the others go (store/rules/aside.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from payamak.background import FailingWork
from payamak.clock import Clock
from payamak.delivery.arrivals import Arrivals, Told
from payamak.delivery.desk import Flight, LinkDesk, limits_of
from payamak.delivery.pacing import Turns
from payamak.delivery.waiting import Kind, Picked, View
from payamak.domain import events as ev
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import Lane, Message, Reason
from payamak.domain.unreadable import MOST_TRIES, Unreadable
from payamak.errors import StoreFailed
from payamak.log import place_of
from payamak.store.base import Store
from payamak.store.feed import Change
from payamak.store.records import Answers, Claim
from payamak.upstreams.base import Parcel

STORE_REST_S = 1.0
"""How long a desk rests, and an answer waits, when the store fails."""

PROBE_WAITS_S = 2.0
"""How long a probe waits for fresh messages that the store may bring: a claim takes milliseconds."""


class WorkerHands(Protocol):
    """Who brings messages to the desks, and is told what became of them there."""

    def serves(self, desk: LinkDesk) -> bool:
        """True if the desk is still the one of its link, and the link may be used now."""
        ...

    def may_bring_fresh(self, name: str) -> bool:
        """True if the next claims may bring fresh messages for the link."""
        ...

    def left(self, message: Message) -> None:
        """A message has left its desk."""
        ...

    def came_back(self, message: Message) -> None:
        """A message could not be marked and waits again."""
        ...

    def give_back_all(self, desk: LinkDesk) -> None:
        """All that waits at the desk goes back to the store."""
        ...

    def trial_changed(self, desk: LinkDesk) -> None:
        """A trial of the link has begun or ended."""
        ...


class Outlet:
    """Marks, submits and concludes for every desk. Lives on one event loop; see the module's text."""

    def __init__(
        self, store: Store, clock: Clock, log: Callable[..., object], hands: WorkerHands, turns: Turns
    ) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._hands = hands
        self._turns = turns
        self._loop = asyncio.get_running_loop()
        self.arrivals = Arrivals(store, clock)
        self.tasks: set[asyncio.Future[Any]] = set()
        self.bugs = FailingWork(log)
        """Where bugs are told; the runtime puts in the one that all background work shares."""

    # -- marking and submitting

    def pump(self, desk: LinkDesk) -> set[int]:
        """Mark what may go now; the ids of what was taken out of the lanes."""
        if not self._hands.serves(desk):
            return set()
        now_s = self._clock.monotonic()
        self._look(desk, now_s)
        view = self._view(desk, now_s)
        going: list[Picked] = []
        is_full = False
        while picked := desk.waiting.pick(view, desk.in_flight):
            parts = picked.message.current.wire_parts
            if is_full := desk.in_flight >= view.window and self._needs_place(picked.message):
                break
            if wait_s := desk.pace.wait_s(now_s, parts):
                self._pump_later(desk, wait_s)
                break
            desk.waiting.take(picked)
            if self._has_to_wait(picked.message):
                continue
            desk.pace.take(parts, now_s)
            if picked.kind is Kind.SUSPECT:
                desk.waiting.hush.went(now_s, is_alone=desk.in_flight == 0)
            desk.in_flight += parts
            desk.probe_asked_s = None
            going.append(picked)
            self._hands.left(picked.message)
        if not view.is_on_trial and (is_full or desk.waiting.is_kept_by_window(view, desk.in_flight)):
            desk.window_is_full(now_s)
        self._look_again(desk, now_s)
        if going:
            self._mark(desk, going)
        return {picked.message.id for picked in going}

    def _needs_place(self, message: Message) -> bool:
        """Whether a message is marked only when it is sure to be written at once.

        After a death in between it would end as unknown where another one is sent again. A code is marked all the same:
        the next place is its own.
        """
        line = self._store.site.lines.get(message.current.line)
        is_held = line is not None and line.on_ambiguous is ev.OnAmbiguous.HOLD
        return is_held and message.lane is not Lane.OTP

    def _view(self, desk: LinkDesk, now_s: float) -> View:
        has_answered = desk.upstream.answered_since_bind > 0
        # What is marked ahead leaves when a place is free, whatever the pace says by then.
        is_free = has_answered and not desk.health.is_on_trial and not desk.pace.parts_per_second
        window = desk.upstream.window
        ahead = desk.upstream.ahead if is_free and not desk.pace.rest_s(now_s) else 0
        return View(
            now_s=now_s,
            window=window,
            ahead=ahead,
            is_refilling=desk.in_flight <= window + ahead * 2 // 3,
            has_answered=has_answered,
            is_on_trial=desk.health.is_on_trial,
            may_bring_fresh=partial(self._may_bring_fresh, desk, now_s),
        )

    def _may_bring_fresh(self, desk: LinkDesk, now_s: float) -> bool:
        """Whether a probe has to wait for what the store may bring; not for ever, for that may be meant for others."""
        if not self._hands.may_bring_fresh(desk.name):
            return False
        if desk.probe_asked_s is None:
            desk.probe_asked_s = now_s
        waits_s = desk.probe_asked_s + PROBE_WAITS_S - now_s
        if waits_s > 0:
            self._pump_later(desk, waits_s)
        return waits_s > 0

    def _look_again(self, desk: LinkDesk, now_s: float) -> None:
        """Come back when a hush or a rest ends; while one lasts the upstream writes part by part, or nothing."""
        waiting, hush = desk.waiting, desk.waiting.hush
        rest_s = desk.pace.rest_s(now_s)
        if bool(rest_s) != desk.is_resting:
            desk.is_resting = bool(rest_s)
            desk.upstream.rest(desk.is_resting)
        if rest_s:
            self._pump_later(desk, rest_s)
        is_narrow = desk.health.is_on_trial or (hush.is_out and hush.holds(now_s))
        if is_narrow != desk.is_narrow:
            desk.is_narrow = is_narrow
            desk.upstream.narrow(is_narrow)
        if (hush.is_out or waiting.count_of(Kind.SUSPECT)) and (wait_s := hush.next_look_s(now_s)) is not None:
            self._pump_later(desk, wait_s)

    def _has_to_wait(self, message: Message) -> bool:
        """Postpone a message whose line's hours are over or whose turn has not come; True if it was.

        A fallback or a late retry may come to a line outside its hours. A message that was given a turn comes back
        as PACED when that is due, and goes, unless others whose turn has passed have come back with it.
        """
        number, site, now = message.current.line, self._store.site, self._clock.now()
        window = site.windows_by_line.get(number)
        interval_ms = site.intervals_by_line.get(number)
        if window is not None and not window.is_open_by_all(now):
            self.postpone(message, Reason.OUTSIDE_HOURS, window.look_again_at(now))
        elif interval_ms:
            if message.reason is Reason.PACED and self._turns.goes(number, interval_ms, now):
                return False
            turn_at = self._turns.take(number, interval_ms, now, message.deadline_at)
            if turn_at <= now:
                self._turns.goes(number, interval_ms, now)
                return False
            self.postpone(message, Reason.PACED, turn_at)
        else:
            return False
        return True

    def postpone(self, message: Message, reason: Reason, until: int) -> None:
        """Give a message back to the store, not to be claimed before an instant."""
        self._hands.left(message)
        self.start(self._postpone(message, ev.Postponed(reason=reason, until=until)))

    async def _postpone(self, message: Message, event: ev.Postponed) -> None:
        try:
            await self.until_stored(lambda: self._store.advance(message.id, event, self._clock.now(), message.version))
        except Exception as error:
            await self._put_aside(message.id, error)

    async def _put_aside(self, message_id: int, error: Exception) -> None:
        """A bug with this message: it is given back, due again later, and shown; the others go."""
        told = (type(error).__name__, " < ".join(reversed(place_of(error))))
        await self.until_stored(lambda: self._store.put_aside(message_id, *told, self._clock.now()))

    def _pump_later(self, desk: LinkDesk, wait_s: float) -> None:
        at_s = self._loop.time() + wait_s
        if desk.timer is not None and desk.timer_at_s > at_s:
            desk.timer.cancel()  # it waits for the pace of a long text; a short one that came since may go sooner
            desk.timer = None
        if desk.timer is None:
            desk.timer_at_s = at_s
            desk.timer = self._loop.call_later(wait_s, self._pump_now, desk)

    def _pump_now(self, desk: LinkDesk) -> None:
        desk.timer = None
        self.pump(desk)

    def pump_soon(self, desk: LinkDesk) -> None:
        """Mark what may go when this turn of the loop is over."""
        if not desk.pump_is_due:
            desk.pump_is_due = True
            self._loop.call_soon(self._pump_again, desk)

    def _pump_again(self, desk: LinkDesk) -> None:
        desk.pump_is_due = False
        self.pump(desk)

    def _mark(self, desk: LinkDesk, going: list[Picked]) -> None:
        """Commit the marks; a stop waits for it. Called back, for a task would cost two more turns of the loop."""
        messages = [picked.message for picked in going]
        owner = self._store.feed.owner
        claims = [Claim(message_id=m.id, version=m.version, link=desk.name, owner=owner) for m in messages]
        is_urgent = any(message.lane is Lane.OTP for message in messages)
        stored = asyncio.ensure_future(self._store.put_on_wire(claims, self._clock.now(), is_urgent=is_urgent))
        self.tasks.add(stored)
        stored.add_done_callback(partial(self._marked, desk, going))

    def _marked(self, desk: LinkDesk, going: list[Picked], stored: asyncio.Future[list[Change]]) -> None:
        """The marks are on disk: write; what could not be marked goes back to its lane."""
        self.tasks.discard(stored)
        if stored.cancelled():
            return  # the stop is over; the next start treats what was marked as ambiguous
        error = stored.exception()
        if isinstance(error, StoreFailed):
            self._log("mark_failed", link=desk.name, reason=str(error))
            self._put_back(desk, going)
            return
        if isinstance(error, Exception):
            self._mark_apart(desk, going, error)
            return
        changes, messages = stored.result(), [picked.message for picked in going]
        # A message may be there twice, as it was and as an answer to an earlier attempt has changed it meanwhile.
        submits = [(c.message, effect) for c in changes for effect in c.effects if isinstance(effect, ev.Submit)]
        reserved = sum(message.current.wire_parts for message in messages)
        written = sum(len(effect.parts) for _, effect in submits)
        desk.in_flight += written - reserved
        suspect = next((picked.message.id for picked in going if picked.kind is Kind.SUSPECT), None)
        if suspect is not None and all(message.id != suspect for message, _ in submits):
            desk.waiting.hush.ended(self._clock.monotonic())
        for message, effect in submits:
            self.submit(desk, message, effect, is_suspect=message.id == suspect)
        if written < reserved:  # expired, cancelled or moved in the meantime, or only some of its parts go
            self.pump(desk)

    def _mark_apart(self, desk: LinkDesk, going: list[Picked], error: Exception) -> None:
        """A bug with one of them: each alone, and the one that fails alone is put aside."""
        if len(going) > 1:
            for picked in going:
                self._mark(desk, [picked])
            return
        (picked,) = going
        desk.in_flight -= picked.message.current.wire_parts
        if picked.kind is Kind.SUSPECT:
            desk.waiting.hush.ended(self._clock.monotonic())
        self.start(self._put_aside(picked.message.id, error))
        self.pump(desk)

    def _put_back(self, desk: LinkDesk, going: list[Picked]) -> None:
        """Into the lanes again; into the store if the desk was closed meanwhile, for nobody would look there."""
        for picked in reversed(going):
            desk.in_flight -= picked.message.current.wire_parts
            desk.waiting.put(picked.message, picked.kind, first=True)
            if picked.kind is Kind.SUSPECT:
                desk.waiting.hush.ended(self._clock.monotonic())
            self._hands.came_back(picked.message)
        if not self._hands.serves(desk):
            self._hands.give_back_all(desk)
        else:
            self._pump_later(desk, STORE_REST_S)

    def submit(self, desk: LinkDesk, message: Message, effect: ev.Submit, *, is_suspect: bool = False) -> None:
        """Hand a message whose mark is on disk to the link."""
        flight = Flight(desk, message, effect.try_no, effect.parts, self._clock.monotonic())
        flight.is_suspect = is_suspect
        if self._clock.now() >= message.deadline_at:  # its mark took that long: nothing has left, nothing will (P7)
            for part in effect.parts:
                self._on_outcome(flight, Outcome(part=part, kind=OutcomeKind.LATER, reason=Reason.DEADLINE))
            return
        desk.tally.parts += len(effect.parts)
        desk.upstream.submit(Parcel(message=message, parts=effect.parts), partial(self._on_outcome, flight))

    # -- concluding

    def _on_outcome(self, flight: Flight, outcome: Outcome) -> None:
        """An answer to one part: free its place, gather it with others of the same loop turn, store (arrivals.py)."""
        desk = flight.desk
        now_s = self._clock.monotonic()
        if outcome.part in flight.open:
            flight.open.discard(outcome.part)
            desk.in_flight -= 1
            desk.tally.ended(outcome, now_s - flight.began_s)
            outcome = self._learn(flight, outcome, now_s)
        elif is_answer(outcome):
            desk.suspects.clear(flight.key)
        flight.outcomes.append(outcome)
        if len(flight.outcomes) == 1:
            self.arrivals.answered(partial(self._conclude, flight))
        self.pump_soon(desk)  # also after a late answer: it may end a trial, or open the link for resends
        if outcome.kind is OutcomeKind.TAKEN:
            desk.pace.went_well(now_s)
        elif desk.slows_down(outcome):
            desk.pace.throttled(now_s)
            self._look_again(desk, now_s)

    def _learn(self, flight: Flight, outcome: Outcome, now_s: float) -> Outcome:
        """What the end of a part says of link and message; the outcome as the message is to be told of it."""
        desk = flight.desk
        if flight.is_suspect and not flight.open:
            desk.waiting.hush.ended(now_s)
        if is_answer(outcome):
            desk.suspects.clear(flight.key)
            return outcome
        if outcome.kind is not OutcomeKind.AMBIGUOUS:
            return outcome  # it has not left
        if not desk.is_given_up:
            desk.without_answer(flight, now_s)
            if not desk.upstream.is_up and not flight.is_struck:
                flight.is_struck = True
                desk.suspects.strike(flight.key)
        return outcome if flight.is_suspect else replace(outcome, broke_link=False)

    def _conclude(self, flight: Flight) -> tuple[Answers, Told]:
        """The answers that have come, to be stored: submit_sm_resp → Outcome → advance(), in one commit."""
        outcomes, flight.outcomes = tuple(flight.outcomes), []
        link = self._store.site.links.get(flight.desk.name)
        event = ev.Answered(
            step=flight.step,
            try_no=flight.try_no,
            outcomes=outcomes,
            gives_receipts=link is None or link.gives_receipts,
        )
        return Answers(message_id=flight.message_id, event=event), partial(self._concluded, flight, event)

    def _concluded(self, flight: Flight, event: ev.Answered, stored: list[Change] | Exception) -> None:
        if isinstance(stored, StoreFailed):
            self._log("answer_not_stored", link=flight.desk.name, message_id=flight.message_id, reason=str(stored))
            self.start(self._conclude_later(flight, event))
        elif isinstance(stored, Exception):
            self.start(self._conclude_later(flight, event, stored))

    async def _conclude_later(self, flight: Flight, event: ev.Answered, error: Exception | None = None) -> None:
        """Until it is stored; an answer that fails by a bug each time is a lost one, as if none had come (P2, P3)."""
        tries = 0 if error is None else 1
        while tries < MOST_TRIES:
            try:
                await self.until_stored(lambda: self._store.advance(flight.message_id, event, self._clock.now()))
                return
            except Exception as again:
                tries, error = tries + 1, again
            await asyncio.sleep(STORE_REST_S)
        assert error is not None
        await self._lose(flight, event, error)

    async def _lose(self, flight: Flight, event: ev.Answered, error: Exception) -> None:
        where, now = place_of(error), self._clock.now()
        name, kind = flight.desk.name, type(error).__name__
        self.bugs.alarm("answer_lost", link=name, message_id=flight.message_id, error=kind, where=where)
        piece = Unreadable(
            kind="answer",
            link=flight.desk.name,
            message_id=flight.message_id,
            octets=msgspec.json.encode(event.outcomes),
            error=type(error).__name__,
            place=" < ".join(reversed(where)),
            came_at=now,
        )
        await self.until_stored(lambda: self._store.lose_answer(piece, event, now))

    async def until_stored(self, write: Callable[[], Any]) -> None:
        """Try again until the store can: what is written here will not be said a second time."""
        while True:
            try:
                await write()
                return
            except StoreFailed:
                await asyncio.sleep(STORE_REST_S)

    def start(self, work: Any) -> None:
        """Run what stores something; a stop waits for it."""
        task = self._loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # -- the link's health

    def tend(self, desk: LinkDesk) -> None:
        """From time to time: begin or end a trial, and bind anew what has been on trial for too long."""
        now_s = self._clock.monotonic()
        self.pump(desk)
        link = self._store.site.links.get(desk.name)
        if link is not None and desk.is_up and desk.health.wants_new_bind(now_s, limits_of(link)):
            desk.health = desk.health.broken(now_s)
            desk.is_given_up = True
            self._log("link_given_up", link=desk.name, reason="on trial, and no answer")
            desk.upstream.break_now("on trial, and no answer")

    def _look(self, desk: LinkDesk, now_s: float) -> None:
        """Nothing to do while nothing is in doubt: that is the case for nearly every message."""
        link = self._store.site.links.get(desk.name)
        if desk.health.is_in_doubt and link is not None and desk.look(now_s, limits_of(link)):
            self._hands.trial_changed(desk)


def is_answer(outcome: Outcome) -> bool:
    """Whether the operator has said something; else the part has not left, or nothing came."""
    return outcome.kind is OutcomeKind.TAKEN or outcome.status is not None
