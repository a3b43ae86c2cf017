"""The gateway as a process, bound to operators that libraries of others play: four links to each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from tests import site
from tests.interop.others import OTHERS, TLS, Other, cases, playing
from tests.interop.peer import Peer
from tests.scenarios.house import FAST, House, house

from payamak.domain.mo import Received
from payamak.domain.site import Account, Document, Line, Link, LinkUse
from payamak.domain.site.links import LongText, Validity
from payamak.simulator import SimulatorConfig
from payamak.store.records import ReceivedSearch

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHORT_TEXT = "Code: 4821"
LONG_TEXT = "نوبت شما برای روز چهارشنبه ثبت شد. " * 5
PARTS = {"udh": 3, "sar": 3, "payload": 1, "tls": 3}
"""How the long text is to travel over the link of this name; under TLS with a header, its reference of 16 bits."""

SENDER = "989120009000"
HAS_NO_SUCH_NUMBER = 0x45
"""ESME_RSUBMITFAIL, which all three can write; the links' table makes it 27, the code of a line that is not allowed."""

MINE = 27
EACH = cases()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """The house, the peers that can be had here, and the bind that each saw on each of its links."""

    home: House
    peers: dict[str, Peer]
    binds: dict[str, dict[str, Any]]


def line_of(other: Other, way: str) -> str:
    """The line that goes over the peer's link of this name."""
    return f"98300033{OTHERS.index(other) + 5}{list(PARTS).index(way)}"


def system_id_of(other: Other, way: str) -> str:
    """The login of that link."""
    return f"{way}-{OTHERS.index(other)}"


def documents(other: Other, ports: dict[str, Any]) -> Iterable[Document]:
    """Four links to a peer with a line each."""
    for way in PARTS:
        under_tls = way == "tls"
        name = system_id_of(other, way)
        yield Link(
            name=name,
            port=ports["tls_port" if under_tls else "port"],
            system_id=name,
            password="secret",
            system_type="SMPP",
            long_text=LongText.UDH16 if under_tls else LongText(way),
            validity=Validity.ABSOLUTE if under_tls else Validity.RELATIVE,
            tls=under_tls,
            tls_ca_file=str(TLS / "ca.pem"),
            tls_certificate_file=str(TLS / "client.pem"),
            status_verdicts={f"{HAS_NO_SUCH_NUMBER:#x}": MINE},
        )
        line = line_of(other, way)
        yield Line(number=line, links=(LinkUse(link=name),), hours=site.ALWAYS, gsm7_rial=2_100, ucs2_rial=900)


def with_lines(lines: Iterable[Document]) -> Account:
    """The demo's account, which may use these lines too."""
    numbers = tuple(line.number for line in lines if isinstance(line, Line))
    demo = next(account for account in site.accounts() if account.username == "demo")
    return msgspec.structs.replace(demo, lines=demo.lines + numbers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One gateway for all peers; all of its links are bound."""
    folder = tmp_path_factory.mktemp("others")
    async with AsyncExitStack() as stack:
        peers = await stack.enter_async_context(playing(OTHERS, tmp_path_factory.getbasetemp()))
        wanted: list[Document] = []
        for other in OTHERS:
            if other.name in peers:
                tls = {"certificate": str(TLS / "server.pem"), "authority": str(TLS / "ca.pem")}
                wanted += documents(other, await peers[other.name].ask("listen", "listening", **tls))
        home = await stack.enter_async_context(house(folder, config=SimulatorConfig(timing=FAST), serve=False))
        async with home.store() as store:
            await store.put_documents([*wanted, with_lines(wanted)], [], 0)
        await home.serve()
        binds = [await peer.hear("bound") for peer in peers.values() for _ in PARTS]
        yield Stage(home=home, peers=peers, binds={one["system_id"]: one for one in binds})


@pytest.mark.parametrize("way", PARTS)
@pytest.mark.parametrize("other", EACH)
async def test_bound(other: Other, way: str, stage: Stage) -> None:
    """The library sees a transceiver of SMPP 3.4 with the link's name, in the clear or under TLS on both sides."""
    other.among(stage.peers)
    bound = stage.binds[system_id_of(other, way)]
    assert (bound["command"], bound["version"]) == ("bind_transceiver", 0x34)


async def told(peer: Peer, name: str, parts: int) -> list[dict[str, Any]]:
    """So many submits over a link, as the library reads them, in the order of their places."""
    found = [await peer.hear("got", command="submit_sm", system_id=name) for _ in range(parts)]
    return sorted(found, key=lambda one: one["place"] or [])


@pytest.mark.parametrize("way", PARTS)
@pytest.mark.parametrize("other", EACH)
async def test_sent_and_receipted(other: Other, way: str, stage: Stage) -> None:
    """A short text and a long one arrive as the library reads them, the long one cut as the link says; the library's
    receipts are acknowledged and make them delivered.
    """
    peer, line, name = other.among(stage.peers), line_of(other, way), system_id_of(other, way)
    for text, parts, coding in ((SHORT_TEXT, 1, 0), (LONG_TEXT, PARTS[way], 8)):
        recipient = f"98912000{OTHERS.index(other)}{list(PARTS).index(way)}{parts}0"
        answer = await stage.home.send(mobile=recipient, message=text, line=line)
        data = answer["data"]
        assert isinstance(data, dict), answer
        came = await told(peer, name, parts)
        assert "".join(one["text"] for one in came) == text
        expected = {"short" if text == SHORT_TEXT else {"tls": "udh"}.get(way, way)}
        assert {one["way"] for one in came} == expected
        assert [one["place"] and one["place"][1:] for one in came] == (
            [[parts, number] for number in range(1, parts + 1)] if parts > 1 else [None]
        )
        fields = {(one["source"], one["destination"], one["data_coding"], one["registered"]) for one in came}
        assert fields == {(line, recipient, coding, 1)}
        for _ in came:
            assert (await peer.hear("answered", command="deliver_sm_resp", system_id=name))["status"] == 0
        assert await stage.home.final_state(data["message_id"]) == 1


@pytest.mark.parametrize("other", EACH)
async def test_refused(other: Other, stage: Stage) -> None:
    """A refusal by the library, with a body or without one, is what the link's table says of its status."""
    peer, way = other.among(stage.peers), "udh"
    await peer.ask("refuse", "refusing", status=HAS_NO_SUCH_NUMBER)
    answer = await stage.home.send(mobile="989120009077", message=SHORT_TEXT, line=line_of(other, way))
    assert answer["status"] == MINE
    (came,) = await told(peer, system_id_of(other, way), 1)
    assert came["status"] == HAS_NO_SUCH_NUMBER


async def received(home: House, line: str) -> list[Received]:
    """What is kept of a line, oldest first."""
    async with home.store() as store:
        return [one for one in (await store.search_received(ReceivedSearch()))[::-1] if one.line == line]


@pytest.mark.parametrize("way", PARTS)
@pytest.mark.parametrize("other", EACH)
async def test_received(other: Other, way: str, stage: Stage) -> None:
    """A short text and a long one of a handset, as the library writes them, are acknowledged and kept whole."""
    peer, line, name = other.among(stage.peers), line_of(other, way), system_id_of(other, way)
    cut = {"tls": "udh"}.get(way, way)
    for text, how in ((SHORT_TEXT, "short"), (LONG_TEXT, cut)):
        peer.say("send", to=name, command="deliver_sm", way=how, source=SENDER, destination=line, text=text)
        for _ in range(PARTS[way] if text == LONG_TEXT else 1):
            assert (await peer.hear("answered", command="deliver_sm_resp", system_id=name))["status"] == 0
    kept = await received(stage.home, line)
    assert [(one.sender, one.text, one.is_complete) for one in kept] == [
        (SENDER, SHORT_TEXT, True),
        (SENDER, LONG_TEXT, True),
    ]


async def test_unbound(stage: Stage) -> None:
    """The last one: an unbind by a library is answered and the link bound again; at the gateway's stop every library
    sees an unbind on each link, and answers it.
    """
    unbinding = [(stage.peers[other.name], system_id_of(other, "sar")) for other in OTHERS if other.name in stage.peers]
    for peer, name in unbinding:
        await peer.ask("unbind", "unbound", to=name)
    for peer, name in unbinding:
        await peer.hear("bound", system_id=name)
    assert await stage.home.terminate() == 0
    for peer in stage.peers.values():
        assert {(await peer.hear("unbound"))["system_id"] for _ in PARTS} <= stage.binds.keys()
