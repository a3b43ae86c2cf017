"""Delivery receipts: what they say, whichever way the centre writes it (section 5.2.12, 5.3.2, Appendix B).

A receipt is a deliver_sm or data_sm whose esm_class says so, or that carries receipted_message_id or
message_state. Text alone does not make one: a handset could write it. Optional parameters go before the text: their
form is the specification's, the text's is the vendor's. Only a state that says nothing leaves the word to the text.
Nothing in either can raise. The forms met are in tests/golden/receipts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from payamak.encoding.udh import cut_header
from payamak.smpp.codec import tlv_int, tlv_octets, tlv_text
from payamak.smpp.constants import DataCoding, EsmClass, MessageState, Tag
from payamak.smpp.pdu import DataSm, DeliverSm, Tlv, tlv


class Stat(StrEnum):
    """What became of the message, in the words of Appendix B's table."""

    ENROUTE = "ENROUTE"
    DELIVERED = "DELIVRD"
    EXPIRED = "EXPIRED"
    DELETED = "DELETED"
    UNDELIVERABLE = "UNDELIV"
    ACCEPTED = "ACCEPTD"
    UNKNOWN = "UNKNOWN"
    REJECTED = "REJECTD"
    OTHER = ""
    """A word, or a state, that no table has: we do not know what it says, which is not that the operator does not."""


_BY_STATE: Final[dict[int, Stat]] = {
    0: Stat.ENROUTE,  # SCHEDULED, of SMPP 5.0 and some centres that say 3.4
    MessageState.ENROUTE: Stat.ENROUTE,
    MessageState.DELIVERED: Stat.DELIVERED,
    MessageState.EXPIRED: Stat.EXPIRED,
    MessageState.DELETED: Stat.DELETED,
    MessageState.UNDELIVERABLE: Stat.UNDELIVERABLE,
    MessageState.ACCEPTED: Stat.ACCEPTED,
    MessageState.UNKNOWN: Stat.UNKNOWN,
    MessageState.REJECTED: Stat.REJECTED,
}
_STATES: Final[dict[Stat, int]] = {stat: state for state, stat in _BY_STATE.items() if state}

_SPELLINGS: Final[dict[Stat, str]] = {
    Stat.ENROUTE: "ENROUTE BUFFRED BUFFERED BUFFERD SCHEDULED",
    Stat.DELIVERED: "DELIVRD DELIVERED DELIVERD DELIVRED DELVRD",
    Stat.EXPIRED: "EXPIRED EXPIRD EXPRIED EXPIRE",
    Stat.DELETED: "DELETED DELETD DELETE",
    Stat.UNDELIVERABLE: "UNDELIV UNDELIVERABLE UNDELIVERED UNDELIVERD UNDELIVRED UNDELIVRD UNDELIVD UNDELVRD UNDELIVE"
    " NOTDELIV NOTDELIVERED NOTDELIVERD NOTDELIVRED NOTDELIVRD NOTDLVRD FAILED FAIL",
    Stat.ACCEPTED: "ACCEPTD ACCEPTED ACCEPT",
    Stat.UNKNOWN: "UNKNOWN UNKNOWM UNKNWON",
    Stat.REJECTED: "REJECTD REJECTED REJECT REJCTD REJECTE",
}
"""The words of Appendix B, and how they are met misspelt. What is read as an end has to be spelt like nothing else: an
end is final, and a word that is missing here can be given its meaning by the link (`receipt_verdicts`)."""

_BY_WORD: Final = {word: stat for stat, words in _SPELLINGS.items() for word in words.split()}
_NOT_FINAL: Final = frozenset({Stat.ENROUTE, Stat.ACCEPTED, Stat.OTHER})

LONGEST_RECEIPT: Final = 1_024
"""Octets of a receipt's text that are read, four times what a short_message holds: the rest is none of Appendix B's."""

_KEY: Final = re.compile(
    r"(?<![A-Za-z0-9])(id|sub|dlvrd|submit[\s_]{0,4}date|done[\s_]{0,4}date|stat|err|text)\s{0,4}:", re.IGNORECASE
)
_USUAL: Final = re.compile(
    rb"id:([0-9A-Za-z]+) sub:([0-9]+) dlvrd:([0-9]+) submit date:([0-9]+) done date:([0-9]+) stat:([A-Za-z]+)"
    rb" err:([0-9A-Za-z]+) [Tt]ext:(.*)",
    re.DOTALL,
)
"""Appendix B's text to the letter, as most centres write nearly all of theirs: read in one step, a fifth of the time
that all other forms take. What it finds is what the reading by keys finds (a property test)."""

_USUAL_KEYS: Final = ("id", "sub", "dlvrd", "submitdate", "donedate", "stat", "err", "text")

_AROUND: Final = "\"'<>(){},;|"
"""What stands around a value and is none of it: quotes, and separators where others write a blank."""

_ABSOLUTE_TIME: Final = re.compile(r"(\d{12})\d{3}[+\-R]")
"""YYMMDDhhmmsstnnp (section 7.1.1), which some centres write in the text too; the quarters of the zone are not read."""

_ENCODINGS: Final = {True: ("utf-16-be", "latin-1", "utf-16-le"), False: ("latin-1", "utf-16-be", "utf-16-le")}
"""By whether data_coding says UCS-2. It lies both ways: some centres copy that of the message, others leave it out."""

_DATE_FORMATS: Final = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S", 14: "%Y%m%d%H%M%S"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """One delivery receipt.

    `operator_id` is the SMSC's message_id, "" if it gave none: the first of `ids`, which are what the parameter, the
    text and message_payload name, in this order, "" where one names none. `stat` is OTHER for a word or a state in no
    table, and where neither is told; `stat_text` what was written ("" if nothing), `state` the parameter. `err`
    comes from network_error_code (its code in three decimal digits) or from the text, `err_text` from the text alone.
    Dates are as written.
    """

    operator_id: str
    stat: Stat
    ids: tuple[str, ...] = field(default=(), compare=False)
    stat_text: str = ""
    err: str | None = None
    err_text: str | None = None
    submit_date: str | None = None
    done_date: str | None = None
    text: str = ""
    is_intermediate: bool = False
    state: int | None = None

    @property
    def is_final(self) -> bool:
        """Whether no other receipt is to be expected; an intermediate notification never is final."""
        return not self.is_intermediate and self.stat not in _NOT_FINAL

    @property
    def is_blank(self) -> bool:
        """Whether it names no id, no state and no error: perhaps it is none (`says_nothing`)."""
        return not (any(self.ids) or self.stat_text or self.err)

    @property
    def done_time(self) -> datetime | None:
        """`done_date` as a naive time in the SMSC's unnamed zone, None if it cannot be read."""
        return receipt_time(self.done_date)


def receipt_time(written: str | None) -> datetime | None:
    """Read YYMMDDhhmm, YYMMDDhhmmss or YYYYMMDDhhmmss, or the specification's time; None for everything else.

    Signs between the digits do not matter. The zone is not told.
    """
    if written is None or not written.isascii():
        return None
    absolute = _ABSOLUTE_TIME.fullmatch(written)
    written = absolute[1] if absolute else written.translate(_NO_SIGNS)
    if not written.isdigit():
        return None
    try:
        return datetime.strptime(written, _DATE_FORMATS[len(written)])  # noqa: DTZ007  # the zone is not told
    except (KeyError, ValueError):
        return None


_NO_SIGNS: Final = str.maketrans("", "", " -/.:T")


def looks_like_receipt(pdu: DeliverSm | DataSm) -> bool:
    """Whether the text alone would be a receipt's: it names an id and a state. A handset can write that too."""
    if pdu.esm_class & EsmClass.TYPE_MASK:
        return False
    written, ids = _written(pdu)
    return any(ids) and bool(written.get("stat"))


def is_receipt(pdu: DeliverSm | DataSm) -> bool:
    """Whether this is a delivery receipt or an intermediate notification, and no message from a handset."""
    if pdu.esm_class & (EsmClass.DELIVERY_RECEIPT | EsmClass.INTERMEDIATE_NOTIFICATION):
        return True
    if pdu.esm_class & EsmClass.TYPE_MASK:
        return False  # acknowledgements that a handset's program or its user wrote
    return any(tag in (Tag.RECEIPTED_MESSAGE_ID, Tag.MESSAGE_STATE) for tag, _ in pdu.tlvs)


def says_nothing(pdu: DeliverSm | DataSm) -> bool:
    """Whether a text that is marked as a receipt has no word of one: another form than we know, or a person's."""
    if not is_receipt(pdu) or any(map(_written(pdu)[0].get, ("id", "stat", "err"))):
        return False
    return not any(tlv_octets(pdu, tag) for tag in _TELLING) and any(text.strip(b" \0") for text, *_ in _texts(pdu))


_TELLING: Final = (Tag.RECEIPTED_MESSAGE_ID, Tag.MESSAGE_STATE, Tag.NETWORK_ERROR_CODE)


def parse_receipt(pdu: DeliverSm | DataSm, *, is_marked: bool = True) -> Receipt | None:
    """What a receipt says; None if `pdu` is a message from a handset (MO). Never raises.

    Not `is_marked`: of a centre that marks none, read whatever looks like a receipt as one; whether it is, its id says.
    """
    if not is_receipt(pdu) and (is_marked or not looks_like_receipt(pdu)):
        return None
    written, ids = _written(pdu)
    ids = (_value(tlv_text(pdu, Tag.RECEIPTED_MESSAGE_ID) or ""), *ids)
    stat_text = written.get("stat", "")
    state = tlv_int(pdu, Tag.MESSAGE_STATE)
    err_text = written.get("err") or None
    return Receipt(
        operator_id=next(filter(None, ids), ""),
        ids=ids,
        stat=_stat(state, stat_text),
        stat_text=stat_text or ("" if state is None else str(state)),
        err=_network_error(pdu) or err_text,
        err_text=err_text,
        submit_date=written.get("submitdate") or None,
        done_date=written.get("donedate") or None,
        text=written.get("text", ""),
        is_intermediate=bool(pdu.esm_class & EsmClass.INTERMEDIATE_NOTIFICATION),
        state=state,
    )


def format_receipt(
    operator_id: str,
    stat: Stat | str,
    *,
    submit_date: str,
    done_date: str,
    err: str = "000",
    text: str = "",
) -> bytes:
    """Write the text of Appendix B, for the end that plays the SMSC. Dates as they shall stand, YYMMDDhhmm.

    `text` is cut to 20 characters as Appendix B says. Raises ValueError if something is not Latin-1.
    """
    delivered = "001" if stat == Stat.DELIVERED else "000"
    return (
        f"id:{operator_id} sub:001 dlvrd:{delivered} submit date:{submit_date} done date:{done_date} "
        f"stat:{stat} err:{err} text:{text[:20]}"
    ).encode("latin-1")


def receipt_tlvs(operator_id: str, stat: Stat) -> tuple[Tlv, ...]:
    """receipted_message_id and message_state, which a modern SMSC writes beside the text."""
    return (tlv(Tag.RECEIPTED_MESSAGE_ID, operator_id), tlv(Tag.MESSAGE_STATE, _STATES[stat]))


def _stat(state: int | None, word: str) -> Stat:
    """The parameter's state; the word where the parameter is not there, says nothing, or is in no table.

    Beside a word that we do not know, 7 is what a centre writes that does not know it either.
    """
    told = Stat.OTHER if state is None else _BY_STATE.get(state, Stat.OTHER)
    if told not in (Stat.OTHER, Stat.UNKNOWN) or not word:
        return told
    if word in _BY_WORD:
        return _BY_WORD[word]
    return _BY_WORD.get(_letters(word), Stat.OTHER)


def _letters(word: str) -> str:
    return _NO_SIGNS_OR_BLANKS.sub("", word).upper()


def _is_word(written: str) -> bool:
    """Whether words that stand apart are one that is known: "NOT DELIVERED", "UN-DELIVERED"."""
    return _letters(written) in _BY_WORD


_NO_SIGNS_OR_BLANKS: Final = re.compile(r"[\W_]+")


def _value(written: str) -> str:
    """A value without what stands around it; it ends at a NUL and has nothing that could move a terminal's cursor."""
    value = written.partition("\0")[0].strip().strip(_AROUND)
    return value if value.isprintable() else "".join(filter(str.isprintable, value))


def _network_error(pdu: DeliverSm | DataSm) -> str | None:
    """network_error_code is the network's type in one octet and the code in two (section 5.3.2.31)."""
    value = tlv_octets(pdu, Tag.NETWORK_ERROR_CODE)
    return f"{int.from_bytes(value[1:3], 'big'):03d}" if value is not None and len(value) == 3 else None


def _texts(pdu: DeliverSm | DataSm) -> list[tuple[bytes, ...]]:
    """Where a receipt's text may stand, as octets: short_message and message_payload (section 5.3.2.32); of each the
    octets behind a header, if it is said to have one, and all of them, for it is said of texts that have none."""
    short = b"" if isinstance(pdu, DataSm) else pdu.short_message
    long = (tlv_octets(pdu, Tag.MESSAGE_PAYLOAD) or b"")[:LONGEST_RECEIPT]
    places = (short[:LONGEST_RECEIPT], long)
    if not pdu.esm_class & EsmClass.UDHI:
        return [(octets,) for octets in places]
    is_ucs2 = pdu.data_coding == DataCoding.UCS2
    return [(cut_header(octets, is_ucs2=is_ucs2)[1], octets) if octets else (octets,) for octets in places]


def _written(pdu: DeliverSm | DataSm) -> tuple[dict[str, str], tuple[str, ...]]:
    """The values of Appendix B's text by key, the first one counts, and the id of each place ("" where it has none)."""
    encodings = _ENCODINGS[pdu.data_coding == DataCoding.UCS2]
    found: dict[str, str] = {}
    ids = []
    for variants in _texts(pdu):
        here = next(filter(None, (_values(octets, encodings) for octets in variants)), {})
        ids.append(here.get("id", ""))
        found = {**here, **{key: value for key, value in found.items() if value}}
    return found, tuple(ids)


def _values(octets: bytes, encodings: tuple[str, ...]) -> dict[str, str]:
    """What one text says by key, in the first encoding in which it says anything. `text` is last, up to the end."""
    if not octets:
        return {}
    if encodings[0] == "latin-1" and (usual := _USUAL.fullmatch(octets)):
        return dict(zip(_USUAL_KEYS, [value.decode("latin-1") for value in usual.groups()], strict=True))
    return _values_by_key(octets, encodings)


def _values_by_key(octets: bytes, encodings: tuple[str, ...]) -> dict[str, str]:
    text, keys = "", []
    for encoding in encodings:
        text = octets.decode(encoding, "replace")
        if keys := list(_KEY.finditer(text)):
            break
    found: dict[str, str] = {}
    for index, key in enumerate(keys):
        name = _NO_BLANKS.sub("", key[1].lower())
        if name == "text":
            found.setdefault(name, text[key.end() :])
            break
        written = text[key.end() : keys[index + 1].start() if index + 1 < len(keys) else len(text)]
        words = written.partition("\0")[0].split()
        is_whole = name in ("submitdate", "donedate") or (name == "stat" and _is_word("".join(words)))
        found.setdefault(name, _value(" ".join(words) if is_whole else "".join(words[:1])))
    return found


_NO_BLANKS: Final = re.compile(r"[\s_]+")
