"""The story of one message: where it stands and why, what follows, its text, its plan, and what happened when."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from msgspec import Struct

from payamak.domain.events import OutcomeKind
from payamak.domain.message import Message, PartState, State
from payamak.domain.site import Account
from payamak.domain.standing import state_code
from payamak.encoding.parts import Encoding
from payamak.hands.values import PartRecord
from payamak.hands.values import Story as Found
from payamak.language import spoken
from payamak.panel import shown
from payamak.panel.shown import Sight, apart, count
from payamak.texts.panel import PANEL, say
from payamak.texts.posts import POSTS
from payamak.texts.reasons import REASONS, STEP_KINDS
from payamak.texts.standings import Tone, told

MOST_HAPPENINGS: Final = 200
"""Of one message that are shown, the latest; one that was tried for three days has more."""


class Fact(Struct, frozen=True, kw_only=True):
    """What is known of it, in a word; `is_latin`: it is copied, or compared."""

    label: str
    value: str
    is_latin: bool = False


class StepRow(Struct, frozen=True, kw_only=True):
    """One way of its plan."""

    number: int
    line: str
    kind: str
    parts: int
    rial: int
    standing: str
    is_current: bool


class Happening(Struct, frozen=True, kw_only=True):
    """What happened at an instant."""

    at: int
    what: str
    detail: str = ""
    tone: str = Tone.OFF.value


class StoryPage(Struct, frozen=True, kw_only=True):
    """The page."""

    id: int
    standing: str
    tone: str
    icon: str
    why: str
    next: str
    facts: tuple[Fact, ...]
    text: tuple[str, ...]
    may_read: bool
    about_text: str
    plan: tuple[StepRow, ...]
    happenings: tuple[Happening, ...]
    is_final: bool
    may_take_back: bool


def story_of(found: Found, account: Account, sight: Sight, now: int, *, may_act: bool) -> StoryPage:
    """The story as its page has it; `may_act`: whoever looks may take it back while it waits."""
    m = found.message
    each = told(m.state, m.reason, m.was_taken, m.code)
    current = m.current
    return StoryPage(
        id=m.id,
        standing=spoken(each.words),
        tone=each.tone.value,
        icon=each.icon,
        why=spoken(REASONS[m.reason]),
        next=_next(m, now),
        facts=tuple(_facts(m, account, sight)),
        text=tuple(sight.text(current.text)),
        may_read=sight.is_full,
        about_text=_about_text(m),
        plan=tuple(_step(m, index) for index in range(len(m.plan))),
        happenings=tuple(sorted(_happenings(found), key=lambda one: one.at))[-MOST_HAPPENINGS:],
        is_final=m.is_final,
        may_take_back=may_act and m.state is State.QUEUED,
    )


def _facts(m: Message, account: Account, sight: Sight) -> Iterator[Fact]:
    yield Fact(label=say("fact.recipient"), value=sight.number(m.recipient), is_latin=True)
    yield Fact(label=say("fact.line"), value=m.current.line, is_latin=True)
    yield Fact(label=say("fact.accepted"), value=shown.moment(m.accepted_at))
    yield Fact(label=say("fact.deadline"), value=shown.moment(m.deadline_at))
    charged = say("fact.charged_value", rial=count(m.charged))
    if m.reserved:
        charged = say("fact.reserved_value", rial=count(m.charged), reserved=count(m.reserved))
    yield Fact(label=say("fact.money"), value=charged)
    source = PANEL.get(f"source.{m.source.lower()}")
    yield Fact(label=say("fact.source"), value=m.source if source is None else spoken(source))
    code = str(state_code(m.state, m.was_taken, account.unknown_state))
    yield Fact(label=say("fact.code"), value=code, is_latin=True)
    if m.copies:
        yield Fact(label=say("fact.copies"), value=count(m.copies))


def _about_text(m: Message) -> str:
    kind = "persian" if m.current.encoding is Encoding.UCS2 else "latin"
    return say(f"text.{kind}", length=count(len(m.current.text)), parts=count(m.current.parts))


def _next(m: Message, now: int) -> str:
    """What follows, and what a person may do."""
    if m.state is State.QUEUED and not m.is_held and m.due_at > now:
        return say("next.due", at=shown.moment(m.due_at))
    if m.is_held:
        return say("next.held")
    key = f"next.{m.state.value}"
    if m.is_final and m.state is State.ENROUTE:
        key = "next.no_receipts"
    return say(key, at=shown.moment(m.deadline_at))


def _step(m: Message, index: int) -> StepRow:
    step = m.plan[index]
    word = m.parts[index] if index < len(m.parts) else ""
    if step.skip is not None:
        standing = say("step.skipped", code=apart(int(step.skip)))
    elif word:
        standing = "، ".join(
            _counted(word.count(letter), len(word), say(f"part.{letter}")) for letter in dict.fromkeys(word)
        )
    elif index == m.step:
        standing = say(f"part.{PartState.WAITING}")
    else:
        standing = say("step.dropped" if m.is_final else "step.later")
    return StepRow(
        number=index + 1,
        line=step.line,
        kind=spoken(STEP_KINDS[step.kind]),
        parts=step.parts,
        rial=step.price,
        standing=standing,
        is_current=index == m.step,
    )


def _happenings(found: Found) -> Iterator[Happening]:
    m = found.message
    yield Happening(at=m.accepted_at, what=say("happened.accepted"))
    for step in m.plan:
        for move in step.moves:
            detail = say("happened.moved_from", line=apart(move.from_line))
            yield Happening(at=move.at, what=say("happened.moved"), detail=detail)
    for (index, try_no), parts in groupby(found.parts, key=lambda part: (part.step, part.try_no)):
        yield from _attempt(m, index, try_no, list(parts))
    for notice in found.notices:
        if notice.posted_at is not None:
            standing = told(notice.state, notice.reason, notice.was_taken, notice.code)
            detail = say(
                "happened.told_detail",
                standing=spoken(standing.words),
                post=spoken(POSTS[notice.post]),
                tries=count(notice.tries),
            )
            yield Happening(at=notice.posted_at, what=say("happened.told"), detail=detail)
    if m.is_final and m.changed_at > m.accepted_at:
        each = told(m.state, m.reason, m.was_taken, m.code)
        what = say("happened.ended", standing=spoken(each.words))
        yield Happening(at=m.changed_at, what=what, tone=each.tone.value)


def _attempt(m: Message, index: int, try_no: int, parts: list[PartRecord]) -> Iterator[Happening]:
    """One try of a step: what is the same of all its parts is said once."""
    line = m.plan[index].line_of(try_no) if index < len(m.plan) else ""
    of = count(len(parts))
    key = "happened.sent" if try_no == 1 else "happened.sent_again"
    yield Happening(
        at=min(part.on_wire_at for part in parts),
        what=say(key, line=apart(line), parts=of),
        tone=Tone.UNDER_WAY.value,
    )
    answers: dict[tuple[str, int | None], list[int]] = {}
    receipts: dict[str, list[int]] = {}
    for part in parts:
        if part.answer is not None and part.answered_at is not None:
            answers.setdefault((part.answer, part.code), []).append(part.answered_at)
        if part.receipt is not None and part.receipt_at is not None:
            receipts.setdefault(part.receipt, []).append(part.receipt_at)
    for (answer, code), at in answers.items():
        kind = OutcomeKind(answer)
        detail = _of(len(at), len(parts))
        if code is not None and kind in (OutcomeKind.OPTED_OUT, OutcomeKind.REFUSED):
            detail = "، ".join(filter(None, (say("happened.with_code", code=apart(code)), detail)))
        tone = Tone.UNDER_WAY if kind is OutcomeKind.TAKEN else Tone.BAD
        yield Happening(at=max(at), what=say(f"answer.{answer}"), detail=detail, tone=tone.value)
    for letter, at in receipts.items():
        what = say(f"receipt.{letter}")
        tone = Tone.GOOD if letter == PartState.DELIVERED else Tone.BAD
        yield Happening(at=max(at), what=what, detail=_of(len(at), len(parts)), tone=tone.value)


def _counted(some: int, all_: int, words: str) -> str:
    """What is true of some parts; of how many, where there are several."""
    return words if all_ == 1 else f"{count(some)} {words}"


def _of(some: int, all_: int) -> str:
    """Of how many parts something is true; nothing where that is all of them, and there is one."""
    if all_ == 1:
        return ""
    return say("happened.of_parts", some=count(some), all=count(all_))
