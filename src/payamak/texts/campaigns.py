"""Campaigns: where one stands, why it is paused, why a row is left out, in both languages."""

from __future__ import annotations

from typing import Final

from payamak.domain.campaign_rows import RowBar, RowOutcome
from payamak.domain.campaigns import CampaignState, PauseReason
from payamak.language import Words

CAMPAIGN_STATES: Final[dict[CampaignState, Words]] = {
    CampaignState.DRAFT: Words("draft", "پیش‌نویس"),
    CampaignState.CHECKING: Words("checking", "در حال بررسی"),
    CampaignState.FAILED: Words("failed", "ناموفق"),
    CampaignState.READY: Words("ready", "آماده"),
    CampaignState.SCHEDULED: Words("scheduled", "زمان‌بندی‌شده"),
    CampaignState.SENDING: Words("sending", "در حال ارسال"),
    CampaignState.PAUSED: Words("paused", "در مکث"),
    CampaignState.FINISHED: Words("finished", "پایان‌یافته"),
    CampaignState.CANCELLED: Words("cancelled", "پس‌گرفته"),
}

PAUSES: Final[dict[PauseReason, Words]] = {
    PauseReason.BY_HAND: Words(
        "It was paused by hand: `payamak campaign resume` lets it go on.",
        "با دست مکث داده شده است: با `payamak campaign resume` ادامه می‌یابد.",
    ),
    PauseReason.FAILURES: Words(
        "Too many of its messages were rejected or could not be delivered: look at them, then resume or cancel it.",
        "شمار زیادی از پیام‌هایش رد شد یا تحویل نشد: نگاهشان کنید، سپس ادامه دهید یا پس بگیرید.",
    ),
    PauseReason.RESTORED: Words(
        "The store is, or may be, a copy that was put back: rows that wait here may have been sent since the copy.",
        "این پایگاه داده نسخه‌ای بازگردانده است یا شاید باشد: شاید سطرهای منتظر پس از آن نسخه فرستاده شده باشند.",
    ),
    PauseReason.LINE: Words(
        "Its line is suspended, or is the account's no more; it goes on by itself when that is over.",
        "خطش متوقف است یا دیگر از آنِ حساب نیست؛ با رفع آن خودش ادامه می‌یابد.",
    ),
    PauseReason.ACCOUNT: Words(
        "Its account is not active; it goes on by itself when it is again.",
        "حسابش فعال نیست؛ با فعال شدن آن خودش ادامه می‌یابد.",
    ),
    PauseReason.WINDOW: Words(
        "It is outside the hours of its line; it goes on by itself when they begin.",
        "بیرون از ساعت‌های خطش است؛ با شروع آن‌ها خودش ادامه می‌یابد.",
    ),
}
"""Why a campaign is paused, a sentence each, with what to do."""

ROW_BARS: Final[dict[RowBar, Words]] = {
    RowBar.NO_NUMBER: Words("no mobile number", "شمارهٔ موبایل نیست"),
    RowBar.FIELD_EMPTY: Words("a field that the text names is empty", "مقداری که متن نام می‌برد خالی است"),
    RowBar.DUPLICATE: Words("the same number and text as a row before it", "شماره و متن یکی از سطرهای پیشین"),
    RowBar.OPTED_OUT: Words("the recipient refuses the line", "گیرنده از این خط انصراف داده است"),
    RowBar.OWN_NUMBER: Words("one of our own lines", "یکی از خط‌های خودمان"),
    RowBar.NOT_SENDABLE: Words("refused", "رد می‌شود"),
    RowBar.DEARER: Words("dearer than what was held", "گران‌تر از مبلغ نگه‌داشته"),
}
"""Why a row is left out or refused."""

ROW_OUTCOMES: Final[dict[RowOutcome, Words]] = {
    RowOutcome.PENDING: Words("pending", "در انتظار"),
    RowOutcome.EXCLUDED: Words("left out", "کنارگذاشته"),
    RowOutcome.MADE: Words("made", "ساخته"),
    RowOutcome.REFUSED: Words("refused", "ردشده"),
}
"""What has become of a row."""
