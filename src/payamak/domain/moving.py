"""May a waiting message go by another line? The rules of that line, asked as at acceptance.

An operator moves what waits on a line. The text stays as it was accepted, its footer with it, and so does its price
(P5); what the target line would not have taken does not go there because somebody is in a hurry: a text that is no
approved one stays off a service line, an opt-out counts, the hours count. Pure; `advance()` makes the move.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.message import Message, Step, StepKind
from payamak.domain.money import price
from payamak.domain.optout import opted_out_code
from payamak.domain.plan import due_at, make_step
from payamak.domain.site import Account, Line, LineKind, Site
from payamak.domain.states import can_move
from payamak.encoding.parts import MAX_PARTS
from payamak.errors import Refused


class Bar(StrEnum):
    """Why a waiting message may not go by a line."""

    DEADLINE = "deadline"
    PARTS_OUT = "parts_out"
    TEMPLATE = "template"
    OPTED_OUT = "opted_out"
    ALPHABET = "alphabet"
    SPLIT = "split"
    HOURS = "hours"
    DEARER = "dearer"
    UNREADABLE = "unreadable"


class Move(Struct, frozen=True, kw_only=True):
    """What an operator asks for: from which line to which, both as registered, and who asks."""

    source: str
    target: str
    by: str = ""
    at_old_price: bool = False


_REFUSED: Final = {Code.OUTSIDE_HOURS: Bar.HOURS, Code.ENCODING: Bar.ALPHABET, Code.TOO_MANY_PARTS: Bar.SPLIT}


def judge(
    site: Site, move: Move, target: Line, message: Message, facts: Mapping[str, Code], now: int
) -> ev.Moved | Bar:
    """The event that moves the message, or why it may not go. `facts`: what is known of the recipient (line → code)."""
    step = message.current
    account = site.accounts_by_id.get(message.account_id)
    if now >= message.deadline_at:
        return Bar.DEADLINE
    kind = _kind(site, account, step, target)
    if kind is StepKind.TEMPLATE and not _is_approved(account, site, step.text):
        return Bar.TEMPLATE
    if any(earlier.line == target.number for earlier in message.plan[: message.step]):
        return Bar.OPTED_OUT  # only an opt-out has led past it
    try:
        there = make_step(site, target, kind, step.text, account.max_parts if account else MAX_PARTS)
        opens_at = now if message.is_held else _opens_at(site, target, message, now)
    except Refused as error:
        return _REFUSED[error.code]
    if (there.encoding, there.split) == (step.encoding, step.split):  # cut as it was: the count of acceptance holds
        there = replace(there, parts=step.parts, price=price(step.parts, step.encoding, target.tariff))
    if opted_out_code(there, facts) is not None:
        return Bar.OPTED_OUT
    if not can_move(message, there.wire_parts):
        return Bar.SPLIT if can_move(message, step.wire_parts) else Bar.PARTS_OUT
    if there.price > step.price and not move.at_old_price:
        return Bar.DEARER
    return ev.Moved(
        line=target.number,
        advertising=there.advertising,
        kind=kind,
        encoding=there.encoding,
        parts=there.parts,
        split=there.split,
        due_at=opens_at,
        by=move.by,
    )


def _opens_at(site: Site, target: Line, message: Message, now: int) -> int:
    """When it may go there; an answer to a handset waits for the hours, for nobody would send it again."""
    return due_at(site, target, now, message.deadline_at, holds=message.source == "reply")


def _kind(site: Site, account: Account | None, step: Step, target: Line) -> StepKind:
    """The way in which the line sends the text.

    A text goes as an approved one by the account's own service line, and by any service line unless it stands on one
    already where none was asked for.
    """
    service = site.line(account.service_line) if account and account.service_line else None
    present = site.line(step.line)
    stands_on_service = step.kind is StepKind.NORMAL and present is not None and present.kind is LineKind.SERVICE
    if service is target or (target.kind is LineKind.SERVICE and not stands_on_service):
        return StepKind.TEMPLATE
    return StepKind.SIM if target.kind is LineKind.SIM and step.kind is StepKind.SIM else StepKind.NORMAL


def _is_approved(account: Account | None, site: Site, text: str) -> bool:
    templates = site.templates_by_account.get(account.id, {}) if account else {}
    return any(template.any_text or template.matches(text) for template in templates.values())
