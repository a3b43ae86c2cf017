"""The rows of a campaign: whom each is to, what its fields are, what became of it; and the text that is made of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from payamak.domain.marks import is_blank

_PLACEHOLDER: Final = re.compile(r"\{([^{}\n]{1,100})\}")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, ...]).decode


class RowOutcome(StrEnum):
    """What has become of a row. A pending one of a campaign that was cancelled is left out with it."""

    PENDING = "pending"
    EXCLUDED = "excluded"
    MADE = "made"
    REFUSED = "refused"


class RowBar(StrEnum):
    """Why a row is left out; NOT_SENDABLE: by the outside code that stands beside it."""

    NO_NUMBER = "no_number"
    FIELD_EMPTY = "field_empty"
    DUPLICATE = "duplicate"
    OPTED_OUT = "opted_out"
    OWN_NUMBER = "own_number"
    NOT_SENDABLE = "not_sendable"
    DEARER = "dearer"
    """The site was changed since the check, so that the text would take more than is held for it."""


class CampaignRow(Struct, frozen=True, kw_only=True):
    """A row: `n` is its line in the file, `recipient` as it stands there, `fields` a JSON array of its columns."""

    n: int
    recipient: str
    fields: str
    outcome: RowOutcome = RowOutcome.PENDING
    why: str = ""
    code: int | None = None
    message_id: int | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """A text for each column."""
        return _decode(self.fields)


def fields_of(texts: Iterable[str]) -> str:
    """Texts as the JSON array that the store keeps."""
    return _encode(list(texts)).decode()


def names_in(text: str) -> list[str]:
    """What stands in braces in a text, each once."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


class TextMould:
    """A text with the names of columns in braces, ready to be filled; other braces are text."""

    def __init__(self, text: str, columns: Sequence[str]) -> None:
        places = {name: place for place, name in enumerate(columns)}
        self._pieces: list[str | int] = []
        end = 0
        for found in _PLACEHOLDER.finditer(text):
            if (place := places.get(found[1])) is not None:
                self._pieces += [text[end : found.start()], place]
                end = found.end()
        self._pieces.append(text[end:])
        self.is_the_same_for_all = len(self._pieces) == 1

    def fill(self, texts: Sequence[str]) -> str | None:
        """The text of a row; None if a field that it names is empty."""
        filled = []
        for piece in self._pieces:
            if isinstance(piece, str):
                filled.append(piece)
                continue
            if is_blank(texts[piece]):
                return None
            filled.append(texts[piece])
        return "".join(filled)


def columns_of(columns: str) -> tuple[str, ...]:
    """The names of a campaign's columns, as it keeps them."""
    return _decode(columns)
