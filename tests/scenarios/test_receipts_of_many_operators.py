"""Receipts in the forms of many operators, over real SMPP into `payamak serve`: each ends its message as it says."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from tests import site
from tests.golden.receipts.samples import NAMES, form, receipt_pdu
from tests.scenarios.house import POLL_S, House, house

from payamak.domain.ids import SETTLE_AFTER, IdBase
from payamak.domain.message import State
from payamak.smpp.link import LinkServer, ServerConnection, SessionConfig, serve
from payamak.smpp.pdu import Bind, DeliverSm, Pdu, SubmitSm, SubmitSmResp, response_to

PATIENCE_S = 60.0
RECIPIENTS = {f"98912000{number:04d}": name for number, name in enumerate(NAMES, 2_000)}


class Centre:
    """Answers each message with its form's id, and brings its receipt; what we answered to the receipts is kept."""

    def __init__(self) -> None:
        self.server: LinkServer | None = None
        self.statuses: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> int:
        """The port of a centre that takes every bind."""
        config = SessionConfig(window=len(NAMES))
        self.server = await serve("127.0.0.1", 0, on_bind=self._on_bind, on_request=self._on_request, config=config)
        return self.server.port

    def _on_bind(self, connection: ServerConnection, pdu: Bind) -> int:
        return 0

    def _on_request(self, connection: ServerConnection, pdu: Pdu) -> Pdu:
        if not isinstance(pdu, SubmitSm):
            return response_to(pdu)
        name = RECIPIENTS[pdu.destination_addr]
        task = asyncio.create_task(self._report(connection, name, pdu))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return SubmitSmResp(sequence=pdu.sequence, message_id=form(name).run.answered)

    async def _report(self, connection: ServerConnection, name: str, pdu: SubmitSm) -> None:
        receipt = receipt_pdu(form(name).pdu, pdu.destination_addr, pdu.source_addr)
        self.statuses[name] = (await connection.request(receipt)).status


async def test_every_form_ends_its_message(tmp_path: Path) -> None:
    """Each receipt is stored and acknowledged, its message stands as the form says, and what has no word is shown."""
    centre = Centre()
    port = await centre.listen()

    async def to_the_centre(_: int) -> int:
        return port

    assert centre.server is not None
    stack = AsyncExitStack()
    stack.push_async_callback(centre.server.close, 0)
    async with stack, house(tmp_path, through=to_the_centre) as home, asyncio.timeout(PATIENCE_S):
        answers = await asyncio.gather(
            *(home.send(mobile=mobile, message="Salam", line=site.LINE) for mobile in RECIPIENTS)
        )
        while len(centre.statuses) < len(NAMES):  # noqa: ASYNC110 - the other process answers
            await asyncio.sleep(POLL_S)
        assert set(centre.statuses.values()) == {0}
        states = [await _state(home, answer) for answer in answers]
        assert dict(zip(RECIPIENTS.values(), states, strict=True)) == {name: form(name).run.state for name in NAMES}
        async with home.store() as store:
            assert await store.unmatched(99) == []
            (piece,) = await store.unreadable(None, 99)
            assert (piece.kind, form("commas").pdu.text.encode() in piece.octets) == ("receipt", True)


async def _state(home: House, answer: dict[str, object]) -> State:
    data = answer["data"]
    assert isinstance(data, dict), answer
    return (await home.story(int(data["message_id"]))).message.state


class HexCentre(Centre):
    """Answers in hexadecimal and reports in decimal; its ids are each other's readings."""

    def _on_request(self, connection: ServerConnection, pdu: Pdu) -> Pdu:
        if not isinstance(pdu, SubmitSm):
            return response_to(pdu)
        number = 0x7700_0000 + int(pdu.destination_addr[-4:])
        receipt = DeliverSm(
            source_addr=pdu.destination_addr,
            destination_addr=pdu.source_addr,
            esm_class=4,
            short_message=f"id:{number} stat:DELIVRD".encode(),
        )
        task = asyncio.create_task(self._bring(connection, str(number), receipt))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return SubmitSmResp(sequence=pdu.sequence, message_id=f"{number:08X}")

    async def _bring(self, connection: ServerConnection, name: str, receipt: DeliverSm) -> None:
        self.statuses[name] = (await connection.request(receipt)).status


async def test_a_habit_is_learned_over_the_wire(tmp_path: Path) -> None:
    """An operator that answers in hex and reports in decimal is understood from the first message on, and learned."""
    centre = HexCentre()
    port = await centre.listen()

    async def to_the_centre(_: int) -> int:
        return port

    assert centre.server is not None
    stack = AsyncExitStack()
    stack.push_async_callback(centre.server.close, 0)
    async with stack, house(tmp_path, through=to_the_centre) as home, asyncio.timeout(PATIENCE_S):
        mobiles = [f"98912000{number}" for number in range(3_000, 3_000 + SETTLE_AFTER + 2)]
        answers = await asyncio.gather(*(home.send(mobile=m, message="Salam", line=site.LINE) for m in mobiles))
        while len(centre.statuses) < len(mobiles):  # noqa: ASYNC110 - the other process answers
            await asyncio.sleep(POLL_S)
        assert [await _state(home, answer) for answer in answers] == [State.DELIVERED] * len(mobiles)
        async with home.store() as store:
            (report,) = await store.id_reports()
        assert (report.habit.settled, report.waiting) == (IdBase.HEX_TO_DECIMAL, {})
