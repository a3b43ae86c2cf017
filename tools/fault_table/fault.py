"""What one seeded fault is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault: what it breaks, how it is made, and the tests that must turn red."""

    name: str
    breaks: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
