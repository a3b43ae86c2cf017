"""What texts may do: numbers as people write them, approved texts and their patterns, site files."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from fuzz.reading import Octets, bounded
from payamak.domain.numbers import latin_digits, line_key, masked, parse_line, parse_recipient, parse_whole_number
from payamak.domain.site import build_site
from payamak.domain.templates import MAX_VALUE_CHARS, Template, fill
from payamak.hands.sitefile import BadSiteFile, parse, parse_setting, plain, toml_value

_RECIPIENT: Final = re.compile(r"989[0-9]{9}")
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
