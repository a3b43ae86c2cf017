"""The table of targets: a name, and the function that takes one input's octets and raises if a property fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from fuzz import smpp, texts, web

TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "pdu": smpp.pdu,
    "frames": smpp.frames,
    "session": smpp.session,
    "receipt": smpp.receipt,
    "received": smpp.received,
    "parts": smpp.parts,
    "http": web.http,
    "fields": web.fields,
    "form": web.form,
    "json": web.json_body,
    "multipart": web.multipart,
    "ids": web.ids,
    "path": web.path,
    "envelope": web.envelope,
    "numbers": texts.numbers,
    "sheet": texts.sheet,
    "extent": texts.extent,
    "template": texts.template,
    "site": texts.site,
}
