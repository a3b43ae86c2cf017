"""What a customer's webhook is told: one notice for each change of a message's state, and when to post it again.

A notice is written by the transaction that changes the state, with the facts of that instant, so that what is posted
is the same octets on the first try, on the tenth, and when it is replayed a month later. It never holds the text.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

import msgspec
from msgspec import Struct

from payamak.domain.message import FINAL_STATES, Reason, State
from payamak.domain.pauses import WEBHOOKS
from payamak.domain.posting import PostState, Tried, next_post

"""P9: 5 s … 24 h for three days."""

STATE_TYPE: Final = "message.state"
TEST_TYPE: Final = "webhook.test"
"""The kinds of events, in the form that Standard Webhooks recommends."""


class Notice(Struct, frozen=True, kw_only=True):
    """One change of a message's state, as its customer is told of it and as the store keeps it.

    `sequence` counts the notices of a message from 1, with a leap where the message is one of a copy of the store that
    was put back: the numbers between may have been used for something else. `told` is the number that wsStates would
    say.
    `next_at` is there while the notice has its turn: a waiting one without it comes after the one before it. `note`
    says in English what came of the last post, at `posted_at`.
    """

    message_id: int
    sequence: int
    account_id: int
    recipient: str
    at: int
    state: State
    reason: Reason
    told: int
    code: int | None
    line: str
    step: int
    was_taken: bool
    charged: int
    post: PostState
    tries: int
    waiting_since: int
    next_at: int | None
    posted_at: int | None
    note: str

    def __repr__(self) -> str:
        return f"Notice({self.id}, state={self.state.value!r}, post={self.post.value!r})"

    @property
    def id(self) -> str:
        """The event's id: the same on every try."""
        return event_id(self.message_id, self.sequence)


class NoticeResult(Struct, frozen=True, kw_only=True):
    """What came of a post, to be stored: `next_at` only while it waits; `gone_url` if that URL answered 410."""

    message_id: int
    sequence: int
    account_id: int
    post: PostState
    next_at: int | None
    note: str
    gone_url: str | None = None


class WebhookTarget(Struct, frozen=True, kw_only=True):
    """An account that something waits for: when its first post is due, and which URL of it has answered 410."""

    account_id: int
    next_at: int
    gone_url: str | None


class NoticeCount(Struct, frozen=True, kw_only=True):
    """How many notices of an account wait or are dead, and since when the oldest of them."""

    account_id: int
    post: PostState
    count: int
    oldest_at: int


class NoticeSearch(Struct, frozen=True, kw_only=True):
    """Which notices to list, newest message first; None means any. `before` pages backwards."""

    account_id: int | None = None
    message_id: int | None = None
    post: PostState | None = None
    before: tuple[int, int] | None = None
    limit: int = 50


# ---------------------------------------------------------------------------------------------------- ids

_EVENT_ID: Final = re.compile(r"evt-([1-9][0-9]{0,15})-([1-9][0-9]{0,8})")


def event_id(message_id: int, sequence: int) -> str:
    """The id of the nth event of a message."""
    return f"evt-{message_id}-{sequence}"


def parse_event_id(text: str) -> tuple[int, int] | None:
    """Message and sequence number of an event's id."""
    found = _EVENT_ID.fullmatch(text.strip())
    return (int(found[1]), int(found[2])) if found else None


# ------------------------------------------------------------------------------------------------ payload


class Data(Struct, frozen=True, kw_only=True):
    """The `data` of a state event; the order of the fields is the order of the JSON."""

    message_id: int
    sequence: int
    state: State
    reason: Reason
    state_code: int
    code: int | None
    is_final: bool
    recipient: str
    line: str
    step: int
    was_taken: bool
    charged_rial: int


def payload(notice: Notice) -> bytes:
    """The JSON body of a notice: the same octets whenever it is made."""
    data = Data(
        message_id=notice.message_id,
        sequence=notice.sequence,
        state=notice.state,
        reason=notice.reason,
        state_code=notice.told,
        code=notice.code,
        is_final=notice.state in FINAL_STATES or notice.reason is Reason.NO_RECEIPTS,
        recipient=notice.recipient,
        line=notice.line,
        step=notice.step + 1,
        was_taken=notice.was_taken,
        charged_rial=notice.charged,
    )
    return _event(STATE_TYPE, notice.id, notice.at, data)


def ping_payload(ping_id: str, username: str, at: int) -> bytes:
    """The JSON body of a test that a person asked for."""
    return _event(TEST_TYPE, ping_id, at, {"account": username})


def _event(kind: str, event: str, at: int, data: Any) -> bytes:
    timestamp = dt.datetime.fromtimestamp(at / 1_000, dt.UTC).isoformat(timespec="milliseconds")
    return msgspec.json.encode({"type": kind, "id": event, "timestamp": timestamp.replace("+00:00", "Z"), "data": data})


# ------------------------------------------------------------------------------------------ posting again


def after_notice(
    notice: Notice, status: int | None, retry_after_ms: int | None, now: int
) -> tuple[PostState, int | None]:
    """What follows from the HTTP status of a notice's post: any 2xx is done, 410 is dead, the rest comes again."""
    tried = Tried(
        tries=notice.tries + 1,
        waiting_since=notice.waiting_since,
        salt=notice.message_id + 7_919 * notice.sequence,
        has_arrived=status is not None and 200 <= status < 300,
        status=status,
        retry_after_ms=retry_after_ms,
    )
    return next_post(tried, WEBHOOKS, now)
