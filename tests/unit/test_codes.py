"""The table of outside codes."""

import pytest

from payamak.codes import REFUSAL_ORDER, SUCCESS, Code, StateCode

CONTRACT_NUMBERS = {
    *(1, 2, 3, 4, 6, 8, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 25, 27, 28, 29, 30, 31, 33, 34, 35),
    *range(100, 110),
    409,
}
TOLD_ORDER = (31, 18, 16, 17, 29, 409, 22, 25, 1, 2, 13, 3, 30, 34, 35, 8, 27, 33, 14, 23)


def test_every_number_of_the_contract_is_in_the_table_and_no_other() -> None:
    """The table holds exactly the numbers of contract §3."""
    assert set(Code) == CONTRACT_NUMBERS
    assert SUCCESS == -1


@pytest.mark.parametrize("code", Code, ids=lambda code: str(int(code)))
def test_every_code_has_both_texts(code: Code) -> None:
    """Every code says itself as sentences, in English and in Persian, and no two codes say the same."""
    assert code.english.endswith(".")
    assert code.persian.endswith(".")
    assert any("\u0600" <= char <= "\u06ff" for char in code.persian)
    assert not set("يك") & set(code.persian), "Persian letters, not their Arabic look-alikes"
    assert len({other.english for other in Code}) == len({other.persian for other in Code}) == len(Code)


def test_the_order_of_refusals_is_that_of_the_contract() -> None:
    """Several reasons at once: contract §1 says which is told."""
    assert tuple(map(int, REFUSAL_ORDER)) == TOLD_ORDER


def test_the_states_are_named_as_the_manual_names_them() -> None:
    """The codes of wsStates carry the manual's Persian names."""
    assert {int(code): code.persian for code in StateCode} == {
        -1: "ارسال نشده به اپراتور",
        0: "نامشخص",
        1: "دریافت توسط گوشی",
        2: "عدم دریافت توسط گوشی",
        4: "نامشخص",
        8: "دریافت شده توسط اپراتور",
        16: "عدم دریافت توسط اپراتور",
    }
    assert all(code.english for code in StateCode)
