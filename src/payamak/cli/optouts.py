"""`payamak optout`: who refuses which line (contract §3: 27 for every advertising line, 33 for one line)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, Parameter

from payamak.cli.bounds import Limit, bounded
from payamak.cli.consent import Consent, agrees, undone
from payamak.cli.shell import (
    Acting,
    Common,
    ExitCode,
    Failed,
    complain,
    counted,
    fill,
    grid,
    instant_text,
    look_at_store,
    now_ms,
    open_store,
    say,
    tell,
)
from payamak.codes import Code
from payamak.domain.numbers import parse_recipient
from payamak.domain.optout import EVERY_LINE

if TYPE_CHECKING:
    from payamak.domain.site import Site
    from payamak.hands.values import OptOut

app = App(
    name="optout",
    help="Opt-outs: imported ones, ones made by hand, and ones learned from operators.",
    help_format="markdown",
)

DAY_MS: Final = 86_400_000
_SHOWN_FAULTS: Final = 20

LineOption = Annotated[str | None, Parameter(name="--line", help="One line (33).")]
EveryLine = Annotated[
    bool,
    Parameter(name="--operator-wide", negative="", help="Every advertising line, as the operator's own list (27)."),
]


@app.command(name="import")
async def import_list(
    file: Path,
    *,
    line: LineOption = None,
    operator_wide: EveryLine = False,
    common: Acting = Acting(),
) -> int:
    """Import a list, one number a line in any spelling. What is no number is told and skipped; the exit code is then 1.

    Empty lines and those that begin with # are passed over. The list may be long: it goes in, in steps of 1,000.

    Example: `payamak optout import blocked.txt --operator-wide`
    """
    from payamak.hands import optouts

    now = now_ms()
    faults: list[int] = []
    async with open_store(common) as store:
        target = _target(store.site, line, operator_wide)
        made = (optouts.made(number, target, now, "imported") for number in _numbers(_lines(file), faults))
        count = await optouts.put(store, made, optouts.named(target[0]), common.by("optout import"), now)

    def show(_: object) -> None:
        skipped = f", skipped: {counted(len(faults), 'line')}" if faults else ""
        say(f"imported: {counted(count, 'opt-out')}{skipped}")

    for number in faults[:_SHOWN_FAULTS]:
        complain(f"{file.name}, line {number}: this is no Iranian mobile number; it was skipped")
    if len(faults) > _SHOWN_FAULTS:
        complain(f"and {len(faults) - _SHOWN_FAULTS:,} more")
    tell(common, {"imported": count, "skipped_lines": faults}, show)
    return ExitCode.PROBLEM if faults else ExitCode.DONE


@app.command
async def export(file: Path, *, common: Common = Common()) -> int:
    """Write the whole list into a new file, for `payamak restore --opt-outs`; `payamak backup` does so by itself.

    Example: `payamak optout export /backup/opt-outs-$(date +%FT%H%M).csv`
    """
    from payamak.cli.optout_file import write_opt_outs

    async with look_at_store(common) as store:
        try:
            count = await write_opt_outs(store, file)
        except FileExistsError as error:
            raise Failed(f"{file} exists already; an export never overwrites") from error
    tell(common, {"file": str(file), "opt_outs": count}, lambda _: say(f"{file}: {counted(count, 'opt-out')}."))
    return ExitCode.DONE


@app.command
async def add(
    recipient: str,
    *,
    line: LineOption = None,
    operator_wide: EveryLine = False,
    days: Annotated[
        float | None, bounded(0.001, 36_500), Parameter(help="How long it holds; without it, for good.")
    ] = None,
    common: Acting = Acting(),
) -> int:
    """Add one by hand.

    Example: `payamak optout add 09121234567 --line 9830003300`
    """
    from payamak.hands import optouts

    now, number = now_ms(), _recipient(recipient)
    expires_at = None if days is None else now + int(days * DAY_MS)
    async with open_store(common) as store:
        made = optouts.made(number, _target(store.site, line, operator_wide), now, "hand", expires_at)
        await optouts.put(store, [made], optouts.named(made.line, number), common.by("optout add"), now)
    tell(common, made, lambda _: say(f"{made.recipient} is kept as opted out ({made.code})."))
    return ExitCode.DONE


@app.command(name="list")
async def show_list(
    *,
    line: Annotated[str | None, Parameter(help='Of this line only; "*" is the operator-wide list.')] = None,
    limit: Limit = 100,
    after: Annotated[str, Parameter(help="Go on after this recipient.")] = "",
    common: Common = Common(),
) -> int:
    """List opt-outs by recipient, page by page."""
    from payamak.hands.site import line_number

    async with look_at_store(common) as store:
        found = await store.opt_outs(None, line and line_number(store.site, line), after, limit + 1)
    more = len(found) > limit
    if more:  # a page ends between two recipients, for the next begins after the last one
        last = found[limit].recipient
        found = [o for o in found[:limit] if o.recipient != last] or found[:limit]
    return _show(common, found, after=found[-1].recipient if more else None)


@app.command
async def seen(recipient: str, *, common: Common = Common()) -> int:
    """Show what is known of one recipient."""
    number = _recipient(recipient)
    async with look_at_store(common) as store:
        found = await store.opt_outs(number, None, "", 1_000)
    return _show(common, found, after=None)


@app.command
async def forget(
    recipient: str, *, line: LineOption = None, consent: Consent = Consent(), common: Acting = Acting()
) -> int:
    """Forget what is known of a recipient, on one line or on all; `--line '*'` for the operator-wide entry.

    You are told of how many lines and asked: what is forgotten keeps nobody from sending to them.
    """
    from payamak.hands import optouts
    from payamak.hands.site import line_number

    number = _recipient(recipient)
    async with open_store(common) as store:
        chosen = line and line_number(store.site, line)
        found = await store.opt_outs(number, chosen, "", 1_000)
        promise = f"{counted(len(found), 'opt-out')} of {number} will be forgotten; messages may go there again."
        if found and not agrees(consent, common, promise):
            return undone(consent, common, {"recipient": number, "forgotten": 0})
        count = await optouts.forget(store, found, common.by("optout forget"), now_ms())
    tell(
        common,
        {"recipient": number, "forgotten": count},
        lambda _: say(f"forgotten: {counted(count, 'opt-out')} of {number}"),
    )
    return ExitCode.DONE


def _show(common: Common, found: list[OptOut], after: str | None) -> int:
    rows = (
        (
            o.recipient,
            "every advertising line" if o.line == EVERY_LINE else o.line,
            o.code,
            f"{o.source}, doubtful" if o.is_doubtful else o.source,
            instant_text(o.learned_at),
            instant_text(o.expires_at) or "never",
        )
        for o in found
    )
    made = fill(grid("recipient", "line", "code", "source", "since", "ends"), rows)
    tell(
        common,
        {"opt_outs": found, "after": after},
        lambda console: console.print(made) if found else say("No opt-out is known."),
    )
    if after is not None and not common.json:
        say(f"more: --after {after}")
    return ExitCode.DONE


def _target(site: Site, line: str | None, operator_wide: bool) -> tuple[str, Code]:
    from payamak.hands.optouts import target_of

    if (line is None) is not operator_wide:
        raise Failed("say which: --line NUMBER (33) or --operator-wide (27)", ExitCode.USAGE)
    return target_of(site, line)


def _recipient(text: str) -> str:
    found = parse_recipient(text, None)
    if found is None:
        raise Failed(f"{text!r} is no Iranian mobile number; write 989… or 09…", ExitCode.USAGE)
    return found


def _lines(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8-sig", errors="replace") as opened:
        yield from opened


def _numbers(lines: Iterable[str], faults: list[int]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        text = line.strip().strip("\"',;")
        if text and not text.startswith("#"):
            recipient = parse_recipient(text, None)
            if recipient is None:
                faults.append(number)
            else:
                yield recipient
