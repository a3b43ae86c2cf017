"""The panel's door: who asks for which page, whether he may, and his answer with all that every page has.

In this order: the network, the address by which it is asked, who it is, his right, and for a form whether one of our
own pages has sent it. Only then does a view see the request. Whoever may not come is told which right is missing and
who has it; what is another account's is told as what is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from hmac import compare_digest
from http import HTTPStatus
from importlib import import_module
from ipaddress import ip_address
from typing import Final, cast
from urllib.parse import quote

from payamak.codes import Code
from payamak.domain.people import LONGEST_SESSION_MS, RIGHTS, Right
from payamak.errors import Refused
from payamak.front.sessions import Person
from payamak.http.forms import Malformed
from payamak.http.request import READ, BodyLimits, Network, Request, Response, Route, set_cookie
from payamak.language import Language, speaking, spoken
from payamak.panel import refusals
from payamak.panel.pages import PAGES, ROOT, Access, PanelPage
from payamak.panel.place import PanelPlace
from payamak.panel.visit import Frame, MenuEntry, Missing, Rooms, Sent, Shown, View, Visit
from payamak.texts.codes import code_words
from payamak.texts.panel import PANEL, say

_FORMS: Final = BodyLimits(largest_octets=256 << 10, drained_octets=1 << 20)
"""Forms without files: some 10,000 pasted numbers."""

_YEAR_S: Final = 365 * 86_400

MENU: Final[tuple[tuple[str, str, str, Right | None], ...]] = (
    ("home", ROOT, "house", Right.MESSAGES),
    ("send", f"{ROOT}/send", "send", Right.SEND),
    ("messages", f"{ROOT}/messages", "message-square-text", Right.MESSAGES),
    ("money", f"{ROOT}/money", "wallet", Right.MONEY),
    ("optouts", f"{ROOT}/opt-outs", "ban", Right.OPT_OUTS),
    ("customers", f"{ROOT}/customers", "building-2", Right.CUSTOMERS),
    ("audit", f"{ROOT}/audit", "history", Right.AUDIT),
)
"""Section, where it is, its icon, and the right that it needs."""


class Panel:
    """Every page. `place` is asked when a page is: the port may be known only then."""

    def __init__(self, rooms: Rooms, place: Callable[[], PanelPlace], networks: tuple[Network, ...] = ()) -> None:
        self._rooms = rooms
        self._place = place
        self._networks = networks

    @property
    def routes(self) -> list[Route]:
        """The pages and the files beside them."""
        files = Route(f"{ROOT}/static/{{name}}", methods=READ, handler=self._file, family=refusals.page)
        return [files, *map(self._route, PAGES)]

    def _route(self, page: PanelPage) -> Route:
        handler = partial(self._answer, page)
        return Route(page.path, methods=page.methods, handler=handler, family=refusals.page, limits=_FORMS)

    async def _file(self, request: Request) -> Response:
        if not self._is_reached_from(request.client_address):
            return refusals.page(Code.MALFORMED, HTTPStatus.NOT_FOUND)
        from payamak.panel.templating import static

        return await static().route.handler(request)

    def _is_reached_from(self, address: str) -> bool:
        if not self._networks:
            return True
        try:
            caller = ip_address(address)
        except ValueError:
            return False
        return any(caller in network for network in self._networks)

    async def _answer(self, page: PanelPage, request: Request) -> Response:
        if not self._is_reached_from(request.client_address):
            return refusals.page(Code.MALFORMED, HTTPStatus.NOT_FOUND)
        place = self._place()
        if (elsewhere := _elsewhere(request, place)) is not None:
            return elsewhere
        token = request.cookies.get(place.cookie, "")
        visit = Visit(request=request, rooms=self._rooms, place=place, token=token, now=self._rooms.clock.now())
        with speaking(Language.PERSIAN):
            return await self._answer_to(page, visit)

    async def _answer_to(self, page: PanelPage, visit: Visit) -> Response:
        try:
            return await self._admitted(page, visit)
        except Missing:
            return await self._told(visit, "not_found", HTTPStatus.NOT_FOUND)
        except Malformed:
            return await self._told(visit, "unreadable", HTTPStatus.BAD_REQUEST)
        except Refused as refused:
            if refused.code is Code.BUSY:
                return await self._told(visit, "busy", HTTPStatus.SERVICE_UNAVAILABLE)
            return await self._told(visit, "account", HTTPStatus.FORBIDDEN, reason=spoken(code_words(refused.code)))

    async def _admitted(self, page: PanelPage, visit: Visit) -> Response:
        """The page, if its visitor may come. Raises what views raise."""
        is_form = visit.request.method == "POST"
        person = None
        if visit.token:
            person = await visit.front.sessions.person(visit.token, is_use=not visit.is_live)
        visit = Visit(
            request=visit.request,
            rooms=visit.rooms,
            place=visit.place,
            token=visit.token,
            found=person,
            now=visit.now,
        )
        if page.access is not Access.ANYBODY:
            if person is None:
                return _to_entrance(visit, is_form=is_form)
            if not page.is_for(RIGHTS[person.user.role]):
                return await self._told(visit, "right", HTTPStatus.FORBIDDEN, page=page)
            if visit.place.is_open and person.may(Right.CREDIT):
                return await self._told(visit, "open", HTTPStatus.FORBIDDEN)
        if is_form and not _is_ours(visit):
            return await self._told(visit, "foreign", HTTPStatus.FORBIDDEN)
        view = _view(page.view)
        made = await view(visit)
        if isinstance(made, Sent):
            return _sent(made, visit)
        return await self._page(visit, made)

    async def _page(self, visit: Visit, made: Shown) -> Response:
        from payamak.panel.templating import render

        layout = "live.html" if visit.is_live else "frame.html" if visit.found is not None else "bare.html"
        frame = Frame(
            layout=layout,
            title=say(f"title.{made.title}").format(**made.title_fields),
            is_open=visit.place.is_open,
            trouble=self._rooms.store.trouble is not None,
            said=_said(visit),
            here=visit.request.path,
        )
        if visit.found is not None and not visit.is_live:
            frame = await self._framed(visit, visit.found, frame, made.section)
        body = render(made.template, frame, made.page).encode()
        headers = (*refusals.HEADERS, *_secure(visit.place))
        etag = blake2b(body, digest_size=12).hexdigest() if visit.is_live else ""
        return Response(
            status=made.status,
            content_type=refusals.HTML,
            body=body,
            headers=headers,
            etag=etag,
            codes=made.codes,
        )

    async def _framed(self, visit: Visit, person: Person, frame: Frame, section: str) -> Frame:
        """The frame with what only this person has."""
        from dataclasses import replace

        from payamak.texts.people import ROLES

        balance = None
        if person.account is not None:
            try:
                _, balance = await visit.front.asking.purse(visit.caller)
            except Refused:
                balance = None  # the page itself says what is wrong
        return replace(
            frame,
            form_token=person.form_token,
            person=person.user.name,
            role=spoken(ROLES[person.user.role]),
            account="" if person.account is None else person.account.username,
            balance=balance,
            menu=tuple(
                MenuEntry(label=say(f"menu.{name}"), url=url, icon=icon, is_current=name == section)
                for name, url, icon, right in MENU
                if right is None or person.may(right)
            ),
        )

    async def _told(
        self, visit: Visit, what: str, status: HTTPStatus, *, page: PanelPage | None = None, reason: str = ""
    ) -> Response:
        """A page that says why there is none, and what to do."""
        from payamak.panel.told import NotShown, why_of

        if visit.is_live:  # nobody reads it: the page says by itself that it is not live any more
            return refusals.bare(status, PANEL["refused.busy"])
        why: NotShown = why_of(what, None if page is None or isinstance(page.access, Access) else page.access, reason)
        return await self._page(visit, Shown(template="told.html", page=why, title="refused", status=status))


def _view(name: str) -> View:
    module, _, function = name.partition(".")
    return cast(View, getattr(import_module(f"payamak.panel.{module}"), function))


def _elsewhere(request: Request, place: PanelPlace) -> Response | None:
    """The answer to a request by another address than the panel's own; None for one by that."""
    if request.origin.lower() == place.origin:
        return None
    if not request.is_own_word and place.is_secure:  # a redirect would come back by the same proxy, without end
        return refusals.bare(HTTPStatus.MISDIRECTED_REQUEST, PANEL["refused.proxy"])
    if request.method not in READ:
        return refusals.bare(HTTPStatus.MISDIRECTED_REQUEST, PANEL["refused.elsewhere"])
    path = request.path
    for name, value in request.parameters.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    query = f"?{request.query.decode('latin-1')}" if request.query else ""
    return _redirect(f"{place.origin}{path}{query}", HTTPStatus.FOUND)


def _is_ours(visit: Visit) -> bool:
    """Whether one of our own pages has sent a form: by what its browser says, and by the session's token."""
    headers = visit.request.headers
    where = headers.get("sec-fetch-site")
    is_near = headers.get("origin") == visit.place.origin if where is None else where == "same-origin"
    if not is_near:
        return False
    if visit.found is None:
        return True
    given = visit.form.text("form_token") or ""
    return compare_digest(given.encode(), visit.found.form_token.encode())


def _to_entrance(visit: Visit, *, is_form: bool) -> Response:
    """To the sign-in, and back here afterwards where that can be."""
    if visit.is_live:
        return refusals.bare(HTTPStatus.UNAUTHORIZED, PANEL["refused.session"])
    entrance = f"{ROOT}/enter"
    if is_form:
        return _redirect(f"{entrance}?said=session", HTTPStatus.SEE_OTHER)
    path = visit.request.path
    for name, value in visit.request.parameters.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return _redirect(entrance if path == ROOT else f"{entrance}?next={quote(path, safe='/')}", HTTPStatus.FOUND)


def _said(visit: Visit) -> str:
    """What the page before has to say, by its name; whatever else stands there says nothing."""
    try:
        name = visit.query.text("said")
    except Malformed:
        return ""
    key = f"said.{name}"
    return spoken(PANEL[key]) if key in PANEL else ""


def _sent(made: Sent, visit: Visit) -> Response:
    headers: tuple[tuple[str, str], ...] = ()
    if made.token is not None:
        age_s = LONGEST_SESSION_MS // 1_000 if made.token else 0
        headers = (set_cookie(visit.place.cookie, made.token, max_age_s=age_s, is_secure=visit.place.is_secure),)
        if not made.token:
            headers = (*headers, ("clear-site-data", '"cookies", "storage"'))
    return _redirect(made.to, HTTPStatus.SEE_OTHER, headers)


def _redirect(to: str, status: HTTPStatus, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    return Response(status=status, content_type="", body=b"", headers=(("location", to), *headers, *refusals.HEADERS))


def _secure(place: PanelPlace) -> tuple[tuple[str, str], ...]:
    return (("strict-transport-security", f"max-age={_YEAR_S}"),) if place.is_secure else ()
