"""What centres bring and do not write as the standards have it: one file for each form, the octets, what comes of it.

`frame`: the PDU in hex, with `#` before what explains it, or `[pdu]`: the text of a deliver_sm (in hex, or as `latin`)
and what differs in it: `said`, the length that its length octet tells, and `behind`, octets behind the text. Sender is
989120000001, line 9830003300. `[expected]`: the `text` of the message that is kept, or the `receipt` (id and state), or
why it is `unreadable`; and what was `odd`. The octets are our own, in the known form; `about` says whose form it is.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from msgspec import Struct, convert

from payamak.domain.site import Link
from payamak.encoding.user_data import Septets
from payamak.smpp.codec import encode
from payamak.smpp.pdu import DeliverSm

FOLDER = Path(__file__).resolve().parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
SENDER, LINE = "989120000001", "9830003300"


class Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A deliver_sm, as far as it differs."""

    hex: str = ""
    latin: str = ""
    esm_class: int = 0
    data_coding: int = 0
    said: int | None = None
    behind: str = ""


class Expected(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What comes of it: one of three, and what was odd."""

    text: str | None = None
    receipt: tuple[str, str] | None = None
    unreadable: str | None = None
    odd: tuple[str, ...] = ()


class Form(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file; `septets` is the link's setting."""

    about: str
    expected: Expected
    pdu: Written | None = None
    frame: str = ""
    septets: Septets = Septets.UNPACKED

    @property
    def link(self) -> Link:
        """A link as this form wants it."""
        return Link(name="north", septets=self.septets)


@cache
def form(name: str) -> Form:
    """The file of this name."""
    return convert(tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")), Form)


def frame_of(form: Form, sequence: int = 1) -> bytes:
    """The whole PDU of a form, its command_length as it is."""
    if form.pdu is None:
        octets = bytes.fromhex("".join(line.partition("#")[0] for line in form.frame.splitlines()))
    else:
        octets = _written(form.pdu)
    return len(octets).to_bytes(4) + octets[4:12] + sequence.to_bytes(4) + octets[16:]


def _written(pdu: Written) -> bytes:
    text = bytes.fromhex(pdu.hex) or pdu.latin.encode("latin-1")
    made = encode(
        DeliverSm(
            source_addr=SENDER,
            destination_addr=LINE,
            esm_class=pdu.esm_class,
            data_coding=pdu.data_coding,
            short_message=text,
        )
    )
    said = len(text) if pdu.said is None else pdu.said
    return made[: -len(text) - 1] + bytes((said,)) + text + bytes.fromhex(pdu.behind)
