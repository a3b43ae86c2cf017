"""Why a message stands where it stands and what happens next, as values in both languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from payamak.domain.ids import SETTLE_AFTER, IdBase
from payamak.domain.message import RECEIPTED, Message, PartState, Reason, State
from payamak.domain.receipts import IdReport, Unmatched
from payamak.domain.site import Site
from payamak.language import Words, joined
from payamak.texts import stories
from payamak.texts.parts import ID_BASES, PARTS, UNMATCHED
from payamak.texts.reasons import REASONS


def why_words(line: str, state: State, reason: Reason, site: Site, up: Mapping[str, bool]) -> Words:
    """Why messages stand where they stand, in one sentence: first what keeps all that waits on their line, with what to
    do about it. The queue and the story of a message say the same, for both ask here.
    """
    waits = state is State.QUEUED and reason is not Reason.RESTORED
    return (waits and stands_still(line, site, up)) or REASONS[reason]


def why_of(message: Message, site: Site, up: Mapping[str, bool]) -> Words:
    """The same of one message, with its numbers."""
    if message.reason is not Reason.SOME_RECEIPTS:
        return why_words(message.current.line, message.state, message.reason, site, up)
    word = message.parts[message.step]
    return stories.SOME_RECEIPTS.filled(told=sum(letter in RECEIPTED for letter in word), parts=len(word))


def step_words(message: Message, index: int) -> Words:
    """Where one step of the plan stands, in a few words."""
    step = message.plan[index]
    if step.skip is not None:
        return stories.SKIPPED.filled(code=int(step.skip))
    word = message.parts[index] if index < len(message.parts) else ""
    told = joined(
        (joined((f"{word.count(letter)} ", PARTS[PartState(letter)])) for letter in dict.fromkeys(word)),
        Words(", ", "، "),
    )
    if index == message.step:
        return stories.THIS_STEP.filled(told=told or stories.WAITING)
    if told:
        return told
    return stories.DROPPED if message.is_final else stories.LATER


def stands_still(number: str, site: Site, up: Mapping[str, bool]) -> Words | None:
    """Why nothing that waits on a line goes, and what to do about it; None where a link may take it.

    `up` says of links by name whether they are bound, as far as a running server was asked.
    """
    line = site.lines.get(number)
    if line is None:
        return stories.LINE_GONE.filled(line=number)
    if line.is_suspended:
        return stories.LINE_SUSPENDED.filled(line=number)
    if not line.links:
        return stories.NO_LINKS.filled(line=number)
    names = ", ".join(use.link for use in line.links)
    if all(use.link in site.links and site.links[use.link].is_suspended for use in line.links):
        return stories.LINKS_SUSPENDED.filled(line=number, links=names)
    if not any(up.get(use.link, True) for use in line.links):
        return stories.LINKS_DOWN.filled(line=number, links=names)
    return None


def next_words(message: Message, site: Site, now: int, up: Mapping[str, bool]) -> Words:
    """What happens next, and what a person may do about it."""
    match message.state:
        case State.QUEUED if message.is_held:
            return stories.HELD
        case State.QUEUED if stands_still(message.current.line, site, up) is not None:
            return stories.STANDS_STILL
        case State.QUEUED if message.reason is Reason.RECEIPTS_AWAITED:
            return stories.RECEIPTS_AWAITED
        case State.QUEUED if message.reason is Reason.CLOCK:
            return stories.CLOCK_IN_DOUBT
        case State.QUEUED if message.due_at > now:
            return stories.DUE
        case State.QUEUED:
            return stories.GOES_OUT
        case State.SENDING:
            return stories.ANSWER_AWAITED
        case State.ENROUTE if not message.is_final:
            return stories.RECEIPT_AWAITED
        case State.UNKNOWN if not message.was_settled_late:
            return stories.PERHAPS_LATE
        case _:
            return stories.FINAL


def waiting_words(why: str) -> Words:
    """Why a receipt waits; one that an older version kept does not say."""
    return UNMATCHED[Unmatched(why)] if why in [*Unmatched] else stories.NO_SUCH_ID


def ids_words(report: IdReport) -> Words:
    """What was learned of an upstream's ids, and of what."""
    habit = report.habit
    base = ID_BASES[habit.choice]
    if habit.settled is not IdBase.AUTO:
        return stories.LEARNED.filled(base=base, judged=habit.judged)
    says = [base]
    if habit.judged:
        same, to_decimal, to_hex = habit.same, habit.hex_to_decimal, habit.decimal_to_hex
        says.append(stories.LEARNING.filled(judged=habit.judged, same=same, to_decimal=to_decimal, to_hex=to_hex))
    if habit.contradictions:
        says.append(stories.CONTRADICTIONS.filled(count=habit.contradictions))
    return joined([*says, stories.SETTLED_BY.filled(enough=SETTLE_AFTER)])


def conflicts_of(report: IdReport) -> int:
    """How many of an upstream's receipts wait because more than one reading, or another one, fits."""
    return report.waiting.get(Unmatched.TWO_READINGS, 0) + report.waiting.get(Unmatched.OTHER_READING, 0)
