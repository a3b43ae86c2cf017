"""Numbers as the field writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.domain.numbers import (
    RECIPIENT_PREFIXES,
    latin_digits,
    line_key,
    masked,
    parse_line,
    parse_recipient,
    parse_whole_number,
)


@pytest.mark.parametrize(
    "written",
    [
        "989395213300",
        "09395213300",
        "9395213300",
        "+989395213300",
        "00989395213300",
        " 989395213300",
        " 98 939 521 33 00 ",
        "0939-521-3300",
        "+98 939\u2013521\u00a03300",
        "۰۹۳۹۵۲۱۳۳۰۰",
        "٠٩٣٩٥٢١٣٣٠٠",
        "\u202a+98 939 521 3300\u202c",
        "0939521۳۳00\r\n",
        "0989395213300",
        "(+98)9395213300",
        "(0939) 521 3300",
        "+98 (0)939 521 3300",
        "00980939-521-3300",
        *(f"0939{mark}521{mark}3300{mark}" for mark in "\u200b\u2060\u061c\u00ad\u2007\u2009\u202f\ufeff\u3000"),
    ],
)
def test_every_spelling_is_one_recipient(written: str) -> None:
    """All spellings of contract §5 give the canonical one."""
    assert parse_recipient(written) == "989395213300"


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "abc",
        "98939521330",
        "9893952133000",
        "+09395213300",
        "00989395213300989395213300",
        "9830003300",
        "989830003300",
        "09830003300",
        "9810001234",
        "9512345678",
        "9612345678",
        "9712345678",
        "++989395213300",
        "982188888888",
        "02188888888",
        "+12025550123",
        "989395213300,989395213301",
        "989395213300; DROP TABLE x",
        "989395213300'",
        "9893952\x0013300",
        "9893952\n13300",
        "९३९५२१३३००",
        "²9395213300",
        "9" * 100_000,
    ],
)
def test_what_is_no_iranian_mobile_is_none(written: str) -> None:
    """Everything else is no recipient."""
    assert parse_recipient(written) is None


def test_a_prefix_that_is_none() -> None:
    """9830003300 has a mobile's shape and is a line of 3000: taken by shape, or by a list that has 98."""
    assert parse_recipient("9830003300") is None
    assert parse_recipient("9830003300", None) == "989830003300"
    assert parse_recipient("9830003300", {"98"}) == "989830003300"
    assert parse_recipient("9395213300", {"98"}) is None


def test_whatever_libphonenumber_calls_a_mobile_is_taken() -> None:
    """No person is refused whose number another list of the world's numbers knows as a mobile."""
    phonenumbers = pytest.importorskip("phonenumbers")
    mobiles = 0
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    for start in range(9_000, 10_000):
        for tail in ("012345", "998765"):
            number = phonenumbers.PhoneNumber(country_code=98, national_number=int(f"{start}{tail}"))
            if phonenumbers.number_type(number) in kinds:
                mobiles += 1
                assert parse_recipient(f"+98{start}{tail}") == f"98{start}{tail}"
    assert mobiles > 500


@given(
    st.sampled_from(sorted(RECIPIENT_PREFIXES)),
    st.integers(0, 10**8 - 1),
    st.sampled_from(["98", "0", "", "+98", "0098"]),
    st.data(),
)
def test_blanks_and_dashes_change_nothing(operator: str, number: int, prefix: str, data: st.DataObject) -> None:
    """A canonical number comes back from any prefix, script and filling."""
    canonical = f"98{operator}{number:08}"
    marks = [prefix, *canonical[2:]]
    fills = data.draw(st.lists(st.sampled_from(["", " ", "-"]), min_size=len(marks), max_size=len(marks)))
    written = "".join(mark + fill for mark, fill in zip(marks, fills, strict=True))
    assert parse_recipient(written) == canonical
    assert parse_recipient(written.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))) == canonical


@pytest.mark.parametrize(
    ("spellings", "key"),
    [
        (["983000330", "3000330", "+983000330", "00983000330", "۳۰۰۰۳۳۰", " 98 3000-330 "], "3000330"),
        (["10001234", "9810001234", "+9810001234"], "10001234"),
        (["02188888888", "982188888888", "2188888888"], "2188888888"),
        (["09395213300", "989395213300", "9395213300"], "9395213300"),
        (["98123", "123"], "123"),
        (["", "abc", "12", "3000 or 1=1", "3000\x00330", "1" * 40], ""),
    ],
)
def test_both_spellings_of_a_line_have_one_key(spellings: list[str], key: str) -> None:
    """A line is found however it is written, with 98 or without; what is no number has no key."""
    assert [line_key(spelling) for spelling in spellings] == [key] * len(spellings)


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("983000330", "983000330"),
        ("۳۰۰۰ ۳۳۰", "3000330"),
        ("+98-1000-1234", "9810001234"),
        ("0098 3000330", "983000330"),
        ("021 88888888", "02188888888"),
        ("Payamak", None),
        ("-", None),
        ("", None),
    ],
)
def test_a_line_is_digits_as_written(written: str, digits: str | None) -> None:
    """The digits of a line are kept as written; there is a key exactly where there is a line."""
    assert parse_line(written) == digits
    assert bool(line_key(written)) == (digits is not None)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0", 0),
        ("۲", 2),
        ("٢", 2),
        (" 0012 ", 12),
        ("9" * 20, 10**20 - 1),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.0", 1),
        ("0.0", 0),
        ("۲٫۰۰", 2),
        ("2\u200f", 2),
        ("\u2066۲\u2069\u00a0", 2),
        ("1.5", None),
        ("1.", None),
        (".0", None),
        ("1.0e1", None),
        ("1 2", None),
        ("1_000", None),
        ("²", None),
        ("2' OR '1'='1", None),
        ("1\x00", None),
        ("1" * 5_000, None),
    ],
)
def test_a_whole_number_is_digits_and_nothing_else(written: str, number: int | None) -> None:
    """Digits of three scripts make a number, marks and a fraction of zeros aside; what int() takes besides does not."""
    assert parse_whole_number(written) == number


def test_digits_become_latin_and_the_rest_stays() -> None:
    """Only digits change: Persian letters and the non-joiner stay."""
    assert latin_digits("کد می‌شود ۱۲٣٤5") == "کد می‌شود 12345"


def test_logs_see_a_masked_recipient() -> None:
    """The middle of a number is hidden, and all of what is too short to be one."""
    assert masked("989395213300") == "98939***3300"
    assert masked("3000330") == "***"
