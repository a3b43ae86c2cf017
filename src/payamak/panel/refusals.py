"""What the server itself refuses under the panel's paths, as a page: nothing there, too large, busy, a bug.

Made without templates: it must be there also where the rest of the panel is not.
"""

from __future__ import annotations

from functools import cache
from html import escape
from http import HTTPStatus
from typing import Final

from payamak.codes import Code
from payamak.http.request import Response
from payamak.language import Words
from payamak.texts.panel import PANEL

HTML: Final = "text/html; charset=utf-8"

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS: Final = (
    ("content-security-policy", POLICY),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("x-frame-options", "DENY"),
)
"""Of every page. Under `no-referrer` browsers would send `Origin: null` with a form, and it could be anybody's."""

_STATUS: Final = {Code.BUSY: HTTPStatus.SERVICE_UNAVAILABLE, Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR}
_SAID: Final[dict[int, str]] = {
    HTTPStatus.NOT_FOUND: "refused.not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "refused.method",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "refused.too_large",
    HTTPStatus.SERVICE_UNAVAILABLE: "refused.busy",
    HTTPStatus.INTERNAL_SERVER_ERROR: "refused.bug",
}


@cache
def page(code: Code, http_status: int) -> Response:
    """See http.request.Family."""
    status = _STATUS.get(code, http_status) if http_status == HTTPStatus.OK else http_status
    said = PANEL[_SAID.get(status, "refused.unreadable")]
    return bare(HTTPStatus.BAD_REQUEST if status == HTTPStatus.OK else status, said)


def bare(status: int, said: Words) -> Response:
    """A page with one sentence."""
    name, text = escape(PANEL["name"].fa), escape(said.fa)
    body = f'<!doctype html><html lang="fa" dir="rtl"><meta charset="utf-8"><title>{name}</title><p>{text}'
    return Response(status=status, content_type=HTML, body=body.encode(), headers=HEADERS)
