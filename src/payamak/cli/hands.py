"""The operator's hands: suspend and resume, cancel, move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import Parameter

from payamak.cli.bounds import Ids
from payamak.cli.documents import edit, find
from payamak.cli.shell import Common, ExitCode, Failed, clock_of, complain, counted, now_ms, open_store, say, tell

if TYPE_CHECKING:
    from payamak.domain.site import Document, Site
    from payamak.store.sqlite import SqliteStore

What = Literal["line", "link", "intake"]
Resumable = Literal["line", "link", "intake", "restored", "moved"]
_AT_ONCE: Final = 500
"""Messages moved or cancelled in one transaction: some 20 ms, so that the server's own work is not held up."""


async def suspend(what: What, name: str | None = None, *, common: Common = Common()) -> int:
    """Stop a line, a link, or the intake, within half a second.

    Nothing is lost: what is accepted waits, at most until its deadline; what is on the wire ends as it ends. With
    the intake suspended every send is answered 23 (busy).

    Example: `payamak suspend line 9830003300`, `payamak suspend intake`
    """
    return await _switch(what, name, common, is_suspended=True)


async def resume(
    what: Resumable,
    name: str | None = None,
    *,
    line: Annotated[
        str | None, Parameter(help="Of what is held after a restore, only what waits on this line.")
    ] = None,
    account: Annotated[str | None, Parameter(help="Of what is held after a restore, only this account's.")] = None,
    common: Common = Common(),
) -> int:
    """Let a line, a link, or the intake go on; or what is held because a copy of the store was put back.

    `restored` lets that go which waited in the copy, all of it or a line's or an account's: each may have been sent
    already, after the copy was made. What was on the wire then goes by its line's rule. `moved` says that the store is
    no copy but the newest there is, only that it came without the file `…-mark` beside it: all goes on as it was. It
    lets nothing go where the store is a copy by its own word, or by a person's.

    Example: `payamak resume link rahyab`, `payamak resume restored --line 9830003300`
    """
    if what != "restored" and (line is not None or account is not None):
        raise Failed("--line and --account belong to `resume restored`", ExitCode.USAGE)
    if what == "restored" or what == "moved":
        if name is not None:
            raise Failed(f"`resume {what}` takes no name; --line and --account choose", ExitCode.USAGE)
        return await _resume_held(line, account, common, is_moved=what == "moved")
    return await _switch(what, name, common, is_suspended=False)


async def _resume_held(line: str | None, account: str | None, common: Common, *, is_moved: bool) -> int:
    async with open_store(common) as store:
        number = None if line is None else _number(store.site, line)
        account_id = None if account is None else _account_id(store.site, account)
        clock, count = await clock_of(store), 0
        try:
            while found := await store.resume_held(
                clock.now(), _AT_ONCE, line=number, account_id=account_id, is_moved=is_moved
            ):
                count += found
        except ValueError as error:
            raise Failed(str(error)) from error
        left = await store.last_restore()
    held = left.held if left else 0
    tell(
        common,
        {"resumed": count, "held": held},
        lambda _: say(f"let go: {counted(count, 'message')}; still held: {held:,}"),
    )
    return ExitCode.DONE


def _account_id(site: Site, username: str) -> int:
    if username not in site.accounts:
        raise Failed(f"there is no account {username}; there are: {', '.join(site.accounts) or 'none'}")
    return site.accounts[username].id


async def _switch(what: What, name: str | None, common: Common, *, is_suspended: bool) -> int:
    from msgspec.structs import replace

    if (what == "intake") is not (name is None):
        raise Failed("name the line or link; the intake has no name", ExitCode.USAGE)
    async with open_store(common) as store:
        if name is None:
            await store.set_intake(is_suspended)
        else:

            def work(site: Site) -> tuple[Sequence[Document], Sequence[tuple[str, str]]]:
                document: Document = find(site, what, name)
                return [replace(document, is_suspended=is_suspended)], ()

            await edit(store, work)
    said = f"{what} {name}" if name else "the intake"
    answer = {"what": what, "name": name, "is_suspended": is_suspended}
    tell(common, answer, lambda _: say(f"{said} is {'suspended' if is_suspended else 'resumed'}."))
    return ExitCode.DONE


async def cancel(
    message_ids: Ids = (),
    *,
    line: Annotated[str | None, Parameter(help="All that waits on this line.")] = None,
    common: Common = Common(),
) -> int:
    """Take waiting messages back; nothing is charged for them. What is on the wire or further cannot be cancelled.

    Example: `payamak cancel 3403 3404`, `payamak cancel --line 9830003300`
    """
    if bool(message_ids) is (line is not None):
        raise Failed("give message ids, or --line NUMBER", ExitCode.USAGE)
    faults: list[str] = []
    async with open_store(common) as store:
        if line is None:
            cancelled = await _cancel(store, message_ids, faults)
        else:
            cancelled = await _cancel_line(store, line, faults)
    for fault in faults:
        complain(fault)
    answer = {"cancelled": cancelled, "not_cancelled": len(faults)}
    tell(common, answer, lambda _: say(f"cancelled: {counted(len(cancelled), 'message')}"))
    return ExitCode.PROBLEM if faults else ExitCode.DONE


async def _cancel(store: SqliteStore, message_ids: Sequence[int], faults: list[str]) -> list[int]:
    import asyncio

    from payamak.domain.events import Cancelled, IllegalMove

    now = now_ms()
    results = await asyncio.gather(*(store.advance(i, Cancelled(), now) for i in message_ids), return_exceptions=True)
    cancelled = []
    for message_id, result in zip(message_ids, results, strict=True):
        if isinstance(result, IllegalMove):
            faults.append(f"message {message_id} is {result.state}: only what waits can be cancelled")
        elif isinstance(result, BaseException):
            raise result
        elif not result:
            faults.append(f"there is no message {message_id}")
        else:
            cancelled.append(message_id)
    return cancelled


async def _cancel_line(store: SqliteStore, line: str, faults: list[str]) -> list[int]:
    from payamak.domain.message import State
    from payamak.store.records import Search

    number = _number(store.site, line)
    cancelled: list[int] = []
    before: int | None = None
    while True:
        wanted = Search(line=number, state=State.QUEUED, before_id=before, limit=_AT_ONCE)
        found = await store.search(wanted)
        if not found:
            return cancelled
        before = found[-1].id
        cancelled += await _cancel(store, [message.id for message in found], faults)


async def move(source: str, target: str, *, common: Common = Common()) -> int:
    """Move what waits on one line to another. Price and text stay; what is on the wire stays where it is.

    Example: `payamak move 9830003300 9830003301`
    """
    moved = 0
    async with open_store(common) as store:
        number, to = _number(store.site, source), store.site.line(target)
        if to is None:
            raise Failed(f"there is no line {target}; there are: {', '.join(store.site.lines) or 'none'}")
        if to.number == number:
            raise Failed("the two lines are the same", ExitCode.USAGE)
        while count := await store.move_line(number, to.number, now_ms(), _AT_ONCE):
            moved += count
    tell(common, {"moved": moved}, lambda _: say(f"moved to line {to.number}: {counted(moved, 'message')}"))
    return ExitCode.DONE


def _number(site: Site, line: str) -> str:
    """The registered spelling; a line that is no longer configured may still have messages, so it is taken as it is."""
    found = site.line(line)
    return found.number if found else line
