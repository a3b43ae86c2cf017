"""The promises, checked at the end of a world: the file, the callers' answers and the operators' ledgers are joined."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from tests.simulation.draw import SIM

from payamak.codes import Code, StateCode
from payamak.domain.events import OnAmbiguous
from payamak.domain.message import Message, Reason, State
from payamak.domain.site import Account, Line, Link
from payamak.domain.standing import state_code
from payamak.simulator.ledger import Entry
from payamak.store.records import Search
from payamak.store.records import Story as Record
from payamak.store.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from tests.simulation.story import Story

PUBLISHED_WITHIN_S: Final = 10.0
EARLY_MS: Final = 10
"""Within which the gateway follows its clocks."""
_TOKEN: Final = re.compile(r"(?<!\d)\d{4}(?!\d)")


class Kept(Struct, frozen=True):
    """One submit that an operator got: its ledger's entry, and when the gateway wrote it."""

    operator: int
    entry: Entry
    written_at: int


async def check_all(story: Story) -> None:
    """Every promise that can be read from what is left."""
    store = SqliteStore(story.world.path, inline=True)
    try:
        messages = await store.search(Search(limit=10_000))
        records = {m.id: r for m in messages if (r := await store.story(m.id)) is not None}
        balances = await store.balances()
    finally:
        await store.close()
    sent = _submits(story)
    tokens = {m.id: token for m in messages if (token := _token_of(m.plan[0].text)) is not None}
    _check_promises(story, records, tokens)
    for message_id, record in records.items():
        mine = sent.get(tokens.get(message_id, ""), [])
        _check_end(story, record)
        _check_copies(story, record, mine)
        _check_deadline(story, record, mine)
        _check_expiry(story, record.message)
        _check_fallback(story, record, mine)
        _check_truth(story, record, mine, records)
        _check_receipts(story, record, mine)
        _check_starved(story, record)
    _check_haste(story)
    _check_pace(story, sent)
    _check_answers(story, records)
    _check_unknown_submits(story, sent, set(tokens.values()))
    for balance in balances:
        charged = sum(r.message.charged for r in records.values() if r.message.account_id == balance.account_id)
        credit = story.scenario.credit + (story.credited if balance.username == "shop" else 0)
        if not balance.is_balanced or balance.reserved or balance.available != credit - charged:
            story.world.fail(f"money: {balance}, credited {credit}, charged {charged}")


def _token_of(text: str) -> str | None:
    found = _TOKEN.search(text)
    return found[0] if found else None


def _submits(story: Story) -> dict[str, list[Kept]]:
    """What the operators got, by token, in the order of writing."""
    sent: dict[str, list[Kept]] = defaultdict(list)
    for number, operator in enumerate(story.world.operators):
        for entry in operator.ledger.entries:
            written_s = story.world.written_at_s[number][entry.serial]
            token = _token_of(entry.text) or ""
            sent[token].append(Kept(number, entry, story.epoch_ms + int(written_s * 1_000)))
    return sent


def _check_promises(story: Story, records: dict[int, Record], tokens: dict[int, str]) -> None:
    """P1: what was told -1 is on disk, under its id; what was refused is not, or is rejected."""
    by_token: dict[str, list[int]] = defaultdict(list)
    for message_id, token in tokens.items():
        by_token[token].append(message_id)
    for token, ids in by_token.items():
        if len(ids) > 1:
            story.world.fail(f"{token} is kept more than once: {ids}")
    for told in story.told.values():
        ids = by_token.get(told.token, [])
        if told.status == -1 and told.message_id not in ids:
            story.world.fail(f"{told.token} was promised as {told.message_id}, on disk is {ids}")
        elif told.status is not None and told.status > 0:
            wrong = [i for i in ids if records[i].message.state is not State.REJECTED]
            if wrong:
                story.world.fail(f"{told.token} was refused with {told.status}, and is kept as {wrong}")
            if told.status == Code.INTERNAL and not ids:
                story.world.fail(f"{told.token} was answered {told.status}")


def _check_end(story: Story, record: Record) -> None:
    """P2: one final state with a reason that fits; no part is on the wire."""
    message = record.message
    if not message.is_final:
        story.world.fail(f"{message.id} is not final: {message.state} {message.reason}")
    elif message.reason not in _REASONS[message.state]:
        story.world.fail(f"{message.id} ended as {message.state}, because {message.reason}")
    elif message.reserved or message.is_leased:
        story.world.fail(f"{message.id} is final and holds a lease or money")


_REASONS: Final[dict[State, frozenset[Reason]]] = {
    State.ENROUTE: frozenset({Reason.NO_RECEIPTS}),
    State.DELIVERED: frozenset({Reason.RECEIPT}),
    State.UNDELIVERABLE: frozenset({Reason.RECEIPT, Reason.EXPIRED_AT_OPERATOR, Reason.PARTLY_DELIVERED}),
    State.REJECTED: frozenset({Reason.REFUSED, Reason.OPTED_OUT, Reason.RECEIPT}),
    State.EXPIRED: frozenset({Reason.DEADLINE}),
    State.CANCELLED: frozenset({Reason.CANCELLED}),
    State.UNKNOWN: frozenset({Reason.ANSWER_LOST, Reason.NO_RECEIPT, Reason.OPERATOR_UNSURE, Reason.LINK_BROKE}),
}


def _check_copies(story: Story, record: Record, mine: list[Kept]) -> None:
    """P3: the operator kept no more copies than are counted, none on a line that holds."""
    kept: dict[tuple[str, int], int] = defaultdict(int)
    for one in mine:
        if one.entry.is_taken:
            kept[one.entry.line, one.entry.part] += 1
    copies = sum(count - 1 for count in kept.values())
    if copies > record.message.copies:
        story.world.fail(f"{record.message.id}: {copies} copies, {record.message.copies} counted: {dict(kept)}")
    for (number, part), count in kept.items():
        line = _line(story, number)
        if count > 1 and line.on_ambiguous is OnAmbiguous.HOLD:
            story.world.fail(f"{record.message.id}: part {part} went out {count} times on {number}, which holds")


def _line(story: Story, number: str) -> Line:
    return next(d for d in story.scenario.documents if isinstance(d, Line) and d.number == number)


def _check_deadline(story: Story, record: Record, mine: list[Kept]) -> None:
    """P7: nothing is written after the deadline."""
    for one in mine:
        if one.written_at > record.message.deadline_at:
            late_ms = one.written_at - record.message.deadline_at
            story.world.fail(f"{record.message.id}: written {late_ms} ms after its deadline on {one.entry.line}")


def _check_expiry(story: Story, message: Message) -> None:
    """P7: nothing expires before its deadline, whatever the machine's clock said."""
    at_s = story.history.expired_at_s(message.id)
    if at_s is not None and (early_ms := message.deadline_at - story.epoch_ms - int(at_s * 1_000)) > EARLY_MS:
        story.world.fail(f"{message.id}: expired {early_ms} ms before its deadline")


def _check_fallback(story: Story, record: Record, mine: list[Kept]) -> None:
    """P4: a later step goes out only after an opt-out of the one before, by the file and by the operator."""
    message = record.message
    used = sorted({part.step for part in record.parts})
    for earlier, later in pairwise(used):
        if not any(p.step == earlier and (p.answer == "opted_out" or p.receipt == "o") for p in record.parts):
            story.world.fail(f"{message.id}: step {later} went out, step {earlier} was not opted out")
    if story.history.has_reason(message.id, Reason.MOVED):
        return
    for step in used[1:]:
        first_at = min(p.on_wire_at for p in record.parts if p.step == step)
        before = [m for m in mine if m.entry.line == message.plan[used[used.index(step) - 1]].line]
        if not any(m.entry.behaviour.startswith("opted_out") and m.written_at <= first_at for m in before):
            story.world.fail(f"{message.id}: step {step} went out, the operator knows no opt-out before it")


def _check_truth(story: Story, record: Record, mine: list[Kept], records: dict[int, Record]) -> None:
    """P2 against the operator's ledger: delivered was delivered; what ended unsent was kept by nobody.

    The one limit of P3: a receipt that comes after deadline and grace of its own message may be taken for that of a
    newer one to the same person by the same line (docs/guide/receipts.md). Graces here are minutes.
    """
    message = record.message
    kept = [one for one in mine if one.entry.is_taken]
    if message.state is State.DELIVERED:
        delivered = {one.entry.part for one in kept if "DELIVRD" in one.entry.receipts}
        if len(delivered) < message.current.wire_parts and not _was_outlived(story, record, records):
            story.world.fail(f"{message.id}: delivered, the operator says so of {delivered} only")
    unsent = message.state in (State.EXPIRED, State.CANCELLED) and not message.was_taken
    if unsent and kept:
        story.world.fail(f"{message.id}: {message.state} and never taken, the operator kept {len(kept)}")


def _was_outlived(story: Story, record: Record, records: dict[int, Record]) -> bool:
    """Whether a lost copy to the same person by the same line was past deadline and grace before the message ended."""
    message = record.message
    for other in records.values():
        m = other.message
        grace_ms = int(_line(story, m.current.line).receipt_grace_hours * 3_600_000)
        is_over = m.deadline_at + grace_ms <= message.changed_at
        is_alike = (m.recipient, m.current.line) == (message.recipient, message.current.line)
        if m.id != message.id and is_alike and is_over and any(part.answer == "ambiguous" for part in other.parts):
            return True
    return False


def _check_receipts(story: Story, record: Record, mine: list[Kept]) -> None:
    """What we acknowledged is on disk: the part that it names has its receipt, or the message one that ends nothing."""
    acknowledged = {
        one.entry.operator_id: one.entry for one in mine if 0 in one.entry.acknowledged and one.entry.operator_id
    }
    for part in record.parts:
        entry = acknowledged.get(part.operator_id or "")
        is_kept = any(r.operator_id == part.operator_id and r.standing == "intermediate" for r in record.receipts)
        if part.answer == "taken" and entry is not None and part.receipt is None and not is_kept:
            story.world.fail(
                f"{record.message.id}: the receipt of {part.operator_id} ({entry.behaviour}) was taken and is lost"
            )


HEALED_MS: Final = 400_000
"""After so long without new troubles every link is up and has been through what waited for it."""

_TROUBLING: Final = frozenset(("9010", "9011", "9040", "9041", "9050", "9051", "9052"))


def _check_starved(story: Story, record: Record) -> None:
    """What has had a healthy way for minutes does not expire: nothing is forgotten in a lane or under a lease."""
    message = record.message
    since = max(story.mended_at, message.accepted_at)
    if message.state is not State.EXPIRED or message.deadline_at < since + HEALED_MS or _is_slow(story, message):
        return
    story.world.fail(f"{message.id}: expired after {message.tries} tries, its line {message.current.line} was open")


def _is_slow(story: Story, message: Message) -> bool:
    """Whether the way of a message may take minutes by itself."""
    line = _line(story, message.current.line)
    names = {use.link for use in line.links}
    links = [d for d in story.scenario.documents if isinstance(d, Link) and d.name in names]
    scenario = story.scenario
    recipients = [send.recipient for send in scenario.sends] + [
        r for batch in scenario.batches for r in batch.recipients
    ]
    has_hogs = any(recipient[-4:] in _TROUBLING for recipient in recipients)
    return (
        line.interval_ms > 0
        or (line.window is not None and "07:00" not in line.hours)
        or message.recipient[-4:] in _TROUBLING
        or any(link.window < 2 for link in links)
        or (has_hogs and any(link.window < 10 or link.response_timeout_s > 10 for link in links))
        or any(operator.limits.submits_per_s is not None for operator in scenario.operators)
    )


_SLOW_DISK: Final = frozenset(("slow_disk", "broken_disk", "http_cut", "crash", "power_cut", "restart"))
HASTE_S: Final = 2.0


def _check_haste(story: Story) -> None:
    """A caller waits for the verdict no longer than its account says, if disk and network are quick (contract §1)."""
    scenario = story.scenario
    if scenario.latency_s[1] > 0.5 or any(trouble.kind in _SLOW_DISK for trouble in scenario.troubles):
        return
    waits_s = {d.username: d.verdict_wait_ms / 1_000 for d in scenario.documents if isinstance(d, Account)}
    for send in scenario.sends:
        told = story.told[send.token]
        if told.status is not None and told.took_s > waits_s[send.username] + HASTE_S:
            story.world.fail(f"{send.token} was answered after {told.took_s:.2f} s")


def _check_pace(story: Story, sent: dict[str, list[Kept]]) -> None:
    """A SIM line sends one message at a time, with its interval between them; a restart may forget the last one."""
    line = _line(story, SIM)
    groups = ([one for one in each if one.entry.line == SIM] for each in sent.values())
    starts = sorted(min(one.written_at for one in tries) for group in groups for tries in _by_try(group))
    short = sum(later - earlier < line.interval_ms * 3 // 4 - PACE_MS for earlier, later in pairwise(starts))
    if short > story.world.starts - 1:
        story.world.fail(f"{short} of {len(starts)} messages went too soon, of {line.interval_ms} ms, after another")


PACE_MS: Final = 500


def _by_try(group: list[Kept]) -> list[list[Kept]]:
    """The submits of one message on one line, by attempt: a part that comes again begins a new one."""
    tries: list[list[Kept]] = []
    for one in sorted(group, key=lambda kept: kept.written_at):
        if not tries or one.entry.part in {other.entry.part for other in tries[-1]}:
            tries.append([])
        tries[-1].append(one)
    return tries


def _check_unknown_submits(story: Story, sent: dict[str, list[Kept]], known: set[str]) -> None:
    """Nothing goes out that is not on disk."""
    for token in sorted(set(sent) - known):
        story.world.fail(f"the operator got {token!r}, which is on no disk")


def _check_answers(story: Story, records: dict[int, Record]) -> None:
    """What wsStates said was true at some instant since the question; what is another's was told to nobody.

    A commit can be read before it is published, and one whose process died, or of another process, is never
    published: so the time reaches a little beyond the answer, and there only what is final is looked at.
    """
    for asked in story.asked:
        for message_id, code in asked.codes:
            record = records.get(message_id)
            if record is None:
                continue
            if story.account_name(record.message.account_id) != asked.username:
                if code != StateCode.UNKNOWN:
                    story.world.fail(f"{message_id} is not of {asked.username}, and its state {code} is told")
                continue
            told_at_end = state_code(record.message.state, record.message.was_taken)
            allowed = story.history.codes_between(message_id, asked.asked_s, asked.answered_s + PUBLISHED_WITHIN_S)
            is_told = not story.world.deaths and message_id not in story.handled
            if is_told and allowed is not None and code not in allowed:
                story.world.fail(f"{message_id}: wsStates said {code}, the table {sorted(allowed)}")
            is_last = asked.asked_s >= story.last_asked_s and record.message.changed_at < story.last_asked_at
            if is_last and code != told_at_end:
                story.world.fail(f"{message_id}: the last wsStates said {code}, it ended as {record.message.state}")
