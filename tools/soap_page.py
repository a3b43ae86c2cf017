"""Builds docs/reference/soap.md from the table of operations that the SOAP door serves: `python -m tools.soap_page`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from payamak.dialects.soap.envelope import Value, read_call, write_answer
from payamak.dialects.soap.schema import NAMESPACE, OPERATIONS, TYPES, Array, Element, Kind, Operation, RecordType

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "soap.md"

INTRODUCTION = f"""\
# The SOAP operations

Built by `python -m tools.soap_page` from the table that the door serves by (`src/payamak/dialects/soap/schema.py`);
change that, not this page. How calls are read and answered, and what the results mean, is in
[the guide](../guide/soap.md).

Address `/almassms.asmx`, namespace `{NAMESPACE}`. `A(x)` is an array, one element for each item:
`ArrayOfString` has elements `string`, `ArrayOfLong` `long`, `ArrayOfInt` `int`, `ArrayOfDateTime` `dateTime`. Strings,
arrays and records may be left out; numbers, truth values and dates may not. Each operation has an example of a call and
of its answer.
"""

ABOUT: Final[Mapping[str, str]] = {
    "Send": "Sends, and tells price and parts. `line` 0 is the account's default line.",
    "SendSms": "Sends by the account's default line.",
    "SendSms2": "The same; `encodings` and `mclass` are checked and change nothing, a `UDH` is refused (6).",
    "SendSms3": "As `SendSms2`, and tells price and parts.",
    "Send1Sms": "Sends one text to one recipient; a refusal of the message is the result.",
    "SendSmsByCheckId": "Sends under your own numbers: the same one again never sends twice.",
    "GetOutboxByCheckId": "What was sent under your own numbers; those never taken are left out.",
    "GetMessageStatus": "Where messages stand, as [wsStates](http.md#wsstates) tells it, in the order asked.",
    "GetMessageStatus2": "The same, and the ids once more.",
    "GetRealMessageStatuses": "As `GetMessageStatus`.",
    "GetCredit": "Rial that may be spent.",
    "GetInfo": "The default line, the credit, the account's name and number.",
    "GetInfo2": "The same, and when the account ends.",
    "GetReceivedSms": "What handsets sent, as a table in XML; what was returned is marked as read.",
    "GetReceivedSms2": "The same as five arrays.",
    "ChangePassword": "Another web-service password; the old one is no good from the answer on.",
}
"""One sentence for each operation."""

_ASKED: Final[Mapping[str, str | tuple[str, ...]]] = {
    "pUsername": "shop",
    "pPassword": "…",
    "line": "9830003300",
    "messages": ("سلام",),
    "message": "سلام",
    "mobiles": ("09121234567", "09131234567"),
    "mobile": "09121234567",
    "UDH": (),
    "encodings": (),
    "mclass": (),
    "tempCheckIds": ("71", "72"),
    "pTempCheckIds": ("71", "72"),
    "pMessageIds": ("3403", "3404"),
    "pWithSchema": "false",
    "mergeMessages": "true",
    "pNewPassword": "…",
}

_TOLD: Final[Mapping[str, Value]] = {
    "result": {
        "MessageIds": [3403, 3404],
        "SendId": 3403,
        "SendCost": 1800,
        "SmsCount": 2,
        "ReceiversCount": 2,
        "State": 0,
    },
    "pMessageIds": [3403, 3404],
    "pMessageId": 3403,
    "outboxes": [{"CheckId": 71, "MessageId": 3403, "Status": 1, "SendDate": "2026-11-26T09:00:00+03:30"}],
    "pStatuses": [1, 8],
    "pMsgIds": [3403, 3404],
    "pCredit": 250_000,
    "pSmsNumber": "9830003300",
    "pName": "shop",
    "pRole": 0,
    "pUserId": 1,
    "pEndDate": "9999-12-31T23:59:59",
    "pMobile": "",
    "pRecieved": "<NewDataSet>…</NewDataSet>",
    "pMessages": ["سلام"],
    "pFroms": ["989121234567"],
    "pSmsc": ["9830003300"],
    "pEnteredDate": ["2026-11-26T09:00:00+03:30"],
}


def example(operation: Operation) -> bytes:
    """A call of the operation, as the page shows it."""
    lines = [_asked(field) for field in operation.inputs if _ASKED[field.name]]
    fields = "".join(f"      {line}\n" for line in lines)
    return (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">\n  <soap:Body>\n'
        f'    <{operation.name} xmlns="{NAMESPACE}">\n{fields}    </{operation.name}>\n  </soap:Body>\n</soap:Envelope>'
    ).encode()


def _asked(field: Element) -> str:
    value = _ASKED[field.name]
    if isinstance(value, str):
        return f"<{field.name}>{value}</{field.name}>"
    assert isinstance(field.kind, Array)
    items = "".join(f"<{field.kind.item_name}>{item}</{field.kind.item_name}>" for item in value)
    return f"<{field.name}>{items}</{field.name}>"


def answer(operation: Operation) -> str:
    """What stands in the body of the answer, as the door writes it."""
    values = {field.name: _TOLD[field.name] for field in operation.outputs[1:]}
    if operation.name == "GetReceivedSms2":
        values["pMessageIds"] = ["1001"]
    whole = write_answer(read_call(example(operation)), {**values, operation.result.name: -2}).decode()
    return whole.partition("<soap:Body>")[2].partition("</soap:Body>")[0].replace("><", ">\n<")


def _kind(kind: Kind) -> str:
    match kind:
        case Array():
            return f"A({_kind(kind.item)})"
        case RecordType():
            return kind.name
        case _:
            return kind.value


def _fields(fields: Iterable[Element]) -> str:
    return ", ".join(f"`{field.name}`: {_kind(field.kind)}" for field in fields)


def _section(operation: Operation) -> Iterable[str]:
    yield f"## {operation.name}\n"
    yield f"{ABOUT[operation.name]}\n"
    yield f"Takes {_fields(operation.inputs)}.\n"
    yield f"Answers {_fields(operation.outputs)}.\n"
    yield f"```xml\n{example(operation).decode()}\n```\n"
    yield f"```xml\n{answer(operation)}\n```\n"


def render() -> str:
    """The whole page."""
    records = [f"* `{each.name}`: {_fields(each.fields)}" for each in TYPES if isinstance(each, RecordType)]
    parts = [INTRODUCTION, "The records:\n", "\n".join(records) + "\n"]
    for operation in OPERATIONS:
        parts += _section(operation)
    return "\n".join(parts).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
