"""An account's messages: the list with its filters, and the story of one.

A recipient that is searched for comes by a form and is kept as a view under a name of its own: no URL, title or log of
a proxy holds a number. What a viewer may not see he does not find either: the search is for whoever sees whole numbers.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from payamak.domain.instants import read_instant
from payamak.domain.jalali import TEHRAN
from payamak.domain.message import Message, State
from payamak.domain.numbers import parse_recipient
from payamak.domain.people import Right
from payamak.domain.site import Line
from payamak.hands.values import Search
from payamak.http.forms import Fields
from payamak.language import sentence_of, spoken
from payamak.panel import shown
from payamak.panel.lists import Choice
from payamak.panel.pages import ROOT
from payamak.panel.story import StoryPage, story_of
from payamak.panel.visit import Missing, Sent, Shown, Visit
from payamak.texts.panel import PANEL
from payamak.texts.standings import STANDINGS, told

LISTED: Final = f"{ROOT}/messages"
ROWS: Final = 50
DAY_MS: Final = 86_400_000
_LARGEST_ID: Final = 2**53


class MessageRow(Struct, frozen=True, kw_only=True):
    """One message in the list."""

    id: int
    url: str
    at: str
    at_whole: str
    recipient: str
    words: str
    line: str
    standing: str
    tone: str
    icon: str
    parts: int
    rial: int
    source: str


class Filters(Struct, frozen=True, kw_only=True):
    """What is asked for, as it was written, with what could not be read of it."""

    state: str = ""
    line: str = ""
    since: str = ""
    until: str = ""
    view: str = ""
    recipient: str = ""
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.state or self.line or self.since or self.until or self.view)

    def query(self, **more: str) -> str:
        """The same as a URL has it."""
        plain = {name: getattr(self, name) for name in ("state", "line", "since", "until", "view")}
        return urlencode({name: value for name, value in {**plain, **more}.items() if value})


class MessageList(Struct, frozen=True, kw_only=True):
    """The list."""

    rows: tuple[MessageRow, ...]
    filters: Filters
    states: tuple[Choice, ...]
    lines: tuple[Choice, ...]
    may_search: bool
    may_read: bool
    is_first: bool
    first_url: str
    next_url: str
    without_view_url: str
    looked_to: str
    live_url: str


async def listed(visit: Visit) -> Shown:
    """The newest first; 50 a page."""
    account = visit.person.account
    assert account is not None, "whoever may see an account's messages is of one"
    lines = visit.front.asking.lines(account)
    filters, search = await _read(visit, lines)
    before_id = _whole(visit.query.text("before"))
    search = msgspec.structs.replace(search, before_id=before_id, limit=ROWS)
    _, page = await visit.front.asking.message_page(visit.caller, search)
    rows = tuple(_row(message, visit) for message in page.messages)
    here = filters.query(**({"before": str(before_id)} if before_id else {}))
    made = MessageList(
        rows=rows,
        filters=filters,
        states=tuple(
            Choice(
                value=state.value, label=spoken(STANDINGS[state, None].words), is_chosen=state.value == filters.state
            )
            for state in State
        ),
        lines=tuple(
            Choice(value=line.number, label=line.number, is_chosen=line.number == filters.line) for line in lines
        ),
        may_search=visit.person.may(Right.FULL),
        may_read=visit.person.may(Right.FULL),
        is_first=before_id is None,
        first_url=_url(filters.query()),
        next_url=_url(filters.query(before=str(page.before_id))) if page.before_id else "",
        without_view_url=_url(msgspec.structs.replace(filters, view="").query()),
        looked_to="" if page.looked_to_at is None else shown.day(page.looked_to_at),
        live_url=_url(here),
    )
    return Shown(template="messages.html", page=made, title="messages", section="messages")


async def searched(visit: Visit) -> Sent:
    """A recipient to look for: kept as a view, and back to the list."""
    form = visit.form
    kept = {name: form.text(name) or "" for name in ("state", "line", "since", "until")}
    written = (form.text("recipient") or "").strip()
    if not visit.person.may(Right.FULL) or not written:
        return Sent(to=_url(urlencode({name: value for name, value in kept.items() if value})))
    recipient = parse_recipient(written, None)
    if recipient is None:
        return Sent(to=_url(urlencode({**{n: v for n, v in kept.items() if v}, "said": "no_recipient"})))
    view = await visit.front.sessions.keep_view(visit.person, msgspec.json.encode({"recipient": recipient}).decode())
    return Sent(to=_url(urlencode({**{n: v for n, v in kept.items() if v}, "view": view})))


async def one(visit: Visit) -> Shown:
    """The story of one message."""
    message_id = _whole(visit.request.parameters["id"])
    if message_id is None:
        raise Missing
    account, found = await visit.front.asking.story(visit.caller, message_id)
    if found is None:
        raise Missing
    made: StoryPage = story_of(found, account, visit.sight, visit.now, may_act=visit.person.may(Right.SEND))
    return Shown(
        template="message.html",
        page=made,
        title="message",
        title_fields={"id": message_id},
        section="messages",
    )


async def take_back(visit: Visit) -> Sent:
    """Take one back, if it still waits."""
    message_id = _whole(visit.request.parameters["id"])
    if message_id is None:
        raise Missing
    done = await visit.front.acting.take_back(visit.caller, [message_id])
    if not done.done and done.left.get(message_id) is None:
        raise Missing
    return Sent(to=f"{LISTED}/{message_id}?said={'taken_back' if done.done else 'not_taken_back'}")


def _row(message: Message, visit: Visit) -> MessageRow:
    each = told(message.state, message.reason, message.was_taken, message.code)
    step = message.current
    return MessageRow(
        id=message.id,
        url=f"{LISTED}/{message.id}",
        at=shown.lately(message.accepted_at, visit.now),
        at_whole=shown.moment(message.accepted_at),
        recipient=visit.sight.number(message.recipient),
        words=visit.sight.first_words(step.text),
        line=step.line,
        standing=spoken(each.words),
        tone=each.tone.value,
        icon=each.icon,
        parts=step.parts,
        rial=message.charged + message.reserved,
        source=source_words(message.source),
    )


def source_words(source: str) -> str:
    """By which way a message came in."""
    known = PANEL.get(f"source.{source.lower()}")
    return source if known is None else spoken(known)


async def _read(visit: Visit, lines: list[Line]) -> tuple[Filters, Search]:
    """The filters that stand in the URL, and the search that they make; what cannot be read does not count."""
    query = visit.query
    faults: list[tuple[str, str]] = []
    state = query.text("state") or ""
    chosen = State(state) if state in {each.value for each in State} else None
    line = query.text("line") or ""
    if line not in {each.number for each in lines}:
        line = ""
    since, since_at = _instant(query, "since", visit.now, faults)
    until, until_at = _instant(query, "until", visit.now, faults)
    view, recipient = await _view(visit, query.text("view") or "")
    filters = Filters(
        state=state if chosen else "",
        line=line,
        since=since,
        until=until,
        view=view,
        recipient=visit.sight.number(recipient) if recipient else "",
        faults=tuple(faults),
    )
    return filters, Search(
        state=chosen, line=line or None, since_at=since_at, until_at=until_at, recipient=recipient or None
    )


async def _view(visit: Visit, name: str) -> tuple[str, str]:
    if not name or not visit.person.may(Right.FULL):
        return "", ""
    kept = await visit.front.sessions.view(visit.person, name)
    if kept is None:
        return "", ""
    plain: Any = msgspec.json.decode(kept)
    return name, str(plain.get("recipient", ""))


def _instant(query: Fields, name: str, now: int, faults: list[tuple[str, str]]) -> tuple[str, int | None]:
    """A day, or a time, as a person wrote it; the end of a day where it is the last one that counts."""
    written = (query.text(name) or "").strip()
    if not written:
        return "", None
    try:
        when = read_instant(written, now)
        when = when if when.tzinfo is not None else when.replace(tzinfo=TEHRAN)
        at = int(when.timestamp() * 1_000)
    except (ValueError, OverflowError) as error:
        faults.append((name, sentence_of(error)))
        return written, None
    is_day = when.timetz().replace(tzinfo=None) == dt.time() and ":" not in written
    return written, at + DAY_MS if name == "until" and is_day else at


def _whole(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 16:
        return None
    number = int(text)
    return number if 0 < number < _LARGEST_ID else None


def _url(query: str) -> str:
    return f"{LISTED}?{query}" if query else LISTED
