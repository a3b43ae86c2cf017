"""The doctor at the machine: Python, SQLite, descriptors, clock, the folder of the store, who may read it, the disk."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from payamak.errors import StoreFailed
from payamak.hands.doctor.finding import Finding, judged, well, wrong
from payamak.hands.doctor.patient import Patient
from payamak.hands.opening import library_version, resolved
from payamak.texts import signs

FEW_FILES: Final = 4_096
"""Open files below which a busy server may run out: a socket for every client and link."""

LITTLE_SPACE_OCTETS: Final = 1_000_000_000
"""Free space below which we speak up: about a million messages with their attempts."""

SAFE_SQLITE: Final = (3, 51, 3)
"""From this on several writers of one WAL file cannot corrupt it; versions since 3.7.0 could."""

SAFE_BACKPORTS: Final = ((3, 44, 6), (3, 50, 7))
"""Older series that got the same correction."""

BUILT_AT_MS: Final = 1_767_225_600_000
"""2026-01-01: a clock that shows an earlier time is wrong."""


def machine(patient: Patient) -> Iterator[Finding]:
    """What a gateway stands on, whether there is a store or not."""
    yield judged(sys.version_info >= (3, 11), signs.PYTHON, version=sys.version.split()[0])
    version = tuple(int(part) for part in library_version().split("."))
    is_safe = version >= SAFE_SQLITE or any(version[:2] == fixed[:2] and version >= fixed for fixed in SAFE_BACKPORTS)
    yield judged(is_safe, signs.SQLITE, version=library_version())
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    has_enough = most == resource.RLIM_INFINITY or most >= FEW_FILES
    yield judged(has_enough, signs.OPEN_FILES, most=most, enough=FEW_FILES)
    yield judged(patient.now >= BUILT_AT_MS, signs.CLOCK, now=patient.shown(patient.now))
    yield well(signs.SETTINGS, store=patient.store, host=patient.host, port=patient.port)


def folder(path: Path) -> Iterator[Finding]:
    """Where the store lies or shall lie: whether it can be written, who may read it, how much room there is."""
    try:
        path = resolved(path.absolute())
    except StoreFailed as error:
        yield wrong(signs.NAMES, error=str(error))
    home = path.parent
    if not home.is_dir():
        yield wrong(signs.FOLDER_GONE, folder=home)
        return
    is_writable = os.access(home, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))
    yield judged(is_writable, signs.FOLDER if is_writable else signs.FOLDER_CLOSED, folder=home)
    yield from rights(path)
    free = shutil.disk_usage(home).free
    yield judged(free >= LITTLE_SPACE_OCTETS, signs.DISK, free=free / 1e9)


def rights(path: Path) -> Iterator[Finding]:
    """Who may read the store beside its owner; a group may be meant, everybody never."""
    files = [file for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))) if file.exists()]
    if files:
        is_open = any(file.stat().st_mode & 0o007 for file in files)
        yield wrong(signs.RIGHTS_OPEN, files=" ".join(map(str, files))) if is_open else well(signs.RIGHTS)
