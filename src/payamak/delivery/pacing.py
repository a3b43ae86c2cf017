"""How fast a link may go: parts per second as agreed, and slower when the operator says so. Pure; `now` in seconds."""

from __future__ import annotations

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 8.0
"""A throttled link rests a quarter of a second, twice as long each time it is throttled again at once (taste)."""

BURST_S = 0.1
"""How much unused pace may be caught up: a tenth of a second, so that no second sees more than 110 % of the pace."""

_ROUNDING = 1e-6
"""Parts: whoever waits as long as told finds a token, although sums of floats come out a hair short."""


class Turns:
    """The turns of lines that have a pace of their own (a SIM card): each message gets an instant of its own.

    A message that has to wait goes back to the store until its turn, so that a slow line holds up neither the link
    that it shares nor the memory. Instants and intervals in ms.
    """

    def __init__(self) -> None:
        self._next_at: dict[str, int] = {}
        self._went_at: dict[str, int] = {}

    def knows(self, line: str) -> bool:
        """True once `resume` or a turn has been heard of the line."""
        return line in self._next_at

    def resume(self, line: str, last_turn_at: int | None, interval_ms: int) -> None:
        """After a start: go on behind the last turn that was given before."""
        self._next_at[line] = 0 if last_turn_at is None else last_turn_at + interval_ms

    def set_back(self, now: int) -> None:
        """`now` fell: the turns that were given lie in a future that will not come, and their messages are due.

        Lines stay known: until the store is set back too, its last turn is one of those.
        """
        for instants in (self._next_at, self._went_at):
            instants.update({line: min(at, now) for line, at in instants.items()})

    def take(self, line: str, interval_ms: int, now: int, deadline_at: int) -> int:
        """The turn of one message; one that would come only after the deadline takes none and waits for that."""
        turn_at = max(now, self._next_at.get(line, 0))
        if (went_at := self._went_at.get(line)) is not None:
            turn_at = max(turn_at, went_at + interval_ms)
        if turn_at >= deadline_at:
            return deadline_at
        self._next_at[line] = turn_at + interval_ms
        return turn_at

    def goes(self, line: str, interval_ms: int, now: int) -> bool:
        """Whether a message whose turn has come may go now; notes it. Not if another one has just gone: turns that
        passed while the link was down come due together, and all but the first have lost theirs.

        A quarter of an interval is let pass, for a message is never marked at the very instant of its turn.
        """
        went_at = self._went_at.get(line)
        if went_at is not None and now - went_at < interval_ms * 3 // 4:
            return False
        self._went_at[line] = now
        return True


class Pace:
    """A token bucket in parts, with rests of the whole link after a throttled or queue-full answer."""

    def __init__(self, parts_per_second: float, now: float) -> None:
        """`parts_per_second` 0 means no agreed pace: then only rests slow the link down."""
        self.parts_per_second = parts_per_second
        self._room = self._tokens = max(1.0, parts_per_second * BURST_S)
        self._filled_at = now
        self._rests_until = now
        self._pause_s = FIRST_PAUSE_S

    def wait_s(self, now: float, parts: int = 1) -> float:
        """Seconds until so many parts may go; 0 if they may now. What is longer than the burst may run ahead.

        A long text waits for all of its parts, so that a short one of a higher class finds a place meanwhile and
        not only after what the long one has overdrawn.
        """
        if rest_s := self.rest_s(now):
            return rest_s
        if not self.parts_per_second:
            return 0.0
        self._fill(now)
        missing = min(float(parts), self._room) - self._tokens
        return 0.0 if missing < _ROUNDING else missing / self.parts_per_second

    def rest_s(self, now: float) -> float:
        """Seconds until a rest after a throttled answer is over; 0 if there is none."""
        return max(self._rests_until - now, 0.0)

    def take(self, parts: int, now: float) -> None:
        """Count parts that go now; a text of several parts may run ahead, the next one waits for it."""
        if self.parts_per_second:
            self._fill(now)
            self._tokens -= parts

    def throttled(self, now: float) -> None:
        """The operator asks for less: the whole link rests, longer each time it hears so again."""
        if now < self._rests_until:
            return  # an answer to what was sent before the rest began
        self._rests_until = now + self._pause_s
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    def went_well(self, now: float) -> None:
        """The operator took a part: the next rest begins short again."""
        if now >= self._rests_until:
            self._pause_s = FIRST_PAUSE_S

    def _fill(self, now: float) -> None:
        self._tokens = min(self._room, self._tokens + (now - self._filled_at) * self.parts_per_second)
        self._filled_at = now
