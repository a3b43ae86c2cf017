"""The way in and out: sign-in, sign-out. Until there is a user, the one command that makes the first."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from payamak.codes import Code
from payamak.errors import Refused
from payamak.panel.pages import ROOT
from payamak.panel.visit import Sent, Shown, Visit

COMMAND: Final = "payamak user add NAME --role administrator --site"
_OWN_PATH: Final = re.compile(r"/panel(?:/[A-Za-z0-9_-]+)*")


class Entrance(Struct, frozen=True, kw_only=True):
    """The form: what was written into it, and why it did not open."""

    name: str = ""
    next: str = ""
    fault: str = ""


class FirstUser(Struct, frozen=True, kw_only=True):
    """Nobody is there yet."""

    command: str


async def enter(visit: Visit) -> Shown | Sent:
    """The form; and what comes of it."""
    if visit.request.method == "POST":
        return await _enter(visit)
    if visit.found is not None:
        return Sent(to=ROOT)
    if not await visit.front.sessions.is_anybody_there():
        return Shown(template="first.html", page=FirstUser(command=COMMAND), title="enter")
    return _form(Entrance(next=_own(visit.query.text("next"))))


async def _enter(visit: Visit) -> Shown | Sent:
    fields, rooms = visit.form, visit.rooms
    name, password = fields.text("name") or "", fields.text("password") or ""
    visit.request.asked_by(name)
    next_ = _own(fields.text("next"))
    if not name.strip() or not password:
        return _form(Entrance(name=name, next=next_, fault="empty"), 422)
    try:
        token = await visit.front.sessions.sign_in(rooms.verify, name, password, visit.request.client_address)
    except Refused as refused:
        if refused.code is not Code.BUSY:
            raise
        return _form(Entrance(name=name, next=next_, fault="busy"), 503, Code.BUSY)
    if token is None:
        return _form(Entrance(name=name, next=next_, fault="wrong"), 422, Code.CREDENTIALS)
    return Sent(to=next_ or ROOT, token=token)


def _form(page: Entrance, status: int = 200, *codes: Code) -> Shown:
    return Shown(template="enter.html", page=page, title="enter", status=status, codes=tuple(map(int, codes)))


def _own(path: str | None) -> str:
    """A path of the panel to which one may be sent; nothing else is."""
    return path if path is not None and len(path) < 200 and _OWN_PATH.fullmatch(path) else ""


async def leave(visit: Visit) -> Sent:
    """Out, on this browser."""
    await visit.front.sessions.sign_out(visit.token)
    return Sent(to=f"{ROOT}/enter?said=left", token="")
