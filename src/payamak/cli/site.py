"""`payamak apply` and `payamak export`: the site as one file."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from payamak.cli.passwords import passwords
from payamak.cli.shell import (
    Acting,
    Common,
    ExitCode,
    Failed,
    complain,
    console,
    look_at_store,
    now_ms,
    open_store,
    say,
    tell,
    unheard,
)
from payamak.visible import visible

if TYPE_CHECKING:
    from rich.console import Console

    from payamak.domain.site.differences import Difference
    from payamak.hands.sitefile import Plan, SiteEntry
    from payamak.hands.values import Store

_MARKS = {"add": ("+", "green"), "change": ("~", "yellow"), "remove": ("-", "red")}


async def apply(
    file: Path,
    *,
    yes: Annotated[bool, Parameter(name=("--yes", "-y"), negative="")] = False,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    prune: Annotated[bool, Parameter(negative="")] = False,
    common: Acting = Acting(),
) -> int:
    """Show what a site file would change, ask, and bring accounts, lines, links and templates to what it says.

    Nothing is changed unless all of the file is right, and then all at once. What the file does not name is kept.
    Passwords: `password = "env:NAME"` (or in clear) for accounts, hashed here; where none is given the stored one
    stays, and so does a suspension. Exit code 2 if the file is wrong, 1 if you answer no.

    Example: `payamak apply site.toml --dry-run`

    Parameters
    ----------
    file
        The site file, TOML: tables [[link]], [[line]], [[account]].
    yes
        Do not ask.
    dry_run
        Only show.
    prune
        Also remove what the file does not name.
    """
    from payamak.hands import site
    from payamak.hands.sitefile import BadSiteFile, plan

    try:
        entries = _entries(file)
        async with look_at_store(common) if dry_run else open_store(common, create=True) as store:
            wanted = plan(store.site, entries, passwords(), prune=prune, file=file.name)
            if not common.json:
                with unheard():
                    _show(console(), wanted.differences)
            await _check_removals(store, wanted, common)
            done = bool(wanted.differences) and not dry_run and (yes or _agrees())
            if done:
                await site.apply(store, wanted, common.by("apply"), now_ms())
    except BadSiteFile as error:
        for fault in error.faults:
            complain(fault)
        raise Failed("nothing was changed", ExitCode.USAGE) from error
    said = "done" if done else "no difference" if not wanted.differences else "nothing was changed"
    tell(common, {"differences": wanted.differences, "applied": done}, lambda _: say(said))
    return ExitCode.DONE if done or dry_run or not wanted.differences else ExitCode.PROBLEM


async def _check_removals(store: Store, wanted: Plan, common: Common) -> None:
    """What has money or messages is not pruned: told before anybody is asked. Raises Failed."""
    from payamak.hands.site import check_removals

    found = await check_removals(store, wanted.removals)
    for removal in () if common.json else found:
        for note in removal.notes:
            say(f"{removal.kind} {removal.name}: {note}")


def _entries(file: Path) -> list[SiteEntry]:
    from payamak.hands.sitefile import parse

    try:
        return parse(file.read_text(encoding="utf-8-sig"), file.name)
    except UnicodeDecodeError as error:
        raise Failed(f"{file}: this is no UTF-8 text", ExitCode.USAGE) from error
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}", ExitCode.USAGE) from error


def _agrees() -> bool:
    if not sys.stdin.isatty():
        raise Failed("nobody to ask: give --yes to carry this out, or --dry-run to look", ExitCode.USAGE)
    return input("Carry this out? [y/N] ").strip().lower() in ("y", "yes")


def _show(out: Console, differences: tuple[Difference, ...]) -> None:
    from rich.text import Text

    for difference in differences:
        mark, color = _MARKS[difference.change]
        out.print(Text(visible(f"{mark} {difference.kind} {difference.name}"), style=color))
        for field in difference.fields:
            before = "" if difference.change == "add" else f"{field.before} → "
            after = "a new one" if field.before == field.after else field.after
            out.print(Text(visible(f"    {field.name}: {before}{after}")), soft_wrap=True)


async def export(
    file: Path | None = None,
    *,
    secrets: Annotated[bool, Parameter(negative="")] = False,
    common: Common = Common(),
) -> int:
    """Write the site as a file for `payamak apply`; applying it again changes nothing.

    Example: `payamak export site.toml`

    Parameters
    ----------
    file
        Where to write; without it, standard output. A file that exists is replaced.
    secrets
        Write password hashes and link passwords too; the file is then readable by its owner only.
    """
    from payamak.hands.sitefile import write

    async with look_at_store(common) as store:
        text = write(store.site, secrets=secrets)
    if file is None:
        tell(common, {"site": text}, lambda _: print(text, end="", flush=True))
        return ExitCode.DONE
    _write(file, text, mode=0o600 if secrets else 0o644)
    tell(common, {"file": str(file)}, lambda _: say(f"the site is written to {file}"))
    return ExitCode.DONE


def _write(file: Path, text: str, *, mode: int) -> None:
    """Beside it first, then in its place: a file is never half written, nor readable by more people than before."""
    if file.exists():
        mode &= stat.S_IMODE(file.stat().st_mode)
    made = file.with_name(f".{file.name}.new")
    made.unlink(missing_ok=True)  # left by a run that was cut off, or laid there for us to write through
    with open(made, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, mode)) as written:
        written.write(text)
    made.replace(file)
