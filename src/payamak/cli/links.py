"""`payamak link`: binds to operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from payamak.cli.bounds import MOST_ID, WHOLE
from payamak.cli.consent import Consent, agrees, undone
from payamak.cli.documents import Options, fields_help, given_fields, group, put
from payamak.cli.passwords import from_stdin
from payamak.cli.shell import (
    Acting,
    Common,
    ExitCode,
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
from payamak.language import worded

app = group(
    "link",
    "Binds to operators: address, login, window, pace, what their statuses mean.",
    ("name", "kind", "host", "port", "system_id", "password", "window", "is_suspended"),
)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class LinkOptions(Options):
    """The most used fields of a link."""

    host: Annotated[str | None, Parameter(help="The operator's address.")] = None
    port: Annotated[int | None, WHOLE, Parameter(help="The operator's port.")] = None
    system_id: Annotated[str | None, Parameter(help="The login's name.")] = None
    password: Annotated[str | None, Parameter(help="env:NAME, read from the environment when the link starts.")] = None
    window: Annotated[int | None, WHOLE, Parameter(help="Parts without an answer at a time.")] = None
    parts_per_second: Annotated[float | None, Parameter(help="The pace; 0 is without limit.")] = None


Stdin = Annotated[bool, Parameter(negative="", help="Read the password from standard input; it is kept in the store.")]


@app.command(help_epilogue=fields_help("link"))
async def add(
    name: str, options: LinkOptions = LinkOptions(), *, stdin: Stdin = False, common: Acting = Acting()
) -> int:
    """Add a link.

    Example: `payamak link add rahyab --host smpp.example.ir --port 2775 --system-id shop --password env:RAHYAB`
    """
    given = given_fields("link", options) | ({"password": from_stdin()} if stdin else {})
    return await put("link", name, common, given, is_new=True)


@app.command(help_epilogue=fields_help("link"))
async def change(
    name: str, options: LinkOptions = LinkOptions(), *, stdin: Stdin = False, common: Acting = Acting()
) -> int:
    """Change a link; it is bound anew.

    Example: `payamak link change rahyab --window 50 --set 'status_verdicts={"0x0427"=27}'`
    """
    given = given_fields("link", options) | ({"password": from_stdin()} if stdin else {})
    return await put("link", name, common, given, is_new=False)


@app.command
async def ids(*, common: Common = Common()) -> int:
    """Show what was learned of how each operator writes message ids, and how many of its receipts wait.

    `id_base` of a link overrules what was learned. See docs/guide/receipts.md.

    Example: `payamak link ids`
    """
    from payamak.hands.explain import conflicts_of, ids_words

    async with look_at_store(common) as store:
        reports, site = await store.id_reports(), store.site
    links: dict[str, list[str]] = {}
    for link in site.links.values():
        links.setdefault(site.upstream_of(link), []).append(f"{link.name} ({link.id_base.value})")
    rows = (
        (
            report.upstream,
            ", ".join(links.get(report.upstream, ())),
            ids_words(report),
            f"{sum(report.waiting.values()):,}",
            f"{conflicts_of(report):,}",
            worded(
                f"{report.removed:,} until {instant_text(report.removed_until)}",
                f"{report.removed:,} تا {instant_text(report.removed_until)}",
            )
            if report.removed
            else "",
        )
        for report in reports
    )
    columns = ("upstream", "links (id_base)", "ids in receipts", "receipts waiting", "in conflict", "removed for age")
    made = fill(grid(*columns, right=("receipts waiting", "in conflict"), below="ids in receipts"), rows)
    tell(
        common,
        reports,
        lambda console: (
            console.print(made) if reports else say(worded("Nothing was learned yet.", "هنوز چیزی آموخته نشده است."))
        ),
    )
    return ExitCode.DONE


@app.command(name="forget-ids")
async def forget_ids(upstream: str, *, consent: Consent = Consent(), common: Acting = Acting()) -> int:
    """Forget what was learned of an operator's ids, after you were asked; it is learned anew from the next receipts.

    Example: `payamak link forget-ids rahyab`

    Parameters
    ----------
    upstream
        The operator's name: a link's `upstream`, or the link's own name if it has none.
    """
    from payamak.hands import operators
    from payamak.hands.explain import ids_words

    async with open_store(common) as store:
        known = await operators.learned_of(store, upstream)
        if not agrees(
            consent,
            common,
            worded(
                f"What was learned of {upstream}'s ids will be forgotten: {ids_words(known)}.",
                f"آنچه از شناسه‌های {upstream} آموخته شده فراموش می‌شود: {ids_words(known).fa}.",
            ),
        ):
            return undone(consent, common, {"forgotten": None})
        await operators.forget_ids(store, known, common.by("link forget-ids"), now_ms())
    tell(
        common,
        {"forgotten": upstream},
        lambda _: say(
            worded(
                f"What was learned of {upstream}'s ids is forgotten.",
                f"آنچه از شناسه‌های {upstream} آموخته شده بود فراموش شد.",
            )
        ),
    )
    return ExitCode.DONE


@app.command
async def traffic(*, since: str = "1d", until: str | None = None, common: Common = Common()) -> int:
    """Count the parts that were sent, by line and upstream: taken, delivered, and sent a second time.

    It looks through the messages that are still there; what was charged for them is told by `payamak stats`.

    Copies are parts that went again because the answer to an earlier try was lost. Operators charge for them, customers
    do not pay for them (docs/promise.md, P3 and P5).

    Example: `payamak link traffic --since 7d`

    Parameters
    ----------
    since, until
        Of messages accepted then: `2h` (ago), `today`, `1405/09/05`.
    """
    now = now_ms()
    async with look_at_store(common) as store:
        found = await store.traffic(
            parse_instant(since, now), parse_instant(until, now) if until is not None else MOST_ID
        )
    columns = ("line", "upstream", "parts", "taken", "delivered", "copies", "copies a thousand")
    rows = (
        (
            row.line,
            row.upstream,
            *(f"{count:,}" for count in (row.parts, row.taken, row.delivered, row.copies)),
            f"{row.copies / row.parts * 1_000:.1f}",
        )
        for row in found
    )
    made = fill(grid(*columns, right=columns[2:]), rows)
    tell(
        common,
        found,
        lambda console: console.print(made) if found else say(worded("Nothing was sent.", "چیزی فرستاده نشده است.")),
    )
    return ExitCode.DONE
