"""The desk at which a rule works: it asks for rows, and leaves changes. It knows of no engine, cursor or connection.

A piece of work is a coroutine over a desk. What it leaves is written later, a table at a time, in one go for all pieces
of a transaction (`flush`), and seen before that by whoever asks: messages and purses are held here as they will be, and
a question that what is left may change the answer of has that written first (buffer.py).

A piece has no effect outside its desk before its transaction is committed: it may be thrown away at any await and run
again. What it read is stale after the next await, but for messages, which are asked for anew for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar

from payamak.domain.ids import IdHabit
from payamak.domain.message import NOBODY, Message
from payamak.domain.site import Link, Site
from payamak.domain.site.snapshot import is_one_login
from payamak.domain.usage import UsageKey
from payamak.store.buffer import ANY, CHANGES, NEEDS, Buffer, Group
from payamak.store.columns import Row, Spoilt, changing_columns, changing_columns_with_plan, kept_columns
from payamak.store.feed import Change, Feed
from payamak.store.memory import (
    NEVER_RESTORED,
    NO_OWNER,
    Memory,
    RestoredRow,
    UpstreamName,
    families_of,
    read_habits,
    read_site,
)
from payamak.store.reader import Reader, Values

T = TypeVar("T")
P = ParamSpec("P")


Need: TypeAlias = tuple[str, Sequence[Any]]
"""A question by key: its name in NEEDS, and its values."""

Rule: TypeAlias = Callable[["Desk"], Coroutine[Any, Any, T]]
"""A piece of work."""


class Engine(Protocol):
    """Where rows are, inside a transaction that its owner has begun. Every method raises the engine's own errors."""

    async def expect(self, needs: Sequence[Need]) -> None:
        """Needs that a piece knows beforehand: an engine that answers in rounds answers all of it in one."""
        ...

    async def rows(self, name: str, shape: type[T], values: Values) -> list[T]:
        """Every row of a named query."""
        ...

    async def row(self, name: str, shape: type[T], values: Values) -> T | None:
        """The first row of a named query, or None."""
        ...

    async def readable(self, name: str, shape: type[T], values: Values) -> list[T | Spoilt]:
        """Every row of a named query; in the place of one that cannot be read, what is known of it."""
        ...

    async def message(self, message_id: int) -> Message | None:
        """The row of a message. An engine may know it from what was written before (`is_now`)."""
        ...

    def is_now(self, message: Message) -> None:
        """The next write makes the row of a message so: whoever asks after it need not read it."""
        ...

    async def value(self, name: str, values: Values) -> Any:
        """The first column of the first row, or None."""
        ...

    async def values(self, name: str, values: Values) -> list[Any]:
        """The first column of every row."""
        ...

    async def gather(self, query: Callable[[Reader], T]) -> T:
        """Rows that a query of several statements finds."""
        ...

    async def write(self, name: str, rows: Sequence[Values]) -> int:
        """Run a named statement for each of the rows, in their order; how many rows of its table that has changed."""
        ...

    async def insert(self, name: str, values: Values) -> int:
        """Run a named statement that keeps a row; the id that the table gave it."""
        ...

    def savepoint(self) -> AbstractAsyncContextManager[Any]:
        """A part of a transaction: undone alone if it raises."""
        ...

    def is_of_the_disk(self, error: Exception) -> bool:
        """True if an error is one that another row, or another piece of work, would meet too."""
        ...


class _Cell:
    """A message as it will be; `kept` as its row is, None if it has none yet. `row`: its columns, if they are made."""

    __slots__ = ("kept", "message", "row")

    def __init__(self, message: Message, kept: Message | None, row: Row | None = None) -> None:
        self.message = message
        self.kept = kept
        self.row = row

    @property
    def left(self) -> tuple[str, Row]:
        """What is to be written of it."""
        now, before = self.message, self.kept
        if before is None:
            return "insert_message", self.row or kept_columns(now)
        guard = (before.id, before.version)
        if now.plan is before.plan and now.step == before.step:
            return "update_message_same_plan", (*changing_columns(now), *guard)
        return "update_message", (*changing_columns_with_plan(now), *guard)


GUARDED = frozenset({"update_message", "update_message_same_plan"})
"""Statements that change each row that they name, or the row is not what it was."""


class Desk:
    """See the module's text. `changes` is what the piece under way has done to messages, for the Feed.

    `left` grows with everything that is left: a piece that fails after it has left something has failed badly.
    """

    def __init__(self, engine: Engine, memory: Memory, feed: Feed) -> None:
        self.engine = engine
        self.memory = memory
        self.changes: list[Change] = []
        self.left = 0
        self._feed = feed
        self._room_taken: dict[tuple[str, int], int] = {}
        self._turns: dict[tuple[str, int], int] = {}
        self._forget()

    def _forget(self) -> None:
        """Nothing is known, and nothing is left."""
        self._has_left = False
        self._buffer = Buffer()
        self._cells: dict[int, _Cell] = {}
        self._dirty: dict[int, _Cell] = {}
        self._available: dict[int, int | None] = {}
        self._moves: dict[int, tuple[int, int]] = {}
        self._ends: dict[int, tuple[int, int]] = {}
        self._usage: dict[UsageKey, list[int]] = {}

    # -- asking

    def expect(self, needs: Sequence[Need]) -> Coroutine[Any, Any, None]:
        """Name what will be asked for, as far as it is known: a rule begins with it."""
        return self.engine.expect(needs)

    async def rows(self, name: str, shape: type[T], values: Values = ()) -> list[T]:
        """Every row of a named query."""
        if self._has_left and self.may_change(name, values):
            await self.flush()
        return await self.engine.rows(name, shape, values)

    async def row(self, name: str, shape: type[T], values: Values = ()) -> T | None:
        """The first row of a named query, or None."""
        if self._has_left and self.may_change(name, values):
            await self.flush()
        return await self.engine.row(name, shape, values)

    async def readable(self, name: str, shape: type[T], values: Values = ()) -> list[T | Spoilt]:
        """Every row of a named query; in the place of one that cannot be read, what is known of it."""
        if self._has_left and self.may_change(name, values):
            await self.flush()
        return await self.engine.readable(name, shape, values)

    async def value(self, name: str, values: Values = ()) -> Any:
        """The first column of the first row, or None."""
        if self._has_left and self.may_change(name, values):
            await self.flush()
        return await self.engine.value(name, values)

    async def values(self, name: str, values: Values = ()) -> list[Any]:
        """The first column of every row."""
        if self._has_left and self.may_change(name, values):
            await self.flush()
        return await self.engine.values(name, values)

    async def gather(self, query: Callable[Concatenate[Reader, P], T], *args: P.args, **more: P.kwargs) -> T:
        """What a query of several statements finds, once all that is left is written."""
        await self.flush()
        return await self.engine.gather(lambda db: query(db, *args, **more))

    def may_change(self, name: str, values: Any) -> bool:
        """Whether what is left may change the answer to a question."""
        if not self._has_left:
            return False
        need = NEEDS.get(name)
        if need is None or self._buffer.is_settled:
            return True
        for table, place in need:
            key = ANY if place is ANY else values[place]
            held = self._dirty if table == "message" else self._moves if table == "account" else None
            if held is None:
                if self._buffer.touches(table, key):
                    return True
            elif held and (key is ANY or key in held):
                return True
        return False

    # -- leaving

    def execute(self, name: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> None:
        """Leave a change."""
        self.many(name, (values,))

    def many(self, name: str, rows: Iterable[Any]) -> None:
        """Leave several of a kind."""
        self.left += 1
        self._has_left = True
        if name in CHANGES:
            for row in rows:
                self._buffer.add(name, row)
            return
        self._settle()  # nobody knows what it changes: it finds what was left before it, and what is held is stale
        self._cells, self._available = {}, {}
        self._buffer.add_other(name, rows)

    async def change(self, name: str, values: Values = ()) -> int:
        """Make a change at once; how many rows it has changed or removed."""
        await self._open()
        changed = await self.engine.write(name, [values])
        self.left += changed
        return changed

    async def insert(self, name: str, values: Values = ()) -> int:
        """Keep a row at once; the id that its table gave it."""
        await self._open()
        self.left += 1
        return await self.engine.insert(name, values)

    async def _open(self) -> None:
        await self.flush()
        self._forget()

    async def flush(self) -> None:
        """Write what is left. Raises RuntimeError if a message is not what it was."""
        if not self._has_left:
            return
        self._settle()
        self._has_left = False
        for name, rows in self._buffer.drain():
            changed = await self.engine.write(name, rows)
            if name in GUARDED and changed != len(rows):
                raise RuntimeError(f"of {len(rows)} messages {changed} are what they were")

    def _settle(self) -> None:
        """What is held and gathered has its place among what is to be written."""
        fresh: dict[str, list[Any]] = {}
        for cell in self._dirty.values():
            name, row = cell.left
            fresh.setdefault(name, []).append(row)
            cell.kept = cell.message
            self.engine.is_now(cell.message)
        moved = [(*moved, account_id) for account_id, moved in self._moves.items()]
        counted = [(*key, *sums) for key, sums in self._usage.items()]
        ended = [(*ended, campaign_id) for campaign_id, ended in self._ends.items()]
        self._dirty, self._moves, self._usage, self._ends = {}, {}, {}, {}
        last: list[Group] = [("move_money", moved), ("add_usage", counted), ("count_campaign_ends", ended)]
        self._buffer.settle(sorted(fresh.items()), [group for group in last if group[1]])

    async def apart(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do work whose rows are undone alone if it raises; so are its changes."""
        await self._open()
        before = len(self.changes)
        try:
            async with self.engine.savepoint():
                done = await work()
                await self.flush()
        except BaseException:
            self._forget()
            del self.changes[before:]
            self.memory.families = None
            raise
        return done

    # -- messages and purses

    async def message(self, message_id: int) -> Message | None:
        """A message as it will be."""
        cell = self._cells.get(message_id)
        if cell is None:
            if self._buffer.is_settled:
                await self.flush()
            kept = await self.engine.message(message_id)
            if kept is None:
                return None
            cell = self._cells[message_id] = _Cell(kept, kept)
        return cell.message

    def keep(self, message: Message, row: Row | None = None) -> None:
        """A fresh message, under an id of `next_id`; `row`: its columns, where they are made already."""
        self.left += 1
        self._has_left = True
        self._cells[message.id] = self._dirty[message.id] = _Cell(message, None, row)

    def put(self, before: Message, after: Message) -> None:
        """A message that was asked for here, as it is from now on. Raises RuntimeError if it has changed since."""
        self.left += 1
        self._has_left = True
        cell = self._cells.get(before.id)
        if cell is None:
            cell = self._cells[before.id] = _Cell(before, before)
        elif cell.message.version != before.version:
            raise RuntimeError(f"message {before.id} has changed since the piece asked for it")
        cell.message, cell.row = after, None
        self._dirty[before.id] = cell

    def next_id(self) -> int:
        """The id of the next fresh message. Raises OutOfIds."""
        return self.memory.ids.next()

    async def available(self, account_id: int) -> int | None:
        """The rial that an account may spend; None if it has no purse."""
        if account_id not in self._available:
            self._available[account_id] = await self.value("balance", (account_id,))
        return self._available[account_id]

    def move_money(self, account_id: int, *, available: int, reserved: int) -> None:
        """Change both purses of an account by so many rial."""
        self.left += 1
        self._has_left = True
        known = self._available.get(account_id)
        if known is not None:
            self._available[account_id] = known + available
        before = self._moves.get(account_id, (0, 0))
        self._moves[account_id] = before[0] + available, before[1] + reserved

    def count_ends(self, campaign_id: int, *, final: int, failed: int) -> None:
        """So many more messages of a campaign are final, and so many of these have failed."""
        if final or failed:
            self.left += 1
            self._has_left = True
            before = self._ends.get(campaign_id, (0, 0))
            self._ends[campaign_id] = before[0] + final, before[1] + failed

    def count(self, key: UsageKey, count: int, parts: int, rial: int) -> None:
        """Add to a sum of a day; what is added to one in a transaction is written as one. No rule asks for sums."""
        self.left += 1
        self._has_left = True
        if (sums := self._usage.get(key)) is None:
            self._usage[key] = [count, parts, rial]
        else:
            sums[0] += count
            sums[1] += parts
            sums[2] += rial

    # -- what is remembered

    @property
    def site(self) -> Site:
        """The configuration that holds inside the transaction."""
        return self.memory.site

    @property
    def owner(self) -> int:
        """Whose the Feed's room is, and what is marked as it is accepted; NOBODY once that owner was ended."""
        return NOBODY if self.memory.is_ended(self._feed.owner) else self._feed.owner

    def take_room(self, line: str, lane: int) -> int:
        """Who takes a message right away, NOBODY if there is no room; counted at the commit."""
        taken = self._room_taken.get((line, lane), 0)
        if self._feed.room.get((line, lane), 0) <= taken:
            return NOBODY
        owner = self.owner
        if owner != NOBODY:
            self._room_taken[line, lane] = taken + 1
        return owner

    def in_turn(self, line: str, lane: int, account_ids: Sequence[int]) -> list[int]:
        """The accounts in the order in which they may claim: those first that come after the last one served."""
        last = self._turns.get((line, lane)) or self.memory.turns.get((line, lane), 0)
        return [i for i in account_ids if i > last] + [i for i in account_ids if i <= last]

    def had_turn(self, line: str, lane: int, account_id: int) -> None:
        """Who was served last; known to later transactions once this one is committed."""
        self._turns[line, lane] = account_id

    def committed(self) -> None:
        """What was left is on disk: what stands outside of the desk follows."""
        self._feed.take_room(self._room_taken)
        self.memory.turns |= self._turns

    def habit(self, upstream: str) -> IdHabit:
        """What the receipts of an upstream have shown of its ids."""
        return self.memory.habits.get(upstream, _NO_HABIT)

    def put_habit(self, upstream: str, habit: IdHabit) -> None:
        """Keep what was learned, if it is something new."""
        if habit == self.habit(upstream):
            return
        counts = (habit.judged, habit.same, habit.hex_to_decimal, habit.decimal_to_hex)
        doubts = (habit.contradictions, habit.unlearned)
        places = (habit.several, habit.by_parameter, habit.by_text, habit.by_payload, habit.place or "")
        self.execute("put_id_habit", (upstream, *counts, *doubts, habit.settled.value, *places))
        self.memory.habits = {**self.memory.habits, upstream: habit}

    async def family(self, upstream: str) -> tuple[str, ...]:
        """The names under which an operator's parts and receipts may stand, its own first: links change their name."""
        if self.memory.families is None:
            self.memory.families = families_of(self.site, await self.rows("upstream_names", UpstreamName))
        return self.memory.families.get(upstream) or (upstream,)

    async def rows_of_family(self, name: str, shape: type[T], upstream: str, *values: Any) -> list[T]:
        """Every row of a named query whose first parameter is the upstream, under each of its names."""
        first, *others = await self.family(upstream)
        found = await self.rows(name, shape, (first, *values))
        for each in others:
            found += await self.rows(name, shape, (each, *values))
        return found

    async def any_of_family(self, name: str, upstream: str, *values: Any) -> bool:
        """Whether such a query has a row."""
        for each in await self.family(upstream):
            if await self.value(name, (each, *values)) is not None:
                return True
        return False

    async def owners_changed(self) -> None:
        """Somebody has taken over, or nothing is left of what somebody had: read again whose messages there may be."""
        self.memory.owners = frozenset(await self.values("owners_before", (NO_OWNER,)))

    async def restored_changed(self) -> None:
        """A restore was noted, or what it held was let go: read the last one again."""
        self.memory.restored = await self.row("last_restored", RestoredRow) or NEVER_RESTORED

    async def habits_changed(self) -> None:
        """What was learned may have been undone: read it again."""
        self.memory.habits = await self.gather(read_habits)

    async def config_changed(self) -> None:
        """The piece of work has written documents: count the version and read the snapshot again."""
        self.execute("grow_meta", ("config_version",))
        before, self.memory.site = self.site, await self.gather(read_site)
        self.memory.families = None
        for link in before.links.values():
            now = self.site.links.get(link.name)
            former = before.upstream_of(link)
            if now is None or self.site.upstream_of(now) != former:
                self.execute("keep_upstream_name", (link.name, former))
            for heir in self._heirs(link, before) if now is None else ():
                self.execute("keep_upstream_name", (heir.name, former))

    def _heirs(self, link: Link, before: Site) -> Iterable[Link]:
        """Links that came with the login of one that went: it has another name, and its receipts come by them."""
        return (new for new in self.site.links.values() if new.name not in before.links and is_one_login(new, link))


_NO_HABIT = IdHabit()


def at_once(piece: Coroutine[Any, Any, T]) -> T:
    """What a piece of work comes to, on a desk whose engine answers at once."""
    try:
        piece.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    piece.close()
    raise RuntimeError("a piece of work waits for something, and this engine answers at once")
