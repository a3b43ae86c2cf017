"""Receipts as operators write them: one file for each form, the PDU by its fields, what it says, and what comes of it.

`[pdu]`: what differs from a deliver_sm with esm_class 4 and data_coding 0. `text` is written in `encoding` (Latin-1),
into short_message, or `in_payload` with short_message `beside` it; `tlvs` by name or number, as text, number, or
octets (`hex:`). `[expected]` is what it says; what is missing is empty. `[run]`: the id that the operator answered,
and the state of a message of one part after it.
The samples are our own, in the known form; `about` says whose form it is and how we know.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct, convert

from payamak.smpp.constants import Tag
from payamak.smpp.pdu import DataSm, DeliverSm, Tlv, tlv

FOLDER = Path(__file__).resolve().parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))


class Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The PDU, as far as it differs."""

    text: str
    kind: str = "deliver_sm"
    esm_class: int = 4
    data_coding: int = 0
    encoding: str = "latin-1"
    in_payload: bool = False
    beside: str = ""
    is_swapped: bool = True
    tlvs: dict[str, str | int] = {}


class Expected(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the receipt says; the dates as times, where they can be read."""

    operator_id: str
    stat: str
    stat_text: str
    err: str | None = None
    err_text: str | None = None
    submit: str | None = None
    done: str | None = None
    text: str = ""
    is_final: bool = True


class Run(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The operator's answer to the message, and the message's state after the receipt."""

    answered: str
    state: str


class Form(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file."""

    about: str
    pdu: Written
    expected: Expected
    run: Run


@cache
def form(name: str) -> Form:
    """The file of this name."""
    return convert(tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")), Form)


def receipt_pdu(written: Written, recipient: str = "989120000000", line: str = "3000") -> DeliverSm | DataSm:
    """The PDU of a form, about a message from `line` to `recipient`."""
    octets = written.text.encode(written.encoding)
    source, destination = (recipient, line) if written.is_swapped else (line, recipient)
    fields: Mapping[str, Any] = {
        "source_addr": source,
        "destination_addr": destination,
        "esm_class": written.esm_class,
        "data_coding": written.data_coding,
    }
    tlvs = tuple(_tlv(name, value) for name, value in written.tlvs.items())
    payload = (tlv(Tag.MESSAGE_PAYLOAD, octets),)
    if written.kind == "data_sm":
        return DataSm(**fields, tlvs=(*tlvs, *payload))
    if written.in_payload:
        return DeliverSm(**fields, short_message=written.beside.encode("latin-1"), tlvs=(*tlvs, *payload))
    return DeliverSm(**fields, short_message=octets, tlvs=tlvs)


def _tlv(name: str, value: str | int) -> Tlv:
    if name.startswith("0x"):
        assert isinstance(value, str)
        return Tlv(int(name, 16), bytes.fromhex(value.removeprefix("hex:")))
    tag = Tag[name.upper()]
    if isinstance(value, str) and value.startswith("hex:"):
        return Tlv(tag, bytes.fromhex(value[4:]))
    return Tlv(tag, value.encode("latin-1") if isinstance(value, str) else value.to_bytes(1))
