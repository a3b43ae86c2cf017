"""Marks that mean nothing, and texts without them: one list for numbers, ids, names and the matching of texts. Pure.

A mark is a character of the Unicode categories Cf (format: joiners, direction marks, soft hyphens, byte order marks)
and Zs (blanks of all widths). Texts that go out are never changed by anything here: `fold` and `words` are for
comparing only (contract §4, §5). The ranges are those of Unicode 15, and a test holds them against the running Python.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

_FORMAT: Final = (
    *((0xAD, 0xAD), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2)),
    *((0x180E, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2064), (0x2066, 0x206F), (0xFEFF, 0xFEFF)),
    *((0xFFF9, 0xFFFB), (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3)),
    *((0x1D173, 0x1D17A), (0xE0001, 0xE0001), (0xE0020, 0xE007F)),
)
_BLANKS: Final = (
    *((0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x202F, 0x202F), (0x205F, 0x205F)),
    (0x3000, 0x3000),
)


_UNSEEN: Final = (
    *((0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180D), (0x180F, 0x180F), (0x2800, 0x2800)),
    *((0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF)),
)
"""What else no reader sees in a text, whatever Unicode calls it: variation selectors, fillers, a blank of Braille."""


def _spread(ranges: tuple[tuple[int, int], ...]) -> str:
    return "".join(chr(code) for first, last in ranges for code in range(first, last + 1))


FORMAT_MARKS: Final = _spread(_FORMAT)
"""Every character of Unicode Cf."""

BLANK_MARKS: Final = _spread(_BLANKS)
"""Every character of Unicode Zs, the plain blank among them."""

LETTERS: Final = {ord("ي"): "ی", ord("ى"): "ی", ord("ك"): "ک"}
"""Letters that a reader does not tell apart: the Arabic ones as the Persian keyboard writes them."""

_HEH: Final = {ord("ە"): "ه", ord("ۀ"): "ه\u0654"}
"""A heh that looks like another: the Kurdish one at a word's end, and the one of خانهٔ as one character."""

DIGITS: Final = str.maketrans("۰۱۲۳۴۵۶۷۸۹" + "٠١٢٣٤٥٦٧٨٩", "0123456789" * 2)
"""Persian and Arabic-Indic digits in Latin."""

NO_FILLERS: Final = str.maketrans("", "", _spread(_UNSEEN))
"""Takes away what no reader sees besides the marks; some of it Unicode calls letters."""

_NO_UNSEEN: Final = str.maketrans("", "", FORMAT_MARKS + BLANK_MARKS + _spread(_UNSEEN))
_NO_MARKS: Final = str.maketrans("", "", FORMAT_MARKS + BLANK_MARKS.replace(" ", ""))
_FOLDED: Final = (
    LETTERS
    | _HEH
    | DIGITS
    | str.maketrans("", "", FORMAT_MARKS + _spread(_UNSEEN))
    | dict.fromkeys(map(ord, BLANK_MARKS + "\t"), " ")
    | dict.fromkeys(map(ord, "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), "\n")
)
_PRESENTATION: Final = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")
_AROUND_BREAKS: Final = re.compile(" *\n *")
_RUNS: Final = re.compile("  +")
_WORD: Final = re.compile(r"[^\W\d_]+|\d+")
_ONE_HEH: Final = str.maketrans("ةہھۂ", "هههه")
_ESCAPED_OCTETS: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ESCAPE: Final = re.compile(r"\\u([0-9A-Fa-f]{4})|&#?\w{1,8};|[\\/]r?[\\/]?[nrt]|<[^<>]{1,80}>")


def without_marks(text: str) -> str:
    """A text without marks, and without plain blanks around it; a plain blank inside stays."""
    return (text if text.isascii() else text.translate(_NO_MARKS)).strip()


def is_blank(text: str) -> bool:
    """Whether a reader sees nothing at all: no text, or only blanks, line breaks, marks, and what else is not seen."""
    return not text.strip() or (not text.isascii() and not text.translate(_NO_UNSEEN).strip())


def fold(text: str) -> str:
    """A text without what no reader sees, for comparing: one kind of line break and blank, none doubled or beside a
    line break; no joiners and direction marks; ی and ک for their Arabic twins; Latin digits.

    Blanks around the whole stay: whoever compares whole texts strips them.
    """
    return _AROUND_BREAKS.sub("\n", fold_blanks(text))


def fold_blanks(text: str) -> str:
    """As `fold`, but a blank beside a line break stays."""
    if not text.isascii():
        text = _PRESENTATION.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
        text = unicodedata.normalize("NFC", text)
    text = text.replace("\r\n", "\n").translate(_FOLDED)
    return _RUNS.sub(" ", text)


def words(text: str) -> list[str]:
    """The words and numbers of a text in order, folded further: one heh, no vowel signs, no punctuation."""
    text = unicodedata.normalize("NFKD", text.translate(_ONE_HEH)).translate(_FOLDED)
    seen = "".join(char for char in text if unicodedata.category(char) != "Mn").replace("\u0640", "")
    return _WORD.findall(seen)


def without_escapes(text: str) -> str:
    """A text as it may have been meant before somebody escaped it once too often: `\\n`, `<br>`, `&nbsp;`, `%20`.

    What is no letter becomes a blank: for the comparing of words only.
    """
    text = _ESCAPED_OCTETS.sub(lambda octets: unquote(octets[0]), text)
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else " ", text)
