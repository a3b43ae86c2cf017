"""How a rule asks and writes, whatever engine answers: named statements, their rows as values of a Struct.

The columns of a row are the fields of its Struct (columns.py), so nobody counts positions. `values` are the statement's
parameters: instants in ms since 1970 UTC, money in rial.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Struct

from payamak.store.columns import Spoilt

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode

Values = Sequence[Any] | Mapping[str, Any]


class Count(Struct, frozen=True, kw_only=True):
    """A row of a query that counts: how many there are of what `name` says."""

    name: str
    count: int


class Reader(Protocol):
    """A connection that reads. Every method raises the engine's own errors; the store tells them as StoreFailed."""

    def rows(self, name: str, shape: type[T], values: Values = ()) -> list[T]:
        """Every row of a named query."""
        ...

    def row(self, name: str, shape: type[T], values: Values = ()) -> T | None:
        """The first row of a named query, or None."""
        ...

    def stream(self, name: str, shape: type[T], values: Values = ()) -> Iterator[T]:
        """The rows one by one, for queries that look through all of a table."""
        ...

    def readable(self, name: str, shape: type[T], values: Values = ()) -> list[T | Spoilt]:
        """Every row of a named query; in the place of one that cannot be read, what is known of it."""
        ...

    def value(self, name: str, values: Values = ()) -> Any:
        """The first column of the first row, or None."""
        ...

    def values(self, name: str, values: Values = ()) -> list[Any]:
        """The first column of every row."""
        ...

    def snapshot(self) -> AbstractContextManager[Any]:
        """One state for all that is read within; all that is written within is undone alone if it raises."""
        ...


def array(keys: Iterable[int | str]) -> str:
    """Keys as the JSON array in which they travel to one statement."""
    return _encode(list(keys)).decode()


def counts(db: Reader, name: str, values: Values = ()) -> dict[str, int]:
    """How many there are of each, of a named query that counts."""
    return {row.name: row.count for row in db.rows(name, Count, values)}
