"""The Feed: what each commit changed, told in memory to whoever listens.

After each commit the writer publishes that transaction's changes, on the event loop. The back hears of fresh
messages, a caller that waits for a verdict hears of its message. The Feed may drop: a message is leased to the
back only while it says there is room; without room the message waits in the store and `claim()` finds it. Losing
the Feed costs time, never a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from payamak.domain.events import Effect
from payamak.domain.message import NOBODY, Lane, Message, State, Step


class Change(Struct, frozen=True, kw_only=True):
    """What one commit did to one message. `before` is None for a fresh one, which may be on the wire by it already."""

    message: Message
    event: str
    before: State | None = None
    effects: tuple[Effect, ...] = ()


class Watch:
    """One caller's wait for what becomes of one message; the store knows of it by its ticket alone, a number."""

    __slots__ = ("_feed", "_future", "_has_to_queue", "_last", "message_id", "ticket")

    def __init__(self, feed: LocalFeed, ticket: int) -> None:
        self.ticket = ticket
        self._feed = feed
        self._future: asyncio.Future[None] | None = None
        self._has_to_queue = False
        self._last: Message | None = None
        self.message_id = 0

    def begin(self, message: Message) -> None:
        """Used by Feed.kept, between the commit and its publication, so that nothing is missed."""
        self.message_id = message.id
        self._last = message

    def tell(self, message: Message | None) -> None:
        """A change of the message, or None: it has to queue and the wait makes no sense, begun or not."""
        if message is not None:
            self._last = message
        else:
            self._has_to_queue = True
        if self._future is not None and not self._future.done() and (message is None or is_verdict(message)):
            self._future.set_result(None)

    async def verdict(self, timeout_s: float) -> Message:
        """The message as it stands when the operator has spoken, when it has to queue, or after `timeout_s`."""
        assert self._last is not None, "begin() comes first"
        if not is_verdict(self._last) and timeout_s > 0 and not self._has_to_queue:
            self._future = asyncio.get_running_loop().create_future()
            timer = asyncio.get_running_loop().call_later(timeout_s, self.tell, None)
            try:
                await self._future
            finally:
                timer.cancel()
        return self._last

    def close(self) -> None:
        """Stop listening; safe to call twice, and before the watch has begun."""
        self._feed.remove_watch(self)


def is_verdict(message: Message) -> bool:
    """True when the operator has taken or finally refused the message, or it has to wait for a later try."""
    if message.state is State.QUEUED:
        return not message.is_leased
    return message.state is not State.SENDING


class WirePlace(Struct, frozen=True, kw_only=True):
    """Room on the wire by `link` that is kept for the first step of a message which is being accepted.

    `ticket` is the number under which the back knows it.
    """

    ticket: int
    link: str


class WirePlaces(Protocol):
    """Who gives room on the wire to messages that are being accepted: the back. Called on the loop."""

    def take(self, step: Step, lane: Lane, recipient: str) -> WirePlace | None:
        """Room for a fresh message that may go at once, by this step; None if it has to wait its turn.

        Whoever has taken a place says once what became of it (`told`).
        """
        ...

    def told(self, place: WirePlace, message: Message | None) -> None:
        """The message is on disk, marked by its accept or not, and is published next; None: nothing of it stays."""
        ...


Recorded = Callable[[int, list[Change] | Exception], None]
"""Told, once and on the loop, what the arrival of a ticket has changed, all of it committed; or why nothing has."""


class Feed(Protocol):
    """What the store, the back and the front know of it: whoever else wakes others by a commit keeps to this.

    `room`, `owner`, `places` and `recorded`: see LocalFeed.
    """

    room: dict[tuple[str, int], int]
    owner: int
    places: WirePlaces | None
    recorded: Recorded

    def take_room(self, taken: Mapping[tuple[str, int], int]) -> None:
        """So many messages were leased to its owner by a commit. Called on the writer's thread."""
        ...

    def listen(self, listener: Callable[[Sequence[Change]], None]) -> Callable[[], None]:
        """Call `listener` with the changes of each commit; returns the function that ends it."""
        ...

    def watch(self) -> Watch:
        """A watch that has not begun; its ticket goes with what the caller asks the store to keep."""
        ...

    def kept(self, ticket: int, message: Message) -> None:
        """The store has committed the message that came with a ticket: its watch begins, before the publication."""
        ...

    def has_to_queue(self, message_id: int) -> None:
        """The back says: this message does not go straight onto the wire; whoever waits for it is answered now."""
        ...

    def publish(self, changes: Sequence[Change]) -> None:
        """Tell everyone; called on the loop after the commit. A listener that fails keeps nobody else from hearing."""
        ...


class LocalFeed:
    """The Feed of one process: hands changes on, in the order of the commits.

    Lives on one event loop; `room` may be read from any thread.

    `room[line, lane]` is how many more messages of a line and class the back is willing to hold: nothing while the
    line has no link that is up, or while older messages of the class wait in the store. The writer counts it down
    as it leases, the back sets it as it finishes; it is a bound on memory, not a count that has to be exact. `owner` is
    whose room it is: the number under which this process has taken over, NOBODY as long as it has not.

    `places` gives a fresh message its place on the wire, so that the transaction that accepts it marks it as well; None
    where nobody sends. `recorded` is told what became of arrivals (`Store.record`).
    """

    def __init__(self) -> None:
        self.room: dict[tuple[str, int], int] = {}
        self.owner = NOBODY
        self.places: WirePlaces | None = None
        self.recorded: Recorded = lambda ticket, came: None
        self._watches: dict[int, Watch] = {}
        self._tickets: dict[int, Watch] = {}
        self._drawn = 0
        self._listeners: list[Callable[[Sequence[Change]], None]] = []

    def take_room(self, taken: Mapping[tuple[str, int], int]) -> None:
        """See Feed.take_room."""
        for place, count in taken.items():
            self.room[place] = self.room.get(place, 0) - count

    def listen(self, listener: Callable[[Sequence[Change]], None]) -> Callable[[], None]:
        """See Feed.listen."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def watch(self) -> Watch:
        """See Feed.watch."""
        self._drawn += 1
        watch = self._tickets[self._drawn] = Watch(self, self._drawn)
        return watch

    def kept(self, ticket: int, message: Message) -> None:
        """See Feed.kept. Nothing begins for a caller that has hung up before the commit."""
        watch = self._tickets.pop(ticket, None)
        if watch is not None:
            watch.begin(message)
            self._watches[message.id] = watch

    def remove_watch(self, watch: Watch) -> None:
        """Used by Watch.close."""
        self._tickets.pop(watch.ticket, None)
        if self._watches.get(watch.message_id) is watch:
            del self._watches[watch.message_id]

    def has_to_queue(self, message_id: int) -> None:
        """See Feed.has_to_queue."""
        if watch := self._watches.get(message_id):
            watch.tell(None)

    def publish(self, changes: Sequence[Change]) -> None:
        """See Feed.publish."""
        if self._watches:
            for change in changes:
                if watch := self._watches.get(change.message.id):
                    watch.tell(change.message)
        for listener in list(self._listeners):
            try:
                listener(changes)
            except Exception as error:
                context = {"message": "a listener of the Feed failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
