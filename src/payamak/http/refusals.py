"""The log's lines for calls that were refused: one each, as long as they are few.

Whoever guesses passwords, or calls in a circle, must not fill the disk with our log: of one name and code so many lines
go out in a minute, of all together so many more, and the next line says how many were left out before it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from payamak.codes import SUCCESS, Code
from payamak.domain.neighbourhood import masked_address
from payamak.http.exchange import Exchange
from payamak.http.request import Response, door_of

OF_ONE: Final = 10
OF_ALL: Final = 300
"""Lines in a minute. Taste: a customer's programmer sees his mistake at once; a flood fills some 60 MB a day."""

MINUTE_S: Final = 60.0

MOST_REMEMBERED: Final = 1_000
"""Names with their codes; beyond it the one that was refused longest ago is forgotten."""

SHOWN_OF_A_NAME: Final = 3
"""Characters of a name that nobody has: it may be a password that was written into the wrong field."""

LOGIN: Final = frozenset({Code.CREDENTIALS, Code.ACCOUNT_INACTIVE, Code.ACCOUNT_EXPIRED, Code.ADDRESS_NOT_ALLOWED})
"""Codes that say something of who calls, not of what he asks."""


class _Told:
    """Of one name and code, or of all: lines in the minute that began then, and how many were left out since."""

    def __init__(self, began_s: float) -> None:
        self.began_s = began_s
        self.lines = 0
        self.untold = 0

    def may(self, now_s: float, most: int) -> bool:
        """Whether one more line may go out."""
        if now_s - self.began_s >= MINUTE_S:
            self.began_s, self.lines = now_s, 0
        return self.lines < most


class Refusals:
    """Tells of refused calls. Lives on one event loop."""

    def __init__(
        self, account_of: Callable[[str], str | None], log: Callable[..., object], monotonic: Callable[[], float]
    ) -> None:
        """`account_of` a name as a caller writes it: the account's own name, None if nobody has it."""
        self._account_of, self._log, self._monotonic = account_of, log, monotonic
        self._all = _Told(float("-inf"))
        self._each: OrderedDict[tuple[str, int], _Told] = OrderedDict()

    def answered(self, exchange: Exchange, response: Response) -> None:
        """A call has its answer: if nothing of it was accepted, it is told, with the first of its codes."""
        codes = response.codes
        if not codes or SUCCESS in codes or exchange.route is None:
            return
        code, name = codes[0], exchange.asked_by
        account = None if name is None else self._account_of(name)
        where = masked_address(exchange.address)
        now_s = self._monotonic()
        told = self._of((account or where, code), now_s)
        if not self._all.may(now_s, OF_ALL) or not told.may(now_s, OF_ONE):
            told.untold += 1
            return
        self._all.lines += 1
        told.lines += 1
        untold, told.untold = told.untold or None, 0
        event = "login_refused" if code in LOGIN else "call_refused"
        unknown = None if account is not None or not name else masked_name(name)
        door = door_of(exchange.route.path)
        self._tell(
            event, door=door, code=code, account=account, name_masked=unknown, address_masked=where, untold=untold
        )

    def _tell(self, event: str, **fields: object) -> None:
        self._log(event, **{name: value for name, value in fields.items() if value is not None})

    def _of(self, key: tuple[str, int], now_s: float) -> _Told:
        told = self._each.get(key)
        if told is None:
            told = self._each[key] = _Told(now_s)
            if len(self._each) > MOST_REMEMBERED:
                self._each.popitem(last=False)
        self._each.move_to_end(key)
        return told


def masked_name(name: str) -> str:
    """What may be shown of a name that nobody has: its beginning, and how long it is."""
    return f"{name[:SHOWN_OF_A_NAME]}*** ({len(name)})"
