"""Reasons: where a message stands and why, and why one may not move, in both languages."""

from __future__ import annotations

from typing import Final

from payamak.domain.message import Lane, Reason, State, StepKind
from payamak.domain.moving import Bar
from payamak.language import Words

STATES: Final[dict[State, Words]] = {
    State.QUEUED: Words("queued", "در صف"),
    State.SENDING: Words("sending", "در حال ارسال"),
    State.ENROUTE: Words("enroute", "نزد اپراتور"),
    State.DELIVERED: Words("delivered", "تحویل‌شده"),
    State.UNDELIVERABLE: Words("undeliverable", "تحویل‌نشده"),
    State.REJECTED: Words("rejected", "ردشده"),
    State.EXPIRED: Words("expired", "منقضی"),
    State.CANCELLED: Words("cancelled", "لغوشده"),
    State.UNKNOWN: Words("unknown", "نامشخص"),
}

REASONS: Final[dict[Reason, Words]] = {
    Reason.ACCEPTED: Words("It is accepted and waits for its turn.", "پذیرفته شده و منتظر نوبت است."),
    Reason.FALLBACK: Words(
        "The step before met an opt-out; this step waits for its turn.",
        "گیرنده از خط پیشین انصراف داده بود؛ این گام منتظر نوبت است.",
    ),
    Reason.MOVED: Words("An operator moved it to this line.", "راهبر آن را به این خط منتقل کرده است."),
    Reason.THROTTLED: Words(
        "The operator says we send too fast; the link slows down and it comes again.",
        "اپراتور می‌گوید زیادی تند می‌فرستیم؛ لینک کندتر می‌شود و پیام دوباره فرستاده می‌شود.",
    ),
    Reason.OPERATOR_BUSY: Words(
        "The operator cannot take it now; it comes again.",
        "اپراتور فعلاً نمی‌تواند آن را بگیرد؛ دوباره فرستاده می‌شود.",
    ),
    Reason.RECIPIENT_BUSY: Words(
        "The operator cannot take more for this recipient now; it comes again.",
        "اپراتور فعلاً برای این گیرنده پیام بیشتری نمی‌گیرد؛ دوباره فرستاده می‌شود.",
    ),
    Reason.LINK_DOWN: Words("No link of the line is bound.", "هیچ‌یک از لینک‌های خط وصل نیست."),
    Reason.OUTSIDE_HOURS: Words(
        "Its line sends advertising only within its hours; it goes when they begin.",
        "این خط پیام تبلیغاتی را فقط در ساعت‌های مجازش می‌فرستد؛ با شروع آن‌ها می‌رود.",
    ),
    Reason.PACED: Words(
        "Its line may send only so many messages a minute; its turn comes at the time named.",
        "این خط در هر دقیقه فقط چند پیام می‌فرستد؛ نوبت این یکی در زمان گفته‌شده می‌رسد.",
    ),
    Reason.RESEND: Words(
        "The answer to the last attempt is lost and the line says to send again; a copy is possible.",
        "پاسخ آخرین تلاش گم شده و قاعدهٔ خط «دوباره بفرست» است؛ شاید پیام دو بار برسد.",
    ),
    Reason.RECEIPTS_AWAITED: Words(
        "Answers are lost, but receipts have come that may be about it: no further copy is sent.",
        "پاسخ‌ها گم شده‌اند، اما رسیدهایی آمده که شاید دربارهٔ همین پیام باشند: نسخهٔ دیگری فرستاده نمی‌شود.",
    ),
    Reason.ON_WIRE: Words(
        "It is written to the operator, whose answer has not come.",
        "برای اپراتور فرستاده شده و پاسخش هنوز نیامده است.",
    ),
    Reason.TAKEN: Words(
        "The operator took it; the receipt has not come.",
        "اپراتور آن را گرفته است؛ رسیدش هنوز نیامده.",
    ),
    Reason.NO_RECEIPTS: Words(
        "The operator took it, by a link that gives no receipts.",
        "اپراتور آن را گرفته است، از راه لینکی که رسید نمی‌دهد.",
    ),
    Reason.RECEIPT: Words("The operator's receipt says so.", "رسید اپراتور چنین می‌گوید."),
    Reason.PARTLY_DELIVERED: Words(
        "Some parts were delivered and others were not, so there is no fallback.",
        "چند بخش آن تحویل شد و چند بخش نه؛ پس سراغ خط بعدی نمی‌رود.",
    ),
    Reason.EXPIRED_AT_OPERATOR: Words(
        "The operator gave up when the validity was over.",
        "مهلت پیام نزد اپراتور تمام شد.",
    ),
    Reason.OPTED_OUT: Words(
        "The recipient refuses messages of the last line of the plan.",
        "گیرنده از آخرین خط مسیر هم انصراف داده است.",
    ),
    Reason.REFUSED: Words("The operator refused it.", "اپراتور آن را رد کرد."),
    Reason.DEADLINE: Words(
        "Its validity was over before an operator took it.",
        "پیش از آن‌که اپراتوری آن را بگیرد مهلتش تمام شد.",
    ),
    Reason.CLOCK: Words(
        "The machine's clock has jumped: its validity is over by one clock and not by the other; it waits.",
        "ساعت دستگاه جهش کرده است: مهلت پیام با یک ساعت تمام شده و با دیگری نه؛ فعلاً می‌ماند.",
    ),
    Reason.CANCELLED: Words("It was taken back by hand.", "با دست پس گرفته شد."),
    Reason.ANSWERED_BUSY: Words(
        "The disk was so slow that the caller had been told 23 (busy); it was taken back, not sent.",
        "دیسک آن‌قدر کند بود که به فرستنده ۲۳ (مشغول) گفته شد؛ پس گرفته شد و فرستاده نشد.",
    ),
    Reason.ANSWER_LOST: Words(
        "The operator's answer is lost and cannot be recovered: it may have arrived or not.",
        "پاسخ اپراتور گم شده و به دست نمی‌آید: شاید رسیده باشد، شاید نه.",
    ),
    Reason.LINK_BROKE: Words(
        "The link broke at it three times, at nothing else: it may have arrived or not.",
        "لینک سه بار درست سر همین پیام قطع شد: شاید رسیده باشد، شاید نه.",
    ),
    Reason.NO_RECEIPT: Words(
        "No receipt came until deadline and grace.",
        "تا پایان مهلت و وقت اضافه‌اش رسیدی نیامد.",
    ),
    Reason.SOME_RECEIPTS: Words(
        "Receipts came for some of its parts only.",
        "فقط برای بعضی از بخش‌هایش رسید آمد.",
    ),
    Reason.OPERATOR_UNSURE: Words(
        "The operator itself does not know what became of it.",
        "خود اپراتور هم نمی‌داند چه بر سر آن آمده است.",
    ),
    Reason.RESTORED: Words(
        "The store may be a copy that was put back; it may have been sent after the copy was made.",
        "شاید این پایگاه داده نسخه‌ای بازگردانده باشد و پیام پس از تهیهٔ آن نسخه فرستاده شده باشد.",
    ),
    Reason.RESUMED: Words(
        "It was held after a restore, a person let it go, and it waits for its turn.",
        "پس از بازگردانی نگه داشته شده بود؛ آزادش کردند و منتظر نوبت است.",
    ),
    Reason.PAUSED: Words(
        "Its campaign is paused; it goes on when that does.",
        "ارسال گروهی‌اش مکث کرده است؛ با ادامهٔ آن می‌رود.",
    ),
}
"""Why a message stands where it stands, a sentence each."""

REASON_NAMES: Final[dict[Reason, Words]] = {
    Reason.ACCEPTED: Words("accepted", "پذیرفته"),
    Reason.FALLBACK: Words("fallback", "خط بعدی"),
    Reason.MOVED: Words("moved", "منتقل‌شده"),
    Reason.THROTTLED: Words("throttled", "کندشده"),
    Reason.OPERATOR_BUSY: Words("operator_busy", "اپراتور مشغول"),
    Reason.RECIPIENT_BUSY: Words("recipient_busy", "گیرنده مشغول"),
    Reason.LINK_DOWN: Words("link_down", "لینک قطع"),
    Reason.OUTSIDE_HOURS: Words("outside_hours", "بیرون از ساعت"),
    Reason.PACED: Words("paced", "نوبتی"),
    Reason.RESEND: Words("resend", "ارسال دوباره"),
    Reason.RECEIPTS_AWAITED: Words("receipts_awaited", "در انتظار رسیدها"),
    Reason.ON_WIRE: Words("on_wire", "روی سیم"),
    Reason.TAKEN: Words("taken", "گرفته‌شده"),
    Reason.NO_RECEIPTS: Words("no_receipts", "بی‌رسید"),
    Reason.RECEIPT: Words("receipt", "رسید"),
    Reason.PARTLY_DELIVERED: Words("partly_delivered", "تحویل ناقص"),
    Reason.EXPIRED_AT_OPERATOR: Words("expired_at_operator", "انقضا نزد اپراتور"),
    Reason.OPTED_OUT: Words("opted_out", "انصراف"),
    Reason.REFUSED: Words("refused", "رد اپراتور"),
    Reason.DEADLINE: Words("deadline", "پایان مهلت"),
    Reason.CLOCK: Words("clock", "جهش ساعت"),
    Reason.CANCELLED: Words("cancelled", "پس‌گرفته"),
    Reason.ANSWERED_BUSY: Words("answered_busy", "پاسخ مشغول"),
    Reason.ANSWER_LOST: Words("answer_lost", "پاسخ گم‌شده"),
    Reason.LINK_BROKE: Words("link_broke", "قطع لینک"),
    Reason.NO_RECEIPT: Words("no_receipt", "رسید نیامد"),
    Reason.SOME_RECEIPTS: Words("some_receipts", "رسید ناقص"),
    Reason.OPERATOR_UNSURE: Words("operator_unsure", "تردید اپراتور"),
    Reason.RESTORED: Words("restored", "بازگردانده"),
    Reason.RESUMED: Words("resumed", "آزادشده"),
    Reason.PAUSED: Words("paused", "مکث"),
}
"""The same in a word or two, for a column of a table."""

LANES: Final[dict[Lane, Words]] = {
    Lane.OTP: Words("otp", "رمز یک‌بارمصرف"),
    Lane.NORMAL: Words("normal", "عادی"),
    Lane.BULK: Words("bulk", "انبوه"),
}

STEP_KINDS: Final[dict[StepKind, Words]] = {
    StepKind.NORMAL: Words("normal", "عادی"),
    StepKind.TEMPLATE: Words("template", "الگو"),
    StepKind.SIM: Words("sim", "سیم‌کارت"),
}

BARS: Final[dict[Bar, Words]] = {
    Bar.DEADLINE: Words("its deadline is over", "مهلتش تمام شده است"),
    Bar.PARTS_OUT: Words(
        "parts of it are with the operator, or receipts are awaited that may be theirs",
        "چند بخش آن نزد اپراتور است، یا رسیدهایی در راه است که شاید از آنِ همان‌ها باشد",
    ),
    Bar.TEMPLATE: Words(
        "the line takes approved texts only, and this is none of its account",
        "خط فقط متن تأییدشده می‌گیرد و این متن در الگوهای حسابش نیست",
    ),
    Bar.OPTED_OUT: Words("the recipient refuses the line", "گیرنده از آن خط انصراف داده است"),
    Bar.ALPHABET: Words("the line cannot write its text", "خط نمی‌تواند متن آن را بنویسد"),
    Bar.SPLIT: Words(
        "the line would cut it into more parts than the account may send, or other ones than are under way",
        "خط آن را به بخش‌هایی بیش از سقف حساب، یا جز آن‌هایی که در راه‌اند، می‌شکند",
    ),
    Bar.HOURS: Words("the line is outside its hours and refuses", "خط بیرون از ساعت‌های مجازش است و نمی‌پذیرد"),
    Bar.DEARER: Words(
        "the line is dearer than what was agreed at acceptance (--at-old-price moves it all the same)",
        "خط گران‌تر از بهایی است که هنگام پذیرش گفته شد (با --at-old-price باز هم منتقل می‌شود)",
    ),
    Bar.UNREADABLE: Words("the store's row of it cannot be read", "سطر آن در پایگاه داده خواندنی نیست"),
}
"""Why a waiting message may not go by a line, in words after "because"."""
