"""What the caller wrote, whatever the way it came: query, form, JSON or multipart to one set of fields. Pure.

Rules of contract §5: names in any letter case; doubled fields: the first counts; query and body are merged,
the body wins; an empty string is a field not given; invalid UTF-8 is refused, never repaired. Whatever cannot
be read raises `Malformed` and nothing else, which becomes code 31.

Content types. A body without a type is read as what it looks like, since small hand-written clients leave the
header out. JSON and XML under the label of a form are refused, since they have none of a form's fields. Any other type
than form, JSON and multipart is refused, `text/plain` too: the vendor's server reads no fields from it, so that no
working program sends it, and contract §5 counts it as bad input.
"""

import codecs
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, NoReturn, TypeAlias

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from payamak.http.charsets import decode_labelled

MAX_FIELDS: Final = 1_000
"""More fields than any dialect has: beyond it a request is an attack, not a message."""

MAX_ESCAPES: Final = 100_000
"""Runs of `%XX` in one form, and `%` that begin none; twice what the longest list of ids needs, some 50 ms to read."""

MAX_JSON_MARKS: Final = 20_000
"""Brackets and colons of one JSON body, those of its texts included: a body of nothing else takes 20 ms to read."""

MAX_JSON_COMMAS: Final = 100_000
"""Its commas; twice what the longest list of ids has."""

_LONGEST_HEADER: Final = 1_000
"""Of a Content-Type or -Disposition, in octets; they are read sign by sign."""

_COMMON_HEADER: Final = 64
"""A Content-Type may be remembered that has so many characters at most; a form's with its charset has some 50."""

_ESCAPES: Final = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")

_MAX_PART_HEADERS: Final = 16
_NO_FORM: Final = re.compile(r'\s*+(?:"\s*+)?(?:<|[{\[]\s*+(?:\\?"|[}\]{\[])|[{\[][^=]*+$)')
"""How JSON and XML begin, and no form: also a string of JSON, and what Python and JavaScript print of their objects. A
field's name may begin with a bracket, and has its `=` then."""

_PLAIN_TRANSFERS: Final = frozenset((b"7bit", b"8bit", b"binary"))

JsonValue: TypeAlias = "str | bool | list[object] | _Pairs | None"
"""A JSON value; numbers as text, as written, so that neither size nor rounding can hurt; objects as pairs."""


class Malformed(Exception):
    """The request cannot be read; the text says why and holds nothing of what the caller wrote."""


class Fields:
    """The fields of one request. Names are given in lower case; unknown fields are never looked at."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, JsonValue]) -> None:
        self._values = values

    def text(self, name: str) -> str | None:
        """Return a field as text; None if it was not given, was null, or was the empty string.

        Raises Malformed if it is a truth value, an array or an object.
        """
        value = self._values.get(name)
        if value is None or isinstance(value, str):
            return value or None
        raise Malformed(f"{name}: expected a string or a number")

    def text_or_object(self, name: str) -> str | Mapping[str, str] | None:
        """Return a field that may also be a JSON object; its keys as written, numbers as text.

        A member that is no string or number can fill no placeholder and becomes the empty string. Raises
        Malformed if the field is a truth value or an array.
        """
        value = self._values.get(name)
        if not isinstance(value, _Pairs):
            return self.text(name)
        members: dict[str, str] = {}
        for key, member in value.pairs:
            members.setdefault(key, member if isinstance(member, str) else "")
        return members


class _Pairs:
    """A JSON object before its doubled names are settled."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, JsonValue]]) -> None:
        self.pairs = pairs


def parse_fields(query: bytes, content_type: str, body: bytes) -> Fields:
    """Read the fields of a request from its query string and its body.

    `content_type` is the header as sent, empty if there was none; it is not looked at if the body is empty.
    Raises Malformed.
    """
    pairs: list[tuple[str, JsonValue]] = []
    if body:
        pairs.extend(_parse_body(content_type, body))
    if query:
        pairs.extend(_parse_form(query))
    values: dict[str, JsonValue] = {}
    for name, value in pairs:
        values.setdefault(name.lower(), value)
    return Fields(values)


def charset_of(content_type: str) -> str:
    """The charset that a Content-Type names, as written; "" if it names none or cannot be read."""
    try:
        return _label_of(_type_options(content_type)[1])
    except Malformed:
        return ""


def options_of(header: str | bytes) -> tuple[bytes, Mapping[bytes, bytes]]:
    """The value of a header and its parameters. Raises Malformed."""
    if len(header) > _LONGEST_HEADER:
        raise Malformed("a header too long")
    try:
        return parse_options_header(header)
    except UnicodeError:
        raise Malformed("a header that is not readable") from None


def _type_options(content_type: str) -> tuple[bytes, Mapping[bytes, bytes]]:
    """The same of a request's Content-Type: most send one of a few, a boundary is new each time. Raises Malformed."""
    if len(content_type) <= _COMMON_HEADER and "boundary" not in content_type:
        return _common_options(content_type)
    return options_of(content_type)


@lru_cache(maxsize=32)  # 2,048 characters of callers at most, whatever they send
def _common_options(content_type: str) -> tuple[bytes, Mapping[bytes, bytes]]:
    return options_of(content_type)


def _parse_body(content_type: str, body: bytes) -> Iterable[tuple[str, JsonValue]]:
    kind, options = _type_options(content_type)
    label = _label_of(options)
    if body.startswith(codecs.BOM_UTF8):  # as .NET's StreamWriter puts it before a body
        body, label = body[len(codecs.BOM_UTF8) :], ""
    if kind == b"application/x-www-form-urlencoded":
        return _parse_form_body(body, label)
    if kind in (b"application/json", b"text/json"):
        return _parse_json(body, label)
    if kind == b"multipart/form-data":
        return _parse_multipart(options.get(b"boundary", b""), body, label)
    if not content_type.strip():
        return _parse_json(body) if body.lstrip()[:1] == b"{" else _parse_form_body(body, "")
    raise Malformed("content type: expected a form, JSON or multipart/form-data")


def _parse_form_body(body: bytes, label: str) -> list[tuple[str, str]]:
    pairs = _parse_form(body, label)
    sign = "=" if b"=" in body.partition(b"&")[0] else ""
    if pairs and _NO_FORM.match(pairs[0][0] + sign):
        raise Malformed("JSON or XML under the label of a form")
    return pairs


def _parse_form(octets: bytes, label: str = "") -> list[tuple[str, str]]:
    """`a=1&b=2`. A `%` that starts no escape stands for itself: programs send `100%` so."""
    if octets.count(b"&") >= MAX_FIELDS:
        raise Malformed("too many fields")
    if (signs := octets.count(b"%")) > MAX_ESCAPES and signs * 3 > len(octets):  # most of them begin no escape
        raise Malformed("too many escapes")
    runs = itertools.count(1)
    pairs: list[tuple[str, str]] = []
    for item in octets.split(b"&"):
        if item:
            name, _, value = item.partition(b"=")
            pairs.append((_decode_form(name, label, runs), _decode_form(value, label, runs)))
    return pairs


def _decode_form(octets: bytes, label: str, runs: Iterator[int]) -> str:
    if b"+" in octets:
        octets = octets.replace(b"+", b" ")
    return _decode(_unescape(octets, runs) if b"%" in octets else octets, label)


def _unescape(octets: bytes, runs: Iterator[int]) -> bytes:
    """Run by run: the standard library goes `%` by `%`, and takes half a second for a megabyte of them.

    `runs` counts those of all fields.
    """

    def unescaped(run: re.Match[bytes]) -> bytes:
        if next(runs) > MAX_ESCAPES:
            raise Malformed("too many escapes")
        return bytes.fromhex(run[0].replace(b"%", b"").decode("ascii"))

    return _ESCAPES.sub(unescaped, octets)


def _decode(octets: bytes, label: str = "") -> str:
    try:
        text = decode_labelled(octets, label)
    except UnicodeDecodeError:
        raise Malformed("not in the charset that it says, nor UTF-8") from None
    return _check_text(text)


def _check_text(text: str) -> str:
    """NUL is no character of any message, and halves of a surrogate pair are no text in UTF-8."""
    if "\0" in text:
        raise Malformed("a NUL octet")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise Malformed("half of a surrogate pair") from None
    return text


def _parse_json(octets: bytes, label: str = "") -> list[tuple[str, JsonValue]]:
    """A JSON object. Raw line breaks within strings are let pass; NaN and Infinity are not JSON."""
    if sum(map(octets.count, (b"{", b"[", b":"))) > MAX_JSON_MARKS or octets.count(b",") > MAX_JSON_COMMAS:
        raise Malformed("JSON of too many pieces")
    text = _decode(octets, label)
    try:
        value = json.loads(
            text,
            strict=False,
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse_constant,
            object_pairs_hook=_check_pairs,
        )
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    if not isinstance(value, _Pairs):
        raise Malformed("JSON, but no object")
    if len(value.pairs) > MAX_FIELDS:
        raise Malformed("too many fields")
    return value.pairs


def _check_pairs(pairs: list[tuple[str, JsonValue]]) -> _Pairs:
    for name, value in pairs:
        _check_text(name)
        if isinstance(value, str):
            _check_text(value)
    return _Pairs(pairs)


def _refuse_constant(_name: str) -> NoReturn:
    raise Malformed("not JSON")


class FormPart:
    """One part of a multipart body while it is read."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.header_name = bytearray()
        self.header_value = bytearray()
        self.content = bytearray()


class Multipart:
    """Collects the parts that python-multipart finds."""

    def __init__(self) -> None:
        self.parts: list[FormPart] = []
        self.has_ended = False

    def begin(self) -> None:
        """A part begins."""
        if len(self.parts) >= MAX_FIELDS:
            raise Malformed("too many fields")
        self.parts.append(FormPart())

    def add_header_name(self, data: bytes, start: int, end: int) -> None:
        """A piece of the name of a header."""
        self.parts[-1].header_name += data[start:end]

    def add_header_value(self, data: bytes, start: int, end: int) -> None:
        """A piece of its value."""
        self.parts[-1].header_value += data[start:end]

    def end_header(self) -> None:
        """The header is whole; of doubled ones the first counts."""
        part = self.parts[-1]
        part.headers.setdefault(bytes(part.header_name).lower(), bytes(part.header_value))
        part.header_name.clear()
        part.header_value.clear()

    def add_content(self, data: bytes, start: int, end: int) -> None:
        """A piece of what the part holds."""
        self.parts[-1].content += data[start:end]

    def end(self) -> None:
        """The last delimiter was there."""
        self.has_ended = True


def multipart_parser(boundary: bytes, found: Multipart) -> MultipartParser:
    """A parser that tells `found`; its `write` raises FormParserError and Malformed."""
    return MultipartParser(
        boundary,
        {
            "on_part_begin": found.begin,
            "on_header_field": found.add_header_name,
            "on_header_value": found.add_header_value,
            "on_header_end": found.end_header,
            "on_part_data": found.add_content,
            "on_end": found.end,
        },
        max_header_count=_MAX_PART_HEADERS,
    )


def _parse_multipart(boundary: bytes, octets: bytes, label: str) -> list[tuple[str, JsonValue]]:
    if not boundary:
        raise Malformed("multipart without a boundary")
    found = Multipart()
    try:
        multipart_parser(boundary, found).write(_without_preamble(boundary, octets))
    except FormParserError:
        raise Malformed("not multipart") from None
    if not found.has_ended:
        raise Malformed("multipart cut short")
    return [pair for part in found.parts if (pair := read_part(part, label)) is not None]


def read_part(part: FormPart, label: str) -> tuple[str, JsonValue] | None:
    """The field of a part; None for a file, which is no field of ours."""
    disposition, options = options_of(part.headers.get(b"content-disposition", b""))
    if disposition != b"form-data" or b"name" not in options:
        raise Malformed("a part without a name")
    if b"filename" in options:
        return None
    _, type_options = options_of(part.headers.get(b"content-type", b""))
    if part.headers.get(b"content-transfer-encoding", b"8bit").strip().lower() not in _PLAIN_TRANSFERS:
        raise Malformed("a part with a transfer encoding")
    return _decode(options[b"name"]), _decode(bytes(part.content), _label_of(type_options) or label)


def _without_preamble(boundary: bytes, octets: bytes) -> bytes:
    """The body from its first delimiter line on (RFC 2046 §5.1.1); what stands before it is for nobody.

    A line that only begins like a delimiter is none. Whatever ends the line before it: to look further would take the
    first field for a preamble, and a message without its `line` goes by another one.
    """
    found = re.search(rb"(?:\A|\n)(--" + re.escape(boundary) + rb"(?:--|[ \t]*\r?\n))", octets)
    return octets[found.start(1) :] if found else octets


def _label_of(options: Mapping[bytes, bytes]) -> str:
    return options.get(b"charset", b"").decode("latin-1")
