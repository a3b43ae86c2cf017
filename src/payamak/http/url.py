"""Paths as the field writes them (contract §5): any letter case, doubled slashes, percent escapes. Pure.

That is a habit of the old panel's programs and of its doors alone. What is ours has one spelling: a proxy closes a path
by its spelling (`location = /metrics`), and whatever we folded beyond that would be open.
"""

import re
from collections.abc import Mapping
from typing import Final, Protocol, TypeVar
from urllib.parse import unquote_to_bytes

_SLASHES: Final = re.compile(rb"/{2,}")


class Folded(Protocol):
    """What stands behind a path."""

    @property
    def is_folded(self) -> bool:
        """Whether its path is found in every spelling that folds to it."""
        ...


T = TypeVar("T", bound=Folded)


def find_route(routes: Mapping[str, T], raw_path: bytes) -> tuple[str, T] | None:
    """The route of a path as it was written, and the path under which it is listed; None if nothing is there."""
    exact = raw_path.decode("latin-1")
    if (route := routes.get(exact)) is not None:
        return exact, route
    path = fold_path(raw_path)
    if path is None or (route := routes.get(path)) is None or not route.is_folded:
        return None
    return path, route


def fold_path(raw_path: bytes) -> str | None:
    """Return the one spelling under which a route is listed, or None if no route can have such a path.

    Percent escapes are decoded once, letters become lower case, runs of slashes become one. A path with
    octets beyond ASCII, or with control characters, names nothing of ours.
    """
    path = unquote_to_bytes(raw_path) if b"%" in raw_path else raw_path
    if not path.isascii():
        return None
    if b"//" in path:
        path = _SLASHES.sub(b"/", path)
    folded = path.lower().decode("ascii")
    return folded if folded.isprintable() else None
