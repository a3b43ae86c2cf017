"""What can happen to a message, and what follows from it: the two alphabets of `advance()`."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from payamak.codes import Code
from payamak.domain.message import PartState, Reason, StepKind
from payamak.encoding.parts import Encoding, SplitMethod


class OutcomeKind(StrEnum):
    """What the answer to one part means to us."""

    TAKEN = "taken"
    LATER = "later"
    OPTED_OUT = "opted_out"
    REFUSED = "refused"
    AMBIGUOUS = "ambiguous"


class Outcome(Struct, frozen=True, kw_only=True):
    """The answer to one part of an attempt.

    `status` is the SMPP command_status (or the HTTP code of a `negin` upstream), `code` our verdict for a
    refusal, `reason` why a part has to come again (LATER only), `part` counts from 1. `broke_link` (AMBIGUOUS only):
    the part alone was outstanding, others had been answered in this bind, and the link broke soon after its octets.
    `is_nack` (LATER only): it was answered by a generic_nack that gives no reason; `nacks`: so often in this step, this
    time included.
    """

    part: int
    kind: OutcomeKind
    operator_id: str | None = None
    status: int | None = None
    code: Code | None = None
    reason: Reason = Reason.OPERATOR_BUSY
    broke_link: bool = False
    is_nack: bool = False
    nacks: int = 0


class OnAmbiguous(StrEnum):
    """What to do with an attempt whose answer is lost (P3)."""

    RESEND = "resend"
    HOLD = "hold"


class Rules(Struct, frozen=True, kw_only=True):
    """What the line of the current step says about its messages; durations in milliseconds.

    `most_tries`: tries of a part in a step that may stay without an answer, the first one included (P3).
    """

    on_ambiguous: OnAmbiguous = OnAmbiguous.RESEND
    most_tries: int = 3
    optout_memory_ms: int = 7 * 86_400_000
    grace_ms: int = 86_400_000


# ------------------------------------------------------------------------------------------------ events


class OnWire(Struct, frozen=True, kw_only=True):
    """The back is about to write the waiting parts to `link`; nothing leaves before this is committed.

    `owner` is who does it, and hears of the answers.
    """

    link: str
    owner: int


class Answered(Struct, frozen=True, kw_only=True):
    """Answers to parts of one attempt, named by (step, try); `gives_receipts` is the link's.

    `awaited`: parts whose answer is lost and of which receipts tell, or may: no further copy of them goes.
    """

    step: int
    try_no: int
    outcomes: tuple[Outcome, ...]
    gives_receipts: bool = True
    awaited: tuple[int, ...] = ()
    known: tuple[tuple[str, Code], ...] = ()


class Receipted(Struct, frozen=True, kw_only=True):
    """A final receipt for one copy of a part (1-based) of a step; `code` is set when it is an opt-out.

    `copies_left`: other copies of the part that may still arrive; `others`: what receipts said of those that may not.
    """

    step: int
    part: int
    part_state: PartState
    code: Code | None = None
    copies_left: int = 0
    others: tuple[tuple[PartState, Code | None], ...] = ()
    known: tuple[tuple[str, Code], ...] = ()


class Pooled(Struct, frozen=True, kw_only=True):
    """Receipts that may be those of lost parts (1-based) have come and do not settle them yet, or are gone again."""

    step: int
    parts: tuple[int, ...]
    has_receipts: bool


class Recovered(Struct, frozen=True, kw_only=True):
    """The program came up again and finds the attempt on the wire without an answer; `awaited` as in Answered."""

    awaited: tuple[int, ...] = ()


class Postponed(Struct, frozen=True, kw_only=True):
    """The back cannot hand it over now and gives it back to the queue."""

    reason: Reason
    until: int


class DeadlinePassed(Struct, frozen=True, kw_only=True):
    """The validity of the message is over (P7)."""


class ReceiptOverdue(Struct, frozen=True, kw_only=True):
    """Deadline and grace are over and no receipt came (P7)."""


class Cancelled(Struct, frozen=True, kw_only=True):
    """An operator or the customer takes the message back."""


class Revoked(Struct, frozen=True, kw_only=True):
    """The disk kept the message, but only after the caller had been told that it was not accepted (23).

    It happens before anybody has heard of the message: what is marked as on the wire with it has not left.
    """


class Moved(Struct, frozen=True, kw_only=True):
    """An operator (`by`) moves a waiting message to another line, whose rules were asked (moving.py).

    How the text goes there: its kind, encoding, parts and split; None: as before. `due_at`: when its hours begin.
    """

    line: str
    advertising: bool
    kind: StepKind | None = None
    encoding: Encoding | None = None
    parts: int | None = None
    split: SplitMethod | None = None
    due_at: int = 0
    by: str = ""


class SetBack(Struct, frozen=True, kw_only=True):
    """`now` fell by `by` ms: instants of the message that lie in the future were written by a clock that was wrong."""

    by: int


class Restored(Struct, frozen=True, kw_only=True):
    """The store is, or may be, a copy that was put back: what became of the message since, nobody here knows (P10)."""


class Resumed(Struct, frozen=True, kw_only=True):
    """A person lets a held message go; `is_moved`: the store is no copy, so nothing has been sent since."""

    is_moved: bool = False


Event = (
    OnWire
    | Answered
    | Receipted
    | Pooled
    | Recovered
    | Postponed
    | DeadlinePassed
    | ReceiptOverdue
    | Cancelled
    | Revoked
    | Moved
    | SetBack
    | Restored
    | Resumed
)


# ----------------------------------------------------------------------------------------------- effects


class Submit(Struct, frozen=True, kw_only=True):
    """Open an attempt: the store keeps its parts (1-based) as on the wire; after the commit the link writes them.

    `copies`: how many of them follow a try that stayed without an answer, and may arrive twice (P3).
    """

    link: str
    step: int
    try_no: int
    parts: tuple[int, ...]
    copies: int = 0


class Record(Struct, frozen=True, kw_only=True):
    """Keep the answers to parts of an attempt."""

    step: int
    try_no: int
    outcomes: tuple[Outcome, ...]


class Settle(Struct, frozen=True, kw_only=True):
    """Charge a step: `reserved` rial from the reservation, `available` from the balance."""

    reserved: int
    available: int


class Refund(Struct, frozen=True, kw_only=True):
    """Give a settled step back to the reservation."""

    amount: int


class Release(Struct, frozen=True, kw_only=True):
    """Give what is left of the reservation back to the balance."""

    amount: int


class LearnOptOut(Struct, frozen=True, kw_only=True):
    """Remember that this recipient refuses this line, until `until`."""

    line: str
    code: Code
    until: int


Effect = Submit | Record | Settle | Refund | Release | LearnOptOut


class IllegalMove(Exception):
    """The table lists no move for this event in this state; nothing was changed."""

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"no move for {event} in state {state}")
        self.state = state
        self.event = event
