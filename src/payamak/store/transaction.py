"""What a piece of work sees of the store: the open transaction, the configuration, and what changed so far."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import apsw
import msgspec

from payamak.domain.ids import IdBase, IdHabit
from payamak.domain.site import Account, Document, Line, Link, Site, build_site
from payamak.store.feed import Change, Feed
from payamak.store.statements import load_statements

DOCUMENT_TYPES: dict[str, type[Account] | type[Line] | type[Link]] = {
    "account": Account,
    "line": Line,
    "link": Link,
}


COMMITS_KEPT = 64
"""The last commits whose writer is on record. To be misread, a commit would have to fail without saying so while other
processes make that many before it is read back."""


class Transaction:
    """The writing connection with what the writer remembers between transactions.

    `site` is the snapshot of the configuration that holds inside the transaction: before every batch the
    database is asked whether another process has committed (`data_version`), and the snapshot is read again if
    the configuration's own version grew. `has_unmatched`: receipts wait, so that an answer looks for its own only then.
    `has_lost`: answers were lost of which no receipt has told, so that receipts are dealt only then (store/pooling.py).
    `has_dealt`: receipts were dealt, so that an answer may name one of them (store/reclaiming.py); asked at the first
    transaction only, for afterwards it is this process that deals.
    `retried` is how far the receipts that wait for more to be known were looked at again (store/receipts.py).
    """

    def __init__(self, db: apsw.Connection, feed: Feed) -> None:
        self.db = db
        self.feed = feed
        self.sql = load_statements()
        self.changes: list[Change] = []
        self.site = Site(version=-1)
        self.has_unmatched = False
        self.has_lost = False
        self.has_dealt = False
        self.retried: dict[str, tuple[object, int | None]] = {}
        self._habits: dict[str, IdHabit] = {}
        self._data_version = -1
        self._batch = 0
        self._token = secrets.randbits(62)
        self._turns: dict[tuple[str, int], int] = {}
        self._dirty = False

    def execute(self, name: str, values: Sequence[Any] = ()) -> Any:
        """Run a named statement; the cursor to read from."""
        return self.db.execute(self.sql[name], values)

    def one(self, name: str, values: Sequence[Any] = ()) -> Any:
        """The first row of a named query, or None."""
        for row in self.db.execute(self.sql[name], values):
            return row
        return None

    def all(self, name: str, values: Sequence[Any] = ()) -> list[Any]:
        """Every row of a named query."""
        return list(self.db.execute(self.sql[name], values))

    def begin(self) -> None:
        """After BEGIN: see whether anyone else has written since the last batch."""
        version = self.db.pragma("data_version")
        if version != self._data_version or self._dirty:
            self.has_dealt |= self._data_version == -1 and self.one("any_dealt") is not None
            self._data_version = version
            self._dirty = False
            self._batch = self.read_batch()
            self.has_unmatched = self.one("oldest_unmatched")[0] is not None
            self.has_lost = self.one("any_lost_part") is not None
            self._habits = {row[0]: habit_of(row) for row in self.execute("id_habits")}
            if self.one("meta", ("config_version",))[0] != self.site.version:
                self.site = read_site(self.db)

    def habit(self, upstream: str) -> IdHabit:
        """What the receipts of an upstream have shown of its ids."""
        return self._habits.get(upstream, _NO_HABIT)

    def put_habit(self, upstream: str, habit: IdHabit) -> None:
        """Keep what was learned, if it is something new."""
        if habit == self.habit(upstream):
            return
        counts = (habit.judged, habit.same, habit.hex_to_decimal, habit.decimal_to_hex)
        doubts = (habit.contradictions, habit.unlearned)
        self.execute("put_id_habit", (upstream, *counts, *doubts, habit.settled.value))
        self._habits[upstream] = habit

    def config_changed(self) -> None:
        """The piece of work has written documents: count the version and read the snapshot again."""
        self.execute("grow_meta", ("config_version",))
        self.site = read_site(self.db)

    def count_batch(self) -> int:
        """Count this transaction and sign it, so that a commit that fails without saying so can be read back."""
        self._batch += 1
        self.execute("set_meta", ("batch", self._batch))
        self.execute("set_meta", (f"signature/{self._batch % COMMITS_KEPT}", self._token))
        return self._batch

    def read_batch(self) -> int:
        """The last transaction that is in the file, whoever made it."""
        return int(self.one("meta", ("batch",))[0])

    def is_committed(self, batch: int) -> bool:
        """Whether our transaction of this number is in the file; another process may have made one of that number."""
        if not batch:
            return True  # it wrote nothing
        signature = self.one("meta", (f"signature/{batch % COMMITS_KEPT}",))
        return self.read_batch() >= batch and signature is not None and signature[0] == self._token

    def in_turn(self, line: str, lane: int, account_ids: Sequence[int]) -> list[int]:
        """The accounts in the order in which they may claim: those first that come after the last one served."""
        last = self._turns.get((line, lane), 0)
        return [i for i in account_ids if i > last] + [i for i in account_ids if i <= last]

    def had_turn(self, line: str, lane: int, account_id: int) -> None:
        """Remember who was served last; it is only fairness, so a rolled-back claim need not take it back."""
        self._turns[line, lane] = account_id

    def rolled_back(self) -> None:
        """What was remembered may not be on disk: read it again before the next batch."""
        self._dirty = True
        self.site = Site(version=-1)
        self.changes = []
        self.retried = {}


_NO_HABIT = IdHabit()


def habit_of(row: Any) -> IdHabit:
    """What was learned, from the columns of `-- name: id_habits`."""
    return IdHabit(
        judged=row[1],
        same=row[2],
        hex_to_decimal=row[3],
        decimal_to_hex=row[4],
        contradictions=row[5],
        unlearned=row[6],
        settled=IdBase(row[7]),
    )


def read_site(db: apsw.Connection) -> Site:
    """The snapshot of the configuration as the connection sees it now: documents and version of one transaction."""
    with db:
        site = _read_site(db)
    return site


def _read_site(db: apsw.Connection) -> Site:
    sql = load_statements()
    documents: list[Document] = [
        msgspec.json.decode(body, type=DOCUMENT_TYPES[kind]) for kind, body in db.execute(sql["documents"])
    ]
    meta = {key: next(iter(db.execute(sql["meta"], (key,))))[0] for key in ("config_version", "intake_is_suspended")}
    return build_site(documents, meta["config_version"], intake_is_suspended=bool(meta["intake_is_suspended"]))
