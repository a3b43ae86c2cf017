"""Paths to routes, as the field writes them (contract §5): any letter case, doubled slashes, percent escapes. Pure.

That is a habit of the old panel's programs and of its doors alone. What is ours has one spelling: a proxy closes a path
by its spelling (`location = /metrics`), and whatever we folded beyond that would be open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, TypeAlias
from urllib.parse import unquote_to_bytes

from payamak.http.request import Route

_SLASHES: Final = re.compile(rb"/{2,}")
_NONE: Final[Mapping[str, str]] = MappingProxyType({})

Found: TypeAlias = tuple[Route, Mapping[str, str]]
"""A route and what stands in the place of its names."""


class Routes:
    """The routes of one server, by path. Raises ValueError if two have the same."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._listed: dict[str, Route] = {}
        self._asked: dict[str, dict[bytes, Route]] = {}
        self._patterns: list[tuple[list[str], Route]] = []
        for route in routes:
            path, _, name = route.path.partition("?")
            if "{" in path:
                self._patterns.append((path.split("/"), route))
                continue
            table: dict[str, Route] | dict[bytes, Route] = self._asked.setdefault(path, {}) if name else self._listed
            key: str | bytes = name.encode("ascii") if name else path
            if table.setdefault(key, route) is not route:  # type: ignore[arg-type]
                raise ValueError(f"two routes of {route.path}")
        self._find_path = lru_cache(maxsize=4096)(self._look_up)

    def find(self, method: str, raw_path: bytes, query: bytes) -> Found | None:
        """The route of a path as it was written; None if nothing is there."""
        found = self._find_path(raw_path)
        if found is None or not query or (asked := self._asked.get(found[0].path)) is None:
            return found
        for part in query.lower().split(b"&"):
            route = asked.get(unquote_to_bytes(part.partition(b"=")[0]).lower())
            if route is not None and method in route.methods:
                return route, found[1]
        return found

    def _look_up(self, raw_path: bytes) -> Found | None:
        route = self._listed.get(raw_path.decode("latin-1"))
        if route is not None:
            return route, _NONE
        path = fold_path(raw_path)
        if path is not None and (route := self._listed.get(path)) is not None and route.is_folded:
            return route, _NONE
        segments = raw_path.split(b"/")
        for pattern, route in self._patterns:
            if len(pattern) == len(segments) and (parameters := _match(pattern, segments)) is not None:
                return route, parameters
        return None


def _match(pattern: list[str], segments: list[bytes]) -> Mapping[str, str] | None:
    """What stands in the place of each name: text, not empty, of characters that can be shown."""
    parameters: dict[str, str] = {}
    for wanted, octets in zip(pattern, segments, strict=True):
        if not wanted.startswith("{"):
            if octets != wanted.encode("ascii"):
                return None
            continue
        try:
            text = unquote_to_bytes(octets).decode("utf-8")
        except UnicodeDecodeError:
            return None
        if not text or not text.isprintable():
            return None
        parameters[wanted[1:-1]] = text
    return MappingProxyType(parameters)


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
