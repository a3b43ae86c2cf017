"""People: the words of roles and of what they may do."""

from __future__ import annotations

from typing import Final

from payamak.domain.people import Right, UserRole
from payamak.language import Words

ROLES: Final[dict[UserRole, Words]] = {
    UserRole.OWNER: Words("owner", "مدیر حساب"),
    UserRole.SENDER: Words("sender", "فرستنده"),
    UserRole.VIEWER: Words("viewer", "بیننده"),
    UserRole.CLERK: Words("clerk", "کارمند"),
    UserRole.OPERATOR: Words("operator", "مسئول سامانه"),
    UserRole.ADMINISTRATOR: Words("administrator", "مدیر سامانه"),
    UserRole.OBSERVER: Words("observer", "ناظر"),
}

RIGHT_NAMES: Final[dict[Right, Words]] = {
    Right.MESSAGES: Words("seeing an account's messages", "دیدن پیام‌های حساب"),
    Right.FULL: Words("seeing texts and whole numbers", "دیدن متن‌ها و شماره‌های کامل"),
    Right.SEND: Words("sending", "ارسال پیام"),
    Right.MONEY: Words("seeing an account's money", "دیدن امور مالی حساب"),
    Right.OPT_OUTS: Words("seeing and entering opt-outs", "دیدن و ثبت لغو دریافت"),
    Right.CUSTOMERS: Words("seeing the customers", "دیدن مشتریان"),
    Right.CREDIT: Words("crediting accounts", "افزایش اعتبار حساب‌ها"),
    Right.AUDIT: Words("seeing who did what", "دیدن «چه کسی چه کرد»"),
}
"""What a right lets one do, as in "the right of ..."."""
