"""The program that is struck: `payamak` itself, on a disk that forgets, with a kill-point laid into it.

    CRASH_SPEC='{"point": "mark/after", "nth": 3}' python -m tests.crash.victim serve --port 0

It kills itself with SIGKILL when it passes the point for the n-th time. What it had not synced is gone then, or, with
`spill_seed`, gone but for a part that the seed chooses.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from tests.crash import seams
from tests.crash.disk import Disk, ForgetfulVFS
from tests.crash.points import SYNC

VARIABLE = "CRASH_SPEC"


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """How to strike. No `point`: only the disk forgets, someone else kills. `checkpoint_pages` makes SQLite copy its
    log into the store so often; 0 leaves that to the program. `ignores_sync` takes the sync out."""

    point: str = ""
    nth: int = 1
    spill_seed: int | None = None
    checkpoint_pages: int = 0
    ignores_sync: bool = False


class Strike:
    """Counts passes of the one point, on whatever thread, and kills at the n-th."""

    def __init__(self, spec: Spec, disk: Disk) -> None:
        self._spec = spec
        self._disk = disk
        self._passed = 0
        self._lock = threading.Lock()

    def hit(self, name: str) -> None:
        """The program passes a point."""
        if name != self._spec.point:
            return
        with self._lock:
            self._passed += 1
            if self._passed == self._spec.nth:
                self._die()

    def _die(self) -> None:
        with self._disk.lock:
            if self._spec.spill_seed is not None:
                self._disk.spill(self._spec.spill_seed)
            os.kill(os.getpid(), signal.SIGKILL)


def prepare(spec: Spec) -> ForgetfulVFS:
    """Put the disk under SQLite and lay the points; keep what is returned for as long as the process lives."""
    disk = Disk(ignores_sync=spec.ignores_sync)
    strike = Strike(spec, disk)
    disk.on_sync = lambda path, side: strike.hit(f"{SYNC}/{side}") if path.endswith("-wal") else None
    vfs = ForgetfulVFS(disk)
    if spec.point:
        seams.lay(strike.hit)
    if spec.checkpoint_pages:
        seams.replace(*seams.OWN[4], lambda connect: _often(connect, spec.checkpoint_pages))
    return vfs


def _often(connect: Any, pages: int) -> Any:
    def connecting(path: Path, *, read_only: bool = False) -> Any:
        db = connect(path, read_only=read_only)
        if not read_only:
            db.pragma("wal_autocheckpoint", pages)
        return db

    return connecting


def main(arguments: Sequence[str], spec: Spec) -> None:
    """Be the program, struck as `spec` says; ends the process."""
    from payamak.cli import main as payamak

    vfs = prepare(spec)
    sys.argv = ["payamak", *arguments]
    payamak()
    del vfs


if __name__ == "__main__":
    main(sys.argv[1:], msgspec.json.decode(os.environ.get(VARIABLE, "{}"), type=Spec))
