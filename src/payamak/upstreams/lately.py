"""What an operator has answered lately: whether one message is to blame for a refusal, or the way we say all of them.

"Invalid destination address" (0x0B) and "invalid source address" (0x0A, SMPP 3.4 §5.1.3) are said of a number that is
wrong, and of every number where type or plan are not as the centre wants them. Which it is, its answers to others tell.
"""

from __future__ import annotations

from collections import deque
from typing import Final

MOST_ANSWERS: Final = 100
"""Answers that are looked back on: a centre whose configuration was changed is another one (taste)."""


class Lately:
    """The last answers of one link: for each that took a part its line and recipient, for each other nothing."""

    def __init__(self) -> None:
        self._taken: deque[tuple[str, str] | None] = deque(maxlen=MOST_ANSWERS)

    def keep(self, line: str, recipient: str, *, is_taken: bool) -> None:
        """One more answer."""
        self._taken.append((line, recipient) if is_taken else None)

    def has_taken_another(self, recipient: str) -> bool:
        """Whether a part to another recipient was taken: then recipients are written as the centre wants them."""
        return any(taken is not None and taken[1] != recipient for taken in self._taken)

    def has_taken_from(self, line: str) -> bool:
        """Whether a part from this line was taken: then it is one of the centre's, as it is written."""
        return any(taken is not None and taken[0] == line for taken in self._taken)
