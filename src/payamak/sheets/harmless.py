"""Cells with words of people, written so that a spreadsheet shows them and obeys none. Pure."""

from __future__ import annotations

from typing import Final

_OBEYED: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a cell for a formula by, if it begins with one."""


def cell_of_words(text: str) -> str:
    """The cell; one that would be obeyed begins with an apostrophe, which a spreadsheet does not show."""
    return f"'{text}" if text.startswith(_OBEYED) else text
