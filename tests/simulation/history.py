"""What became of each message, as the commits told it, and what must hold of every single change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from payamak.domain import events as ev
from payamak.domain.message import Message, Reason, State
from payamak.domain.standing import state_code
from payamak.domain.states import TABLE
from payamak.store.feed import Change

_EVENTS: Final = {
    kind.__name__: kind
    for kind in (
        ev.OnWire,
        ev.Answered,
        ev.Receipted,
        ev.Pooled,
        ev.Recovered,
        ev.Postponed,
        ev.DeadlinePassed,
        ev.ReceiptOverdue,
        ev.Cancelled,
        ev.Moved,
        ev.SetBack,
    )
}


class Seen(Struct, frozen=True):
    """A message as one commit left it."""

    at_s: float
    message: Message


class History:
    """Hears every commit that is published. What a dying process committed without a word is missing here."""

    def __init__(self, now_s: Callable[[], float], fail: Callable[[str], None]) -> None:
        self._now_s = now_s
        self._fail = fail
        self.seen: dict[int, list[Seen]] = {}

    def hear(self, changes: Sequence[Change]) -> None:
        """Check each change against the table and against what was known."""
        for change in changes:
            message = change.message
            known = self.seen.setdefault(message.id, [])
            if change.before is None:
                if known:
                    self._fail(f"{message.id} was accepted twice")
            else:
                self._check_move(change)
            if known:
                self._check_after(known[-1].message, message)
            known.append(Seen(self._now_s(), message))

    def _check_move(self, change: Change) -> None:
        assert change.before is not None
        move = TABLE.get((change.before, _EVENTS[change.event]))
        if move is None or change.message.state not in move.to:
            self._fail(f"{change.message.id}: {change.event} led from {change.before} to {change.message.state}")

    def _check_after(self, before: Message, after: Message) -> None:
        if after.version < before.version:
            self._fail(f"{after.id}: version {after.version} after {before.version}")
        if before.is_final and after.state is not before.state:
            is_settled = before.state is State.UNKNOWN and after.was_settled_late and not before.was_settled_late
            if not is_settled:
                self._fail(f"{after.id}: final {before.state} ({before.reason}) became {after.state} ({after.reason})")
        if after.was_taken < before.was_taken:
            self._fail(f"{after.id}: what was taken is taken no more")
        if after.step < before.step and after.state is not State.DELIVERED:
            self._fail(f"{after.id}: went back from step {before.step} to {after.step}")

    def codes_between(self, message_id: int, since_s: float, until_s: float) -> set[int] | None:
        """Every code of wsStates that was true between two instants; None if nothing is known of the message."""
        known = self.seen.get(message_id)
        if not known:
            return None
        earlier = [seen for seen in known if seen.at_s <= since_s]
        later = [seen for seen in known if since_s < seen.at_s <= until_s]
        return {state_code(s.message.state, s.message.was_taken) for s in [*earlier[-1:], *later]}

    def expired_at_s(self, message_id: int) -> float | None:
        """When a message was seen to expire, by the world's time."""
        ends = (seen for seen in self.seen.get(message_id, ()) if seen.message.state is State.EXPIRED)
        return next((seen.at_s for seen in ends), None)

    def has_reason(self, message_id: int, reason: Reason) -> bool:
        """Whether the message ever stood under this reason."""
        return any(seen.message.reason is reason for seen in self.seen.get(message_id, ()))
