"""What a change of the site is, field by field: as a person is shown it, and as the audit keeps it.

The audit outlives what it tells of and is read by more people, so it has no secret, no words that are sent or received,
and of a URL only where it leads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from payamak.domain.site.kinds import HIDDEN, KINDS, MASK, NAME_FIELDS, Document, name_of, settable
from payamak.domain.site.secrets import is_named
from payamak.domain.site.snapshot import Site

WORDS: Final = frozenset({"templates", "footer", "keywords", "opt_out_words", "opt_in_words"})
"""Fields with words that are sent or received: the audit says how many there are."""

URLS: Final = frozenset({"url", "webhook_url", "relay_url"})
"""Fields whose paths and queries may hold a key."""

LONGEST_VALUE: Final = 200
"""Characters of one value in the audit; an account may name thousands of lines."""

LONGEST_TOLD: Final = 2_000
"""Characters of one side of a row of the audit."""


class FieldChange(Struct, frozen=True, kw_only=True):
    """One field before and after, as text for a person; secrets are masked."""

    name: str
    before: str
    after: str


class Difference(Struct, frozen=True, kw_only=True):
    """What happens to one document: `change` is add, change or remove."""

    change: str
    kind: str
    name: str
    fields: tuple[FieldChange, ...] = ()

    @property
    def before(self) -> str:
        """The fields that it takes or changes, as they were: `is_suspended = false`."""
        return _joined((field.name, field.before) for field in self.fields if self.change != "add")

    @property
    def after(self) -> str:
        """The fields that it gives or changes, as they are now."""
        told = ((f.name, f.after if f.after != f.before else "changed") for f in self.fields)
        return "" if self.change == "remove" else _joined(told)


def difference(
    kind: str, name: str, before: Document | None, after: Document | None, shown: Callable[[str, Any], str]
) -> Difference:
    """One document before and after; None where there is none. `shown` makes a text of a field's value."""
    make: Callable[..., Document] = KINDS[kind]
    nothing = make(**{NAME_FIELDS[kind]: name})
    old, new = before or nothing, after or nothing
    fields = tuple(
        FieldChange(name=field, before=shown(field, getattr(old, field)), after=shown(field, getattr(new, field)))
        for field in settable(kind)
        if getattr(old, field) != getattr(new, field)
    )
    change = "add" if before is None else "remove" if after is None else "change"
    return Difference(change=change, kind=kind, name=name, fields=fields)


def differences(before: Site, after: Site, touched: Iterable[tuple[str, str]]) -> Iterator[Difference]:
    """What has become of each of these documents (kind and name), for the audit; what was put as it was is told too."""
    old, new = _documents(before), _documents(after)
    for kind, name in dict.fromkeys(touched):
        key = (kind, name)
        if key not in old and key not in new:  # one that could not be read any more
            yield Difference(change="remove", kind=kind, name=name)
        else:
            yield difference(kind, name, old.get(key), new.get(key), audited)


def _documents(site: Site) -> dict[tuple[str, str], Document]:
    return {
        name_of(document): document for table in (site.accounts, site.lines, site.links) for document in table.values()
    }


def audited(name: str, value: Any) -> str:
    """A field's value as the audit keeps it."""
    if not value and not isinstance(value, bool | int | float):
        return "none"
    if name in WORDS:
        return f"{len(value)} {'characters' if isinstance(value, str) else 'entries'}"
    if name in HIDDEN and not is_named(value):
        return MASK
    if name in URLS:
        return _target(value)
    told = msgspec.json.encode(value).decode()
    return told if len(told) <= LONGEST_VALUE else f"{told[:LONGEST_VALUE]}…"


def _target(text: str) -> str:
    """Where a URL leads: its scheme, host and port."""
    try:
        url = urlsplit(text)
        port = f":{url.port}" if url.port else ""
    except ValueError:
        return MASK
    return f"{url.scheme}://{url.hostname}{port}{'/…' if url.path or url.query else ''}"


def _joined(fields: Iterable[tuple[str, str]]) -> str:
    told = "; ".join(f"{name} = {value}" for name, value in fields)
    return told if len(told) <= LONGEST_TOLD else f"{told[:LONGEST_TOLD]}…"
