"""The panel's SOAP door, `/almassms.asmx` (contract §6): sixteen operations, SOAP 1.1 and 1.2, pure translation.

A call that can be read is answered with HTTP 200, whatever comes of it: the operation's result is -2 (done), a code
above zero, or 0 when something happened that should not have. Only what is no call of ours at all is a SOAP fault under
HTTP 500. Reading and writing XML is soap_xml's work, the operations' shape soap_schema's, the WSDL wsdl's.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final, TypeAlias

from payamak.codes import SUCCESS, Code
from payamak.dialects.soap.arrays import Arrays, ToldBatch, told_of, wanted_of
from payamak.dialects.soap.dataset import render_table
from payamak.dialects.soap.envelope import (
    CallReader,
    NotReadable,
    SoapCall,
    SoapVersion,
    Value,
    write_answer,
    write_fault,
)
from payamak.dialects.soap.wsdl import PATH, render_wsdl
from payamak.dialects.states import states_of
from payamak.domain.jalali import TEHRAN
from payamak.domain.marks import without_marks
from payamak.domain.mo import Received
from payamak.domain.numbers import latin_digits, parse_whole_number
from payamak.domain.own_ids import OwnIdKind
from payamak.domain.restoring import ID_LIMIT
from payamak.domain.standing import state_code
from payamak.errors import Refused
from payamak.front.accept import Front, Policy
from payamak.front.callers import ByPassword, Caller
from payamak.front.passwords import hash_password
from payamak.http.forms import charset_of
from payamak.http.request import Request, Response, refusal
from payamak.log import event_logger, place_of

DONE: Final = -2
"""The result of a call that was carried out; no code, hence below zero."""

UNEXPECTED: Final = 0
"""The result when a bug stopped us: the vendor's "unexpected exception"."""

MOST_RECEIVED: Final = 500
"""Received messages of one answer; the next call gives the next ones."""

_RESULTS: Final[Mapping[Code, int]] = {
    Code.INTERNAL: UNEXPECTED,
    Code.ACCOUNT_INACTIVE: 15,
    Code.ACCOUNT_EXPIRED: 16,
    Code.SERVICE_NOT_ENABLED: 17,
    Code.NOT_YOURS: 20,
    Code.MESSAGE_ID_INVALID: 20,
}
"""Codes whose number is another one when they are an operation's result (contract §9): 15 subscription locked, 16
expired, 17 web service not active, 20 message id wrong. The others keep theirs."""

_SEVERAL: Final = frozenset({"Send", "SendSms", "SendSms2", "SendSms3", "SendSmsByCheckId"})
"""Operations that send to several recipients and answer each with an id or a code."""

_NO_END: Final = "9999-12-31T23:59:59"
"""The end of an account that has none, as .NET's greatest date."""

_LONG: Final = re.compile(r"-?[0-9]{1,19}")
_ON_THE_LOOP_OCTETS: Final = 32 << 10
"""Larger envelopes are read on a thread: 12,000 elements take 20 ms."""

_HELP: Final = b"AlmasSms: SOAP 1.1 and 1.2 by POST to this address; ?wsdl describes it.\n"

_log = event_logger("api")

Values: TypeAlias = Mapping[str, Value]


async def wsdl(request: Request) -> Response:
    """The WSDL, its address the host that was asked: a program that is given another host name finds us there."""
    body = render_wsdl(f"{request.origin}{PATH}")
    return Response(status=HTTPStatus.OK, content_type="text/xml; charset=utf-8", body=body)


def worded(code: Code, http_status: int = HTTPStatus.OK) -> Response:
    """What the server itself refuses: a body that cannot be read is a fault, the rest as at every old door."""
    if code is not Code.MALFORMED or http_status != HTTPStatus.OK:
        return refusal(code, http_status)
    version = SoapVersion.V11
    return _fault(version, write_fault(version, "a body in another coding than gzip, or not in the one that it says"))


def _fault(version: SoapVersion, body: bytes) -> Response:
    """What is no call of ours at all (31)."""
    status, codes = HTTPStatus.INTERNAL_SERVER_ERROR, (int(Code.MALFORMED),)
    return Response(status=status, content_type=version.content_type, body=body, codes=codes)


class SoapDoor:
    """Answers calls. `answer` is the route's handler."""

    def __init__(self, front: Front, admits: Callable[[str], bool] = lambda address: True) -> None:
        """`admits` says whether a call is taken although many come (`Admission`).

        It is asked here, for how a refusal is written depends on the operation.
        """
        self._front = front
        self._admits = admits
        self._hashing = asyncio.Semaphore(1)
        self._reading = asyncio.Semaphore(1)
        self._operations: dict[str, Callable[[SoapCall, Caller], Awaitable[Values]]] = {
            "Send": self._send_with_result,
            "SendSms": self._send_with_ids,
            "SendSms2": self._send_with_ids,
            "SendSms3": self._send_with_result,
            "Send1Sms": self._send_one,
            "SendSmsByCheckId": self._send_with_ids,
            "GetOutboxByCheckId": self._outbox,
            "GetMessageStatus": self._states,
            "GetMessageStatus2": self._states,
            "GetRealMessageStatuses": self._states,
            "GetCredit": self._info,
            "GetInfo": self._info,
            "GetInfo2": self._info,
            "GetReceivedSms": self._received_table,
            "GetReceivedSms2": self._received,
            "ChangePassword": self._change_password,
        }

    async def answer(self, request: Request) -> Response:
        """Answer one request. Never raises for what a caller sent."""
        if request.method != "POST":
            return Response(status=HTTPStatus.OK, content_type="text/plain; charset=utf-8", body=_HELP)
        try:
            reader = CallReader(request.body, charset_of(request.content_type))
            call = reader.begin()
            request.asked_by(call.text("pUsername"))
            is_long = not reader.is_whole
            if is_long:
                if (refusal := await self._refusal(call, request.client_address)) is not None:
                    return _answer(call, refusal, {})
                call = await self._read_rest(reader, len(request.body))
        except NotReadable as unreadable:
            version = unreadable.version or _version_of(request.content_type)
            body = write_fault(version, str(unreadable))
            return _fault(version, body)
        if not is_long and not self._admits(request.client_address):
            return _answer(call, Code.BUSY, {})
        code, values = await self._carry_out(call, request.client_address)
        return _answer(call, code, values)

    async def _refusal(self, call: SoapCall, address: str) -> Code | None:
        """The code of a call whose beginning is read, if its caller may not ask; the rest is then never read."""
        caller = ByPassword(username=call.text("pUsername"), password=call.text("pPassword"), address=address)
        if not self._admits(address):
            return Code.BUSY
        try:
            await self._front.callers.account_of(caller)
        except Refused as refused:
            return refused.code
        return None

    async def _read_rest(self, reader: CallReader, octets: int) -> SoapCall:
        """For whoever has proven himself. Long ones one at a time: each holds the interpreter for up to 20 ms."""
        if octets <= _ON_THE_LOOP_OCTETS:
            return reader.rest()
        async with self._reading:
            return await asyncio.to_thread(reader.rest)

    async def _carry_out(self, call: SoapCall, address: str) -> tuple[Code | None, Values]:
        """The code that refuses it, None for a call that was carried out, and what it answers."""
        caller = ByPassword(username=call.text("pUsername"), password=call.text("pPassword"), address=address)
        name = call.operation.name
        try:
            return None, await self._operations[name](call, caller)
        except Refused as refused:
            return refused.code, {}
        except Exception as error:
            where = place_of(error)
            _log("handler_failed", path=PATH, operation=name, error=type(error).__name__, where=where)
            return Code.INTERNAL, {}

    # -- sending

    async def _send(self, call: SoapCall, caller: Caller) -> ToldBatch:
        """The call as arrays. An operation that has no such field reads an empty one."""
        check_ids = call.texts("tempCheckIds")
        return await self._accept(
            caller,
            Arrays(
                texts=call.texts("messages"),
                recipients=call.texts("mobiles"),
                line=_line(call.text("line")),
                udhs=call.texts("UDH"),
                encodings=call.texts("encodings"),
                classes=call.texts("mclass"),
                check_ids=_longs(check_ids) if check_ids else None,
            ),
        )

    async def _accept(self, caller: Caller, arrays: Arrays) -> ToldBatch:
        return told_of(await self._front.accept(caller, wanted_of(arrays), Policy.WHOLE))

    async def _send_with_ids(self, call: SoapCall, caller: Caller) -> Values:
        return {"pMessageIds": (await self._send(call, caller)).outcomes}

    async def _send_with_result(self, call: SoapCall, caller: Caller) -> Values:
        sent = await self._send(call, caller)
        first = next((outcome for outcome in sent.outcomes if outcome >= 1_000), 0)
        result: Values = {
            "MessageIds": sent.outcomes,
            "SendId": first % 2**31,  # an int on the wire; our ids are longs
            "SendCost": sent.cost_rial,
            "SmsCount": sent.parts,
            "ReceiversCount": sent.count,
            "State": 0,
        }
        return {"result": result}

    async def _send_one(self, call: SoapCall, caller: Caller) -> Values:
        """There is nothing to keep a place in: what refuses the one message is the call's result."""
        message, mobile = call.text("message"), call.text("mobile")
        sent = await self._accept(caller, Arrays(texts=[message or ""], recipients=[mobile or ""]))
        (outcome,) = sent.outcomes
        if outcome < 1_000:
            raise Refused(Code(outcome))
        return {"pMessageId": outcome}

    # -- asking

    async def _outbox(self, call: SoapCall, caller: Caller) -> Values:
        """In the order asked, repeats kept; ids that were never taken are left out."""
        check_ids = _longs(call.texts("pTempCheckIds"))
        account, rows = await self._front.asking.outbox(caller, OwnIdKind.CHECK_ID, set(map(str, check_ids)))
        outboxes: list[Value] = [
            {
                "CheckId": check_id,
                "MessageId": row.message_id,
                "Status": account.unknown_state
                if row.standing is None
                else state_code(row.standing.state, row.standing.was_taken, account.unknown_state),
                "SendDate": _date(row.accepted_at),
            }
            for check_id in check_ids
            if (row := rows.get(str(check_id))) is not None
        ]
        return {"outboxes": outboxes}

    async def _states(self, call: SoapCall, caller: Caller) -> Values:
        ids = [parse_whole_number(text) for text in call.texts("pMessageIds")]
        known = [None if i is None or i >= ID_LIMIT else i for i in ids]
        states = await states_of(self._front, caller, known)
        if not ids or None in ids:  # told only to who may ask
            raise Refused(Code.MESSAGE_ID_INVALID)
        return {"pStatuses": states, "pMsgIds": [i if i is not None and i < 2**63 else 0 for i in ids]}

    async def _info(self, call: SoapCall, caller: Caller) -> Values:
        account, available_rial = await self._front.asking.purse(caller)
        return {
            "pSmsNumber": account.default_line or next(iter(account.lines), ""),
            "pCredit": available_rial,
            "pName": account.username,
            "pRole": 0,
            "pUserId": account.id,
            "pEndDate": _NO_END if account.expires_at is None else _written(account.expires_at),
            "pMobile": "",
        }

    async def _received(self, call: SoapCall, caller: Caller) -> Values:
        rows = [_row(each) for each in await self._front.acting.read_received(caller, MOST_RECEIVED)]
        columns = {"Message": "pMessages", "From": "pFroms", "Smsc": "pSmsc", "MessageId": "pMessageIds"}
        columns["EnteredDate"] = "pEnteredDate"
        return {name: [row[column] for row in rows] for column, name in columns.items()}

    async def _received_table(self, call: SoapCall, caller: Caller) -> Values:
        """`mergeMessages` changes nothing: long messages are always whole here."""
        rows = [_row(each) for each in await self._front.acting.read_received(caller, MOST_RECEIVED)]
        with_schema = (call.text("pWithSchema") or "").strip().lower() in ("true", "1")
        return {"pRecieved": render_table(rows, with_schema=with_schema)}

    async def _change_password(self, call: SoapCall, caller: Caller) -> Values:
        await self._front.acting.change_password(caller, call.text("pNewPassword"), self._hash)
        return {}

    async def _hash(self, password: str) -> str:
        """27 ms and 19 MiB, so on a thread and one at a time."""
        async with self._hashing:
            return await asyncio.to_thread(hash_password, password)


def _answer(call: SoapCall, code: Code | None, values: Values) -> Response:
    result = DONE if code is None else _RESULTS.get(code, int(code))
    body = write_answer(call, {**values, call.operation.result.name: result})
    codes = _codes_of(call, values) if code is None else (int(code),)
    return Response(status=HTTPStatus.OK, content_type=call.version.content_type, body=body, codes=codes)


def _codes_of(call: SoapCall, values: Values) -> tuple[int, ...]:
    """What a call that was carried out says of each of its messages; of one that sends none, that it was."""
    if call.operation.name not in _SEVERAL:
        return (SUCCESS,)
    result = values.get("result")
    outcomes = result["MessageIds"] if isinstance(result, Mapping) else values["pMessageIds"]
    assert isinstance(outcomes, Sequence), "an id or a code for each recipient"
    return tuple(each if isinstance(each, int) and each < 1_000 else SUCCESS for each in outcomes)


def _version_of(content_type: str) -> SoapVersion:
    """The version to fault in when there is no envelope to tell it."""
    return SoapVersion.V12 if content_type.lower().startswith("application/soap+xml") else SoapVersion.V11


def _line(text: str | None) -> str | None:
    """A long must be there in the vendor's schema: 0 is how a caller leaves it out."""
    text = (text or "").strip()
    return None if not text or parse_whole_number(text) == 0 else text


def _longs(texts: Sequence[str]) -> list[int]:
    """Whole numbers of 64 bits. Raises Refused with 31."""
    numbers = [without_marks(latin_digits(text)) for text in texts]
    if not all(map(_LONG.fullmatch, numbers)) or not all(-(2**63) <= int(n) < 2**63 for n in numbers):
        raise Refused(Code.MALFORMED, "an id is a whole number of 64 bits")
    return list(map(int, numbers))


def _row(received: Received) -> dict[str, str]:
    """A received message as the columns of GetReceivedSms."""
    return {
        "Message": received.text,
        "From": received.sender,
        "Smsc": received.line,
        "MessageId": str(received.id),
        "EnteredDate": _date(received.received_at),
    }


def _date(instant: int) -> str:
    return _written(dt.datetime.fromtimestamp(instant / 1_000, dt.UTC))


def _written(when: dt.datetime) -> str:
    """Tehran's time, its difference from UTC beside it."""
    try:
        return when.astimezone(TEHRAN).isoformat(timespec="seconds")
    except OverflowError:  # the last hours of year 9999, by which people mean "never"
        return _NO_END
