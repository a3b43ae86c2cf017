"""What lists and forms have in common."""

from __future__ import annotations

from msgspec import Struct


class Choice(Struct, frozen=True, kw_only=True):
    """One of several to choose from."""

    value: str
    label: str
    is_chosen: bool
