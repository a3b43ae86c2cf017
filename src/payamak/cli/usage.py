"""`payamak stats`, `payamak account statement` and `ledger`: by the sums of days, whatever became of the messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from payamak.cli.shell import (
    Common,
    ExitCode,
    Failed,
    calendar,
    fill,
    grid,
    look_at_store,
    now_ms,
    parse_instant,
    say,
    tell,
)
from payamak.domain.instants import show_day
from payamak.domain.jalali import read_month, to_jalali
from payamak.domain.money import tax_of
from payamak.domain.usage import UNDATED, UsageBy, date_of, day_of, days_of_month
from payamak.language import Words, listening, sentence_of, spoken, worded
from payamak.texts.headings import heading
from payamak.texts.usage import FIRST_OPERATORS, LANGUAGES, POSTINGS

if TYPE_CHECKING:
    from payamak.domain.site import Site
    from payamak.hands.usage import Posting
    from payamak.hands.values import Statement, UsageSum
    from payamak.sheets.exports import Cell

Out = Annotated[
    Path | None, Parameter(help="Write the rows to a new file, by its name .csv or .xlsx, instead of showing them.")
]

Since = Annotated[str, Parameter(help="The first day: `30d` (ago), `today`, `1405/09/05`.")]
Until = Annotated[str | None, Parameter(help="The last day; without it today.")]

_ENDS: Final = ("delivered", "undeliverable", "rejected", "expired", "cancelled", "unknown", "untold")
_COUNTS: Final = ("messages", *_ENDS, "parts", "charged", "refunded")
_FIELDS: Final = {
    UsageBy.DAY: "day",
    UsageBy.ACCOUNT: "account_id",
    UsageBy.LINE: "line",
    UsageBy.LANGUAGE: "encoding",
    UsageBy.SOURCE: "source",
    UsageBy.CAMPAIGN: "campaign",
    UsageBy.OPERATOR: "first_operator",
}


async def stats(
    *,
    since: Since = "1d",
    until: Until = None,
    account: str | None = None,
    by: Annotated[tuple[UsageBy, ...], Parameter(negative="")] = (UsageBy.LINE,),
    out: Out = None,
    common: Common = Common(),
) -> int:
    """Count the messages that have ended, how, and what was charged: by whole days in Tehran, from sums.

    A message is counted on the day of its end, money on the day on which it moves; both stay when messages are removed.
    An operator is the first one of a number, by the numbering plan: numbers are carried to others. Parts by operator,
    and copies, are told by `payamak link traffic`.

    Example: `payamak stats --since 7d --by day --by line`

    Parameters
    ----------
    account
        Of one account.
    by
        What they are told apart by; repeat it.
    """
    from payamak.hands import usage

    days = _days(since, until)
    async with look_at_store(common) as store:
        found, whole_from = await usage.sums(store, days, by, account)
        site = store.site
    columns = (*(each.value for each in by), *_COUNTS)
    rows = [(*(_told(site, each, one) for each in by), *(getattr(one, name) for name in _COUNTS)) for one in found]
    if out is not None:
        return await _export(common, out, "stats", columns, rows)
    made = fill(grid(*columns, right=_COUNTS), ([_cell(cell) for cell in row] for row in rows))
    answer = {"sums": [_plain(one, by) for one in found], "whole_from": _date(whole_from) if whole_from else None}
    nothing = worded("Nothing has ended in this time.", "در این مدت چیزی پایان نیافته است.")
    tell(common, answer, lambda console: console.print(made) if found else say(nothing))
    _tell_whole(common, days, whole_from)
    return ExitCode.DONE


async def statement(
    name: str,
    *,
    month: str | None = None,
    tax_percent: Annotated[Decimal | None, Parameter(help="Say what so many percent of tax would be.")] = None,
    out: Out = None,
    common: Common = Common(),
) -> int:
    """Show an account's money in a Jalali month: what it had, was paid in, was charged by line and language, and has.

    By sums that stay when messages are removed. What is set aside for messages under way is still the account's. Tax is
    not in it.

    Example: `payamak account statement shop --month 1405/08 --out shop-1405-08.xlsx`

    Parameters
    ----------
    name
        Whose.
    month
        As `1405/08`; without it, this month as it stands.
    """
    from payamak.hands import usage

    if tax_percent is not None and not 0 <= tax_percent <= 100:
        raise Failed(worded("tax is 0 to 100 percent", "مالیات ۰ تا ۱۰۰ درصد است"), ExitCode.USAGE)
    year, number = _month(month)
    days = days_of_month(year, number)
    async with look_at_store(common) as store:
        found = await usage.statement(store, name, days)
    lines = usage.statement_lines(found)
    columns = ("day", "what", "line", "language", "parts", "rial", "balance", "note", "reference")
    rows = [_line_cells(each) for each in lines]
    if out is not None:
        return await _export(common, out, "statement", columns, rows)
    title = f"{name}, {year}/{number:02d}"
    made = fill(grid(*columns, right=("parts", "rial", "balance"), title=title), _shown(rows))
    tell(common, _plain_statement(name, found, lines, tax_percent), lambda console: console.print(made))
    if not common.json:
        _tell_tax(found, tax_percent)
        if day_of(now_ms()) in days:
            say(worded("The month is not over: so it stands now.", "ماه به پایان نرسیده: تا این لحظه چنین است."))
    _tell_whole(common, days, found.whole_from)
    return ExitCode.DONE


async def ledger(
    name: str, *, since: Since = "30d", until: Until = None, out: Out = None, common: Common = Common()
) -> int:
    """Show an account's money day by day: each payment, what a day charged and paid back, and what was left.

    By sums that stay when messages are removed; the entries of one message are shown by `payamak show`.

    Example: `payamak account ledger shop --since 1405/08/01`

    Parameters
    ----------
    name
        Whose.
    """
    from payamak.hands import usage

    days = _days(since, until)
    async with look_at_store(common) as store:
        found = await usage.statement(store, name, days)
    lines = usage.ledger_lines(found)
    columns = ("day", "what", "parts", "rial", "balance", "note", "reference")
    rows = [(day, what, *rest) for day, what, _, _, *rest in map(_line_cells, lines)]
    if out is not None:
        return await _export(common, out, "ledger", columns, rows)
    made = fill(grid(*columns, right=("parts", "rial", "balance")), _shown(rows))
    tell(common, _plain_statement(name, found, lines, None), lambda console: console.print(made))
    _tell_whole(common, days, found.whole_from)
    return ExitCode.DONE


# ------------------------------------------------------------------------------------------- days


def _days(since: str, until: str | None) -> range:
    now = now_ms()
    first, last = parse_instant(since, now), now if until is None else parse_instant(until, now)
    return range(day_of(first), day_of(last) + 1)


def _month(text: str | None) -> tuple[int, int]:
    if text is None:
        year, month, _ = to_jalali(date_of(day_of(now_ms())))
        return year, month
    try:
        return read_month(text)
    except ValueError as error:
        raise Failed(sentence_of(error), ExitCode.USAGE) from None


def _date(day: int) -> str:
    return date_of(day).isoformat()


def _day_text(day: int) -> str:
    return worded("not known", "نامعلوم") if day == UNDATED else show_day(date_of(day), calendar())


def _tell_whole(common: Common, days: range, whole_from: int) -> None:
    """Say how far back the sums are whole, where more was asked for."""
    if common.json or not whole_from > days[0]:
        return
    day = _day_text(whole_from)
    say(
        worded(
            f"Before {day} they know only what the store still had when the sums began: messages removed by then are "
            "counted in no day, their money in the opening balance.",
            f"پیش از {day} تنها آنچه هنگام آغاز این جمع‌ها هنوز در پایگاه بود دانسته است: پیام‌های حذف‌شده در هیچ روزی "
            "نیستند و پولشان در ماندهٔ آغاز است.",
        )
    )


# ------------------------------------------------------------------------------------------- cells


def _told(site: Site, by: UsageBy, one: UsageSum) -> Cell:
    """What a sum is told apart by, for people."""
    value = getattr(one, _FIELDS[by])
    match by:
        case UsageBy.DAY:
            return _day_text(value)
        case UsageBy.ACCOUNT:
            account = site.accounts_by_id.get(value)
            return account.username if account else f"#{value}"
        case UsageBy.LANGUAGE:
            return _word(LANGUAGES, value)
        case UsageBy.OPERATOR:
            return _word(FIRST_OPERATORS, value)
        case _:
            return str(value) if value else ""


def _word(words: dict[str, Words], value: str) -> str:
    return spoken(words[value]) if value in words else value


def _cell(cell: Cell | None) -> str:
    return f"{cell:,}" if isinstance(cell, int) else cell or ""


def _plain(one: UsageSum, by: Iterable[UsageBy]) -> dict[str, Any]:
    """A sum for machines: what it is told apart by, and its counts."""
    told = {_FIELDS[each]: getattr(one, _FIELDS[each]) for each in by}
    if (day := told.get("day")) is not None:
        told["day"] = _date(day) if day != UNDATED else None
    return {**told, **{name: getattr(one, name) for name in (*_COUNTS, "charged_parts", "refunded_parts")}}


def _line_cells(each: Posting) -> tuple[Any, ...]:
    return (
        "" if each.day is None else _day_text(each.day),
        _word(POSTINGS, each.kind.value),
        each.line,
        _word(LANGUAGES, each.encoding),
        "" if each.parts is None else each.parts,
        each.rial if each.kind.value not in ("opening", "closing") else "",
        each.balance,
        each.note,
        each.reference,
    )


def _shown(rows: Iterable[Sequence[Any]]) -> Iterable[list[str]]:
    return ([_cell(cell) for cell in row] for row in rows)


def _plain_statement(
    name: str, found: Statement, lines: Iterable[Posting], tax_percent: Decimal | None
) -> dict[str, Any]:
    import msgspec

    told = [{**msgspec.to_builtins(each), "day": None if each.day is None else _date(each.day)} for each in lines]
    tax = None if tax_percent is None else tax_of(found.charged - found.refunded, tax_percent)
    return {
        "account": name,
        "first_day": _date(found.first_day),
        "last_day": _date(found.last_day),
        "opening": found.opening,
        "paid_in": found.paid_in,
        "charged": found.charged,
        "refunded": found.refunded,
        "closing": found.closing,
        "tax": tax,
        "whole_from": _date(found.whole_from) if found.whole_from else None,
        "lines": told,
    }


def _tell_tax(found: Statement, percent: Decimal | None) -> None:
    if percent is None:
        say(worded("Tax is not in it.", "مالیات در آن نیست."))
        return
    net = found.charged - found.refunded
    tax = tax_of(net, percent)
    say(
        worded(
            f"Tax is not in it: {percent} percent of {net:,} rial would be {tax:,} rial.",
            f"مالیات در آن نیست: {percent} درصدِ {net:,} ریال می‌شود {tax:,} ریال.",
        )
    )


# ------------------------------------------------------------------------------------------- files


async def _export(common: Common, file: Path, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    async def as_they_are() -> AsyncIterator[Sequence[Cell]]:
        for row in rows:
            yield row

    return await write_out(common, file, title, columns, as_they_are())


async def write_out(
    common: Common, file: Path, title: str, columns: Sequence[str], rows: AsyncIterator[Sequence[Cell]]
) -> int:
    """Rows as a file for spreadsheets, and a word of it. Raises Failed."""
    from payamak.language import Language
    from payamak.sheets.exports import NotWritten, Sheeting, export

    heads = tuple(heading(name) for name in columns)
    sheeting = Sheeting(columns=heads, title=heading(title), from_right=listening() is Language.PERSIAN)
    try:
        count = await export(file, sheeting, rows)
    except NotWritten as error:
        raise Failed(sentence_of(error), ExitCode.USAGE) from error
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}", ExitCode.PROBLEM) from error
    tell(
        common,
        {"file": str(file), "rows": count},
        lambda _: say(worded(f"{file}: {count:,} rows", f"{file}: {count:,} سطر")),
    )
    return ExitCode.DONE
