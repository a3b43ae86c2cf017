"""A JSON call on the hands: a payment that the house enters for an account, once under its reference."""

from __future__ import annotations

import hmac
from pathlib import Path

import msgspec

from payamak.hands import acts, credit
from payamak.hands.opening import Mode, opened
from payamak.hands.refusals import NotDone
from payamak.http.request import JSON_CONTENT_TYPE, Request, Response


async def pay(request: Request, address: Path, token: str, now: int) -> Response:
    """POST /v1/payments: rial for an account, once under its reference, with a row in the audit; 409 says why not."""
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode()):
        return _answer(401, why="the token is another one")
    try:
        payment = msgspec.json.decode(request.body, type=credit.Payment)
        async with opened(address, Mode.HANDS) as store:
            done = await credit.enter(store, payment, acts.by("the shop's payments", "pay"), now)
    except (msgspec.MsgspecError, NotDone) as error:
        return _answer(409, why=str(error))
    return _answer(200, available=done.available, is_repeated=done.is_repeated)


def _answer(status: int, **told: object) -> Response:
    return Response(status=status, content_type=JSON_CONTENT_TYPE, body=msgspec.json.encode(told))
