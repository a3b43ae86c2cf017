"""One dataclass per PDU with the field names of SMPP 3.4 chapter 4. `codec` reads and writes them.

Every PDU has `sequence`, `status` and `tlvs` (optional parameters in wire order, unknown ones kept). C-octet
strings are `str`, read as Latin-1: the specification says ASCII, and so nothing a peer sends is lost. `wire`
is the description of the body. The repr hides passwords and texts; it still shows numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from payamak.encoding.odd import Odd
from payamak.smpp.constants import (
    INTERFACE_VERSION,
    RESPONSE_BIT,
    CommandId,
    Status,
    command_name,
)
from payamak.smpp.fields import BodyLayout, PduField, cstring, int1, sized, wire
from payamak.smpp.fields import Tlv as Tlv
from payamak.smpp.fields import sar_tlvs as sar_tlvs
from payamak.smpp.fields import tlv as tlv


@dataclass(frozen=True, kw_only=True, slots=True)
class Pdu:
    """What all PDUs have (section 3.2). `sequence` 0 means: the session will number it."""

    wire: ClassVar[BodyLayout] = wire((), is_lenient=True)

    if TYPE_CHECKING:  # A class constant everywhere but in Unknown, where it is a field.

        @property
        def command_id(self) -> int:
            """command_id of the header."""

    sequence: int = 0
    status: int = 0
    tlvs: tuple[Tlv, ...] = ()
    octets: bytes = field(default=b"", repr=False, compare=False)
    """The whole PDU as it came, where a client has read it leniently; else empty."""
    odd: tuple[Odd, ...] = field(default=(), compare=False)
    """What was not as the specification has it in `octets`."""

    @property
    def is_response(self) -> bool:
        """Whether the top bit of command_id is set; generic_nack counts as a response."""
        return self.command_id >= RESPONSE_BIT

    @property
    def name(self) -> str:
        """The PDU's name in the specification, such as `submit_sm`."""
        return command_name(self.command_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown(Pdu):
    """A command_id that is not in the table; the session answers a request of this kind with generic_nack."""

    command_id: int
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread(Unknown):
    """A deliver_sm or data_sm whose body ends before its text; `detail` says where, in words of ours."""

    detail: str


# --- bind, section 4.1. Centres in the field exceed the specification's 16 and 9 octets of credentials, and
# whether a password is too long is theirs to say.
_CREDENTIALS: Final = (cstring("system_id", 65), cstring("password", 65))


@dataclass(frozen=True, kw_only=True, slots=True)
class Bind(Pdu):
    """What the three binds share (sections 4.1.1, 4.1.3, 4.1.5)."""

    wire: ClassVar[BodyLayout] = wire(
        (
            *_CREDENTIALS,
            cstring("system_type", 13),
            int1("interface_version"),
            int1("addr_ton"),
            int1("addr_npi"),
            cstring("address_range", 41),
        )
    )

    system_id: str = ""
    password: str = field(default="", repr=False)
    system_type: str = ""
    interface_version: int = INTERFACE_VERSION
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BindTransmitter(Bind):
    """bind_transmitter (section 4.1.1)."""

    command_id: ClassVar[int] = CommandId.BIND_TRANSMITTER.value


@dataclass(frozen=True, kw_only=True, slots=True)
class BindReceiver(Bind):
    """bind_receiver (section 4.1.3)."""

    command_id: ClassVar[int] = CommandId.BIND_RECEIVER.value


@dataclass(frozen=True, kw_only=True, slots=True)
class BindTransceiver(Bind):
    """bind_transceiver (section 4.1.5)."""

    command_id: ClassVar[int] = CommandId.BIND_TRANSCEIVER.value


@dataclass(frozen=True, kw_only=True, slots=True)
class BindResp(Pdu):
    """What the three bind responses share (sections 4.1.2, 4.1.4, 4.1.6): no body beside an error."""

    wire: ClassVar[BodyLayout] = wire((cstring("system_id", 65),), ("",), is_lenient=True, is_bare_on_error=True)

    system_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BindTransmitterResp(BindResp):
    """bind_transmitter_resp (section 4.1.2)."""

    command_id: ClassVar[int] = CommandId.BIND_TRANSMITTER_RESP.value


@dataclass(frozen=True, kw_only=True, slots=True)
class BindReceiverResp(BindResp):
    """bind_receiver_resp (section 4.1.4)."""

    command_id: ClassVar[int] = CommandId.BIND_RECEIVER_RESP.value


@dataclass(frozen=True, kw_only=True, slots=True)
class BindTransceiverResp(BindResp):
    """bind_transceiver_resp (section 4.1.6)."""

    command_id: ClassVar[int] = CommandId.BIND_TRANSCEIVER_RESP.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Outbind(Pdu):
    """outbind (section 4.1.7); it has no response."""

    command_id: ClassVar[int] = CommandId.OUTBIND.value
    wire: ClassVar[BodyLayout] = wire(_CREDENTIALS)

    system_id: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unbind(Pdu):
    """unbind (section 4.2.1)."""

    command_id: ClassVar[int] = CommandId.UNBIND.value


@dataclass(frozen=True, kw_only=True, slots=True)
class UnbindResp(Pdu):
    """unbind_resp (section 4.2.2)."""

    command_id: ClassVar[int] = CommandId.UNBIND_RESP.value


@dataclass(frozen=True, kw_only=True, slots=True)
class GenericNack(Pdu):
    """generic_nack (section 4.3.1)."""

    command_id: ClassVar[int] = CommandId.GENERIC_NACK.value


@dataclass(frozen=True, kw_only=True, slots=True)
class EnquireLink(Pdu):
    """enquire_link (section 4.11.1)."""

    command_id: ClassVar[int] = CommandId.ENQUIRE_LINK.value


@dataclass(frozen=True, kw_only=True, slots=True)
class EnquireLinkResp(Pdu):
    """enquire_link_resp (section 4.11.2)."""

    command_id: ClassVar[int] = CommandId.ENQUIRE_LINK_RESP.value


# --- messages


def _source(limit_octets: int) -> tuple[PduField, ...]:
    return int1("source_addr_ton"), int1("source_addr_npi"), cstring("source_addr", limit_octets)


def _destination(limit_octets: int) -> tuple[PduField, ...]:
    return int1("dest_addr_ton"), int1("dest_addr_npi"), cstring("destination_addr", limit_octets)


_SERVICE_TYPE: Final = cstring("service_type", 6)
_MESSAGE_ID: Final = cstring("message_id", 65)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShortMessage(Pdu):
    """The body that submit_sm (section 4.4.1) and deliver_sm (section 4.6.1) share."""

    wire: ClassVar[BodyLayout] = wire(
        (
            _SERVICE_TYPE,
            *_source(21),
            *_destination(21),
            int1("esm_class"),
            int1("protocol_id"),
            int1("priority_flag"),
            cstring("schedule_delivery_time", 17),
            cstring("validity_period", 17),
            int1("registered_delivery"),
            int1("replace_if_present_flag"),
            int1("data_coding"),
            int1("sm_default_msg_id"),
            sized("short_message"),
        )
    )

    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitSm(ShortMessage):
    """submit_sm (section 4.4.1)."""

    command_id: ClassVar[int] = CommandId.SUBMIT_SM.value


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitSmResp(Pdu):
    """submit_sm_resp (section 4.4.2): no body beside an error."""

    command_id: ClassVar[int] = CommandId.SUBMIT_SM_RESP.value
    wire: ClassVar[BodyLayout] = wire((_MESSAGE_ID,), ("",), is_lenient=True, is_bare_on_error=True)

    message_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliverSm(ShortMessage):
    """deliver_sm (section 4.6.1): a received message, or a delivery receipt (see `receipt`)."""

    command_id: ClassVar[int] = CommandId.DELIVER_SM.value


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliverSmResp(Pdu):
    """deliver_sm_resp (section 4.6.2); message_id is there but unused."""

    command_id: ClassVar[int] = CommandId.DELIVER_SM_RESP.value
    wire: ClassVar[BodyLayout] = wire((_MESSAGE_ID,), is_lenient=True)

    message_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DataSm(Pdu):
    """data_sm (section 4.7.1); its text is the optional parameter message_payload."""

    command_id: ClassVar[int] = CommandId.DATA_SM.value
    wire: ClassVar[BodyLayout] = wire(
        (
            _SERVICE_TYPE,
            *_source(65),
            *_destination(65),
            int1("esm_class"),
            int1("registered_delivery"),
            int1("data_coding"),
        )
    )

    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class DataSmResp(Pdu):
    """data_sm_resp (section 4.7.2)."""

    command_id: ClassVar[int] = CommandId.DATA_SM_RESP.value
    wire: ClassVar[BodyLayout] = wire((_MESSAGE_ID,), is_lenient=True)

    message_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class QuerySm(Pdu):
    """query_sm (section 4.8.1)."""

    command_id: ClassVar[int] = CommandId.QUERY_SM.value
    wire: ClassVar[BodyLayout] = wire((_MESSAGE_ID, *_source(21)))

    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class QuerySmResp(Pdu):
    """query_sm_resp (section 4.8.2); `message_state` as in `MessageState`."""

    command_id: ClassVar[int] = CommandId.QUERY_SM_RESP.value
    wire: ClassVar[BodyLayout] = wire(
        (_MESSAGE_ID, cstring("final_date", 17), int1("message_state"), int1("error_code")), is_lenient=True
    )

    message_id: str = ""
    final_date: str = ""
    message_state: int = 0
    error_code: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelSm(Pdu):
    """cancel_sm (section 4.9.1)."""

    command_id: ClassVar[int] = CommandId.CANCEL_SM.value
    wire: ClassVar[BodyLayout] = wire((_SERVICE_TYPE, _MESSAGE_ID, *_source(21), *_destination(21)))

    service_type: str = ""
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelSmResp(Pdu):
    """cancel_sm_resp (section 4.9.2)."""

    command_id: ClassVar[int] = CommandId.CANCEL_SM_RESP.value


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplaceSm(Pdu):
    """replace_sm (section 4.10.1)."""

    command_id: ClassVar[int] = CommandId.REPLACE_SM.value
    wire: ClassVar[BodyLayout] = wire(
        (
            _MESSAGE_ID,
            *_source(21),
            cstring("schedule_delivery_time", 17),
            cstring("validity_period", 17),
            int1("registered_delivery"),
            int1("sm_default_msg_id"),
            sized("short_message"),
        )
    )

    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplaceSmResp(Pdu):
    """replace_sm_resp (section 4.10.2)."""

    command_id: ClassVar[int] = CommandId.REPLACE_SM_RESP.value


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertNotification(Pdu):
    """alert_notification (section 4.12.1): a handset is there again; it has no response."""

    command_id: ClassVar[int] = CommandId.ALERT_NOTIFICATION.value
    wire: ClassVar[BodyLayout] = wire(
        (*_source(65), int1("esme_addr_ton"), int1("esme_addr_npi"), cstring("esme_addr", 65))
    )

    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    esme_addr_ton: int = 0
    esme_addr_npi: int = 0
    esme_addr: str = ""


# --- the tables

REQUESTS: Final[tuple[tuple[type[Pdu], type[Pdu] | None], ...]] = (
    (BindTransmitter, BindTransmitterResp),
    (BindReceiver, BindReceiverResp),
    (BindTransceiver, BindTransceiverResp),
    (Outbind, None),
    (Unbind, UnbindResp),
    (SubmitSm, SubmitSmResp),
    (DeliverSm, DeliverSmResp),
    (DataSm, DataSmResp),
    (QuerySm, QuerySmResp),
    (CancelSm, CancelSmResp),
    (ReplaceSm, ReplaceSmResp),
    (EnquireLink, EnquireLinkResp),
    (AlertNotification, None),
)
"""Every request we speak with the response it gets, if it gets one."""

PduClass: TypeAlias = type[Pdu]


def _by_id(pairs: tuple[tuple[PduClass, PduClass | None], ...]) -> dict[int, PduClass]:
    classes = [one for pair in pairs for one in pair if one is not None]
    # On the class `command_id` is the constant; only the type checker sees the property.
    return {int(one.__dict__["command_id"]): one for one in (*classes, GenericNack)}


CLASSES: Final[dict[int, PduClass]] = _by_id(REQUESTS)
"""command_id to class, every PDU we speak."""


def response_to(request: Pdu, status: int = Status.ESME_ROK) -> Pdu:
    """The empty response a request gets: its own kind, or generic_nack where it has none."""
    known = None if request.is_response else CLASSES.get(request.command_id | RESPONSE_BIT)
    return (known or GenericNack)(sequence=request.sequence, status=int(status))
