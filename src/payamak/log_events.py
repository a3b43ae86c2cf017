"""Every event that the log may have: at which level it is told, what it says, and what to do about it.

One name for one event, wherever it is told. error: something is wrong that a person has to see to, or a bug of ours;
warning: something should be put right soon, or ends by itself and is worth knowing; info: what happens; debug: what
helps to understand a connection. docs/reference/events.md is made of this table (`python -m tools.events_page`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class EventText:
    """One event: its level, its Persian label, a sentence, and what a person does about it, if anything."""

    level: str
    fa: str
    says: str
    todo: str = ""


def _error(fa: str, says: str, todo: str) -> EventText:
    return EventText("error", fa, says, todo)


def _warning(fa: str, says: str, todo: str = "") -> EventText:
    return EventText("warning", fa, says, todo)


def _info(fa: str, says: str) -> EventText:
    return EventText("info", fa, says)


def _debug(fa: str, says: str) -> EventText:
    return EventText("debug", fa, says)


REPORT: Final = "Report it, with the line: `error` and `where` say what failed and where."
DISK: Final = "See to the disk; it goes on by itself (docs/guide/operations.md)."

SECTIONS: Final[Mapping[str, Mapping[str, EventText]]] = {
    "The process": {
        "ready": _info("آمادهٔ کار", "It serves: on which port, with how many links."),
        "stopped": _info("پایان", "It has stopped cleanly."),
        "start_failed": _error("آغاز نشد", "It cannot start; `reason` says why and what to do.", "As `reason` says."),
        "settings_reread": _info(
            "تنظیم‌ها باز خوانده شد", "A SIGHUP: which settings were taken over, and which wait for a restart."
        ),
        "side_door_closed": _info(
            "سوکت کناری بسته است", "The folder of the store takes no socket: `payamak trace` cannot ask."
        ),
        "trace_begun": _info("آغاز دیدن PDUها", "A person sees the PDUs of a link as they pass, masked."),
        "trace_ended": _info("پایان دیدن PDUها", "The same has ended, after so many PDUs."),
        "settings_not_read": _error(
            "تنظیم‌ها خوانده نشد", "A SIGHUP, and the settings are wrong: nothing was changed.", "As `reason` says."
        ),
        "fewer_connections": _warning(
            "اتصال‌های مجاز کم است",
            "The system grants fewer open files than `max_connections` needs.",
            "Raise LimitNOFILE= of the service.",
        ),
        "nothing_to_serve": _warning(
            "چیزی برای سرویس نیست",
            "There are no accounts, lines or links (`what`): nobody can send.",
            "As `todo` says.",
        ),
        "recovered": _info("بازیابی", "What a process that died had on the wire is ambiguous now, so many attempts."),
        "library_spoke": _error(
            "هشدار یک کتابخانه", "A library, or Python, has warned of something; its words are not told.", REPORT
        ),
        "loop_error": _error("خطای حلقه", "Something failed that nobody waited for.", REPORT),
        "uncaught": _error(
            "خطای گرفته‌نشده", "An error that nobody caught: the process, or one of its threads, ends.", REPORT
        ),
        "unraisable": _error("خطا در نابودگر", "An error in a destructor.", REPORT),
        "thread_failed": _error("رشته‌ای با خطا پایان یافت", "A thread has ended by an error.", REPORT),
        "background_work_failed": _error(
            "کار پس‌زمینه ناکام ماند", "Work in the background has failed by a bug; it is tried again.", REPORT
        ),
        "log_lines_dropped": _error(
            "سطرهای گزارش از دست رفت",
            "So many lines of this log were lost: nobody read them, or they could not be written.",
            "See to what standard error goes to: a pipe, a terminal, a disk.",
        ),
    },
    "Calls": {
        "call_refused": _info(
            "فراخوانی رد شد",
            "A call was refused: at which door, with which code, whose (`account`, or the beginning of a name that "
            "nobody has), from where. At most 10 a minute of one name and code, 300 in all; `untold` were before it.",
        ),
        "login_refused": _warning(
            "ورود رد شد",
            "The same where the refusal is about who calls: the password (18), an account that is inactive (16), has "
            "expired (17) or may not call from there (29).",
            "A customer's mistake, or somebody who guesses: docs/security.md.",
        ),
        "recipient_refused": _info(
            "گیرنده رد شد", "A number has a mobile's form and none of `recipient_prefixes` (1)."
        ),
        "handler_failed": _error("خطای درونی در پاسخ", "A call was answered 15 by a bug.", REPORT),
        "request_failed": _error("درخواست با خطا شکست", "A request was answered 500, or broken off, by a bug.", REPORT),
        "batch_failed": _error(
            "دستهٔ پیام‌ها ناکام ماند", "Messages of one call failed by a bug; each of them is tried alone.", REPORT
        ),
        "message_failed": _error(
            "پیامی ناکام ماند", "One message of such a call failed by a bug and was answered 15; the others go.", REPORT
        ),
    },
    "Messages": {
        "queued": _info(
            "در صف", "A message was accepted, or waits again (`log_states` says whether all changes are told)."
        ),
        "sending": _info("در حال ارسال", "It was taken by the back."),
        "enroute": _info("نزد اپراتور", "The operator has taken it."),
        "delivered": _info("تحویل‌شده", "The handset has it."),
        "undeliverable": _info("تحویل‌نشده", "The operator gave up."),
        "rejected": _info("ردشده", "The operator refused it, or the recipient has opted out."),
        "expired": _info("منقضی", "Its validity was over first."),
        "cancelled": _info("لغوشده", "It was taken back."),
        "unknown": _info("نامشخص", "What became of it cannot be learned."),
        "mark_failed": _warning("نشان گذاشته نشد", "Messages could not be marked as on the wire; they wait.", DISK),
        "answer_not_stored": _warning(
            "پاسخ ذخیره نشد", "An operator's answer could not be stored; it is tried again.", DISK
        ),
        "answer_lost": _error(
            "پاسخ از دست رفت", "An operator's answer could not be stored by a bug: its attempt is ambiguous.", REPORT
        ),
        "part_not_encodable": _error(
            "بخش کدشدنی نیست", "No PDU can be made of a part, on no link, by a bug: it is refused.", REPORT
        ),
        "put_aside": _error(
            "کنار گذاشته شد", "A row could not be handled by a bug: others pass it by, it is tried again.", REPORT
        ),
    },
    "Campaigns": {
        "campaign_moved": _info(
            "وضعیت ارسال گروهی عوض شد",
            "A campaign stands otherwise by itself: it begins, is paused (`reason` says why), goes on, or is finished.",
        ),
    },
    "Links": {
        "link_up": _info("لینک وصل شد", "A link is bound."),
        "link_down": _warning(
            "لینک قطع است",
            "A link is not bound (any more); `reason` has the operator's answer.",
            "It is tried again by itself; a wrong login has to be corrected.",
        ),
        "link_closed": _info(
            "لینک را بستیم", "We have closed a link: the gateway stops, or the link was changed or taken away."
        ),
        "link_leaving": _info("اپراتور می‌رود", "The operator unbinds; what is under way is waited for."),
        "link_not_opened": _error(
            "لینک باز نشد",
            "A link cannot be opened: a variable that is not set, a certificate that is not there.",
            "As `reason` says.",
        ),
        "link_on_trial": _warning(
            "لینک در آزمایش",
            "A link is bound and answers no submit: it is sent one at a time.",
            "Ask the operator; nothing is lost.",
        ),
        "link_answers": _info("لینک پاسخ داد", "A link on trial has answered: it is sent all again."),
        "link_given_up": _warning(
            "از لینک دست کشیدیم", "A link was on trial for too long: it is bound anew.", "Ask the operator."
        ),
        "odd": _info(
            "چیزی نامعمول",
            "A link has brought something that was read although it was odd; told ten times, then when the count has "
            "doubled (docs/guide/received.md).",
        ),
        "call_failed": _warning(
            "فراخوانی پنل دیگر ناکام ماند", "A call to another panel failed by a bug or a strange answer.", REPORT
        ),
        "operator_credit_used_up": _error(
            "اعتبار نزد پنل دیگر تمام شد", "The account at another panel has no credit.", "Pay; its messages wait."
        ),
        "states_refused": _warning(
            "پنل دیگر وضعیت نمی‌گوید", "Another panel does not tell states.", "As `reason` says."
        ),
        "asking_failed": _error(
            "پرسیدن وضعیت ناکام ماند", "Asking another panel for states failed by a bug; it is asked again.", REPORT
        ),
        "smpp_bound": _debug("SMPP وصل شد", "A bind was answered: in which role, by which system."),
        "smpp_down": _debug("SMPP قطع شد", "A bind was refused or has ended: why, with which status."),
        "smpp_closed": _debug("اتصال SMPP بسته شد", "The connection has ended, and by what."),
        "smpp_close_timeout": _info("پاسخ‌ها نیامدند", "So many answers had not come when the connection was closed."),
        "smpp_unbind_asked": _info(
            "اپراتور می‌خواهد برود", "The operator wants to unbind while so many answers are outstanding."
        ),
        "smpp_pdu_refused": _warning(
            "PDU رد شد",
            "A PDU of the operator cannot be read and was refused; told a few times, then when the count has doubled.",
            "Send the operator the command and the status.",
        ),
        "smpp_nuls_between": _info("بایت‌های تهی میان دو PDU", "Octets of nothing between two PDUs were passed by."),
        "smpp_alert": _info(
            "گوشی در دسترس است", "The operator says that a handset can be reached again; nothing is done about it."
        ),
    },
    "What operators bring": {
        "receipt_kept": _info(
            "رسید نگه داشته شد", "A receipt was kept that moved nothing: early, repeated, late, or of nobody."
        ),
        "unreadable_kept": _error(
            "ناخوانده نگه داشته شد",
            "A piece could not be read, or not be handled, and was kept and acknowledged; told ten times of one link "
            "and error, then when the count has doubled.",
            "`payamak unreadable` shows it. Report it.",
        ),
        "not_stored": _warning(
            "ذخیره نشد", "A receipt or message could not be stored: the operator brings it again.", DISK
        ),
        "mo_whole": _info("پیام دریافتی کامل است", "A message from a handset is there."),
        "mo_part": _info("بخشی از پیام دریافتی", "A part of one is there."),
        "mo_repeated": _info("بخش تکراری", "A part came again and was there already."),
        "mo_foreign": _warning(
            "پیام دریافتی از لینک بیگانه",
            "A message came by a link that does not count for its line: it is kept, and not passed on.",
            "`payamak received list --foreign`; docs/guide/received.md.",
        ),
        "mo_not_taken": _warning(
            "بخش گرفته نشد",
            "A part was not taken: too long, too fast, or too many wait; told when the count has doubled.",
            "`received_per_second` of the link, if it is too fast.",
        ),
    },
    "Posts to customers": {
        "relay_done": _info("رله رسید", "A message from a handset was posted and read."),
        "relay_waiting": _info("رله منتظر است", "It was posted and not read; it comes again."),
        "relay_dead": _warning(
            "رله رها شد", "It was given up after three days, or the target is gone.", "`payamak received replay`."
        ),
        "relay_unset": _error(
            "راز رله تعیین نشده",
            "Nothing was posted: the variable that names the secret is not set; it is tried again.",
            "Set it for the service, and restart.",
        ),
        "relay_not_read": _warning("رله خوانده نشد", "What waits could not be read from the store.", DISK),
        "relay_failed": _error("رله ناکام ماند", "A post failed by a bug; others go before it.", REPORT),
        "webhook_done": _info("وب‌هوک رسید", "An event has arrived."),
        "webhook_waiting": _info("وب‌هوک منتظر است", "It has not; it comes again."),
        "webhook_dead": _warning(
            "وب‌هوک رها شد", "It was given up after three days, or the target is gone.", "`payamak webhook replay`."
        ),
        "webhook_unset": _error(
            "راز وب‌هوک تعیین نشده",
            "Nothing was posted: the variable that names the secret is not set; it is tried again.",
            "Set it for the service, and restart.",
        ),
        "webhook_not_read": _warning("وب‌هوک خوانده نشد", "What waits could not be read from the store.", DISK),
        "webhook_failed": _error("وب‌هوک ناکام ماند", "A post failed by a bug; others go before it.", REPORT),
    },
    "Store and clock": {
        "migrated": _info(
            "طرح پایگاه داده به‌روز شد",
            "The store was brought to this number of its schema (`version`), in so many milliseconds.",
        ),
        "store_failed": _error("پایگاه داده از کار افتاد", "The store can keep nothing: calls are answered 23.", DISK),
        "store_well": _warning("پایگاه داده دوباره سالم است", "It can again: calls are taken."),
        "store_partly_looked_through": _info(
            "پایگاه داده نیمه‌بررسی شد", "At the start there was not time to look through these tables."
        ),
        "housekeeping_failed": _warning(
            "مهلت‌ها و پاک‌سازی عقب افتاد", "Deadlines and retention are late, for the store could not be written.", DISK
        ),
        "mark_not_kept": _error(
            "نشان کنار پایگاه داده نوشته نشد", "The mark beside the store could not be written.", DISK
        ),
        "held_after_restore": _error(
            "پس از بازگردانی نگه داشته شد", "A copy was put back: what waits in it is held.", "As `todo` says."
        ),
        "config_changed": _info("سایت عوض شد", "The site has changed, and is followed."),
        "config_not_read": _warning("سایت خوانده نشد", "Whether the site has changed could not be read.", DISK),
        "setting_not_allowed": _warning(
            "تنظیم نامجاز",
            "A stored setting is not allowed (any more) and does not count as it stands.",
            "`payamak doctor`, then correct it.",
        ),
        "settings_not_allowed": _warning(
            "تنظیم‌های نامجاز", "So many in all; the others are not told.", "`payamak doctor` tells all."
        ),
        "clock_jumped": _error(
            "ساعت پرید", "The machine's clock has jumped: two readings are kept for so long.", "As `todo` says."
        ),
        "clock_jumped_and_came_back": _warning("ساعت پرید و برگشت", "It jumped, and came back.", "Keep it by NTP."),
        "clock_settled": _warning("ساعت باز درست است", "It counts as true again."),
        "clock_set_back": _warning(
            "زمان‌های آینده پس کشیده شد", "What was written from the future was set back by so much."
        ),
        "clock_not_kept": _warning("وضع ساعت ذخیره نشد", "What is known of the clocks could not be stored.", DISK),
    },
}
"""The events by what they are about, in the order of the page."""

EVENTS: Final[Mapping[str, EventText]] = {name: told for events in SECTIONS.values() for name, told in events.items()}

UNNAMED: Final = EventText("error", "", "")
"""An event that has no description: a bug, and it must be heard of all the same."""


def level_of(event: str) -> str:
    """At which level an event is told."""
    return EVENTS.get(event, UNNAMED).level
