"""Money is whole rial, an int. A text costs its parts times the price of a part in its language."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from payamak.encoding import Encoding

MOST_RIAL = 10**15
"""The most that one call may move and an account may have: below 2^53, so that every reader of JSON keeps it whole."""

MOST_PRICE_RIAL = 10**9
"""The highest price of a part, far above any; a text of 255 such parts is still less than MOST_RIAL."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tariff:
    """What one part costs on a line, in rial: `gsm7_rial` for Latin texts, `ucs2_rial` for Persian ones.

    Raises ValueError if a price is below zero.
    """

    gsm7_rial: int
    ucs2_rial: int

    def __post_init__(self) -> None:
        if min(self.gsm7_rial, self.ucs2_rial) < 0:
            raise ValueError(f"a price is zero or more rial, not {self}")


def tax_of(rial: int, percent: Decimal) -> int:
    """So many percent of an amount, to the rial; half a rial is rounded up."""
    return int((rial * percent / 100).quantize(Decimal(1), ROUND_HALF_UP))


def price(parts: int, encoding: Encoding, tariff: Tariff) -> int:
    """Return what `parts` parts in `encoding` cost, in rial."""
    return parts * (tariff.ucs2_rial if encoding is Encoding.UCS2 else tariff.gsm7_rial)
