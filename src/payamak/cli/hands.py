"""The operator's hands: suspend and resume, cancel, move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, cast

from cyclopts import Parameter

from payamak.cli.bounds import Ids
from payamak.cli.consent import Consent, agrees, batches, in_batches, undone, whoami
from payamak.cli.documents import edit, find
from payamak.cli.shell import Common, ExitCode, Failed, clock_of, complain, counted, now_ms, open_store, say, tell

if TYPE_CHECKING:
    from payamak.domain.site import Document, Site
    from payamak.store.records import Cancelled, MovePlan
    from payamak.store.sqlite.store import SqliteStore

What = Literal["line", "link", "intake"]
Resumable = Literal["line", "link", "intake", "restored", "moved"]


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
    consent: Consent = Consent(),
    common: Common = Common(),
) -> int:
    """Let a line, a link, or the intake go on; or what is held because a copy of the store was put back.

    `restored` lets that go which waited in the copy, all of it or a line's or an account's: each may have been sent
    already, after the copy was made. What was on the wire then goes by its line's rule. `moved` says that the store is
    no copy but the newest there is, only that it came without the file `…-mark` beside it: all goes on as it was. It
    lets nothing go where the store is a copy by its own word, or by a person's. You are told how many, and asked.

    Example: `payamak resume link rahyab`, `payamak resume restored --line 9830003300`
    """
    if what != "restored" and (line is not None or account is not None):
        raise Failed("--line and --account belong to `resume restored`", ExitCode.USAGE)
    if what == "restored" or what == "moved":
        if name is not None:
            raise Failed(f"`resume {what}` takes no name; --line and --account choose", ExitCode.USAGE)
        return await _resume_held(line, account, consent, common, is_moved=what == "moved")
    if consent.dry_run:
        raise Failed("--dry-run belongs to what is held after a restore; this only lets go on", ExitCode.USAGE)
    return await _switch(what, name, common, is_suspended=False)


async def _resume_held(
    line: str | None, account: str | None, consent: Consent, common: Common, *, is_moved: bool
) -> int:
    async with open_store(common) as store:
        number = None if line is None else _number(store.site, line)
        account_id = None if account is None else _account_id(store.site, account)
        clock = await clock_of(store)
        ids = await store.held_ids(line=number, account_id=account_id)
        answer: dict[str, object] = {"promised": len(ids), "resumed": 0, "gone": 0, "held": len(ids)}
        how = "as what they are, for the store is no copy" if is_moved else "each as the copy that it may be"
        if ids and not agrees(consent, common, f"{counted(len(ids), 'held message')} will be let go, {how}."):
            return undone(consent, common, answer)
        try:
            for batch in batches(ids) if ids else [()]:  # also with none: what is over is then closed
                answer["resumed"] = cast(int, answer["resumed"]) + await store.resume_held(
                    batch, clock.now(), is_moved=is_moved
                )
        except ValueError as error:
            raise Failed(str(error)) from error
        left = await store.last_restore()
    count = cast(int, answer["resumed"])
    answer |= {"gone": len(ids) - count, "held": left.held if left else 0}
    told = f"let go: {counted(count, 'message')}{_gone(len(ids) - count)}; still held: {answer['held']:,}"
    tell(common, answer, lambda _: say(told))
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
    message_ids: Annotated[Ids, Parameter(negative="")] = (),
    *,
    line: Annotated[str | None, Parameter(help="All that waits on this line.")] = None,
    account: Annotated[str | None, Parameter(help="All that waits of this account.")] = None,
    consent: Consent = Consent(),
    common: Common = Common(),
) -> int:
    """Take waiting messages back; nothing is charged for them. What is on the wire or further cannot be cancelled.

    A line's or an account's are counted and shown, and you are asked. Then those that were counted are taken back: what
    is accepted meanwhile is not, and what is sent meanwhile is counted as gone. Exit code 1 if a message that you
    named does not wait.

    Example: `payamak cancel 3403 3404`, `payamak cancel --line 9830003300 --dry-run`
    """
    if bool(message_ids) + (line is not None) + (account is not None) != 1:
        raise Failed("give message ids, or --line NUMBER, or --account NAME", ExitCode.USAGE)
    async with open_store(common) as store:
        if message_ids:
            return await _cancel_named(store, message_ids, consent, common)
        return await _cancel_all(store, line, account, consent, common)


async def _cancel_named(store: SqliteStore, message_ids: Sequence[int], consent: Consent, common: Common) -> int:
    """Whoever names them has counted them: nobody is asked."""
    ids = list(dict.fromkeys(message_ids))
    if consent.dry_run:
        agrees(consent, common, f"{counted(len(ids), 'message')} would be taken back, as far as they wait.")
        return undone(consent, common, {"promised": len(ids), "cancelled": []})
    done = await _cancel(store, ids, None)
    for message_id, state in done.left.items():
        told = f"message {message_id} is {state}: only what waits can be cancelled"
        complain(told if state is not None else f"there is no message {message_id}")
    answer = {"promised": len(ids), "cancelled": done.done, "not_cancelled": len(done.left)}
    tell(common, answer, lambda _: say(f"cancelled: {counted(len(done.done), 'message')}"))
    return ExitCode.PROBLEM if done.left else ExitCode.DONE


async def _cancel_all(
    store: SqliteStore, line: str | None, account: str | None, consent: Consent, common: Common
) -> int:
    number = None if line is None else _number(store.site, line)
    account_id = None if account is None else _account_id(store.site, account)
    ids = await store.waiting_ids(line=number, account_id=account_id)
    where = f"on line {number}" if number is not None else f"of account {account}"
    answer: dict[str, object] = {"promised": len(ids), "cancelled": [], "gone": 0}
    if not ids and number is not None:
        _check_known(store.site, number)
    if not ids:
        tell(common, answer, lambda _: say(f"Nothing waits {where}."))
        return ExitCode.DONE
    word = "wait" if len(ids) > 1 else "waits"
    promise = f"{counted(len(ids), 'message')} {word} {where} and will be taken back; nothing is charged."
    if not agrees(consent, common, promise):
        return undone(consent, common, answer)
    done = await _cancel(store, ids, number)
    answer |= {"cancelled": done.done, "gone": len(done.left), "not_cancelled": 0}
    tell(common, answer, lambda _: say(f"cancelled: {counted(len(done.done), 'message')}{_gone(len(done.left))}"))
    return ExitCode.DONE


def _gone(count: int) -> str:
    return f"; gone meanwhile (sent, ended or moved): {count:,}" if count else ""


async def _cancel(store: SqliteStore, ids: Sequence[int], line: str | None) -> Cancelled:
    from payamak.domain.message import State
    from payamak.store.records import Cancelled

    done: list[int] = []
    left: dict[int, State | None] = {}
    for batch in batches(ids):
        cancelled = await store.cancel(batch, now_ms(), line=line)
        done += cancelled.done
        left |= cancelled.left
    return Cancelled(done=tuple(done), left=left)


async def move(
    source: str,
    target: str,
    *,
    at_old_price: Annotated[
        bool, Parameter(negative="", help="Also what would cost more there: it keeps the price of its acceptance.")
    ] = False,
    consent: Consent = Consent(),
    common: Common = Common(),
) -> int:
    """Move what waits on one line to another. Price and text stay, footer included; what is on the wire stays there.

    The target's rules are asked as at acceptance: approved texts, hours, opt-outs, alphabet and parts; and its price,
    which must not be above what was agreed. What may not go is skipped and counted (exit code 1), and waits on where it
    is. You are asked before anything moves; what is accepted meanwhile does not move. `payamak show` tells of a move.

    Example: `payamak move 9830003300 9830003301 --dry-run`
    """
    from payamak.domain.moving import Move

    async with open_store(common) as store:
        site = store.site
        to = site.line(target)
        if to is None:
            raise Failed(f"there is no line {target}; there are: {', '.join(site.lines) or 'none'}")
        wanted = Move(source=_number(site, source), target=to.number, by=whoami(), at_old_price=at_old_price)
        if wanted.source == wanted.target:
            raise Failed("the two lines are the same", ExitCode.USAGE)
        clock = await clock_of(store)
        plan = await store.plan_move(wanted, clock.now())
        answer: dict[str, object] = {"promised": len(plan.ids), "moved": 0, "gone": 0, "skipped": plan.skipped}
        code = ExitCode.PROBLEM if plan.skipped else ExitCode.DONE
        for sentence in () if common.json else _skipped(plan):
            say(sentence)
        if not plan.ids and not plan.skipped:
            _check_known(site, wanted.source)
        if not plan.ids:
            tell(common, answer, lambda _: say(f"Nothing that may go by line {to.number} waits on {wanted.source}."))
            return code
        promise = f"{counted(len(plan.ids), 'message')} will move from line {wanted.source} to {to.number}, each at the"
        if not agrees(consent, common, f"{promise} price of its acceptance."):
            return undone(consent, common, answer)
        moved = await in_batches(plan.ids, lambda ids: store.move_messages(ids, wanted, clock.now()))
    gone = len(plan.ids) - moved
    answer |= {"moved": moved, "gone": gone}
    tell(common, answer, lambda _: say(f"moved to line {to.number}: {counted(moved, 'message')}{_gone(gone)}"))
    return code


def _skipped(plan: MovePlan) -> list[str]:
    """A sentence for each reason why messages stay where they are."""
    from payamak.domain.moving import Bar
    from payamak.texts.reasons import BARS

    return [
        f"skipped: {counted(count, 'message')}, because {BARS[Bar(bar)]} ({bar})" for bar, count in plan.skipped.items()
    ]


def _number(site: Site, line: str) -> str:
    """The registered spelling; a line that is no longer configured may still have messages, so it is taken as it is."""
    found = site.line(line)
    return found.number if found else line


def _check_known(site: Site, line: str) -> None:
    """Nothing waits on it: a line that is not configured either was mistyped. Raises Failed."""
    if line not in site.lines:
        raise Failed(f"there is no line {line}, and nothing waits on it; there are: {', '.join(site.lines) or 'none'}")
