"""Two Payamaks as two processes: the outer one has only links of kind negin, to the inner one with the operators."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from tests.scenarios.house import POLL_S, READY_S, Change, House, accounts_changed, house
from tests.scenarios.proxy import Proxy
from tests.site import CREDIT_RIAL, LINE, LINE2, PASSWORD, SERVICE_LINE, SIM_LINE

from payamak.domain.message import State
from payamak.domain.site import Document, Link, LinkKind
from payamak.simulator import SimulatorConfig, Timing

COUNT = 400
CLIENTS = 24
# What is late comes well after the answer: if both meet within the inner's wait, the caller hears of it at once.
REFUSES_LINE = SimulatorConfig(refuse_lines=frozenset({LINE}), timing=Timing(answer_ms=2, receipt_ms=30, late_ms=1_000))
LONG_TEXT = "متن بلند " * 20
"""180 characters, three parts."""


@dataclass
class Chain:
    """The two, and the cable between them: a port that stays when the inner one comes up on another."""

    outer: House
    inner: House
    cable: Proxy

    async def serve_inner(self) -> None:
        """Start the inner one again and plug it in."""
        await self.inner.serve()
        self.cable._to_port = urlsplit(self.inner.base_url).port or 0
        await self.cable.restore()

    async def kill_inner(self) -> None:
        """The inner one's power is cut; nobody listens at its address."""
        await self.inner.kill()
        self.cable.refuse()

    async def drained(self) -> None:
        """Nothing is under way in either."""
        await self.outer.drained()
        await self.inner.drained()

    async def balances_hold(self) -> None:
        """P5 in both houses, and nothing is set aside any more."""
        for home in (self.outer, self.inner):
            balances = await home.balances()
            assert all(balance.is_balanced and balance.reserved == 0 for balance in balances)


def _over(cable: Proxy, **fields: Any) -> Change:
    """Every link of the demo's site becomes an account on the inner server; no waiting in `pauses` of minutes."""

    def change(document: Document) -> Document:
        if isinstance(document, Link):
            return Link(
                name=document.name,
                kind=LinkKind.NEGIN,
                url=f"http://127.0.0.1:{cable.port}",
                system_id="demo",
                password=PASSWORD,
                window=24,
                response_timeout_s=10,
                poll_pauses_s=(0.1, 0.3, 1),
                poll_every_s=1,
                **fields,
            )
        return accounts_changed(verdict_wait_ms=5_000)(document)

    return change


@asynccontextmanager
async def chained(folder: Path, config: SimulatorConfig, **fields: Any) -> AsyncIterator[Chain]:
    """Both served; the inner one waits a second for verdicts, as by default."""
    (folder / "outer").mkdir()
    async with house(folder, accounts_changed(verdict_wait_ms=1_000), config) as inner:
        cable = Proxy(urlsplit(inner.base_url).port or 0)
        await cable.restore()
        outer = House(folder / "outer", config)
        try:
            await outer.furnish((1, 1), _over(cable, **fields))
            await outer.serve()
            await _links_up(inner)
            await _links_up(outer)
            yield Chain(outer, inner, cable)
        finally:
            if outer.process is not None:
                await outer.kill()
            await outer.http.aclose()
            await cable.close()


async def _links_up(home: House) -> None:
    """A message that has to queue is answered before its verdict: wait until every link is up."""
    async with asyncio.timeout(READY_S):
        while True:
            page = (await home.http.get(f"{home.base_url}/metrics")).text
            links = re.findall(r"^payamak_link_up\{.*\} (\S+)$", page, re.MULTILINE)
            if len(links) == 3 and set(links) == {"1.0"}:
                return
            await asyncio.sleep(POLL_S)


def _lines(chain: Chain, recipient: str) -> list[str]:
    """The lines on which the operators took a message to the recipient, in order."""
    return [whole.line for whole in chain.inner.received() if whole.recipient == recipient]


@pytest.mark.parametrize(
    ("ending", "way", "answer", "lines"),
    [
        ("9000", {"line": LINE}, LINE, [LINE]),
        ("9000", {"type": "2"}, SERVICE_LINE, [SERVICE_LINE]),
        ("9000", {"type": "1"}, SIM_LINE, [SIM_LINE]),
        ("9033", {"line": LINE, "line2": LINE2}, LINE2, [LINE2]),
        ("9033", {"line": LINE, "type": "1"}, SIM_LINE, [SIM_LINE]),
        ("9133", {"line": LINE, "line2": LINE2}, LINE, [LINE, LINE2]),
    ],
)
async def test_the_outer_keeps_the_plan(
    ending: str, way: dict[str, str], answer: str, lines: list[str], tmp_path: Path
) -> None:
    """Accepted, opted out at once, opted out late where the link says what 16 means: delivered by the right line."""
    async with chained(tmp_path, REFUSES_LINE, receipt_verdicts={"16": 33}) as chain:
        recipient = f"98912000{ending}"
        body = await chain.outer.send(mobile=recipient, message=LONG_TEXT, **way)
        data = body["data"]
        assert isinstance(data, dict), body
        assert str(data["line"]) == answer
        assert await chain.outer.final_state(data["message_id"]) == 1
        await chain.drained()
        assert _lines(chain, recipient) == lines
        assert {whole.text for whole in chain.inner.received()} == {LONG_TEXT}
        message = (await chain.outer.story(data["message_id"])).message
        assert (message.current.line, message.current.parts, message.copies) == (lines[-1], 3, 0)
        await chain.balances_hold()
        assert await chain.outer.terminate() == 0


async def test_refusals_of_the_inner_are_told_by_the_outer(tmp_path: Path) -> None:
    """Opted out everywhere is 27 and free; rejected late is 16 and no fallback, for 16 alone says nothing more."""
    async with chained(tmp_path, REFUSES_LINE) as chain:
        nobody = await chain.outer.send(mobile="989120009027", message="سلام", line=LINE, line2=LINE2)
        assert (nobody["status"], nobody["data"]) == (27, None)
        late = await chain.outer.send(mobile="989120009133", message="سلام", line=LINE, line2=LINE2)
        assert isinstance(late["data"], dict)
        assert await chain.outer.final_state(late["data"]["message_id"]) == 16
        assert _lines(chain, "989120009133") == [LINE]
        available = {balance.username: balance.available for balance in await chain.outer.balances()}
        assert available["demo"] == CREDIT_RIAL - 900, "only what was taken is charged"
        await chain.balances_hold()


async def test_ids_survive_a_restart_of_the_outer(tmp_path: Path) -> None:
    """Killed while messages wait for their receipts: the outer asks for them again when it is back."""
    config = SimulatorConfig(timing=Timing(answer_ms=2, late_ms=1_500))
    async with chained(tmp_path, config) as chain:
        answers = [await chain.outer.send(mobile=f"98912{i:03d}9001", message="سلام") for i in range(20)]
        ids = [answer["data"]["message_id"] for answer in answers if isinstance(answer["data"], dict)]
        assert [await chain.outer.state(message_id) for message_id in ids] == [8] * 20
        await chain.outer.kill()
        await chain.outer.serve()
        assert [await chain.outer.final_state(message_id) for message_id in ids] == [1] * 20
        stories = [await chain.outer.story(message_id) for message_id in ids]
        assert {story.message.copies for story in stories} == {0}
        await chain.balances_hold()


async def _send_all(outer: House) -> dict[str, int]:
    """What the outer one accepted: recipient → message id. Every call is answered: the outer one never dies."""
    accepted: dict[str, int] = {}
    turns = asyncio.Semaphore(CLIENTS)

    async def send(number: int) -> None:
        mobile = f"98912{number:03d}9000"
        async with turns:
            answer = await outer.send(mobile=mobile, message=f"شماره {number}", line=LINE)
        assert isinstance(answer["data"], dict), answer
        accepted[mobile] = answer["data"]["message_id"]

    await asyncio.gather(*(send(number) for number in range(COUNT)))
    return accepted


@pytest.mark.slow
async def test_the_outer_keeps_its_promise_when_the_inner_dies(tmp_path: Path) -> None:
    """SIGKILL of the inner in mid-load: all that the outer accepted is delivered, copies counted, money in balance."""
    slow = SimulatorConfig(digits=False, timing=Timing(answer_ms=60, receipt_ms=100))
    async with chained(tmp_path, slow) as chain:
        sending = asyncio.create_task(_send_all(chain.outer))
        await chain.inner.advertising.ledger.until(lambda ledger: len(ledger.entries) >= COUNT // 4)
        await chain.kill_inner()
        with pytest.raises(httpx2.HTTPError):
            await chain.inner.state(1)
        accepted = await sending
        assert len(accepted) == COUNT
        await chain.serve_inner()
        await chain.drained()

        stories = {mobile: await chain.outer.story(message_id) for mobile, message_id in accepted.items()}
        assert Counter(story.message.state for story in stories.values()) == {State.DELIVERED: COUNT}
        arrived = Counter(whole.recipient for whole in chain.inner.received())
        assert arrived.keys() == accepted.keys(), "lost, or sent without being accepted"
        copies = sum(whole.copies + 1 for whole in chain.inner.received()) - COUNT
        counted = sum(story.message.copies for story in stories.values())
        async with chain.inner.store() as store:
            kept = [await store.story(message_id) for message_id in range(1_001, 1_001 + COUNT + counted)]
        counted += sum(story.message.copies for story in kept if story is not None)
        print(f"{copies} copies arrived, {counted} counted as possible")
        assert copies <= counted
        await chain.balances_hold()
        assert await chain.outer.terminate() == 0
