"""Texts of others as a person may see them: what a terminal would obey, or a reader would not see, is a mark.

One rule for every place where words that are not ours reach a terminal or a line that is read: tables, sentences,
JSON, the columns of the log, the simulator's ledger. Three kinds do harm. Control characters are commands to a
terminal. Marks of direction (U+202A–U+202E, U+2066–U+2069) and what else is invisible (Unicode's category Cf) let a
text look like another, and reorder what stands beside it. Ends of lines, U+2028 and U+2029 included, let a text write
lines that look like ours: so a text is one line (`visible`), or each of its lines stands behind a bar
(`visible_lines`, `BAR`). Kept are the joiners without which Persian and many emoji are not written (U+200C, U+200D)
and the few of Cf that have a form of their own (signs before numbers in Arabic). Pure.
"""

from __future__ import annotations

import re
from typing import Final

_HARMFUL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\ufffb"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Unicode's Cc, Cf, Zl, Zp and Cs without what is kept, and the ranges that are held free for more of Cf."""

_LINE_END: Final = re.compile("\r\n|\n|\r")
_PICTURES: Final = 0x2400
"""Unicode's pictures of the C0 controls begin here, in the same order."""

BAR: Final = "│ "
"""Stands before each line of a text that keeps its lines: none of them begins where ours do."""


def _mark(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(_PICTURES + code)
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else f"<U+{code:04X}>"


def visible(text: str) -> str:
    """A text as one line in which everything is seen and nothing obeyed: `a␊b`, `<U+202E>`."""
    return text if text.isprintable() else _HARMFUL.sub(_mark, text)


def visible_lines(text: str) -> list[str]:
    """The same of each line of a text; one that is empty has one line."""
    return [visible(line) for line in _LINE_END.split(text)]


def visible_json(line: str) -> str:
    """A line of JSON with its harmful characters escaped: the same value, and still one line."""
    return line if line.isprintable() else _HARMFUL.sub(_in_json, line)


def visible_toml(text: str) -> str:
    """A quoted text of TOML likewise: the same value."""
    return text if text.isprintable() else _HARMFUL.sub(lambda found: _escape(ord(found[0])), text)


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _in_json(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")  # beyond U+FFFF JSON writes a pair
    return "".join(f"\\u{int.from_bytes(units[at : at + 2], 'big'):04x}" for at in range(0, len(units), 2))
