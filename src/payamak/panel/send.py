"""Sending by a person: a form, what it would cost and who is left out, and the send itself.

Nothing goes without the page that shows it first. Each form has a number drawn for it, and what is sent under it is
sent once: pressed twice, reloaded, gone back to, the same messages are answered. A draft is a row, so that the page of
the check can be reloaded and gone back to, and no text or number stands in its address. That page asks the front what
would become of each message; so its figures are those of the acceptance.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from payamak.codes import Code
from payamak.domain.message import Step
from payamak.domain.numbers import latin_digits, parse_recipient
from payamak.domain.own_ids import OwnIdKind
from payamak.domain.site import Account, Line
from payamak.encoding.parts import Encoding, choose, split
from payamak.errors import Refused
from payamak.front.accept import Accepted, Policy
from payamak.front.foreseeing import MOST_FORESEEN, Foreseen
from payamak.front.wanted import WantedMessage
from payamak.http.forms import Fields
from payamak.language import spoken
from payamak.panel import shown
from payamak.panel.lists import Choice
from payamak.panel.pages import ROOT
from payamak.panel.visit import Missing, Sent, Shown, Visit
from payamak.texts.codes import code_words
from payamak.texts.panel import say
from payamak.visible import visible, visible_lines

HERE: Final = f"{ROOT}/send"
LONGEST_TEXT: Final = 20_000
HOUR_MS: Final = 3_600_000
VALIDITIES_H: Final = (1, 6, 24, 72)
USUAL_H: Final = 24
MOST_SHOWN: Final = 20
"""Numbers that are shown of those that one reason leaves out."""

_BETWEEN: Final = re.compile(r"[\n\r,;،؛]+")
_NUMBER: Final = re.compile(r"[0-9a-f]{24}")


class Draft(Struct, frozen=True, kw_only=True):
    """What a form has sent, as it was written."""

    number: str
    recipients: str = ""
    text: str = ""
    line: str = ""
    line2: str = ""
    hours: int = USUAL_H


class SendForm(Struct, frozen=True, kw_only=True):
    """The form, with what was wrong with it."""

    draft: Draft
    lines: tuple[Choice, ...]
    lines2: tuple[Choice, ...]
    hours: tuple[Choice, ...]
    faults: tuple[tuple[str, str], ...]
    most: int


class Bubble(Struct, frozen=True, kw_only=True):
    """One part as a handset shows it; `footer` is what the line adds at its end."""

    number: int
    lines: tuple[str, ...]
    footer: tuple[str, ...]


class LeftOut(Struct, frozen=True, kw_only=True):
    """Who gets nothing, and why."""

    why: str
    count: int
    numbers: tuple[str, ...]
    more: int


class Check(Struct, frozen=True, kw_only=True):
    """What would be sent, of the draft of this name. `fault`: why it cannot be, of all of it."""

    name: str
    count: int
    bubbles: tuple[Bubble, ...]
    about_text: str
    parts: int
    each_rial: int
    total_rial: int
    balance: int
    after: int
    lines: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    when: str
    fault: str


async def form(visit: Visit) -> Shown:
    """An empty one, or that of a draft."""
    name = visit.query.text("draft")
    draft = Draft(number=secrets.token_hex(12)) if name is None else await _kept(visit, name)
    return _form(visit, draft, ())


async def check(visit: Visit) -> Shown | Sent:
    """Keep what was written, and on to the page that shows what it would be; back with its faults if it is nothing yet.

    A page that asks while it is written gets what it would be, and nothing is kept.
    """
    draft = _draft(visit.form)
    if visit.is_live:
        return await _checked(visit, draft, "", 200)
    if faults := _faults(draft):
        return _form(visit, draft, faults)
    name = await visit.front.sessions.keep_view(visit.person, msgspec.json.encode(draft).decode())
    return Sent(to=f"{HERE}/{name}")


async def checked(visit: Visit) -> Shown:
    """What a draft would be."""
    name = visit.request.parameters["draft"]
    return await _checked(visit, await _kept(visit, name), name, 200)


async def go(visit: Visit) -> Shown | Sent:
    """Send a draft: those that can be, once."""
    name = visit.request.parameters["draft"]
    draft = await _kept(visit, name)
    try:
        told = await visit.front.accept(visit.caller, _wanted(draft), Policy.WHOLE)
    except Refused as refused:
        return await _checked(visit, draft, name, 422, refused.code)
    kept = [each for each in told if isinstance(each, Accepted)]
    if not kept:
        return await _checked(visit, draft, name, 422)
    if len(told) == 1:
        return Sent(to=f"{ROOT}/messages/{kept[0].message_id}?said=sent")
    return Sent(to=f"{ROOT}/messages?said={'sent_all' if len(kept) == len(told) else 'sent_some'}")


async def _kept(visit: Visit, name: str) -> Draft:
    """A person's own draft. Raises Missing."""
    kept = await visit.front.sessions.view(visit.person, name)
    try:
        return msgspec.json.decode(kept or "", type=Draft)
    except msgspec.DecodeError:  # there is none of this name, or it is what a list was searched by
        raise Missing from None


# ------------------------------------------------------------------------------------------------- reading


def _draft(fields: Fields) -> Draft:
    number = fields.text("number") or ""
    hours = latin_digits(fields.text("hours") or "")
    return Draft(
        number=number if _NUMBER.fullmatch(number) else secrets.token_hex(12),
        recipients=fields.text("recipients") or "",
        text=(fields.text("text") or "").replace("\r\n", "\n"),
        line=fields.text("line") or "",
        line2=fields.text("line2") or "",
        hours=int(hours) if hours.isascii() and hours.isdigit() and int(hours) in VALIDITIES_H else USUAL_H,
    )


def _recipients(draft: Draft) -> list[str]:
    """The numbers as written, each once; whatever stands between them."""
    found: dict[str, None] = {}
    for piece in _BETWEEN.split(draft.recipients):
        written = piece.strip()
        if not written:
            continue
        whole = parse_recipient(written, None)
        for each in [whole] if whole is not None else written.split():
            found.setdefault(parse_recipient(each, None) or each)
    return list(found)


def _faults(draft: Draft) -> tuple[tuple[str, str], ...]:
    faults: list[tuple[str, str]] = []
    numbers = _recipients(draft)
    if not numbers:
        faults.append(("recipients", say("send.fault.recipients")))
    if len(numbers) > MOST_FORESEEN:
        most = shown.count(MOST_FORESEEN)
        faults.append(("recipients", say("send.fault.too_many", count=shown.count(len(numbers)), most=most)))
    if not draft.text.strip():
        faults.append(("text", say("send.fault.text")))
    if len(draft.text) > LONGEST_TEXT:
        faults.append(("text", say("send.fault.too_long")))
    return tuple(faults)


def _wanted(draft: Draft) -> list[WantedMessage]:
    ways = tuple(filter(None, (draft.line, draft.line2)))
    return [
        WantedMessage(
            recipient=recipient,
            text=draft.text,
            source="panel",
            ways=ways,
            valid_for_ms=draft.hours * HOUR_MS,
            own_id=(OwnIdKind.REFERENCE, f"panel/{draft.number}/{place}"),
        )
        for place, recipient in enumerate(_recipients(draft))
    ]


# ------------------------------------------------------------------------------------------------- showing


def _form(visit: Visit, draft: Draft, faults: tuple[tuple[str, str], ...]) -> Shown:
    account = _account(visit)
    lines = visit.front.asking.lines(account)
    chosen = draft.line or account.default_line or ""
    page = SendForm(
        draft=draft,
        lines=tuple(_choice(line, chosen) for line in lines),
        lines2=tuple(_choice(line, draft.line2) for line in lines),
        hours=tuple(
            Choice(value=str(each), label=say("send.hours", hours=shown.count(each)), is_chosen=each == draft.hours)
            for each in VALIDITIES_H
        ),
        faults=faults,
        most=MOST_FORESEEN,
    )
    return Shown(template="send.html", page=page, title="send", section="send", status=422 if faults else 200)


def _account(visit: Visit) -> Account:
    account = visit.person.account
    assert account is not None, "whoever may send is of an account"
    return account


def _choice(line: Line, chosen: str) -> Choice:
    return Choice(value=line.number, label=line.number, is_chosen=line.number == chosen)


async def _checked(visit: Visit, draft: Draft, name: str, status: int, refused: Code | None = None) -> Shown:
    wanted = _wanted(draft)[:MOST_FORESEEN] if draft.text else []
    _, foreseen = await visit.front.foreseeing.foresee(visit.caller, wanted)
    _, balance = await visit.front.asking.purse(visit.caller)
    going = [each for each in foreseen if isinstance(each, Foreseen)]
    total = sum(each.rial for each in going)
    first = _first_step(going)
    fault = "" if refused is None else spoken(code_words(refused))
    if not fault and total > balance:
        reach = balance // going[0].rial if going and going[0].rial else 0
        fault = say("send.fault.credit", count=shown.count(reach))
    late = [each.due_at for each in going if each.due_at is not None]
    page = Check(
        name=name,
        count=len(going),
        bubbles=() if first is None else _bubbles(visit, first),
        about_text="" if first is None else _about(first),
        parts=0 if first is None else first.parts,
        each_rial=0 if first is None else first.price,
        total_rial=total,
        balance=balance,
        after=balance - total,
        lines=() if not going else tuple(step.line for step in going[0].steps),
        left_out=tuple(_left_out(wanted, foreseen)),
        when=say("send.later", at=shown.moment(late[0])) if late else say("send.now"),
        fault=fault,
    )
    return Shown(template="check.html", page=page, title="check", section="send", status=status)


def _first_step(going: Sequence[Foreseen]) -> Step | None:
    """The step that most will go by: the first that is not passed over."""
    for each in going:
        for step in each.steps:
            if step.skip is None:
                return step
    return None


def _bubbles(visit: Visit, step: Step) -> tuple[Bubble, ...]:
    line = next((each for each in visit.front.asking.lines(_account(visit)) if each.number == step.line), None)
    footer = line.footer if line is not None and line.footer and step.text.endswith(line.footer) else ""
    parts = split(step.text, step.encoding, 0, step.split)
    made = []
    for part in parts:
        text, end = part.text, ""
        if footer and part is parts[-1] and text.endswith(footer):
            text, end = text.removesuffix(footer).removesuffix("\n"), footer
        made.append(
            Bubble(
                number=part.number,
                lines=tuple(visible_lines(text)),
                footer=tuple(visible_lines(end)) if end else (),
            )
        )
    return tuple(made)


def _about(step: Step) -> str:
    """How the text is written, and which character made it so."""
    length = shown.count(len(step.text))
    if step.encoding is not Encoding.UCS2:
        return say("send.latin", length=length, parts=shown.count(step.parts))
    place = next((i for i, char in enumerate(step.text) if choose(char) is Encoding.UCS2), 0)
    return say(
        "send.persian",
        length=length,
        parts=shown.count(step.parts),
        char=visible(step.text[place : place + 1]),
        place=shown.count(place + 1),
    )


def _left_out(wanted: Sequence[WantedMessage], foreseen: Sequence[Foreseen | Code]) -> list[LeftOut]:
    reasons = Counter(each for each in foreseen if isinstance(each, Code))
    made = []
    for code, count in reasons.most_common():
        numbers = [shown.national(w.recipient) for w, each in zip(wanted, foreseen, strict=True) if each is code]
        made.append(
            LeftOut(
                why=spoken(code_words(code)),
                count=count,
                numbers=tuple(visible(number)[:40] for number in numbers[:MOST_SHOWN]),
                more=max(0, count - MOST_SHOWN),
            )
        )
    return made
