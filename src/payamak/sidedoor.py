"""The side door: a socket beside the store, by which commands of this machine ask the server what only it can see.

A file `STORE-door` of the server's user alone (0600), so that who may read the store may ask, and nobody else; no port,
no password, nothing that a proxy could forward. One line of JSON asks, lines of JSON answer until either side closes.
It knows one question, `trace`: the PDUs of a link as they pass. They are masked here, before they leave the process.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from payamak.clock import Clock
from payamak.domain.numbers import masked
from payamak.smpp.link import Tap
from payamak.smpp.shown import shown
from payamak.upstreams.smpp import SmppUpstream

LONGEST_TRACE_S: Final = 600.0
"""Ten minutes: a trace that somebody forgot ends by itself."""

ASK_WITHIN_S: Final = 5.0
"""Until the question must be there. Taste."""

UNREAD_OCTETS: Final = 1 << 20
"""Of answers that whoever asked has not read: beyond it PDUs are counted and not told, so that a terminal that stands
still costs no memory. Taste."""

_LONGEST_QUESTION: Final = 4_096


def door_of(store: Path) -> Path:
    """Where the door of a store is, by whichever name the store is called."""
    path = store.resolve()
    return path.with_name(f"{path.name}-door")


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name for a socket that is short enough for the system (107 octets), wherever the folder lies."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        inside = f"/proc/self/fd/{folder}"
        yield f"{inside}/{path.name}" if os.path.isdir(inside) else str(path)
    finally:
        os.close(folder)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked: which link, for how long, and whether numbers of handsets are told whole."""

    link: str
    seconds: float
    with_numbers: bool


def read_question(line: bytes) -> Question:
    """One line of JSON: `{"ask": "trace", "link": NAME, "seconds": S, "numbers": BOOL}`. Raises ValueError."""
    try:
        said = json.loads(line)
        is_trace = said["ask"] == "trace"
        made = Question(
            link=str(said["link"]), seconds=float(said["seconds"]), with_numbers=bool(said.get("numbers", False))
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("this is no question that the side door knows") from error
    if not is_trace or not 0 < made.seconds <= LONGEST_TRACE_S:
        raise ValueError(f"a trace lasts up to {LONGEST_TRACE_S:.0f} s")
    return made


class SideDoor:
    """The server's end."""

    def __init__(
        self,
        store: Path,
        upstreams: Mapping[str, object],
        taps: MutableMapping[str, Tap],
        clock: Clock,
        log: Callable[..., object],
    ) -> None:
        """`upstreams` are the links that there are now, by name; `taps` who sees the PDUs of those to come."""
        self._path = door_of(store)
        self._upstreams, self._taps = upstreams, taps
        self._clock = clock
        self._log = log
        self._server: asyncio.Server | None = None
        self._traces: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen. The lock of the store has said that no other server has this door. A folder without room for a
        socket is told in the log, and ends nothing: then nobody can trace.
        """
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with short_path(self._path) as path:
                with suppress(FileNotFoundError):
                    if stat.S_ISSOCK(os.lstat(path).st_mode):
                        os.unlink(path)
                listener.bind(path)
                os.chmod(path, 0o600)  # before it listens: until then nobody gets in
            self._server = await asyncio.start_unix_server(self._answer, sock=listener)
        except OSError as error:
            listener.close()
            self._log("side_door_closed", reason=type(error).__name__)

    async def close(self) -> None:
        """End what is told, and take the socket away."""
        if self._server is None:
            return
        self._server.close()
        for task in self._traces:
            task.cancel()
        await asyncio.gather(*self._traces, return_exceptions=True)
        with suppress(OSError):
            self._path.unlink()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._traces.add(task)
        try:
            async with asyncio.timeout(ASK_WITHIN_S):
                line = await reader.readline()
            await self._trace(read_question(line[:_LONGEST_QUESTION]), reader, writer)
        except ValueError as error:
            _write(writer, {"refused": str(error)})
        except (OSError, TimeoutError):
            pass  # whoever asked has gone
        finally:
            self._traces.discard(task)
            writer.close()

    async def _trace(self, asked: Question, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = self._upstreams.get(asked.link)
        if not isinstance(upstream, SmppUpstream):
            raise ValueError(f"no SMPP link {asked.link} is running; `payamak link list` shows them")
        if asked.link in self._taps:
            raise ValueError(f"link {asked.link} is being traced already")
        trace = _Trace(writer, self._clock, asked)
        self._log("trace_begun", link=asked.link)
        _write(writer, {"link": asked.link, "is_up": upstream.is_up, "seconds": asked.seconds})
        self._taps[asked.link] = trace.tell
        upstream.tap(trace.tell)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(asked.seconds):
                    await reader.read()  # until whoever asked goes
        finally:
            del self._taps[asked.link]
            if isinstance(now := self._upstreams.get(asked.link), SmppUpstream):  # it may be another one by now
                now.tap(None)
            _write(writer, {"told": trace.told, "left_out": trace.left_out})
            self._log("trace_ended", link=asked.link, count=trace.told)


class _Trace:
    """One trace under way."""

    def __init__(self, writer: asyncio.StreamWriter, clock: Clock, asked: Question) -> None:
        self._writer, self._clock = writer, clock
        self._mask: Callable[[str], str] = str if asked.with_numbers else masked
        self.told = 0
        self.left_out = 0

    def tell(self, is_ours: bool, octets: bytes) -> None:
        """A PDU has passed."""
        if self._writer.transport.get_write_buffer_size() > UNREAD_OCTETS:
            self.left_out += 1
            return
        self.told += 1
        pdu = shown(octets, self._mask, is_ours=is_ours)
        _write(self._writer, {"at": self._clock.now(), "is_ours": is_ours, **pdu})


def _write(writer: asyncio.StreamWriter, said: Mapping[str, Any]) -> None:
    if not writer.is_closing():
        writer.write(json.dumps(said, ensure_ascii=False).encode() + b"\n")
