"""One operator's id in its many spellings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.domain.ids import IdBase, operator_key, readings


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("00A1F", "a1f"),
        (" 12 ", "12"),
        ("000", "0"),
        ("", "0"),
        ("MSG-0001", "msg0001"),
        ("0", "0"),
        ("0x1F3a", "1f3a"),
        ("0xyz", "xyz"),
        ("{2298D520-B783-4A10-A5B4-3C2A9F1E0001}", "2298d520b7834a10a5b43c2a9f1e0001"),
        ("-0-12", "12"),
        ("<20261126.17@smsc>", "20261126.17@smsc"),
        ('"0x1F3A"', "1f3a"),
        ("(0012);", "12"),
    ],
)
def test_zeros_and_case_do_not_matter(written: str, key: str) -> None:
    """Ids are compared without leading zeros, blanks around them, and case."""
    assert operator_key(written) == key


@pytest.mark.parametrize(
    ("written", "base", "keys"),
    [
        ("255", IdBase.AUTO, ("255", "ff", "597")),
        ("FF", IdBase.AUTO, ("ff", "255")),
        ("9", IdBase.AUTO, ("9",)),
        ("10", IdBase.AUTO, ("10", "a", "16")),
        ("255", IdBase.SAME, ("255",)),
        ("255", IdBase.HEX_TO_DECIMAL, ("ff",)),
        ("0FF", IdBase.DECIMAL_TO_HEX, ("255",)),
        ("ff", IdBase.HEX_TO_DECIMAL, ("ff",)),
        ("msg-1", IdBase.AUTO, ("msg1",)),
        ("msg-1", IdBase.DECIMAL_TO_HEX, ("msg1",)),
        ("12-34", IdBase.AUTO, ("1234",)),
        ("7994", IdBase.AUTO, ("7994", "1f3a", "31124")),
        ("1" * 21, IdBase.AUTO, ("1" * 21,)),
        ("۱۲", IdBase.AUTO, ("۱۲",)),
        ("²", IdBase.AUTO, ("²",)),
    ],
)
def test_the_readings_of_a_receipts_id(written: str, base: IdBase, keys: tuple[str, ...]) -> None:
    """As written first, then what it may have been in the answer; the base, once known, leaves one."""
    assert readings(written, base) == keys


@given(st.integers(0, 2**63 - 1), st.integers(0, 4))
def test_an_id_is_found_in_the_other_base(number: int, zeros: int) -> None:
    """An answer in hex finds its receipt in decimal and the other way round, zeros and case aside."""
    in_hex, in_decimal = "0" * zeros + f"{number:X}", "0" * zeros + str(number)
    assert operator_key(in_hex) in readings(in_decimal)
    assert operator_key(in_decimal) in readings(in_hex)
    assert readings(in_decimal, IdBase.HEX_TO_DECIMAL) == (operator_key(in_hex),)
    assert readings(in_hex, IdBase.DECIMAL_TO_HEX) == (operator_key(in_decimal),)


@given(st.text(max_size=70), st.sampled_from(IdBase))
def test_any_id_has_a_reading(written: str, base: IdBase) -> None:
    """Whatever an operator writes can be looked up, without an error."""
    keys = readings(written, base)
    assert keys
    assert len(set(keys)) == len(keys)
