"""The transactions of receipts: keep every one, find its part, let it act (design §2, receipts; P3, P8).

Operators' ids recur and are written in several ways, so a receipt carries the readings of its id to try, and the
newest match with the same recipient counts. A receipt without a match waits: its answer may still come. If the
answer of exactly one part of this recipient was lost, on the same upstream and line, the receipt is that part's.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from payamak.domain import events as ev
from payamak.domain.events import Event
from payamak.domain.message import PartState
from payamak.domain.operator_ids import operator_key, readings
from payamak.domain.receipt import ReceiptIn
from payamak.store.feed import Change
from payamak.store.messages import happen, load
from payamak.store.rows import plan_lines
from payamak.store.transaction import Transaction

LOOK_BACK_MS = 8 * 86_400_000
"""How old an attempt may be whose answer was lost: the longest validity (7 days) and the grace (1 day)."""


def apply(tx: Transaction, message_id: int, event: Event, now: int, version: int | None = None) -> list[Change]:
    """Let `event` happen to the message; with early receipts of its answers, more than one change.

    Empty if the message does not exist or, with `version`, has changed since. Raises IllegalMove.
    """
    message = load(tx, message_id)
    if message is None or (version is not None and message.version != version):
        return []
    changes = [happen(tx, message, event, now)]
    if isinstance(event, ev.Answered) and tx.unmatched:
        changes += _early_receipts(tx, message_id, event, now)
    return changes


def _early_receipts(tx: Transaction, message_id: int, event: ev.Answered, now: int) -> list[Change]:
    """Receipts that came before the answer which names them: they happen now, in the order of their arrival."""
    changes: list[Change] = []
    for outcome in event.outcomes:
        if outcome.operator_id is not None:
            changes += _match_early(tx, message_id, event.step, event.try_no, outcome, now)
    return changes


def receive(tx: Transaction, receipt: ReceiptIn, now: int) -> list[Change]:
    """Keep a receipt, matched or not, and let it happen to its message."""
    if not receipt.keys:
        receipt = replace(receipt, keys=(operator_key(receipt.operator_id),))
    found = _find(tx, receipt) if receipt.operator_id else None
    if receipt.part_state is None:
        _keep(tx, receipt, now, "intermediate", found[0] if found else None)
        return []
    if found is None:
        found = _only_lost_part(tx, receipt, now)
    if found is None:
        _keep(tx, receipt, now, "unmatched", None)
        tx.unmatched += 1
        return []
    message_id, step, try_no, part, earlier = found
    if earlier is not None:
        _keep(tx, receipt, now, "repeated", message_id)
        if not (earlier == PartState.UNSURE.value and receipt.part_state is not PartState.UNSURE):
            return []  # final is final (P8), but an operator that was unsure may still make up its mind
    return _happen(tx, receipt, (message_id, step, try_no, part), now)


def _happen(tx: Transaction, receipt: ReceiptIn, part_key: tuple[int, int, int, int], now: int) -> list[Change]:
    assert receipt.part_state is not None
    key = receipt.keys[0] if receipt.operator_id else None
    facts = (receipt.part_state.value, receipt.stat, receipt.err, now, receipt.operator_id or None, key)
    tx.execute("receipt_on_part", (*facts, *part_key))
    message_id, step, try_no, part = part_key
    message = load(tx, message_id)
    if message is None:
        return []
    event = ev.Receipted(
        step=step,
        part=part,
        part_state=receipt.part_state,
        code=receipt.code,
        is_superseded=message.tries > 1 and tx.one("latest_try", (message_id, step, part))[0] > try_no,
    )
    return [happen(tx, message, event, now)]


def _find(tx: Transaction, receipt: ReceiptIn) -> Any:
    """The newest part with one of the readings of the id; the recipient tells recurring ids apart."""
    for key in receipt.keys:
        rows = tx.all("part_by_operator_id", (receipt.upstream, key))
        for row in rows:
            if receipt.recipient is None or row[5] == receipt.recipient:
                return row[:5]
    return None


def _only_lost_part(tx: Transaction, receipt: ReceiptIn, now: int) -> Any:
    """The one part of this recipient, upstream and line whose answer was lost, if there is exactly one (P3).

    A part that is still on the wire counts as a candidate too: its answer may be the one this receipt belongs to.
    """
    if receipt.recipient is None or receipt.line is None:
        return None
    since_at = now - LOOK_BACK_MS
    rows = tx.all("ambiguous_parts", (receipt.recipient, receipt.upstream, since_at))
    candidates = [row for row in rows if plan_lines(row[4])[row[1]] == receipt.line]
    if receipt.reference is not None:
        candidates = [row for row in candidates if row[0] & 0xFFFF == receipt.reference]
    if len(candidates) != 1:
        return None
    lost = candidates[0]
    for row in tx.all("open_parts", (receipt.recipient, receipt.upstream, since_at)):
        is_rival = receipt.reference is None or row[0] & 0xFFFF == receipt.reference
        if is_rival and plan_lines(row[4])[row[1]] == receipt.line:
            return None
    return (*lost[:4], None)


def _keep(tx: Transaction, receipt: ReceiptIn, now: int, standing: str, message_id: int | None) -> None:
    state = None if receipt.part_state is None else receipt.part_state.value
    tx.execute(
        "insert_receipt",
        (
            now,
            receipt.upstream,
            receipt.link,
            receipt.operator_id,
            receipt.keys[0],
            "\n".join(receipt.keys),
            receipt.line,
            receipt.recipient,
            state,
            receipt.stat,
            receipt.err,
            receipt.code,
            standing,
            message_id,
        ),
    )


def _match_early(
    tx: Transaction, message_id: int, step: int, try_no: int, outcome: ev.Outcome, now: int
) -> list[Change]:
    """The receipts that waited for this answer happen to its part; the first one counts."""
    assert outcome.operator_id is not None
    row = tx.one("part_key", (message_id, step, try_no, outcome.part))
    if row is None:
        return []
    upstream, recipient, received, on_wire_at = row
    key = operator_key(outcome.operator_id)
    changes: list[Change] = []
    for reading in readings(outcome.operator_id):
        for found in tx.all("unmatched_receipts", (upstream, reading, on_wire_at)):
            receipt_id, link, operator_id, keys, line, sender, state, stat, err, code = found
            if key not in keys.split("\n") or (sender is not None and sender != recipient):
                continue
            tx.execute("match_receipt", (message_id, receipt_id))
            tx.unmatched -= 1
            if received is None:
                received = state
                receipt = ReceiptIn(
                    upstream=upstream,
                    link=link,
                    operator_id=operator_id,
                    keys=(key,),
                    part_state=PartState(state),
                    stat=stat,
                    err=err,
                    code=code,
                    line=line,
                    recipient=recipient,
                )
                changes += _happen(tx, receipt, (message_id, step, try_no, outcome.part), now)
        if received is not None:
            break  # the likeliest reading has a receipt: what fits another one may be another message's
    return changes
