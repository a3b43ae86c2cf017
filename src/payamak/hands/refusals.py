"""Refusals: why an act of a person is not carried out, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class NotDone(ValueError):
    """An act that is not carried out, with a sentence for each reason; nothing was changed."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences[:1])
        self.sentences = sentences


class Misasked(NotDone):
    """What was asked for makes no sense as it was said."""


def no_such(kind: str, name: str, known: Iterable[str], more: str = "") -> NotDone:
    """What a person named is not there; what is, is said. `more`: what else is known of that name."""
    return NotDone(f"there is no {kind} {name}{more}; there are: {', '.join(known) or 'none'}")


@contextmanager
def told(more: str = "") -> Iterator[None]:
    """What the store refuses within is told as a refusal of the hands. `more`: what else the person must know."""
    try:
        yield
    except NotDone:
        raise
    except (LookupError, ValueError) as error:
        raise NotDone(f"{error}{more}") from error
