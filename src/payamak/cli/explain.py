"""Why a message stands where it stands and what happens next, in sentences. Pure."""

from __future__ import annotations

from payamak.domain.ids import SETTLE_AFTER, IdBase
from payamak.domain.message import RECEIPTED, Message, PartState, Reason, State
from payamak.domain.receipts import IdReport, Unmatched
from payamak.domain.site import Site
from payamak.hands.values import QueueRow
from payamak.language import spoken, worded
from payamak.texts.parts import ID_BASES, PARTS, UNMATCHED
from payamak.texts.reasons import REASONS


def reason_text(reason: Reason) -> str:
    """A reason as one sentence."""
    return spoken(REASONS[reason])


def why_text(message: Message) -> str:
    """Why a message stands where it stands, as one sentence with its numbers."""
    if message.reason is not Reason.SOME_RECEIPTS:
        return reason_text(message.reason)
    word = message.parts[message.step]
    told = sum(letter in RECEIPTED for letter in word)
    return worded(
        f"Receipts came for {told} of {len(word)} parts until deadline and grace.",
        f"تا پایان مهلت و وقت اضافه‌اش، برای {told} بخش از {len(word)} بخش رسید آمد.",
    )


def part_text(letter: str) -> str:
    """A part's letter in words."""
    return spoken(PARTS[PartState(letter)])


def step_text(message: Message, index: int) -> str:
    """Where one step of the plan stands, in a few words."""
    step = message.plan[index]
    if step.skip is not None:
        return worded(
            f"skipped: known to be opted out ({int(step.skip)})",
            f"رد شد: انصراف گیرنده از پیش معلوم بود ({int(step.skip)})",
        )
    word = message.parts[index] if index < len(message.parts) else ""
    told = worded(", ", "، ").join(f"{word.count(letter)} {part_text(letter)}" for letter in dict.fromkeys(word))
    if index == message.step:
        return worded(f"this step: {told or 'waiting'}", f"همین گام: {told or 'در انتظار'}")
    if told:
        return told
    if message.is_final:
        return worded("dropped", "کنار گذاشته شد")
    return worded("later, only after an opt-out", "بعداً، فقط پس از انصراف")


def stands_still(number: str, site: Site) -> str | None:
    """Why nothing that waits on a line goes, and what to do about it; None where a link may take it."""
    line = site.lines.get(number)
    if line is None:
        return worded(
            f"Line {number} is not configured any more: configure it, or `payamak move` or `payamak cancel` this.",
            f"خط {number} دیگر تعریف نشده است: تعریفش کنید، یا `payamak move` یا `payamak cancel` را به کار ببرید.",
        )
    if line.is_suspended:
        return worded(
            f"It waits until `payamak resume line {number}`, or until its deadline.",
            f"تا `payamak resume line {number}` یا تا پایان مهلتش می‌ماند.",
        )
    if not line.links:
        return worded(
            f"Line {number} has no links: give it one, or `payamak move` what waits.",
            f"خط {number} لینکی ندارد: لینکی به آن بدهید، یا آنچه مانده را با `payamak move` منتقل کنید.",
        )
    if all(use.link in site.links and site.links[use.link].is_suspended for use in line.links):
        names = ", ".join(use.link for use in line.links)
        return worded(
            f"All links of its line are suspended ({names}): `payamak resume link NAME`.",
            f"همهٔ لینک‌های خط متوقف‌اند ({names}): `payamak resume link NAME`.",
        )
    return None


def queue_text(row: QueueRow, site: Site) -> str:
    """Why messages of a line stand where they stand; for what waits, first what keeps all of the line."""
    stands = stands_still(row.line, site) if row.state is State.QUEUED and row.reason is not Reason.RESTORED else None
    return reason_text(row.reason) if stands is None else stands


def next_text(message: Message, site: Site, now: int) -> str:
    """What happens next, and what a person may do about it."""
    stands = stands_still(message.current.line, site)
    match message.state:
        case State.QUEUED if message.is_held:
            return worded(
                "It is held until `payamak resume restored` (`resume moved` if the store is no copy), `payamak cancel`,"
                " or its deadline.",
                "نگه داشته شده است تا `payamak resume restored` (اگر پایگاه داده نسخه نیست: `resume moved`)،"
                " `payamak cancel` یا پایان مهلتش.",
            )
        case State.QUEUED if stands is not None:
            return stands
        case State.QUEUED if message.reason is Reason.RECEIPTS_AWAITED:
            return worded(
                "Further receipts decide; without them it is unknown at its deadline.",
                "رسیدهای بعدی تعیین می‌کنند؛ اگر نیایند، در پایان مهلت نامشخص می‌شود.",
            )
        case State.QUEUED if message.reason is Reason.CLOCK:
            return worded(
                "It waits until the clock counts as true: in 10 minutes, or by `payamak clock accept`.",
                "تا درست شمرده شدن ساعت می‌ماند: ۱۰ دقیقهٔ دیگر، یا با `payamak clock accept`.",
            )
        case State.QUEUED if message.due_at > now:
            return worded(
                "It is tried again when it is due.",
                "سر وقتش دوباره تلاش می‌شود.",
            )
        case State.QUEUED:
            return worded(
                "It goes out as soon as a link of its line is bound and has room; `payamak doctor` looks at the links.",
                "همین که یکی از لینک‌های خط وصل باشد و جا داشته باشد می‌رود؛ `payamak doctor` لینک‌ها را بررسی می‌کند.",
            )
        case State.SENDING:
            return worded(
                "The answer, or the end of the response timer, decides.",
                "پاسخ اپراتور، یا پایان مهلت پاسخ، تعیین می‌کند.",
            )
        case State.ENROUTE if not message.is_final:
            return worded(
                "The receipt decides; without one it is unknown after deadline and grace.",
                "رسید تعیین می‌کند؛ اگر نیاید، پس از مهلت و وقت اضافه‌اش نامشخص می‌شود.",
            )
        case State.UNKNOWN if not message.was_settled_late:
            return worded(
                "Nothing is done any more; a late receipt may still settle it.",
                "دیگر کاری نمی‌شود؛ شاید رسیدی دیرهنگام تکلیفش را روشن کند.",
            )
        case _:
            return worded(
                "Nothing: this is final.",
                "هیچ: این پایان کار است.",
            )


def waiting_text(why: str) -> str:
    """Why a receipt waits; one that an older version kept does not say."""
    said = UNMATCHED.get(Unmatched(why)) if why in [*Unmatched] else None
    return worded("No message has this id.", "هیچ پیامی این شناسه را ندارد.") if said is None else spoken(said)


def ids_text(report: IdReport) -> str:
    """What was learned of an upstream's ids, and of what."""
    habit = report.habit
    says = spoken(ID_BASES[habit.choice])
    if habit.settled is not IdBase.AUTO:
        return says + worded(f", learned of {habit.judged} receipts", f"، از {habit.judged} رسید آموخته شد")
    if habit.judged:
        same, to_decimal, to_hex = habit.same, habit.hex_to_decimal, habit.decimal_to_hex
        says += worded(
            f"; of {habit.judged} receipts fit: alike {same}, hex to decimal {to_decimal}, decimal to hex {to_hex}",
            f"؛ از {habit.judged} رسید، همسان {same}، هگز به ده‌دهی {to_decimal}، ده‌دهی به هگز {to_hex}",
        )
    if habit.contradictions:
        says += worded(f"; {habit.contradictions} contradictions", f"؛ {habit.contradictions} ناسازگار")
    return says + worded(
        f"; {SETTLE_AFTER} or more clear ones settle it", f"؛ با {SETTLE_AFTER} رسید روشن یا بیشتر قطعی می‌شود"
    )


def conflicts_of(report: IdReport) -> int:
    """How many of an upstream's receipts wait because more than one reading, or another one, fits."""
    return report.waiting.get(Unmatched.TWO_READINGS, 0) + report.waiting.get(Unmatched.OTHER_READING, 0)
