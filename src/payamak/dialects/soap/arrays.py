"""The arrays of a SOAP call that sends, as what is wanted; and what became of it, as the numbers of its answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from payamak.codes import RECIPIENTS_OWN, Code
from payamak.domain.numbers import parse_whole_number
from payamak.domain.own_ids import OwnIdKind
from payamak.errors import Refused
from payamak.front.accept import Accepted
from payamak.front.wanted import UnreadableField, WantedMessage

MOST_MESSAGES: Final = 50
"""Messages of one call, as the vendor's doors take them; more are refused with 107 and nothing is sent."""

_OF_ONE: Final = RECIPIENTS_OWN | {Code.MESSAGE_ID_INVALID}
"""Codes that say something of one message: also where each has one of them, the call itself was good."""

_NO_UDH: Final = re.compile("0*")
_HIGHEST_CLASS: Final = 3  # 3GPP TS 23.038 §4


class Arrays(Struct, frozen=True, kw_only=True):
    """What a caller wrote. Texts, and the three behind the line, are one for all or one for each recipient.

    These three may be absent (empty). `check_ids` are the caller's own ids, None where there are none.
    """

    texts: Sequence[str]
    recipients: Sequence[str]
    line: str | None = None
    udhs: Sequence[str] = ()
    encodings: Sequence[str] = ()
    classes: Sequence[str] = ()
    check_ids: Sequence[int] | None = None

    def __repr__(self) -> str:
        return f"Arrays(recipients={len(self.recipients)})"


class ToldBatch(Struct, frozen=True, kw_only=True):
    """What became of a call: for each recipient the message's id (above 1000) or the code of its refusal.

    Of what is fresh, `count` messages in all: their parts, and the rial reserved for them.
    """

    outcomes: tuple[int, ...]
    count: int
    parts: int
    cost_rial: int


def wanted_of(arrays: Arrays) -> list[WantedMessage] | UnreadableField:
    """The messages that the arrays ask for."""
    code = _misfit(arrays)
    if code is not None:
        return UnreadableField(code=code)
    ways = () if arrays.line is None else (arrays.line,)
    own_ids = arrays.check_ids
    return [
        WantedMessage(
            recipient=recipient,
            text=_of(arrays.texts, place),
            source="soap",
            ways=ways,
            travel=_travel(_of(arrays.encodings, place), _of(arrays.classes, place), _of(arrays.udhs, place)),
            own_id=None if own_ids is None else (OwnIdKind.CHECK_ID, str(own_ids[place])),
        )
        for place, recipient in enumerate(arrays.recipients)
    ]


def told_of(outcomes: Sequence[Accepted | Code]) -> ToldBatch:
    """What is told of a call. A code that all share and that says nothing of a recipient is raised as the call's."""
    codes = [each for each in outcomes if isinstance(each, Code)]
    if len(codes) == len(outcomes) and len(set(codes)) == 1 and codes[0] not in _OF_ONE:
        raise Refused(codes[0])
    fresh = {each.message_id: each for each in outcomes if isinstance(each, Accepted) and not each.is_repeated}
    return ToldBatch(
        outcomes=tuple(int(each) if isinstance(each, Code) else each.message_id for each in outcomes),
        count=len(fresh),
        parts=sum(each.parts for each in fresh.values()),
        cost_rial=sum(each.cost_rial for each in fresh.values()),
    )


def _misfit(arrays: Arrays) -> Code | None:
    """106, 107, 101, 103, 104, 100, 102, 109: the first array that does not fit the others, before any message is read.

    Of texts and recipients that do not fit, the shorter array is called the wrong one.
    """
    count, texts = len(arrays.recipients), len(arrays.texts)
    if count == 0:
        return Code.NO_RECIPIENTS
    if count > MOST_MESSAGES:
        return Code.TOO_MANY_RECIPIENTS
    if texts not in (1, count):
        return Code.MESSAGES_LENGTH if texts < count else Code.SENDERS_LENGTH
    for values, code in (
        (arrays.udhs, Code.UDHS_LENGTH),
        (arrays.encodings, Code.ENCODINGS_LENGTH),
        (arrays.classes, Code.MESSAGE_CLASSES_LENGTH),
    ):
        if len(values) not in (0, 1, count):
            return code
    if arrays.check_ids is not None and len(arrays.check_ids) != count:
        return Code.CHECKING_IDS_LENGTH
    return None


def _travel(encoding: str, message_class: str, udh: str) -> UnreadableField | None:
    """3, 4, 6: what would change how the text travels, if it is nothing that anybody can have.

    The encoding is chosen by the text itself and the class is the handset's default, so a valid value of either is
    taken and has no effect. A header of the caller's own would change what the handset does with the octets: rather
    than send something else than was asked, the message is refused.
    """
    number = parse_whole_number(message_class) if message_class.strip() else 0
    if encoding.strip() and parse_whole_number(encoding) is None:
        return UnreadableField(code=Code.ENCODING)
    if number is None or number > _HIGHEST_CLASS:
        return UnreadableField(code=Code.MESSAGE_CLASS)
    return None if _NO_UDH.fullmatch(udh.strip()) else UnreadableField(code=Code.UDH)


def _of(values: Sequence[str], place: int) -> str:
    """The value for one message: its own, the one for all, or none."""
    if len(values) == 1:
        return values[0]
    return values[place] if values else ""
