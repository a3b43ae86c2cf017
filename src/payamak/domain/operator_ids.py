"""Operators' message ids: one operator writes them in hex here and in decimal there, with zeros, in any case."""

from __future__ import annotations

from enum import StrEnum


class IdBase(StrEnum):
    """How an operator writes message ids in receipts, compared with its answers."""

    AUTO = "auto"
    SAME = "same"
    HEX_TO_DECIMAL = "hex_to_decimal"
    DECIMAL_TO_HEX = "decimal_to_hex"


def operator_key(operator_id: str) -> str:
    """The form under which ids are compared: no leading zeros, small letters."""
    return operator_id.strip().lstrip("0").lower() or "0"


def readings(operator_id: str, base: IdBase = IdBase.AUTO) -> tuple[str, ...]:
    """The keys under which the answer to a receipt's id may be kept, the likeliest first.

    `base` says what the answer's id became in the receipt; AUTO tries all three readings.
    """
    key = operator_key(operator_id)
    in_hex = f"{int(key):x}" if key.isascii() and key.isdigit() and len(key) <= 20 else None
    in_decimal = str(int(key, 16)) if len(key) <= 16 and all(c in "0123456789abcdef" for c in key) else None
    ways: dict[IdBase, tuple[str | None, ...]] = {
        IdBase.SAME: (key,),
        IdBase.HEX_TO_DECIMAL: (in_hex,),
        IdBase.DECIMAL_TO_HEX: (in_decimal,),
        IdBase.AUTO: (key, in_hex, in_decimal),
    }
    return tuple(dict.fromkeys(way for way in ways[base] if way is not None)) or (key,)
