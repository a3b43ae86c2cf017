"""Acts of consequence: what an act is about is counted and shown, a person agrees, and it runs over just that.

Whoever carries an act out says at the end how much of it was done, and how much had gone meanwhile by itself (sent,
expired, taken back by another hand): together that is what was promised.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

from cyclopts import Parameter

from payamak.cli.shell import Common, ExitCode, Failed, is_agreed, say, tell
from payamak.visible import visible

T = TypeVar("T")

AT_ONCE: Final = 500
"""Rows of an act in one transaction: some 20 ms, so that the server's own work is not held up."""

LONGEST_NAME: Final = 64


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


def batches(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    """The ids of an act, so many at once."""
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


async def in_batches(ids: Sequence[T], work: Callable[[Sequence[T]], Awaitable[int]]) -> int:
    """Carry an act out over the ids that were promised; how many of them it was done to."""
    done = 0
    for batch in batches(ids):
        done += await work(batch)
    return done


def whoami() -> str:
    """Who acts: the user of this machine, and who became that user by sudo; for the story of what was done."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container without a name for its user
        name = f"uid {os.getuid()}"
    behind = os.environ.get("SUDO_USER", "")
    told = f"{behind} as {name}" if behind and behind != name else name
    return visible(told)[:LONGEST_NAME]
