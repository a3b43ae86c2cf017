"""Numbers on a command line: each says what is allowed, and a wrong one is refused before anything is opened."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, get_origin

from cyclopts import Parameter, Token

from payamak.domain.numbers import latin_digits
from payamak.setting import Numbers, shown

MOST_ID: Final = 2**63 - 1
"""The store's integers have 64 bits."""


def within(allowed: Numbers) -> Callable[[Any, Any], None]:
    """A check for one number, or for each of a list."""

    def check(_type: Any, value: Any) -> None:
        for number in value if isinstance(value, list | tuple) else (value,):
            if number is not None and not allowed.fits(number):
                raise ValueError(f"{shown(number)} is not allowed; allowed: {allowed.words}")

    check.allowed = allowed  # type: ignore[attr-defined] # for the test that walks all commands
    return check


_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,40}")


def read_numbers(type_: Any, tokens: Sequence[Token]) -> Any:
    """What a person wrote, as numbers: a whole one is whole as written, or it is refused, never rounded.

    Digits of any script. The library below would make 10 of 10.5, and an amount of rial with it.
    """
    numbers = tuple((float if type_ is float else whole)(token.value) for token in tokens)
    return numbers if get_origin(type_) is tuple else numbers[-1]


def whole(text: str) -> int:
    """A whole number in digits of any script, with a sign if wanted. Raises ValueError."""
    written = latin_digits(text.strip())
    if not _WHOLE.fullmatch(written):
        raise ValueError(f"{shown(text)} is not allowed: write a whole number, in digits alone")
    return int(written)


WHOLE: Final = Parameter(converter=read_numbers)
"""The mark of a whole number whose bounds are elsewhere: in its setting."""


def bounded(lowest: float, highest: float) -> Parameter:
    """The mark of a parameter that takes numbers from `lowest` to `highest`."""
    return Parameter(validator=within(Numbers(lowest, highest)), converter=read_numbers)


Limit = Annotated[int, bounded(1, 100_000)]
"""Rows of a list."""

Id = Annotated[int, bounded(1, MOST_ID)]
"""A message's id, or that of a received one."""

Ids = Annotated[tuple[int, ...], bounded(1, MOST_ID)]
Port = Annotated[int, bounded(0, 65_535)]
TemplateNumber = Annotated[int, bounded(0, 2**31 - 1)]
