"""What waits at one desk, and whose turn it is: fresh messages, resends, suspects. Pure.

A *resend* is the next try of a message one of whose tries stayed without an answer: it may be a copy (P3). So it is
spent only where it is likely to be answered:

* The link has answered some submit since its bind: fresh ones and resends go as their classes say, and in turn within
  a class. Suspects go one at a time (suspects.py), at first after all others.
* It has not yet: fresh ones go as ever, and their answers open the link for the rest. Where nothing fresh waits and
  nothing is without an answer, one message of the others goes alone: the *probe*, a code if there is one. Else a code
  that was in flight when the link broke would wait until somebody else has something to send.
* It is on trial (health.py): one submit at a time, in the same order.

What may not go waits in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from msgspec import Struct

from payamak.delivery.lanes import LANES, Lanes, WindowRoom
from payamak.delivery.suspects import Hush, Turn
from payamak.domain.message import Message, PartState, Reason


class Kind(Enum):
    """What a message is to the link that it waits for."""

    FRESH = auto()
    AGAIN = auto()
    SUSPECT = auto()


class Picked(Struct, frozen=True):
    """A message whose turn it is."""

    message: Message
    kind: Kind


class View(Struct, frozen=True, kw_only=True):
    """How the link looks at this moment, to whoever says whose turn it is.

    `ahead`: how many parts more than the window holds may be marked; the link lets them wait for a place.
    `may_bring_fresh` tells whether a fresh message may still be found in the store for this link; asked only when it
    matters.
    """

    now_s: float
    window: int
    ahead: int = 0
    is_refilling: bool = True
    has_answered: bool
    is_on_trial: bool
    may_bring_fresh: Callable[[], bool]


def was_on_wire(message: Message) -> bool:
    """Whether a try of the present step stayed without an answer: then the next one may be a copy."""
    if message.reason is Reason.RESEND:
        return True
    return message.step < len(message.parts) and PartState.AMBIGUOUS in message.parts[message.step]


class Waiting:
    """The lanes of one desk, for each kind its own."""

    def __init__(self) -> None:
        self._lanes = {kind: Lanes() for kind in Kind}
        self.hush = Hush()
        self._is_resends_turn = True
        self._is_open = False
        """Whether the link answered when somebody was last picked."""

    @property
    def count(self) -> int:
        """How many messages wait."""
        return sum(lanes.count for lanes in self._lanes.values())

    def count_of(self, kind: Kind) -> int:
        """How many messages of a kind wait."""
        return self._lanes[kind].count

    def put(self, message: Message, kind: Kind, *, first: bool = False) -> None:
        """Let a message wait; `first` for one that comes back because it could not be marked."""
        self._lanes[kind].put(message, first=first)

    def pick(self, view: View, in_flight: int) -> Picked | None:
        """The message whose turn it is, with so many parts in flight; None if nobody may go."""
        if not view.has_answered or view.is_on_trial:
            self._is_open = False
            return self._with_care(view, in_flight)
        if not self._is_open:
            self._is_open = True
            self.hush.others_first(view.now_s)
        if self._lanes[Kind.SUSPECT].count or self.hush.is_out:
            turn = self._turn(view, in_flight)
            if turn is Turn.NOBODY:
                return None
            if turn is Turn.SUSPECT and (
                suspect := self._head(Kind.SUSPECT, in_flight, WindowRoom(window=view.window))
            ):
                return suspect
        return self._in_turn(in_flight, self._room(view))

    def take(self, picked: Picked) -> None:
        """Take what was picked out of its lane."""
        self._lanes[picked.kind].take(picked.message.lane)
        if picked.kind is not Kind.SUSPECT:
            self._is_resends_turn = picked.kind is Kind.FRESH

    def remove(self, is_wanted: Callable[[Message, Kind], bool]) -> list[Message]:
        """Take out what is wanted elsewhere; the rest keeps its order."""
        removed = []
        for kind, lanes in self._lanes.items():
            for message in lanes.drain():
                if is_wanted(message, kind):
                    removed.append(message)
                else:
                    lanes.put(message)
        if not self._lanes[Kind.SUSPECT].count and not self.hush.is_out:
            self.hush = Hush()  # the one for whom it may have begun is gone
        return removed

    def drain(self) -> list[Message]:
        """Take everything."""
        return self.remove(lambda message, kind: True)

    def is_kept_by_window(self, view: View, in_flight: int) -> bool:
        """Whether somebody waits whose class has no place, with so many parts in flight."""
        room = self._room(view)
        return any(
            lanes.head(lane) is not None and not room.has_place(lane, in_flight)
            for lanes in self._lanes.values()
            if lanes.count
            for lane in LANES
        )

    def _room(self, view: View) -> WindowRoom:
        """The places of the classes; none is marked ahead while a suspect waits or is out: it goes alone."""
        has_suspects = bool(self._lanes[Kind.SUSPECT].count) or self.hush.is_out
        fresh, again = self._lanes[Kind.FRESH], self._lanes[Kind.AGAIN]
        classes = sum(fresh.head(lane) is not None or again.head(lane) is not None for lane in LANES)
        return WindowRoom(
            window=view.window,
            ahead=0 if has_suspects else view.ahead,
            is_shared=classes > 1,
            is_refilling=view.is_refilling,
        )

    def _with_care(self, view: View, in_flight: int) -> Picked | None:
        """On a link of which nobody knows whether it answers."""
        if fresh := self._head(Kind.FRESH, in_flight, WindowRoom(window=1) if view.is_on_trial else self._room(view)):
            return fresh
        if in_flight or not self.count or view.may_bring_fresh():
            return None
        return self._head(Kind.AGAIN, 0, WindowRoom(window=1)) or self._head(Kind.SUSPECT, 0, WindowRoom(window=1))

    def _turn(self, view: View, in_flight: int) -> Turn:
        others_wait = bool(self._lanes[Kind.FRESH].count or self._lanes[Kind.AGAIN].count)
        if not self._lanes[Kind.SUSPECT].count:
            return Turn.NOBODY if self.hush.holds(view.now_s) else Turn.OTHERS
        return self.hush.turn(view.now_s, in_flight, others_wait=others_wait)

    def _head(self, kind: Kind, in_flight: int, room: WindowRoom) -> Picked | None:
        message = self._lanes[kind].peek(in_flight, room)
        return None if message is None else Picked(message, kind)

    def _in_turn(self, in_flight: int, room: WindowRoom) -> Picked | None:
        """Of the highest class that may go: resends and fresh ones in turn, so that neither waits for all others."""
        if not self._lanes[Kind.AGAIN].count:
            return self._head(Kind.FRESH, in_flight, room)
        kinds = (Kind.AGAIN, Kind.FRESH) if self._is_resends_turn else (Kind.FRESH, Kind.AGAIN)
        for lane in LANES:
            if not room.has_place(lane, in_flight):
                continue
            for kind in kinds:
                if message := self._lanes[kind].head(lane):
                    return Picked(message, kind)
        return None
