"""Files to begin with: each setting with its meaning, what is allowed and its label. Pure: no file, no store.

What is given is written; what is not stands behind `#` with its default, so that taking the mark away changes nothing.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from payamak.domain.site import Document, name_of
from payamak.domain.site.kinds import settable
from payamak.hands.sitefile import plain, toml_value
from payamak.setting import Setting, allowed_words

COLUMNS: Final = 110

SITE_HEAD: Final = """\
# A site of Payamak: links to operators, lines, accounts. After a change: payamak apply site.toml
# Money is in rial. A line that begins with # counts as if it were not there; its value is the default."""

SETTINGS_HEAD: Final = """\
# The settings of `payamak serve`; `payamak config` shows which ones hold. A change counts from the next start on.
# A line that begins with # counts as if it were not there; its value is the default."""

_HANDS: Final = frozenset({"is_suspended", "password_hash"})
"""Fields that are a command's to change (suspend, account password), and no file's to begin with."""


class SettingRow(Struct, frozen=True, kw_only=True):
    """One setting of a file: its name, what is known of it, what is allowed in words, and the value that is written.

    `is_given`: the value was asked for; else it is the default, and None is none.
    """

    name: str
    setting: Setting
    allowed: str
    value: Any
    is_given: bool


def site_file(documents: Iterable[Document]) -> str:
    """A site file with these documents, links before the lines that name them."""
    blocks = [SITE_HEAD]
    for document in documents:
        kind, _ = name_of(document)
        blocks += ["\n".join([f"[[{kind}]]", *_sorted(rows_of(document))])]
    return "\n\n".join(blocks) + "\n"


def settings_file(rows: Iterable[SettingRow]) -> str:
    """A settings file with these rows."""
    return "\n\n".join([SETTINGS_HEAD, "\n".join(_sorted(rows))]) + "\n"


def rows_of(document: Document) -> Iterator[SettingRow]:
    """The settings of a document that a file may have; those that are not at their default are given."""
    kind, _ = name_of(document)
    for name, field in settable(kind).items():
        value = getattr(document, name)
        if name not in _HANDS:
            yield SettingRow(
                name=name,
                setting=field.setting,
                allowed=allowed_words(field),
                value=plain(value),
                is_given=field.default is msgspec.NODEFAULT or value != field.default,
            )


def secrets_file(secrets: Mapping[str, str]) -> str:
    """Variables with their values, as both systemd (EnvironmentFile=) and a shell read them."""
    head = "# Secrets that settings and site name as env:NAME; for the gateway's user alone. Values in double quotes.\n"
    return head + "".join(f"{name}={_quoted(value)}\n" for name, value in secrets.items())


def _quoted(value: str) -> str:
    return '"' + re.sub(r'(["\\$`])', r"\\\1", value) + '"'


def _sorted(rows: Iterable[SettingRow]) -> Iterator[str]:
    """First what is given, then the rest."""
    for row in sorted(rows, key=lambda row: not row.is_given):
        yield from _lines_of(row)


def _lines_of(row: SettingRow) -> Iterator[str]:
    said = f"{row.setting.meaning} ({row.allowed}) · {row.setting.fa}"
    yield ""
    yield from textwrap.wrap(said, COLUMNS, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    mark = "" if row.is_given else "# "
    yield f"# {row.name}: not set" if row.value is None else f"{mark}{row.name} = {toml_value(row.value)}"
