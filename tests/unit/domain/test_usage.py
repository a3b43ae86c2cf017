"""What is counted of messages, and under what."""

import datetime as dt

import phonenumbers
import pytest
from phonenumbers import carrier

from payamak.domain.usage import (
    FirstOperator,
    date_of,
    day_of,
    day_of_date,
    days_of_month,
    operator_of,
    start_of,
)

CARRIERS = {"IR-MCI": "mci", "Irancell": "irancell", "Rightel": "rightel"}


def test_first_operators_are_the_numbering_plans() -> None:
    """Every number whose carrier libphonenumber knows is that one's."""
    known = 0
    for code in range(900, 1_000):
        number = phonenumbers.parse(f"+98{code}1234567")
        name = carrier.name_for_number(number, "en") if phonenumbers.is_valid_number(number) else ""
        if name:
            known += 1
            assert operator_of(f"98{code}1234567") == CARRIERS.get(name, FirstOperator.OTHER.value), code
    assert known > 30


def test_days_and_months_are_tehrans() -> None:
    """A day begins at midnight there; a Jalali month is whole, also the last of a leap year."""
    midnight = dt.datetime(2026, 11, 25, 20, 30, tzinfo=dt.UTC)
    day = day_of(int(midnight.timestamp() * 1_000))
    assert date_of(day) == dt.date(2026, 11, 26)
    assert day_of_date(dt.date(2026, 11, 26)) == day
    assert start_of(day) == midnight.timestamp() * 1_000
    assert day_of(start_of(day) - 1) == day - 1
    azar = days_of_month(1405, 9)
    assert (date_of(azar[0]), date_of(azar[-1]), len(azar)) == (dt.date(2026, 11, 22), dt.date(2026, 12, 21), 30)
    assert len(days_of_month(1403, 12)) == 30
    assert len(days_of_month(1404, 12)) == 29
    with pytest.raises(ValueError, match="no day"):
        days_of_month(1405, 13)
