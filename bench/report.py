"""What a block of rounds gives: a JSON file for each tree, and the median with its spread."""

from __future__ import annotations

import os
import platform
import statistics
from pathlib import Path
from typing import Final

import msgspec

FORMAT: Final = "payamak-bench/1"
"""Changes whenever a figure of the same name means something else, or the file has another shape."""


class Unreadable(Exception):
    """A file is no report of this format; the text says why."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one tree in one block."""

    format: str
    block: str
    """Drawn anew for each block: two reports of one block were measured in turns, round by round."""

    at: str
    """When the block began, in UTC, ISO 8601."""

    tree: str
    commit: str
    machine: str
    cells: dict[str, dict[str, list[float]]]
    """By the cell's name and the figure's, a value for each round, in the rounds' order."""

    shed: dict[str, int]
    """By the cell's name, how many times calls were shed, so that the round was tried again or left out."""


def machine() -> str:
    """What it was measured on, for a reader."""
    return f"{os.cpu_count()} cores, {platform.system()}, {platform.machine()}, Python {platform.python_version()}"


def write(report: Report, path: Path) -> None:
    """Keep a report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")


def read(path: Path) -> Report:
    """A report that was kept. Raises `Unreadable`."""
    try:
        report = msgspec.json.decode(path.read_bytes(), type=Report)
    except (OSError, msgspec.MsgspecError) as error:
        raise Unreadable(f"{path}: {error}") from None
    if report.format != FORMAT:
        raise Unreadable(f"{path} is of format {report.format}, expected {FORMAT}")
    return report


def spread(values: list[float], places: int) -> str:
    """The median and, if there are several, the least and the most."""
    median = f"{statistics.median(values):,.{places}f}"
    if len(values) == 1:
        return median
    return f"{median} ({min(values):,.{places}f}–{max(values):,.{places}f})"
