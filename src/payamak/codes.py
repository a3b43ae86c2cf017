"""The one table of outside codes: what each number says, in English and Persian.

The numbers are the vendor's (contract §3) and never change: programs in the field compare them. Each text
says what happened, why, and what to do. Dialects translate from here by table; nobody else writes a code as
a number.
"""

from enum import IntEnum
from typing import Final

SUCCESS: Final = -1
"""The `status` of an accepted call. Not a `Code`: it is no refusal."""


class Code(IntEnum):
    """Why a call, or one message of it, is refused. Always above zero."""

    RECIPIENT_INVALID = 1
    LINE_INVALID = 2
    ENCODING = 3
    MESSAGE_CLASS = 4
    UDH = 6
    OUTSIDE_HOURS = 8
    TEXT_EMPTY = 13
    NO_CREDIT = 14
    INTERNAL = 15
    ACCOUNT_INACTIVE = 16
    ACCOUNT_EXPIRED = 17
    CREDENTIALS = 18
    AUTHENTICATION = 19
    NOT_YOURS = 20
    SERVICE_NOT_ENABLED = 22
    BUSY = 23
    MESSAGE_ID_INVALID = 24
    SERVICE_TYPE_INVALID = 25
    OPTED_OUT = 27
    PREFIX_BLOCKED = 28
    ADDRESS_NOT_ALLOWED = 29
    TOO_MANY_PARTS = 30
    MALFORMED = 31
    OPTED_OUT_OF_LINE = 33
    NO_TEMPLATE = 34
    FORBIDDEN_TEXT = 35
    ENCODINGS_LENGTH = 100
    MESSAGES_LENGTH = 101
    MESSAGE_CLASSES_LENGTH = 102
    SENDERS_LENGTH = 103
    UDHS_LENGTH = 104
    PRIORITIES_LENGTH = 105
    NO_RECIPIENTS = 106
    TOO_MANY_RECIPIENTS = 107
    NO_SENDERS = 108
    CHECKING_IDS_LENGTH = 109
    TOO_SOON = 409

    @property
    def english(self) -> str:
        """What happened, why, and what to do, in English."""
        return _TEXTS[self][0]

    @property
    def persian(self) -> str:
        """What happened, why, and what to do, in Persian."""
        return _TEXTS[self][1]


class StateCode(IntEnum):
    """Where a message stands, as wsStates tells it (contract §2)."""

    NOT_SENT = -1
    LEGACY_UNKNOWN = 0
    DELIVERED = 1
    UNDELIVERED = 2
    UNKNOWN = 4
    ENROUTE = 8
    REJECTED = 16

    @property
    def english(self) -> str:
        """The state's name in English."""
        return _STATE_NAMES[self][0]

    @property
    def persian(self) -> str:
        """The state's name as the vendor's manual prints it."""
        return _STATE_NAMES[self][1]


REFUSAL_ORDER: Final[tuple[Code, ...]] = (
    Code.MALFORMED,
    Code.CREDENTIALS,
    Code.ACCOUNT_INACTIVE,
    Code.ACCOUNT_EXPIRED,
    Code.ADDRESS_NOT_ALLOWED,
    Code.TOO_SOON,
    Code.SERVICE_NOT_ENABLED,
    Code.SERVICE_TYPE_INVALID,
    Code.RECIPIENT_INVALID,
    Code.LINE_INVALID,
    Code.TEXT_EMPTY,
    Code.ENCODING,
    Code.TOO_MANY_PARTS,
    Code.NO_TEMPLATE,
    Code.FORBIDDEN_TEXT,
    Code.OUTSIDE_HOURS,
    Code.OPTED_OUT,
    Code.OPTED_OUT_OF_LINE,
    Code.NO_CREDIT,
    Code.BUSY,
)
"""Which reason is told when several hold at once (contract §1). Where that order writes two codes as one rank
(22/25, 34/35, 27/33) the smaller number comes first."""


OPT_OUTS: Final = frozenset({Code.OPTED_OUT, Code.OPTED_OUT_OF_LINE})
"""The recipient does not accept advertising, or this line: the two verdicts that lead to the next step of a plan."""

RECIPIENTS_OWN: Final = OPT_OUTS | {Code.RECIPIENT_INVALID, Code.PREFIX_BLOCKED}
"""Codes that say something of one recipient, and never of a call with several."""


LONGEST_LIFE_MINUTES: Final = 10_080
"""The longest validity of a message (contract §1), seven days."""


_STATE_NAMES: Final[dict[StateCode, tuple[str, str]]] = {
    StateCode.NOT_SENT: ("not sent to the operator", "ارسال نشده به اپراتور"),
    StateCode.LEGACY_UNKNOWN: ("unknown", "نامشخص"),
    StateCode.DELIVERED: ("received by the handset", "دریافت توسط گوشی"),
    StateCode.UNDELIVERED: ("not received by the handset", "عدم دریافت توسط گوشی"),
    StateCode.UNKNOWN: ("unknown", "نامشخص"),
    StateCode.ENROUTE: ("received by the operator", "دریافت شده توسط اپراتور"),
    StateCode.REJECTED: ("not received by the operator", "عدم دریافت توسط اپراتور"),
}

_TEXTS: Final[dict[Code, tuple[str, str]]] = {
    Code.RECIPIENT_INVALID: (
        "The recipient is empty or is not an Iranian mobile number. Give it as 989xxxxxxxxx or 09xxxxxxxxx.",
        "شمارهٔ گیرنده خالی است یا شمارهٔ همراه معتبری نیست. آن را به شکل 989xxxxxxxxx یا 09xxxxxxxxx بفرستید.",
    ),
    Code.LINE_INVALID: (
        "The line is not valid or does not belong to this account. Use one of the account's own lines.",
        "شمارهٔ خط معتبر نیست یا به این حساب تعلق ندارد. یکی از خط‌های خود را به کار ببرید.",
    ),
    Code.ENCODING: (
        "The text cannot be sent in the encoding asked for. Correct the encoding or the text.",
        "متن را نمی‌توان با کدگذاری خواسته‌شده فرستاد. کدگذاری یا متن را اصلاح کنید.",
    ),
    Code.MESSAGE_CLASS: (
        "The message class is not valid. Leave it out or give a class from 0 to 3.",
        "کلاس پیام معتبر نیست. آن را نفرستید یا عددی از ۰ تا ۳ بدهید.",
    ),
    Code.UDH: (
        "The user data header is not valid. Leave it out or give it as whole octets in hexadecimal.",
        "سرآیند پیام (UDH) معتبر نیست. آن را نفرستید یا به شکل بایت‌های کامل شانزده‌شانزدهی بدهید.",
    ),
    Code.OUTSIDE_HOURS: (
        "This advertising line may not send at this hour. Send again within the line's permitted hours.",
        "ارسال از این خط تبلیغاتی در این ساعت مجاز نیست. در ساعت‌های مجاز دوباره بفرستید.",
    ),
    Code.TEXT_EMPTY: (
        "The text is empty or is not plain text. Give the text of the message.",
        "متن پیام خالی است یا متن ساده نیست. متن پیام را بفرستید.",
    ),
    Code.NO_CREDIT: (
        "The account's credit does not cover this message. Add credit, then send again.",
        "اعتبار حساب برای این پیام کافی نیست. اعتبار را افزایش دهید و دوباره بفرستید.",
    ),
    Code.INTERNAL: (
        "An internal error kept the message from being accepted. Send it again.",
        "به علت خطای داخلی، پیام پذیرفته نشد. دوباره بفرستید.",
    ),
    Code.ACCOUNT_INACTIVE: (
        "The account is not active. Ask the operator of this service to activate it.",
        "حساب کاربری غیرفعال است. برای فعال شدن با پشتیبانی تماس بگیرید.",
    ),
    Code.ACCOUNT_EXPIRED: (
        "The account has expired. Ask the operator of this service to renew it.",
        "مهلت حساب کاربری تمام شده است. برای تمدید با پشتیبانی تماس بگیرید.",
    ),
    Code.CREDENTIALS: (
        "The user name or the web-service password is missing or wrong. It is not the panel's password.",
        "نام کاربری یا رمز وب‌سرویس فرستاده نشده یا نادرست است. رمز وب‌سرویس با رمز پنل فرق دارد.",
    ),
    Code.AUTHENTICATION: (
        "The account could not be authenticated. Check the credentials and this account's access.",
        "احراز هویت انجام نشد. مشخصات ورود و دسترسی حساب را بررسی کنید.",
    ),
    Code.NOT_YOURS: (
        "The sender or the message id does not belong to this account. Use the account's own.",
        "شمارهٔ فرستنده یا شناسهٔ پیام به این حساب تعلق ندارد. شماره و شناسهٔ خود را به کار ببرید.",
    ),
    Code.SERVICE_NOT_ENABLED: (
        "This service is not enabled for the account. Ask the operator of this service to enable it.",
        "این سرویس برای حساب شما فعال نیست. برای فعال‌سازی با پشتیبانی تماس بگیرید.",
    ),
    Code.BUSY: (
        "The service is busy and did not accept the request. Try again in a moment.",
        "سامانه مشغول است و درخواست را نپذیرفت. اندکی بعد دوباره تلاش کنید.",
    ),
    Code.MESSAGE_ID_INVALID: (
        "A message id is missing or is not a number. Give the ids as numbers joined by commas.",
        "شناسهٔ پیام فرستاده نشده یا عدد نیست. شناسه‌ها را به شکل عدد و با کاما از هم جدا کنید.",
    ),
    Code.SERVICE_TYPE_INVALID: (
        "The type is unknown. Use 0 (normal), 1 (Chelcheleh) or 2 (service line).",
        "نوع ارسال ناشناخته است. ۰ (معمولی)، ۱ (چلچله) یا ۲ (خط خدماتی) را به کار ببرید.",
    ),
    Code.OPTED_OUT: (
        "The recipient has blocked advertising messages at the operator. Send through a service line.",
        "گیرنده دریافت پیامک تبلیغاتی را نزد اپراتور بسته است. از خط خدماتی استفاده کنید.",
    ),
    Code.PREFIX_BLOCKED: (
        "Sending to this recipient's prefix is blocked. Ask the operator of this service about it.",
        "ارسال به پیش‌شمارهٔ این گیرنده بسته است. با پشتیبانی تماس بگیرید.",
    ),
    Code.ADDRESS_NOT_ALLOWED: (
        "The account may not be used from this network address. Have the address added to its list.",
        "استفاده از حساب با این نشانی IP مجاز نیست. نشانی خود را به فهرست مجاز حساب بیفزایید.",
    ),
    Code.TOO_MANY_PARTS: (
        "The text has more parts than allowed. Shorten it.",
        "تعداد بخش‌های پیام بیش از حد مجاز است. متن را کوتاه‌تر کنید.",
    ),
    Code.MALFORMED: (
        "The request could not be read. Check its format, its content type and that it is UTF-8.",
        "درخواست خوانده نشد. قالب، نوع محتوا و کدگذاری UTF-8 آن را بررسی کنید.",
    ),
    Code.OPTED_OUT_OF_LINE: (
        "The recipient stopped messages from this line («لغو۱۱»). Send from another line.",
        "گیرنده دریافت پیام از این خط را لغو کرده است («لغو۱۱»). از خط دیگری بفرستید.",
    ),
    Code.NO_TEMPLATE: (
        "The text matches no approved text of this template. Correct it, or have the text approved.",
        "متن با هیچ متن تأییدشده‌ای برای این الگو مطابقت ندارد. متن را اصلاح کنید یا برای آن تأییدیه بگیرید.",
    ),
    Code.FORBIDDEN_TEXT: (
        "The text holds words that may not be sent. Change the text.",
        "متن پیام عبارت غیرمجاز دارد. متن را تغییر دهید.",
    ),
    Code.ENCODINGS_LENGTH: (
        "The number of encodings does not match the recipients. Give none, one for all, or one each.",
        "تعداد کدگذاری‌ها با تعداد گیرندگان برابر نیست. هیچ، یکی برای همه، یا یکی برای هر گیرنده بدهید.",
    ),
    Code.MESSAGES_LENGTH: (
        "The number of texts does not match the recipients. Give one for all, or one each.",
        "تعداد متن‌ها با تعداد گیرندگان برابر نیست. یک متن برای همه یا یکی برای هر گیرنده بدهید.",
    ),
    Code.MESSAGE_CLASSES_LENGTH: (
        "The number of message classes does not match the recipients. Give none, one for all, or one each.",
        "تعداد کلاس‌های پیام با تعداد گیرندگان برابر نیست. هیچ، یکی برای همه، یا یکی برای هر گیرنده بدهید.",
    ),
    Code.SENDERS_LENGTH: (
        "The number of senders does not match the recipients. Give one for all, or one each.",
        "تعداد فرستنده‌ها با تعداد گیرندگان برابر نیست. یکی برای همه یا یکی برای هر گیرنده بدهید.",
    ),
    Code.UDHS_LENGTH: (
        "The number of user data headers does not match the recipients. Give none, one for all, or one each.",
        "تعداد سرآیندها (UDH) با تعداد گیرندگان برابر نیست. هیچ، یکی برای همه، یا یکی برای هر گیرنده بدهید.",
    ),
    Code.PRIORITIES_LENGTH: (
        "The number of priorities does not match the recipients. Give none, one for all, or one each.",
        "تعداد اولویت‌ها با تعداد گیرندگان برابر نیست. هیچ، یکی برای همه، یا یکی برای هر گیرنده بدهید.",
    ),
    Code.NO_RECIPIENTS: (
        "The list of recipients is empty. Give at least one recipient.",
        "فهرست گیرندگان خالی است. دست‌کم یک گیرنده بدهید.",
    ),
    Code.TOO_MANY_RECIPIENTS: (
        "The call has too many recipients. Divide them over several calls.",
        "تعداد گیرندگان بیش از حد مجاز است. آن‌ها را در چند درخواست بفرستید.",
    ),
    Code.NO_SENDERS: (
        "The list of senders is empty. Give at least one line.",
        "فهرست فرستنده‌ها خالی است. دست‌کم یک خط بدهید.",
    ),
    Code.CHECKING_IDS_LENGTH: (
        "The number of checking ids does not match the recipients. Give none, or one each.",
        "تعداد شناسه‌های بررسی با تعداد گیرندگان برابر نیست. هیچ یا یکی برای هر گیرنده بدهید.",
    ),
    Code.TOO_SOON: (
        "The requests came too close together. Wait a moment between two requests.",
        "فاصلهٔ درخواست‌ها کمتر از حد مجاز است. میان دو درخواست کمی صبر کنید.",
    ),
}
