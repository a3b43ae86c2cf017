"""The names of columns: compared as a reader would, and which of them says that a column holds numbers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from payamak.domain.marks import fold, without_marks

NUMBER_NAMES: Final = (
    *("mobile", "موبایل", "شماره موبایل", "تلفن همراه", "همراه", "شماره همراه", "شماره تلفن همراه", "mobile number"),
    *("cellphone", "cell", "msisdn", "گیرنده", "شماره گیرنده", "recipient", "phone", "phone number", "تلفن"),
    *("شماره تلفن", "tel", "to", "number", "شماره"),
)
"""Names of columns of numbers, the surest first."""

_BETWEEN: Final = str.maketrans("", "", " _-\n.:")


def key_of(name: str) -> str:
    """A name for comparing: Persian letters and Latin digits, small, without what stands between words."""
    return fold(without_marks(name)).translate(_BETWEEN).lower()


_NUMBER_KEYS: Final = tuple(key_of(name) for name in NUMBER_NAMES)


def number_column(names: Sequence[str]) -> int | None:
    """The place of the column of numbers; None if no name says so."""
    keys = [key_of(name) for name in names]
    return next((keys.index(key) for key in _NUMBER_KEYS if key in keys), None)


def doubled(names: Sequence[str]) -> str | None:
    """A name that two columns have; None if each has its own. Columns without a name do not count."""
    keys = [key_of(name) for name in names]
    return next((name for name, key in zip(names, keys, strict=True) if key and keys.count(key) > 1), None)
