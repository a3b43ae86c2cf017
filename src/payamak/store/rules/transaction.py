"""What a piece of work sees of the store: the open transaction, the configuration, and what changed so far."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from payamak.domain.ids import IdBase, IdHabit, IdPlace
from payamak.domain.site import Document, Fault, Link, Site, build_site
from payamak.domain.site.snapshot import is_one_login
from payamak.domain.site.stored import read_document
from payamak.errors import Overwritten
from payamak.store.feed import Change, Feed
from payamak.store.reader import Connection, Reader, counts

T = TypeVar("T")

COMMITS_KEPT = 64
"""The last commits whose writer is on record. To be misread, a commit would have to fail without saying so while other
processes make that many before it is read back."""

_LOW = 0xFFFF_FFFF
"""The bits of a proof that hold the transaction's number; those above are the process's own, drawn at its start."""


class Restored(Struct, frozen=True, kw_only=True):
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

    def of(self, tx: Transaction, link: str, now: int) -> int:
        """How many there are of this link."""
        if self._counted_at is None or not 0 <= now - self._counted_at < self.COUNT_EVERY_MS:
            self._by_link = counts(tx.db, "open_parts")
            self._counted_at = now
        return self._by_link.get(link, 0)

    def add(self, link: str, count: int) -> None:
        """So many more wait, or fewer."""
        self._by_link[link] = self._by_link.get(link, 0) + count


class Transaction:
    """The writing connection with what the writer remembers between transactions.

    `site` is the snapshot of the configuration that holds inside the transaction: before every batch the
    database is asked whether another process has committed (`data_version`), and the snapshot is read again if
    the configuration's own version grew. `has_unmatched`: receipts wait, so that an answer looks for its own only then;
    `has_aside` likewise (store/rules/aside.py). `has_lost`: answers were lost of which no receipt has told, so that
    receipts are dealt only then (store/rules/pooling.py). `restored` is the last restore: it is read again with the
    rest. `has_dealt`: receipts were dealt, so that an answer may name one of them (store/rules/reclaiming.py); asked at
    the first transaction only, for afterwards it is this process that deals.
    `retried` is how far the receipts that wait for more to be known were looked at again (store/rules/receipts.py).
    """

    def __init__(self, db: Connection, feed: Feed) -> None:
        self.db = db
        self.feed = feed
        self.rows, self.row, self.readable = db.rows, db.row, db.readable
        self.value, self.values = db.value, db.values
        self.execute, self.many, self.change, self.insert = db.execute, db.many, db.change, db.insert
        self.changes: list[Change] = []
        self.site = Site(version=-1)
        self.has_unmatched = False
        self.has_lost = False
        self.restored = Restored()
        self.has_aside = False
        self.has_dealt = False
        self.open_parts = OpenParts()
        self.retried: dict[str, tuple[object, int | None]] = {}
        self._habits: dict[str, IdHabit] = {}
        self._families: dict[str, tuple[str, ...]] | None = None
        self._data_version = -1
        self._batch = 0
        self._token = secrets.randbits(62)
        self._turns: dict[tuple[str, int], int] = {}
        self._dirty = False
        self._seen = 0
        self._base: int | None = None
        self._base_kept: int | None = None
        self._proofs: set[int | None] = set()
        self._is_folded: Callable[[], bool] | None = None

    def begin_serving(self, is_folded: Callable[[], bool]) -> None:
        """From here on nobody else serves: what we write last is what must be found. `is_folded`: of contents.py."""
        self._is_folded = is_folded

    def begin(self) -> None:
        """After BEGIN: see whether anyone else has written since the last batch. Raises Overwritten."""
        version = self.db.data_version()
        if version != self._data_version or self._dirty:
            self.has_dealt |= self._data_version == -1 and self.value("any_dealt") is not None
            self._data_version = version
            self._dirty = False
            self._batch = self.read_batch()
            self._check_last()
            self.has_unmatched = self.value("oldest_unmatched") is not None
            self.has_lost = self.value("any_lost_part") is not None
            self.has_aside = bool(self.value("any_aside"))
            self._read_habits()
            self.restored_changed()
            if self.value("meta", ("config_version",)) != self.site.version:
                self.site = read_site(self.db)
                self._families = None
        if self._is_folded is not None and self._is_folded():
            self._base = self._batch

    def _check_last(self) -> None:
        """Somebody else has written: is what we wrote last still there? Raises Overwritten.

        Others only go on from it. A store that was put back has fewer transactions, or another server's proof; a commit
        of ours that failed without saying so may stand there or not.
        """
        if self._is_folded is None or not self._proofs:
            return
        found = self._served()
        if self._batch < self._seen or found not in self._proofs:
            raise Overwritten(
                "the store was put back to another state while it is in use, or another gateway serves it"
            )
        self._seen = self._batch
        self._proofs = {found}

    def _served(self) -> int | None:
        """The proof that stands in the file, whoever left it; None in a store that nobody has served."""
        proof: int | None = self.value("meta", ("served",))
        return proof

    def _read_habits(self) -> None:
        self._habits = {row.upstream: row.habit for row in self.rows("id_habits", HabitRow)}

    def habit(self, upstream: str) -> IdHabit:
        """What the receipts of an upstream have shown of its ids."""
        return self._habits.get(upstream, _NO_HABIT)

    def family(self, upstream: str) -> tuple[str, ...]:
        """The names under which an operator's parts and receipts may stand, its own first: links change their name."""
        if self._families is None:
            self._families = _families(self.site, self.rows("upstream_names", UpstreamName))
        return self._families.get(upstream) or (upstream,)

    def names_changed(self) -> None:
        """Names under which links have sent were forgotten."""
        self._families = None

    def rows_of_family(self, name: str, shape: type[T], upstream: str, *values: Any) -> list[T]:
        """Every row of a named query whose first parameter is the upstream, under each of its names."""
        return [row for each in self.family(upstream) for row in self.rows(name, shape, (each, *values))]

    def any_of_family(self, name: str, upstream: str, *values: Any) -> bool:
        """Whether such a query has a row."""
        return any(self.value(name, (each, *values)) is not None for each in self.family(upstream))

    def put_habit(self, upstream: str, habit: IdHabit) -> None:
        """Keep what was learned, if it is something new."""
        if habit == self.habit(upstream):
            return
        counts = (habit.judged, habit.same, habit.hex_to_decimal, habit.decimal_to_hex)
        doubts = (habit.contradictions, habit.unlearned)
        places = (habit.several, habit.by_parameter, habit.by_text, habit.by_payload, habit.place or "")
        self.execute("put_id_habit", (upstream, *counts, *doubts, habit.settled.value, *places))
        self._habits[upstream] = habit

    def restored_changed(self) -> None:
        """A restore was noted, or what it held was let go: read the last one again."""
        self.restored = self.row("last_restored", Restored) or _NEVER

    def config_changed(self) -> None:
        """The piece of work has written documents: count the version and read the snapshot again."""
        self.execute("grow_meta", ("config_version",))
        before, self.site = self.site, read_site(self.db)
        self._families = None
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

    def count_batch(self) -> int:
        """Count this transaction and sign it, so that a commit that fails without saying so can be read back."""
        self._batch += 1
        self.execute("set_meta", ("batch", self._batch))
        self.execute("set_meta", (f"signature/{self._batch % COMMITS_KEPT}", self._token))
        if self._is_folded is not None:
            self._prove()
        return self._batch

    def _prove(self) -> None:
        """Leave what tells us again that nobody has put the store back, and which state its log goes on from."""
        proof = (self._token & ~_LOW) | (self._batch & _LOW)
        if not self._proofs:
            self._proofs.add(self._served())  # what stands there if this first commit of ours fails
        self.execute("set_meta", ("served", proof))
        self._proofs.add(proof)
        if self._base != self._base_kept:
            self.execute("set_meta", ("base", self._base))
            self._base_kept = self._base

    def read_batch(self) -> int:
        """The last transaction that is in the file, whoever made it."""
        return int(self.value("meta", ("batch",)))

    def is_committed(self, batch: int) -> bool:
        """Whether our transaction of this number is in the file; another process may have made one of that number."""
        if not batch:
            return True  # it wrote nothing
        signature = self.value("meta", (f"signature/{batch % COMMITS_KEPT}",))
        return self.read_batch() >= batch and bool(signature == self._token)

    def in_turn(self, line: str, lane: int, account_ids: Sequence[int]) -> list[int]:
        """The accounts in the order in which they may claim: those first that come after the last one served."""
        last = self._turns.get((line, lane), 0)
        return [i for i in account_ids if i > last] + [i for i in account_ids if i <= last]

    def had_turn(self, line: str, lane: int, account_id: int) -> None:
        """Remember who was served last; it is only fairness, so a rolled-back claim need not take it back."""
        self._turns[line, lane] = account_id

    def committed(self) -> None:
        """What the transaction remembers is what is on disk."""
        self._seen = self._batch
        if len(self._proofs) > 1:
            self._proofs = {(self._token & ~_LOW) | (self._batch & _LOW)}

    def undone(self, changes: int) -> None:
        """A savepoint was rolled back: forget what the work in it has left in memory."""
        self._families = None
        del self.changes[changes:]
        self._read_habits()

    def rolled_back(self) -> None:
        """What was remembered may not be on disk: read it again before the next batch."""
        self._dirty = True
        self._base_kept = None
        self.site = Site(version=-1)
        self._families = None
        self.changes = []
        self.retried = {}


_NO_HABIT = IdHabit()
_NEVER = Restored()


def _families(site: Site, former: Iterable[UpstreamName]) -> dict[str, tuple[str, ...]]:
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
