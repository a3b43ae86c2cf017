"""The panel's oldest door, `/sendsms.ashx`: `user, pass, to, text, line` → plain text (contract §6).

Pure translation: each recipient of `to` is one Submission, all of them at once, so that their waits for a verdict
do not add up. The answer is one item for each recipient, in their order: the message's id, or the code of its
refusal (ids are above 1000, codes below). A call that is refused as a whole is answered with the bare code, once.
"""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import structlog

from payamak.codes import RECIPIENTS_OWN, Code
from payamak.domain.marks import is_blank
from payamak.errors import Refused
from payamak.front.accept import Caller, Service, Submission
from payamak.http.forms import Fields, Malformed, parse_fields
from payamak.http.request import Request, Response, refusal
from payamak.log import place_of

PATH: Final = "/sendsms.ashx"

MOST_RECIPIENTS: Final = 100
"""Recipients of one call, as the panel's other doors take them; more are refused with 107 and nothing is sent."""

_PERHAPS_FOR_SOME: Final = frozenset({Code.NO_CREDIT, Code.BUSY, Code.INTERNAL, Code.TOO_SOON})
"""Codes that may meet some of the recipients: they speak for the call only if all have the same."""

_log = structlog.get_logger("payamak.api")


def told(code: Code, http_status: int = HTTPStatus.OK) -> Response:
    """What the server itself refuses: the bare code; under another HTTP status than 200 as at every old door."""
    return _answer(code) if http_status == HTTPStatus.OK else refusal(code, http_status)


async def send_sms(request: Request, service: Service) -> Response:
    """Answer one call."""
    try:
        fields = await request.read(lambda: parse_fields(request.query, request.content_type, request.body))
        submissions = await request.read(lambda: _submissions(fields, request))
        # Once for all of them, and before anything is told of the fields: who calls (18, 16, 17, 29).
        await service.states(submissions[0].caller, [])
    except Malformed:
        return _answer(Code.MALFORMED)
    except Refused as refused:
        return _refuse(refused.code, service)
    if len(submissions) > MOST_RECIPIENTS:
        return _answer(Code.TOO_MANY_RECIPIENTS)
    caller = submissions[0].caller
    places = service.first_places(caller.username, [(each.recipient, each.message) for each in submissions])
    firsts = sorted(set(places))
    answers = await asyncio.gather(*(_send(submissions[place], service) for place in firsts))
    told_of = dict(zip(firsts, answers, strict=True))
    told = [told_of[place] for place in places]
    code = _code_of_all(told)
    return _answer(*told) if code is None else _refuse(code, service)


def _submissions(fields: Fields, request: Request) -> list[Submission]:
    """One Submission for each recipient, at least one; a comma at the end starts no further one.

    Of too many no more are made than show it: they come before the password is looked at.
    """
    caller = Caller(username=fields.text("user"), password=fields.text("pass"), address=request.client_address)
    recipients = (fields.text("to") or "").replace("،", ",").split(",")
    while len(recipients) > 1 and is_blank(recipients[-1]):
        recipients.pop()
    message, line = fields.text_or_object("text"), fields.text("line")
    return [
        Submission(caller=caller, recipient=each.strip() or None, message=message, line=line, source="sendsms")
        for each in recipients[: MOST_RECIPIENTS + 1]
    ]


async def _send(submission: Submission, service: Service) -> int | Code:
    """The message's id, or the code. A bug at one recipient must not hide the ids of the others."""
    try:
        return (await service.send(submission)).message_id
    except Refused as refused:
        return refused.code
    except Exception as error:
        _log.error("handler_failed", path=PATH, error=type(error).__name__, where=place_of(error))
        return Code.INTERNAL


def _code_of_all(told: Sequence[int | Code]) -> Code | None:
    """The code that refuses the call as a whole; None if anything was accepted, or the reasons are the recipients'."""
    codes = [each for each in told if isinstance(each, Code) and each not in RECIPIENTS_OWN]
    if any(not isinstance(each, Code) for each in told):
        return None
    if len(codes) == len(told) and len(set(codes)) == 1:
        return codes[0]
    return next((code for code in codes if code not in _PERHAPS_FOR_SOME), None)


def _refuse(code: Code, service: Service) -> Response:
    """HTTP 200, but for 23 while intake is closed, as wsSend answers (contract §1)."""
    closed = code is Code.BUSY and not service.intake_open
    return _answer(code, status=HTTPStatus.SERVICE_UNAVAILABLE if closed else HTTPStatus.OK)


def _answer(*items: int, status: int = HTTPStatus.OK) -> Response:
    body = ",".join(str(int(item)) for item in items).encode("ascii")
    return Response(status=status, content_type="text/plain; charset=utf-8", body=body)
