"""What a field looks like in octets, and the walk over a PDU's description in both directions.

A description is a tuple of fields in wire order. The mandatory parameters of the PDUs we speak know three
kinds: one-octet integers, C-octet strings, and one length octet with that many octets (section 3.1). `Wire`
folds neighbouring integers into one run, so that decoding costs one slice for all of them.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter
from typing import Final, NamedTuple

from payamak.smpp.constants import TLVS, Status, Tag, TlvKind

TLV_HEAD: Final = struct.Struct(">HH")
MOST_TLVS: Final = 255
"""The table has 44 of them (section 5.3.2), and vendors have their own; a PDU has room for 16,000 empty ones. Taste."""
MOST_TEXT: Final = 65_536
_INT_OCTETS: Final = {TlvKind.INT1: 1, TlvKind.INT2: 2, TlvKind.INT4: 4}


class Tlv(NamedTuple):
    """One optional parameter: its tag and the octets of its value (section 3.2.4). `tlv()` writes one."""

    tag: int
    value: bytes

    def __repr__(self) -> str:
        known = TLVS.get(self.tag)
        name = known.name if known else f"0x{self.tag:04x}"
        # The payload is a person's message; a repr ends in logs.
        shown = f"{len(self.value)} octets" if self.tag == Tag.MESSAGE_PAYLOAD else self.value.hex()
        return f"Tlv({name}, {shown})"


def tlv(tag: int, value: int | str | bytes) -> Tlv:
    """Write one optional parameter the way the table says: an int in its width, a str with its NUL.

    Raises ValueError if the number does not fit, or an unknown tag comes without octets.
    """
    if isinstance(value, bytes):
        return Tlv(int(tag), value)
    known = TLVS.get(tag)
    if known is None:
        raise ValueError(f"tag 0x{tag:04x} is not in the table: expected octets, got {type(value).__name__}")
    if isinstance(value, str):
        return Tlv(int(tag), value.encode("latin-1") + b"\0")
    width = _INT_OCTETS.get(known.kind)
    if width is None or not 0 <= value < 1 << (8 * width):
        raise ValueError(f"{known.name} is {known.kind}, cannot hold the number {value}")
    return Tlv(int(tag), value.to_bytes(width, "big"))


def sar_tlvs(reference: int, total: int, part: int) -> tuple[Tlv, ...]:
    """Where a part stands in a long text, from 1 (SMPP 3.4 §5.3.2.22 to 24); of the reference its low 16 bits."""
    return (
        tlv(Tag.SAR_MSG_REF_NUM, reference & 0xFFFF),
        tlv(Tag.SAR_TOTAL_SEGMENTS, total),
        tlv(Tag.SAR_SEGMENT_SEQNUM, part),
    )


class FieldKind(Enum):
    """How a mandatory parameter is written."""

    INT1 = 1
    CSTRING = 2
    SIZED = 3


class PduField(NamedTuple):
    """One mandatory parameter. `limit_octets` counts a C-octet string's NUL, as the specification does."""

    name: str
    kind: FieldKind
    limit_octets: int


def int1(name: str) -> PduField:
    """One octet, 0 to 255."""
    return PduField(name, FieldKind.INT1, 1)


def cstring(name: str, limit_octets: int) -> PduField:
    """C-octet string, NUL included in the limit."""
    return PduField(name, FieldKind.CSTRING, limit_octets)


def sized(name: str) -> PduField:
    """One octet with the length, then that many octets (sm_length and short_message, section 5.2.21)."""
    return PduField(name, FieldKind.SIZED, 254)


class MalformedBody(Exception):
    """Inside this package: the body does not fit its description. `decode` turns it into BadPdu."""

    def __init__(self, detail: str, status: Status) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True, kw_only=True, slots=True)
class BodyLayout:
    """How the body of one PDU is written: `steps` is the description with runs of integers folded."""

    names: tuple[str, ...]
    steps: tuple[tuple[FieldKind, int, str], ...]
    defaults: tuple[object, ...]
    get: attrgetter[object] | None
    is_lenient: bool
    is_bare_on_error: bool

    def decode_body(self, frame: bytes) -> tuple[list[object], tuple[Tlv, ...]]:
        """Values in the order of `names`, and the optional parameters behind them. Raises Malformed.

        Limits of length are not enforced on what others send: over-long ids and addresses do no harm.
        """
        values: list[object] = []
        position, size = 16, len(frame)
        for kind, count, name in self.steps:
            if kind is FieldKind.CSTRING:
                end = frame.find(0, position)
                if end == position:
                    values.append("")
                elif end > 0:
                    values.append(str(frame[position:end], "latin-1"))
                elif self.is_lenient:
                    values.append(str(frame[position:], "latin-1"))
                    end = size - 1
                else:
                    raise MalformedBody(f"{name} has no end", Status.ESME_RINVCMDLEN)
                position = end + 1
                continue
            if kind is FieldKind.INT1:
                run = frame[position : position + count]
                position += count
                values += run
                if len(run) == count:
                    continue
                if not self.is_lenient:
                    raise MalformedBody(f"body ends at {name}", Status.ESME_RINVCMDLEN)
                values += bytes(count - len(run))
            else:
                length = frame[position] if position < size else 0
                end = position + 1 + length
                if end > size:
                    raise MalformedBody(f"{name}: {length} octets promised", Status.ESME_RINVMSGLEN)
                values.append(frame[position + 1 : end])
                position = end
        return values, self.decode_tlvs(frame, position) if position < size else ()

    def decode_tlvs(self, frame: bytes, position: int) -> tuple[Tlv, ...]:
        """The optional parameters from `position` on, in order, unknown ones too. Raises Malformed."""
        size = len(frame)
        found: list[Tlv] = []
        while position < size:
            if position + 4 > size or len(found) == MOST_TLVS:
                break
            tag, length = TLV_HEAD.unpack_from(frame, position)
            end = position + 4 + length
            if end > size:
                break
            found.append(Tlv(tag, frame[position + 4 : end]))
            position = end
        if position < size and not self.is_lenient:
            raise MalformedBody(
                "optional parameters are too many, or end in the middle of one", Status.ESME_RINVOPTPARSTREAM
            )
        return tuple(found)

    def encode_body(self, pdu: object, tlvs: tuple[Tlv, ...], status: int, *, is_checked: bool = True) -> bytes:
        """The octets behind the header. Raises ValueError, naming the field, on what cannot be written."""
        values = _as_tuple(self.get(pdu), len(self.names)) if self.get else ()
        if status and self.is_bare_on_error and values == self.defaults and not tlvs:
            return b""
        out: list[bytes] = []
        index = 0
        for kind, count, name in self.steps:
            if kind is FieldKind.INT1:
                out.append(_int_run(self.names, values, index, count))
                index += count
                continue
            value = values[index]
            index += 1
            if kind is FieldKind.CSTRING:
                out.append(_c_octets(name, value, count if is_checked else MOST_TEXT))
            else:
                if not isinstance(value, bytes) or len(value) > (count if is_checked else 255):
                    raise ValueError(f"{name}: expected at most {count} octets (longer: message_payload)")
                out.append(bytes((len(value),)))
                out.append(value)
        for tag, octets in tlvs:
            try:
                out.append(TLV_HEAD.pack(tag, len(octets)))
            except struct.error as error:
                raise ValueError(f"optional parameter {tag}: {error}") from None
            out.append(octets)
        return b"".join(out)


def wire(
    fields: Sequence[PduField],
    defaults: Sequence[object] = (),
    *,
    is_lenient: bool = False,
    is_bare_on_error: bool = False,
) -> BodyLayout:
    """Fold a description into a `Wire`.

    `is_lenient`: what is missing at the end takes its empty value, what cannot be read there is dropped. So
    are responses: an answer we can half read is still an answer, its status counts. `is_bare_on_error`: a
    response with a status has no body (sections 4.1.2 and 4.4.2, notes).
    """
    steps: list[tuple[FieldKind, int, str]] = []
    for field in fields:
        if field.kind is FieldKind.INT1 and steps and steps[-1][0] is FieldKind.INT1:
            steps[-1] = (FieldKind.INT1, steps[-1][1] + 1, steps[-1][2])
        else:
            steps.append((field.kind, field.limit_octets, field.name))
    names = tuple(field.name for field in fields)
    return BodyLayout(
        names=names,
        steps=tuple(steps),
        defaults=tuple(defaults),
        get=attrgetter(*names) if names else None,
        is_lenient=is_lenient,
        is_bare_on_error=is_bare_on_error,
    )


def _as_tuple(got: object, count: int) -> tuple[object, ...]:
    """`attrgetter` gives the bare value for one name, a tuple for several."""
    return got if count > 1 and isinstance(got, tuple) else (got,)


def _int_run(names: tuple[str, ...], values: tuple[object, ...], index: int, count: int) -> bytes:
    try:
        return bytes(values[index : index + count])  # type: ignore[arg-type]  # checked by the except
    except (TypeError, ValueError):
        run = dict(zip(names[index : index + count], values[index : index + count], strict=True))
        raise ValueError(f"expected 0 to 255 in each of {run}") from None


def _c_octets(name: str, value: object, limit_octets: int) -> bytes:
    if value == "":
        return b"\0"
    octets = value.encode("latin-1") if isinstance(value, str) else b"\0"
    # A NUL inside would end the string early and shift every field behind it.
    if len(octets) >= limit_octets or 0 in octets:
        raise ValueError(f"{name}: expected a str under {limit_octets} octets without NUL")
    return octets + b"\0"
