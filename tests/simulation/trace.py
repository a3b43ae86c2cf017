"""What happened in a world, in order: a digest over all of it, and the last lines for a person."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from typing import Final

TAIL: Final = 60


class Trace:
    """Lines of (virtual time, kind, fields). `echo` prints each."""

    def __init__(self, now_s: Callable[[], float], *, echo: bool = False, tail: int = TAIL) -> None:
        self._now_s = now_s
        self._digest = hashlib.blake2b(digest_size=16)
        self._echo = echo
        self.count = 0
        self.tail: deque[str] = deque(maxlen=tail)

    def add(self, kind: str, *fields: object) -> None:
        """One more line."""
        line = f"{self._now_s():12.6f} {kind} " + " ".join(map(str, fields))
        self._digest.update(line.encode())
        self.count += 1
        self.tail.append(line)
        if self._echo:
            print(line)

    @property
    def digest(self) -> str:
        """The digest so far."""
        return self._digest.hexdigest()
