"""Text to parts: the GSM 7-bit alphabet, UCS-2, and the one way to cut a text. Pure."""

from payamak.encoding.parts import (
    MAX_PARTS,
    Encoding,
    Part,
    SplitMethod,
    TooManyParts,
    choose,
    count_parts,
    joined,
    split,
)

__all__ = [
    "MAX_PARTS",
    "Encoding",
    "Part",
    "SplitMethod",
    "TooManyParts",
    "choose",
    "count_parts",
    "joined",
    "split",
]
