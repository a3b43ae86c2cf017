"""Marks that mean nothing: one list, and what is compared without them."""

import sys
import unicodedata

import pytest

from payamak.domain.marks import BLANK_MARKS, FORMAT_MARKS, fold, is_blank, without_marks, words

SAMPLES = "\u200b\u2060\u061c\u00ad\u2007\u2009\u200c\u200e\u200f\ufeff\u202f\u3000\u180e\U000e0020"


def test_the_lists_are_unicodes() -> None:
    """Every character that this Python calls Cf or Zs is on the list; what is more there, a later Unicode has."""
    for code in range(sys.maxunicode + 1):
        category = unicodedata.category(char := chr(code))
        assert (char in FORMAT_MARKS) >= (category == "Cf"), hex(code)
        assert (char in BLANK_MARKS) == (category == "Zs"), hex(code)
        assert category in ("Cf", "Cn") or char not in FORMAT_MARKS, hex(code)


@pytest.mark.parametrize("mark", SAMPLES)
def test_marks_fall_out(mark: str) -> None:
    """A mark anywhere leaves the text as it is without it; a text of marks alone is blank."""
    assert without_marks(f"{mark}1{mark}2{mark}") == "12"
    assert is_blank(mark)
    assert is_blank(f" \r\n{mark}\t")


@pytest.mark.parametrize("unseen", "\ufe0f\u034f\u3164\u2800\U000e0100")
def test_what_else_nobody_sees(unseen: str) -> None:
    """It is no mark in a number, and yet a text of nothing else is blank, and compared without it."""
    assert without_marks(f"1{unseen}2") == f"1{unseen}2"
    assert is_blank(f" {unseen}\u200c")
    assert fold(f"☎{unseen}") == "☎"


def test_a_plain_blank_inside_stays() -> None:
    """Contract §2: a blank inside an id is a fault, so it must not fall out with the marks."""
    assert without_marks(" 1 2 ") == "1 2"


@pytest.mark.parametrize("text", ["a", ".", "\u0640", "\u2800x", "0"])
def test_a_text_is_not_blank(text: str) -> None:
    """One visible character makes a text."""
    assert not is_blank(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("a \r\n  b", "a\nb"),
        ("a\u2028b\rc", "a\nb\nc"),
        ("a\n\nb", "a\n\nb"),
        ("\u00a0a\u2009\u2009b ", " a b "),
        ("می\u200cرود كى ي", "میرود کی ی"),
        ("۱٢3", "123"),
        ("\ufedf\ufe8e", "لا"),
        ("آ", "آ"),
        ("x²", "x²"),
        ("خانۀ", "خانه\u0654"),
        ("خانە", "خانه"),
    ],
)
def test_folded(text: str, folded: str) -> None:
    """What no reader sees is gone, what he sees is not."""
    assert fold(text) == folded
    assert fold(folded) == folded


def test_words() -> None:
    """Punctuation parts words and is none; digits beside letters are a word of their own; each heh is one."""
    assert words("كُد-ورود: A12\u200cb_۳ خانۀ خانهٔ خانة") == ["کد", "ورود", "A", "12", "b", "3", *["خانه"] * 3]
