"""Where log lines leave the process: by a thread of their own, so that nobody waits for whoever reads them.

Standard error may be a pipe whose reader has stopped, a terminal that was halted with Ctrl-S, a disk that hangs: then
a write does not return, and a gateway that writes its log by itself stands still with it. So `write` only puts the
line into memory and wakes the writing thread, at most once for all lines of a moment (`GATHER_S`, about a turn of the
event loop or a commit), which then go out in one write. What is held has a bound; beyond it lines are dropped and
counted, and the first thing that is said when lines go out again is how many were lost. Standard error is shared with
whoever started us: its flags (O_NONBLOCK) are not ours to change. The descriptor is our own (`dup`), so that nothing
that is opened later can get its number.

On failure: what cannot be written (a full disk, a reader that is gone) is counted as dropped, and all goes on. At the
end of the process `close` gives the thread `CLOSE_S`; a write that hangs is left behind, the thread ends with us.
Dying at once (SIGKILL) costs the lines of the last moment.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable
from typing import Final

MOST_OCTETS: Final = 1 << 20
"""Held for a reader that is slow: some 5,000 lines, a second or two of a busy gateway."""

GATHER_S: Final = 0.005
"""How long lines gather for one write. A turn of the event loop, or a commit with the lines of its messages, takes
about as long; a log that is five milliseconds behind is behind for nobody."""

CLOSE_S: Final = 0.3
"""What the end of the process waits for a reader: the whole stop stays under 3 s."""

STUCK_S: Final = 1.0
"""A write that takes longer counts as one that nobody reads."""


class LogOutput:
    """Takes lines from any thread, never waits, and writes them to a descriptor in order."""

    def __init__(self, descriptor: int, *, most_octets: int = MOST_OCTETS) -> None:
        """The descriptor is duplicated, and stays open."""
        self._descriptor = os.dup(descriptor)
        self._most_octets = most_octets
        self._lines: list[bytes] = []  # one each, or all of a commit
        self._octets = 0
        self._dropped = self._told = 0
        self._began_s: float | None = None
        self._is_rung = self._is_closing = False
        self.on_dropped: Callable[[int], object] = lambda _count: True
        """Called in the writing thread with how many lines were lost; true if it could be said (by `write`)."""
        # Both locks may be asked for while they are held by the same thread: a destructor that fails is logged
        # wherever the collector runs. So one may be taken again, and the other is only ever released here.
        self._lock = threading.RLock()
        self._bell = threading.Lock()
        self._bell.acquire()
        self._thread = threading.Thread(target=self._run, name="payamak-log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Lines that were lost since the start."""
        return self._dropped

    @property
    def is_stuck(self) -> bool:
        """Whether nobody reads: a write has been waiting for a second or longer."""
        began_s = self._began_s
        return began_s is not None and time.monotonic() - began_s > STUCK_S

    def write(self, line: str) -> bool:
        """Put a line, its end included, on its way; False if it is dropped. Never waits."""
        return self.write_lines(line.encode("utf-8", "backslashreplace"))

    def write_lines(self, octets: bytes) -> bool:
        """Put lines, their ends included, on their way at one go; False if some, the last of them, are dropped.

        Never waits.
        """
        with self._lock:
            if is_too_much := len(octets) > (room := self._most_octets - self._octets):
                end = octets.rfind(b"\n", 0, room) + 1
                self._dropped += octets.count(b"\n", end)
                octets = octets[:end]
            if octets:
                self._lines.append(octets)
                self._octets += len(octets)
                if not self._is_rung and not self._is_closing:
                    self._is_rung = True
                    self._bell.release()
            return not is_too_much

    def close(self, within_s: float = CLOSE_S) -> None:
        """Write what is there, if it can be written so soon. What is said later is lost."""
        with self._lock:
            if not self._is_rung and not self._is_closing:
                self._bell.release()
            self._is_closing = True
        self._thread.join(within_s)

    def _run(self) -> None:
        nothing = select.poll()
        while True:
            self._bell.acquire()
            if not self._is_closing:
                nothing.poll(GATHER_S * 1_000)  # a sleep of the kernel's: time.sleep fails under a clock that is faked
            self._write_out()
            if self._is_closing:
                self._write_out()  # what was said of lines that were lost
                return

    def _write_out(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
            self._is_rung = False
        if lines:
            lost = self._write_whole(b"".join(lines))
            with self._lock:
                self._octets -= sum(map(len, lines))
                self._dropped += lost
        if (untold := self._dropped - self._told) and self.on_dropped(untold):
            self._told += untold

    def _write_whole(self, octets: bytes) -> int:
        """Write all of it, however long that takes; how many lines could not be."""
        left = memoryview(octets)
        self._began_s = time.monotonic()
        try:
            while left:
                try:
                    left = left[os.write(self._descriptor, left) :]
                except BlockingIOError:  # somebody else has changed the flags of what we share
                    waits = select.poll()
                    waits.register(self._descriptor, select.POLLOUT)
                    waits.poll()
        except OSError:
            return bytes(left).count(b"\n")
        finally:
            self._began_s = None
        return 0
