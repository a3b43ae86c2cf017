"""One request of a person as views see it, and what a view gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from msgspec import Struct

from payamak.clock import Clock
from payamak.domain.people import Right
from payamak.front.accept import Front
from payamak.front.callers import BySession
from payamak.front.sessions import Person, Verify
from payamak.hands.values import Store
from payamak.http.forms import Fields, parse_fields
from payamak.http.request import Request
from payamak.panel.place import PanelPlace
from payamak.panel.shown import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What the panel's views have at hand. `store` is for those of the house: it goes to functions of `hands`."""

    front: Front
    store: Store
    verify: Verify
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request of somebody who may come to this page; `token` is what his browser holds."""

    request: Request
    rooms: Rooms
    place: PanelPlace
    token: str
    found: Person | None = None
    now: int = 0

    @property
    def person(self) -> Person:
        """Who it is; only where a page is for people who have signed in."""
        assert self.found is not None, "the page's row says who may come"
        return self.found

    @property
    def caller(self) -> BySession:
        """The same for the front, which finds out by itself whose account that is."""
        return BySession(token=self.token)

    @property
    def front(self) -> Front:
        """What customers may read and do."""
        return self.rooms.front

    @cached_property
    def sight(self) -> Sight:
        """What of numbers and texts this person may see."""
        return Sight(is_full=self.found is not None and self.found.may(Right.FULL))

    @cached_property
    def query(self) -> Fields:
        """What stands in the URL. Raises Malformed."""
        return parse_fields(self.request.query, "", b"")

    @cached_property
    def form(self) -> Fields:
        """What a form has sent. Raises Malformed."""
        return parse_fields(b"", self.request.content_type, self.request.body)

    @property
    def is_live(self) -> bool:
        """Whether a page asks by itself, and not a person."""
        return "hx-request" in self.request.headers


class Shown(Struct, frozen=True, kw_only=True):
    """A page: its template, what the template is given, its title's name in texts/panel.py, the HTTP status, and the
    codes that are counted, and told in the log where it is a refusal.

    `section` is the entry of the menu under which it is.
    """

    template: str
    page: Any
    title: str
    title_fields: dict[str, object] = {}
    section: str = ""
    status: int = 200
    codes: tuple[int, ...] = ()


class Sent(Struct, frozen=True, kw_only=True):
    """Elsewhere: where to, and a cookie that goes along: its value, or "" to take it back, None for none."""

    to: str
    token: str | None = None


class Missing(Exception):
    """What was asked for is not there, or is another's: nobody learns which."""


View: TypeAlias = Callable[[Visit], Awaitable[Shown | Sent]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuEntry:
    """One entry of the menu."""

    label: str
    url: str
    icon: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page has around it. `layout` is the template around it: all of a page, or its live piece alone."""

    layout: str
    title: str
    form_token: str = ""
    person: str = ""
    role: str = ""
    account: str = ""
    balance: int | None = None
    menu: tuple[MenuEntry, ...] = ()
    is_open: bool = False
    trouble: bool = False
    said: str = ""
    here: str = ""
