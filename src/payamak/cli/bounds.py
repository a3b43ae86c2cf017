"""Numbers on a command line: each says what is allowed, and a wrong one is refused before anything is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from cyclopts import Parameter

from payamak.setting import Numbers, shown

MOST_ID: Final = 2**63 - 1
"""The store's integers have 64 bits."""


def within(allowed: Numbers) -> Callable[[Any, Any], None]:
    """A check for one number, or for each of a list."""

    def check(_type: Any, value: Any) -> None:
        for number in value if isinstance(value, list | tuple) else (value,):
            if number is not None and not allowed.fits(number):
                raise ValueError(f"{shown(number)} is not allowed; allowed: {allowed}")

    check.allowed = allowed  # type: ignore[attr-defined] # for the test that walks all commands
    return check


def bounded(lowest: float, highest: float) -> Parameter:
    """The mark of a parameter that takes numbers from `lowest` to `highest`."""
    return Parameter(validator=within(Numbers(lowest, highest)))


Limit = Annotated[int, bounded(1, 100_000)]
"""Rows of a list."""

Id = Annotated[int, bounded(1, MOST_ID)]
"""A message's id, or that of a received one."""

Ids = Annotated[tuple[int, ...], bounded(1, MOST_ID)]
Port = Annotated[int, bounded(0, 65_535)]
TemplateNumber = Annotated[int, bounded(0, 2**31 - 1)]
