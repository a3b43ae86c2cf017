"""Numbers as people and programs write them: recipients, lines, digits of three scripts (contract §5)."""

import re
from collections.abc import Collection
from typing import Final

from payamak.domain.marks import BLANK_MARKS, DIGITS, FORMAT_MARKS, without_marks

RECIPIENT_PREFIXES: Final = frozenset(("90", "91", "92", "93", "94", "99"))
"""The first two digits behind 98 that mobiles have (contract §5, November 2026). libphonenumber 9.0.43 calls numbers of
90, 91, 92, 93 and 99 mobiles, and a test compares; 94 is the contract's. The setting `recipient_prefixes` may say
otherwise."""

# What stands between digits and means nothing: marks, dashes, and the brackets of (+98) and (0912).
_FILLING: Final = FORMAT_MARKS + BLANK_MARKS + "\t-\u2010\u2011\u2012\u2013\u2014\u2015\u2212()"
_CLEAN: Final = DIGITS | str.maketrans("", "", _FILLING)

_RECIPIENT: Final = re.compile(r"(?:(?:\+|00|0)?980?|0)?((9[0-9])[0-9]{8})")
# An SMPP source_addr has room for 20 digits (SMPP 3.4 §5.2.8), less the country code.
_LINE: Final = re.compile(r"(?:\+|00)?((?:98|0)?([0-9]{3,18}))")
# int() itself refuses more than 4,300 digits; programs that have only floating point write 2 as 2.0
_WHOLE_NUMBER: Final = re.compile(r"([0-9]{1,4000})(?:[.\u066b]0{1,20})?")


def latin_digits(text: str) -> str:
    """Return `text` with Persian (۰–۹) and Arabic-Indic (٠–٩) digits written in Latin; the rest is kept."""
    return text if text.isascii() else text.translate(DIGITS)


def parse_recipient(text: str, prefixes: Collection[str] | None = RECIPIENT_PREFIXES) -> str | None:
    """Return an Iranian mobile number as twelve digits, `989xxxxxxxxx`, or None if `text` is no such number.

    Taken are 989…, 0989…, 09…, 9…, +98… and 0098…, with marks, dashes and brackets anywhere. A raw `+` in a query
    arrives as a blank. `prefixes` are the first two digits behind 98 that mobiles have; None asks only for the shape,
    for what was accepted before, or is searched for: 9830003300 is a line of 3000, and has the shape of a mobile.
    """
    found = _RECIPIENT.fullmatch(_clean(text))
    return f"98{found[1]}" if found and (prefixes is None or found[2] in prefixes) else None


def parse_line(text: str) -> str | None:
    """Return the digits of a sender number as written, without `+` or 00, or None if `text` is no number."""
    found = _LINE.fullmatch(_clean(text))
    return found[1] if found else None


def line_key(text: str) -> str:
    """Return the key under which every spelling of a line is found; "" if `text` is no number.

    3000-lines are registered with 98 and 1000-lines without, and programs write both either way; so the key
    has neither 98 nor the 0 of the trunk. Compare keys, but answer with the registered spelling.
    """
    found = _LINE.fullmatch(_clean(text))
    return found[2] if found else ""


def parse_whole_number(text: str) -> int | None:
    """Return the number that `text` writes in digits of any script; marks, and blanks around it, do not count.

    A fraction of zeros is none. None for a sign, a blank inside, what else is no digit, and beyond 4,000 digits.
    """
    found = _WHOLE_NUMBER.fullmatch(without_marks(latin_digits(text)))
    return int(found[1]) if found else None


def masked(recipient: str) -> str:
    """Return a recipient as logs may show it, `98939***3300`; a shorter text is hidden altogether."""
    return f"{recipient[:5]}***{recipient[-4:]}" if len(recipient) >= 12 else "***"


def _clean(text: str) -> str:
    if text.isascii() and text.isdigit():  # most are, and lists of them come by the hundred
        return text
    return text.strip().translate(_CLEAN)
