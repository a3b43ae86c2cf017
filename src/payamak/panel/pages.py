"""Every page of the panel, in one list: its path, its methods, who may come there, and the view that makes it.

Roles, limits and the tests of every page with every role are made of this list. Views are named by text and imported
when the first page is asked for: a gateway whose panel nobody uses does not pay for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from payamak.domain.people import Right
from payamak.http.request import READ

ROOT: Final = "/panel"
"""Where every page is below."""

FORM: Final = frozenset({"POST"})
BOTH: Final = READ | FORM


class Access(Enum):
    """Who may come, beside those with a right."""

    ANYBODY = auto()
    """Also who has not signed in."""

    PERSON = auto()
    """Everybody who has."""


@dataclass(frozen=True, slots=True)
class PanelPage:
    """`view` is a module of payamak.panel and a function in it."""

    path: str
    methods: frozenset[str]
    access: Access | Right
    view: str

    def is_for(self, rights: frozenset[Right]) -> bool:
        """Whether somebody with these rights may come."""
        return isinstance(self.access, Access) or self.access in rights


PAGES: Final = (
    PanelPage(ROOT, READ, Access.PERSON, "home.home"),
    PanelPage(f"{ROOT}/enter", BOTH, Access.ANYBODY, "entrance.enter"),
    PanelPage(f"{ROOT}/leave", FORM, Access.PERSON, "entrance.leave"),
    PanelPage(f"{ROOT}/me", READ, Access.PERSON, "me.mine"),
    PanelPage(f"{ROOT}/me/end", FORM, Access.PERSON, "me.end_others"),
    PanelPage(f"{ROOT}/messages", READ, Right.MESSAGES, "messages.listed"),
    PanelPage(f"{ROOT}/messages/search", FORM, Right.MESSAGES, "messages.searched"),
    PanelPage(f"{ROOT}/messages/{{id}}", READ, Right.MESSAGES, "messages.one"),
    PanelPage(f"{ROOT}/messages/{{id}}/take-back", FORM, Right.SEND, "messages.take_back"),
    PanelPage(f"{ROOT}/send", READ, Right.SEND, "send.form"),
    PanelPage(f"{ROOT}/send/check", FORM, Right.SEND, "send.check"),
    PanelPage(f"{ROOT}/send/{{draft}}", READ, Right.SEND, "send.checked"),
    PanelPage(f"{ROOT}/send/{{draft}}/go", FORM, Right.SEND, "send.go"),
    PanelPage(f"{ROOT}/money", READ, Right.MONEY, "money.month"),
    PanelPage(f"{ROOT}/opt-outs", READ, Right.OPT_OUTS, "optouts.listed"),
    PanelPage(f"{ROOT}/opt-outs/more", FORM, Right.OPT_OUTS, "optouts.further"),
    PanelPage(f"{ROOT}/opt-outs/add", FORM, Right.OPT_OUTS, "optouts.add"),
    PanelPage(f"{ROOT}/customers", READ, Right.CUSTOMERS, "customers.listed"),
    PanelPage(f"{ROOT}/audit", READ, Right.AUDIT, "audit.listed"),
)


def is_of_panel(path: str) -> bool:
    """Whether a route is one of the panel's."""
    return path == ROOT or path.startswith(f"{ROOT}/")
