"""What was sent and what it cost, over days: by the sums, whatever has become of the messages (domain/usage.py)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct

from payamak.domain.usage import UsageBy, day_of
from payamak.hands.refusals import Misasked, no_such
from payamak.language import worded
from payamak.store.base import Store
from payamak.store.records import Credit, Statement, UsageSearch, UsageSum


class PostingKind(StrEnum):
    """What a line of a statement or of a ledger tells."""

    OPENING = "opening"
    PAID_IN = "paid in"
    CHARGED = "charged"
    REFUNDED = "refunded"
    CLOSING = "closing"


class Posting(Struct, frozen=True, kw_only=True):
    """A line of a statement: so many rial (below zero: less), and what the account had then."""

    kind: PostingKind
    rial: int
    balance: int
    day: int | None = None
    line: str = ""
    encoding: str = ""
    parts: int | None = None
    note: str = ""
    reference: str = ""


MOST_DAYS = 3_660
"""Days of one question: ten years."""


async def sums(
    store: Store, days: range, by: Sequence[UsageBy] = (), username: str | None = None
) -> tuple[list[UsageSum], int]:
    """The sums of days, of one account or of all, and the first day of which they know everything. Raises NotDone."""
    _check(days)
    account_id = None if username is None else _account_id(store, username)
    wanted = UsageSearch(first_day=days[0], last_day=days[-1], account_id=account_id, by=tuple(by))
    return await store.usage(wanted), await store.usage_from()


async def statement(store: Store, username: str, days: range) -> Statement:
    """An account's money over days. Raises NotDone."""
    _check(days)
    return await store.statement(_account_id(store, username), days[0], days[-1])


def statement_lines(found: Statement) -> list[Posting]:
    """What a customer is told of a month: what was paid in, what was charged and paid back by line and language."""
    posted = _Posted(found.opening)
    posted.put(PostingKind.OPENING, 0)
    for each in found.credits:
        posted.put(PostingKind.PAID_IN, each.rial, day=day_of(each.at), note=each.note, reference=each.reference)
    for kind in (PostingKind.CHARGED, PostingKind.REFUNDED):
        for sum_ in found.by_line:
            posted.spent(kind, sum_, line=sum_.line or "", encoding=sum_.encoding or "")
    posted.put(PostingKind.CLOSING, 0)
    return posted.lines


def ledger_lines(found: Statement) -> list[Posting]:
    """The same day by day: within a day what was paid in comes first, then the day's sums."""
    posted = _Posted(found.opening)
    posted.put(PostingKind.OPENING, 0, day=found.first_day)
    by_day = {sum_.day: sum_ for sum_ in found.by_day}
    paid_in: dict[int, list[Credit]] = {}
    for each in found.credits:
        paid_in.setdefault(day_of(each.at), []).append(each)
    for day in sorted({*paid_in, *(day for day in by_day if day is not None)}):
        for each in paid_in.get(day, ()):
            posted.put(PostingKind.PAID_IN, each.rial, day=day, note=each.note, reference=each.reference)
        if (sum_ := by_day.get(day)) is not None:
            posted.spent(PostingKind.CHARGED, sum_, day=day)
            posted.spent(PostingKind.REFUNDED, sum_, day=day)
    posted.put(PostingKind.CLOSING, 0, day=found.last_day)
    return posted.lines


class _Posted:
    """Lines on their way, each with the balance behind it."""

    def __init__(self, opening: int) -> None:
        self.lines: list[Posting] = []
        self._balance = opening

    def put(self, kind: PostingKind, rial: int, **more: Any) -> None:
        """One more."""
        self._balance += rial
        self.lines.append(Posting(kind=kind, rial=rial, balance=self._balance, **more))

    def spent(self, kind: PostingKind, sum_: UsageSum, **more: Any) -> None:
        """What was charged or paid back, if anything was."""
        if kind is PostingKind.CHARGED and sum_.charged:
            self.put(kind, -sum_.charged, parts=sum_.charged_parts, **more)
        if kind is PostingKind.REFUNDED and sum_.refunded:
            self.put(kind, sum_.refunded, parts=sum_.refunded_parts, **more)


def _check(days: range) -> None:
    if not days:
        raise Misasked(
            worded("these are no days: the last is before the first", "بازه خالی است: پایان پیش از آغاز است")
        )
    if len(days) > MOST_DAYS:
        raise Misasked(
            worded(
                f"these are {len(days):,} days; at most {MOST_DAYS:,}", f"{len(days):,} روز است؛ بیشینه {MOST_DAYS:,}"
            )
        )


def _account_id(store: Store, username: str) -> int:
    account = store.site.accounts.get(username)
    if account is None:
        raise no_such("account", username, store.site.accounts)
    return account.id
