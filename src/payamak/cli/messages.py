"""`payamak messages`, `queue`, `unmatched`: what is in the store, at a glance."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from payamak.cli.bounds import Id, Limit
from payamak.cli.shell import (
    Common,
    ExitCode,
    Failed,
    fill,
    grid,
    instant_text,
    look_at_store,
    now_ms,
    parse_instant,
    say,
    tell,
    unheard,
)
from payamak.cli.usage import Out, write_out
from payamak.domain.instants import duration_text
from payamak.domain.message import Lane, Message, State
from payamak.domain.numbers import parse_recipient
from payamak.language import spoken, worded
from payamak.texts.reasons import LANES, REASON_NAMES, STATES
from payamak.visible import visible

if TYPE_CHECKING:
    from payamak.cli.tables import Grid
    from payamak.domain.site import Site
    from payamak.hands.values import Search, Store
    from payamak.sheets.exports import Cell


async def messages(
    *,
    recipient: str | None = None,
    line: str | None = None,
    state: State | None = None,
    account: str | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: Limit | None = None,
    before: Id | None = None,
    text: Annotated[bool, Parameter(negative="")] = False,
    csv: Annotated[bool, Parameter(negative="")] = False,
    out: Out = None,
    common: Common = Common(),
) -> int:
    """List messages, newest first, by any of recipient, line, state, account and time.

    Example: `payamak messages --recipient 09121234567 --since 2d`

    Example: `payamak messages --account shop --since 30d --text --out shop.xlsx`

    Parameters
    ----------
    recipient
        In any spelling.
    line
        The line that the message stands on now.
    state
        Where it stands.
    account
        Whose it is.
    since, until
        When it was accepted: `2h` (ago), `today`, `1405/09/05`.
    limit
        How many at most; without it 50, or all with --out.
    before
        Go on below this id, for the next page.
    text
        Show the texts too.
    csv
        Write CSV; words of people that a spreadsheet would take for a formula get an apostrophe.
    """
    from msgspec.structs import replace

    if csv and common.json:
        raise Failed(worded("give --csv or --json", "--csv را بدهید یا --json را"), ExitCode.USAGE)

    async with look_at_store(common) as store:
        site = store.site
        wanted = replace(_search(site, recipient, line, account, since, until), state=state, before_id=before)
        if out is not None:
            rows = _cells_of_all(store, wanted, limit, text=text)
            return await write_out(common, out, "messages", _columns(text=text), rows)
        limit = limit or 50
        found = await store.search(replace(wanted, limit=limit))
    if csv:
        _write_csv(site, found, text=text)
    else:
        _tell_page(common, site, found, limit, text=text)
    return ExitCode.DONE


def _tell_page(common: Common, site: Site, found: list[Message], limit: int, *, text: bool) -> None:
    """Show up to `limit` messages, and how to see those before the last of them."""
    made = _table(site, found, text=text)
    answer = {"messages": [plain(m, text=text) for m in found], "before": found[-1].id if len(found) == limit else None}
    tell(
        common,
        answer,
        lambda console: console.print(made) if found else say(worded("No such message is here.", "چنین پیامی نیست.")),
    )
    if len(found) == limit and found and not common.json:
        say(worded(f"more: --before {found[-1].id}", f"بقیه: --before {found[-1].id}"))


_PAGE: Final = 1_000
"""Messages that are read together for a file."""

_COLUMNS: Final = ("id", "accepted", "account", "recipient", "line", "state", "reason", "code", "rial")


def _cells(site: Site, m: Message) -> tuple[object, ...]:
    """A message as `_COLUMNS` have it, in the words of machines."""
    return (
        m.id,
        instant_text(m.accepted_at),
        _username(site, m),
        m.recipient,
        m.current.line,
        m.state.value,
        m.reason.value,
        m.code and int(m.code),
        f"{m.charged:,}",
    )


async def _cells_of_all(store: Store, wanted: Search, limit: int | None, *, text: bool) -> AsyncIterator[list[Cell]]:
    """Every message that is wanted, page by page: never more than one of these is in memory."""
    from msgspec.structs import replace

    left = limit
    while left is None or left > 0:
        page = await store.search(replace(wanted, limit=_PAGE if left is None else min(left, _PAGE)))
        for m in page:
            number, *others, _ = _cells(store.site, m)
            cells = ["" if cell is None else str(cell) for cell in others]
            yield [str(number), *cells, m.charged, *([m.current.text] if text else [])]
        if not page:
            return
        left = None if left is None else left - len(page)
        wanted = replace(wanted, before_id=page[-1].id)


def _columns(*, text: bool) -> list[str]:
    return [*_COLUMNS, *(["text"] if text else [])]


def _table(site: Site, found: Sequence[Message], *, text: bool) -> Grid:
    more = ["text"] if text else []
    rows = []
    for m in found:
        said = {"state": spoken(STATES[m.state]), "reason": spoken(REASON_NAMES[m.reason])}
        cells = dict(zip(_COLUMNS, _cells(site, m), strict=True)) | said
        rows.append([*cells.values(), *([m.current.text] if text else [])])
    return fill(grid(*_COLUMNS, *more, right=("id", "rial"), below="text" if text else None), rows)


def _write_csv(site: Site, found: Sequence[Message], *, text: bool) -> None:
    """The same as CSV (RFC 4180) on standard output; instants and numbers as in the table, numbers without commas."""
    import csv

    from payamak.sheets.harmless import cell_of_words

    def words(text: str) -> str:
        return visible(cell_of_words(text)) if sys.stdout.isatty() else cell_of_words(text)

    with unheard():
        writer = csv.writer(sys.stdout)
        writer.writerow(_columns(text=text))
        for m in found:
            number, accepted, account, *others, _ = _cells(site, m)
            more = [words(m.current.text)] if text else []
            writer.writerow([number, accepted, words(str(account)), *others, m.charged, *more])
        sys.stdout.flush()


def _search(
    site: Site, recipient: str | None, line: str | None, account: str | None, since: str | None, until: str | None
) -> Search:
    from payamak.hands.values import Search

    number = None if recipient is None else parse_recipient(recipient, None)
    if recipient is not None and number is None:
        raise Failed(
            worded(
                f"{recipient!r} is no Iranian mobile number; write 989… or 09…",
                f"{recipient!r} شمارهٔ همراه ایران نیست؛ به شکل 989… یا 09… بنویسید",
            ),
            ExitCode.USAGE,
        )
    if account is not None and account not in site.accounts:
        raise Failed(
            worded(
                f"there is no account {account}; there are: {', '.join(site.accounts) or 'none'}",
                f"حساب {account} نیست؛ این‌ها هستند: {', '.join(site.accounts) or 'هیچ'}",
            )
        )
    registered = site.line(line) if line is not None else None
    now = now_ms()
    return Search(
        recipient=number,
        line=registered.number if registered else line,
        account_id=site.accounts[account].id if account is not None else None,
        since_at=None if since is None else parse_instant(since, now),
        until_at=None if until is None else parse_instant(until, now),
    )


def _username(site: Site, message: Message) -> str:
    account = site.accounts_by_id.get(message.account_id)
    return account.username if account else f"#{message.account_id}"


def plain(message: Message, *, text: bool) -> dict[str, Any]:
    """A message as plain values; the texts of its steps only with `text`."""
    import msgspec

    made: dict[str, Any] = msgspec.to_builtins(message)
    if not text:
        for step in made["plan"]:
            del step["text"]
    return made


async def queue(*, common: Common = Common()) -> int:
    """Show what waits or is under way, by line, class and state, and why: also what keeps all of a line waiting.

    That is a line or its links suspended, a line without links, or one that was removed.
    """
    import msgspec

    from payamak.cli.page import links_up
    from payamak.hands.explain import why_words

    now = now_ms()
    async with look_at_store(common) as store:
        found, site = await store.queue(), store.site
    up = await links_up(common.settings()) if found else {}
    rows = (
        (
            row.line,
            spoken(LANES[Lane(row.lane)]),
            spoken(STATES[row.state]),
            f"{row.count:,}",
            duration_text(now - row.oldest_accepted_at),
            worded("now", "اکنون")
            if row.next_due_at <= now
            else worded(f"in {duration_text(row.next_due_at - now)}", f"{duration_text(row.next_due_at - now)} دیگر"),
            why_words(row.line, row.state, row.reason, site, up),
        )
        for row in found
    )
    answer = [
        {**msgspec.to_builtins(row), "why": why_words(row.line, row.state, row.reason, site, up)} for row in found
    ]
    columns = ("line", "class", "state", "messages", "oldest", "next due", "why")
    made = fill(grid(*columns, right=("messages",), below="why"), rows)
    tell(
        common,
        answer,
        lambda console: console.print(made) if found else say(worded("Nothing waits.", "چیزی منتظر نیست.")),
    )
    return ExitCode.DONE


async def unmatched(*, limit: Limit = 50, common: Common = Common()) -> int:
    """List receipts that belong to no known message, newest first, with what was tried and why none will do.

    They are early ones whose answer has not come, or belong to messages that were removed or sent by another program.
    They are kept as long as any account keeps its messages. See docs/guide/receipts.md.
    """
    import msgspec

    from payamak.hands.explain import waiting_words

    async with look_at_store(common) as store:
        found = await store.unmatched(limit)
    columns = ("id", "received", "upstream", "link", "operator id", "line", "recipient", "stat", "err", "tried", "why")
    rows = (
        (
            r.id,
            instant_text(r.received_at),
            r.upstream,
            r.link,
            r.operator_id,
            r.line,
            r.recipient,
            r.stat,
            r.err,
            ", ".join(r.tried),
            r.why,
        )
        for r in found
    )
    made = fill(grid(*columns), rows)
    answer: list[dict[str, Any]] = [msgspec.to_builtins(r) for r in found]
    tell(
        common,
        answer,
        lambda console: console.print(made) if found else say(worded("No receipt is unmatched.", "رسید بی‌صاحبی نیست.")),
    )
    if not common.json:
        for why in sorted({r.why for r in found} - {""}):
            say(f"{why}: {spoken(waiting_words(why))}")
    return ExitCode.DONE
