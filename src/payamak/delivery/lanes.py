"""What waits in memory for one link: a lane for each class, and in each lane the accounts in turn. Pure."""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from payamak.domain.message import Lane, Message

WINDOW_SHARE: dict[Lane, float] = {Lane.OTP: 1.0, Lane.NORMAL: 0.9, Lane.BULK: 0.7}
"""How much of a link's window a class may fill while others wait too: the rest is for the classes above (taste)."""

LANES = tuple(Lane)
"""The classes, the highest first."""


class WindowRoom(Struct, frozen=True, kw_only=True):
    """How many parts each class may have between their marks and their answers.

    `window` have a place on the wire. `ahead` more may be marked and wait at the link for the next place, so that it
    is taken as soon as an answer makes it free, and not only after a commit. `is_shared`: several classes wait, so each
    keeps to its share. Codes have `ahead` places behind those of everybody: the link writes them first.
    """

    window: int
    ahead: int = 0
    is_shared: bool = False
    is_refilling: bool = True
    """Whether what may be marked ahead is filled up now: a third of it at once, for each call is a commit."""

    def has_place(self, lane: Lane, in_flight: int) -> bool:
        """Whether one more of a class may be marked, with so many parts in flight; each may when nothing is."""
        if lane is Lane.OTP:
            return in_flight < self.window + 2 * self.ahead
        if self.is_shared:
            return in_flight < max(1, int(self.window * WINDOW_SHARE[lane]))
        return in_flight < self.window + (self.ahead if self.is_refilling else 0)


class Lanes:
    """First the higher class; within a class one message of each account in turn, so that no flood starves another."""

    def __init__(self) -> None:
        self._lanes: dict[Lane, dict[int, deque[Message]]] = {lane: {} for lane in Lane}
        self.count = 0

    def put(self, message: Message, *, first: bool = False) -> None:
        """Let a message wait; `first` for one that comes back because it could not be marked."""
        waiting = self._lanes[message.lane].setdefault(message.account_id, deque())
        if first:
            waiting.appendleft(message)
        else:
            waiting.append(message)
        self.count += 1

    def peek(self, in_flight: int, room: WindowRoom) -> Message | None:
        """The message whose turn it is among those whose class still has a place; None if none has."""
        for lane in LANES:
            if (message := self.head(lane)) and room.has_place(lane, in_flight):
                return message
        return None

    def head(self, lane: Lane) -> Message | None:
        """The message of a class whose turn it is."""
        accounts = self._lanes[lane]
        return next(iter(accounts.values()))[0] if accounts else None

    def take(self, lane: Lane) -> Message:
        """Take the head of a class; its account's next turn comes after everybody else's."""
        accounts = self._lanes[lane]
        account_id, waiting = next(iter(accounts.items()))
        message = waiting.popleft()
        del accounts[account_id]
        if waiting:
            accounts[account_id] = waiting
        self.count -= 1
        return message

    def drain(self) -> list[Message]:
        """Take everything."""
        messages = [m for accounts in self._lanes.values() for waiting in accounts.values() for m in waiting]
        for accounts in self._lanes.values():
            accounts.clear()
        self.count = 0
        return messages
