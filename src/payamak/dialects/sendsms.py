"""The panel's oldest door, `/sendsms.ashx`: `user, pass, to, text, line` → plain text (contract §6).

Pure translation: the recipients of `to` are one batch, whose messages are accepted each for itself and wait for their
verdicts together. The answer is one item for each recipient, in their order: the message's id, or the code of its
refusal (ids are above 1000, codes below). A call that is refused as a whole is answered with the bare code, once.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from payamak.codes import RECIPIENTS_OWN, SUCCESS, Code
from payamak.domain.marks import is_blank
from payamak.errors import Refused
from payamak.front.accept import Caller, Sent
from payamak.front.batch import Batch, BatchService
from payamak.http.forms import Fields, Malformed, parse_fields
from payamak.http.request import Request, Response, refusal
from payamak.log import event_logger, place_of

PATH: Final = "/sendsms.ashx"

MOST_RECIPIENTS: Final = 100
"""Recipients of one call, as the panel's other doors take them; more are refused with 107 and nothing is sent."""

_PERHAPS_FOR_SOME: Final = frozenset({Code.NO_CREDIT, Code.BUSY, Code.INTERNAL, Code.TOO_SOON})
"""Codes that may meet some of the recipients: they speak for the call only if all have the same."""

_log = event_logger("api")


def worded(code: Code, http_status: int = HTTPStatus.OK) -> Response:
    """What the server itself refuses: the bare code; under another HTTP status than 200 as at every old door."""
    return _answer(code) if http_status == HTTPStatus.OK else refusal(code, http_status)


async def send_sms(request: Request, service: BatchService) -> Response:
    """Answer one call."""
    try:
        fields = await request.read(lambda: parse_fields(request.query, request.content_type, request.body))
        batch = await request.read(lambda: _batch(fields, request))
        await service.prove(batch.caller)  # before anything is told of the fields: who calls (18, 16, 17, 29)
        if len(batch.recipients) > MOST_RECIPIENTS:
            return _answer(Code.TOO_MANY_RECIPIENTS)
        told = await _send(batch, service)
    except Malformed:
        return _answer(Code.MALFORMED)
    except Refused as refused:
        return _refuse(refused.code, service)
    code = _code_of_all(told)
    return _answer(*told) if code is None else _refuse(code, service)


def _batch(fields: Fields, request: Request) -> Batch:
    """One text to at least one recipient; a comma at the end starts no further one.

    Of too many no more are kept than show it: they come before the password is looked at.
    """
    request.asked_by(fields.text("user"))
    caller = Caller(username=fields.text("user"), password=fields.text("pass"), address=request.client_address)
    recipients = (fields.text("to") or "").replace("،", ",").split(",")
    while len(recipients) > 1 and is_blank(recipients[-1]):
        recipients.pop()
    return Batch(
        caller=caller,
        texts=[fields.text_or_object("text") or ""],
        recipients=[each.strip() for each in recipients[: MOST_RECIPIENTS + 1]],
        line=fields.text("line"),
        source="sendsms",
    )


async def _send(batch: Batch, service: BatchService) -> list[int | Code]:
    """For each recipient the message's id, or the code. A bug is told in this door's form, too."""
    try:
        return [each.message_id if isinstance(each, Sent) else each for each in await service.send_each(batch)]
    except Refused:
        raise
    except Exception as error:
        _log("handler_failed", path=PATH, error=type(error).__name__, where=place_of(error))
        return [Code.INTERNAL]


def _code_of_all(told: Sequence[int | Code]) -> Code | None:
    """The code that refuses the call as a whole; None if anything was accepted, or the reasons are the recipients'."""
    codes = [each for each in told if isinstance(each, Code) and each not in RECIPIENTS_OWN]
    if any(not isinstance(each, Code) for each in told):
        return None
    if len(codes) == len(told) and len(set(codes)) == 1:
        return codes[0]
    return next((code for code in codes if code not in _PERHAPS_FOR_SOME), None)


def _refuse(code: Code, service: BatchService) -> Response:
    """HTTP 200, but for 23 while intake is closed, as wsSend answers (contract §1)."""
    closed = code is Code.BUSY and not service.intake_open
    return _answer(code, status=HTTPStatus.SERVICE_UNAVAILABLE if closed else HTTPStatus.OK)


def _answer(*items: int, status: int = HTTPStatus.OK) -> Response:
    body = ",".join(str(int(item)) for item in items).encode("ascii")
    codes = tuple(int(item) if isinstance(item, Code) else SUCCESS for item in items)
    return Response(status=status, content_type="text/plain; charset=utf-8", body=body, codes=codes)
