"""What a label of a charset means for octets: the octets judge the label, nothing is guessed. Pure.

Java's HttpClient calls every plain field ISO-8859-1, and .NET calls an XML text utf-16 that it then writes as UTF-8:
the label of octets that are ASCII is of no account. Where it is of account, three labels beside UTF-8 are in use in the
field and believed (contract §5). Of XML the order of RFC 7303 §3 holds: the byte order mark, the Content-Type, the
declaration.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Final

_BELIEVED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("iso88591", "latin1", "l1", "iso885911987", "isoir100", "cp819", "ibm819"), "latin-1"),
    **dict.fromkeys(("windows1252", "cp1252", "xcp1252"), "cp1252"),
    **dict.fromkeys(("windows1256", "cp1256", "xcp1256"), "cp1256"),
}
"""Labels that are believed, by their letters and digits, with the codec of each."""

_OF_XML: Final[Mapping[str, str]] = {
    **_BELIEVED,
    **dict.fromkeys(("utf8", "usascii", "ascii"), "utf-8"),
    **dict.fromkeys(("utf16", "ucs2", "iso10646ucs2", "unicode", "csunicode"), "utf-16"),
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
}

_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_NOT_LETTERS: Final = re.compile(r"[^a-z0-9]+")
_DECLARATION: Final = re.compile(rb"<\?xml[^>]{0,200}?\sencoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")

_HEAD_OCTETS: Final = 1_024
"""Within them stands the declaration, blanks before it included."""


def decode_labelled(octets: bytes, label: str) -> str:
    """The text of octets under a label, "" where there is none. Raises UnicodeDecodeError: nothing is repaired."""
    if octets.isascii():
        return octets.decode("ascii")
    return octets.decode(_BELIEVED.get(_plain(label), "utf-8"))


def xml_codec(octets: bytes, label: str) -> tuple[str, int]:
    """The codec of an XML document and the length of its byte order mark; `label`: the charset of its Content-Type.

    Raises LookupError for a declaration that names no charset of ours.
    """
    for mark, codec in _BOMS:
        if octets.startswith(mark):
            return codec, len(mark)
    head = octets[:_HEAD_OCTETS].lstrip(b"\t\n\r ")
    width = "utf-16-le" if head[:2] == b"<\0" else "utf-16-be" if head[:2] == b"\0<" else ""
    # A label of no charset of ours decides as well: the declaration is not looked at, and only UTF-8 is read.
    codec = _OF_XML.get(_plain(label), "utf-8" if label else "")
    if not codec and (declared := _DECLARATION.match(head)):
        codec = _OF_XML[_plain(declared[1].decode("ascii"))]
    if codec.startswith("utf-16") or width:
        codec = width  # octets that begin with a plain "<" are not UTF-16, whatever says so
    return codec or "utf-8", 0


def _plain(label: str) -> str:
    return _NOT_LETTERS.sub("", label.lower())
