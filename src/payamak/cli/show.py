"""`payamak show`: the whole story of one message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from payamak.cli.bounds import Id
from payamak.cli.messages import plain
from payamak.cli.page import links_up
from payamak.cli.shell import (
    Common,
    ExitCode,
    Failed,
    fill,
    grid,
    instant_text,
    look_at_store,
    now_ms,
    show_block,
    tell,
)
from payamak.cli.webhooks import table_of
from payamak.codes import Code
from payamak.domain.events import OutcomeKind
from payamak.domain.instants import duration_text
from payamak.domain.message import PartState
from payamak.domain.standing import state_code
from payamak.hands.explain import next_words, step_words, why_of
from payamak.language import Words, spoken, worded
from payamak.texts.headings import heading
from payamak.texts.parts import OUTCOMES, PARTS
from payamak.texts.reasons import LANES, STATES, STEP_KINDS

if TYPE_CHECKING:
    from rich.console import Console

    from payamak.domain.message import Message
    from payamak.domain.site import Site
    from payamak.hands.values import PartRecord, Story


async def show(
    message_id: Id, *, text: Annotated[bool, Parameter(negative="")] = False, common: Common = Common()
) -> int:
    """Tell all of one message: its plan, attempts, answers, receipts, money, what happens next and why.

    Example: `payamak show 3403 --text`

    Parameters
    ----------
    message_id
        As wsSend answered it.
    text
        Show the texts too.
    """
    now = now_ms()
    async with look_at_store(common) as store:
        story, site = await store.story(message_id), store.site
    if story is None:
        raise Failed(
            worded(
                f"there is no message {message_id}: it never was, or it has been retired",
                f"پیام {message_id} نیست: هرگز نبوده، یا بایگانی‌اش تمام شده است",
            )
        )
    m = story.message
    up = {} if m.is_final else await links_up(common.settings())
    says = {"why": why_of(m, site, up), "next": next_words(m, site, now, up)}
    tell(common, {**_plain(story, text=text), **says}, lambda console: _print(console, story, site, says, now, text))
    return ExitCode.DONE


def _plain(story: Story, *, text: bool) -> dict[str, Any]:
    import msgspec

    made: dict[str, Any] = msgspec.to_builtins(story)
    made["message"] = plain(story.message, text=text)
    made["notices"] = [
        {"event": notice.id, **told} for notice, told in zip(story.notices, made["notices"], strict=True)
    ]
    made["state_code"] = state_code(story.message.state, story.message.was_taken)
    return made


def _print(console: Console, story: Story, site: Site, says: dict[str, Words], now: int, text: bool) -> None:
    from rich.text import Text

    m = story.message
    facts = fill(grid("", ""), ((heading(name), fact) for name, fact in _facts(m, site, says, now)))
    facts.show_header = False
    console.print(Text(worded(f"Message {m.id}", f"پیام {m.id}"), style="bold"))
    console.print(facts)
    columns: tuple[str, ...] = ("step", "line", "kind", "encoding", "parts", "rial", "stands")
    steps = fill(grid(*columns, title="Plan", right=("step", "parts", "rial")), _steps(m))
    console.print(steps)
    if moves := _moves(m):
        columns = ("at", "step", "from line", "to line", "by")
        console.print(fill(grid(*columns, title="Moved by hand", right=("step",)), moves))
    if text:
        for index, step in enumerate(m.plan, 1):
            console.print(Text(worded(f"Text of step {index}:", f"متن گام {index}:"), style="italic"))
            show_block(console, step.text)
    if story.parts:
        columns = ("step", "try", "part", "link", "on the wire", "answer", "after", "operator id", "receipt", "came")
        console.print(fill(grid(*columns, title="Attempts"), (_attempt(part) for part in story.parts)))
    if story.receipts:
        rows = ((instant_text(r.received_at), r.link, r.operator_id, r.stat, r.err, r.standing) for r in story.receipts)
        columns = ("received", "link", "operator id", "stat", "err", "standing")
        console.print(fill(grid(*columns, title="Further receipts"), rows))
    if story.entries:
        money = ((instant_text(e.at), e.kind, e.source, e.target, f"{e.amount:,}", e.note) for e in story.entries)
        columns = ("at", "entry", "from", "to", "rial", "note")
        console.print(fill(grid(*columns, title="Money", right=("rial",)), money))
    if story.notices:
        console.print(table_of(story.notices, site, now, title=heading("Told to the webhook")))


def _facts(m: Message, site: Site, says: dict[str, Words], now: int) -> list[tuple[str, str]]:
    account = site.accounts_by_id.get(m.account_id)
    told = state_code(m.state, m.was_taken, account.unknown_state if account else 4)
    facts = [
        ("account", account.username if account else f"#{m.account_id}"),
        ("recipient", m.recipient),
        (
            "class, source",
            worded(f"{m.lane.name.lower()}, {m.source}", f"{spoken(LANES[m.lane])}، {m.source}"),
        ),
        ("accepted", instant_text(m.accepted_at)),
        (
            "deadline",
            f"{instant_text(m.deadline_at)}" + (worded(" (over)", " (گذشته)") if now >= m.deadline_at else ""),
        ),
        (
            "state",
            worded(
                f"{m.state.value} since {instant_text(m.changed_at)}; wsStates says {told}",
                f"{spoken(STATES[m.state])} از {instant_text(m.changed_at)}؛ wsStates می‌گوید {told}",
            ),
        ),
        ("why", spoken(says["why"]) + worded(f" ({m.reason.value})", "")),
    ]
    if m.code is not None:
        facts.append(
            ("code", worded(f"{int(m.code)}: {Code(m.code).english}", f"{int(m.code)}: {Code(m.code).persian}"))
        )
    if not m.is_final and m.due_at > now:
        facts.append(
            (
                "due",
                worded(
                    f"{instant_text(m.due_at)}, in {duration_text(m.due_at - now)}",
                    f"{instant_text(m.due_at)}، {duration_text(m.due_at - now)} دیگر",
                ),
            )
        )
    if m.copies:
        facts.append(
            (
                "copies",
                worded(f"{m.copies} parts may have been sent twice", f"شاید {m.copies} بخش دو بار فرستاده شده باشد"),
            )
        )
    facts.append(
        (
            "money",
            worded(
                f"{m.charged:,} rial charged, {m.reserved:,} rial reserved",
                f"{m.charged:,} ریال برداشت، {m.reserved:,} ریال رزرو",
            ),
        )
    )
    facts.append(("next", says["next"]))
    return facts


def _steps(m: Message) -> list[tuple[object, ...]]:
    return [
        (index + 1, s.line, spoken(STEP_KINDS[s.kind]), s.encoding.value, s.parts, f"{s.price:,}", step_words(m, index))
        for index, s in enumerate(m.plan)
    ]


def _moves(m: Message) -> list[tuple[object, ...]]:
    """Each move by hand: when, of which step, from where to where, by whom."""
    rows: list[tuple[object, ...]] = []
    for index, step in enumerate(m.plan, 1):
        reached = (*(move.from_line for move in step.moves), step.line)[1:]
        for move, to in zip(step.moves, reached, strict=True):
            rows.append((instant_text(move.at), index, move.from_line, to, move.by or worded("nobody said", "نامعلوم")))
    return rows


def _attempt(part: PartRecord) -> tuple[object, ...]:
    answer = spoken(OUTCOMES[OutcomeKind(part.answer)]) if part.answer else worded("none yet", "هنوز هیچ")
    if part.status is not None:
        answer += f" {part.status} (0x{part.status:08X})"
    if part.code is not None and part.answer in ("opted_out", "refused"):
        answer += f" ({part.code})"
    after = "" if part.answered_at is None else duration_text(part.answered_at - part.on_wire_at)
    receipt = "" if part.receipt is None else spoken(PARTS[PartState(part.receipt)])
    if part.receipt_stat:
        receipt += f" {part.receipt_stat}" + (
            worded(f" err {part.receipt_err}", f" خطا {part.receipt_err}") if part.receipt_err else ""
        )
    if part.receipt is not None and part.answer in (None, "ambiguous"):
        receipt += worded("; settled by recipient and line, not by id", "؛ با گیرنده و خط تطبیق داده شد، نه با شناسه")
    return (
        part.step + 1,
        part.try_no,
        part.part,
        part.link,
        instant_text(part.on_wire_at),
        answer,
        after,
        part.operator_id,
        receipt,
        instant_text(part.receipt_at),
    )
