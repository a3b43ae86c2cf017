"""A JSON call on the front: a customer's message under a reference of his own, accepted once."""

from __future__ import annotations

import base64

import msgspec

from payamak.codes import Code
from payamak.domain.own_ids import OwnIdKind
from payamak.errors import Refused
from payamak.front.accept import Front, Policy
from payamak.front.callers import ByPassword
from payamak.front.wanted import WantedMessage
from payamak.http.request import JSON_CONTENT_TYPE, Request, Response


class Asked(msgspec.Struct):
    """The same `reference` with the same message is sent once, however often it comes (P6)."""

    to: str
    text: str
    reference: str
    line: str


async def send(request: Request, front: Front) -> Response:
    """POST /v1/messages: 202 with the message's id, committed; or 422 with the code that refuses it."""
    try:
        asked = msgspec.json.decode(request.body, type=Asked)
        basic = request.headers["authorization"].removeprefix("Basic ")
        name, _, password = base64.b64decode(basic).decode().partition(":")
    except (msgspec.MsgspecError, KeyError, ValueError):
        return _answer(400, why=Code.MALFORMED.english)
    own_id = OwnIdKind.REFERENCE, asked.reference
    wanted = WantedMessage(recipient=asked.to, text=asked.text, ways=(asked.line,), own_id=own_id, source="json")
    caller = ByPassword(username=name, password=password, address=request.client_address)
    try:
        (told,) = await front.accept(caller, [wanted], Policy.WHOLE)
    except Refused as refused:
        told = refused.code
    if isinstance(told, Code):
        return _answer(422, code=told, why=told.english)
    return _answer(202, id=told.message_id, is_repeated=told.is_repeated)


def _answer(status: int, **told: object) -> Response:
    return Response(status=status, content_type=JSON_CONTENT_TYPE, body=msgspec.json.encode(told))
