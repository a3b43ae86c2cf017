"""`payamak campaign`: send to the people of a file: check it, start, pause, resume, cancel, prove."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TextIO

from cyclopts import App, Parameter

from payamak.cli.bounds import MOST_ID, Limit, TemplateNumber, bounded
from payamak.cli.consent import Consent, agrees, undone
from payamak.cli.shell import (
    Acting,
    Common,
    ExitCode,
    Failed,
    clock_of,
    complain,
    fill,
    grid,
    instant_text,
    look_at_store,
    now_ms,
    open_store,
    parse_instant,
    say,
    tell,
)
from payamak.language import sentence_of, spoken, worded
from payamak.texts.campaigns import CAMPAIGN_STATES, PAUSES, ROW_BARS, ROW_OUTCOMES

if TYPE_CHECKING:
    from payamak.domain.campaigns import Campaign
    from payamak.domain.forecast import Forecast
    from payamak.hands.campaigns import FileRow
    from payamak.hands.values import Store
    from payamak.sheets.sheet import Sheet

app = App(
    name="campaign",
    help="Send to the people of a file. Each row becomes one message at most, whatever dies; `prove` shows it. "
    "`new` reads a file, `check` says what would go and at which price, `start` holds that sum and begins; a running "
    "`payamak serve` sends.",
    help_format="markdown",
)

Number = Annotated[int, bounded(1, MOST_ID), Parameter(name="ID")]


@app.command
async def new(
    file: Path,
    /,
    *,
    account: str,
    text: str | None = None,
    line: str | None = None,
    line2: str | None = None,
    template: TemplateNumber | None = None,
    name: str | None = None,
    number: str | None = None,
    pace: Annotated[int | None, bounded(1, 1_000_000)] = None,
    validity: Annotated[int, bounded(1, 10_080)] = 1_440,
    guard: Annotated[float, bounded(0, 1)] = 0.5,
    common: Acting = Acting(),
) -> int:
    """Read a file into a draft, and check it. Nothing is sent, and no money is held.

    Example: `payamak campaign new customers.xlsx --account shop --text '{name} عزیز، نوروز مبارک'`

    Parameters
    ----------
    file
        csv, tsv or txt, or a workbook (xlsx, xls, ods); its first row names its columns.
    account
        In whose name it is sent.
    text
        The text, with names of columns in braces; without it the column `message` has it.
    line
        The sender number; without it the account's default line.
    line2
        Where a message goes if its recipient refuses the line.
    template
        The number of the service line's text.
    name
        What it is called; without it the file's name.
    number
        The column with the numbers, where its name does not say so.
    pace
        Messages a minute at most.
    validity
        Minutes for which a message is worth sending once it is made.
    guard
        The share of failed messages at which it pauses by itself; 1 is never.
    """
    # size: mostly what each parameter means
    from payamak.domain.campaigns import Campaign
    from payamak.hands import campaigns
    from payamak.hands.site import account_of

    async with open_store(common) as store:
        owner = account_of(store.site, account)
        sheet, filled = _read(file, text, number)
        with closing(sheet):
            draft = Campaign(
                account_id=owner.id,
                name=name or file.name,
                text=filled,
                columns=_json(sheet.columns),
                ways=tuple(filter(None, (line, line2))),
                template=template,
                pace_per_minute=pace,
                validity_ms=validity * 60_000,
                guard_share=guard,
                digest=_digest(file),
                created_by=common.by("campaign new").who,
                created_at=now_ms(),
            )
            campaign = await campaigns.create(store, draft, _rows(sheet), common.by("campaign new"), now_ms())
            if sheet.zeros and not common.json:
                say(
                    worded(
                        f"{sheet.zeros:,} numbers had lost their first zero: it was put back",
                        f"{sheet.zeros:,} شماره صفر اولش را از دست داده بود: بازگردانده شد",
                    )
                )
        return await _check(store, campaign, common, None)


def _read(file: Path, text: str | None, number: str | None) -> tuple[Sheet, str]:
    """The rows of a file, and the text with the names of its columns as they are written there. Raises Failed."""
    from payamak.domain.campaign_rows import names_in
    from payamak.sheets.fault import BadSheet
    from payamak.sheets.sheet import Asked, read_sheet

    wanted = "{message}" if text is None else text
    names = names_in(wanted)
    try:
        sheet = read_sheet(file, Asked(fields=tuple(names), number=number))
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}", ExitCode.USAGE) from error
    except BadSheet as error:
        where = worded(f"{file}, line {error.line}", f"{file}، سطر {error.line}") if error.line else f"{file}"
        raise Failed(f"{where}: {sentence_of(error)}", ExitCode.USAGE) from error
    for each in names:
        place = sheet.place_of(each)
        assert place is not None
        wanted = wanted.replace(f"{{{each}}}", f"{{{sheet.columns[place]}}}")
    return sheet, wanted


def _rows(sheet: Sheet) -> Iterator[FileRow]:
    from payamak.hands.campaigns import FileRow

    place = sheet.number or 0
    return (FileRow(row.line, row.texts[place], row.texts) for row in sheet.rows())


def _json(columns: tuple[str, ...]) -> str:
    from payamak.domain.campaign_rows import fields_of

    return fields_of(columns)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "blake2b").hexdigest()[:32]


@app.command
async def check(
    campaign_id: Number,
    /,
    *,
    out: Annotated[Path | None, Parameter(help="Write the rows that are left out, with their reasons, as CSV.")] = None,
    common: Acting = Acting(),
) -> int:
    """Look at every row again: what would go, what is left out and why, what it costs. Nothing is sent.

    Example: `payamak campaign check 7 --out left-out.csv`
    """
    from payamak.hands import campaigns

    async with open_store(common) as store:
        return await _check(store, await campaigns.find(store, campaign_id), common, out)


async def _check(store: Store, campaign: Campaign, common: Common, out: Path | None) -> int:
    from payamak.front.forecasting import foresee

    checked = await _checked(store, campaign, common)
    if out is not None:
        await _write_left_out(store, checked, out)
    bars = await store.row_bars(checked.id)
    now = now_ms()
    same = await store.campaigns_of_digest(checked, now - 86_400_000)
    foreseen, is_exact = await foresee(store, checked, now, common.settings().recipient_prefixes)
    answer = {**_plain(checked), "left_out": bars, "same_file_today": same}
    answer |= {"forecast": foreseen, "forecast_is_exact": is_exact}
    lines = [*_check_lines(checked, bars, same), *([] if foreseen is None else _forecast_lines(foreseen, is_exact))]
    tell(common, answer, lambda _: say(*lines))
    return ExitCode.DONE if checked.pending else ExitCode.PROBLEM


async def _checked(store: Store, campaign: Campaign, common: Common) -> Campaign:
    from payamak.errors import Refused
    from payamak.front.checking import check as check_rows
    from payamak.hands.refusals import told

    prefixes = common.settings().recipient_prefixes
    try:
        with told():
            return await check_rows(store, campaign.id, now_ms(), prefixes)
    except Refused as refused:
        raise Failed(worded(refused.code.english, refused.code.persian)) from refused


def _forecast_lines(foreseen: Forecast, is_exact: bool) -> list[str]:
    """When it would be through if it began now."""
    first, last = instant_text(foreseen.first_at), instant_text(foreseen.last_at)
    said = worded(
        f"begun now: the first at {first}, the last at {last}", f"اگر اکنون آغاز شود: نخستین {first}، آخرین {last}"
    )
    if not is_exact:
        said += worded(
            " at the earliest, for others wait on the line", " در زودترین حالت، چون پیام‌های دیگری هم منتظر خط‌اند"
        )
    days = [f"  {count:,}: {day}" for day, count in foreseen.days] if len(foreseen.days) > 1 else []
    return [said, *days]


def _check_lines(campaign: Campaign, bars: dict[str, int], same: list[int]) -> list[str]:
    lines = [
        worded(
            f"campaign {campaign.id}: {campaign.rows:,} rows, {campaign.pending:,} would go, {campaign.excluded:,} are"
            " left out",
            f"ارسال گروهی {campaign.id}: {campaign.rows:,} سطر، {campaign.pending:,} آماده، {campaign.excluded:,} "
            "کنار گذاشته",
        ),
        *(f"  {count:,}: {_bar(name)}" for name, count in sorted(bars.items())),
        worded(
            f"at most {campaign.most_rial:,} rial, likely {campaign.likely_rial:,}",
            f"حداکثر {campaign.most_rial:,} ریال، احتمالاً {campaign.likely_rial:,} ریال",
        ),
    ]
    if same:
        told = ", ".join(map(str, same))
        lines.append(
            worded(
                f"the same file was started within a day, as campaign {told}",
                f"همین فایل در یک روز گذشته آغاز شده است: ارسال گروهی {told}",
            )
        )
    return lines


def _bar(name: str) -> str:
    """Why rows are left out or refused, as the store counts them."""
    from payamak.codes import Code
    from payamak.domain.campaign_rows import RowBar

    _, why, code = name.split(":")
    said = spoken(ROW_BARS[RowBar(why)])
    if not code:
        return said
    meant = Code(int(code))
    return f"{said} ({code}: {worded(meant.english, meant.persian)})"


async def _write_left_out(store: Store, campaign: Campaign, out: Path) -> None:
    import csv

    from payamak.domain.campaign_rows import RowOutcome
    from payamak.sheets.harmless import cell_of_words

    with _new_file(out) as opened:
        writer = csv.writer(opened)
        writer.writerow(("row", "mobile", "why"))
        after_n = 0
        while rows := await store.campaign_rows(campaign.id, after_n, 1_000, RowOutcome.EXCLUDED):
            for row in rows:
                why = _bar(f":{row.why}:{'' if row.code is None else row.code}")
                writer.writerow((row.n, cell_of_words(row.recipient), why))
            after_n = rows[-1].n


def _new_file(out: Path) -> TextIO:
    """It holds numbers: for its owner alone. Raises Failed."""
    try:
        return open(out, "x", encoding="utf-8-sig", newline="", opener=lambda path, flags: os.open(path, flags, 0o600))
    except FileExistsError as error:
        raise Failed(worded(f"{out} exists: name another", f"{out} هست: نام دیگری بدهید"), ExitCode.USAGE) from error


@app.command
async def start(
    campaign_id: Number,
    /,
    *,
    at: Annotated[
        str | None, Parameter(help="When: `2026-11-26T18:00`, `1405/09/05 18:00`; without it at once.")
    ] = None,
    consent: Consent = Consent(),
    common: Acting = Acting(),
) -> int:
    """Hold what it costs at most, and begin to send. You are shown the sum and asked.

    What is not needed of that sum comes back. Two starts are one; one of another sum than you saw is refused.

    Example: `payamak campaign start 7 --at '1405/09/05 18:00'`
    """
    from payamak.domain.campaigns import CampaignState
    from payamak.hands import campaigns

    async with open_store(common) as store:
        seen = await campaigns.find(store, campaign_id)
        if seen.state is CampaignState.READY and seen.checked_version != store.site.version:
            seen = await _checked(store, seen, common)
        if seen.state is CampaignState.READY and not agrees(consent, common, await _promise(store, seen)):
            return undone(consent, common, _plain(seen))
        now = (await clock_of(store)).now()
        send_at = None if at is None else parse_instant(at, now)
        after, was_us = await campaigns.start(store, seen, common.by("campaign start"), now, send_at=send_at)
    said = (
        worded(f"campaign {after.id} is started", f"ارسال گروهی {after.id} آغاز شد")
        if was_us
        else worded(f"campaign {after.id} had been started already", f"ارسال گروهی {after.id} پیش‌تر آغاز شده بود")
    )
    tell(common, {**_plain(after), "was_started_before": not was_us}, lambda _: say(said))
    return ExitCode.DONE


async def _promise(store: Store, seen: Campaign) -> str:
    left = await store.available(seen.account_id) - seen.most_rial
    return worded(
        f"{seen.pending:,} messages of {seen.rows:,} rows will be sent, for at most {seen.most_rial:,} rial (likely "
        f"{seen.likely_rial:,}); the account has {left:,} rial left then.",
        f"{seen.pending:,} پیام از {seen.rows:,} سطر فرستاده می‌شود، حداکثر {seen.most_rial:,} ریال (احتمالاً "
        f"{seen.likely_rial:,})؛ آنگاه {left:,} ریال در حساب می‌ماند.",
    )


@app.command
async def pause(campaign_id: Number, /, *, common: Acting = Acting()) -> int:
    """Stop it: no further row is sent, and what waits is stopped. What is on the wire goes its way.

    Example: `payamak campaign pause 7`
    """
    from payamak.hands import campaigns

    async with open_store(common) as store:
        seen = await campaigns.find(store, campaign_id)
        after = await campaigns.pause(store, seen, common.by("campaign pause"), now_ms())
    return _told(common, after)


@app.command
async def resume(campaign_id: Number, /, *, common: Acting = Acting()) -> int:
    """Let it go on, in the order of its rows; none is sent twice.

    Example: `payamak campaign resume 7`
    """
    from payamak.hands import campaigns

    async with open_store(common) as store:
        seen = await campaigns.find(store, campaign_id)
        after = await campaigns.resume(store, seen, common.by("campaign resume"), now_ms())
    return _told(common, after)


@app.command
async def cancel(campaign_id: Number, /, *, consent: Consent = Consent(), common: Acting = Acting()) -> int:
    """End it: rows that were not sent are left out, messages that wait are taken back, their money comes back.

    What is on the wire or further goes its way. You are asked.

    Example: `payamak campaign cancel 7`
    """
    from payamak.hands import campaigns

    async with open_store(common) as store:
        seen = await campaigns.find(store, campaign_id)
        promise = worded(
            f"campaign {seen.id} ends: {seen.pending:,} rows are left out, and what waits of {seen.made:,} messages is "
            "taken back.",
            f"ارسال گروهی {seen.id} تمام می‌شود: {seen.pending:,} سطر کنار گذاشته و آنچه از {seen.made:,} پیام منتظر "
            "است پس گرفته می‌شود.",
        )
        if not agrees(consent, common, promise):
            return undone(consent, common, _plain(seen))
        after, back = await campaigns.cancel(store, seen, common.by("campaign cancel"), now_ms())
    sent = after.made - back
    said = worded(
        f"campaign {after.id} is cancelled: {back:,} messages taken back, {sent:,} had left or ended",
        f"ارسال گروهی {after.id} پس گرفته شد: {back:,} پیام پس گرفته شد و {sent:,} پیام رفته یا تمام شده بود",
    )
    tell(common, {**_plain(after), "taken_back": back, "gone": sent}, lambda _: say(said))
    return ExitCode.DONE


def _told(common: Common, campaign: Campaign) -> int:
    said = worded(
        f"campaign {campaign.id} is {campaign.state}",
        f"ارسال گروهی {campaign.id}: {spoken(CAMPAIGN_STATES[campaign.state])}",
    )
    tell(common, _plain(campaign), lambda _: say(said))
    return ExitCode.DONE


@app.command(name="list")
async def show_list(
    *,
    account: Annotated[str | None, Parameter(help="Of this account.")] = None,
    limit: Limit = 50,
    before: Annotated[
        int | None, bounded(1, MOST_ID), Parameter(help="Go on below this number, for the next page.")
    ] = None,
    common: Common = Common(),
) -> int:
    """List campaigns, the newest first.

    Example: `payamak campaign list --account shop`
    """
    from payamak.hands.site import account_of

    async with look_at_store(common) as store:
        site = store.site
        wanted = None if account is None else account_of(site, account).id
        found = await store.campaigns(wanted, before, limit)
    names = {number: each.username for number, each in site.accounts_by_id.items()}
    columns = ("id", "account", "name", "state", "rows", "made", "final", "failed", "held", "started", "by")
    rows = (
        (
            *(c.id, names.get(c.account_id, f"#{c.account_id}"), c.name, CAMPAIGN_STATES[c.state]),
            *(f"{count:,}" for count in (c.rows, c.made, c.final, c.failed, c.held_rial)),
            *(instant_text(c.started_at), c.created_by),
        )
        for c in found
    )
    made = fill(grid(*columns, right=("id", "rows", "made", "final", "failed", "held")), rows)
    following = found[-1].id if len(found) == limit else None
    answer = {"campaigns": [_plain(each) for each in found], "before": following}
    nothing = worded("There is no campaign.", "ارسال گروهی نیست.")
    tell(common, answer, lambda console: console.print(made) if found else say(nothing))
    if following is not None and not common.json:
        say(worded(f"more: --before {following}", f"بقیه: --before {following}"))
    return ExitCode.DONE


@app.command
async def show(campaign_id: Number, /, *, common: Common = Common()) -> int:
    """How far it is: rows by what became of them, money, and why it stands still if it does.

    Example: `payamak campaign show 7`
    """
    from payamak.hands import campaigns

    async with look_at_store(common) as store:
        campaign = await campaigns.find(store, campaign_id)
        bars = await store.row_bars(campaign_id)
    tell(common, {**_plain(campaign), "left_out": bars}, lambda _: say(*_show_lines(campaign, bars)))
    return ExitCode.DONE


def _show_lines(c: Campaign, bars: dict[str, int]) -> list[str]:
    lines = [
        worded(
            f"campaign {c.id} ({c.name}) is {c.state}",
            f"ارسال گروهی {c.id} ({c.name}): {spoken(CAMPAIGN_STATES[c.state])}",
        ),
        worded(
            f"rows: {c.rows:,}; pending {c.pending:,}, made {c.made:,}, left out {c.excluded:,}, refused {c.refused:,}",
            f"سطرها: {c.rows:,}؛ منتظر {c.pending:,}، ساخته {c.made:,}، کنارگذاشته {c.excluded:,}، رد {c.refused:,}",
        ),
        worded(
            f"messages that are final: {c.final:,}, failed of these: {c.failed:,}",
            f"پیام‌های به‌پایان‌رسیده: {c.final:,}، ناموفق از آن‌ها: {c.failed:,}",
        ),
        worded(
            f"at most {c.most_rial:,} rial, likely {c.likely_rial:,}; held now: {c.held_rial:,}",
            f"حداکثر {c.most_rial:,} ریال، احتمالاً {c.likely_rial:,}؛ نگه‌داشته: {c.held_rial:,}",
        ),
        *(f"  {count:,}: {_bar(name)}" for name, count in sorted(bars.items())),
    ]
    if c.reason is not None:
        lines.append(spoken(PAUSES[c.reason]))
    return lines


@app.command
async def prove(campaign_id: Number, /, *, common: Common = Common()) -> int:
    """Count it row by row: row, message, attempts, receipts, rial; no row twice, none lost, the sums of the ledger.

    Exit code 1 if anything does not agree. It looks through all of the campaign's rows.

    Example: `payamak campaign prove 7`
    """
    async with look_at_store(common) as store:
        try:
            proof = await store.prove_campaign(campaign_id)
        except LookupError as error:
            raise Failed(worded(str(error), f"ارسال گروهی {campaign_id} نیست")) from error
    outcomes = {str(outcome): words for outcome, words in ROW_OUTCOMES.items()}
    rows = ", ".join(f"{count:,} {spoken(outcomes[name])}" for name, count in proof.rows.items())
    lines = [
        worded(
            f"rows: {rows}; twice: {proof.twice:,}, lost: {proof.lost:,}",
            f"سطرها: {rows}؛ دوباره: {proof.twice:,}، گم: {proof.lost:,}",
        ),
        worded(
            f"attempts at parts: {proof.attempts:,}, taken: {proof.taken:,}, receipts: {proof.receipts:,}, copies: "
            f"{proof.copies:,}; messages removed with their age: {proof.removed:,}",
            f"تلاش برای بخش‌ها: {proof.attempts:,}، گرفته‌شده: {proof.taken:,}، رسید: {proof.receipts:,}، نسخه: "
            f"{proof.copies:,}؛ پیام‌های حذف‌شده با گذشت زمان: {proof.removed:,}",
        ),
        worded(
            f"held {proof.held:,} rial = charged {proof.charged:,} + came back {proof.released:,} + set aside "
            f"{proof.reserved:,}",
            f"نگه‌داشته {proof.held:,} ریال = برداشت {proof.charged:,} + بازگشته {proof.released:,} + کنارگذاشته "
            f"{proof.reserved:,}",
        ),
    ]
    tell(common, proof, lambda _: say(*lines))
    for fault in proof.faults if not common.json else ():
        complain(fault)
    return ExitCode.PROBLEM if proof.faults else ExitCode.DONE


@app.command
async def report(campaign_id: Number, /, *, common: Common = Common()) -> int:
    """Tell how its messages ended and what they cost, by line and language; from sums, which outlive the messages.

    Example: `payamak campaign report 7`
    """
    from payamak.domain.usage import UsageBy, day_of
    from payamak.hands import campaigns
    from payamak.hands.values import UsageSearch

    async with look_at_store(common) as store:
        campaign = await campaigns.find(store, campaign_id)
        wanted = UsageSearch(
            first_day=day_of(campaign.created_at),
            last_day=day_of(now_ms()) + 1,
            account_id=campaign.account_id,
            campaign=campaign_id,
            by=(UsageBy.LINE, UsageBy.LANGUAGE),
        )
        sums = await store.usage(wanted)
    columns = ("line", "encoding", "messages", "delivered", "undeliverable", "rejected", "expired", "cancelled")
    money = ("unknown", "charged", "refunded")
    rows = (
        (
            *(each.line, each.encoding),
            *(f"{count:,}" for count in (each.messages, each.delivered, each.undeliverable, each.rejected)),
            *(f"{count:,}" for count in (each.expired, each.cancelled, each.unknown, each.charged, each.refunded)),
        )
        for each in sums
    )
    made = fill(grid(*columns, *money, right=(*columns[2:], *money)), rows)
    nothing = worded("None of its messages has ended yet.", "هنوز هیچ پیامی از آن به پایان نرسیده است.")
    tell(
        common,
        {**_plain(campaign), "sums": sums},
        lambda console: console.print(made) if sums else say(nothing),
    )
    return ExitCode.DONE


@app.command
async def again(
    campaign_id: Number,
    /,
    *,
    of: Annotated[Literal["all", "reached", "not-reached"], Parameter(help="Which of its rows.")] = "not-reached",
    common: Acting = Acting(),
) -> int:
    """Make a draft for the people of a campaign, those whom it did not reach, those whom it did, or all; and check it.

    Example: `payamak campaign again 7 --of not-reached`
    """
    from payamak.hands import campaigns

    async with open_store(common) as store:
        before = await campaigns.find(store, campaign_id)
        by = common.by("campaign again")
        campaign = await campaigns.again(store, before, campaigns.Audience(of), by, now_ms())
        return await _check(store, campaign, common, None)


def _plain(campaign: Campaign) -> dict[str, Any]:
    """A campaign for machines; its text stays out, as in `show`."""
    import msgspec

    told = msgspec.to_builtins(campaign)
    return {name: value for name, value in told.items() if name not in ("text", "tariffs", "digest", "owner")}
