"""The other end as the parser of smpp.pdu reads and writes it, operator or customer; the socket is asyncio's.

Orders and events: tests/interop/others.py. The parser is Jasmin's; the package for Python 3 is smpp.pdu3.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
import sys
from collections.abc import Callable
from io import BytesIO
from typing import Any, Final

from smpp.pdu import constants, operations  # type: ignore[import-untyped]
from smpp.pdu.gsm_encoding import UserDataHeaderEncoder  # type: ignore[import-untyped]
from smpp.pdu.gsm_types import (  # type: ignore[import-untyped]
    IEConcatenatedSM,
    InformationElement,
    InformationElementIdentifier,
)
from smpp.pdu.pdu_encoding import PDUEncoder  # type: ignore[import-untyped]
from smpp.pdu.pdu_types import (  # type: ignore[import-untyped]
    CommandId,
    CommandStatus,
    DataCoding,
    DataCodingDefault,
    EsmClass,
    EsmClassGsmFeatures,
    EsmClassMode,
    EsmClassType,
    MessageState,
    RegisteredDelivery,
    RegisteredDeliveryReceipt,
)
from smpp.pdu.sm_encoding import SMStringEncoder  # type: ignore[import-untyped]

PART: Final = 60
"""Characters of one part: any alphabet, with any header."""


def tell(event: str, **fields: Any) -> None:
    """Write one line; `sys.stdout` is not ours alone (`__main__`)."""
    print(json.dumps({"event": event, **fields}), flush=True, file=sys.__stdout__)


def number_of(status: Any) -> int:
    """A command_status as it travels."""
    return int(constants.command_status_name_map[status.name])


# -- what came


def place_of(pdu: Any) -> tuple[str, list[int] | None]:
    """How a text came, and where its part stands: reference, total, number."""
    element = SMStringEncoder().getConcatenatedSMInfoElement(pdu)
    if element is not None:
        return "udh", [element.data.referenceNum, element.data.maximumNum, element.data.sequenceNum]
    names = ("sar_msg_ref_num", "sar_total_segments", "sar_segment_seqnum")
    if names[0] in pdu.params:
        return "sar", [pdu.params[name] for name in names]
    return "payload" if "message_payload" in pdu.params else "short", None


def text_of(pdu: Any, way: str) -> str:
    """The text of a part as the library decodes it."""
    if way == "payload":
        pdu.params["short_message"] = pdu.params["message_payload"]
    text = SMStringEncoder().decodeSM(pdu).unicode
    assert isinstance(text, str)
    return text


def got(name: str, pdu: Any, **more: Any) -> None:
    """Tell what came."""
    way, place = place_of(pdu)
    params = pdu.params
    receipted = params.get("receipted_message_id")
    tell(
        "got",
        command=pdu.commandId.name,
        system_id=name,
        source=params["source_addr"].decode(),
        destination=params["destination_addr"].decode(),
        esm_class=0x40 * bool(params["esm_class"].gsmFeatures)
        | 0x04 * (params["esm_class"].type is EsmClassType.SMSC_DELIVERY_RECEIPT),
        data_coding={"SMSC_DEFAULT_ALPHABET": 0, "UCS2": 8}[params["data_coding"].schemeData.name],
        registered=int(asks_for_receipt(pdu)),
        way=way,
        place=place,
        text=text_of(pdu, way),
        receipted=receipted.decode() if receipted else None,
        **more,
    )


def asks_for_receipt(pdu: Any) -> bool:
    """Whether a receipt is wanted."""
    wanted = pdu.params["registered_delivery"].receipt
    return bool(wanted is RegisteredDeliveryReceipt.SMSC_DELIVERY_RECEIPT_REQUESTED)


# -- what goes


def esm_class(*, is_receipt: bool = False, has_header: bool = False) -> Any:
    """An esm_class of the library."""
    kind = EsmClassType.SMSC_DELIVERY_RECEIPT if is_receipt else EsmClassType.DEFAULT
    return EsmClass(EsmClassMode.DEFAULT, kind, [EsmClassGsmFeatures.UDHI_INDICATOR_SET] if has_header else [])


def header(reference: int, total: int, number: int) -> bytes:
    """A header of a part, by the library."""
    element = InformationElement(
        InformationElementIdentifier.CONCATENATED_SM_8BIT_REF_NUM, IEConcatenatedSM(reference, total, number)
    )
    octets = UserDataHeaderEncoder().encode([element])
    assert isinstance(octets, bytes)
    return octets


def parts_of(text: str, way: str, reference: int) -> list[dict[str, Any]]:
    """The fields in which the parts of a text differ."""
    coding = DataCodingDefault.SMSC_DEFAULT_ALPHABET if text.isascii() else DataCodingDefault.UCS2
    common = {"data_coding": DataCoding(schemeData=coding)}
    size = len(text) if way == "payload" else PART
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    octets = [piece.encode("ascii" if text.isascii() else "utf-16-be") for piece in pieces]
    found: list[dict[str, Any]] = []
    for number, piece in enumerate(octets, 1):
        own: dict[str, Any] = {"short_message": piece}
        if way == "udh":
            own = {
                "short_message": header(reference, len(octets), number) + piece,
                "esm_class": esm_class(has_header=True),
            }
        elif way == "sar":
            own |= {
                "sar_msg_ref_num": reference,
                "sar_total_segments": len(octets),
                "sar_segment_seqnum": number,
            }
        elif way == "payload":
            own = {"short_message": b"", "message_payload": piece}
        found.append(common | own)
    return found


class Session:
    """One connection, at either end."""

    def __init__(self, end: End, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._end = end
        self._reader = reader
        self._writer = writer
        self._sequence = itertools.count(1)
        self.name = ""

    def write(self, pdu: Any) -> None:
        """Send it."""
        self._writer.write(PDUEncoder().encode(pdu))

    def ask(self, kind: Any, **params: Any) -> None:
        """Send a request with the next number."""
        self.write(kind(seqNum=next(self._sequence), **params))

    async def serve(self) -> None:
        """Read until the end."""
        try:
            while True:
                length = await self._reader.readexactly(4)
                frame = length + await self._reader.readexactly(int.from_bytes(length) - 4)
                self._read(PDUEncoder().decode(BytesIO(frame)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writer.close()

    def _read(self, pdu: Any) -> None:
        does: dict[Any, Callable[[Any], None]] = {
            CommandId.bind_transmitter: self._bind,
            CommandId.bind_receiver: self._bind,
            CommandId.bind_transceiver: self._bind,
            CommandId.bind_transceiver_resp: self._bound,
            CommandId.submit_sm: self._submit,
            CommandId.deliver_sm: self._deliver,
            CommandId.submit_sm_resp: self._answered,
            CommandId.deliver_sm_resp: self._answered,
            CommandId.enquire_link: lambda asked: self.write(operations.EnquireLinkResp(asked.seqNum)),
            CommandId.unbind: self._unbind,
            CommandId.unbind_resp: self._unbound,
        }
        does[pdu.commandId](pdu)

    def _bind(self, pdu: Any) -> None:
        self.name = pdu.params["system_id"].decode()
        self._end.sessions[self.name] = self
        self.write(pdu.requireAck(pdu.seqNum, system_id="PDU"))
        version = pdu.params["interface_version"]
        tell("bound", system_id=self.name, command=pdu.commandId.name, version=version)

    def _bound(self, pdu: Any) -> None:
        tell("bound", system_id=pdu.params.get("system_id", b"").decode(), status=number_of(pdu.status))

    def _submit(self, pdu: Any) -> None:
        status = self._end.refusals.pop(0) if self._end.refusals else CommandStatus.ESME_ROK
        operator_id = f"pdu-{next(self._end.ids)}"
        got(self.name, pdu, status=number_of(status), operator_id=operator_id)
        self.write(operations.SubmitSMResp(pdu.seqNum, status=status, message_id=operator_id))
        if status is CommandStatus.ESME_ROK and asks_for_receipt(pdu):
            self._receipt(pdu, operator_id)

    def _receipt(self, pdu: Any, operator_id: str) -> None:
        dates = "submit date:2611221840 done date:2611221841"
        self.ask(
            operations.DeliverSM,
            source_addr=pdu.params["destination_addr"],
            destination_addr=pdu.params["source_addr"],
            esm_class=esm_class(is_receipt=True),
            short_message=f"id:{operator_id} sub:001 dlvrd:001 {dates} stat:DELIVRD err:000 text:".encode(),
            receipted_message_id=operator_id,
            message_state=MessageState.DELIVERED,
        )

    def _deliver(self, pdu: Any) -> None:
        got(self.name, pdu)
        self.write(operations.DeliverSMResp(pdu.seqNum))

    def _answered(self, pdu: Any) -> None:
        message_id = pdu.params.get("message_id") or b""
        tell(
            "answered",
            system_id=self.name,
            command=pdu.commandId.name,
            status=number_of(pdu.status),
            message_id=message_id.decode(),
        )

    def _unbind(self, pdu: Any) -> None:
        self.write(operations.UnbindResp(pdu.seqNum))
        self._unbound(pdu)

    def _unbound(self, _: Any) -> None:
        self._writer.close()
        tell("unbound", system_id=self.name)


class End:
    """All sessions of this process, and its orders."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.refusals: list[Any] = []
        self.ids = itertools.count(1)
        self._references = itertools.count(1)
        self._kept: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Follow orders until they end."""
        reader = asyncio.StreamReader(limit=1 << 20)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            order = json.loads(line)
            await getattr(self, f"_{order.pop('do')}")(**order)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Session(self, reader, writer).serve()

    async def _listen(self, certificate: str, authority: str) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority)
        context.load_cert_chain(certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        plain, secure = [await asyncio.start_server(self._attend, "127.0.0.1", 0, ssl=one) for one in (None, context)]
        port, tls_port = (server.sockets[0].getsockname()[1] for server in (plain, secure))
        tell("listening", port=port, tls_port=tls_port)

    async def _bind(self, port: int, authority: str | None, system_id: str, password: str) -> None:
        context = ssl.create_default_context(cafile=authority) if authority else None
        session = Session(self, *await asyncio.open_connection("127.0.0.1", port, ssl=context))
        session.name = system_id
        self.sessions[system_id] = session
        task = asyncio.create_task(session.serve())
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)
        session.ask(
            operations.BindTransceiver, system_id=system_id, password=password, system_type="", interface_version=0x34
        )

    async def _send(
        self, to: str, command: str, way: str, source: str, destination: str, text: str, registered: int = 0
    ) -> None:
        kind = {"submit_sm": operations.SubmitSM, "deliver_sm": operations.DeliverSM}[command]
        wanted = (
            RegisteredDeliveryReceipt.SMSC_DELIVERY_RECEIPT_REQUESTED
            if registered
            else RegisteredDeliveryReceipt.NO_SMSC_DELIVERY_RECEIPT_REQUESTED
        )
        common = {
            "source_addr": source,
            "destination_addr": destination,
            "registered_delivery": RegisteredDelivery(wanted),
        }
        for own in parts_of(text, way, next(self._references)):
            self.sessions[to].ask(kind, **common, **own)

    async def _refuse(self, status: int) -> None:
        self.refusals.append(CommandStatus[constants.command_status_value_map[status]["name"]])
        tell("refusing")

    async def _unbind(self, to: str) -> None:
        self.sessions[to].ask(operations.Unbind)


if __name__ == "__main__":
    sys.stdout = sys.stderr  # the library prints what it looked at where it was debugged
    asyncio.run(End().run())
