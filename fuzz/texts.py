"""What texts may do: numbers as people write them, approved texts and their patterns, site files."""

from __future__ import annotations

import datetime as dt
import io
import re
from contextlib import closing
from typing import Final
from zipfile import ZipFile

from fuzz.reading import Octets, bounded
from payamak.domain.numbers import latin_digits, line_key, masked, parse_line, parse_recipient, parse_whole_number
from payamak.domain.site import build_site
from payamak.domain.templates import MAX_VALUE_CHARS, Template, fill
from payamak.hands.sitefile import BadSiteFile, parse, parse_setting, plain, toml_value
from payamak.sheets.extent import extent_of_ods, extent_of_xlsx
from payamak.sheets.fault import SENTENCES, BadSheet
from payamak.sheets.sheet import Asked, read_octets

_RECIPIENT: Final = re.compile(r"989[0-9]{9}")
_OLE: Final = b"\xd0\xcf\x11\xe0"
_SETTINGS: Final = (("line", "links"), ("account", "expires_at"), ("link", "window"), ("account", "lines"))


def numbers(data: bytes) -> None:
    """A number is found in its one spelling or not at all; finding it again changes nothing."""
    octets = Octets(data)
    text = Octets(octets.repeated(1 << 16)).text()
    recipient = bounded(parse_recipient, text)
    if recipient is not None:
        assert _RECIPIENT.fullmatch(recipient)
        assert parse_recipient(recipient) == recipient
        assert parse_recipient("+" + recipient) == recipient
        assert recipient not in masked(recipient)
    line = bounded(parse_line, text)
    assert (line is None) == (line_key(text) == "")
    if line is not None:
        assert line.isascii()
        assert line.isdigit()
        assert line.endswith(line_key(line))
    number = bounded(parse_whole_number, text)
    assert number is None or number >= 0
    assert len(latin_digits(text)) == len(text)


def sheet(data: bytes) -> None:
    """A file is a sheet whose rows are as wide as its columns, or has a fault with a sentence; in bounded time."""
    octets = Octets(data)
    separator, alphabet = ",;\t"[octets.number(3)], ("utf-8", "utf-16", "cp1256")[octets.number(3)]
    rest = octets.repeated(1 << 15)
    for content in (rest, f"mobile{separator}a\n".encode(alphabet) + rest):
        if content.startswith((b"PK", _OLE)):
            continue  # a workbook: read by a child
        try:
            read = bounded(read_octets, io.BytesIO(content), Asked())
        except BadSheet as fault:
            assert str(fault) == SENTENCES[fault.wrong].format_map(fault.given)
            continue
        with closing(read):
            rows = list(read.rows())
        assert len(rows) == read.count > 0
        assert all(len(row.texts) == len(read.columns) for row in rows)
        assert [row.line for row in rows] == sorted({row.line for row in rows})


def extent(data: bytes) -> None:
    """How far a workbook's cells reach is told in bounded time, whatever stands between its tags."""
    made = io.BytesIO()
    with ZipFile(made, "w") as parts:
        parts.writestr("xl/workbook.xml", '<sheet r:id="a"/>')
        parts.writestr("xl/_rels/workbook.xml.rels", '<Relationship Id="a" Target="s.xml"/>')
        parts.writestr("xl/s.xml", data)
        parts.writestr("content.xml", data)
    with ZipFile(made) as parts:
        for found in (bounded(extent_of_xlsx, parts)[1], bounded(extent_of_ods, parts)):
            assert 0 <= found.first_row <= found.last_row
            assert 0 <= found.first_column <= found.last_column


def template(data: bytes) -> None:
    """An approved text that passes its check answers for any message in bounded time, whatever its patterns are."""
    octets = Octets(data)
    names = ("code", "name", "*")
    patterns = {name: octets.sized().decode("utf-8", "replace") for name in names[: octets.number(3)]}
    text = octets.sized().decode("utf-8", "replace") or "{code} {name}"
    message = Octets(octets.repeated(4_096)).text()
    approved = Template(number=1, text=text, patterns=patterns)
    try:
        approved.check()
    except ValueError:
        return
    matches = bounded(approved.matches, message)
    completed = bounded(approved.complete, message)
    assert completed == message or not matches
    values = dict.fromkeys(approved.names, message[:MAX_VALUE_CHARS])
    composed = bounded(approved.compose, values)
    assert bounded(fill, {1: approved}, None, 1, values) == composed
    if composed is not None and len(approved.names) <= 1:
        assert approved.matches(composed)


def site(data: bytes) -> None:
    """A site file is read or has faults, each a sentence; nothing else is raised, by its settings neither."""
    text = Octets(data).text()
    try:
        entries = bounded(parse, text)
    except BadSiteFile as error:
        assert error.faults
        assert all(error.faults)
    else:
        assert all(entry.name for entry in entries)
    for kind, name in _SETTINGS:
        try:
            _, value = bounded(parse_setting, kind, f"{name}={text}")
        except ValueError:
            continue
        assert isinstance(value, dt.datetime | None) or toml_value(plain(value))
    assert build_site([], version=0).version == 0
