"""What a caller asks for, read and typed, and how it becomes a message that can be kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, cast

from msgspec import Struct

from payamak.codes import Code
from payamak.domain.message import Lane
from payamak.domain.numbers import line_key, parse_recipient
from payamak.domain.own_ids import OwnId, OwnKey, digest_of
from payamak.domain.plan import Text, Via, choose_ways, due_at, lane_of, make_plan, routes_of
from payamak.domain.site import Account, Site
from payamak.errors import Refused
from payamak.store.records import NewMessage

VALID_FOR_MS: Final = 86_400_000
"""Contract §1: one day if nothing is said."""


class UnreadableField(Struct, frozen=True, kw_only=True):
    """In the place of what a dialect could not read: its code, to be told in its turn and not before (contract §1)."""

    code: Code


class WantedMessage(Struct, frozen=True, kw_only=True):
    """One message that a caller asks for.

    `recipient` and the numbers in `ways` are as written, in any of the field's spellings. `ways` in order, each after a
    definite opt-out from the one before; none: the account's default line. `template` is the number of the approved
    text for steps that need one; None: the account's only or default one. `travel` is unreadable where the caller wants
    the text to travel in a way that nobody can have. `source` is the door, for whoever looks at the message later.
    """

    recipient: str
    text: Text
    source: str
    ways: tuple[str | Via | UnreadableField, ...] = ()
    template: int | UnreadableField | None = None
    valid_for_ms: int = VALID_FOR_MS
    travel: UnreadableField | None = None
    own_id: OwnKey | None = None

    def __repr__(self) -> str:
        return f"WantedMessage(source={self.source!r})"

    @property
    def common(self) -> tuple[object, ...]:
        """All but who gets it and under which own id: what is equal in this has one plan."""
        text = self.text if isinstance(self.text, str) else id(self.text)
        return text, self.ways, self.template, self.valid_for_ms, self.travel, self.source


def readable_ways(site: Site, account: Account, wanted: WantedMessage) -> Sequence[str | Via]:
    """The ways as they are wanted, no line of them looked up yet. Raises Refused with 25 or 22."""
    is_plain = True
    for way in wanted.ways:
        if isinstance(way, UnreadableField):
            raise Refused(way.code)
        is_plain = is_plain and type(way) is str
    ways = cast("tuple[str | Via, ...]", wanted.ways)
    if not is_plain:
        routes_of(site, account, ways)
    return ways


def plan(
    site: Site,
    account: Account,
    wanted: WantedMessage,
    ways: Sequence[str | Via],
    now: int,
    *,
    recipient: str = "",
    lane: Lane = Lane.NORMAL,
    holds: bool = False,
) -> NewMessage:
    """What is wanted, made into a message for a recipient in canonical form; nothing else depends on who that is.

    `ways` are its readable ones. In class `lane` unless the account, the line or the text says otherwise. It waits for
    its line's hours if it `holds` or the line says so. Raises Refused with 2, 13, 3, 30, 34 or 8, the first that holds;
    then with `travel`'s.
    """
    chosen = choose_ways(site, account, ways)
    template = wanted.template
    steps = make_plan(site, account, chosen, wanted.text, None if isinstance(template, UnreadableField) else template)
    if isinstance(template, UnreadableField):
        raise Refused(template.code)  # contract §5: it is not the default one
    deadline_at = now + wanted.valid_for_ms
    due = due_at(site, chosen[0][0], now, deadline_at, holds=holds)
    if wanted.travel is not None:
        raise Refused(wanted.travel.code)
    return NewMessage(
        account_id=account.id,
        recipient=recipient,
        plan=steps,
        deadline_at=deadline_at,
        due_at=due,
        lane=lane_of(account, chosen[0], lane),
        source=wanted.source,
    )


def own_ids(
    account: Account, wanted: Sequence[WantedMessage], items: Sequence[NewMessage | Code]
) -> list[OwnId] | None:
    """The callers' own ids, each with what comes under it: also where it cannot be sent now, for it may have been.

    None if there are none. Raises ValueError, which is a bug of a dialect, if only some have one.
    """
    named = [(each, each.own_id, item) for each, item in zip(wanted, items, strict=True) if each.own_id is not None]
    if not named:
        return None
    if len(named) < len(wanted):
        raise ValueError("own ids: none, or one of each")
    return [
        OwnId(kind=own[0], key=own[1], digest=_digest(account, each, own, None if isinstance(item, Code) else item))
        for each, own, item in named
    ]


def _digest(account: Account, wanted: WantedMessage, own: OwnKey, planned: NewMessage | None) -> bytes:
    said = str(wanted.text) if wanted.template is None else f"{wanted.template},{wanted.text}"
    return digest_of(
        account.id,
        own,
        parse_recipient(wanted.recipient, None) or wanted.recipient,
        [_ways_said(wanted.ways), _ways_said(wanted.ways or filter(None, [account.default_line]))],
        [said, *([] if planned is None else [planned.plan[0].text])],
    )


def _ways_said(ways: Iterable[str | Via | UnreadableField]) -> str | None:
    """Ways by what is meant, however they are spelled; None for none."""
    return ">".join(line_key(str(way)) or str(way) for way in ways) or None
