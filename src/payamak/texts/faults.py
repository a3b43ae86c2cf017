"""Faults of a site's documents, worded: a fault is a value (domain/site/fault.py), whose own text is English."""

from __future__ import annotations

from typing import Final

from payamak.domain.site.fault import BadDocuments, Fault, FaultKind
from payamak.language import Words, persian_of, words_of

KINDS: Final[dict[str, Words]] = {
    "account": Words("account", "حساب"),
    "line": Words("line", "خط"),
    "link": Words("link", "لینک"),
    "template": Words("template", "الگو"),
}
"""The kinds of documents."""

PERSIAN: Final[dict[FaultKind, str]] = {
    FaultKind.NOT_ALLOWED: "{field} نمی‌تواند {value} باشد؛ مجاز: {allowed}",
    FaultKind.UNKNOWN: "کلید {field} وجود ندارد",
    FaultKind.NO_DOCUMENT: "خوانده نمی‌شود: {said}",
    FaultKind.NO_LINE: "خط {line} تعریف نشده است",
    FaultKind.NO_LINK: "لینک {link} تعریف نشده است",
    FaultKind.NO_ACCOUNT: "کلیدواژهٔ {keyword}: حساب {account} تعریف نشده است",
    FaultKind.NO_NETWORK: "{value} نشانی یا شبکه‌ای مانند 10.0.0.0/8 نیست",
    FaultKind.NO_NUMBER: "شمارهٔ خط ۳ تا ۱۸ رقم است",
    FaultKind.NO_URL: "{field}: {value} نشانی‌ای مانند https://shop.example.ir/sms بدون نام کاربری و گذرواژه نیست",
    FaultKind.NO_SERVER: "نوع negin یک url مانند https://sms.example.ir می‌خواهد، بدون نام کاربری و پرس‌وجو",
    FaultKind.NO_USER: "نوع negin به system_id نیاز دارد: نام کاربری در آن سرور",
    FaultKind.NOT_NAMED: "{field} را به شکل env:NAME بنویسید: نام متغیری که آن را دارد",
    FaultKind.UNFIT_SECRET: "متغیری که {field} نام می‌برد به کار امضا نمی‌آید: {said}",
    FaultKind.UNSIGNED: "webhook_url به webhook_secret نیاز دارد، به شکل env:NAME: هر ارسال امضا می‌شود",
    FaultKind.TEMPLATE: "الگوی {number}: {said}",
    FaultKind.HOURS: "{said}",
    FaultKind.YEAR: "{field}: {said}",
    FaultKind.TWO_SPELLINGS: "دو بار تعریف شده است، با 98 و بدون آن",
    FaultKind.SPLITS_DIFFER: "`long_text` لینک‌های خط باید یکی باشد، وگرنه تعداد بخش‌ها و بها فرق می‌کند",
    FaultKind.ALPHABETS_DIFFER: "`default_alphabet` لینک‌های خط باید یکی باشد، وگرنه تعداد بخش‌ها و بها فرق می‌کند",
    FaultKind.SPLIT_OF_NEGIN: "کنار لینکی از نوع negin، `long_text` بقیه باید payload باشد",
    FaultKind.STATUS: "وضعیت {key} را به شکل 0x0427 یا 427h یا 1063 بنویسید",
    FaultKind.STATUS_OF_TAKEN: "وضعیت {key} یعنی پیام گرفته شد و هیچ جدولی آن را عوض نمی‌کند؛ برش دارید",
    FaultKind.STATUS_TWICE: "وضعیت {key} دو بار و با دو املا آمده است؛ یکی را نگه دارید",
    FaultKind.KEYWORD: "کلیدواژهٔ {keyword}: یک کلمه است و فقط یک بار می‌آید",
    FaultKind.KEYWORD_URL: "کلیدواژهٔ {keyword} به url نیاز دارد",
}
"""The sentence of each, with the same places as in English."""


def fault_words(fault: Fault) -> Words:
    """One sentence, with the document that it is about; and what counts, if a stored value does not."""
    given = {name: persian_of(value) for name, value in fault.arguments.items()}
    kind = KINDS[fault.kind].fa if fault.kind in KINDS else fault.kind
    persian = f"{kind} {fault.name}: {PERSIAN[fault.why].format_map({'field': fault.field, **given})}"
    counts = given.get("counts")
    return Words(str(fault), persian + (f"؛ تا آن وقت {counts} به حساب می‌آید" if counts else ""))


def refusal_words(error: Exception) -> list[Words]:
    """Why documents were not put or not removed, a sentence each."""
    if not isinstance(error, BadDocuments):
        return [words_of(error)]
    return [fault_words(fault) if isinstance(fault, Fault) else fault for fault in error.faults]
