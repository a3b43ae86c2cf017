"""Parts: what came of each attempt, what a receipt that waits was looked for by, and how ids are read."""

from __future__ import annotations

from typing import Final

from payamak.domain.events import OutcomeKind
from payamak.domain.ids import IdBase
from payamak.domain.message import PartState
from payamak.domain.receipts import Unmatched
from payamak.language import Words

PARTS: Final[dict[PartState, Words]] = {
    PartState.WAITING: Words("waiting", "در انتظار"),
    PartState.ON_WIRE: Words("on the wire", "روی سیم"),
    PartState.AMBIGUOUS: Words("answer lost", "پاسخ گم‌شده"),
    PartState.TAKEN: Words("taken", "گرفته‌شده"),
    PartState.DELIVERED: Words("delivered", "تحویل‌شده"),
    PartState.UNDELIVERABLE: Words("undeliverable", "تحویل‌نشده"),
    PartState.EXPIRED: Words("expired at the operator", "منقضی نزد اپراتور"),
    PartState.REJECTED: Words("rejected", "ردشده"),
    PartState.OPTED_OUT: Words("opted out", "انصراف"),
    PartState.UNSURE: Words("operator unsure", "تردید اپراتور"),
}

OUTCOMES: Final[dict[OutcomeKind, Words]] = {
    OutcomeKind.TAKEN: Words("taken", "گرفته‌شده"),
    OutcomeKind.LATER: Words("later", "بعداً"),
    OutcomeKind.OPTED_OUT: Words("opted_out", "انصراف"),
    OutcomeKind.REFUSED: Words("refused", "ردشده"),
    OutcomeKind.AMBIGUOUS: Words("ambiguous", "بی‌پاسخ"),
}
"""What the answer to one part meant."""

UNMATCHED: Final[dict[Unmatched, Words]] = {
    Unmatched.NO_ID: Words("It names no id.", "شناسه‌ای در آن نیست."),
    Unmatched.UNKNOWN_ID: Words(
        "No message has this id; its answer may still come.",
        "هیچ پیامی این شناسه را ندارد؛ شاید پاسخ اپراتور هنوز در راه باشد.",
    ),
    Unmatched.OTHER_RECIPIENT: Words(
        "The id is a message's to another recipient.", "شناسه از آنِ پیامی به گیرنده‌ای دیگر است."
    ),
    Unmatched.TWO_READINGS: Words(
        "It fits two messages, as hex and as decimal; it waits until more is known of the ids.",
        "به دو پیام می‌خورد، یکی به هگز و یکی به ده‌دهی؛ می‌ماند تا از شناسه‌ها بیشتر بدانیم.",
    ),
    Unmatched.OTHER_READING: Words(
        "It fits a message only under a reading that is not in use.",
        "فقط با خوانشی که به کار نمی‌رود به پیامی می‌خورد.",
    ),
    Unmatched.SIBLING: Words(
        "The part with this id has its receipt; another part of the text may get the same id.",
        "بخش دارای این شناسه رسیدش را گرفته؛ شاید بخش دیگری از همان متن هم همین شناسه را بگیرد.",
    ),
}
"""Why a receipt waits."""

ID_BASES: Final[dict[IdBase, Words]] = {
    IdBase.AUTO: Words("not known yet", "هنوز معلوم نیست"),
    IdBase.SAME: Words("as in the answer", "همان‌طور که در پاسخ بود"),
    IdBase.HEX_TO_DECIMAL: Words("hex in the answer, decimal in the receipt", "در پاسخ هگز، در رسید ده‌دهی"),
    IdBase.DECIMAL_TO_HEX: Words("decimal in the answer, hex in the receipt", "در پاسخ ده‌دهی، در رسید هگز"),
}
"""How an upstream writes its ids in receipts."""
