"""Faults in what receipts say, and in how they find their parts."""

# size: one row for each fault, in one table.

from __future__ import annotations

from tools.fault_table.fault import Fault

_PARSE = "src/payamak/smpp/receipt.py"
_MATCHING = "src/payamak/store/rules/matching.py"
_RECEIPTS = "src/payamak/store/rules/receipts.py"
_HABITS = ("tests/store/test_receipt_habits.py",)

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="an unknown word is an end",
        breaks="P2: what we do not understand is taken for what the operator does not know",
        file=_PARSE,
        old="    return _BY_WORD.get(_letters(word), Stat.OTHER)\n",
        new="    return _BY_WORD.get(_letters(word), Stat.UNKNOWN)\n",
        tests=("tests/unit/smpp/test_receipt.py",),
    ),
    Fault(
        name="one id of several",
        breaks="P2: a receipt whose second id is the answered one finds nobody",
        file=_MATCHING,
        old="    if len(named) > 1:\n",
        new="    if len(named) > 9:\n",
        tests=_HABITS,
    ),
    Fault(
        name="the first of two places",
        breaks="P3: of two messages that a receipt's ids name, one is guessed",
        file=_MATCHING,
        old="    if len({m.part.key for m in found.values() if m.part}) == 1:\n",
        new="    if found:\n",
        tests=_HABITS,
    ),
    Fault(
        name="siblings are repetitions",
        breaks="P2: the receipts of parts under one id are thrown away but for the first",
        file=_MATCHING,
        old="    return min(untold, key=lambda row: (-row.try_no, row.part)) if untold else newest\n",
        new="    return newest\n",
        tests=_HABITS,
    ),
    Fault(
        name="repetitions are siblings",
        breaks="P3: a receipt told twice says delivered of a part that was not",
        file=_MATCHING,
        old="    if told and (receipt.is_again or any(_may_be_it(receipt, row, at) for row in told)):\n",
        new="    if False:\n",
        tests=_HABITS,
    ),
    Fault(
        name="a broken connection is forgotten",
        breaks="P3: what came without an answer that arrived is not known to come again",
        file="src/payamak/delivery/repeats.py",
        old="            self._doubt(digest, count)\n",
        new="            pass\n",
        tests=("tests/unit/delivery/test_repeats.py",),
    ),
    Fault(
        name="a sibling that waits is dealt",
        breaks="P3: a repetition settles a copy whose answer is lost",
        file=_RECEIPTS,
        old='            _keep(desk, receipt, now, "unmatched", why=Unmatched.SIBLING)\n',
        new='            _keep(desk, receipt, now, "unmatched", why=Unmatched.UNKNOWN_ID)\n',
        tests=_HABITS,
    ),
    Fault(
        name="one receipt tells one part",
        breaks="P2: a text whose operator sends one receipt ends as unknown although it is set",
        file=_RECEIPTS,
        old="        changes += await _tell_text(desk, receipt, part, now)\n",
        new="        pass\n",
        tests=_HABITS,
    ),
    Fault(
        name="a text's receipt tells parts that are lost",
        breaks="P3: delivered is said of a part that nobody knows to be taken",
        file=_RECEIPTS,
        old='        if copy.part in seen or copy.try_no > part.try_no or copy.answer != "taken":\n',
        new="        if copy.part in seen or copy.try_no > part.try_no:\n",
        tests=_HABITS,
    ),
    Fault(
        name="a nack is an acceptance",
        breaks="P2: what the operator could not read counts as taken, and is charged",
        file="src/payamak/upstreams/verdicts.py",
        old="    if status == 0 and is_nack:\n",
        new="    if False:\n",
        tests=("tests/unit/upstreams/test_verdicts.py",),
    ),
    Fault(
        name="nacks have no end",
        breaks="P7: a part that the operator cannot read is sent until its deadline",
        file="src/payamak/domain/states.py",
        old="    if not outcome.is_nack or outcome.nacks < rules.most_tries:\n",
        new="    if True:\n",
        tests=_HABITS,
    ),
    Fault(
        name="the hint is thrown away",
        breaks="P3: what was throttled and yet taken is sent again",
        file="src/payamak/upstreams/verdicts.py",
        old='    hint = named if named and operator_key(named) != "0" else None\n',
        new="    hint = None\n",
        tests=("tests/unit/upstreams/test_verdicts.py",),
    ),
    Fault(
        name="a reference is believed of whoever is lost",
        breaks="P3: a receipt settles one of two parts that it may be about",
        file=_MATCHING,
        old='    if any(row.answer != "taken" or row.operator_id is not None for row in untold):\n',
        new="    if False:\n",
        tests=_HABITS,
    ),
    Fault(
        name="old names are forgotten",
        breaks="P2: a receipt of what went under a link's old name finds nobody",
        file="src/payamak/store/desk.py",
        old='families_of(self.site, await self.rows("upstream_names", UpstreamName))',
        new="{}",
        tests=_HABITS,
    ),
)
