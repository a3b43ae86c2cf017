"""What every attack is measured by: a neighbour who goes on sending, and a process that stays well."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx2
from tests.golden.http.wire import SEND
from tests.scenarios.house import House
from tests.site import MOBILES, PASSWORD

from payamak.codes import Code

NEIGHBOUR: Final = "127.0.0.2"
"""Where the well-behaved client comes from; attacks come from 127.0.0.1 unless they say otherwise."""

ANSWER_S: Final = 25.0
"""What the neighbour waits at most, on a machine that may be busy with other things."""

PAUSE_S: Final = 0.05
RECOVER_S: Final = 15.0
"""How long the gateway may close no file at all before it counts as keeping the rest."""

MIB: Final = 1 << 20
_TICKS_A_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_OCTETS: Final = os.sysconf("SC_PAGE_SIZE")


def resident_octets(pid: int) -> int:
    """What a process holds in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_OCTETS


def open_files(pid: int) -> int:
    """How many files and sockets a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_s(pid: int) -> float:
    """The processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_S


def raise_own_limit() -> int:
    """Let this process open as many files as the system grants; how many that is."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def pid_of(home: House) -> int:
    """The gateway's process."""
    assert home.process is not None
    return home.process.pid


# ------------------------------------------------------------------------------------------- the neighbour


@dataclass(kw_only=True)
class Neighbour:
    """A customer of another account who calls again and again; what came of it."""

    fields: Mapping[str, str] = field(default_factory=dict)
    waits_s: list[float] = field(default_factory=list)
    wrong: list[object] = field(default_factory=list)
    busy: int = 0
    """Answers 23."""

    @property
    def told(self) -> str:
        """For a person who reads the run."""
        waits = sorted(self.waits_s) or [0.0]
        return (
            f"{len(self.waits_s)} calls, median {waits[len(waits) // 2] * 1e3:.0f} ms, worst {waits[-1] * 1e3:.0f} ms"
        )

    async def call(self, home: House) -> None:
        """Send until cancelled, each time over a connection of its own every other time."""
        transport = httpx2.AsyncHTTPTransport(local_address=NEIGHBOUR)
        fields = {"username": "other", "password": PASSWORD, "mobile": MOBILES["ok"], "message": "سلام"}
        fields.update(self.fields)
        async with httpx2.AsyncClient(transport=transport, timeout=30) as client:
            while True:
                headers = {"connection": "close"} if len(self.waits_s) % 2 else {}
                began_s = time.monotonic()
                try:
                    answer = await client.post(home.base_url + SEND, data=fields, headers=headers)
                except httpx2.HTTPError as error:
                    self.wrong.append(repr(error))
                else:
                    status = answer.json()["status"]
                    self.busy += status == Code.BUSY
                    if status not in (-1, Code.BUSY):
                        self.wrong.append(answer.text)
                self.waits_s.append(time.monotonic() - began_s)
                await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def under_attack(
    home: House,
    *,
    most_growth_mib: int,
    name: str = "",
    most_wait_s: float = ANSWER_S,
    fields: Mapping[str, str] | None = None,
) -> AsyncIterator[Neighbour]:
    """While the block attacks, the neighbour is served; afterwards all is as it was.

    Memory may grow by so much during the block; open files come back, nothing of ours was logged as an error.
    """
    pid = pid_of(home)
    log = home.folder / "serve.log"
    logged_octets = log.stat().st_size
    await _quiet(pid, 60)  # of these 16 listen
    memory, files, took_s = resident_octets(pid), open_files(pid), cpu_s(pid)
    peak = memory
    neighbour = Neighbour(fields=fields or {})

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, resident_octets(pid))
            await asyncio.sleep(0.1)

    tasks = [asyncio.create_task(neighbour.call(home)), asyncio.create_task(watch())]
    try:
        await _calls(neighbour, 3)
        yield neighbour
        await _calls(neighbour, 3)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    growth_mib = (peak - memory) / MIB
    print(
        f"\n{name}: {neighbour.told}; memory {memory / MIB:.0f} MiB, at most +{growth_mib:.0f} MiB; "
        f"{cpu_s(pid) - took_s:.1f} s of processor time"
    )
    assert neighbour.wrong == [], neighbour.wrong[:3]
    assert is_rare(neighbour.busy, len(neighbour.waits_s)), f"told 23 {neighbour.busy} times: {neighbour.told}"
    assert max(neighbour.waits_s) < most_wait_s
    assert growth_mib < most_growth_mib
    assert await _quiet(pid, files + 8), f"{open_files(pid)} files are open, {files} were"
    text = log.read_bytes()[logged_octets:].decode()
    assert "Traceback" not in text, [line for line in text.splitlines() if "error" in line][:3]
    assert "handler_failed" not in text
    assert errors_in(text) == [], errors_in(text)[:3]


def is_rare(busy: int, calls: int) -> bool:
    """Whether so many answers 23 are the machine's affair: one that stands still for a second tells 23 to whoever calls
    in that second. A flood that brings it about does so again and again.
    """
    return busy <= 1 + calls // 20


def errors_in(log: str) -> list[str]:
    """The lines of a log that tell an error of ours; that the disk was slow is the machine's affair, and it passes."""
    errors = [line for line in log.splitlines() if '"level":"error"' in line.replace(" ", "")]
    return [line for line in errors if "the disk has not answered for" not in line]


async def _calls(neighbour: Neighbour, more: int) -> None:
    until = len(neighbour.waits_s) + more
    async with asyncio.timeout(60):
        while len(neighbour.waits_s) < until:  # noqa: ASYNC110 - counted by another task
            await asyncio.sleep(PAUSE_S)


async def _quiet(pid: int, most_files: int) -> bool:
    """Wait until a process has no more open files than this, for as long as they become fewer: how fast is nobody's."""
    fewest, until_s = open_files(pid), time.monotonic() + RECOVER_S
    while (count := open_files(pid)) > most_files:
        if count < fewest:
            fewest, until_s = count, time.monotonic() + RECOVER_S
        elif time.monotonic() > until_s:
            return False
        await asyncio.sleep(0.05)
    return True


# -------------------------------------------------------------------------------- sockets of the attacker


def address_of(home: House) -> tuple[str, int]:
    """Where the gateway listens."""
    where = urlsplit(home.base_url)
    assert where.hostname is not None
    assert where.port is not None
    return where.hostname, where.port


@contextmanager
def sockets(home: House, count: int, source: str = "127.0.0.1") -> Iterator[list[socket.socket]]:
    """So many connections; all are closed at the end. To be used in a thread."""
    made: list[socket.socket] = []
    try:
        for _ in range(count):
            made.append(socket.create_connection(address_of(home), timeout=20, source_address=(source, 0)))
        yield made
    finally:
        for one in made:
            one.close()


def send_all(one: socket.socket, pieces: Iterable[bytes], most_octets: int) -> int:
    """Write until all is out, the peer has had enough, or `most_octets` are out; how much went."""
    sent = 0
    with suppress(OSError):
        for piece in pieces:
            one.sendall(piece)
            sent += len(piece)
            if sent >= most_octets:
                break
    return sent


def read_all(one: socket.socket, most_octets: int = MIB) -> bytes:
    """What comes until the peer closes; a reset ends it too."""
    got = bytearray()
    with suppress(OSError):
        while len(got) < most_octets and (piece := one.recv(65_536)):
            got += piece
    return bytes(got)


def is_closed(one: socket.socket) -> bool:
    """Whether the peer has closed; what it sent before is read away."""
    one.setblocking(False)
    try:
        while True:
            if not one.recv(65_536):
                return True
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        one.settimeout(20)


def closed(many: Iterable[socket.socket]) -> int:
    """How many of them the peer has closed."""
    return sum(is_closed(one) for one in many)


def wait_for(holds: Callable[[], bool], most_s: float = 30.0) -> bool:
    """Look again and again, in a thread; whether it came to hold."""
    until_s = time.monotonic() + most_s
    while not (held := holds()) and time.monotonic() < until_s:
        time.sleep(0.05)
    return held


def client_hello() -> bytes:
    """The first octets of a TLS client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname="sms.example").do_handshake()
    return outgoing.read()
