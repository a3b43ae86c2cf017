"""Faults in what an operator does by hand: moves, acts on many, removals, money, and what is told of queues."""

from __future__ import annotations

from tools.fault_table.fault import Fault

_ACTS = ("tests/unit/cli/test_acts.py",)
_MOVING = ("tests/unit/domain/test_moving.py",)

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="a move asks for no approved text",
        breaks="contract §4: a service line carries a text that nobody approved",
        file="src/payamak/domain/moving.py",
        old="    if kind is StepKind.TEMPLATE and not _is_approved(account, site, step.text):\n",
        new="    if False:\n",
        tests=_MOVING,
    ),
    Fault(
        name="a move forgets the opt-outs",
        breaks="contract §3: a moved message goes to somebody who refuses the line",
        file="src/payamak/domain/moving.py",
        old="    if opted_out_code(there, facts) is not None:\n",
        new="    if False:\n",
        tests=_MOVING,
    ),
    Fault(
        name="a move is at any price",
        breaks="P5: a message goes by a dearer line than was agreed, and nobody was asked",
        file="src/payamak/domain/moving.py",
        old="    if there.price > step.price and not move.at_old_price:\n",
        new="    if False:\n",
        tests=_MOVING,
    ),
    Fault(
        name="half a text is moved",
        breaks="the parts of a text come from two lines, and no handset joins them",
        file="src/payamak/domain/states.py",
        old="    if word.count(_W) + len(_to_resend(m, word)) < len(word):\n",
        new="    if False:\n",
        tests=_MOVING,
    ),
    Fault(
        name="an act takes what came meanwhile",
        breaks="a message that was accepted after the count was agreed to is taken back with the others",
        file="src/payamak/hands/messages.py",
        old="    await in_batches(counted.ids, work)\n",
        new="    await in_batches(await store.waiting_ids(line=counted.line), work)\n",
        tests=_ACTS,
    ),
    Fault(
        name="an act does not ask",
        breaks="thousands of messages are taken back by one line of a script",
        file="src/payamak/cli/consent.py",
        old="    if consent.yes:\n",
        new="    if True:\n",
        tests=_ACTS,
    ),
    Fault(
        name="money is removed",
        breaks="an account goes with its credit",
        file="src/payamak/store/rules/housekeeping.py",
        old="        if (kind, name) not in put_again:\n",
        new="        if False:\n",
        tests=("tests/store/test_hands.py",),
    ),
    Fault(
        name="an amount is rounded",
        breaks="P5: 10.5 rial are entered as 10, in silence",
        file="src/payamak/cli/bounds.py",
        old="    if not _WHOLE.fullmatch(written):\n",
        new='    if "." in written:\n        return int(float(written))\n    if not _WHOLE.fullmatch(written):\n',
        tests=_ACTS,
    ),
    Fault(
        name="a reference is entered twice",
        breaks="a payment that is told twice is credited twice",
        file="src/payamak/store/rules/money.py",
        old='    before = await desk.row("entry_of_reference", _Referred, (account_id, reference))\n',
        new="    before = None\n    reference += str(now)\n",
        tests=_ACTS,
    ),
    Fault(
        name="a full window is not told",
        breaks="a queue grows behind a window that is too small, and everything looks well",
        file="src/payamak/delivery/outlet.py",
        old="            desk.window_is_full(now_s)\n",
        new="            pass\n",
        tests=("tests/unit/delivery/test_windows.py",),
    ),
    Fault(
        name="an act leaves no row",
        breaks="who took a customer's messages back, or paid him, cannot be learned afterwards",
        file="src/payamak/store/rules/audit.py",
        old="    if act is not None and (count := _count(done)):\n",
        new="    if (count := 0) and act is not None:\n",
        tests=("tests/store/test_audit.py",),
    ),
    Fault(
        name="the audit keeps a footer",
        breaks="words that are sent stand in a table that is kept for a year",
        file="src/payamak/domain/site/differences.py",
        old='WORDS: Final = frozenset({"templates", "footer", "keywords", "opt_out_words", "opt_in_words"})\n',
        new='WORDS: Final = frozenset({"templates"})\n',
        tests=("tests/unit/domain/test_differences.py",),
    ),
)
