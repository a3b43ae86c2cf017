"""A network in memory: ordered pipes of octets with delays, pieces, silence, cuts; ports that refuse or do not answer.

Each port has a `Weather` that may change at any time. Octets that were written are the network's: they arrive although
the process that wrote them is killed. A connection may end in order (close), with a reset that loses what is under way
(cut, abort), or without a word (silence): then both ends find out by their own timers, as with TCP.
"""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from tests.simulation.loop import PROCESS, Process, VirtualLoop

HIGH_WATER_OCTETS: Final = 65_536
PIECES_EVERY: Final = 0.15
"""How often a write arrives in two pieces."""


class Weather:
    """How a port's network is now. Times in seconds."""

    def __init__(self) -> None:
        self.latency_s = 0.001
        self.jitter_s = 0.0
        self.is_refusing = False
        self.is_lost = False
        """Nothing arrives and nobody is told; connecting hangs."""
        self.stalled_until_s = 0.0
        """What is written before arrives only then."""


class FakeSocket:
    """What is asked of a transport's socket by programs that want to tune it."""

    family = 2

    def fileno(self) -> int:
        """None: what has arrived has been handed over."""
        return -1

    def setsockopt(self, *args: Any) -> None:
        """Nothing to tune."""

    def getsockname(self) -> tuple[str, int]:
        """An address."""
        return ("127.0.0.1", 1)

    def getpeername(self) -> tuple[str, int]:
        """An address."""
        return ("127.0.0.1", 2)


class SimTransport(asyncio.Transport):
    """One end of a connection."""

    def __init__(self, network: Network, protocol: Any, process: Process | None, port: int, names: Any) -> None:
        super().__init__()
        self.network = network
        self.protocol = protocol
        self.process = process
        self.port = port
        self.context = contextvars.copy_context()
        self.peer: SimTransport | None = None
        self._names = names
        self.is_mute = False
        """Nothing that is written arrives any more, and nobody is told."""
        self.pipe: deque[tuple[bytes | None, float, float]] = deque()
        """What this end has written: octets (None: the end), when they arrive, when they were written."""
        self._under_way = 0
        self._inbox: deque[tuple[bytes | None, float]] = deque()
        self._is_paused = False
        self._is_closing = False
        self._is_over = False
        self._is_full = False

    # -- what a protocol asks

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """peername, sockname, socket."""
        return {**self._names, "socket": FakeSocket()}.get(name, default)

    def is_closing(self) -> bool:
        """Whether it is being closed or is gone."""
        return self._is_closing or self._is_over

    def set_protocol(self, protocol: Any) -> None:
        """Hand the connection to another protocol."""
        self.protocol = protocol

    def get_protocol(self) -> Any:
        """Who is told."""
        return self.protocol

    def is_reading(self) -> bool:
        """Whether octets are handed over."""
        return not self._is_paused

    def pause_reading(self) -> None:
        """Keep what arrives."""
        self._is_paused = True

    def resume_reading(self) -> None:
        """Hand over what was kept."""
        if self._is_paused:
            self._is_paused = False
            self.network.loop.call_soon(self._hand_over, context=self.context)

    def get_write_buffer_size(self) -> int:
        """Octets under way."""
        return self._under_way

    def can_write_eof(self) -> bool:
        """Half-closing is not simulated."""
        return False

    def write(self, data: Any) -> None:
        """Give octets to the network, in one piece or two."""
        if self.is_closing() or not data:
            return
        octets = bytes(data)
        self.network.wrote(self, octets)
        rng = self.network.rng
        cut = rng.randrange(1, len(octets)) if len(octets) > 1 and rng.random() < PIECES_EVERY else len(octets)
        for piece in (octets[:cut], octets[cut:]):
            if piece:
                self._under_way += len(piece)
                self.network.carry(self, piece)
        if self._under_way > HIGH_WATER_OCTETS and not self._is_full:
            self._is_full = True
            self.protocol.pause_writing()

    def writelines(self, list_of_data: Any) -> None:
        """Write several at once."""
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        """What was written still arrives, then the other end hears of it."""
        if not self.is_closing():
            self._is_closing = True
            self.network.carry(self, None)
            self.network.loop.call_soon(self.lose, None, context=self.context)

    def abort(self) -> None:
        """A reset: what is under way is lost."""
        if not self._is_over:
            self._is_closing = True
            if self.peer is not None:
                self.network.reset(self.peer)
            self.network.loop.call_soon(self.lose, None, context=self.context)

    # -- what the network does

    def arrive(self, octets: bytes | None, written_at_s: float) -> None:
        """Octets from the other end, or None for its end."""
        if self._is_over:
            return
        self._inbox.append((octets, written_at_s))
        self._hand_over()

    def _hand_over(self) -> None:
        while self._inbox and not self._is_paused and not self._is_over:
            octets, self.network.handing_over_written_at_s = self._inbox.popleft()
            if octets is None:
                if not self.protocol.eof_received():
                    self.lose(None)
                return
            if self.peer is not None:
                self.peer.taken(len(octets))
            if not self._is_closing:
                self.protocol.data_received(octets)

    def taken(self, count: int) -> None:
        """The other end has read so many octets."""
        self._under_way -= count
        if self._is_full and self._under_way <= HIGH_WATER_OCTETS // 4 and not self._is_over:
            self._is_full = False
            self.network.loop.call_soon(self.protocol.resume_writing, context=self.context)

    def lose(self, error: Exception | None) -> None:
        """The connection is gone for this end."""
        if not self._is_over:
            self._is_over = self._is_closing = True
            self._inbox.clear()
            self.network.forget(self)
            self.protocol.connection_lost(error)


class Listening:
    """A listening port, as asyncio's Server shows it."""

    def __init__(self, network: Network, factory: Callable[[], Any], port: int) -> None:
        self.network = network
        self.factory = factory
        self.port = port
        self.process = PROCESS.get()
        self.context = contextvars.copy_context()
        self.sockets = [self]

    def getsockname(self) -> tuple[str, int]:
        """The address."""
        return ("127.0.0.1", self.port)

    def close(self) -> None:
        """Take no more connections."""
        if self.network.listening.get(self.port) is self:
            del self.network.listening[self.port]

    def is_serving(self) -> bool:
        """Whether connections are taken."""
        return self.network.listening.get(self.port) is self

    async def wait_closed(self) -> None:
        """Nothing to wait for."""


class Network:
    """All ports and connections. `rng` decides delays and pieces."""

    loop: VirtualLoop

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.listening: dict[int, Listening] = {}
        self.weather: dict[int, Weather] = {}
        self.ends: dict[SimTransport, None] = {}
        self.on_write: Callable[[SimTransport, bytes], None] = lambda end, octets: None
        self._ports = 40_000
        self.handing_over_written_at_s = 0.0
        """When the octets that are being handed to a protocol were written by the other end."""

    def weather_of(self, port: int) -> Weather:
        """The weather at a port."""
        return self.weather.setdefault(port, Weather())

    # -- opening

    def listen(self, factory: Callable[[], Any], port: int) -> Listening:
        """Listen; port 0 takes a free one. Raises OSError if the port is taken."""
        if port == 0:
            self._ports += 1
            port = self._ports
        if port in self.listening:
            raise OSError(98, f"port {port} is in use")
        listening = Listening(self, factory, port)
        self.listening[port] = listening
        return listening

    async def connect(self, factory: Callable[[], Any], host: str, port: int) -> tuple[SimTransport, Any]:
        """Connect to a port. Raises ConnectionRefusedError; hangs where nothing arrives."""
        weather = self.weather_of(port)
        delay_s = self._delay_s(weather)
        while weather.is_lost or weather.stalled_until_s > self.loop.time():
            pause_s = 30.0 if weather.is_lost else weather.stalled_until_s - self.loop.time()
            await asyncio.sleep(pause_s)
        await asyncio.sleep(2 * delay_s)
        listening = self.listening.get(port)
        if listening is None or weather.is_refusing:
            raise ConnectionRefusedError(111, f"port {port} refuses")
        self._ports += 1
        here, there = ("127.0.0.1", self._ports), ("127.0.0.1", port)
        near = SimTransport(self, factory(), PROCESS.get(), port, {"sockname": here, "peername": there})
        far = SimTransport(self, None, listening.process, port, {"sockname": there, "peername": here})
        near.peer, far.peer = far, near
        far.context = listening.context.copy()
        self.ends[near] = self.ends[far] = None
        self.loop.call_soon(_open, far, listening.factory, context=far.context)
        near.protocol.connection_made(near)
        return near, near.protocol

    # -- carrying

    def _delay_s(self, weather: Weather) -> float:
        return weather.latency_s + (self.rng.random() * weather.jitter_s if weather.jitter_s else 0.0)

    def wrote(self, end: SimTransport, octets: bytes) -> None:
        """An end has written."""
        self.on_write(end, octets)

    def carry(self, end: SimTransport, octets: bytes | None) -> None:
        """Bring octets, or the end of the connection, to the other side; in order."""
        peer = end.peer
        if peer is None or end.is_mute:
            return
        weather = self.weather_of(end.port)
        if peer._is_over or (peer.process is not None and peer.process.is_dead):
            self.loop.call_later(2 * self._delay_s(weather), end.lose, ConnectionResetError(), context=end.context)
            return
        at_s = self.loop.time() + self._delay_s(weather)
        if end.pipe:
            at_s = max(at_s, end.pipe[-1][1])
        end.pipe.append((octets, at_s, self.loop.time()))
        if len(end.pipe) == 1:
            self._bring_next(end, peer)

    def _bring_next(self, end: SimTransport, peer: SimTransport) -> None:
        at_s = max(end.pipe[0][1], self.weather_of(end.port).stalled_until_s)
        self.loop.call_at(at_s, self._bring, end, peer, context=peer.context)

    def _bring(self, end: SimTransport, peer: SimTransport) -> None:
        if end.is_mute:
            return
        if self.weather_of(end.port).stalled_until_s > self.loop.time():
            self._bring_next(end, peer)
            return
        octets, _, written_at_s = end.pipe.popleft()
        if end.pipe:
            self._bring_next(end, peer)
        peer.arrive(octets, written_at_s)

    def reset(self, end: SimTransport) -> None:
        """The other end is gone: this one hears of it after the delay, unless nothing arrives."""
        if not end.is_mute:
            delay_s = self._delay_s(self.weather_of(end.port))
            self.loop.call_later(delay_s, end.lose, ConnectionResetError("reset"), context=end.context)

    # -- ending

    def forget(self, end: SimTransport) -> None:
        """A connection's end is gone."""
        self.ends.pop(end, None)

    def cut(self, port: int) -> int:
        """Break every connection of a port in the middle of whatever is under way; how many ends."""
        ends = [end for end in self.ends if end.port == port]
        for end in ends:
            self.loop.call_soon(end.lose, ConnectionResetError("cut"), context=end.context)
        return len(ends)

    def mute(self, port: int) -> None:
        """Every connection of a port goes silent for good; who connects afterwards finds what the weather says."""
        for end in self.ends:
            if end.port == port:
                end.is_mute = True

    def process_died(self, process: Process, *, is_told: bool) -> None:
        """A process is gone. `is_told`: its machine lives and resets its connections; else there is silence."""
        for port, listening in list(self.listening.items()):
            if listening.process is process:
                del self.listening[port]
        for end in list(self.ends):
            if end.process is process:
                self.forget(end)
                if is_told:
                    self.carry(end, None)
                else:
                    end.is_mute = True


def _open(end: SimTransport, factory: Callable[[], Any]) -> None:
    end.protocol = factory()
    end.protocol.connection_made(end)
