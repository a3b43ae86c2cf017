"""One's own page: who one is, and where one is signed in."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from payamak.domain.people import Right
from payamak.language import spoken
from payamak.panel.pages import PAGES, ROOT
from payamak.panel.visit import Sent, Shown, Visit
from payamak.texts.people import RIGHT_NAMES, ROLES


class SessionRow(Struct, frozen=True, kw_only=True):
    """One browser in which this person is signed in."""

    begun_at: int
    used_at: int
    is_this: bool


class Me(Struct, frozen=True, kw_only=True):
    """Who one is."""

    name: str
    role: str
    account: str
    rights: tuple[str, ...]
    sessions: tuple[SessionRow, ...]


_SERVED: Final = {Right.FULL, *(page.access for page in PAGES if isinstance(page.access, Right))}
"""What the pages that there are ask for: nobody is told of a right without one."""


async def mine(visit: Visit) -> Shown:
    """Name, role, what it lets one do, and the sessions."""
    person = visit.person
    found = await visit.front.sessions.of(person)
    page = Me(
        name=person.user.name,
        role=spoken(ROLES[person.user.role]),
        account="" if person.account is None else person.account.username,
        rights=tuple(spoken(RIGHT_NAMES[right]) for right in RIGHT_NAMES if right in _SERVED and person.may(right)),
        sessions=tuple(
            SessionRow(begun_at=each.begun_at, used_at=each.used_at, is_this=each.digest == person.session.digest)
            for each in found
        ),
    )
    return Shown(template="me.html", page=page, title="me")


async def end_others(visit: Visit) -> Sent:
    """Sign out everywhere else."""
    await visit.front.sessions.end_others(visit.person)
    return Sent(to=f"{ROOT}/me?said=ended")
