"""What is wrong of a running gateway, in a line each, as `payamak top` has room for it."""

from __future__ import annotations

from typing import Final

from payamak.language import Words

RATES: Final = Words(
    "accepted {accepted_per_s:,.1f}/s  refused {refused_per_s:,.1f}/s  parts {parts_per_s:,.1f}/s  "
    "delivered {delivered_per_s:,.1f}/s",
    "پذیرفته {accepted_per_s:,.1f}/s، ردشده {refused_per_s:,.1f}/s، بخش {parts_per_s:,.1f}/s، "
    "تحویل‌شده {delivered_per_s:,.1f}/s",
)
UNDER_WAY: Final = Words(
    "receipts {receipts_per_s:,.1f}/s  waiting {waiting:,}  in flight {in_flight:,}",
    "رسید {receipts_per_s:,.1f}/s، منتظر {waiting:,}، در راه {in_flight:,}",
)

STORE: Final = Words(
    "The store cannot keep what comes: new messages are refused with 23.",
    "پایگاه داده نمی‌تواند آنچه می‌رسد نگه دارد: پیام‌های تازه با 23 رد می‌شوند.",
)
WORK: Final = Words(
    "Background work fails: the log has the error and its place.", "کار پس‌زمینه خطا می‌دهد: خطا و جایش در لاگ است."
)
MONEY: Final = Words(
    "The purses differ from the ledger: `payamak doctor --ledger`.",
    "کیف‌ها با دفتر کل فرق دارند: `payamak doctor --ledger`.",
)
CLOCK: Final = Words("The machine's clock has jumped: `payamak clock`.", "ساعت دستگاه جهش کرده است: `payamak clock`.")
RESTORED: Final = Words(
    "Messages are held after a restore: `payamak doctor`.",
    "پیام‌هایی پس از بازگرداندن نسخه نگه داشته شده است: `payamak doctor`.",
)
ASIDE: Final = Words(
    "Rows fail by a bug of ours and are passed by: `payamak doctor`.",
    "ردیف‌هایی با اشکالی از ما خطا می‌دهد و از آن می‌گذریم: `payamak doctor`.",
)
UNREADABLE: Final = Words(
    "Pieces of operators could not be read: `payamak unreadable`.",
    "تکه‌هایی از اپراتورها خوانده نشد: `payamak unreadable`.",
)
LOG: Final = Words("Nobody reads the log.", "کسی لاگ را نمی‌خواند.")
LINK_DOWN: Final = Words("Link {link} is not bound: `payamak doctor`.", "لینک {link} وصل نیست: `payamak doctor`.")
LINK_ON_TRIAL: Final = Words(
    "Link {link} answers no submit and is sent one at a time.",
    "لینک {link} به هیچ submit پاسخ نمی‌دهد و یکی‌یکی به آن فرستاده می‌شود.",
)
WINDOW_FULL: Final = Words(
    "Link {link}: its window has been full for {for_s:.0f} s.", "لینک {link}: پنجره‌اش {for_s:.0f} ثانیه است پر است."
)
POST_WAITS: Final = Words(
    "A post of the {kind} has waited for {minutes:.0f} min: `payamak doctor`.",
    "ارسالی از {kind} {minutes:.0f} دقیقه منتظر مانده است: `payamak doctor`.",
)
