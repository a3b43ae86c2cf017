"""How Hypothesis makes PDUs: from the same descriptions that the codec reads, so no PDU is forgotten."""

from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from payamak.smpp.constants import MAX_SEQUENCE
from payamak.smpp.fields import FieldKind
from payamak.smpp.pdu import CLASSES, Pdu, Tlv, Unknown

LATIN = st.characters(min_codepoint=1, max_codepoint=255)

tlvs = st.lists(st.builds(Tlv, tag=st.integers(0, 0xFFFF), value=st.binary(max_size=40)), max_size=4).map(tuple)


@st.composite
def pdus(draw: st.DrawFn) -> Pdu:
    """Any PDU we speak, filled with anything its description allows."""
    known = draw(st.sampled_from(sorted(CLASSES.values(), key=lambda one: one.__name__)))
    values: dict[str, Any] = {}
    limits = {name: count for kind, count, name in known.wire.steps if kind is not FieldKind.INT1}
    kinds = {name: kind for kind, _, name in known.wire.steps if kind is not FieldKind.INT1}
    for name in known.wire.names:
        if kinds.get(name) is FieldKind.CSTRING:
            values[name] = draw(st.text(LATIN, max_size=limits[name] - 1))
        elif kinds.get(name) is FieldKind.SIZED:
            values[name] = draw(st.binary(max_size=limits[name]))
        else:
            values[name] = draw(st.integers(0, 255))
    return known(
        sequence=draw(st.integers(0, MAX_SEQUENCE)),
        status=draw(st.sampled_from((0, 1, 0x58, 0x400, 0xFFFFFFFF))),
        tlvs=draw(tlvs),
        **values,
    )


unknowns = st.builds(
    Unknown,
    sequence=st.integers(0, MAX_SEQUENCE),
    status=st.integers(0, 0xFFFFFFFF),
    command_id=st.integers(0, 0xFFFFFFFF).filter(lambda number: number not in CLASSES),
    body=st.binary(max_size=60),
)


@st.composite
def chunked(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The same octets, cut anywhere."""
    cuts = sorted(draw(st.sets(st.integers(0, len(data)), max_size=12)))
    edges = [0, *cuts, len(data)]
    return [data[start:end] for start, end in pairwise(edges)]
