"""Documents as a store keeps them, read so that no one of them can stop the others.

What `apply` refuses today an older program may have let in, and an editor of databases anything. So a stored document
is read leniently: a number out of bounds counts as the nearest that is allowed, a value that is no such thing as its
default, and a document without even a name is left out. Each is a fault of the site, told by the doctor and in the
log, until somebody writes the document anew. Texts and lists that are too long stay: they stop nobody.
"""

from __future__ import annotations

from typing import Any

import msgspec

from payamak.domain.site.fault import Fault, FaultKind
from payamak.domain.site.faults import misfit_fault
from payamak.domain.site.kinds import KINDS, NAME_FIELDS, OLD_NAMES, Document, by_new_name
from payamak.language import Words
from payamak.setting import Misfit, describe_type, fields_of, mended, misfits_of, shown

MOST_TOLD = 10
"""Faults of one document that are told; a document of garbage would have thousands."""


def read_document(kind: str, name: str, body: bytes | str) -> tuple[Document | None, tuple[Fault, ...]]:
    """A document, as far as it can be followed, and what could not be."""
    faults: list[Fault] = []
    try:
        document: Document = msgspec.json.decode(body, type=KINDS[kind])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        found = _piece_by_piece(kind, name, body, faults)
        if found is None:
            return None, tuple(faults[:MOST_TOLD])
        document = found
    sound = mended(document)
    if sound is not document:
        left = {misfit.place for misfit in misfits_of(sound)}
        for misfit in misfits_of(document):
            if misfit.place not in left:
                faults.append(misfit_fault(kind, name, misfit, counts=_at(sound, misfit)))
    return sound, tuple(faults[:MOST_TOLD])


def _piece_by_piece(kind: str, name: str, body: bytes | str, faults: list[Fault]) -> Document | None:
    """The document of those fields that can be read; None if its name cannot."""
    try:
        written = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        document_type = KINDS[kind]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError) as error:
        faults.append(Fault(kind=kind, name=name, why=FaultKind.NO_DOCUMENT, arguments={"said": type(error).__name__}))
        return None
    given: dict[str, Any] = {}
    for old, raw in written.items():
        key, raw = _by_new_name(kind, old, raw)
        field = fields_of(document_type).get(key)
        if field is None:
            faults.append(Fault(kind=kind, name=name, field=key, why=FaultKind.UNKNOWN))
            continue
        try:
            given[key] = msgspec.json.decode(raw, type=field.type)
        except msgspec.DecodeError:
            misfit = Misfit(key, shown(bytes(raw).decode("utf-8", "replace")), describe_type(field.type))
            faults.append(misfit_fault(kind, name, misfit, counts=shown(field.default)))
    if NAME_FIELDS[kind] not in given:
        faults.append(
            Fault(
                kind=kind,
                name=name,
                why=FaultKind.NO_DOCUMENT,
                arguments={"said": Words("it has no name", "نامی ندارد")},
            )
        )
        return None
    return document_type(**given)


def _by_new_name(kind: str, name: str, raw: msgspec.Raw) -> tuple[str, msgspec.Raw]:
    if (kind, name) not in OLD_NAMES:
        return name, raw
    new, value = by_new_name(kind, name, msgspec.json.decode(raw))
    return new, msgspec.Raw(msgspec.json.encode(value))


def _at(document: Document, misfit: Misfit) -> str:
    """What counts in the field where a value was not allowed."""
    return shown(getattr(document, misfit.place.partition("[")[0].partition(".")[0]))
