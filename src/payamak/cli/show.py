"""`payamak show`: the whole story of one message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from payamak.cli.bounds import Id
from payamak.cli.explain import next_text, part_text, step_text, why_text
from payamak.cli.messages import plain
from payamak.cli.shell import (
    Common,
    ExitCode,
    Failed,
    duration_text,
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
from payamak.domain.standing import state_code

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
        raise Failed(f"there is no message {message_id}: it never was, or it has been retired")
    m = story.message
    says = {"why": why_text(m), "next": next_text(m, site, now)}
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


def _print(console: Console, story: Story, site: Site, says: dict[str, str], now: int, text: bool) -> None:
    from rich.text import Text

    m = story.message
    facts = fill(grid("", ""), _facts(m, site, says, now))
    facts.show_header = False
    console.print(Text(f"Message {m.id}", style="bold"))
    console.print(facts)
    columns: tuple[str, ...] = ("step", "line", "kind", "encoding", "parts", "rial", "stands")
    steps = fill(grid(*columns, title="Plan", right=("step", "parts", "rial")), _steps(m))
    console.print(steps)
    if moves := _moves(m):
        columns = ("at", "step", "from line", "to line", "by")
        console.print(fill(grid(*columns, title="Moved by hand", right=("step",)), moves))
    if text:
        for index, step in enumerate(m.plan, 1):
            console.print(Text(f"Text of step {index}:", style="italic"))
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
        console.print(table_of(story.notices, site, now, title="Told to the webhook"))


def _facts(m: Message, site: Site, says: dict[str, str], now: int) -> list[tuple[str, str]]:
    account = site.accounts_by_id.get(m.account_id)
    told = state_code(m.state, m.was_taken, account.unknown_state if account else 4)
    facts = [
        ("account", account.username if account else f"#{m.account_id}"),
        ("recipient", m.recipient),
        ("class, source", f"{m.lane.name.lower()}, {m.source}"),
        ("accepted", instant_text(m.accepted_at)),
        ("deadline", f"{instant_text(m.deadline_at)}" + (" (over)" if now >= m.deadline_at else "")),
        ("state", f"{m.state.value} since {instant_text(m.changed_at)}; wsStates says {told}"),
        ("why", f"{says['why']} ({m.reason.value})"),
    ]
    if m.code is not None:
        facts.append(("code", f"{int(m.code)}: {Code(m.code).english}"))
    if not m.is_final and m.due_at > now:
        facts.append(("due", f"{instant_text(m.due_at)}, in {duration_text(m.due_at - now)}"))
    if m.copies:
        facts.append(("copies", f"{m.copies} parts may have been sent twice"))
    facts.append(("money", f"{m.charged:,} rial charged, {m.reserved:,} rial reserved"))
    facts.append(("next", says["next"]))
    return facts


def _steps(m: Message) -> list[tuple[object, ...]]:
    return [
        (index + 1, s.line, s.kind.value, s.encoding.value, s.parts, f"{s.price:,}", step_text(m, index))
        for index, s in enumerate(m.plan)
    ]


def _moves(m: Message) -> list[tuple[object, ...]]:
    """Each move by hand: when, of which step, from where to where, by whom."""
    rows: list[tuple[object, ...]] = []
    for index, step in enumerate(m.plan, 1):
        reached = (*(move.from_line for move in step.moves), step.line)[1:]
        for move, to in zip(step.moves, reached, strict=True):
            rows.append((instant_text(move.at), index, move.from_line, to, move.by or "nobody said"))
    return rows


def _attempt(part: PartRecord) -> tuple[object, ...]:
    answer = part.answer or "none yet"
    if part.status is not None:
        answer += f" {part.status} (0x{part.status:08X})"
    if part.code is not None and part.answer in ("opted_out", "refused"):
        answer += f" ({part.code})"
    after = "" if part.answered_at is None else duration_text(part.answered_at - part.on_wire_at)
    receipt = "" if part.receipt is None else part_text(part.receipt)
    if part.receipt_stat:
        receipt += f" {part.receipt_stat}" + (f" err {part.receipt_err}" if part.receipt_err else "")
    if part.receipt is not None and part.answer in (None, "ambiguous"):
        receipt += "; settled by recipient and line, not by id"
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
