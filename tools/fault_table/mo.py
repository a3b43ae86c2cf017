"""Faults in what operators bring: whose messages count, and the bounds of what is foreign."""

from __future__ import annotations

from tools.fault_table.fault import Fault

_RECEIVED = "src/payamak/store/rules/received.py"
_SMPP = "src/payamak/upstreams/smpp.py"
_FOREIGN = ("tests/store/test_foreign.py",)
_FIELDS = ("tests/unit/upstreams/test_foreign_fields.py",)

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="every link may bring messages for every line",
        breaks="another operator opts people in and has its texts relayed",
        file="src/payamak/domain/site/snapshot.py",
        old="        return bringers is not None and (upstream in bringers.upstreams or link in bringers.links)\n",
        new="        return True\n",
        tests=_FOREIGN,
    ),
    Fault(
        name="a foreign opt-out is not learned",
        breaks="somebody who asked not to be written to is written to",
        file=_RECEIVED,
        old='        if is_foreign:\n            desk.execute("doubt_opt_out", facts)\n',
        new="        if is_foreign:\n            pass\n",
        tests=_FOREIGN,
    ),
    Fault(
        name="a foreign opt-in is believed",
        breaks="anybody takes people off the list",
        file=_RECEIVED,
        old="    elif not is_foreign and is_one_of(text, line.opt_in_words):\n",
        new="    elif is_one_of(text, line.opt_in_words):\n",
        tests=_FOREIGN,
    ),
    Fault(
        name="parts that wait have no bound",
        breaks="halves of messages fill the store",
        file=_RECEIVED,
        old="        return KeptAs.TOO_MANY\n",
        new="        pass\n",
        tests=_FOREIGN,
    ),
    Fault(
        name="a link brings as much as it likes",
        breaks="one operator's flood is everybody's",
        file=_SMPP,
        old="        if (wait_s := self._intake.wait_s(octets, self._clock.monotonic())) is None:\n",
        new="        if (wait_s := self._intake.wait_s(octets, self._clock.monotonic()) or 0) is None:\n",
        tests=_FIELDS,
    ),
    Fault(
        name="the beginning of a long id is the id",
        breaks="P2: a receipt settles another message",
        file="src/payamak/domain/bounded.py",
        old='    return f"{text[:_HEAD]}~{digest}"\n',
        new="    return text[:LONGEST_ID]\n",
        tests=("tests/unit/domain/test_bounded.py",),
    ),
    Fault(
        name="ids of answers have no bound",
        breaks="an id of 60,000 octets is stored, and no receipt finds it",
        file="src/payamak/upstreams/verdicts.py",
        old="    named = bounded_id(operator_id) if operator_id else None\n",
        new="    named = operator_id or None\n",
        tests=_FIELDS,
    ),
    Fault(
        name="a long PDU is read like a flood",
        breaks="the answers behind it wait for a third of a second",
        file="src/payamak/smpp/link/connection.py",
        old="            is_amid = self._session.pdus_read == read  # in the midst of a PDU: it may be of use\n",
        new="            is_amid = False\n",
        tests=("tests/unit/smpp/link/test_turns.py",),
    ),
    Fault(
        name="an answer of any length is read",
        breaks="a panel fills our memory",
        file="src/payamak/client/client.py",
        old="        return len(self.octets) <= _LONGEST_ANSWER_OCTETS\n",
        new="        return True\n",
        tests=("tests/unit/client/test_client.py",),
    ),
)
