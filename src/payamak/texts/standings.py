"""Standings: where a message stands, as a person of the panel reads it: a word, a tone, never colour alone.

One table, from state, reason, code and whether an operator ever took it: what an operator's table says in two columns
is one word here. Taken back is «پس گرفته شد», for «لغو» is the recipient's opt-out in this trade.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from payamak.codes import Code
from payamak.domain.message import Reason, State
from payamak.language import Words


class Tone(StrEnum):
    """What a standing means to whoever looks for trouble; also the name of its icon's colour."""

    WAITING = "waiting"
    UNDER_WAY = "under-way"
    GOOD = "good"
    BAD = "bad"
    UNSURE = "unsure"
    OFF = "off"


class StandingWords(Struct, frozen=True):
    """A standing's word, tone and icon."""

    words: Words
    tone: Tone
    icon: str


STANDINGS: Final[dict[tuple[State, Reason | None], StandingWords]] = {
    (State.QUEUED, None): StandingWords(Words("waiting", "در صف"), Tone.WAITING, "clock"),
    (State.SENDING, None): StandingWords(Words("being sent", "در حال ارسال"), Tone.UNDER_WAY, "send"),
    (State.ENROUTE, None): StandingWords(Words("with the operator", "نزد اپراتور"), Tone.UNDER_WAY, "send"),
    (State.DELIVERED, None): StandingWords(Words("delivered", "رسید"), Tone.GOOD, "check"),
    (State.UNDELIVERABLE, None): StandingWords(Words("not delivered", "نرسید"), Tone.BAD, "x"),
    (State.REJECTED, None): StandingWords(Words("refused", "رد شد"), Tone.BAD, "x"),
    (State.EXPIRED, None): StandingWords(Words("expired, not sent", "مهلت گذشت، فرستاده نشد"), Tone.BAD, "timer-off"),
    (State.CANCELLED, None): StandingWords(Words("taken back", "پس گرفته شد"), Tone.OFF, "undo-2"),
    (State.UNKNOWN, None): StandingWords(
        Words("unknown, may have arrived", "نامعلوم، ممکن است رسیده باشد"), Tone.UNSURE, "circle-question-mark"
    ),
    (State.QUEUED, Reason.FALLBACK): StandingWords(
        Words("waiting for the next line", "در صف خط جایگزین"), Tone.WAITING, "corner-down-left"
    ),
    (State.QUEUED, Reason.OUTSIDE_HOURS): StandingWords(
        Words("waits for its hours", "منتظر ساعت مجاز"), Tone.WAITING, "clock"
    ),
    (State.QUEUED, Reason.PACED): StandingWords(
        Words("waits for the line's turn", "منتظر نوبت خط"), Tone.WAITING, "clock"
    ),
    (State.QUEUED, Reason.LINK_DOWN): StandingWords(
        Words("waits, the link is down", "در صف، اتصال خط قطع است"), Tone.WAITING, "clock"
    ),
    (State.QUEUED, Reason.RESTORED): StandingWords(Words("held", "نگه داشته شده"), Tone.UNSURE, "pause"),
    (State.ENROUTE, Reason.NO_RECEIPTS): StandingWords(
        Words("sent (this line has no receipts)", "فرستاده شد (این خط رسید ندارد)"), Tone.GOOD, "check"
    ),
    (State.UNDELIVERABLE, Reason.PARTLY_DELIVERED): StandingWords(
        Words("partly delivered", "بخشی رسید"), Tone.BAD, "x"
    ),
    (State.UNDELIVERABLE, Reason.EXPIRED_AT_OPERATOR): StandingWords(
        Words("expired at the operator", "مهلت نزد اپراتور گذشت"), Tone.BAD, "timer-off"
    ),
}
"""By state, and by state and reason where the reason makes another word of it."""

EXPIRED_AFTER_TAKEN: Final = StandingWords(Words("expired, not delivered", "مهلت گذشت، نرسید"), Tone.BAD, "timer-off")
"""Of one that an operator had taken by an earlier step."""

BY_CODE: Final[dict[int, StandingWords]] = {
    int(Code.OPTED_OUT): StandingWords(
        Words("blocks advertising at the operator", "در فهرست سیاه تبلیغات اپراتور"), Tone.BAD, "ban"
    ),
    int(Code.OPTED_OUT_OF_LINE): StandingWords(
        Words("has opted out of this line (11)", "گیرنده این خط را لغو کرده (۱۱)"), Tone.BAD, "ban"
    ),
}
"""Of a message that ended with an opt-out."""


def told(state: State, reason: Reason, was_taken: bool, code: int | None = None) -> StandingWords:
    """What a person is told of where a message stands; there is something for every combination."""
    if reason is Reason.OPTED_OUT and code in BY_CODE:
        return BY_CODE[code]
    if state is State.EXPIRED and was_taken:
        return EXPIRED_AFTER_TAKEN
    return STANDINGS.get((state, reason)) or STANDINGS[state, None]
