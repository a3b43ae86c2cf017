"""The faults that the suite must notice: each breaks one promise in one place of a copy of the code.

Each module here holds the rows of one room in its `FAULTS`. `old` must stand exactly once in `file`;
tests/docs/test_faults.py holds that, so that the rows move with the code.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from tools.fault_table.fault import Fault

__all__ = ["FAULTS", "Fault"]

_ROOMS = sorted(room.name for room in pkgutil.iter_modules(__path__) if room.name != "fault")

FAULTS: tuple[Fault, ...] = tuple(fault for room in _ROOMS for fault in import_module(f"{__name__}.{room}").FAULTS)
