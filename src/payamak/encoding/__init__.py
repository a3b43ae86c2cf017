"""Text to parts and octets to text: GSM 7-bit, UCS-2, the one way to cut a text, headers, alphabets. Pure."""

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
