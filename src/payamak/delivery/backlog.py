"""What the back knows of the messages that wait in the store: when to claim, and who may come by the Feed. Pure.

A fresh message may be handed over directly only if no older one of its line and class is due in the store: else
the newcomers would overtake them for ever.
"""

from __future__ import annotations

from collections.abc import Sequence

from payamak.domain.message import Lane

NEVER = 1 << 62
Place = tuple[str, int]
"""A line and a class."""


class Backlog:
    """For each line and class: when its next message is due, as far as anyone has said. Instants in ms."""

    def __init__(self) -> None:
        self._due_at: dict[Place, int] = {}
        self._is_behind: set[Place] = set()

    def unknown(self, line: str) -> None:
        """The line has just opened: nobody knows what waits, so claim at once and hand nothing over before."""
        for lane in Lane:
            self._due_at[line, lane] = 0
            self._is_behind.add((line, lane))

    def closed(self, line: str) -> None:
        """The line has no open link: there is nothing to claim for."""
        for lane in Lane:
            self._due_at[line, lane] = NEVER
            self._is_behind.add((line, lane))

    def will_be_due(self, line: str, lane: int, due_at: int, now: int) -> bool:
        """A message went into the store; True if that is sooner than what was known."""
        if due_at <= now:
            self._is_behind.add((line, lane))
        if due_at >= self._due_at.get((line, lane), NEVER):
            return False
        self._due_at[line, lane] = due_at
        return True

    def claimed(self, line: str, next_due: Sequence[int | None], now: int, again_at: int) -> None:
        """A claim has told what still waits in each class; what is due but found no room is asked for at `again_at`."""
        for lane in Lane:
            due_at = next_due[lane]
            if due_at is not None and due_at <= now:
                self._due_at[line, lane] = again_at
                self._is_behind.add((line, lane))
            else:
                self._due_at[line, lane] = NEVER if due_at is None else due_at
                self._is_behind.discard((line, lane))

    def put_off(self, line: str, until: int) -> None:
        """Do not claim before `until`: the hands are full or the store fails."""
        for lane in Lane:
            self._due_at[line, lane] = max(until, self._due_at.get((line, lane), NEVER))

    def is_direct(self, line: str, lane: int) -> bool:
        """True if a fresh message of the class may come by the Feed."""
        return (line, lane) not in self._is_behind

    def due_lanes(self, line: str, now: int) -> list[Lane]:
        """The classes of which something is due, as far as anyone has said."""
        return [lane for lane in Lane if self._due_at.get((line, lane), NEVER) <= now]

    def next_due_at(self) -> int:
        """When the next claim makes sense."""
        return min(self._due_at.values(), default=NEVER)
