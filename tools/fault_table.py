"""The faults that the suite must notice: each breaks one promise in one place of a copy of the code.

`old` must stand exactly once in `file`; tests/docs/test_faults.py holds that, so that the table moves with the code.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault: what it breaks, how it is made, and the tests that must turn red."""

    name: str
    breaks: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


_STATES = "src/payamak/domain/states.py"
_RECEIPTS = "src/payamak/store/receipts.py"
_POOLS = "src/payamak/domain/pools.py"
_MATCHING = "src/payamak/store/matching.py"
_OPENING = "src/payamak/store/opening.py"
_WRITER = "src/payamak/store/writer.py"
_MONEY = "src/payamak/store/money.py"
_LIFE = ("tests/unit/domain/test_states.py",)
_WALKS = ("tests/model/test_one_message.py",)

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="no mark before the wire",
        breaks="P3: octets leave before the store knows that they may have left",
        file="src/payamak/delivery/worker.py",
        old="            changes = await self._store.put_on_wire(claims, self._clock.now(), is_urgent=is_urgent)\n",
        new="            for m in going:\n"
        "                parts = tuple(range(1, m.current.wire_parts + 1))\n"
        "                early = ev.Submit(link=desk.upstream.name, step=m.step, try_no=m.tries + 1, parts=parts)\n"
        "                self._submit(desk, m, early)\n"
        "            changes = await self._store.put_on_wire(claims, self._clock.now(), is_urgent=is_urgent)\n"
        "            changes = []\n",
        tests=("tests/unit/delivery/test_worker_marks.py",),
    ),
    Fault(
        name="a removed log is given up",
        breaks="P1: what was promised before somebody removed the log is gone at the next start",
        file="src/payamak/store/writer.py",
        old="            if self.files.is_log_alone_lost():\n",
        new="            if False:\n",
        tests=("tests/store/sqlite/test_patience.py",),
    ),
    Fault(
        name="the mark is not waited for",
        breaks="P3: octets leave although the mark could not be stored",
        file="src/payamak/delivery/worker.py",
        old="            self._put_back(desk, going)\n            return\n",
        new="            self._put_back(desk, going)\n"
        "            changes = []\n"
        "            for message in going:\n"
        "                parts = tuple(range(1, message.current.wire_parts + 1))\n"
        "                self._submit(desk, message, ev.Submit(link='', step=message.step, try_no=1, parts=parts))\n",
        tests=("tests/unit/delivery/test_worker_marks.py",),
    ),
    Fault(
        name="answer before commit",
        breaks="P1: accepted is said of what is not on disk",
        file=_WRITER,
        old="        self._commit(batch)\n",
        new="        for work in works:\n"
        "            if work.error is None:\n"
        "                work.future.get_loop().call_soon_threadsafe(deliver, [work], self.transaction.feed)\n"
        "        self._commit(batch)\n",
        tests=("tests/store/sqlite/test_disk.py",),
    ),
    Fault(
        name="a failed commit is believed",
        breaks="P1: a commit that failed is answered as if it had happened",
        file=_WRITER,
        old="            if not happened:\n",
        new="            if False:\n",
        tests=("tests/store/sqlite/test_disk.py",),
    ),
    Fault(
        name="no sync",
        breaks="P1: what was promised is lost when the machine loses its power",
        file=_OPENING,
        old='db.pragma("synchronous", "FULL")',
        new='db.pragma("synchronous", "OFF")',
        tests=("tests/crash/test_the_matrix.py", "tests/store/sqlite/test_hands.py"),
    ),
    Fault(
        name="settle twice",
        breaks="P5: a step is charged at the answer and again at the receipt",
        file=_STATES,
        old="    if m.is_settled or step.price == 0:\n",
        new="    if step.price == 0:\n",
        tests=_LIFE,
    ),
    Fault(
        name="no entry for a refund",
        breaks="P5: the ledger's sum is not the balance",
        file=_MONEY,
        old='    enter(tx, now, message.account_id, message.id, "refund", "revenue", "reserved", effect.amount)\n',
        new="",
        tests=("tests/store/test_life.py", "tests/store/test_receipts.py", "tests/store/sqlite/test_audit.py"),
    ),
    Fault(
        name="no release at expiry",
        breaks="P5: money of an expired message stays set aside for ever",
        file=_STATES,
        old="    effects = (ev.Release(amount=m.reserved),) if m.reserved else ()\n",
        new="    effects = (ev.Release(amount=m.reserved),) if m.reserved and state is not State.EXPIRED else ()\n",
        tests=("tests/store/test_housekeeping.py",),
    ),
    Fault(
        name="late opt-out not refunded",
        breaks="P5: a step that a late opt-out closed stays charged",
        file=_STATES,
        old="    if m.is_settled and m.current.price and not m.current.keep:\n        effects.append",
        new="    if m.is_settled and m.current.price < 0:\n        effects.append",
        tests=_LIFE,
    ),
    Fault(
        name="credit without looking",
        breaks="P5: a message is accepted that its account cannot pay",
        file="src/payamak/store/sql/money.sql",
        old=" WHERE id = ?2 AND available >= ?1;",
        new=" WHERE id = ?2;",
        tests=("tests/store/test_accept.py",),
    ),
    Fault(
        name="retention forgets money",
        breaks="P5: after old messages are removed the ledger tells another balance",
        file="src/payamak/store/housekeeping.py",
        old="        money.fold_entries(tx, account_id, message_id, now)\n",
        new='        tx.execute("delete_entries", (message_id,))\n',
        tests=("tests/store/test_housekeeping.py",),
    ),
    Fault(
        name="receipt acknowledged before it is stored",
        breaks="P2: the operator never repeats a receipt that we then lose",
        file="src/payamak/delivery/receipts.py",
        old="        changes = await self._store.receive(receipt, self._clock.now())\n",
        new="        self._store.receive(receipt, self._clock.now())\n        changes = [True]\n",
        tests=("tests/unit/delivery/test_receipts.py",),
    ),
    Fault(
        name="unmatched receipt thrown away",
        breaks="P2: a receipt that comes before its answer is lost",
        file=_RECEIPTS,
        old='        _keep(tx, receipt, now, "unmatched", why=found.why)\n        tx.has_unmatched = True\n',
        new="",
        tests=("tests/store/test_receipts.py",),
    ),
    Fault(
        name="a guess among candidates",
        breaks="P3: a receipt settles a part that it may not be about",
        file=_POOLS,
        old="    others = [copy.since_at for copy in copies if copy.part != part]\n",
        new="    others: list[int] = []\n",
        tests=("tests/unit/domain/test_pools.py",),
    ),
    Fault(
        name="only one candidate is ever settled",
        breaks="P3: receipts of a text of several parts, or of one that was sent again, are thrown away",
        file=_POOLS,
        old="        if _is_delivered(part, copies, receipts):\n",
        new="        if len(copies) == 1 and _is_delivered(part, copies, receipts):\n",
        tests=("tests/unit/domain/test_pools.py",),
    ),
    Fault(
        name="a copy goes while receipts wait",
        breaks="P3: what the operator has, and says so, is sent once more",
        file=_STATES,
        old="    return [part for part, letter in enumerate(word, 1) if letter == _A and part not in m.awaited]\n",
        new="    return [part for part, letter in enumerate(word, 1) if letter == _A]\n",
        tests=("tests/store/test_pools.py",),
    ),
    Fault(
        name="the same receipt counts twice",
        breaks="P3: a receipt that is brought again settles another part",
        file=_POOLS,
        old="        known = first.get(receipt.name)\n",
        new="        known = first.get(f'{receipt.name}/{receipt.number}')\n",
        tests=("tests/unit/domain/test_pools.py",),
    ),
    Fault(
        name="at least once without an end",
        breaks="P3: an operator that never answers gets a copy each time its timer ends",
        file=_STATES,
        old="    if rules.on_ambiguous is OnAmbiguous.HOLD or is_spent or now >= m.deadline_at:\n",
        new="    if rules.on_ambiguous is OnAmbiguous.HOLD or now >= m.deadline_at:\n",
        tests=_LIFE,
    ),
    Fault(
        name="a message that breaks links goes on",
        breaks="P3: one message keeps a link down for everybody",
        file=_STATES,
        old="    if m.breaks >= MOST_BREAKS:\n",
        new="    if False:\n",
        tests=_LIFE,
    ),
    Fault(
        name="fallback after an ambiguous attempt",
        breaks="P4: the next step goes out although the first text may have arrived",
        file=_STATES,
        old="    if _A in word:\n        return _lost(m, word, now, rules)\n",
        new="    if _A in word:\n        return _close_opted_out(m, Code.OPTED_OUT, (), now, rules)\n",
        tests=_LIFE,
    ),
    Fault(
        name="fallback after the deadline",
        breaks="P4: a next step is taken that can never go out",
        file=_STATES,
        old="    if following is None or now >= m.deadline_at:\n",
        new="    if following is None:\n",
        tests=_LIFE,
    ),
    Fault(
        name="fallback for a text that partly arrived",
        breaks="P4: a recipient who has part of a text gets it again by another line",
        file=_STATES,
        old="    if _D in _word(m):\n        after, released",
        new="    if False:\n        after, released",
        tests=_LIFE,
    ),
    Fault(
        name="hold is not held",
        breaks="P3: a line that must never send twice sends twice",
        file=_STATES,
        old="    if rules.on_ambiguous is OnAmbiguous.HOLD or is_spent or now >= m.deadline_at:\n",
        new="    if is_spent or now >= m.deadline_at:\n",
        tests=_LIFE,
    ),
    Fault(
        name="copies are not counted",
        breaks="P3: a second copy is sent and nobody is told",
        file=_STATES,
        old="        copies=m.copies + len(copies),\n",
        new="",
        tests=_LIFE,
    ),
    Fault(
        name="deadline ignored",
        breaks="P7: a message goes out after its validity",
        file=_STATES,
        old="    if now >= m.deadline_at:\n        return _give_up(m, State.EXPIRED, Reason.DEADLINE)\n    word",
        new="    word",
        tests=_LIFE,
    ),
    Fault(
        name="receipt of an earlier step counts",
        breaks="P8: an earlier step's receipt ends a message whose next step is on the wire",
        file=_STATES,
        old="not word or m.state is not State.QUEUED or m.tries > 0:\n",
        new="not word:\n",
        tests=_LIFE,
    ),
    Fault(
        name="final is not final",
        breaks="P8: a late receipt turns delivered into undelivered",
        file=_STATES,
        old="        if state not in (_Q, _SENDING, _E)\n",
        new="        if state not in (_Q, _SENDING, _E, State.DELIVERED)\n",
        tests=_LIFE,
    ),
    Fault(
        name="unknown is settled again and again",
        breaks="P8: a late receipt changes what a late receipt has settled",
        file=_STATES,
        old="    return _ended_by_receipt(m, ended, was_settled_late=True)\n",
        new="    return _ended_by_receipt(m, ended)\n",
        tests=_WALKS,
    ),
    Fault(
        name="a failed copy settles",
        breaks="P8: the failed copy of a text that was sent again makes the message undelivered",
        file=_STATES,
        old="    if event.part_state is not _D and event.copies_left:\n",
        new="    if False:\n",
        tests=_LIFE,
    ),
    Fault(
        name="a guess between two readings",
        breaks="P8: a receipt that fits two messages ends the likelier one for good",
        file=_MATCHING,
        old="    base = next(iter(found)) if len(found) == 1 else tx.habit(receipt.upstream).choice\n",
        new="    base = next(iter(found))\n",
        tests=("tests/store/test_id_habits.py",),
    ),
    Fault(
        name="a recurring id means the oldest message",
        breaks="P8: a receipt ends an old message under the same id instead of the one it is about",
        file="src/payamak/store/sql/parts.sql",
        old="ORDER BY p.answered_at DESC, p.message_id DESC LIMIT 200;",
        new="ORDER BY p.answered_at, p.message_id LIMIT 200;",
        tests=("tests/store/test_receipts.py",),
    ),
    Fault(
        name="what waits is not looked at again",
        breaks="P2: a receipt that two readings fitted waits for ever, although more is known by now",
        file="src/payamak/store/housekeeping.py",
        old=" + receipts.retry(tx, now, limit)\n",
        new="\n",
        tests=("tests/store/test_id_habits.py",),
    ),
    Fault(
        name="told 23 and sent all the same",
        breaks="P1: what a slow disk made us refuse goes out, and the caller's next try is a second copy",
        file=_WRITER,
        old="        self._undoing += [work.undoing() for work in undone]\n",
        new="",
        tests=("tests/store/sqlite/test_patience.py",),
    ),
    Fault(
        name="given up in word only",
        breaks="P1: what nobody waits for any more is accepted when the disk answers again",
        file="src/payamak/store/work.py",
        old="            work.is_given_up = True\n        if work.future is not None and",
        new="        if work.future is not None and",
        tests=("tests/store/sqlite/test_patience.py",),
    ),
    Fault(
        name="given up after it was taken, carried out",
        breaks="P1: what was given up while the writer waited for the file is accepted all the same",
        file=_WRITER,
        old="                if work.is_given_up:\n                    work.error",
        new="                if False:\n                    work.error",
        tests=("tests/store/sqlite/test_patience.py",),
    ),
    Fault(
        name="written after a slow mark",
        breaks="P7: a message goes out after its validity because its mark took that long",
        file="src/payamak/delivery/worker.py",
        old="        if self._clock.now() >= message.deadline_at:  #",
        new="        if self._clock.now() < 0:  #",
        tests=("tests/unit/delivery/test_worker.py",),
    ),
    Fault(
        name="webhook not signed",
        breaks="Webhooks: a receiver cannot tell our posts from anybody's",
        file="src/payamak/delivery/posting.py",
        old='        headers["Webhook-Signature"] = signature(post.secret, post.id, now // 1_000, body)\n',
        new="        pass\n",
        tests=("tests/unit/delivery/test_webhooks.py",),
    ),
    Fault(
        name="no notice of a change",
        breaks="Webhooks: a customer is never told what became of a message",
        file="src/payamak/store/messages.py",
        old="    if after.state is not message.state:\n        webhooks.tell(tx, after, now)\n",
        new="",
        tests=("tests/store/test_webhooks.py",),
    ),
    Fault(
        name="full numbers in the log",
        breaks="Privacy: the log of states names every recipient",
        file="src/payamak/delivery/journal.py",
        old="                recipient_masked=masked(message.recipient),\n",
        new="                recipient_masked=message.recipient,\n",
        tests=("tests/unit/test_log_fields.py",),
    ),
    Fault(
        name="a field for the full number",
        breaks="Privacy: a new field of a log line holds the number unmasked",
        file="src/payamak/delivery/journal.py",
        old="                recipient_masked=masked(message.recipient),\n",
        new="                recipient=message.recipient,\n",
        tests=("tests/unit/test_log_fields.py",),
    ),
    Fault(
        name="the log's net lets numbers pass",
        breaks="Privacy: a number that an operator's words hold is in the log",
        file="src/payamak/log.py",
        old='            fields[key] = _MOBILE.sub("masked", value)\n',
        new="            pass\n",
        tests=("tests/unit/test_log.py",),
    ),
    Fault(
        name="a password in the log",
        breaks="Privacy: who reads the log can send in a customer's name",
        file="src/payamak/api/negin.py",
        old="        return refusal(Code.MALFORMED)\n    except Refused as refused:\n"
        "        return _refuse(refused.code, service)\n"
        "    return _answer(_SentAnswer",
        new="        return refusal(Code.MALFORMED)\n    except Refused as refused:\n"
        "        import structlog\n\n"
        "        structlog.get_logger('api').info('refused', detail=fields.text('password'))\n"
        "        return _refuse(refused.code, service)\n"
        "    return _answer(_SentAnswer",
        tests=("tests/scenarios/test_contract_accounts.py",),
    ),
    Fault(
        name="opt-out widened to every line",
        breaks="Contract §3: a recipient who stopped one line gets nothing by any other",
        file="src/payamak/domain/optout.py",
        old="    own = facts.get(step.line)\n",
        new="    own = next(iter(facts.values()), None)\n",
        tests=("tests/unit/domain/test_optout.py",),
    ),
    Fault(
        name="duplicate CheckId accepted",
        breaks="P6: a call that is repeated sends its messages again",
        file="src/payamak/store/batches.py",
        old="= {} if check_ids is None else _accepted_before(tx, account_id, check_ids)\n",
        new="= {}\n",
        tests=("tests/store/test_batches.py",),
    ),
    Fault(
        name="half a batch is kept",
        breaks="P1: a batch that is refused for its credit leaves messages behind",
        file="src/payamak/store/batches.py",
        old="    _check_credit(tx, account_id, total)\n",
        new="",
        tests=("tests/store/test_batches.py",),
    ),
    Fault(
        name="leases of the dead are kept",
        breaks="P2: after a restart messages wait for ever",
        file="src/payamak/store/housekeeping.py",
        old='    tx.execute("release_leases")\n',
        new="",
        tests=("tests/store/test_claims.py",),
    ),
    Fault(
        name="on the wire at a death, forgotten",
        breaks="P3: what was on the wire when the process died is never asked for again",
        file=_STATES,
        old="    word = before.replace(_S, _A)\n",
        new="    return m, ()\n    word = before.replace(_S, _A)\n",
        tests=_LIFE,
    ),
    Fault(
        name="two servers on one file",
        breaks="P3: two processes take the same message",
        file=_OPENING,
        old="fcntl.LOCK_EX | fcntl.LOCK_NB",
        new="fcntl.LOCK_SH | fcntl.LOCK_NB",
        tests=("tests/store/sqlite/test_hands.py",),
    ),
    Fault(
        name="another account's states are told",
        breaks="Contract §2: an id of somebody else is not told from one that never existed",
        file="src/payamak/store/sql/reading.sql",
        old="ON m.id = wanted.value WHERE m.account_id = ?2;",
        new="ON m.id = wanted.value WHERE ?2 = ?2;",
        tests=("tests/store/test_reading.py",),
    ),
    Fault(
        name="a repetition counts as another receipt",
        breaks="P3: a receipt that was dealt and comes again is counted for another message, called delivered",
        file="src/payamak/store/pooling.py",
        old="and _name(one.receipt) not in dealt\n",
        new="and True\n",
        tests=("tests/store/test_dealt_otherwise.py",),
    ),
    Fault(
        name="a dealt receipt is kept from its own copy",
        breaks="P3: a late answer names a receipt that another copy was dealt, and its message waits for it",
        file=_RECEIPTS,
        old="    if tx.has_dealt:\n",
        new="    if False:\n",
        tests=("tests/store/test_dealt_otherwise.py",),
    ),
    Fault(
        name="an unbind ends what is under way",
        breaks="P3: what the centre answers behind its unbind is not heard, and goes a second time",
        file="src/payamak/smpp/session.py",
        old="                self._part(events)\n            elif not was_leaving and self._is_left_by_peer:\n",
        new="                self._part(events)\n            else:\n                self._part(events)\n"
        "            if not was_leaving and self._is_left_by_peer:\n",
        tests=("tests/unit/smpp/link/test_leaving.py", "tests/unit/smpp/test_session_ends.py"),
    ),
    Fault(
        name="late answers end with their bind",
        breaks="P3: an answer over the next bind settles nothing",
        file="src/payamak/smpp/link/client.py",
        old="            overdue=link._overdue,\n",
        new="            overdue=None,\n",
        tests=("tests/unit/smpp/link/test_leaving.py",),
    ),
    Fault(
        name="sequences begin again with every bind",
        breaks="P3: an answer to a request of the last bind is taken for another message's",
        file="src/payamak/smpp/link/client.py",
        old="            self._next_sequence = connection.next_sequence\n",
        new="",
        tests=("tests/unit/smpp/link/test_leaving.py",),
    ),
    Fault(
        name="a bind that answered nothing was of use",
        breaks="P3: a centre that breaks at one message meets it again without a pause",
        file="src/payamak/smpp/link/comeback.py",
        old="        if answered or (not asked and bound_for_s >= self._max_s):\n",
        new="        if bound_for_s >= 0:\n",
        tests=("tests/unit/smpp/link/test_comeback.py",),
    ),
)
