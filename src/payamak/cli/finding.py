"""What the doctor has looked at, and how it is told in one line to a monitor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at; `todo` says what to do where it is not well. Grave: messages do not go, or are in danger."""

    name: str
    is_well: bool
    says: str
    todo: str = ""
    is_grave: bool = False


class Reached(Finding):
    """How a link that should be bound looks from here: a server that runs knows better."""


class Checked(IntEnum):
    """The exit codes that Icinga and Nagios read."""

    OK = 0
    WARNING = 1
    CRITICAL = 2


def checked(findings: Sequence[Finding]) -> tuple[Checked, str]:
    """All of it as a monitor wants it: a code, and one line with every problem, the grave ones first, and the count."""
    wrong = sorted((one for one in findings if not one.is_well), key=lambda one: not one.is_grave)
    code = Checked.OK if not wrong else Checked.CRITICAL if wrong[0].is_grave else Checked.WARNING
    says = "; ".join(f"{one.name}: {one.says}" for one in wrong) or f"{len(findings)} things are well"
    # What stands behind a bar is read as figures; a bar in our words would begin them.
    return code, f"PAYAMAK {code.name} - {says.replace('|', '/')} | problems={len(wrong)};0"
