"""The side door: a socket beside the store, by which commands of this machine ask the server what only it can see.

A file `STORE-door` of the server's user alone, so that who may read the store may ask, and nobody else. It knows one
question, `trace`: the PDUs of a link as they pass. They are masked here, before they leave the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from payamak.clock import Clock
from payamak.domain.numbers import masked
from payamak.language import Words
from payamak.smpp.link import Tap
from payamak.smpp.shown import shown
from payamak.socketfile import listen, write
from payamak.upstreams.smpp import SmppUpstream

LONGEST_TRACE_S: Final = 600.0
"""Ten minutes: a trace that somebody forgot ends by itself."""

UNREAD_OCTETS: Final = 1 << 20
"""Of answers that whoever asked has not read: beyond it PDUs are counted and not told, so that a terminal that stands
still costs no memory. Taste."""


def door_of(store: Path) -> Path:
    """Where the door of a store is, by whichever name the store is called."""
    path = store.resolve()
    return path.with_name(f"{path.name}-door")


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked: which link, for how long, and whether numbers of handsets are told whole."""

    link: str
    seconds: float
    with_numbers: bool


def read_question(said: Mapping[str, Any]) -> Question:
    """`{"ask": "trace", "link": NAME, "seconds": S, "numbers": BOOL}`. Raises ValueError."""
    try:
        is_trace = said["ask"] == "trace"
        made = Question(
            link=str(said["link"]), seconds=float(said["seconds"]), with_numbers=bool(said.get("numbers", False))
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            Words("this is no question that the side door knows", "درِ کناری چنین پرسشی نمی‌شناسد")
        ) from error
    if not is_trace or not 0 < made.seconds <= LONGEST_TRACE_S:
        raise ValueError(
            Words(f"a trace lasts up to {LONGEST_TRACE_S:.0f} s", f"ردگیری حداکثر {LONGEST_TRACE_S:.0f} ثانیه است")
        )
    return made


class SideDoor:
    """The server's end."""

    def __init__(
        self,
        store: Path | None,
        upstreams: Mapping[str, object],
        taps: MutableMapping[str, Tap],
        clock: Clock,
        log: Callable[..., object],
    ) -> None:
        """`store`: its file; beside a database there is no door. `upstreams` are the links that there are now, by name;
        `taps` who sees the PDUs of those to come."""
        self._path = None if store is None else door_of(store)
        self._upstreams, self._taps = upstreams, taps
        self._clock = clock
        self._log = log
        self._server: asyncio.Server | None = None
        self._traces: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen. The lock of the store has said that no other server has this door. A folder without room for a
        socket is told in the log, and ends nothing: then nobody can trace.
        """
        if self._path is None:
            return
        try:
            self._server = await listen(self._path, self._answer)
        except OSError as error:
            self._log("side_door_closed", reason=type(error).__name__)

    async def close(self) -> None:
        """End what is told, and take the socket away."""
        if self._server is None or self._path is None:
            return
        self._server.close()
        for task in self._traces:
            task.cancel()
        await asyncio.gather(*self._traces, return_exceptions=True)
        with suppress(OSError):
            self._path.unlink()

    async def _answer(self, said: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._traces.add(task)
        try:
            await self._trace(read_question(said), reader, writer)
        finally:
            self._traces.discard(task)

    async def _trace(self, asked: Question, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = self._upstreams.get(asked.link)
        if not isinstance(upstream, SmppUpstream):
            raise ValueError(
                Words(
                    f"no SMPP link {asked.link} is running; `payamak link list` shows them",
                    f"لینک SMPP به نام {asked.link} روشن نیست؛ `payamak link list` نشانشان می‌دهد",
                )
            )
        if asked.link in self._taps:
            raise ValueError(
                Words(f"link {asked.link} is being traced already", f"لینک {asked.link} هم‌اکنون ردگیری می‌شود")
            )
        trace = _Trace(writer, self._clock, asked)
        self._log("trace_begun", link=asked.link)
        write(writer, {"link": asked.link, "is_up": upstream.is_up, "seconds": asked.seconds})
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
            write(writer, {"told": trace.told, "left_out": trace.left_out})
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
        write(self._writer, {"at": self._clock.now(), "is_ours": is_ours, **pdu})
