"""The sums of days, counted again from the messages and from the ledger's entries: for as long as these are there."""

from __future__ import annotations

from collections import Counter
from itertools import chain

from tests.store.world import World

from payamak.domain.message import Message, State
from payamak.domain.usage import UsageBy, day_of, operator_of
from payamak.store.records import Search, UsageSearch, UsageSum

EVER = (0, 100_000)
"""All days."""

HOW_IT_ENDED = {
    State.DELIVERED: "delivered",
    State.UNDELIVERABLE: "undeliverable",
    State.REJECTED: "rejected",
    State.EXPIRED: "expired",
    State.CANCELLED: "cancelled",
    State.UNKNOWN: "unknown",
    State.ENROUTE: "untold",
}

LIKE_A_MESSAGE = (UsageBy.ACCOUNT, UsageBy.LINE, UsageBy.LANGUAGE, UsageBy.SOURCE, UsageBy.OPERATOR)


async def all_sums(world: World, *by: UsageBy) -> list[UsageSum]:
    """The sums of all days, told apart so."""
    return await world.store.usage(UsageSearch(first_day=EVER[0], last_day=EVER[1], by=by))


async def all_messages(world: World) -> list[Message]:
    """Every message that is there."""
    found: list[Message] = []
    while page := await world.store.search(Search(limit=1_000, before_id=found[-1].id if found else None)):
        found += page
    return found


async def check_sums(world: World) -> None:
    """How messages ended is what the messages say; which money moved on which day is what the entries say."""
    messages = await all_messages(world)
    by_messages: Counter[tuple[object, ...]] = Counter()
    for m in messages:
        if m.is_final:
            like = (m.account_id, m.current.line, m.current.encoding.value, m.source, operator_of(m.recipient))
            by_messages[*like, HOW_IT_ENDED[m.state]] += 1
            by_messages[*like, "messages"] += 1
            by_messages[*like, "parts"] += m.current.parts
    by_sums: Counter[tuple[object, ...]] = Counter()
    for s in await all_sums(world, *LIKE_A_MESSAGE):
        for what in (*HOW_IT_ENDED.values(), "messages", "parts"):
            by_sums[s.account_id, s.line, s.encoding, s.source, s.first_operator, what] += getattr(s, what)
    assert +by_sums == by_messages
    by_entries: Counter[tuple[object, ...]] = Counter()
    stories = [await world.store.story(m.id) for m in messages]
    for story in stories:
        assert story is not None
        for entry in story.entries:
            if entry.kind in ("settle", "refund"):
                by_entries[day_of(entry.at), story.message.account_id, entry.kind] += entry.amount
    days = await all_sums(world, UsageBy.DAY, UsageBy.ACCOUNT)
    told = chain.from_iterable(
        (((s.day, s.account_id, "settle"), s.charged), ((s.day, s.account_id, "refund"), s.refunded)) for s in days
    )
    assert {key: rial for key, rial in told if rial} == by_entries
