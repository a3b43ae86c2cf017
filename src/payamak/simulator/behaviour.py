"""How the simulated operator behaves: the table of behaviours, and what each one does with one submit_sm.

Pure: no sockets and no clock. `react()` turns a behaviour into a `Plan`, a tuple of timed actions that
`server.py` carries out. Which behaviour a submit meets is decided in `rules.py`, by a script or by the
recipient's last digits: `TABLE` lists those digits, and `describe()` prints the table for the command line.

An opt-out shows in two ways, as with real operators: at once, as a vendor status in submit_sm_resp (the
range 0x0400-0x04FF is left to vendors, SMPP 3.4 §5.1.3), or late, as a REJECTD receipt with a network error
code. Both carry the number of the gateway's own code, so that they can be read: 27 (all advertising) and 33
(this line).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, unique
from types import MappingProxyType
from typing import Final, TypeAlias

from payamak.simulator.habits import Habit
from payamak.simulator.oddly import Oddity, Said
from payamak.smpp.constants import DataCoding, RegisteredDelivery, Status

OPTED_OUT_ALL: Final = 0x00000427
"""Vendor status: the recipient takes no advertising from any line (code 27)."""
OPTED_OUT_LINE: Final = 0x00000433
"""Vendor status: the recipient stopped this one line (code 33)."""
ERR_OPTED_OUT_ALL: Final = "027"
"""The `err` field of a late receipt: no advertising from any line (code 27)."""
ERR_OPTED_OUT_LINE: Final = "033"
"""The `err` field of a late receipt: this one line was stopped (code 33)."""

STEP_MS: Final = 100
"""Distance between two actions whose order is the point, such as a receipt before its answer."""

GARBAGE: Final = bytes.fromhex("ffffffff deadbeef 00000000 cafebabe") + b"HTTP/1.1 400 Bad Request\r\n\r\n"
"""Octets that are no PDU: the length field says 4 GiB, so no session can go on reading."""


@unique
class Behaviour(Enum):
    """What the operator does with a submit. The value is the name used in scripts."""

    DELIVERS = "delivers"
    DELIVERS_LATE = "delivers_late"
    UNDELIVERABLE = "undeliverable"
    EXPIRES = "expires"
    UNKNOWN_STAT = "unknown_stat"
    UNSURE = "unsure"
    NO_RECEIPT = "no_receipt"
    REJECTED = "rejected"
    REJECTED_LATE = "rejected_late"
    OPTED_OUT = "opted_out"
    OPTED_OUT_ADVERTISING = "opted_out_advertising"
    OPTED_OUT_ALL = "opted_out_all"
    OPTED_OUT_LATE = "opted_out_late"
    OPTED_OUT_ADVERTISING_LATE = "opted_out_advertising_late"
    OPTED_OUT_ALL_LATE = "opted_out_all_late"
    THROTTLED = "throttled"
    QUEUE_FULL = "queue_full"
    NEVER_ANSWERS = "never_answers"
    ANSWER_LOST = "answer_lost"
    ANSWERS_TWICE = "answers_twice"
    RECEIPT_FIRST = "receipt_first"
    RECEIPT_TWICE = "receipt_twice"
    HEX_IDS = "hex_ids"
    DISCONNECTS = "disconnects"
    SILENCE = "silence"
    GARBAGE = "garbage"
    POISON = "poison"
    UNBINDS = "unbinds"
    NULS_BEHIND = "nuls_behind"
    TEXT_BEHIND = "text_behind"
    TEXT_SHORT = "text_short"
    CUT_PARAMETER = "cut_parameter"
    BARE_HEADER_BIT = "bare_header_bit"
    CUT_BODY = "cut_body"
    REPLIES_TURKISH = "replies_turkish"
    REPLIES_TURKISH_LOCKING = "replies_turkish_locking"
    REPLIES_URDU = "replies_urdu"
    REPLIES_HINDI = "replies_hindi"
    REPLIES_BARE_HEADER_BIT = "replies_bare_header_bit"
    REPLIES_PACKED = "replies_packed"
    REPLIES_LITTLE_ENDIAN = "replies_little_endian"
    REPLIES_WAITING = "replies_waiting"
    REPLIES_COMPRESSED = "replies_compressed"
    REPLIES_OPT_OUT = "replies_opt_out"
    REPLIES_CUT_BODY = "replies_cut_body"
    MISSPELT = "misspelt"
    NACKS = "nacks"
    THROTTLED_TAKEN = "throttled_taken"
    HYPHENS = "hyphens"
    HEX_PREFIX = "hex_prefix"
    TWO_IDS = "two_ids"
    IN_PAYLOAD = "in_payload"
    NUL_HEADER = "nul_header"
    ONE_ID = "one_id"
    ONE_RECEIPT = "one_receipt"
    NO_ID = "no_id"
    UNMARKED = "unmarked"


@unique
class Scope(Enum):
    """Which lines a behaviour of the table applies to; any other line finds a recipient that accepts."""

    EVERY_LINE = "every line"
    REFUSED_LINES = "the lines in `refuse_lines` (none named: every line)"
    ADVERTISING_LINES = "the lines in `advertising_lines` (none named: every line)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One row of the table: the recipient's last four digits and what they choose.

    `times`: for how many submits to one recipient it holds, then the recipient accepts; None = always.
    """

    digits: str
    behaviour: Behaviour
    says: str
    scope: Scope = Scope.EVERY_LINE
    times: int | None = None


def _row(
    digits: str, behaviour: Behaviour, says: str, scope: Scope = Scope.EVERY_LINE, times: int | None = None
) -> Entry:
    return Entry(digits=digits, behaviour=behaviour, says=says, scope=scope, times=times)


TABLE: Final[tuple[Entry, ...]] = (
    _row("9000", Behaviour.DELIVERS, "taken and delivered, as any recipient not listed here"),
    _row("9001", Behaviour.DELIVERS_LATE, "delivered, the receipt comes late"),
    _row("9002", Behaviour.UNDELIVERABLE, "taken, receipt UNDELIV"),
    _row("9003", Behaviour.EXPIRES, "taken, receipt EXPIRED"),
    _row("9004", Behaviour.UNKNOWN_STAT, "taken, receipt with a stat word that no document knows"),
    _row("9104", Behaviour.UNSURE, "taken, receipt UNKNOWN"),
    _row("9005", Behaviour.NO_RECEIPT, "taken, no receipt ever"),
    _row("9006", Behaviour.REJECTED, "refused in the answer (0x0000000B)"),
    _row("9106", Behaviour.REJECTED_LATE, "taken, receipt REJECTD, err 011"),
    _row("9033", Behaviour.OPTED_OUT, "opted out of this line, in the answer (0x00000433)", Scope.REFUSED_LINES),
    _row(
        "9028",
        Behaviour.OPTED_OUT_ADVERTISING,
        "opted out of advertising, in the answer (0x00000427)",
        Scope.ADVERTISING_LINES,
    ),
    _row("9027", Behaviour.OPTED_OUT_ALL, "opted out of everything, in the answer (0x00000427)"),
    _row(
        "9133",
        Behaviour.OPTED_OUT_LATE,
        "opted out of this line, in the receipt (REJECTD, err 033)",
        Scope.REFUSED_LINES,
    ),
    _row(
        "9128",
        Behaviour.OPTED_OUT_ADVERTISING_LATE,
        "opted out of advertising, in the receipt (REJECTD, err 027)",
        Scope.ADVERTISING_LINES,
    ),
    _row("9127", Behaviour.OPTED_OUT_ALL_LATE, "opted out of everything, in the receipt (REJECTD, err 027)"),
    _row("9010", Behaviour.THROTTLED, "ESME_RTHROTTLED at first, then delivered", times=3),
    _row("9011", Behaviour.QUEUE_FULL, "ESME_RMSGQFUL at first, then delivered", times=3),
    _row("9040", Behaviour.NEVER_ANSWERS, "read, never answered, no receipt"),
    _row("9041", Behaviour.ANSWER_LOST, "never answered, yet the receipt comes: DELIVRD"),
    _row("9042", Behaviour.ANSWERS_TWICE, "answered twice, delivered"),
    _row("9043", Behaviour.RECEIPT_FIRST, "the receipt comes before the answer"),
    _row("9044", Behaviour.RECEIPT_TWICE, "the same receipt comes twice"),
    _row("9045", Behaviour.HEX_IDS, "the answer names the id in hex, the receipt in decimal"),
    _row("9050", Behaviour.DISCONNECTS, "read, then the connection is closed without an answer", times=1),
    _row("9051", Behaviour.SILENCE, "read, then this connection stays open and silent for good", times=1),
    _row("9052", Behaviour.GARBAGE, "answered with octets that are no PDU", times=1),
    _row("9053", Behaviour.POISON, "read, then the connection is closed without an answer, every time"),
    _row("9054", Behaviour.UNBINDS, "the operator unbinds, then answers; delivered", times=1),
    _row("9080", Behaviour.NULS_BEHIND, "delivered; an octet of nothing behind the receipt's text"),
    _row("9081", Behaviour.TEXT_BEHIND, "delivered; the length of the receipt's text is half of what it is"),
    _row("9082", Behaviour.TEXT_SHORT, "delivered; the length of the receipt's text is more than there is"),
    _row("9083", Behaviour.CUT_PARAMETER, "delivered; the receipt's last optional parameter is cut"),
    _row("9084", Behaviour.BARE_HEADER_BIT, "delivered; the receipt says that it has a header, and has none"),
    _row("9085", Behaviour.CUT_BODY, "taken; the receipt ends before its text and cannot be read"),
    _row("9090", Behaviour.REPLIES_TURKISH, "delivered; the handset sends «Şişli ğ» by a single shift table"),
    _row("9091", Behaviour.REPLIES_TURKISH_LOCKING, "delivered; the handset sends «aıb» by a locking shift table"),
    _row("9092", Behaviour.REPLIES_URDU, "delivered; the handset sends «سلام ۱» by both tables of Urdu"),
    _row("9093", Behaviour.REPLIES_HINDI, "delivered; the handset sends two letters in a table that is not readable"),
    _row("9094", Behaviour.REPLIES_BARE_HEADER_BIT, "delivered; a text that is said to have a header, and has none"),
    _row("9095", Behaviour.REPLIES_PACKED, "delivered; the handset sends «hello» in packed septets behind a header"),
    _row("9096", Behaviour.REPLIES_LITTLE_ENDIAN, "delivered; «سلام» with a byte order mark, little-endian"),
    _row("9097", Behaviour.REPLIES_WAITING, "delivered; the handset sends «a@b» under data_coding 0xC8"),
    _row("9098", Behaviour.REPLIES_COMPRESSED, "delivered; the handset sends a compressed text"),
    _row("9099", Behaviour.REPLIES_OPT_OUT, "delivered; the handset sends «لغو» with marks around and a NUL behind"),
    _row("9086", Behaviour.REPLIES_CUT_BODY, "delivered; what the handset sends ends before its text"),
    _row("9060", Behaviour.MISSPELT, "taken, receipt UNDELIVRD"),
    _row("9061", Behaviour.NACKS, "answered by generic_nack without a reason, then delivered", times=1),
    _row("9062", Behaviour.THROTTLED_TAKEN, "ESME_RTHROTTLED with an id, yet taken: the receipt comes", times=1),
    _row("9063", Behaviour.HYPHENS, "the id is a UUID, without hyphens in the receipt's parameter"),
    _row("9064", Behaviour.HEX_PREFIX, "the answer names the id as 0x1f3a, the receipt as 7994"),
    _row("9065", Behaviour.TWO_IDS, "the receipt's parameter names an id of its own, the text the answered one"),
    _row("9066", Behaviour.IN_PAYLOAD, "the receipt's text is in message_payload, beside a blank short_message"),
    _row("9067", Behaviour.NUL_HEADER, "the receipt says that it has a header, and has none"),
    _row("9068", Behaviour.ONE_ID, "all parts of a text are answered with one id"),
    _row("9069", Behaviour.ONE_RECEIPT, "only the last part of a text gets a receipt"),
    _row("9070", Behaviour.NO_ID, "answered without an id, the receipt echoes user_message_reference"),
    _row("9071", Behaviour.UNMARKED, "the receipt is not marked as one, in no way"),
)
"""The behaviours by the recipient's last four digits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """The operator's own pace, in milliseconds counted from the arrival of the submit."""

    answer_ms: int = 0
    receipt_ms: int = 50
    late_ms: int = 3_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Send submit_sm_resp. `hex_id` writes the id in hex whatever the configured format."""

    delay_ms: int
    status: int = Status.ESME_ROK.value
    hex_id: bool = False
    habit: Habit = Habit.USUAL


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """Send a delivery receipt as deliver_sm. `decimal_id` writes the id in decimal whatever the format."""

    delay_ms: int
    stat: str = "DELIVRD"
    err: str = "000"
    decimal_id: bool = False
    habit: Habit = Habit.USUAL
    oddity: Oddity = Oddity.NONE


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """The handset sends a message to the line."""

    delay_ms: int
    said: Said


@dataclass(frozen=True, kw_only=True, slots=True)
class Close:
    """Close the connection without a word."""

    delay_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence:
    """Neither read nor write on this connection any more; leave it open."""

    delay_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Garbage:
    """Write octets that are no PDU."""

    delay_ms: int = 0
    octets: bytes = GARBAGE


@dataclass(frozen=True, kw_only=True, slots=True)
class Unbind:
    """Ask to unbind, and go on with everything else."""

    delay_ms: int = 0


Action: TypeAlias = Answer | Receipt | Reply | Close | Silence | Garbage | Unbind


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to do with one submit: actions in order of time, and the status they answer with.

    `status` is None when no answer leaves at all.
    """

    behaviour: Behaviour
    actions: tuple[Action, ...]
    status: int | None

    @property
    def is_taken(self) -> bool:
        """Whether the operator keeps the message: it did not refuse it, answered or not."""
        return not self.status and not any(
            isinstance(action, Answer) and action.habit is Habit.NACK for action in self.actions
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What a script may put in place of a behaviour's own status, stat word and error code."""

    status: int | None = None
    stat: str | None = None
    err: str | None = None


REFUSALS: Final[Mapping[Behaviour, int]] = MappingProxyType(
    {
        Behaviour.REJECTED: Status.ESME_RINVDSTADR.value,
        Behaviour.OPTED_OUT: OPTED_OUT_LINE,
        Behaviour.OPTED_OUT_ADVERTISING: OPTED_OUT_ALL,
        Behaviour.OPTED_OUT_ALL: OPTED_OUT_ALL,
        Behaviour.THROTTLED: Status.ESME_RTHROTTLED.value,
        Behaviour.QUEUE_FULL: Status.ESME_RMSGQFUL.value,
        Behaviour.THROTTLED_TAKEN: Status.ESME_RTHROTTLED.value,
    }
)
"""Behaviours that refuse in the answer, and the status they refuse with."""

RECEIPTS: Final[Mapping[Behaviour, tuple[str, str]]] = MappingProxyType(
    {
        Behaviour.UNDELIVERABLE: ("UNDELIV", "001"),
        Behaviour.EXPIRES: ("EXPIRED", "002"),
        Behaviour.UNKNOWN_STAT: ("PARKED", "099"),
        Behaviour.UNSURE: ("UNKNOWN", "099"),
        Behaviour.MISSPELT: ("UNDELIVRD", "001"),
        Behaviour.REJECTED_LATE: ("REJECTD", "011"),
        Behaviour.OPTED_OUT_LATE: ("REJECTD", ERR_OPTED_OUT_LINE),
        Behaviour.OPTED_OUT_ADVERTISING_LATE: ("REJECTD", ERR_OPTED_OUT_ALL),
        Behaviour.OPTED_OUT_ALL_LATE: ("REJECTD", ERR_OPTED_OUT_ALL),
    }
)
"""Behaviours whose receipt is not DELIVRD 000: its stat word and its error code."""

HABITS: Final[Mapping[Behaviour, Habit]] = MappingProxyType(
    {
        Behaviour.NACKS: Habit.NACK,
        Behaviour.THROTTLED_TAKEN: Habit.NAMED_IN_REFUSAL,
        **{Behaviour(habit.value): habit for habit in Habit if habit.value in {each.value for each in Behaviour}},
    }
)
"""Behaviours that deliver, and answer or report in their own way (habits.py)."""

ODDITIES: Final[Mapping[Behaviour, Oddity]] = MappingProxyType(
    {
        Behaviour.NULS_BEHIND: Oddity.NULS_BEHIND,
        Behaviour.TEXT_BEHIND: Oddity.TEXT_BEHIND,
        Behaviour.TEXT_SHORT: Oddity.TEXT_SHORT,
        Behaviour.CUT_PARAMETER: Oddity.CUT_PARAMETER,
        Behaviour.BARE_HEADER_BIT: Oddity.BARE_HEADER_BIT,
        Behaviour.CUT_BODY: Oddity.CUT_BODY,
    }
)
"""Behaviours whose receipt is well meant and oddly written."""


def _behind(header: str, septets: str) -> Said:
    return Said(octets=bytes.fromhex(header + septets), has_header=True)


REPLIES: Final[Mapping[Behaviour, Said]] = MappingProxyType(
    {
        Behaviour.REPLIES_TURKISH: _behind("03240101", "1b53691b736c69201b67"),
        Behaviour.REPLIES_TURKISH_LOCKING: _behind("03250101", "610762"),
        Behaviour.REPLIES_URDU: _behind("0624010d25010d", "3d4d004e201b1d"),
        Behaviour.REPLIES_HINDI: _behind("03250106", "3528"),
        Behaviour.REPLIES_BARE_HEADER_BIT: Said(octets=b"Hello, is the price still 5000?", has_header=True),
        Behaviour.REPLIES_PACKED: _behind("0500032a0101", "d06536fb0d"),
        Behaviour.REPLIES_LITTLE_ENDIAN: Said(octets="سلام".encode("utf-16"), data_coding=DataCoding.UCS2.value),
        Behaviour.REPLIES_WAITING: Said(octets=b"a\0b", data_coding=0xC8),
        Behaviour.REPLIES_COMPRESSED: Said(octets=b"\x1f\x8b\0", data_coding=0x20),
        Behaviour.REPLIES_OPT_OUT: Said(
            octets="\u200fلغو\u200f\0".encode("utf-16-be"), data_coding=DataCoding.UCS2.value
        ),
        Behaviour.REPLIES_CUT_BODY: Said(octets=b"hello", oddity=Oddity.CUT_BODY),
    }
)
"""Behaviours whose handset sends a message to the line after the receipt, and what it sends."""

_NO_WORDS: Final = Words()


def react(
    behaviour: Behaviour,
    *,
    timing: Timing,
    registered_delivery: int,
    words: Words = _NO_WORDS,
) -> Plan:
    """What the operator does with one submit_sm, as actions in order of time.

    A receipt is planned only if `registered_delivery` asks for it (SMPP 3.4 §5.2.17): 1 always, 2 on
    failure only.
    """
    habit = HABITS.get(behaviour, Habit.USUAL)
    stat, err = RECEIPTS.get(behaviour, ("DELIVRD", "000"))
    receipt = Receipt(
        delay_ms=timing.answer_ms + timing.receipt_ms, stat=words.stat or stat, err=words.err or err, habit=habit
    )
    if behaviour in REFUSALS:
        status = REFUSALS[behaviour] if words.status is None else words.status
        answer = Answer(delay_ms=timing.answer_ms, status=status, habit=habit)
        plan = _plan(behaviour, answer, *((receipt,) if habit is Habit.NAMED_IN_REFUSAL else ()))
    else:
        oddity = ODDITIES.get(behaviour, Oddity.NONE)
        plan = _plan(behaviour, *_taken(behaviour, timing, replace(receipt, oddity=oddity)))
    return plan if _asks_for(receipt.stat, registered_delivery) else without_receipts(plan)


def without_receipts(plan: Plan) -> Plan:
    """The same plan for a submit that did not ask for a receipt."""
    return _plan(plan.behaviour, *(action for action in plan.actions if not isinstance(action, Receipt)))


def _taken(behaviour: Behaviour, timing: Timing, receipt: Receipt) -> tuple[Action, ...]:
    """The actions of a behaviour that does not refuse in the answer."""
    answer = Answer(delay_ms=timing.answer_ms, habit=receipt.habit)
    if receipt.habit is Habit.NACK:
        return (answer,)
    if behaviour in REPLIES:
        return (answer, receipt, Reply(delay_ms=receipt.delay_ms + STEP_MS, said=REPLIES[behaviour]))
    if behaviour in HABITS or behaviour in ODDITIES or behaviour in RECEIPTS or behaviour is Behaviour.DELIVERS:
        return (answer, receipt)
    return _done(behaviour, timing, answer, receipt)


def _done(behaviour: Behaviour, timing: Timing, answer: Answer, receipt: Receipt) -> tuple[Action, ...]:
    """The actions of a behaviour that is no habit of writing."""
    match behaviour:
        case Behaviour.DELIVERS_LATE:
            return (answer, _moved(receipt, timing.answer_ms + timing.late_ms))
        case Behaviour.NO_RECEIPT:
            return (answer,)
        case Behaviour.NEVER_ANSWERS:
            return ()
        case Behaviour.ANSWER_LOST:
            return (receipt,)
        case Behaviour.ANSWERS_TWICE:
            return (answer, answer, receipt)
        case Behaviour.RECEIPT_FIRST:
            return (_moved(receipt, timing.answer_ms), Answer(delay_ms=timing.answer_ms + STEP_MS))
        case Behaviour.RECEIPT_TWICE:
            return (answer, receipt, _moved(receipt, receipt.delay_ms + STEP_MS))
        case Behaviour.HEX_IDS:
            return (
                Answer(delay_ms=timing.answer_ms, hex_id=True),
                Receipt(delay_ms=receipt.delay_ms, stat=receipt.stat, err=receipt.err, decimal_id=True),
            )
        case Behaviour.DISCONNECTS | Behaviour.POISON:
            return (Close(delay_ms=timing.answer_ms),)
        case Behaviour.SILENCE:
            return (Silence(delay_ms=timing.answer_ms),)
        case Behaviour.GARBAGE:
            return (Garbage(delay_ms=timing.answer_ms),)
        case Behaviour.UNBINDS:
            late = timing.answer_ms + STEP_MS
            return (Unbind(delay_ms=timing.answer_ms), Answer(delay_ms=late), _moved(receipt, late + timing.receipt_ms))
        case _:
            raise AssertionError(f"{behaviour} refuses in the answer")


def _plan(behaviour: Behaviour, *actions: Action) -> Plan:
    statuses = [action.status for action in actions if isinstance(action, Answer)]
    return Plan(behaviour=behaviour, actions=actions, status=statuses[0] if statuses else None)


def _moved(receipt: Receipt, delay_ms: int) -> Receipt:
    return Receipt(delay_ms=delay_ms, stat=receipt.stat, err=receipt.err)


def _asks_for(stat: str, registered_delivery: int) -> bool:
    match registered_delivery & 0x03:
        case RegisteredDelivery.RECEIPT:
            return True
        case RegisteredDelivery.RECEIPT_ON_FAILURE:
            return stat != "DELIVRD"
        case _:
            return False


def describe() -> str:
    """The table of behaviours as text, for `payamak simulate --help`."""
    lines = [
        "A recipient ending in these digits chooses what the operator does; any other accepts:",
        "",
    ]
    for entry in TABLE:
        notes = [] if entry.times is None else [f"{entry.times} time{'s' * (entry.times > 1)} per recipient"]
        if entry.scope is not Scope.EVERY_LINE:
            notes.append(f"on {entry.scope.value}")
        says = entry.says + (f"; {', '.join(notes)}" if notes else "")
        lines.append(f"  {entry.digits}  {entry.behaviour.value:<27} {says}")
    return "\n".join(lines)
