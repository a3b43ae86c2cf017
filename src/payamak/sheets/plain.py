"""A text file of rows: in which alphabet it is written, and what stands between its columns. Read as a stream.

Excel writes UTF-16 with tabs ("Unicode text"), UTF-8 with a mark at its beginning, or windows-1256 where Windows speaks
Persian or Arabic; it puts a semicolon between columns where the comma is the decimal point.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from payamak.language import Words
from payamak.sheets.fault import BadSheet, Wrong

LARGEST: Final = 150 << 20
"""Octets of a text file."""

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SEPARATORS: Final = (",", ";", "\t")
_NAMED: Final = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_QUOTED: Final = re.compile(r'"(?:[^"]|"")*"?')
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x7f]")
_PAGE: Final = re.compile(r"\s*<(?:!doctype|html|\?xml|table)", re.IGNORECASE)
_ZEROS: Final = 3
"""Octets of 0 that a text in UTF-16 has at least: those of its blanks, digits, separators and ends of lines."""

_NO_TEXT_SAID: Final = Words("octets that are no text", "بایت‌هایی که متن نیستند")
_CHUNK: Final = 1 << 20


def alphabet_of(file: BinaryIO) -> str:
    """The name of the file's encoding; the file stands at its beginning afterwards. Raises BadSheet for what is none.

    Without a mark: UTF-16 if its beginning has lines that end so, UTF-8 if all of it is, else windows-1256.
    """
    head = file.read(4096)
    file.seek(0)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    for name, side, other, end in (("utf-16-le", 1, 0, b"\n\0"), ("utf-16-be", 0, 1, b"\0\n")):
        zeros, few = head[side::2].count(0), head[other::2].count(0)
        if zeros >= _ZEROS and few * 10 <= zeros and end in head:
            return name
    if _PAGE.match(head.decode("latin-1")):
        raise BadSheet(Wrong.NO_SHEET, given={"found": Words("a page or document in XML", "صفحه یا سندی به XML")})
    return "utf-8" if _is_utf8(file) else "cp1256"


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True


def lines_of(text: Iterable[str]) -> Iterator[str]:
    """The lines of a text file. Raises BadSheet for octets that no text of its alphabet has."""
    number = 0
    try:
        for number, line in enumerate(text, 1):
            if _NO_TEXT.search(line):
                raise BadSheet(Wrong.NO_SHEET, number, {"found": _NO_TEXT_SAID})
            yield line
    except UnicodeError as error:
        raise BadSheet(Wrong.NO_SHEET, number + 1, {"found": _NO_TEXT_SAID}) from error


def separator_of(first: str) -> tuple[str, bool]:
    """What stands between the columns, by the first line; and whether that line does nothing but name it (`sep=;`)."""
    if named := _NAMED.fullmatch(first):
        return named[1], True
    outside = _QUOTED.sub("", first)
    return max(_SEPARATORS, key=outside.count), False
