"""What a text costs."""

import pytest

from payamak.domain.money import Tariff, price
from payamak.encoding import Encoding


def test_the_price_goes_by_part_and_language() -> None:
    """A Latin part and a Persian part have each their price."""
    tariff = Tariff(gsm7_rial=300, ucs2_rial=120)
    assert price(2, Encoding.GSM7, tariff) == 600
    assert price(3, Encoding.UCS2, tariff) == 360
    assert price(0, Encoding.UCS2, tariff) == 0


@pytest.mark.parametrize("prices", [(-1, 0), (0, -1)])
def test_a_price_below_zero_is_refused(prices: tuple[int, int]) -> None:
    """Nobody is paid for sending."""
    with pytest.raises(ValueError, match="zero or more"):
        Tariff(gsm7_rial=prices[0], ucs2_rial=prices[1])
