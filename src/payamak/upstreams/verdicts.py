"""What an operator's answer means to us: the tables from SMPP command_status and receipt words to outcomes.

There is no standard code for an opt-out: each link has its own editable table on top of this one (contract §3).
Statuses: SMPP 3.4 §5.1.3. What the table does not name is a definite refusal, told as 15.
"""

from __future__ import annotations

from collections.abc import Mapping

from payamak.codes import Code
from payamak.domain.bounded import bounded_id
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import PartState, Reason
from payamak.domain.site import Link
from payamak.domain.verdicts import Verdict, read_verdict
from payamak.smpp.constants import Status
from payamak.smpp.receipt import Stat
from payamak.upstreams.lately import Lately

OPT_OUTS = frozenset({Code.OPTED_OUT, Code.OPTED_OUT_OF_LINE})

_LATER: dict[int, Reason] = {
    0x04: Reason.LINK_DOWN,  # ESME_RINVBNDSTS: the operator sees no bind where we see one; the link will rebind
    0x08: Reason.OPERATOR_BUSY,  # ESME_RSYSERR
    0x14: Reason.THROTTLED,  # ESME_RMSGQFUL: like throttled, it slows the whole link down
    0x58: Reason.THROTTLED,  # ESME_RTHROTTLED
    0x64: Reason.OPERATOR_BUSY,  # ESME_RX_T_APPN, a temporary error by its name
}


def read_verdicts(table: Mapping[str, int | str]) -> dict[int, Verdict]:
    """A link's `status_verdicts` with numbers for keys: "0x0427", "1063" and "427h" are ways to write them."""
    verdicts: dict[int, Verdict] = {}
    for key, word in table.items():
        text = key.strip().lower()
        status = int(text[:-1], 16) if text.endswith("h") else int(text, 0)
        verdicts[status] = read_verdict(word)
    return verdicts


def outcome_of(
    part: int, status: int, operator_id: str | None, verdicts: Mapping[int, Verdict], blame: Code = Code.INTERNAL
) -> Outcome:
    """The meaning of a submit_sm_resp (or generic_nack) for one part.

    `blame`: the code of a refusal that no table names, as `blamed` finds it.
    """
    if status in verdicts:
        verdict = verdicts[status]
        if isinstance(verdict, Reason):
            return Outcome(part=part, kind=OutcomeKind.LATER, status=status, reason=verdict)
        kind = OutcomeKind.OPTED_OUT if verdict in OPT_OUTS else OutcomeKind.REFUSED
        return Outcome(part=part, kind=kind, status=status, code=verdict)
    if status == 0:
        kept = bounded_id(operator_id) if operator_id else None
        return Outcome(part=part, kind=OutcomeKind.TAKEN, status=0, operator_id=kept)
    if status in _LATER:
        return Outcome(part=part, kind=OutcomeKind.LATER, status=status, reason=_LATER[status])
    return Outcome(part=part, kind=OutcomeKind.REFUSED, status=status, code=blame)


def blamed(status: int, line: str, recipient: str, lately: Lately) -> Code:
    """The code of a refusal that no table names: the number's own, if the link has taken others like it; else 15.

    To 15 a program may answer by sending again, to 1 and 2 it must not.
    """
    if status == Status.ESME_RINVDSTADR and lately.has_taken_another(recipient):
        return Code.RECIPIENT_INVALID
    if status == Status.ESME_RINVSRCADR and lately.has_taken_from(line):
        return Code.LINE_INVALID
    return Code.INTERNAL


_STATES: dict[Stat, PartState | None] = {
    Stat.DELIVERED: PartState.DELIVERED,
    Stat.UNDELIVERABLE: PartState.UNDELIVERABLE,
    Stat.DELETED: PartState.UNDELIVERABLE,
    Stat.EXPIRED: PartState.EXPIRED,
    Stat.REJECTED: PartState.REJECTED,
    Stat.UNKNOWN: PartState.UNSURE,
    Stat.ENROUTE: None,
    Stat.ACCEPTED: None,
}


def receipt_meaning(
    link: Link, stat: Stat, stat_text: str, *errs: str | None, is_final: bool
) -> tuple[PartState | None, Code | None]:
    """The letter and, for an opt-out, the code of a receipt; (None, None) for an intermediate one.

    The link's table is asked for each `err` (of the parameter, then of the text) as written and without zeros, then for
    the `stat` word. A part that was delivered is never read as opted out, whatever its `err` says.
    """
    state = _STATES[stat] if is_final else None
    if state is None or state is PartState.DELIVERED:
        return state, None
    keys = [key for err in errs if err for key in (err, err.lstrip("0") or "0")]
    for key in (*keys, stat_text.upper(), stat.value):
        if key and key in link.receipt_verdicts:
            code = Code(link.receipt_verdicts[key])
            return (PartState.OPTED_OUT if code in OPT_OUTS else state), code
    return state, None
