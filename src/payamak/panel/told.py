"""Why a page is not shown: which right is missing and who has it, or what stands in the way, and what to do."""

from __future__ import annotations

from msgspec import Struct

from payamak.domain.people import RIGHTS, Right, UserRole
from payamak.language import spoken
from payamak.texts.panel import say
from payamak.texts.people import RIGHT_NAMES, ROLES


class NotShown(Struct, frozen=True, kw_only=True):
    """A sentence of what happened, and one of what to do."""

    heading: str
    what: str
    todo: str


def why_of(what: str, right: Right | None, reason: str) -> NotShown:
    """The sentences for a page that is not shown."""
    fields: dict[str, object] = {"reason": reason, "right": "", "roles": ""}
    if right is not None:
        fields["right"] = spoken(RIGHT_NAMES[right])
        fields["roles"] = "، ".join(spoken(ROLES[role]) for role in UserRole if right in RIGHTS[role])
    return NotShown(
        heading=say(f"why.{what}.heading"),
        what=say(f"why.{what}.what", **fields),
        todo=say(f"why.{what}.todo", **fields),
    )
