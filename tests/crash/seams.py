"""How the kill-points of points.py are laid into the program that is about to serve: by wrapping what it calls."""

from __future__ import annotations

import functools
import importlib
import weakref
from collections.abc import Callable
from typing import Any

from tests.crash.points import CALLS, COMMITS, WIRES, Call, Commit, Hit

_HEAD_OCTETS = 16

OWN = (
    ("payamak.store.sqlite.writer", "Batch._together"),
    ("payamak.store.sqlite.writer", "Batch._commit"),
    ("payamak.smpp.link.client", "ClientConnection.connection_made"),
    ("payamak.smpp.link.client", "ClientConnection.data_received"),
    ("payamak.store.sqlite.store", "connect"),
)
"""What is wrapped beside the tables' rows."""


def lay(hit: Hit) -> None:
    """Lay every point. Raises LookupError, naming it, for one whose place in the program is gone."""
    works: list[str] = []
    for commit in COMMITS:
        _note(commit, works)
    _watch_commits(works, hit)
    for call in CALLS:
        _watch_call(call, hit)
    _watch_wire(hit)


def replace(module: str, name: str, wrap: Callable[[Any], Any]) -> None:
    """Put `wrap(what is there)` in its place; `name` is a function, or a class and its method."""
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for step in path:
        owner = _child(owner, step, module, name)
    setattr(owner, last, wrap(_child(owner, last, module, name)))


def missing() -> list[str]:
    """The places of the tables that are not in the program; nothing is changed."""
    gone = []
    places = [(seam.module, seam.function) for seam in (*COMMITS, *CALLS)] + list(OWN)
    for module, name in places:
        owner: Any = importlib.import_module(module)
        try:
            for step in name.split("."):
                owner = _child(owner, step, module, name)
        except LookupError as error:
            gone.append(str(error))
    return gone


def _child(owner: Any, step: str, module: str, name: str) -> Any:
    try:
        return getattr(owner, step)
    except AttributeError:
        raise LookupError(f"{module} has no {name} any more: correct the table in tests/crash/points.py") from None


# ----------------------------------------------------------------------------------------------- commits


def _note(commit: Commit, works: list[str]) -> None:
    """Keep in mind that the open transaction has done such a work."""

    def wrap(function: Any) -> Any:
        @functools.wraps(function)
        async def noting(*arguments: Any, **more: Any) -> Any:
            result = await function(*arguments, **more)
            if commit.counts(arguments, result):
                works.append(commit.name)
            return result

        return noting

    replace(commit.module, commit.function, wrap)


def _watch_commits(works: list[str], hit: Hit) -> None:
    """The writer has one thread and one transaction at a time, so one list tells what is in it."""

    def begin(function: Any) -> Any:
        def beginning(batch: Any, pieces: Any) -> None:
            works.clear()
            function(batch, pieces)

        return beginning

    def commit(function: Any) -> Any:
        def committing(batch: Any, number: int) -> None:
            names = list(dict.fromkeys(works))
            for name in names:
                hit(f"{name}/before")
            function(batch, number)
            for name in names:
                hit(f"{name}/after")

        return committing

    replace(*OWN[0], begin)
    replace(*OWN[1], commit)


# ------------------------------------------------------------------------------------------------- calls


def _watch_call(call: Call, hit: Hit) -> None:
    def wrap(function: Any) -> Any:
        @functools.wraps(function)
        def calling(*arguments: Any, **more: Any) -> Any:
            if not call.counts(arguments):
                return function(*arguments, **more)
            hit(f"{call.name}/before")
            result = function(*arguments, **more)
            if hasattr(result, "__await__"):
                return _awaited(result, call.name, hit)
            hit(f"{call.name}/after")
            return result

        return calling

    replace(call.module, call.function, wrap)


async def _awaited(result: Any, name: str, hit: Hit) -> Any:
    done = await result
    hit(f"{name}/after")
    return done


# -------------------------------------------------------------------------------------------------- wire


class _Commands:
    """The commands of the PDUs in a stream of octets, however it is cut."""

    def __init__(self) -> None:
        self._rest = b""

    def of(self, octets: bytes) -> set[int]:
        """The commands of the PDUs that these octets complete."""
        data, found = self._rest + octets, set()
        while len(data) >= _HEAD_OCTETS:
            length = int.from_bytes(data[:4])
            if len(data) < length:
                break
            found.add(int.from_bytes(data[4:8]))
            data = data[length:]
        self._rest = data
        return found


class _Transport:
    """A transport whose writes are watched; everything else is the transport's."""

    def __init__(self, transport: Any, loop: Any, hit: Hit) -> None:
        self._transport = transport
        self._loop = loop
        self._hit = hit
        self._commands = _Commands()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, octets: bytes) -> None:
        names = _names(self._commands.of(octets))
        for name in names:
            self._hit(f"{name}/before")
        self._transport.write(octets)
        if names:
            self._when_written(names)

    def _when_written(self, names: list[str]) -> None:
        """uvloop writes at the end of the loop's turn: only then have the octets left the process."""
        if self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size():
            self._loop.call_soon(self._when_written, names)
            return
        for name in names:
            self._hit(f"{name}/after")


def _names(commands: set[int]) -> list[str]:
    return [wire.name for wire in WIRES if wire.command in commands]


def _watch_wire(hit: Hit) -> None:
    """The client's end of a link only: what customers send us over SMPP is another door."""

    def made(function: Any) -> Any:
        def connection_made(connection: Any, transport: Any) -> None:
            function(connection, _Transport(transport, connection._loop, hit))

        return connection_made

    def received(function: Any) -> Any:
        streams: weakref.WeakKeyDictionary[Any, _Commands] = weakref.WeakKeyDictionary()

        def data_received(connection: Any, octets: bytes) -> None:
            names = _names(streams.setdefault(connection, _Commands()).of(octets))
            for name in names:
                hit(f"{name}/before")
            function(connection, octets)
            for name in names:
                hit(f"{name}/after")

        return data_received

    replace(*OWN[2], made)
    replace(*OWN[3], received)
