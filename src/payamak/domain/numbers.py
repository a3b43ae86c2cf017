"""Numbers as people and programs write them: recipients, lines, digits of three scripts (contract §5)."""

import re
from typing import Final

_LATIN: Final = "0123456789"
_DIGITS: Final = str.maketrans("۰۱۲۳۴۵۶۷۸۹" + "٠١٢٣٤٥٦٧٨٩", _LATIN * 2)

# What stands between digits and means nothing: blanks, dashes, and the direction marks and joiners that come
# along when a number is pasted out of Persian text.
_FILLING: Final = (
    " \t\u00a0\u202f"
    "-\u2010\u2011\u2012\u2013\u2014\u2212"
    "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
_CLEAN: Final = _DIGITS | str.maketrans("", "", _FILLING)

_RECIPIENT: Final = re.compile(r"(?:\+98|0098|98|0)?(9[0-9]{9})")
# An SMPP source_addr has room for 20 digits (SMPP 3.4 §5.2.8), less the country code.
_LINE: Final = re.compile(r"(?:\+|00)?((?:98|0)?([0-9]{3,18}))")
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,4000}")  # int() itself refuses more than 4,300 digits


def latin_digits(text: str) -> str:
    """Return `text` with Persian (۰–۹) and Arabic-Indic (٠–٩) digits written in Latin; the rest is kept."""
    return text if text.isascii() else text.translate(_DIGITS)


def parse_recipient(text: str) -> str | None:
    """Return an Iranian mobile number as twelve digits, `989xxxxxxxxx`, or None if `text` is no such number.

    Taken are 989…, 09…, 9…, +98… and 0098…, with blanks and dashes anywhere. A raw `+` in a query arrives as
    a blank.
    """
    found = _RECIPIENT.fullmatch(_clean(text))
    return f"98{found[1]}" if found else None


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
    """Return the number that `text` writes in digits of any script, blanks around it trimmed.

    None for a sign, a blank inside, anything else that is no digit, and beyond 4,000 digits.
    """
    found = _WHOLE_NUMBER.fullmatch(latin_digits(text).strip())
    return int(found[0]) if found else None


def masked(recipient: str) -> str:
    """Return a recipient as logs may show it, `98939***3300`; a shorter text is hidden altogether."""
    return f"{recipient[:5]}***{recipient[-4:]}" if len(recipient) >= 12 else "***"


def _clean(text: str) -> str:
    return text.strip().translate(_CLEAN)
