"""Who did what by hand, the latest first: the house's audit, narrowed by who and by what it was about."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from msgspec import Struct

from payamak.hands.values import AuditSearch
from payamak.panel import shown
from payamak.panel.pages import ROOT
from payamak.panel.visit import Shown, Visit
from payamak.visible import visible

ROWS: Final = 50
LONGEST: Final = 64
HERE: Final = f"{ROOT}/audit"


class ActRow(Struct, frozen=True, kw_only=True):
    """One act upon one thing."""

    at: str
    who: str
    what: str
    about: str
    before: str
    after: str
    count: int
    reason: str


class AuditList(Struct, frozen=True, kw_only=True):
    """A page of them."""

    who: str
    about: str
    rows: tuple[ActRow, ...]
    is_first: bool
    first_url: str
    next_url: str


async def listed(visit: Visit) -> Shown:
    """The latest first; 50 a page."""
    who = (visit.query.text("who") or "").strip()[:LONGEST]
    about = (visit.query.text("about") or "").strip()[:LONGEST]
    before = visit.query.text("before") or ""
    before_id = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
    found = await visit.rooms.store.audit(
        AuditSearch(who=who or None, about=about or None, before_id=before_id, limit=ROWS + 1)
    )
    kept = {name: value for name, value in (("who", who), ("about", about)) if value}
    rows = found[:ROWS]
    page = AuditList(
        who=who,
        about=about,
        rows=tuple(
            ActRow(
                at=shown.moment(each.at),
                who=visible(each.who),
                what=visible(each.what),
                about=visible(each.about),
                before=visible(each.before),
                after=visible(each.after),
                count=each.count,
                reason=visible(each.reason),
            )
            for each in rows
        ),
        is_first=before_id is None,
        first_url=f"{HERE}?{urlencode(kept)}",
        next_url=f"{HERE}?{urlencode({**kept, 'before': str(rows[-1].id)})}" if len(found) > ROWS else "",
    )
    return Shown(template="audit.html", page=page, title="audit", section="audit")
