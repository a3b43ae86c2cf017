"""The transactions of messages from handsets (MO): keep and join parts, read, post in order, opt out.

A part is committed before it is acknowledged, so an operator may repeat what is kept already: after a lost link or a
late answer. A part of a long message is known again by its digest. So is a message of one part, but a person may well
send the same word twice; so that counts as repeated only if the session that brought it first is gone, and with it
perhaps our answer. Over another bind it is doubtful for a while: the news that the first one broke may be on its way.

Posts of one target and sender go in order: of each such queue only the first waiting message has a `next_at`, its
turn, and gives it to the next one when it is done or dead. A process that dies leaves the turn where it was.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from functools import partial

from msgspec import Struct

from payamak.codes import Code
from payamak.domain.clocks import earliest
from payamak.domain.mo import (
    LONGEST_OCTETS,
    REPEAT_MS,
    KeptAs,
    MoPart,
    Received,
    is_one_of,
    join,
    keyword_of,
    target_of,
)
from payamak.domain.numbers import parse_recipient
from payamak.domain.posting import PostState
from payamak.domain.site import DAY_MS, Line, Site
from payamak.domain.site.links import MOST_OPEN_PARTS
from payamak.encoding.alphabets import AnyAlphabet, alphabet_named
from payamak.errors import Refused
from payamak.store.desk import Desk
from payamak.store.reader import Reader, counts
from payamak.store.records import ForeignReceived, NewMessage, PostResult, ReceivedSearch
from payamak.store.rules.aside import AGAIN_MS, AsideKind, apart
from payamak.store.rules.messages import accept

_DEFAULTS = Line(number="0")
"""The rules of a line that is not configured."""

READ_CALL_LIMIT = 1_000
"""Messages that one reading returns at most: it runs in a transaction that others wait for."""


class _Met(Struct, frozen=True, kw_only=True):
    """A part that was met before: by which session, and of how many parts its message is."""

    session: str
    total: int


class _PartsKey(Struct, frozen=True, kw_only=True):
    """Which message of a handset a part belongs to."""

    upstream: str
    line: str
    sender: str
    reference: int | None
    total: int

    @property
    def values(self) -> tuple[str, str, str, int | None, int]:
        """As the statements take it."""
        return self.upstream, self.line, self.sender, self.reference, self.total


class _OpenPart(Struct, frozen=True, kw_only=True):
    """A part that waits for the others of its message: columns of `received_part`."""

    id: int
    digest: bytes
    upstream: str
    link: str
    line: str
    sender: str
    reference: int
    total: int
    part: int
    alphabet: str
    octets: bytes

    @property
    def brought(self) -> MoPart:
        """The part as its operator brought it."""
        return MoPart(
            upstream=self.upstream,
            link=self.link,
            line=self.line,
            sender=self.sender,
            alphabet=alphabet_named(self.alphabet),
            octets=self.octets,
            reference=self.reference,
            total=self.total,
            part=self.part,
        )


class _Target(Struct, frozen=True, kw_only=True):
    """A queue of posts, and when the first of it is due."""

    target: str
    next_at: int


# ----------------------------------------------------------------------------------------------- keeping


async def receive_mo(
    desk: Desk, part: MoPart, session: str, live: Collection[str], now: int, *, is_sure: bool = True
) -> KeptAs:
    """Keep a part, and with the last one its message. `live` are the sessions whose answers have arrived.

    Unless that `is_sure`, what another one of them has brought too is left for the caller to ask again.
    """
    digest = part.digest
    is_doubtful = False
    for met in await desk.rows("received_part_same", _Met, (digest, earliest(now) - REPEAT_MS)):
        if met.total > 1 or met.session not in live:
            return KeptAs.REPEATED
        is_doubtful |= met.session != session
    if is_doubtful and not is_sure:
        return KeptAs.DOUBTFUL
    line = desk.site.line(part.line)
    number = line.number if line else part.line
    if part.total == 1:
        received_id, kept = await _keep(desk, [part], number, join([_piece(part)]), now, is_complete=True)
        _insert_part(desk, part, number, digest, session, now, now, received_id)
        return kept
    key = _PartsKey(upstream=part.upstream, line=number, sender=part.sender, reference=part.reference, total=part.total)
    open_parts = await desk.rows("received_parts_open", _OpenPart, key.values)
    same = next((each for each in open_parts if each.part == part.part), None)
    if same is not None and same.digest == digest:
        return KeptAs.REPEATED
    is_last = same is None and len(open_parts) + 1 == part.total
    if not is_last and await _open_of(desk, part.link, now) >= _most_open(desk.site, part.link):
        return KeptAs.TOO_MANY
    if same is None and sum(len(each.octets) for each in open_parts) + len(part.octets) > LONGEST_OCTETS:
        return KeptAs.TOO_LONG
    if same is not None:  # another message under the same reference: the first one will not be completed any more
        await _deliver(desk, key, now)
    due_at = now + int((line or _DEFAULTS).join_minutes * 60_000)
    _insert_part(desk, part, number, digest, session, now, due_at, None)
    desk.memory.open_parts.add(part.link, 1)
    return await _deliver(desk, key, now) if is_last else KeptAs.PART


async def _open_of(desk: Desk, link: str, now: int) -> int:
    """How many parts of a link wait for the others of their message."""
    known = desk.memory.open_parts
    if known.is_due(now):
        known.counted(await desk.gather(counts, "open_parts"), now)
    return known.of(link)


def _most_open(site: Site, link: str) -> int:
    configured = site.links.get(link)
    return MOST_OPEN_PARTS if configured is None else configured.most_open_parts


def _piece(part: MoPart) -> tuple[int, AnyAlphabet, bytes]:
    return part.part, part.alphabet, part.octets


def _insert_part(
    desk: Desk,
    part: MoPart,
    line: str,
    digest: bytes,
    session: str,
    now: int,
    due_at: int,
    joined: int | None,
) -> None:
    octets = b"" if joined is not None else part.octets
    place = (part.upstream, part.link, line, part.sender, part.reference, part.total, part.part, part.alphabet.value)
    desk.execute("insert_received_part", (digest, session, *place, octets, now, due_at, joined))


async def _deliver(desk: Desk, key: _PartsKey, now: int) -> KeptAs:
    """Make a message of the parts that are there; whether it counts."""
    open_parts = await desk.rows("received_parts_open", _OpenPart, key.values)
    parts = [each.brought for each in open_parts]
    text = join(_piece(part) for part in parts)
    received_id, kept = await _keep(desk, parts, key.line, text, now, is_complete=len(parts) == key.total)
    for each in open_parts:
        desk.execute("join_received_part", (received_id, each.id))
        desk.memory.open_parts.add(each.link, -1)
    return kept


async def _keep(
    desk: Desk, parts: Sequence[MoPart], number: str, text: str, now: int, *, is_complete: bool
) -> tuple[int, KeptAs]:
    """Keep a message, give it its place in a queue of posts, and do what its words ask for.

    Of one that any part's link may not bring for this line only an opt-out is heard.
    """
    part, *_ = parts
    line = desk.site.lines.get(number)
    is_foreign = line is not None and not all(desk.site.counts(number, p.upstream, p.link) for p in parts)
    keyword = "" if is_foreign else _keyword(line, text)
    is_relayed = line is not None and not is_foreign and (keyword or line.relay_url)
    state = PostState.WAITING if is_relayed else PostState.NONE
    target = target_of(number, keyword)
    facts = (part.upstream, part.link, number, part.sender, text, now, is_complete)
    received_id = await desk.insert("insert_received", (*facts, state.value, keyword, target, now, None, is_foreign))
    if state is PostState.WAITING:
        await _give_turn(desk, target, part.sender, now)
    if line is not None:
        _follow_words(desk, line, part.sender, text, now, is_foreign=is_foreign)
    return received_id, KeptAs.FOREIGN if is_foreign else KeptAs.WHOLE


def _keyword(line: Line | None, text: str) -> str:
    return (keyword_of(text, [k.keyword for k in line.keywords]) or "") if line and line.keywords else ""


def _follow_words(desk: Desk, line: Line, sender: str, text: str, now: int, *, is_foreign: bool) -> None:
    """Opt out and back in by the handset (contract §8): this line, and nothing else.

    A foreign message may be nobody's: not to send to somebody who asked for it is the worse mistake out of two, so it
    opts out, with a mark; it never opts in.
    """
    recipient = parse_recipient(sender, None)
    if recipient is None or recipient != sender:  # a mobile is canonical already: another sender is no recipient
        return
    if is_one_of(text, line.opt_out_words):
        facts = (recipient, line.number, Code.OPTED_OUT_OF_LINE.value, "handset", now)
        if is_foreign:
            desk.execute("doubt_opt_out", facts)
        else:
            desk.execute("put_opt_out", (*facts, None))
    elif not is_foreign and is_one_of(text, line.opt_in_words):
        desk.execute("forget_opt_out", (recipient, line.number))


# ------------------------------------------------------------------------------------------------ reading


async def read_received(
    desk: Desk, lines: Sequence[str], *, only_unread: bool, limit: int, mark_read: bool, now: int
) -> list[Received]:
    """Messages of the lines, oldest first, marked as read by the same transaction if asked for."""
    found = await desk.gather(_of_lines, lines, only_unread=only_unread, limit=min(limit, READ_CALL_LIMIT))
    if mark_read:
        for received in found:
            desk.execute("mark_read", (now, received.id))
    return found


async def unread(desk: Desk, read: Sequence[Received], now: int) -> None:
    """Take back the marks of a call whose caller was told that it failed."""
    for received in read:
        desk.execute("unmark_read", (received.id, now))


def _of_lines(db: Reader, lines: Sequence[str], *, only_unread: bool, limit: int) -> list[Received]:
    name = "unread_of_line" if only_unread else "received_of_line"
    found = [received for line in dict.fromkeys(lines) for received in db.rows(name, Received, (line, limit))]
    if only_unread:
        return heapq.nsmallest(limit, found, key=lambda received: received.id)
    return sorted(heapq.nlargest(limit, found, key=lambda received: received.id), key=lambda received: received.id)


def search_received(db: Reader, wanted: ReceivedSearch) -> list[Received]:
    """Newest first, for a person."""
    values = {
        "line": wanted.line,
        "sender": wanted.sender,
        "relay": wanted.relay.value if wanted.relay else None,
        "since_at": wanted.since_at,
        "only_foreign": wanted.is_foreign,
        "before_id": wanted.before_id if wanted.before_id is not None else 1 << 62,
        "limit": wanted.limit,
    }
    return db.rows("search_received", Received, values)


def foreign_received(db: Reader, since_at: int, limit: int) -> list[ForeignReceived]:
    """What links have brought since then that did not count for its line, the most first."""
    return db.rows("foreign_received", ForeignReceived, (since_at, limit))


# ----------------------------------------------------------------------------------------------- posting


def relay_targets(db: Reader) -> list[tuple[str, int]]:
    """The queues' targets, each with the instant at which its first post is due."""
    return [(each.target, each.next_at) for each in db.rows("relay_targets", _Target)]


def relay_due(db: Reader, target: str, now: int, limit: int) -> list[Received]:
    """What may be posted to a target now, one of each sender."""
    return db.rows("relay_due", Received, (target, now, limit))


async def conclude_post(desk: Desk, result: PostResult, now: int) -> Received | None:
    """Store what came of a post: state, read mark, the answer to the handset, the next one's turn.

    None if it does not wait any more, so that a second post of the same message answers nobody twice.
    """
    received = await desk.row("received", Received, (result.received_id,))
    if received is None or received.relay is not PostState.WAITING:
        return None
    note, reply_id = result.note, received.reply_id
    if result.reply is not None and reply_id is None:
        try:
            reply_id = await _reply(desk, received, result.reply, now)
        except Refused as refusal:  # it has changed nothing
            note = f"{note}; the answer was refused: {refusal.code.name} ({refusal.code.value})"
    desk.execute("update_relay", (result.state.value, received.tries + 1, result.next_at, note, reply_id, received.id))
    if result.state is PostState.DONE:
        desk.execute("mark_read", (now, received.id))
    if result.state is not PostState.WAITING:
        await _give_turn(desk, received.target, received.sender, now)
    return await desk.row("received", Received, (received.id,))


async def _reply(desk: Desk, received: Received, reply: NewMessage, now: int) -> int:
    """Accept the answer to a handset. Raises Refused.

    To a message of a copy that was put back it may have been sent already: it is held with what else waited there.
    """
    message = (
        await accept(
            desk, reply, now, is_held=desk.memory.restored.is_open and received.id <= desk.memory.restored.received_id
        )
    ).message
    return message.id


async def _give_turn(desk: Desk, target: str, sender: str, now: int) -> None:
    """Give the turn to the first of a queue, unless one has it."""
    if await desk.value("relay_has_turn", (target, sender)) is None:
        first = await desk.value("relay_first", (target, sender))
        if first is not None:
            desk.execute("give_turn", (now, first))


async def replay(desk: Desk, ids: Sequence[int], now: int) -> int:
    """Post these once more, from the beginning and by today's keywords; how many had a target and did not wait.

    A foreign one whose link counts for its line by now counts from here on, target or not.
    """
    count = 0
    for received_id in ids:
        received = await desk.row("received", Received, (received_id,))
        if received is None or received.relay is PostState.WAITING:
            continue
        line = desk.site.line(received.line)
        keyword = _keyword(line, received.text)
        if received.is_foreign:
            if line is None or not desk.site.counts(line.number, received.upstream, received.link):
                continue
            desk.execute("received_counts", (received.id,))
            count += 1
        if line is None or not (keyword or line.relay_url):
            continue
        target = target_of(line.number, keyword)
        desk.execute("relay_again", (now, target, keyword, received.id))
        await _give_turn(desk, target, received.sender, now)
        count += not received.is_foreign
    return count


# ------------------------------------------------------------------------------------------- housekeeping


async def sweep_received(desk: Desk, now: int, limit: int) -> int:
    """Make messages of the parts that waited too long for the others, forget parts that nobody repeats; how many."""
    count = 0
    before: _PartsKey | None = None
    while count < limit and (key := await desk.row("received_parts_overdue", _PartsKey, (earliest(now),))) is not None:
        first_id = await desk.value("received_parts_open", key.values)
        if key == before or first_id is None:
            break  # an index names what no table holds: it would be found for ever, under the writer's lock
        if await apart(desk, AsideKind.RECEIVED, first_id, now, partial(_deliver, desk, key, now)) is None:
            desk.execute("put_off_parts", (*key.values, now + AGAIN_MS))
        before = key
        count += 1
    return count + await desk.change("forget_received_parts", (earliest(now) - REPEAT_MS, limit))


async def retire_received(desk: Desk, now: int, limit: int) -> int:
    """Remove up to `limit` old messages of each line; how many."""
    site: Site = desk.site
    count = 0
    for number in await desk.values("lines_of_received"):
        days = (site.lines.get(number) or _DEFAULTS).keep_received_days
        count += (
            await apart(desk, AsideKind.RETIRE, number, now, partial(_retire_of, desk, number, days, now, limit)) or 0
        )
    return count


async def _retire_of(desk: Desk, number: str, days: float, now: int, limit: int) -> int:
    return await desk.change("retire_received", (number, earliest(now) - int(days * DAY_MS), limit))
