"""Where one comes first: by what his role is for."""

from __future__ import annotations

from payamak.domain.people import Right
from payamak.panel.pages import ROOT
from payamak.panel.visit import Sent, Visit


async def home(visit: Visit) -> Sent:
    """On to the first page that this person may see."""
    return Sent(to=f"{ROOT}/messages" if visit.person.may(Right.MESSAGES) else f"{ROOT}/customers")
