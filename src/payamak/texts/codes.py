"""Codes of the outside contract; their words stand beside their numbers (payamak.codes), which the client shares."""

from __future__ import annotations

from payamak.codes import Code, StateCode
from payamak.language import Words


def code_words(code: Code | StateCode) -> Words:
    """What a code says."""
    return Words(code.english, code.persian)
