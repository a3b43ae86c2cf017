"""A gateway's end of the link for these tests: binds, submits, and keeps what is delivered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from payamak.encoding import SplitMethod, choose, split
from payamak.simulator.server import Simulator
from payamak.smpp.link import ClientLink, Down, LinkConfig
from payamak.smpp.pdu import DeliverSm, Pdu, SubmitSm, Tlv, Unread, response_to
from payamak.smpp.receipt import Receipt, parse_receipt
from payamak.smpp.states import BindType

LINE, LINE2 = "983000111", "983000222"
CODINGS = {"gsm7": 0, "ucs2": 8}


class Esme:
    """One bound client. `answer` gives the status of each deliver_sm_resp, None: it never comes.

    `events` lists in order what came: "up", "down", "answer", "receipt", "mo", "unread".
    """

    def __init__(
        self,
        simulator: Simulator,
        *,
        answer: Callable[[int], int | None] = lambda nth: 0,
        bind_mode: BindType = BindType.TRANSCEIVER,
        system_id: str = "payamak",
        password: str = "secret",
        response_timeout_s: float = 5.0,
        enquire_link_s: float = 0.0,
        wait_for: str = "up",
        bind_timeout_s: float = 10.0,
    ) -> None:
        self.events: list[str] = []
        self.delivered: list[DeliverSm] = []
        self.downs: list[Down] = []
        self._answer = answer
        self._changed = asyncio.Event()
        self._wait_for = wait_for
        self.link = ClientLink(
            LinkConfig(
                host="127.0.0.1",
                port=simulator.port,
                system_id=system_id,
                password=password,
                bind_mode=bind_mode,
                window=1000,
                response_timeout_s=response_timeout_s,
                enquire_link_s=enquire_link_s,
                bind_timeout_s=bind_timeout_s,
                reconnect_initial_s=0.01,
                reconnect_max_s=0.05,
                binds_per_minute=0,
            ),
            on_request=self._on_request,
            on_up=lambda: self._note("up"),
            on_down=self._on_down,
        )

    async def __aenter__(self) -> Esme:
        self.link.start()
        await self.until(lambda: self._wait_for in self.events)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.link.stop(0.2)

    @property
    def receipts(self) -> list[Receipt]:
        """The delivery receipts among what was delivered, in order."""
        found = (parse_receipt(pdu) for pdu in self.delivered)
        return [receipt for receipt in found if receipt is not None]

    def count(self, event: str) -> int:
        """How often this event came."""
        return self.events.count(event)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something is true, asked again after each event; fails after a minute."""
        async with asyncio.timeout(60):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def submit(
        self, recipient: str, text: str = "سلام", *, line: str = LINE, receipt: int = 1, tlvs: tuple[Tlv, ...] = ()
    ) -> list[Pdu]:
        """Submit a text, part by part, and return the answers."""
        pdus = submits(recipient, text, line=line, receipt=receipt, tlvs=tlvs)
        answers = await asyncio.gather(*(self.link.request(pdu) for pdu in pdus))
        for _ in answers:
            self._note("answer")
        return answers

    async def _on_request(self, pdu: Pdu) -> Pdu:
        if isinstance(pdu, Unread):
            self._note("unread")
            return response_to(pdu)
        assert isinstance(pdu, DeliverSm)
        self.delivered.append(pdu)
        self._note("mo" if parse_receipt(pdu) is None else "receipt")
        status = self._answer(len(self.delivered))
        if status is None:
            await asyncio.get_running_loop().create_future()
        return response_to(pdu, status or 0)

    def _on_down(self, down: Down) -> None:
        self.downs.append(down)
        self._note("down")

    def _note(self, event: str) -> None:
        self.events.append(event)
        self._changed.set()


def submits(
    recipient: str, text: str, *, line: str = LINE, receipt: int = 1, tlvs: tuple[Tlv, ...] = ()
) -> list[SubmitSm]:
    """A text as submit_sm, one for each part."""
    encoding = choose(text)
    return [
        SubmitSm(
            source_addr=line,
            destination_addr=recipient,
            esm_class=0x40 if part.udh else 0,
            registered_delivery=receipt,
            data_coding=CODINGS[encoding],
            short_message=part.udh + part.payload,
            tlvs=tlvs,
        )
        for part in split(text, encoding, 7, SplitMethod.UDH8)
    ]
