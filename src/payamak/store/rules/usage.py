"""The sums of days: counted in the transactions of the messages, and read without them (domain/usage.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from payamak.domain.events import Effect
from payamak.domain.message import Message
from payamak.domain.usage import UsageBy, counted, start_of
from payamak.store.desk import Desk
from payamak.store.reader import Reader
from payamak.store.records import Credit, Statement, UsageSearch, UsageSum

_LAST_DAY: Final = 10**6
_LAST_AT: Final = 1 << 62


class _Purse(Struct, frozen=True, kw_only=True):
    """What an account may spend and what is set aside."""

    available: int
    reserved: int


def count(desk: Desk, before: Message, after: Message, effects: Sequence[Effect], now: int) -> None:
    """Add to the sums what an advance of a message is."""
    for each in counted(before, after, effects, now):
        desk.count(*each)


def sums(db: Reader, wanted: UsageSearch) -> list[UsageSum]:
    """See Store.usage."""
    by = {f"by_{each.value}": each in wanted.by for each in UsageBy}
    days = {"first_day": wanted.first_day, "last_day": wanted.last_day}
    of = {"account_id": wanted.account_id, "campaign": wanted.campaign}
    return db.rows("usage_sums", UsageSum, {**days, **of, **by})


def whole_from(db: Reader) -> int:
    """The first day of which the sums know everything; 0: they always have."""
    return db.value("meta", ("usage_from",)) or 0


def statement(db: Reader, account_id: int, first_day: int, last_day: int) -> Statement:
    """See Store.statement. From what the account has now back to what it had then: the days before are not read."""
    by_line = UsageSearch(
        first_day=first_day,
        last_day=last_day,
        account_id=account_id,
        by=(UsageBy.DAY, UsageBy.LINE, UsageBy.LANGUAGE),
    )
    later = UsageSearch(first_day=last_day + 1, last_day=_LAST_DAY, account_id=account_id)
    purse = db.row("balance", _Purse, (account_id,)) or _Purse(available=0, reserved=0)
    within = tuple(sums(db, by_line))
    credits = _credits(db, account_id, start_of(first_day), start_of(last_day + 1))
    since = _credits(db, account_id, start_of(last_day + 1), _LAST_AT)
    closing = purse.available + purse.reserved - _paid_in(since) + _spent(sums(db, later))
    return Statement(
        first_day=first_day,
        last_day=last_day,
        opening=closing - _paid_in(credits) + _spent(within),
        credits=credits,
        sums=within,
        closing=closing,
        whole_from=whole_from(db),
    )


def _credits(db: Reader, account_id: int, from_at: int, until_at: int) -> tuple[Credit, ...]:
    return tuple(db.rows("credits", Credit, (account_id, from_at, until_at)))


def _paid_in(credits: Iterable[Credit]) -> int:
    return sum(each.rial for each in credits)


def _spent(found: Iterable[UsageSum]) -> int:
    return sum(each.charged - each.refunded for each in found)
