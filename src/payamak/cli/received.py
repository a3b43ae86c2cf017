"""`payamak received`: what handsets sent, and what became of it on its way to the customer's URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from payamak.cli.bounds import MOST_ID, Limit, bounded
from payamak.cli.consent import Consent, agrees, undone
from payamak.cli.shell import (
    Acting,
    Common,
    ExitCode,
    Failed,
    counted,
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
from payamak.domain.instants import duration_text
from payamak.domain.mo import Received
from payamak.domain.numbers import parse_recipient
from payamak.domain.posting import PostState
from payamak.language import spoken, worded
from payamak.texts.posts import POSTS

if TYPE_CHECKING:
    from payamak.domain.site import Site
    from payamak.hands.values import ReceivedSearch

app = App(name="received", help="Messages from handsets, and their posts to customers.", help_format="markdown")

LineOption = Annotated[str | None, Parameter(name="--line", help="Of this line, in either spelling.")]
SinceOption = Annotated[str | None, Parameter(help="Received after: `2h` (ago), `today`, `1405/09/05`.")]


@app.command(name="list")
async def show_list(
    *,
    line: LineOption = None,
    sender: Annotated[str | None, Parameter(help="From this number, in any spelling.")] = None,
    relay: Annotated[PostState | None, Parameter(help="Where its post stands.")] = None,
    since: SinceOption = None,
    foreign: Annotated[
        bool, Parameter(negative="", help="Only those of a link that did not count for their line.")
    ] = False,
    limit: Limit = 50,
    before: Annotated[
        int | None, bounded(1, MOST_ID), Parameter(help="Go on below this id, for the next page.")
    ] = None,
    text: Annotated[bool, Parameter(negative="", help="Show the texts too.")] = False,
    common: Common = Common(),
) -> int:
    """List messages from handsets, newest first.

    Example: `payamak received list --relay dead --since 7d`
    """
    from msgspec.structs import replace

    async with look_at_store(common) as store:
        if sender is not None:  # as the upstream has written it (contract §5)
            sender = parse_recipient(sender, common.settings().recipient_prefixes) or sender
        wanted = _search(store.site, line, sender, relay, since)
        found = await store.search_received(replace(wanted, before_id=before, limit=limit, is_foreign=foreign))
    now = now_ms()
    columns = [
        "id",
        "received",
        "line",
        "sender",
        "whole",
        "counts",
        "read",
        "relay",
        "keyword",
        "tries",
        "next",
        "note",
    ]
    rows = ([*_row(one, now), *([one.text] if text else [])] for one in found)
    made = fill(grid(*columns, *(["text"] if text else []), right=("id", "tries")), rows)
    answer = {
        "received": [_plain(one, text=text) for one in found],
        "before": found[-1].id if found and len(found) == limit else None,
    }
    tell(
        common,
        answer,
        lambda console: (
            console.print(made) if found else say(worded("No such message came.", "چنین پیامی نیامده است."))
        ),
    )
    if answer["before"] is not None and not common.json:
        say(worded(f"more: --before {answer['before']}", f"بقیه: --before {answer['before']}"))
    return ExitCode.DONE


@app.command
async def replay(
    ids: Annotated[tuple[int, ...], bounded(1, MOST_ID), Parameter(name="ID", negative="")] = (),
    /,
    *,
    line: LineOption = None,
    since: SinceOption = None,
    foreign: Annotated[
        bool, Parameter(negative="", help="With --line: those that did not count, and whose link counts now.")
    ] = False,
    consent: Consent = Consent(),
    common: Acting = Acting(),
) -> int:
    """Post messages once more: those named, or, of a line, those that were given up, after you were told how many.

    They get the same Webhook-Id as before, and three days of tries. What still waits is left as it is. What did not
    count for its line counts from then on if its link does now.

    Example: `payamak received replay --line 9830003300 --since 7d`
    """
    if bool(ids) is (line is not None):
        raise Failed(
            worded(
                "say which: IDs, or --line NUMBER for all that were given up",
                "بگویید کدام: شناسه‌ها، یا --line NUMBER برای همهٔ آنچه رها شد",
            ),
            ExitCode.USAGE,
        )
    if ids and (since is not None or foreign):
        raise Failed(
            worded("--since and --foreign go with --line", "--since و --foreign با --line می‌آیند"), ExitCode.USAGE
        )
    from msgspec.structs import replace

    from payamak.hands import posts

    by = common.by("received replay")
    async with open_store(common) as store:
        if ids:
            count = await posts.replay_received(store, ids, None, by, now_ms())
        else:
            wanted = _search(store.site, line, None, None if foreign else PostState.DEAD, since)
            found = await posts.received_ids(store, replace(wanted, is_foreign=foreign))
            which = (
                worded("that did not count", "که به حساب نیامده")
                if foreign
                else worded("given up so far", "که تا کنون رها شده")
            )
            promise = worded(
                f"{counted(len(found), 'message')} of line {line}, {which}, will be posted again.",
                f"{len(found):,} پیام خط {line}، {which}، دوباره فرستاده می‌شود.",
            )
            if found and not agrees(consent, common, promise):
                return undone(consent, common, {"promised": len(found), "replayed": 0})
            count = await posts.replay_received(store, found, wanted.line, by, now_ms())
    tell(
        common,
        {"replayed": count},
        lambda _: say(worded(f"posted again: {counted(count, 'message')}", f"دوباره فرستاده شد: {count:,} پیام")),
    )
    return ExitCode.DONE if count or not ids else ExitCode.PROBLEM


def _search(
    site: Site, line: str | None, sender: str | None, relay: PostState | None, since: str | None
) -> ReceivedSearch:
    from payamak.hands.values import ReceivedSearch

    registered = site.line(line) if line is not None else None
    return ReceivedSearch(
        line=registered.number if registered else line,
        sender=sender,
        relay=relay,
        since_at=None if since is None else parse_instant(since, now_ms()),
    )


def _row(received: Received, now: int) -> list[object]:
    waits_ms = None if received.next_at is None else received.next_at - now
    return [
        received.id,
        instant_text(received.received_at),
        received.line,
        received.sender,
        worded("yes", "بله") if received.is_complete else worded("no", "نه"),
        worded(f"no, by {received.link}", f"نه، از {received.link}") if received.is_foreign else worded("yes", "بله"),
        instant_text(received.read_at),
        spoken(POSTS[received.relay]),
        received.keyword,
        received.tries,
        ""
        if waits_ms is None
        else worded("now", "اکنون")
        if waits_ms <= 0
        else worded(f"in {duration_text(waits_ms)}", f"{duration_text(waits_ms)} دیگر"),
        worded(f"{received.note}; answered by {received.reply_id}", f"{received.note}؛ پاسخ: {received.reply_id}")
        if received.reply_id
        else received.note,
    ]


def _plain(received: Received, *, text: bool) -> dict[str, Any]:
    import msgspec

    made: dict[str, Any] = msgspec.to_builtins(received)
    if not text:
        del made["text"]
    return made
