"""Acts of consequence: what an act is about is counted and shown, a person agrees, and it runs over just that.

Whoever carries an act out says at the end how much of it was done, and how much had gone meanwhile by itself (sent,
expired, taken back by another hand): together that is what was promised.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from payamak.cli.shell import Common, ExitCode, Failed, is_agreed, say, tell


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Consent:
    """Whether a person was, or is to be, asked."""

    yes: Annotated[bool, Parameter(name=("--yes", "-y"), group="Consent", negative="", help="Do not ask.")] = False
    dry_run: Annotated[
        bool, Parameter(group="Consent", negative="", help="Only show what would be done; nothing is.")
    ] = False


def agrees(consent: Consent, common: Common, promise: str) -> bool:
    """Show what the act will do, and ask. False if it is not to be done; raises Failed where nobody can be asked."""
    if not common.json:
        say(promise)
    if consent.dry_run:
        return False
    if consent.yes:
        return True
    if not sys.stdin.isatty():
        raise Failed("nobody to ask: give --yes to carry this out, or --dry-run to look", ExitCode.USAGE)
    return is_agreed(promise if common.json else "")


def undone(consent: Consent, common: Common, answer: dict[str, object]) -> int:
    """The end of an act that was only looked at, or to which a person said no."""
    said = "nothing was changed"
    tell(common, {**answer, "dry_run": consent.dry_run}, lambda _: say(said))
    return ExitCode.DONE if consent.dry_run else ExitCode.PROBLEM
