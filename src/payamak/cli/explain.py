"""Why a message stands where it stands and what happens next, in English sentences. Pure."""

from __future__ import annotations

from typing import Final

from payamak.domain.ids import SETTLE_AFTER, IdBase
from payamak.domain.message import RECEIPTED, Message, PartState, Reason, State
from payamak.domain.receipts import IdReport, Unmatched
from payamak.domain.site import Site
from payamak.hands.values import QueueRow

_REASONS: Final[dict[Reason, str]] = {
    Reason.ACCEPTED: "It is accepted and waits for its turn.",
    Reason.FALLBACK: "The step before met an opt-out; this step waits for its turn.",
    Reason.MOVED: "An operator moved it to this line.",
    Reason.THROTTLED: "The operator says we send too fast; the link slows down and it comes again.",
    Reason.OPERATOR_BUSY: "The operator cannot take it now; it comes again.",
    Reason.RECIPIENT_BUSY: "The operator cannot take more for this recipient now; it comes again.",
    Reason.LINK_DOWN: "No link of the line is bound.",
    Reason.OUTSIDE_HOURS: "Its line sends advertising only within its hours; it goes when they begin.",
    Reason.PACED: "Its line may send only so many messages a minute; its turn comes at the time named.",
    Reason.RESEND: "The answer to the last attempt is lost and the line says to send again; a copy is possible.",
    Reason.RECEIPTS_AWAITED: "Answers are lost, but receipts have come that may be about it: no further copy is sent.",
    Reason.ON_WIRE: "It is written to the operator, whose answer has not come.",
    Reason.TAKEN: "The operator took it; the receipt has not come.",
    Reason.NO_RECEIPTS: "The operator took it, by a link that gives no receipts.",
    Reason.RECEIPT: "The operator's receipt says so.",
    Reason.PARTLY_DELIVERED: "Some parts were delivered and others were not, so there is no fallback.",
    Reason.EXPIRED_AT_OPERATOR: "The operator gave up when the validity was over.",
    Reason.OPTED_OUT: "The recipient refuses messages of the last line of the plan.",
    Reason.REFUSED: "The operator refused it.",
    Reason.DEADLINE: "Its validity was over before an operator took it.",
    Reason.CLOCK: "The machine's clock has jumped: its validity is over by one clock and not by the other; it waits.",
    Reason.CANCELLED: "It was taken back by hand.",
    Reason.ANSWERED_BUSY: "The disk was so slow that the caller had been told 23 (busy); it was taken back, not sent.",
    Reason.ANSWER_LOST: "The operator's answer is lost and cannot be recovered: it may have arrived or not.",
    Reason.LINK_BROKE: "The link broke at it three times, at nothing else: it may have arrived or not.",
    Reason.NO_RECEIPT: "No receipt came until deadline and grace.",
    Reason.SOME_RECEIPTS: "Receipts came for some of its parts only.",
    Reason.OPERATOR_UNSURE: "The operator itself does not know what became of it.",
    Reason.RESTORED: "The store may be a copy that was put back; it may have been sent after the copy was made.",
    Reason.RESUMED: "It was held after a restore, a person let it go, and it waits for its turn.",
}

_PARTS: Final[dict[PartState, str]] = {
    PartState.WAITING: "waiting",
    PartState.ON_WIRE: "on the wire",
    PartState.AMBIGUOUS: "answer lost",
    PartState.TAKEN: "taken",
    PartState.DELIVERED: "delivered",
    PartState.UNDELIVERABLE: "undeliverable",
    PartState.EXPIRED: "expired at the operator",
    PartState.REJECTED: "rejected",
    PartState.OPTED_OUT: "opted out",
    PartState.UNSURE: "operator unsure",
}


def reason_text(reason: Reason) -> str:
    """A reason as one English sentence."""
    return _REASONS[reason]


def why_text(message: Message) -> str:
    """Why a message stands where it stands, as one English sentence with its numbers."""
    if message.reason is not Reason.SOME_RECEIPTS:
        return reason_text(message.reason)
    word = message.parts[message.step]
    told = sum(letter in RECEIPTED for letter in word)
    return f"Receipts came for {told} of {len(word)} parts until deadline and grace."


def part_text(letter: str) -> str:
    """A part's letter in words."""
    return _PARTS[PartState(letter)]


def step_text(message: Message, index: int) -> str:
    """Where one step of the plan stands, in a few words."""
    step = message.plan[index]
    if step.skip is not None:
        return f"skipped: known to be opted out ({int(step.skip)})"
    word = message.parts[index] if index < len(message.parts) else ""
    told = ", ".join(f"{word.count(letter)} {part_text(letter)}" for letter in dict.fromkeys(word))
    if index == message.step:
        return f"this step: {told or 'waiting'}"
    return told or ("dropped" if message.is_final else "later, only after an opt-out")


def stands_still(number: str, site: Site) -> str | None:
    """Why nothing that waits on a line goes, and what to do about it; None where a link may take it."""
    line = site.lines.get(number)
    if line is None:
        return f"Line {number} is not configured any more: configure it, or `payamak move` or `payamak cancel` this."
    if line.is_suspended:
        return f"It waits until `payamak resume line {number}`, or until its deadline."
    if not line.links:
        return f"Line {number} has no links: give it one, or `payamak move` what waits."
    if all(use.link in site.links and site.links[use.link].is_suspended for use in line.links):
        names = ", ".join(use.link for use in line.links)
        return f"All links of its line are suspended ({names}): `payamak resume link NAME`."
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
            return (
                "It is held until `payamak resume restored` (`resume moved` if the store is no copy), `payamak cancel`,"
                " or its deadline."
            )
        case State.QUEUED if stands is not None:
            return stands
        case State.QUEUED if message.reason is Reason.RECEIPTS_AWAITED:
            return "Further receipts decide; without them it is unknown at its deadline."
        case State.QUEUED if message.reason is Reason.CLOCK:
            return "It waits until the clock counts as true: in 10 minutes, or by `payamak clock accept`."
        case State.QUEUED if message.due_at > now:
            return "It is tried again when it is due."
        case State.QUEUED:
            return (
                "It goes out as soon as a link of its line is bound and has room; `payamak doctor` looks at the links."
            )
        case State.SENDING:
            return "The answer, or the end of the response timer, decides."
        case State.ENROUTE if not message.is_final:
            return "The receipt decides; without one it is unknown after deadline and grace."
        case State.UNKNOWN if not message.was_settled_late:
            return "Nothing is done any more; a late receipt may still settle it."
        case _:
            return "Nothing: this is final."


_WAITING: Final[dict[str, str]] = {
    Unmatched.NO_ID: "It names no id.",
    Unmatched.UNKNOWN_ID: "No message has this id; its answer may still come.",
    Unmatched.OTHER_RECIPIENT: "The id is a message's to another recipient.",
    Unmatched.TWO_READINGS: "It fits two messages, as hex and as decimal; it waits until more is known of the ids.",
    Unmatched.OTHER_READING: "It fits a message only under a reading that is not in use.",
    Unmatched.SIBLING: "The part with this id has its receipt; another part of the text may get the same id.",
}


def waiting_text(why: str) -> str:
    """Why a receipt waits; one that an older version kept does not say."""
    return _WAITING.get(why, "No message has this id.")


_BASES: Final[dict[IdBase, str]] = {
    IdBase.AUTO: "not known yet",
    IdBase.SAME: "as in the answer",
    IdBase.HEX_TO_DECIMAL: "hex in the answer, decimal in the receipt",
    IdBase.DECIMAL_TO_HEX: "decimal in the answer, hex in the receipt",
}


def ids_text(report: IdReport) -> str:
    """What was learned of an upstream's ids, and of what."""
    habit = report.habit
    says = _BASES[habit.choice]
    if habit.settled is not IdBase.AUTO:
        return f"{says}, learned of {habit.judged} receipts"
    if habit.judged:
        counts = f"alike {habit.same}, hex to decimal {habit.hex_to_decimal}, decimal to hex {habit.decimal_to_hex}"
        says += f"; of {habit.judged} receipts fit: {counts}"
    if habit.contradictions:
        says += f"; {habit.contradictions} contradictions"
    return says + f"; {SETTLE_AFTER} or more clear ones settle it"


def conflicts_of(report: IdReport) -> int:
    """How many of an upstream's receipts wait because more than one reading, or another one, fits."""
    return report.waiting.get(Unmatched.TWO_READINGS, 0) + report.waiting.get(Unmatched.OTHER_READING, 0)
