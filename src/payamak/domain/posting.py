"""When to post again: the one rule behind received messages and webhooks (P9).

Growing pauses for three days, then kept for replay. What differs between the two, the longest pause and which answers
mean that it has arrived, is said by those who use it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from msgspec import Struct

from payamak.domain.clocks import earliest
from payamak.domain.pauses import Pauses

GONE: Final = 410
"""The HTTP status that ends it: "stop" (RFC 9110 §15.5.11)."""

TARGET: Final = re.compile(r"https?://[^/?#@\s]+([/?][^#\s]*)?", re.IGNORECASE)
"""What may be posted to: a URL without a login in it, which would end in logs."""


PAGE_TYPES: Final = frozenset(("text/html", "application/xhtml+xml"))
"""What a server calls a web page; PHP calls everything so that does not say otherwise."""

_TAG: Final = re.compile(
    r"<!doctype\b|<!--|<\?(?:xml|php)\b|</?(?:html|head|body|title|meta|link|style|script|center|div|span|p|br|hr|pre|code"
    r"|h[1-6]|b|i|u|em|strong|small|font|table|thead|tbody|tr|td|th|ul|ol|li|dl|dt|dd|a|img|svg|address|blockquote"
    r"|main|section|article|header|footer|nav|aside|form|label|button|input|select|textarea|i?frame|frameset|noscript"
    r")(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
"""A tag of a page, whole: `a<b and c` has none."""

_PHP_SAYS: Final = re.compile(
    r"\b(?:Fatal error|Parse error|Warning|Notice|Deprecated): .{1,2000}? in \S+(?: on line |\.php:)\d+", re.DOTALL
)
"""An error of PHP as it writes it where `html_errors` is off: what is left of the page without its tags."""

SHOWN_OF_A_PAGE: Final = 300
"""Characters of a page that are kept: enough for a person to see what went wrong. Taste."""


def is_page(media_type: str, text: str) -> bool:
    """Whether an answer is a web page, by its type or by tags in it, as servers write their errors; or one of PHP's."""
    is_called_so = media_type.partition(";")[0].strip().lower() in PAGE_TYPES
    return is_called_so or any(sign.search(text) for sign in (_TAG, _PHP_SAYS))


GIVE_UP_MS: Final = 3 * 86_400_000
"""P9: growing pauses for three days, then kept for replay."""


class PostState(StrEnum):
    """What becomes of a post; NONE where there is nowhere to post it."""

    NONE = "none"
    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"


class Tried(Struct, frozen=True, kw_only=True):
    """What a post that has just been made brings: its number, counted from 1, and since when its three days run.

    `has_arrived` is the customer's yes, `status` the HTTP status (None: there was none).
    """

    tries: int
    waiting_since: int
    salt: int
    has_arrived: bool
    status: int | None
    retry_after_ms: int | None


def next_post(tried: Tried, pauses: Pauses, now: int) -> tuple[PostState, int | None]:
    """What follows from a post, and when to post again; `Retry-After` is obeyed up to the longest pause."""
    if tried.has_arrived:
        return PostState.DONE, None
    pause = max(pauses.after(tried.tries, tried.salt), min(tried.retry_after_ms or 0, pauses.longest_ms))
    if tried.status == GONE or earliest(now) + pause > tried.waiting_since + GIVE_UP_MS:
        return PostState.DEAD, None
    return PostState.WAITING, now + pause
