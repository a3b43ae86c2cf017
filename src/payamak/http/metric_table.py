"""Every metric by its name: what it counts, of what kind it is, which labels it has. The page is made of these alone.

By the conventions of Prometheus: seconds, bytes and ratios of one; a counter ends in `_total` on the page. Labels are
lines, links, states, doors and codes: never a person's number, nor a text. docs/reference/metrics.md is made of this
table (`python -m tools.metrics_page`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct


class MetricKind(StrEnum):
    """How Prometheus reads a metric."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


class Described(Struct, frozen=True):
    """One metric. `name` is without the `_total` of a counter on the page; `fa` is its label, `says` a sentence."""

    name: str
    kind: MetricKind
    fa: str
    says: str
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name

    @property
    def on_the_page(self) -> str:
        """Its name as Prometheus has it."""
        return f"{self.name}_total" if self.kind is MetricKind.COUNTER else self.name


def _gauge(name: str, fa: str, says: str, *labels: str) -> Described:
    return Described(f"payamak_{name}", MetricKind.GAUGE, fa, says, labels)


def _counter(name: str, fa: str, says: str, *labels: str) -> Described:
    return Described(f"payamak_{name}", MetricKind.COUNTER, fa, says, labels)


def _histogram(name: str, fa: str, says: str, *labels: str) -> Described:
    return Described(f"payamak_{name}", MetricKind.HISTOGRAM, fa, says, labels)


# --------------------------------------------------------------------------------------------------- calls

ANSWERS: Final = _counter(
    "answers",
    "پاسخ‌ها",
    "Answers by door and contract code (-1: accepted); of a call for several recipients one each.",
    *("door", "code"),
)
HTTP_REQUESTS: Final = _counter(
    "http_requests", "درخواست‌های HTTP", "Requests that were answered, by path and HTTP status.", "path", "status"
)
HTTP_SECONDS: Final = _histogram(
    "http_seconds", "زمان پاسخ HTTP", "Seconds from a request's last octet to its answer, by path.", "path"
)
HTTP_SHED: Final = _counter("http_shed", "ردشده از شلوغی", "Calls answered 23 because too many came.")
HTTP_UNFINISHED: Final = _gauge("http_unfinished", "درخواست‌های نیمه‌رسیده", "Requests whose body is not whole.")
HTTP_UNFINISHED_DROPPED: Final = _counter(
    "http_unfinished_dropped",
    "نیمه‌رسیده‌های رهاشده",
    "Requests dropped before their body was whole because one address, or all, had too many such.",
)
PASSWORDS: Final = _counter(
    "passwords",
    "رمزهای سنجیده",
    "Passwords that were verified, by kind of credential and result: right, wrong, limited (told 23 unread). "
    "What is remembered as right is not counted.",
    *("credential", "result"),
)
RECIPIENTS_REFUSED: Final = _counter(
    "recipients_refused",
    "گیرنده‌های ردشده",
    "Recipients refused with 1: form, no mobile number; prefix, not on recipient_prefixes.",
    "reason",
)

# ------------------------------------------------------------------------------------------------ messages

STATE_CHANGES: Final = _counter(
    "state_changes", "تغییر وضعیت‌ها", "Messages that came to a state, by line and state.", "line", "state"
)
OPT_OUTS_LEARNED: Final = _counter("opt_outs_learned", "انصراف‌های تازه", "Opt-out verdicts met, by line.", "line")
MESSAGE_SECONDS: Final = _histogram(
    "message_seconds",
    "زمان پیام تا هر مرحله",
    "Seconds from a message's acceptance to its stages, by class: wire (its first mark), answer (the operator has "
    "answered all of it), end.",
    *("stage", "class"),
)
QUEUE_MESSAGES: Final = _gauge(
    "queue_messages",
    "پیام‌های در صف",
    "Messages that wait, by line, class and reason; counted every 10 s, or more rarely if that takes long.",
    *("line", "class", "reason"),
)
QUEUE_OLDEST: Final = _gauge(
    "queue_oldest_seconds",
    "سن کهنه‌ترین در صف",
    "Since when the oldest of them has waited, from its acceptance; counted with them.",
    *("line", "class", "reason"),
)
MESSAGES_HELD: Final = _gauge("messages_held", "پیام‌های در حافظه", "Messages that wait in memory.")
MESSAGES_RESTORED: Final = _gauge(
    "messages_restored",
    "نگه‌داشته پس از بازگردانی",
    "Messages that are held after a restore until a person lets them go.",
)
PARTS_IN_FLIGHT: Final = _gauge(
    "parts_in_flight",
    "بخش‌های در راه",
    "Parts marked and without an answer, those that wait at a link for a place included.",
)

# --------------------------------------------------------------------------------------------------- links

LINK_UP: Final = _gauge("link_up", "لینک وصل است", "1 while the link is bound and can send.", "link")
LINK_ON_TRIAL: Final = _gauge(
    "link_on_trial", "لینک در آزمایش", "1 while the link is sent one submit at a time, for it answers none.", "link"
)
LINK_SUSPECTS: Final = _gauge("link_suspects", "پیام‌های مظنون لینک", "Messages at which the link may break.", "link")
LINK_WINDOW: Final = _gauge(
    "link_window_parts", "پنجرهٔ لینک", "Parts that the link may have without an answer at a time.", "link"
)
LINK_WINDOW_USED: Final = _gauge(
    "link_window_used_parts", "پنجرهٔ پرشدهٔ لینک", "Of them, those that are without an answer now.", "link"
)
LINK_WINDOW_FULL: Final = _gauge(
    "link_window_full_seconds",
    "زمان پری پنجره",
    "For how long messages have waited because the link's window is full; 0 while none does.",
    "link",
)
LINK_WAITING: Final = _gauge(
    "link_waiting", "در انتظار لینک", "Messages that wait for the link in memory; more may wait in the store.", "link"
)
LINK_PARTS: Final = _counter(
    "link_parts",
    "بخش‌های سپرده به لینک",
    "Parts that the link was given, after their mark; their rate is its pace.",
    "link",
)
LINK_SAID: Final = _counter(
    "link_answers",
    "پاسخ‌های اپراتور",
    "What came of the parts of a link: taken, later, throttled, opted_out, refused, overdue (no answer in time, or "
    "before the link was lost; a late one is not counted again).",
    *("link", "answer"),
)
LINK_ANSWER_SECONDS: Final = _histogram(
    "link_answer_seconds",
    "زمان پاسخ اپراتور",
    "Seconds from a part's mark to the operator's answer, its wait for a place in the window included.",
    "link",
)
LINK_RECEIPTS: Final = _counter(
    "link_receipts",
    "رسیدهای لینک",
    "Receipts that were kept, by link and the operator's word; other: none of the known ones.",
    "link",
    "stat",
)
LINK_ODD: Final = _counter(
    "link_odd",
    "نامعمول‌های لینک",
    "PDUs of the operator that were read although something was odd, since the link's start.",
    "link",
    "what",
)
POSSIBLE_COPIES: Final = _counter(
    "possible_copies",
    "نسخه‌های احتمالی",
    "Parts sent again after a lost answer, by line, link and upstream; operators charge for them.",
    *("line", "link", "upstream"),
)
RECEIPTS_UNMATCHED: Final = _gauge(
    "receipts_unmatched",
    "رسیدهای بی‌صاحب",
    "Receipts that are kept and belong to no known part, by upstream.",
    "upstream",
)

# --------------------------------------------------------------------------------------------------- money

ACCOUNT_BALANCE: Final = _gauge(
    "account_balance_rial",
    "ماندهٔ حساب",
    "What an account has: available, and reserved for messages under way; only with the setting metrics_balances.",
    *("account", "purse"),
)
PURSE_DRIFT: Final = _gauge(
    "purse_drift_rial",
    "ناترازی کیف‌ها",
    "By how much the purses of all accounts differ from the ledger and from the open messages; must be 0.",
)
PURSE_PROVEN: Final = _gauge(
    "purse_proven_timestamp_seconds",
    "آخرین تطبیق کیف‌ها",
    "When the purses were last compared so; that is rare, for it reads the whole ledger.",
)

# --------------------------------------------------------------------------------------------------- store

STORE_WELL: Final = _gauge("store_well", "پایگاه داده سالم است", "1 while the store can keep what comes.")
STORE_BYTES: Final = _gauge(
    "store_bytes", "اندازهٔ پایگاه داده", "Size of the store's files: store, and log, what was not folded yet.", "file"
)
DISK_FREE: Final = _gauge("disk_free_bytes", "جای خالی دیسک", "Room left for us on the store's disk.")
BACKUP_TIME: Final = _gauge(
    "backup_timestamp_seconds",
    "آخرین پشتیبان",
    "When `payamak backup` last made a copy of this store; not there before the first.",
)
WRITER_BACKLOG: Final = _gauge("writer_backlog", "کارهای منتظر دیسک", "Pieces of work that wait for the disk.")
WRITER_WAIT: Final = _gauge(
    "writer_wait_seconds", "انتظار برای دیسک", "For how long the oldest call has waited for a transaction."
)
BACKGROUND_WELL: Final = _gauge("background_well", "کارهای پس‌زمینه سالم‌اند", "1 while no background work fails.")
PUT_ASIDE: Final = _gauge("put_aside", "ردیف‌های کنارگذاشته", "Rows whose handling fails by a bug of ours.")
UNREADABLE: Final = _gauge(
    "unreadable",
    "ناخوانده‌های نگه‌داشته",
    "Pieces of operators that could not be read, or not be handled, and were kept and acknowledged.",
)
UNREADABLE_KEPT: Final = _counter("unreadable_kept", "همهٔ ناخوانده‌ها", "The same, those that are gone included.")

# --------------------------------------------------------------------------------------------------- posts

POSTS: Final = _counter(
    "posts",
    "ارسال‌ها به مشتریان",
    "Posts to customers' URLs, by kind (relay, webhook) and result: done, waiting (comes again), dead.",
    "kind",
    "result",
)
POSTS_WAITING: Final = _gauge(
    "posts_waiting", "ارسال‌های منتظر", "What waits to be posted: messages of the relay, events of webhooks.", "kind"
)
POSTS_DEAD: Final = _gauge(
    "posts_dead",
    "ارسال‌های رهاشده",
    "What was given up after three days and is kept for replay; of the relay among the newest 100,000 messages.",
    "kind",
)
POSTS_OLDEST: Final = _gauge(
    "posts_oldest_seconds",
    "سن کهنه‌ترین ارسال منتظر",
    "Age of the oldest that waits; it grows while a target is down.",
    "kind",
)

# ------------------------------------------------------------------------------------------------- process

BUILD_INFO: Final = _gauge("build_info", "نسخهٔ در حال اجرا", "Always 1; what runs.", "version", "python", "sqlite")
LOG_WELL: Final = _gauge(
    "log_well",
    "گزارش خوانده می‌شود",
    "1 while the log's lines are taken; 0: nobody reads them, and what is beyond a mebibyte is dropped.",
)
LOG_DROPPED: Final = _counter(
    "log_lines_dropped",
    "سطرهای ازدست‌رفتهٔ گزارش",
    "Lines of the log that were lost: nobody read them, or they could not be written.",
)
CLOCK_IN_DOUBT: Final = _gauge(
    "clock_in_doubt", "ساعت مشکوک است", "1 while the machine's clock has jumped and does not count as true yet."
)
CLOCK_AHEAD: Final = _gauge(
    "clock_ahead_seconds",
    "جلو بودن ساعت",
    "By how much the machine's clock is ahead of the time held to be right; negative: behind.",
)
CLOCK_JUMPS: Final = _counter("clock_jumps", "پرش‌های ساعت", "Jumps of the machine's clock that this store has met.")

TABLE: Final[Mapping[str, tuple[Described, ...]]] = {
    "Calls": (
        *(ANSWERS, HTTP_REQUESTS, HTTP_SECONDS, HTTP_SHED, HTTP_UNFINISHED, HTTP_UNFINISHED_DROPPED),
        *(PASSWORDS, RECIPIENTS_REFUSED),
    ),
    "Messages": (
        *(STATE_CHANGES, MESSAGE_SECONDS, QUEUE_MESSAGES, QUEUE_OLDEST, OPT_OUTS_LEARNED),
        *(MESSAGES_HELD, MESSAGES_RESTORED, PARTS_IN_FLIGHT),
    ),
    "Links": (
        *(LINK_UP, LINK_ON_TRIAL, LINK_SUSPECTS, LINK_WINDOW, LINK_WINDOW_USED, LINK_WINDOW_FULL, LINK_WAITING),
        *(LINK_PARTS, LINK_SAID, LINK_ANSWER_SECONDS, LINK_RECEIPTS, RECEIPTS_UNMATCHED, POSSIBLE_COPIES, LINK_ODD),
    ),
    "Money": (PURSE_DRIFT, PURSE_PROVEN, ACCOUNT_BALANCE),
    "Store and work": (
        *(STORE_WELL, STORE_BYTES, DISK_FREE, BACKUP_TIME, WRITER_BACKLOG, WRITER_WAIT),
        *(BACKGROUND_WELL, PUT_ASIDE, UNREADABLE, UNREADABLE_KEPT),
    ),
    "Posts to customers": (POSTS, POSTS_WAITING, POSTS_DEAD, POSTS_OLDEST),
    "Log, clock, program": (LOG_WELL, LOG_DROPPED, CLOCK_IN_DOUBT, CLOCK_AHEAD, CLOCK_JUMPS, BUILD_INFO),
}
"""The same by what they are about, in the order of the page of documentation."""
