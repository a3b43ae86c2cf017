"""What an operator's answer means to us: the tables from SMPP command_status and receipt words to outcomes.

There is no standard code for an opt-out: each link has its own editable table on top of this one (contract §3).
Statuses: SMPP 3.4 §5.1.3. What the table does not name is a definite refusal, told as 15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from payamak.codes import OPT_OUTS, Code
from payamak.domain.bounded import bounded_id
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.ids import operator_key
from payamak.domain.message import PartState, Reason
from payamak.domain.receipts import NAMED_STATES
from payamak.domain.site import Link
from payamak.domain.verdicts import Verdict, read_verdict
from payamak.smpp.constants import Status
from payamak.smpp.receipt import Receipt, Stat
from payamak.upstreams.lately import Lately

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
    part: int,
    status: int,
    operator_id: str | None,
    verdicts: Mapping[int, Verdict],
    blame: Code = Code.INTERNAL,
    *,
    is_nack: bool = False,
) -> Outcome:
    """The meaning of a submit_sm_resp for one part, or of a generic_nack (`is_nack`), which never is an acceptance.

    An id beside a refusal is a hint: some centres throttle what they have taken, and bring its receipt. `blame`: the
    code of a refusal that no table names, as `blamed` finds it.
    """
    named = bounded_id(operator_id) if operator_id else None
    hint = named if named and operator_key(named) != "0" else None
    if status and status in verdicts:  # what was taken, no table makes untaken: it would go again for ever
        verdict = verdicts[status]
        if isinstance(verdict, Reason):
            return Outcome(part=part, kind=OutcomeKind.LATER, status=status, reason=verdict, operator_id=hint)
        kind = OutcomeKind.OPTED_OUT if verdict in OPT_OUTS else OutcomeKind.REFUSED
        return Outcome(part=part, kind=kind, status=status, code=verdict, operator_id=hint)
    if status == 0 and is_nack:
        return Outcome(part=part, kind=OutcomeKind.LATER, status=0, reason=Reason.OPERATOR_BUSY, is_nack=True)
    if status == 0:
        return Outcome(part=part, kind=OutcomeKind.TAKEN, status=0, operator_id=named)
    if status in _LATER:
        return Outcome(part=part, kind=OutcomeKind.LATER, status=status, reason=_LATER[status], operator_id=hint)
    return Outcome(part=part, kind=OutcomeKind.REFUSED, status=status, code=blame, operator_id=hint)


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
    Stat.OTHER: None,
}


def receipt_meaning(link: Link, receipt: Receipt) -> tuple[PartState | None, Code | None]:
    """The letter and, for a refusal that the link's table names, the code; (None, None) for an intermediate one.

    The table is asked for `err` (of the parameter, then of the text), zeros before it not counted, then for the word
    `stat` in any case, then for the number of message_state. It may name one of our codes or a state. A part that was
    delivered is never read otherwise for its `err`. A word that neither we nor the table know moves nothing.
    """
    if receipt.is_intermediate:
        return None, None
    state = _STATES[receipt.stat]
    words = _asked(link.receipt_verdicts, _words_of(receipt), str.upper)
    for named in words:
        if isinstance(named, str):
            return NAMED_STATES[named], None
    if state is PartState.DELIVERED or (state is None and receipt.stat is not Stat.OTHER):
        return state, None
    for named in (*_asked(link.receipt_verdicts, (receipt.err, receipt.err_text), _without_zeros), *words):
        if isinstance(named, str):
            return NAMED_STATES[named], None
        code = Code(named)
        return (PartState.OPTED_OUT if code in OPT_OUTS else state or PartState.REJECTED), code
    return state, None


def _asked(table: Mapping[str, int | str], keys: Iterable[str | None], fold: Callable[[str], str]) -> list[int | str]:
    """What a table says to these keys, in their order: to each as it is written, else to one that folds alike."""
    if not table:
        return []
    folded = {fold(name): named for name, named in table.items()}
    told = (table.get(key) or folded.get(fold(key)) for key in keys if key)
    return [named for named in told if named]


def _without_zeros(err: str) -> str:
    return err.lstrip("0") or "0"


def _words_of(receipt: Receipt) -> list[str]:
    return [receipt.stat_text, receipt.stat.value, "" if receipt.state is None else str(receipt.state)]
