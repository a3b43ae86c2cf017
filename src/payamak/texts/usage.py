"""What sums of days tell, for people: languages, operators, how messages ended, lines of a statement."""

from __future__ import annotations

from typing import Final

from payamak.domain.usage import FirstOperator
from payamak.language import Words

_LATIN: Final = Words("Latin", "لاتین")

LANGUAGES: Final[dict[str, Words]] = {
    "ucs2": Words("Persian", "فارسی"),
    "gsm7": _LATIN,
    "latin-1": _LATIN,
    "ascii": _LATIN,
}
"""By the encoding of the text: its price is that of a language."""

FIRST_OPERATORS: Final[dict[str, Words]] = {
    FirstOperator.MCI: Words("MCI", "همراه اول"),
    FirstOperator.IRANCELL: Words("Irancell", "ایرانسل"),
    FirstOperator.RIGHTEL: Words("Rightel", "رایتل"),
    FirstOperator.OTHER: Words("other", "دیگر"),
}

POSTINGS: Final[dict[str, Words]] = {
    "opening": Words("opening", "ماندهٔ آغاز"),
    "paid in": Words("paid in", "واریز"),
    "charged": Words("charged", "برداشت"),
    "refunded": Words("refunded", "بازگشت"),
    "closing": Words("closing", "ماندهٔ پایان"),
}
