"""A finding: one thing that was looked at, whether it is well, and what is said of it in both languages."""

from __future__ import annotations

from msgspec import Struct

from payamak.language import Words
from payamak.texts.signs import NOTHING, Sign


class Finding(Struct, frozen=True, kw_only=True):
    """A sign that was looked for, with what fills its words. Grave: messages do not go, or are in danger."""

    sign: Sign
    is_well: bool
    is_grave: bool = False
    given: dict[str, object] = {}

    @property
    def name(self) -> Words:
        """What was looked at."""
        return self.sign.name.filled(**self.given)

    @property
    def says(self) -> Words:
        """What was found."""
        return self.sign.says.filled(**self.given)

    @property
    def todo(self) -> Words:
        """What a person does about it; nothing where it is well."""
        return NOTHING if self.is_well else self.sign.todo.filled(**self.given)


def well(sign: Sign, **given: object) -> Finding:
    """It is as it should be."""
    return Finding(sign=sign, is_well=True, given=given)


def wrong(sign: Sign, **given: object) -> Finding:
    """Something has to be done."""
    return Finding(sign=sign, is_well=False, given=given)


def grave(sign: Sign, **given: object) -> Finding:
    """Something has to be done at once."""
    return Finding(sign=sign, is_well=False, is_grave=True, given=given)


def judged(is_well: bool, sign: Sign, **given: object) -> Finding:
    """Well or wrong, with the same words for what was found."""
    return Finding(sign=sign, is_well=is_well, given=given)
