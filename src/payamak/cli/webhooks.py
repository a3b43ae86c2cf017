"""`payamak webhook`: what customers were told of their messages' states, what did not arrive, and a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from payamak.cli.bounds import Limit
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
from payamak.domain.posting import PostState
from payamak.domain.webhooks import Notice, parse_event_id
from payamak.language import spoken, worded
from payamak.texts.posts import POSTS
from payamak.texts.reasons import REASON_NAMES, STATES

if TYPE_CHECKING:
    from payamak.domain.site import Site
    from payamak.posts.post import Post, Posted

app = App(
    name="webhook",
    help="What customers are told of their messages' states, and what did not arrive. "
    "An account gets a webhook by `payamak account change NAME --webhook-url … --webhook-secret env:…`.",
    help_format="markdown",
)


@app.command(name="list")
async def show_list(
    *,
    account: Annotated[str | None, Parameter(help="Of this account.")] = None,
    state: Annotated[PostState | None, Parameter(help="Where the post stands; `dead` is what was given up.")] = None,
    limit: Limit = 50,
    before: Annotated[str | None, Parameter(help="Go on below this event, for the next page.")] = None,
    common: Common = Common(),
) -> int:
    """List events, newest message first: what was told, and what came of the post.

    Example: `payamak webhook list --account shop --state dead`
    """
    from payamak.domain.webhooks import NoticeSearch
    from payamak.hands.site import account_of

    async with look_at_store(common) as store:
        site = store.site
        wanted = NoticeSearch(
            account_id=None if account is None else account_of(site, account).id,
            post=state,
            before=None if before is None else _event(before),
            limit=limit,
        )
        found = await store.search_notices(wanted)
    made = table_of(found, site, now_ms())
    following = found[-1].id if found and len(found) == limit else None
    answer = {"events": [plain(one, site) for one in found], "before": following}
    tell(
        common,
        answer,
        lambda console: console.print(made) if found else say(worded("No such event is here.", "چنین رویدادی نیست.")),
    )
    if following is not None and not common.json:
        say(worded(f"more: --before {following}", f"بقیه: --before {following}"))
    return ExitCode.DONE


@app.command
async def replay(
    events: Annotated[tuple[str, ...], Parameter(name="EVENT", negative="")] = (),
    /,
    *,
    account: Annotated[str | None, Parameter(help="All that was given up of this account.")] = None,
    since: Annotated[str | None, Parameter(help="Of changes after: `2h` (ago), `today`, `1405/09/05`.")] = None,
    done: Annotated[bool, Parameter(negative="", help="Those too that have arrived: the customer lost them.")] = False,
    waiting: Annotated[
        bool, Parameter(negative="", help="Also end the pauses of what waits: the target is well again.")
    ] = False,
    consent: Consent = Consent(),
    common: Acting = Acting(),
) -> int:
    """Post events once more: those named, or those of an account that were given up, after you were told how many.

    They get the same `webhook-id` and the same body as before, and three days of tries; a target that said 410 is
    tried again. What still waits for the end of a pause waits on, unless --waiting.

    Example: `payamak webhook replay evt-3403-2`, `payamak webhook replay --account shop --since 7d --waiting`
    """
    if bool(events) is (account is not None):
        raise Failed(
            worded(
                "say which: EVENTs, or --account NAME for all that were given up",
                "بگویید کدام: رویدادها، یا --account NAME برای همهٔ آنچه رها شد",
            ),
            ExitCode.USAGE,
        )
    if events and (since is not None or done or waiting):
        raise Failed(
            worded(
                "--since, --done and --waiting go with --account", "--since و --done و --waiting با --account می‌آیند"
            ),
            ExitCode.USAGE,
        )
    from payamak.hands import posts

    wanted = posts.Events(ids=tuple(_event(event) for event in events))
    since_at = 0 if since is None else parse_instant(since, now_ms())
    by = common.by("webhook replay")
    async with open_store(common) as store:
        if account is not None:
            wanted = await posts.events_of(store, account, since_at, done=done, waiting=waiting)
            ids, paused = wanted.ids, wanted.paused
            promise = _promise_of(account, len(ids), paused if waiting else None)
            if (ids or paused) and not agrees(consent, common, promise):
                return undone(consent, common, {"promised": len(ids), "replayed": 0, "hurried": 0})
        count, hurried = await posts.replay_events(store, wanted, by, now_ms())
    told = worded(f"posted again: {counted(count, 'event')}", f"دوباره فرستاده شد: {count:,} رویداد") + (
        worded(f"; due now: {counted(hurried, 'event')}", f"؛ نوبتشان رسید: {hurried:,} رویداد") if waiting else ""
    )
    tell(common, {"replayed": count, "hurried": hurried}, lambda _: say(told))
    return ExitCode.DONE if count or not events else ExitCode.PROBLEM


def _promise_of(account: str, count: int, paused: int | None) -> str:
    """What a replay of an account will do; `paused`: of how many waiting events it ends the pauses, None if of none."""
    first = worded(
        f"{counted(count, 'event')} of account {account} will be posted again",
        f"{count:,} رویداد حساب {account} دوباره فرستاده می‌شود",
    )
    if paused is None:
        return f"{first}."
    return first + worded(
        f", and the pauses end of {counted(paused, 'event')} that wait.",
        f"، و مکث {paused:,} رویداد منتظر تمام می‌شود.",
    )


@app.command(name="test")
async def post_test(name: str, *, common: Common = Common()) -> int:
    """Post a test event to an account's webhook, once, and show what came back. No message is told of.

    It is posted from this machine, with the secret of this shell's environment, signed and checked like any event.
    Its type is `webhook.test`. Exit code 1 if the answer is not 2xx.

    Example: `SHOP_WEBHOOK_SECRET=whsec_… payamak webhook test shop`
    """
    import os
    import time

    from payamak.domain.site.secrets import variable_of
    from payamak.hands.site import account_of
    from payamak.posts.post import Poster
    from payamak.posts.webhooks import make_ping

    async with look_at_store(common) as store:
        account = account_of(store.site, name)
    if not account.webhook_url:
        raise Failed(
            worded(
                f"account {name} has no webhook: payamak account change {name} --webhook-url https://… "
                "--webhook-secret env:NAME",
                f"حساب {name} وب‌هوک ندارد: payamak account change {name} --webhook-url https://… --webhook-secret "
                "env:NAME",
            )
        )
    now = now_ms()
    post = make_ping(account, now, os.environ)
    if isinstance(post, str):
        raise Failed(
            worded(
                f"nothing was posted: {post} in this shell ({variable_of(account.webhook_secret)})",
                f"چیزی فرستاده نشد: {post} در این پوسته ({variable_of(account.webhook_secret)})",
            )
        )
    poster, began_s = Poster(), time.monotonic()
    posted = await poster.post(post, now)
    took_ms = int((time.monotonic() - began_s) * 1_000)
    await poster.close()
    has_arrived = posted.status is not None and 200 <= posted.status < 300
    answer = {"url": post.url, "id": post.id, "has_arrived": has_arrived, "took_ms": took_ms}
    answer |= {"status": posted.status, "note": posted.note, "body": posted.body}
    facts = _test_facts(post, posted, took_ms, has_arrived=has_arrived)
    tell(common, answer, lambda console: console.print(facts))
    return ExitCode.DONE if has_arrived else ExitCode.PROBLEM


def _test_facts(post: Post, posted: Posted, took_ms: int, *, has_arrived: bool) -> Any:
    rows = [
        ("posted to", post.url),
        ("webhook-id", post.id),
        ("body", (post.json or b"").decode()),
        (
            "came back",
            worded(f"{posted.note}, after {duration_text(took_ms)}", f"{posted.note}، پس از {duration_text(took_ms)}"),
        ),
        ("says", posted.body or worded("nothing", "هیچ")),
        (
            "so",
            worded("it has arrived", "رسید")
            if has_arrived
            else worded("it would be posted again: only 2xx means arrived", "دوباره فرستاده می‌شد: فقط 2xx یعنی رسیده"),
        ),
    ]
    made = fill(grid("", ""), rows)
    made.show_header = False
    return made


# ----------------------------------------------------------------------------------------------- showing


def table_of(notices: list[Notice] | tuple[Notice, ...], site: Site, now: int, title: str | None = None) -> Any:
    """Events as a table for people."""
    columns = ("event", "changed", "account", "state", "why", "post", "tries", "next", "note")
    return fill(grid(*columns, title=title, right=("tries",)), (_row(one, site, now) for one in notices))


def _row(notice: Notice, site: Site, now: int) -> tuple[object, ...]:
    return (
        notice.id,
        instant_text(notice.at),
        _username(site, notice.account_id),
        spoken(STATES[notice.state]),
        spoken(REASON_NAMES[notice.reason]),
        spoken(POSTS[notice.post]),
        notice.tries,
        _next(notice, now),
        notice.note,
    )


def _next(notice: Notice, now: int) -> str:
    if notice.post is not PostState.WAITING:
        return ""
    if notice.next_at is None:
        return worded("after the one before", "پس از پیشین")
    return (
        worded("now", "اکنون")
        if notice.next_at <= now
        else worded(f"in {duration_text(notice.next_at - now)}", f"{duration_text(notice.next_at - now)} دیگر")
    )


def plain(notice: Notice, site: Site) -> dict[str, Any]:
    """An event for machines."""
    import msgspec

    made: dict[str, Any] = msgspec.to_builtins(notice)
    return {"event": notice.id, "account": _username(site, notice.account_id), **made}


def _username(site: Site, account_id: int) -> str:
    account = site.accounts_by_id.get(account_id)
    return account.username if account else f"#{account_id}"


def _event(text: str) -> tuple[int, int]:
    found = parse_event_id(text)
    if found is None:
        raise Failed(
            worded(
                f"{text!r} is no event; `payamak webhook list` names them, such as evt-3403-2",
                f"{text!r} رویداد نیست؛ `payamak webhook list` آن‌ها را نام می‌برد، مانند evt-3403-2",
            ),
            ExitCode.USAGE,
        )
    return found
