"""Delivery receipts: what they say, whichever way the centre writes it (section 5.2.12, 5.3.2, Appendix B).

A receipt is a deliver_sm or data_sm whose esm_class says so, or that carries receipted_message_id or
message_state. Text alone does not make one: a handset could write it. Optional parameters go before the text: their
form is the specification's, the text's is the vendor's. Only a state that says nothing leaves the word to the text.
Nothing in either can raise. The forms met are in tests/golden/receipts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from payamak.encoding.udh import cut_header
from payamak.smpp.codec import text_octets, tlv_int, tlv_octets, tlv_text
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

# The words of Appendix B, and the spellings met beside them.
_BY_WORD: Final[dict[str, Stat]] = {
    **{stat.value: stat for stat in Stat},
    **{stat.name: stat for stat in Stat},
    "BUFFRED": Stat.ENROUTE,
    "BUFFERED": Stat.ENROUTE,
    "SCHEDULED": Stat.ENROUTE,
    "UNDELIVERED": Stat.UNDELIVERABLE,
    "FAILED": Stat.UNDELIVERABLE,
}
_NOT_FINAL: Final = frozenset({Stat.ENROUTE, Stat.ACCEPTED})

LONGEST_RECEIPT: Final = 1_024
"""Octets of a receipt's text that are read, four times what a short_message holds: the rest is none of Appendix B's."""

_KEY: Final = re.compile(
    r"(?<![A-Za-z0-9])(id|sub|dlvrd|submit[\s_]{0,4}date|done[\s_]{0,4}date|stat|err|text)\s{0,4}:", re.IGNORECASE
)
_AROUND: Final = "\"'<>,;|"
"""What stands around a value and is none of it: quotes, and separators where others write a blank."""

_ABSOLUTE_TIME: Final = re.compile(r"(\d{12})\d{3}[+\-R]")
"""YYMMDDhhmmsstnnp (section 7.1.1), which some centres write in the text too; the quarters of the zone are not read."""

_ENCODINGS: Final = {True: ("utf-16-be", "latin-1", "utf-16-le"), False: ("latin-1", "utf-16-be", "utf-16-le")}
"""By whether data_coding says UCS-2. It lies both ways: some centres copy that of the message, others leave it out."""

_DATE_FORMATS: Final = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S", 14: "%Y%m%d%H%M%S"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """One delivery receipt.

    `operator_id` is the SMSC's message_id, "" if it gave none; `stat` is UNKNOWN for a word in no table,
    `stat_text` what was written ("" if nothing). `err` comes from network_error_code (its code in three
    decimal digits) or from the text, `err_text` from the text alone. Dates are as written.
    """

    operator_id: str
    stat: Stat
    stat_text: str = ""
    err: str | None = None
    err_text: str | None = None
    submit_date: str | None = None
    done_date: str | None = None
    text: str = ""
    is_intermediate: bool = False

    @property
    def is_final(self) -> bool:
        """Whether no other receipt is to be expected; an intermediate notification never is final."""
        return not self.is_intermediate and self.stat not in _NOT_FINAL

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


def is_receipt(pdu: DeliverSm | DataSm) -> bool:
    """Whether this is a delivery receipt or an intermediate notification, and no message from a handset."""
    if pdu.esm_class & (EsmClass.DELIVERY_RECEIPT | EsmClass.INTERMEDIATE_NOTIFICATION):
        return True
    if pdu.esm_class & EsmClass.TYPE_MASK:
        return False  # acknowledgements that a handset's program or its user wrote
    return any(tag in (Tag.RECEIPTED_MESSAGE_ID, Tag.MESSAGE_STATE) for tag, _ in pdu.tlvs)


def parse_receipt(pdu: DeliverSm | DataSm) -> Receipt | None:
    """What a receipt says; None if `pdu` is a message from a handset (MO). Never raises."""
    if not is_receipt(pdu):
        return None
    written = _written(pdu)
    stat_text = written.get("stat", "")
    state = tlv_int(pdu, Tag.MESSAGE_STATE)
    err_text = written.get("err") or None
    return Receipt(
        operator_id=_value(tlv_text(pdu, Tag.RECEIPTED_MESSAGE_ID) or "") or written.get("id", ""),
        stat=_stat(state, stat_text),
        stat_text=stat_text or ("" if state is None else str(state)),
        err=_network_error(pdu) or err_text,
        err_text=err_text,
        submit_date=written.get("submitdate") or None,
        done_date=written.get("donedate") or None,
        text=written.get("text", ""),
        is_intermediate=bool(pdu.esm_class & EsmClass.INTERMEDIATE_NOTIFICATION),
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
    """The parameter's state; the word where the parameter is not there or says nothing."""
    told = Stat.UNKNOWN if state is None else _BY_STATE.get(state, Stat.UNKNOWN)
    return _BY_WORD.get(word.upper(), Stat.UNKNOWN) if told is Stat.UNKNOWN else told


def _value(written: str) -> str:
    """A value without what stands around it; it ends at a NUL and has nothing that could move a terminal's cursor."""
    value = written.partition("\0")[0].strip().strip(_AROUND)
    return value if value.isprintable() else "".join(filter(str.isprintable, value))


def _network_error(pdu: DeliverSm | DataSm) -> str | None:
    """network_error_code is the network's type in one octet and the code in two (section 5.3.2.31)."""
    value = tlv_octets(pdu, Tag.NETWORK_ERROR_CODE)
    return f"{int.from_bytes(value[1:3], 'big'):03d}" if value is not None and len(value) == 3 else None


def _written(pdu: DeliverSm | DataSm) -> dict[str, str]:
    """The values of Appendix B's text by key, first one counts. `text` is last and runs to the end."""
    octets = text_octets(pdu)[:LONGEST_RECEIPT]
    if pdu.esm_class & EsmClass.UDHI:
        _, octets = cut_header(octets, is_ucs2=pdu.data_coding == DataCoding.UCS2)
    text, keys = "", []
    for encoding in _ENCODINGS[pdu.data_coding == DataCoding.UCS2]:
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
        if name in ("submitdate", "donedate"):
            found.setdefault(name, _value(" ".join(words)))
        else:
            found.setdefault(name, _value(words[0]) if words else "")
    return found


_NO_BLANKS: Final = re.compile(r"[\s_]+")
