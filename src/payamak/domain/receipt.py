"""A receipt in our own words, as an upstream hands it over."""

from __future__ import annotations

from msgspec import Struct

from payamak.codes import Code
from payamak.domain.message import PartState


class ReceiptIn(Struct, frozen=True, kw_only=True):
    """A receipt as it came from an upstream. `part_state` is None for an intermediate one (not final).

    `keys` are the readings of the operator's id to try, best first (IdBase); `line` and `recipient` as we write
    them, if they could be read.
    """

    upstream: str
    link: str
    operator_id: str
    keys: tuple[str, ...]
    part_state: PartState | None
    stat: str
    err: str | None = None
    code: Code | None = None
    line: str | None = None
    recipient: str | None = None
    reference: int | None = None


class OpenId(Struct, frozen=True, kw_only=True):
    """A part that an operator took under `operator_id` and whose receipt is still to come."""

    operator_id: str
    recipient: str
    taken_at: int
    deadline_at: int


Cursor = tuple[str, int, int]
"""Where a page of open messages ends: line, deadline, message id."""

FIRST_PAGE: Cursor = ("", 0, 0)


class OpenIds(Struct, frozen=True, kw_only=True):
    """A page of them; it may be empty although more follow. `after` is None at the end."""

    ids: tuple[OpenId, ...]
    after: Cursor | None
