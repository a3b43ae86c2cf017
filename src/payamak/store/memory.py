"""What a store remembers between transactions, so that no piece of work asks for it: the site, and what is rare.

All of it stands in rows too. Whoever writes reads it again when somebody else has written, or when a transaction was
rolled back. But for the ids that it has taken: of these the rows know only up to where.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Final

from msgspec import Struct

from payamak.domain.ids import IdBase, IdHabit, IdPlace
from payamak.domain.message import NOBODY
from payamak.domain.site import Document, Fault, Site, build_site
from payamak.domain.site.stored import read_document
from payamak.store.reader import Reader


class RestoredRow(Struct, frozen=True, kw_only=True):
    """The last time that this store was held to be a copy that was put back; up to which ids it is the copy's.

    A row of `restored`; 0 and "" before there was any.
    """

    id: int = 0
    why: str = ""
    noticed_at: int = 0
    known_until_at: int = 0
    message_id: int = 0
    received_id: int = 0
    ids_above: int = 0
    events_above: int = 0
    held_to: int | None = None
    resumed_at: int | None = None

    @property
    def is_open(self) -> bool:
        """True while a person has not let go what was held."""
        return self.id != 0 and self.resumed_at is None


NEVER_RESTORED = RestoredRow()

NO_OWNER: Final = 1 << 53
"""A number that no owner has: all there are, are before it."""


class UpstreamName(Struct, frozen=True, kw_only=True):
    """A name that a link has, or has had, for its operator."""

    link: str
    upstream: str


class HabitRow(Struct, frozen=True, kw_only=True):
    """What an upstream's receipts have shown of its ids, and how many of them were removed; a row of `id_habit`."""

    upstream: str
    judged: int
    same: int
    hex_to_decimal: int
    decimal_to_hex: int
    contradictions: int
    unlearned: int
    settled: IdBase
    removed: int
    removed_until: int | None
    several: int
    by_parameter: int
    by_text: int
    by_payload: int
    place: str

    @property
    def habit(self) -> IdHabit:
        """What was learned."""
        return IdHabit(
            judged=self.judged,
            same=self.same,
            hex_to_decimal=self.hex_to_decimal,
            decimal_to_hex=self.decimal_to_hex,
            contradictions=self.contradictions,
            unlearned=self.unlearned,
            settled=self.settled,
            several=self.several,
            by_parameter=self.by_parameter,
            by_text=self.by_text,
            by_payload=self.by_payload,
            place=IdPlace(self.place) if self.place else None,
        )


class _Document(Struct, frozen=True, kw_only=True):
    """A document as the store keeps it."""

    kind: str
    name: str
    body: str


class OpenParts:
    """How many parts of each link wait for the others of their message: counted now and then, and kept by hand between.

    What is rolled back is miscounted until the next count.
    """

    COUNT_EVERY_MS = 10_000
    """A count goes through all that wait: some 20 ms for a hundred thousand."""

    def __init__(self) -> None:
        self._by_link: dict[str, int] = {}
        self._counted_at: int | None = None

    def is_due(self, now: int) -> bool:
        """Whether it is time to count again."""
        return self._counted_at is None or not 0 <= now - self._counted_at < self.COUNT_EVERY_MS

    def counted(self, by_link: dict[str, int], now: int) -> None:
        """They were counted."""
        self._by_link, self._counted_at = by_link, now

    def of(self, link: str) -> int:
        """How many there are of this link."""
        return self._by_link.get(link, 0)

    def add(self, link: str, count: int) -> None:
        """So many more wait, or fewer."""
        self._by_link = {**self._by_link, link: self.of(link) + count}


BLOCK: Final = 1_000
"""Ids of messages that are taken at once; a death loses two such blocks, or four times what its last transaction has
used."""


class OutOfIds(BaseException):
    """No id is left whose block is on disk: `count` have to be taken by a commit, and the pieces of work run again.

    No error that a rule may take for a fault of the row that it is at.
    """

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


@dataclass(slots=True)
class Ids:
    """Ids of messages that a process has taken and not yet used: blocks, whose ends are on disk before their first id
    is used (docs/decisions/0082-ids-from-blocks.md). `used`: how many the transaction that runs has.

    None is given twice, whatever dies. What a transaction that was rolled back has used stays used, for a commit that
    failed may stand in the file. Ids of one process grow in the order in which they are drawn.
    """

    used: int = 0
    _next: int = 0
    _end: int = 0
    _later: deque[tuple[int, int]] = field(default_factory=deque)
    _asked: tuple[int, int] | None = None
    _wanted: int = 0

    @property
    def left(self) -> int:
        """How many may be used."""
        return self._end - self._next + sum(end - start for start, end in self._later)

    def next(self) -> int:
        """An id that no message has or will have. Raises OutOfIds."""
        if self._next == self._end:
            if not self._later:
                raise OutOfIds(2 * (self.used + 1))
            self._next, self._end = self._later.popleft()
        self.used += 1
        self._next += 1
        return self._next - 1

    def want(self, count: int = BLOCK) -> None:
        """The transaction that runs, or the next one, is to take so many."""
        self._wanted = max(self._wanted, count)

    @property
    def missing(self) -> int:
        """How many the transaction that runs is to take, so that those after it find enough; 0 if nobody uses any."""
        if not self.used and not self._wanted:
            return 0
        enough = max(BLOCK, self._wanted, 2 * self.used)
        return enough if self.left < enough else 0

    def take(self, last: int, count: int) -> None:
        """The transaction that runs takes so many, up to `last`: they may be used when it is committed."""
        self._asked = last - count + 1, last + 1

    def begin(self) -> None:
        """Another transaction begins."""
        self.used = 0

    def committed(self) -> None:
        """The transaction is on disk, and so is the end of what it has taken."""
        self._wanted = 0
        if self._asked is not None:
            self._later.append(self._asked)
            self._asked = None

    def rolled_back(self) -> None:
        """What it was to take is not taken."""
        self._asked = None

    def forget(self) -> None:
        """Use nothing more of what was taken: ids go on above it."""
        self._next = self._end = 0
        self._later.clear()

    def give_back(self) -> tuple[int, int] | None:
        """Before a clean stop: nothing more of it is used. Answers the last id that was and the last that was taken."""
        blocks = [block for block in ((self._next, self._end), *self._later) if block[0] < block[1]]
        if not blocks:
            return None
        first, last = blocks.pop()
        while blocks and blocks[-1][1] == first:
            first, _ = blocks.pop()
        self.forget()
        return first - 1, last - 1

    def copy(self) -> Ids:
        """Another one with the same ids: those of one of the two only may be used."""
        return replace(self, _later=deque(self._later))


class Memory:
    """What the writer of a store remembers.

    site            the configuration that holds inside the transaction
    has_unmatched   receipts wait: an answer looks for its own only then
    has_lost        answers were lost of which no receipt has told: receipts are dealt only then (rules/pooling.py)
    has_dealt       receipts were dealt: an answer may name one of them (rules/reclaiming.py)
    has_aside       rows were put aside (rules/aside.py)
    restored        the last restore
    habits          what the receipts of each upstream have shown of its ids
    families        the names under which an operator's parts and receipts may stand; None: to be read
    retried         how far the receipts that wait for more to be known were looked at again (rules/receipts.py)
    turns           who was served last, of each line and class
    ids             those that fresh messages get
    owners          who has taken over and was not ended; empty as long as nobody has said
    """

    def __init__(self) -> None:
        self.site = Site(version=-1)
        self.has_unmatched = False
        self.has_lost = False
        self.has_aside = False
        self.has_dealt = False
        self.restored = NEVER_RESTORED
        self.habits: dict[str, IdHabit] = {}
        self.families: dict[str, tuple[str, ...]] | None = None
        self.open_parts = OpenParts()
        self.retried: dict[str, tuple[object, int | None]] = {}
        self.turns: dict[tuple[str, int], int] = {}
        self.ids = Ids()
        self.owners: frozenset[int] = frozenset()

    def is_ended(self, owner: int) -> bool:
        """Whether an owner has taken over and nothing is left of it: what is its would be nobody's to recover."""
        return bool(self.owners) and NOBODY < owner < max(self.owners) and owner not in self.owners

    def read_again(self, db: Reader) -> None:
        """Somebody else may have written: what is remembered becomes what the rows say now."""
        self.has_unmatched = db.value("oldest_unmatched") is not None
        self.has_lost = db.value("any_lost_part") is not None
        self.has_aside = bool(db.value("any_aside"))
        self.habits = read_habits(db)
        self.restored = db.row("last_restored", RestoredRow) or NEVER_RESTORED
        self.owners = frozenset(db.values("owners_before", (NO_OWNER,)))
        if db.value("meta", ("config_version",)) != self.site.version:
            self.site = read_site(db)
            self.families = None

    def copy(self) -> Memory:
        """Another one that remembers the same: what is learned there is not known here."""
        other = copy(self)
        other.habits, other.retried, other.turns = dict(self.habits), dict(self.retried), dict(self.turns)
        other.open_parts, other.ids = copy(self.open_parts), self.ids.copy()
        return other


def read_habits(db: Reader) -> dict[str, IdHabit]:
    """What the rows know of every upstream's ids."""
    return {row.upstream: row.habit for row in db.rows("id_habits", HabitRow)}


def families_of(site: Site, former: Iterable[UpstreamName]) -> dict[str, tuple[str, ...]]:
    """Which names are one operator's: those that one link has, or has had. Only of operators with more than one."""
    names: dict[str, set[str]] = {}
    for link in site.links.values():
        names.setdefault(link.name, set()).add(site.upstream_of(link))
    for had in former:
        names.setdefault(had.link, set()).add(had.upstream)
    family: dict[str, set[str]] = {}
    for alike in names.values():
        whole = alike.union(*(family.get(name, set()) for name in alike))
        family |= dict.fromkeys(whole, whole)
    return {name: (name, *sorted(whole - {name})) for name, whole in family.items() if len(whole) > 1}


def read_site(db: Reader) -> Site:
    """The snapshot of the configuration as the connection sees it now: documents and version of one transaction."""
    documents: list[Document] = []
    faults: list[Fault] = []
    with db.snapshot():
        for kept in db.rows("documents", _Document):
            document, found = read_document(kept.kind, kept.name, kept.body)
            documents += [document] if document else []
            faults += found
        version = db.value("meta", ("config_version",))
        is_suspended = bool(db.value("meta", ("intake_is_suspended",)))
    return build_site(documents, version, intake_is_suspended=is_suspended, mended=tuple(faults))
