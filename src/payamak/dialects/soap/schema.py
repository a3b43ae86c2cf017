"""The SOAP door's one description: sixteen operations, their fields, and the types these are made of. Pure.

Names, their letter case and their order are the vendor's (contract §6). The WSDL, the reading of calls and the writing
of answers are all made from this table; a new operation is one more row.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

NAMESPACE: Final = "http://www.neginalmas.ir/"
"""The target namespace; soapAction is this and the operation's name."""


class Scalar(StrEnum):
    """The types of XML Schema that occur."""

    STRING = "string"
    LONG = "long"
    INT = "int"
    BOOLEAN = "boolean"
    DATE_TIME = "dateTime"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """A type of several fields in order."""

    name: str
    fields: tuple[Element, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """The vendor's array: a wrapper whose children are all named after their type."""

    item: Scalar | RecordType

    @property
    def item_name(self) -> str:
        """What each child is named."""
        return self.item.name if isinstance(self.item, RecordType) else self.item.value

    @property
    def name(self) -> str:
        """`ArrayOfLong`."""
        return f"ArrayOf{self.item_name[0].upper()}{self.item_name[1:]}"


Kind: TypeAlias = Scalar | Array | RecordType


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its name as written on the wire, and its type."""

    name: str
    kind: Kind

    @property
    def is_optional(self) -> bool:
        """Strings, arrays and records may be left out; numbers, truth values and dates may not."""
        return not isinstance(self.kind, Scalar) or self.kind is Scalar.STRING


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation: what it is sent, credentials included, and what it answers, its result first."""

    name: str
    inputs: tuple[Element, ...]
    outputs: tuple[Element, ...]

    @property
    def response_name(self) -> str:
        """The element that holds the answer."""
        return f"{self.name}Response"

    @property
    def result(self) -> Element:
        """Below zero: done; above: why not (a code); 0: an unexpected exception."""
        return self.outputs[0]


_STRING, _LONG, _INT, _DATE = Scalar.STRING, Scalar.LONG, Scalar.INT, Scalar.DATE_TIME
STRINGS: Final = Array(item=_STRING)
LONGS: Final = Array(item=_LONG)
INTS: Final = Array(item=_INT)
DATES: Final = Array(item=_DATE)

SEND_SMS_RESULT: Final = RecordType(
    name="SendSmsResult",
    fields=(
        Element("MessageIds", LONGS),
        Element("SendId", _INT),
        Element("SendCost", _LONG),
        Element("SmsCount", _INT),
        Element("ReceiversCount", _INT),
        Element("State", _INT),
    ),
)
OUTBOX_RESULT: Final = RecordType(
    name="OutboxResult",
    fields=(
        Element("CheckId", _LONG),
        Element("MessageId", _LONG),
        Element("Status", _INT),
        Element("SendDate", _DATE),
    ),
)
OUTBOX_RESULTS: Final = Array(item=OUTBOX_RESULT)

TYPES: Final[tuple[Array | RecordType, ...]] = (
    STRINGS,
    LONGS,
    INTS,
    DATES,
    SEND_SMS_RESULT,
    OUTBOX_RESULTS,
    OUTBOX_RESULT,
)
"""The types that have names of their own, as the schema lists them."""


def _operation(name: str, inputs: tuple[Element, ...], *outputs: Element, result: Scalar = _LONG) -> Operation:
    credentials = (Element("pUsername", _STRING), Element("pPassword", _STRING))
    return Operation(name=name, inputs=credentials + inputs, outputs=(Element(f"{name}Result", result), *outputs))


_LINE = Element("line", _LONG)
_TEXTS = (Element("messages", STRINGS), Element("mobiles", STRINGS))
_ENCODED = (*_TEXTS, Element("UDH", STRINGS), Element("encodings", INTS), Element("mclass", INTS))
_IDS = Element("pMessageIds", LONGS)
_STATUSES = Element("pStatuses", INTS)
_SENT = Element("result", SEND_SMS_RESULT)
_INFO = (
    Element("pSmsNumber", _STRING),
    Element("pCredit", _LONG),
    Element("pName", _STRING),
    Element("pRole", _INT),
    Element("pUserId", _INT),
)

OPERATIONS: Final[tuple[Operation, ...]] = (
    _operation("Send", (_LINE, *_ENCODED), _SENT),
    _operation("SendSms", _TEXTS, _IDS),
    _operation("SendSms2", _ENCODED, _IDS),
    _operation("SendSms3", _ENCODED, _SENT),
    _operation("Send1Sms", (Element("message", _STRING), Element("mobile", _STRING)), Element("pMessageId", _LONG)),
    _operation("SendSmsByCheckId", (_LINE, *_TEXTS, Element("tempCheckIds", LONGS)), _IDS),
    _operation("GetOutboxByCheckId", (Element("pTempCheckIds", LONGS),), Element("outboxes", OUTBOX_RESULTS)),
    _operation("GetMessageStatus", (_IDS,), _STATUSES),
    _operation("GetMessageStatus2", (_IDS,), _STATUSES, Element("pMsgIds", LONGS)),
    _operation("GetRealMessageStatuses", (_IDS,), _STATUSES),
    _operation("GetCredit", (), Element("pCredit", _LONG)),
    _operation("GetInfo", (), *_INFO, result=_INT),
    _operation("GetInfo2", (), *_INFO, Element("pEndDate", _DATE), Element("pMobile", _STRING), result=_INT),
    _operation(
        "GetReceivedSms",
        (Element("pWithSchema", Scalar.BOOLEAN), Element("mergeMessages", Scalar.BOOLEAN)),
        Element("pRecieved", _STRING),
    ),
    _operation(
        "GetReceivedSms2",
        (),
        Element("pMessages", STRINGS),
        Element("pFroms", STRINGS),
        Element("pSmsc", STRINGS),
        Element("pMessageIds", STRINGS),
        Element("pEnteredDate", DATES),
    ),
    _operation("ChangePassword", (Element("pNewPassword", _STRING),), result=_INT),
)

BY_NAME: Final = {operation.name.lower(): operation for operation in OPERATIONS}
"""Operations by their name in lower case."""
