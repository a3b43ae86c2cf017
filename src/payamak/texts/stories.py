"""Stories: where a message stands, what keeps it there and what happens next, a sentence each, in both languages."""

from __future__ import annotations

from typing import Final

from payamak.language import Words

SOME_RECEIPTS: Final = Words(
    "Receipts came for {told} of {parts} parts until deadline and grace.",
    "تا پایان مهلت و وقت اضافه‌اش، برای {told} بخش از {parts} بخش رسید آمد.",
)

# --------------------------------------------------------------------------------------- a step of the plan

SKIPPED: Final = Words("skipped: known to be opted out ({code})", "رد شد: انصراف گیرنده از پیش معلوم بود ({code})")
THIS_STEP: Final = Words("this step: {told}", "همین گام: {told}")
WAITING: Final = Words("waiting", "در انتظار")
DROPPED: Final = Words("dropped", "کنار گذاشته شد")
LATER: Final = Words("later, only after an opt-out", "بعداً، فقط پس از انصراف")

# ------------------------------------------------------------------------- what keeps all that waits on a line

LINE_GONE: Final = Words(
    "Line {line} is not configured any more: configure it, or `payamak move` or `payamak cancel` it.",
    "خط {line} دیگر تعریف نشده است: تعریفش کنید، یا `payamak move` یا `payamak cancel` را به کار ببرید.",
)
LINE_SUSPENDED: Final = Words(
    "Line {line} is suspended by hand: `payamak resume line {line}`.",
    "خط {line} با دست متوقف شده است: `payamak resume line {line}`.",
)
NO_LINKS: Final = Words(
    "Line {line} has no links: give it one, or `payamak move` what waits.",
    "خط {line} لینکی ندارد: لینکی به آن بدهید، یا آنچه مانده را با `payamak move` منتقل کنید.",
)
LINKS_SUSPENDED: Final = Words(
    "All links of line {line} are suspended by hand ({links}): `payamak resume link NAME`.",
    "همهٔ لینک‌های خط {line} با دست متوقف شده‌اند ({links}): `payamak resume link NAME`.",
)
LINKS_DOWN: Final = Words(
    "No link of line {line} is bound ({links}): `payamak doctor` says why.",
    "هیچ‌یک از لینک‌های خط {line} وصل نیست ({links}): `payamak doctor` دلیلش را می‌گوید.",
)

# ------------------------------------------------------------------------------------------ what happens next

HELD: Final = Words(
    "It is held until `payamak resume restored` (`resume moved` if the store is no copy), `payamak cancel`,"
    " or its deadline.",
    "نگه داشته شده است تا `payamak resume restored` (اگر پایگاه داده نسخه نیست: `resume moved`)،"
    " `payamak cancel` یا پایان مهلتش.",
)
STANDS_STILL: Final = Words("It waits for that, or for its deadline.", "تا آن زمان یا تا پایان مهلتش می‌ماند.")
RECEIPTS_AWAITED: Final = Words(
    "Further receipts decide; without them it is unknown at its deadline.",
    "رسیدهای بعدی تعیین می‌کنند؛ اگر نیایند، در پایان مهلت نامشخص می‌شود.",
)
CLOCK_IN_DOUBT: Final = Words(
    "It waits until the clock counts as true: in 10 minutes, or by `payamak clock accept`.",
    "تا درست شمرده شدن ساعت می‌ماند: ۱۰ دقیقهٔ دیگر، یا با `payamak clock accept`.",
)
DUE: Final = Words("It is tried again when it is due.", "سر وقتش دوباره تلاش می‌شود.")
GOES_OUT: Final = Words(
    "It goes out as soon as a link of its line is bound and has room; `payamak doctor` looks at the links.",
    "همین که یکی از لینک‌های خط وصل باشد و جا داشته باشد می‌رود؛ `payamak doctor` لینک‌ها را بررسی می‌کند.",
)
ANSWER_AWAITED: Final = Words(
    "The answer, or the end of the response timer, decides.", "پاسخ اپراتور، یا پایان مهلت پاسخ، تعیین می‌کند."
)
RECEIPT_AWAITED: Final = Words(
    "The receipt decides; without one it is unknown after deadline and grace.",
    "رسید تعیین می‌کند؛ اگر نیاید، پس از مهلت و وقت اضافه‌اش نامشخص می‌شود.",
)
PERHAPS_LATE: Final = Words(
    "Nothing is done any more; a late receipt may still settle it.",
    "دیگر کاری نمی‌شود؛ شاید رسیدی دیرهنگام تکلیفش را روشن کند.",
)
FINAL: Final = Words("Nothing: this is final.", "هیچ: این پایان کار است.")

# ------------------------------------------------------------------------------- what is known of operators' ids

NO_SUCH_ID: Final = Words("No message has this id.", "هیچ پیامی این شناسه را ندارد.")
LEARNED: Final = Words("{base}, learned of {judged} receipts", "{base}، از {judged} رسید آموخته شد")
LEARNING: Final = Words(
    "; of {judged} receipts fit: alike {same}, hex to decimal {to_decimal}, decimal to hex {to_hex}",
    "؛ از {judged} رسید، همسان {same}، هگز به ده‌دهی {to_decimal}، ده‌دهی به هگز {to_hex}",
)
CONTRADICTIONS: Final = Words("; {count} contradictions", "؛ {count} ناسازگار")
SETTLED_BY: Final = Words("; {enough} or more clear ones settle it", "؛ با {enough} رسید روشن یا بیشتر قطعی می‌شود")
