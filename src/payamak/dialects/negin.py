"""The dialect of the Negin panel: wsSend and wsStates, as the vendor's manual and the field know them.

Pure translation (contract §§1–3, 5): fields to a `Submission`, answers and codes to octets. All rules are the
service's; what it refuses comes as `Refused`.
"""

import re
from http import HTTPStatus
from typing import Final, TypeAlias

import msgspec

from payamak.codes import SUCCESS, Code
from payamak.domain.marks import without_marks
from payamak.domain.numbers import latin_digits
from payamak.domain.site import AnswerTypes
from payamak.errors import Refused
from payamak.front.accept import Caller, Sent, Service, Submission
from payamak.http.forms import Fields, Malformed, parse_fields
from payamak.http.request import JSON_CONTENT_TYPE, Request, Response, refusal

LARGEST_IDS: Final = 50_000
"""Ids in one call of wsStates; contract §2 asks for 10,000 at least. More are refused as malformed."""

_BEYOND_IDS: Final = 2**53
_PERSIAN_COMMA: Final = "،"
_PLAIN_IDS: Final = re.compile(r"[0-9]+(?:,[0-9]+)*")
_ID: Final = re.compile(r"[0-9]+")

_DONE: Final = (SUCCESS,)

_Number: TypeAlias = int | str


class _SentData(msgspec.Struct):
    message_id: _Number
    line: _Number
    mobile: _Number


class _SentAnswer(msgspec.Struct):
    data: _SentData
    status: int
    msg: str


class _StatesData(msgspec.Struct, rename="camel"):
    msg_ids: str
    states: str


class _StatesAnswer(msgspec.Struct):
    data: _StatesData
    status: int
    msg: str


async def ws_send(request: Request, service: Service) -> Response:
    """Answer wsSend (contract §1)."""
    try:
        fields = await request.read(lambda: parse_fields(request.query, request.content_type, request.body))
        submission = Submission(
            caller=_caller(fields, request),
            recipient=fields.text("mobile"),
            message=fields.text_or_object("message"),
            line=fields.text("line"),
            line2=fields.text("line2"),
            type=fields.text("type"),
            template=fields.text("template"),
            life_time=fields.text("life_time"),
        )
        sent = await service.send(submission)
    except Malformed:
        return refusal(Code.MALFORMED)
    except Refused as refused:
        return _refuse(refused.code, service)
    return _answer(_SentAnswer(_render_sent(sent), SUCCESS, "success"))


async def ws_states(request: Request, service: Service) -> Response:
    """Answer wsStates (contract §2)."""
    try:
        fields = await request.read(lambda: parse_fields(request.query, request.content_type, request.body))
        caller = _caller(fields, request)
        texts = parse_ids(fields.text("message_ids") or "")
        # Bad ids are told only to who may ask: the service checks the caller, here of no ids at all.
        codes = await service.states(caller, [_id_of(text) for text in texts or ()])
    except Malformed:
        return refusal(Code.MALFORMED)
    except Refused as refused:
        return _refuse(refused.code, service)
    if texts is None:
        return refusal(Code.MESSAGE_ID_INVALID)
    data = _StatesData(",".join(texts), ",".join(map(str, codes)))
    return _answer(_StatesAnswer(data, SUCCESS, "success"))


def parse_ids(text: str) -> list[str] | None:
    """Return the ids of a `message_ids` field in Latin digits, in order, repeats kept.

    Ids are joined by commas, Latin or Persian; blanks and one pair of quotes may stand around each and around the
    whole, marks anywhere; empty places at the end do not count. None if there is no id at all, or anything that is no
    number. Raises Malformed beyond `LARGEST_IDS`.
    """
    if text.count(",") + text.count(_PERSIAN_COMMA) >= LARGEST_IDS:
        raise Malformed("message_ids: too many")
    text = latin_digits(text).replace(_PERSIAN_COMMA, ",")
    if _PLAIN_IDS.fullmatch(text):
        return text.split(",")
    text = without_marks(text)
    inside = _unquote(text)
    if text[:1] not in inside:  # else the quotes belong to the first and to the last id
        text = inside
    ids = [_unquote(part.strip()) for part in text.split(",")]
    while ids and not ids[-1]:
        ids.pop()
    return ids if ids and all(map(_ID.fullmatch, ids)) else None


def _unquote(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].strip()
    return text


def _id_of(text: str) -> int | None:
    digits = text.lstrip("0")
    if len(digits) > 16:  # 2^53 has 16 digits; no need to read thousands of them
        return None
    number = int(digits or "0")
    return number if number < _BEYOND_IDS else None


def _caller(fields: Fields, request: Request) -> Caller:
    request.asked_by(fields.text("username"))
    return Caller(username=fields.text("username"), password=fields.text("password"), address=request.client_address)


def _render_sent(sent: Sent) -> _SentData:
    """`data` in the types that the account's programs expect; a line that is no number stays text."""
    line: _Number = int(sent.line) if sent.line.isdecimal() else sent.line
    match sent.answer_types:
        case AnswerTypes.DOCUMENT:
            return _SentData(sent.message_id, line, sent.recipient)
        case AnswerTypes.NUMERIC:
            return _SentData(sent.message_id, line, int(sent.recipient))
        case AnswerTypes.STRING:
            return _SentData(str(sent.message_id), sent.line, sent.recipient)


def _answer(answer: _SentAnswer | _StatesAnswer) -> Response:
    return Response(status=HTTPStatus.OK, content_type=JSON_CONTENT_TYPE, body=msgspec.json.encode(answer), codes=_DONE)


def _refuse(code: Code, service: Service) -> Response:
    """HTTP 200, but for 23 while intake is closed: 503 tells a balancer to go elsewhere (contract §1)."""
    if code is Code.BUSY and not service.intake_open:
        return refusal(code, HTTPStatus.SERVICE_UNAVAILABLE)
    return refusal(code)
