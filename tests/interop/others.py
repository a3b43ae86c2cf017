"""Libraries of others as the other end: node-smpp, Net::SMPP and the parser of smpp.pdu, each a process of its own.

One script for each, which plays operator or customer as it is told, in JSON lines (tests/interop/peer.py):

orders: {"do": "listen", "certificate": …, "authority": …}     an operator, in the clear and under TLS
        {"do": "bind", "port": …, "authority": … | null, "system_id": …, "password": …}      a customer's transceiver
        {"do": "send", "to": system_id, "command": "submit_sm" | "deliver_sm", "source": …, "destination": …,
         "way": "short" | "udh" | "sar" | "payload", "text": …, "registered": 0 | 1}
        {"do": "refuse", "status": …}                          the next submit_sm gets it
        {"do": "unbind", "to": system_id}
events: listening   port, tls_port
        bound       system_id, and command and version (operator) or status (customer)
        got         command, system_id, source, destination, esm_class, data_coding, registered, way,
                    place (reference, total, number), text, receipted; of a submit_sm also status and operator_id
        answered    system_id, command, status, message_id
        refusing; unbound   system_id

Ways, places and texts are what the library makes of the octets. A submit_sm that asks for a receipt gets one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.interop.peer import Peer, started

PEERS = Path(__file__).parent / "peers"
TLS = Path(__file__).parents[1] / "unit" / "smpp" / "link" / "tls"
"""An authority with a certificate for either side."""

INSTALL_S = 90.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Other:
    """A library: what starts its script, what must succeed for that, and what a skip says where it does not."""

    name: str
    command: Sequence[str]
    asks: Sequence[str]
    missing: str
    is_of_npm: bool = False

    def among(self, peers: Mapping[str, Peer]) -> Peer:
        """Its process; the test is skipped, with a word, where it is missing."""
        if self.name not in peers:
            pytest.skip(self.missing)
        return peers[self.name]


NODE = Other(
    name="node-smpp",
    command=("node", str(PEERS / "node_smpp.js")),
    asks=("node", "-e", "require('smpp')"),
    missing="node or npm is not installed, or npm could not install smpp",
    is_of_npm=True,
)
PERL = Other(
    name="Net-SMPP",
    command=("perl", str(PEERS / "net_smpp.pl")),
    asks=("perl", "-MNet::SMPP", "-MIO::Socket::SSL", "-e", "1"),
    missing="Perl has no Net::SMPP or no IO::Socket::SSL (Debian: libnet-smpp-perl, libio-socket-ssl-perl)",
)
PYTHON = Other(
    name="smpp.pdu",
    command=(sys.executable, "-m", "tests.interop.smpp_pdu"),
    asks=(sys.executable, "-c", "import smpp.pdu.pdu_encoding"),
    missing="smpp.pdu3 is not installed",
)
OTHERS = (NODE, PERL, PYTHON)


async def _ends_well(*command: str, environment: dict[str, str] | None = None) -> bool:
    """Whether a command can be run and ends with 0, in silence."""
    if shutil.which(command[0]) is None:
        return False
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdin=quiet, stdout=quiet, stderr=quiet, env=environment)
    try:
        async with asyncio.timeout(INSTALL_S):
            return await process.wait() == 0
    except TimeoutError:
        process.kill()
        await process.wait()
        return False


def _prepared(folder: Path) -> bool:
    """Whether npm has something to do in this folder, which then holds its files."""
    if (folder / "node_modules").is_dir():
        return False
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PEERS / name, folder)
    return True


async def _modules(folder: Path) -> dict[str, str]:
    """Where Node finds node-smpp in the locked version, put into this folder by npm."""
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1")
    if _prepared(folder):
        await _ends_well("npm", "ci", *options, "--prefix", str(folder))
    return {"NODE_PATH": str(folder / "node_modules")}


@asynccontextmanager
async def playing(others: Sequence[Other], folder: Path) -> AsyncIterator[dict[str, Peer]]:
    """The libraries' processes by their names, without those that cannot be had; the folder is for installing."""
    async with AsyncExitStack() as stack:
        peers: dict[str, Peer] = {}
        for other in others:
            environment = await _modules(folder) if other.is_of_npm else {}
            if await _ends_well(*other.asks, environment={**os.environ, **environment}):
                peers[other.name] = await stack.enter_async_context(started(*other.command, environment=environment))
        yield peers


def cases() -> list[object]:
    """Each library as a parameter; a skip of any fails in CI."""
    marks = {PYTHON: [pytest.mark.interop]}
    both = [pytest.mark.interop, pytest.mark.debian]
    return [pytest.param(other, id=other.name, marks=marks.get(other, both)) for other in OTHERS]
