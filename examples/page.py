"""A page on the front: what an account has, what it sent last, and a form to send. A face, and no rule of its own.

`Application([*doors(...), *Page(front).routes])` serves it at /mine.
"""

from __future__ import annotations

from html import escape
from typing import Final

from payamak.codes import Code
from payamak.domain.message import Message
from payamak.errors import Refused
from payamak.front.accept import Accepted, Front
from payamak.front.callers import ByPassword, Caller
from payamak.front.wanted import WantedMessage
from payamak.http.forms import Fields, Malformed, parse_fields
from payamak.http.request import Request, Response, Route

FORM: Final = """<form method="post">{login}
<p>To <input name="to"> <input name="text"> <button>Send</button></p></form>"""
LOGIN: Final = """<p>Name <input name="name" value="{}"> Password <input name="password" type="password"></p>"""


class Page:
    """One account's page, for whoever gives its name and password with each request."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self.routes = [Route("/mine", methods=frozenset({"GET", "POST"}), handler=self._answer, is_gated=True)]

    async def _answer(self, request: Request) -> Response:
        if request.method == "GET":
            return _page("Who are you?", "")
        try:
            fields = parse_fields(b"", request.content_type, request.body)
            name = fields.text("name")
            caller = ByPassword(username=name, password=fields.text("password"), address=request.client_address)
            told = await self._send(caller, fields)
            account, rial = await self._front.asking.purse(caller)
            _, messages = await self._front.asking.messages(caller, limit=20)
        except Malformed:
            return _page(Code.MALFORMED.english, "")
        except Refused as refused:
            return _page(refused.code.english, "")
        return _page(f"{told} {account.username} has {rial} rial.", name or "", messages)

    async def _send(self, caller: Caller, fields: Fields) -> str:
        to, text = fields.text("to"), fields.text("text")
        if to is None:
            return ""
        (told,) = await self._front.accept(caller, [WantedMessage(recipient=to, text=text or "", source="page")])
        return f"Sent: message {told.message_id}." if isinstance(told, Accepted) else told.english


def _page(said: str, name: str, messages: list[Message] | None = None) -> Response:
    rows = "".join(f"<tr><td>{m.id}<td>{m.recipient}<td>{m.state}<td>{m.reason}" for m in messages or ())
    form = FORM.format(login=LOGIN.format(escape(name)))
    body = f"<!doctype html><title>Messages</title><p>{escape(said)}</p>{form}<table>{rows}</table>"
    return Response(status=200, content_type="text/html; charset=utf-8", body=body.encode())
