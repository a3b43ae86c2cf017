"""The dialect of the Negin panel: wsSend and wsStates, as the vendor's manual and the field know them.

Pure translation (contract §§1–3, 5): fields to a `WantedMessage`, answers and codes to octets. All rules are the
front's; what it refuses comes as a code, what cannot be read is handed on, to be told in turn.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, TypeAlias

import msgspec

from payamak.codes import LONGEST_LIFE_MINUTES, SUCCESS, Code
from payamak.dialects.states import states_of
from payamak.domain.marks import without_marks
from payamak.domain.message import StepKind
from payamak.domain.numbers import latin_digits, parse_whole_number
from payamak.domain.plan import Via
from payamak.domain.restoring import ID_LIMIT
from payamak.domain.site import AnswerTypes
from payamak.errors import Refused
from payamak.front.accept import Accepted, Front
from payamak.front.callers import ByPassword, Caller
from payamak.front.wanted import UnreadableField, WantedMessage
from payamak.http.forms import Fields, Malformed, parse_fields
from payamak.http.request import JSON_CONTENT_TYPE, Request, Response, refusal

LARGEST_IDS: Final = 50_000
"""Ids in one call of wsStates; contract §2 asks for 10,000 at least. More are refused as malformed."""

DEFAULT_LIFE_TIME_MINUTES: Final = 1_440
"""Contract §1: one day if nothing is said, a week at most; anything else is ignored."""

_TYPES: Final[Mapping[int | None, tuple[Via | UnreadableField, ...]]] = {
    0: (),
    1: (StepKind.SIM,),
    2: (StepKind.TEMPLATE,),
}
"""`type` of wsSend (manual, p. 4): 0 normal, 1 Chelcheleh, 2 the service line."""

_UNKNOWN_TYPE: Final = (UnreadableField(code=Code.SERVICE_TYPE_INVALID),)

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


async def ws_send(request: Request, front: Front) -> Response:
    """Answer wsSend (contract §1)."""
    try:
        fields = await request.read(lambda: parse_fields(request.query, request.content_type, request.body))
        (told,) = await front.accept(_caller(fields, request), [wanted_of(fields)])
    except Malformed:
        return refusal(Code.MALFORMED)
    except Refused as refused:
        return _refuse(refused.code, front)
    if isinstance(told, Code):
        return _refuse(told, front)
    return _answer(_SentAnswer(_render_sent(told), SUCCESS, "success"))


def wanted_of(fields: Fields) -> WantedMessage:
    """The message that the fields of wsSend ask for."""
    asked, template = fields.text("type"), fields.text("template")
    ways: tuple[str | Via | UnreadableField, ...] = tuple(filter(None, (fields.text("line"), fields.text("line2"))))
    if asked is not None:
        ways += _TYPES.get(parse_whole_number(asked), _UNKNOWN_TYPE)
    number = None if template is None else parse_whole_number(template)
    return WantedMessage(
        recipient=fields.text("mobile") or "",
        text=fields.text_or_object("message") or "",
        source="wsSend",
        ways=ways,
        template=UnreadableField(code=Code.NO_TEMPLATE) if number is None and template is not None else number,
        valid_for_ms=life_time_minutes(fields.text("life_time")) * 60_000,
    )


def life_time_minutes(text: str | None) -> int:
    """The validity asked for, or the default where nothing usable is said."""
    minutes = None if text is None else parse_whole_number(text)
    if minutes is None or not 1 <= minutes <= LONGEST_LIFE_MINUTES:
        return DEFAULT_LIFE_TIME_MINUTES
    return minutes


async def ws_states(request: Request, front: Front) -> Response:
    """Answer wsStates (contract §2)."""
    try:
        fields = await request.read(lambda: parse_fields(request.query, request.content_type, request.body))
        caller = _caller(fields, request)
        texts = parse_ids(fields.text("message_ids") or "")
        # Bad ids are told only to who may ask: the front checks the caller, here of no ids at all.
        codes = await states_of(front, caller, [_id_of(text) for text in texts or ()])
    except Malformed:
        return refusal(Code.MALFORMED)
    except Refused as refused:
        return _refuse(refused.code, front)
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
    return number if number < ID_LIMIT else None


def _caller(fields: Fields, request: Request) -> Caller:
    request.asked_by(fields.text("username"))
    return ByPassword(
        username=fields.text("username"), password=fields.text("password"), address=request.client_address
    )


def _render_sent(sent: Accepted) -> _SentData:
    """`data` in the types that the account's programs expect; a line that is no number stays text."""
    line: _Number = int(sent.line) if sent.line.isdecimal() else sent.line
    match sent.account.answer_types:
        case AnswerTypes.DOCUMENT:
            return _SentData(sent.message_id, line, sent.recipient)
        case AnswerTypes.NUMERIC:
            return _SentData(sent.message_id, line, int(sent.recipient))
        case AnswerTypes.STRING:
            return _SentData(str(sent.message_id), sent.line, sent.recipient)


def _answer(answer: _SentAnswer | _StatesAnswer) -> Response:
    return Response(status=HTTPStatus.OK, content_type=JSON_CONTENT_TYPE, body=msgspec.json.encode(answer), codes=_DONE)


def _refuse(code: Code, front: Front) -> Response:
    """HTTP 200, but for 23 while intake is closed: 503 tells a balancer to go elsewhere (contract §1)."""
    if code is Code.BUSY and not front.intake_open:
        return refusal(code, HTTPStatus.SERVICE_UNAVAILABLE)
    return refusal(code)
