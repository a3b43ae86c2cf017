"""Approved texts and what may be sent with them."""

import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.domain.templates import MAX_PLACEHOLDERS, MAX_VALUE_CHARS, Template, fill

CODE = Template(number=1, text="کد ورود شما: {code}")
DIGITS = Template(number=2, text="Code {code}\n@site.ir #{code}", patterns={"code": r"\d{4,6}"})
ORDER = Template(number=3, text="{name} عزیز، سفارش {order} ارسال شد.", patterns={"order": "[0-9]+"})
FIXED = Template(number=4, text="بانک {} بسته است")
FREE = Template(number=5, text="{*}", any_text=True)
TEMPLATES = {template.number: template for template in (CODE, DIGITS, ORDER, FIXED, FREE)}
LONGEST = "x" * MAX_VALUE_CHARS

Given = str | Mapping[str, object]


@pytest.mark.parametrize(
    ("number", "message", "text"),
    [
        (1, "کد ورود شما: 1234", "کد ورود شما: 1234"),
        (1, "1234", "کد ورود شما: 1234"),
        (1, "کد ورود شما: ", None),
        (1, "کد ورود شما:     ", None),
        (1, "\u200f \u00a0", None),
        (1, LONGEST, f"کد ورود شما: {LONGEST}"),
        (1, LONGEST + "x", None),
        (1, f"کد ورود شما: {LONGEST}x", None),
        (1, "", None),
        (1, {"code": "12"}, "کد ورود شما: 12"),
        (1, {"code": 12}, "کد ورود شما: 12"),
        (1, {"code": "{code}"}, "کد ورود شما: {code}"),
        (1, {"code": "\\g<0>"}, "کد ورود شما: \\g<0>"),
        (1, {"code": ""}, None),
        (1, {"code": LONGEST + "x"}, None),
        (1, {"code": None}, None),
        (1, {"code": True}, None),
        (1, {"code": 1.5}, None),
        (1, {"code": ["1"]}, None),
        (1, {"code": 10**5_000}, None),
        (1, {"code": "1", "more": "2"}, None),
        (1, {}, None),
        (2, "Code 1234\n@site.ir #1234", "Code 1234\n@site.ir #1234"),
        (2, "Code 1234\n@site.ir #4321", None),
        (2, "Code 12\n@site.ir #12", None),
        (2, "1234", "Code 1234\n@site.ir #1234"),
        (2, "12", None),
        (2, "1234\n", None),
        (2, {"code": 123456}, "Code 123456\n@site.ir #123456"),
        (2, {"code": "x1234"}, None),
        (3, "علی عزیز، سفارش 7 ارسال شد.", "علی عزیز، سفارش 7 ارسال شد."),
        (3, "علی عزیز، سفارش هفت ارسال شد.", None),
        (3, "علی", None),
        (3, {"name": "علی", "order": 7}, "علی عزیز، سفارش 7 ارسال شد."),
        (3, {"name": "علی"}, None),
        (3, {"name": "علی", "order": "هفت"}, None),
        (4, "بانک {} بسته است", "بانک {} بسته است"),
        (4, "بانک بسته است", None),
        (4, {}, "بانک {} بسته است"),
        (5, LONGEST * 10, LONGEST * 10),
        (5, "", None),
        (5, {"*": "x"}, "x"),
        (6, "1234", None),
    ],
)
def test_a_message_is_sent_as_the_table_says(number: int, message: Given, text: str | None) -> None:
    """A whole text goes as it is, else it is the only value; an object fills by name; the rest is refused."""
    assert fill(TEMPLATES, None, number, message) == text


LINES = Template(number=7, text="سلام،\nکد ورود شما به سامانه‌ی ما: {code}\nلغو11", patterns={"code": "[0-9]+"})
UNBOUND = Template(number=7, text="سلام،\nکد ورود شما به سامانه‌ی ما: {code}\nلغو11")
ENGLISH = Template(number=9, text="Your code is {code}. Do not share it.")
SHORT = Template(number=8, text="به {name}")
MARKED = Template(number=9, text="کد: {code}", patterns={"code": "[آ-ی\u200c]+ك{1,2}"})
WHOLE = "سلام،\nکد ورود شما به سامانه‌ی ما: 1234\nلغو11"


@pytest.mark.parametrize(
    "written",
    [
        WHOLE,
        WHOLE.replace("\n", "\r\n"),
        WHOLE.replace("\n", "\r"),
        WHOLE.replace("\n", " \n\u200f "),
        WHOLE.replace("ی", "ي"),
        WHOLE.replace("ک", "ك"),
        WHOLE.replace(" ", "\u00a0"),
        WHOLE.replace(" ", "  "),
        WHOLE.replace(" ", "\t"),
        WHOLE.replace("\u200c", ""),
        WHOLE.replace("سلام", "س\u2060ل\u00adا\u061cم"),
        WHOLE.replace("\n", "\u2028"),
        f"  {WHOLE}\n\n",
        f"\ufeff\u200e{WHOLE}\u202c",
        WHOLE.replace("1234", "۱۲۳۴"),
        WHOLE.replace("1234", "١٢٣٤"),
        WHOLE.replace("لا", "\ufefb").replace("ورود", "\ufeed\ufead\ufeed\ufea9"),
        WHOLE.replace("1234", "12\u200c34"),
    ],
)
def test_what_no_reader_sees_does_not_count(written: str) -> None:
    """A whole text that only marks, blanks, line ends or twins of letters part from the approved one goes as it is."""
    assert LINES.complete(written) == written


@pytest.mark.parametrize(
    ("template", "message", "text"),
    [
        (LINES, WHOLE.replace("1234", "abc"), None),
        (LINES, "سلام کد ورود شما به سامانه ما: 12 لغو۱۱", None),
        (LINES, "۱۲۳۴", "سلام،\nکد ورود شما به سامانه‌ی ما: ۱۲۳۴\nلغو11"),
        (CODE, "کد ورود شما 1234", None),
        (CODE, "کد ورود شما:1234", None),
        (CODE, "كد ورود شما : 1234", None),
        (CODE, "کد\u200cورود\u200cشما: 1234", None),
        (CODE, "کدِ ورودِ شما: 1234", None),
        (CODE, "مشترک گرامی، کد ورود شما: 1234", None),
        (CODE, "کد ورود", "کد ورود شما: کد ورود"),
        (CODE, "كد ورود شما: \u200f\r\n1", "كد ورود شما: \u200f\r\n1"),
        (CODE, "line\nbreak", "کد ورود شما: line\nbreak"),
        (CODE, {"code": "کد ورود شما: 1"}, "کد ورود شما: کد ورود شما: 1"),
        (CODE, {"code": " \u200c"}, None),
        (SHORT, "بهار", "به بهار"),
        (SHORT, "به\u00a0 رضا", "به\u00a0 رضا"),
        (SHORT, "به:رضا", None),
        (Template(number=8, text="Code: {x}"), "Code-12", None),
        (Template(number=8, text="Code {x}"), '{"code": 1}', 'Code {"code": 1}'),
        (ENGLISH, "your code is 12. do not share it.", None),
        (Template(number=8, text="Code: {x}"), "code 12", None),
        (ENGLISH, "YOUR CODE IS 12. DO NOT SHARE IT.", None),
        (CODE, "کد%20ورود%20شما:%201234", None),
        (CODE, "%DA%A9%D8%AF+%D9%88%D8%B1%D9%88%D8%AF+%D8%B4%D9%85%D8%A7%3A+1", None),
        (CODE, "کد&nbsp;ورود شما: 1234", None),
        (CODE, "کد&#10;ورود شما: 1234", None),
        (CODE, "\\u06a9\\u062f ورود شما: 1234", None),
        (UNBOUND, WHOLE.replace("\n", "\\n"), None),
        (UNBOUND, WHOLE.replace("\n", "\\r\\n"), None),
        (UNBOUND, WHOLE.replace("\n", "<br />"), None),
        (UNBOUND, WHOLE.replace("\n", "/n"), None),
        (Template(number=8, text="خانۀ {x} آماده است"), "خانه\u0654 5 آماده است", "خانه\u0654 5 آماده است"),
        (Template(number=8, text="خانۀ {x} آماده است"), "خانة 5 اماده است", None),
        (CODE, "100%20", "کد ورود شما: 100%20"),
        (Template(number=8, text="{x}."), "one. two", "one. two."),
        (Template(number=8, text="{x}."), "one.", "one."),
        (Template(number=8, text="از {x} تا {x}"), "از شنبه، تا جمعه", None),
        (Template(number=8, text="#{x}", patterns={"x": "[^\n]+"}), "a\nb", None),
        (Template(number=8, text="کد: {x}", patterns={"x": "[۰-۹]{4}"}), "1234", "کد: 1234"),
        (Template(number=8, text="کد: {x}", patterns={"x": "[۰-۹]{4}"}), "کد:  ۱۲۳۴", "کد:  ۱۲۳۴"),
        (MARKED, "می\u200cرک", "کد: می\u200cرک"),
        (MARKED, "کد: میرك", "کد: میرك"),
        (Template(number=8, text="{x}{x}"), " a a", " a a"),
        (Template(number=8, text="متن: {x}"), "x" * 201, None),
    ],
)
def test_a_whole_text_is_never_the_value(template: Template, message: Given, text: str | None) -> None:
    """What holds all words of the approved text matches or is refused; other messages are the value, as they are."""
    template.check()
    assert fill({template.number: template}, None, template.number, message) == text


def test_a_pattern_gets_no_repeat_by_folding() -> None:
    """A pattern whose marks, dropped, would leave a repeated group is kept as it is: its cost stays bounded."""
    template = Template(number=1, text="{code}", patterns={"code": "(?:ا+)\u200c+ب"})
    template.check()
    began_s = time.thread_time()
    assert not template.matches("ا" * 200)
    assert time.thread_time() - began_s < 2


@pytest.mark.parametrize("number", [0, None])
@pytest.mark.parametrize(
    ("templates", "default", "text"),
    [
        ({}, None, None),
        ({}, 1, None),
        ({1: CODE}, None, "کد ورود شما: 7777"),
        ({1: CODE, 2: DIGITS}, None, None),
        ({1: CODE, 2: DIGITS}, 2, "Code 7777\n@site.ir #7777"),
        ({1: CODE, 0: FREE}, None, "7777"),
        ({1: CODE, 0: FREE}, 1, "کد ورود شما: 7777"),
        ({1: CODE}, 2, None),
    ],
)
def test_template_zero_is_the_default_or_the_only_one(
    number: int | None, templates: dict[int, Template], default: int | None, text: str | None
) -> None:
    """Without a number the account's default text is meant, or its only one; without either, none."""
    assert fill(templates, default, number, "7777") == text


@pytest.mark.parametrize(
    ("text", "message", "matched"),
    [
        ("{a} {b}", "one two three", True),
        ("{a} {b}", "one", False),
        ("{a}{b}", "xy", True),
        ("{a}{b}", "x", False),
        ("{a}{b}", "x" * 400, True),
        ("{a}{b}", "x" * 401, False),
        ("{a}-{b}", "x" * 200 + "-" + "y" * 200, True),
        ("{a}-{b}", "x" * 201 + "-" + "y" * 199, False),
        ("a{x}a", "aaa", True),
        ("a{x}a", "aa", False),
        ("{x}, {x}", "hi, hi", True),
        ("{x}, {x}", "hi, ho", False),
        ("{x}{x}", "abab", True),
        ("{x}{y}{x}{y}", "abab", True),
        ("{x}{y}{x}{y}", "abcde", False),
        ("1{x}", "1\nsecond line", True),
        ("{نام} سلام", "رضا سلام", True),
        ("a.c", "abc", False),
    ],
)
def test_a_whole_text_matches_or_not(text: str, message: str, matched: bool) -> None:
    """A placeholder takes 1 to 200 characters of any kind, and the same ones wherever it stands."""
    assert Template(number=1, text=text).matches(message) is matched


@pytest.mark.parametrize(
    ("text", "patterns", "hostile"),
    [
        ("{a}{b}{c}{d}{e}{f}{g}!", {}, "x" * 1_400),
        (" ".join(f"{{p{number}}}" for number in range(20)) + "!", {}, "x " * 2_000),
        ("{a} {b} {c}!", {"b": "[0-9]+"}, "7 " * 200 + "?"),
        ("{a} {a} {b} {b}!", {}, "7 " * 300),
        ("{a}{b}{a}{b}!", {}, "x" * 600 + "y!"),
        ("{a}{b}{c}", {"a": "x+", "b": "x+y?", "c": "x*z"}, "x" * 600),
        ("{a}{b}{c}", {"a": "ی+", "b": "ی+y?", "c": "ی*z"}, "ي" * 600),
        ("{a} {b}!", {}, "\u200c" * 1_000_000),
        ("{a}!", {}, "\ufdfa" * 800),
    ],
)
def test_a_hostile_text_is_refused_by_counted_work(text: str, patterns: dict[str, str], hostile: str) -> None:
    """A text made to be hard gets its answer, no match, after a bounded number of looks."""
    template = Template(number=1, text=text, patterns=patterns)
    template.check()
    assert not template.matches(hostile)


@given(
    st.lists(st.sampled_from(["{a}", "{b}", "{c}", "x", " ", "{"]), min_size=1, max_size=8).map("".join),
    st.fixed_dictionaries({name: st.text("x {ب", min_size=1, max_size=5) for name in "abc"}),
    st.sampled_from([{}, {"a": "[x ]+"}]),
)
def test_what_is_filled_by_name_also_matches_whole(text: str, values: dict[str, str], patterns: dict[str, str]) -> None:
    """A text filled with allowed values is a whole text of its template, and goes through unchanged."""
    template = Template(number=1, text=text, patterns={k: v for k, v in patterns.items() if f"{{{k}}}" in text})
    template.check()
    filled = fill({1: template}, None, 0, {name: values[name] for name in template.names})
    if filled is not None:
        assert fill({1: template}, None, 1, filled) == filled


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        (Template(number=-1, text="x"), "zero or more"),
        (Template(number=1, text=""), "no text"),
        (Template(number=1, text="{a}" * (MAX_PLACEHOLDERS + 1)), "more than 20 placeholders"),
        (Template(number=1, text="{a}", patterns={"b": "x"}), "no such placeholder"),
        (Template(number=1, text="{a}", patterns={"a": "["}), "not a regular expression"),
        (Template(number=1, text="{a}", patterns={"a": "(a+)+"}), "repeated group"),
        (Template(number=1, text="{a}", patterns={"a": "(?:a|a)*"}), "repeated group"),
        (Template(number=1, text="{a}", patterns={"a": "((x{1,9})){9}"}), "repeated group"),
        (Template(number=1, text="{a}", patterns={"a": "(a)(\\1)"}), "back reference"),
        (Template(number=1, text="{a}", patterns={"a": ".*-.*-.*"}), "open-ended repeats"),
        (Template(number=1, text="{a}", patterns={"a": "a?" * 17}), "choices"),
    ],
)
def test_a_wrong_template_is_refused_when_configured(template: Template, complaint: str) -> None:
    """What cannot work, or could take very long, is told before a message meets it."""
    with pytest.raises(ValueError, match=complaint):
        template.check()


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d{4,6}",
        "[0-9]+",
        r"[+*?(){},]+",
        r"\(\d+\)*",
        "(?:[A-Z]{2}-)*[0-9]++",
        "(?P<year>1[34][0-9]{2})/[0-9]{1,2}/[0-9]{1,2}",
        "yes|no|maybe",
        "(?i:ok)?",
        r"[]x]+?",
    ],
)
def test_an_ordinary_pattern_is_taken(pattern: str) -> None:
    """Patterns that people write for codes, dates and words are fine."""
    Template(number=1, text="{a}", patterns={"a": pattern}).check()


def test_every_template_of_these_tests_is_right() -> None:
    """The templates above are such as can be configured."""
    for template in TEMPLATES.values():
        template.check()


@pytest.mark.parametrize("pattern", ["a?" * 16 + "a*a*[bc]", "[ab]?" * 9 + "a*a*d"])
def test_repeats_and_choices_together_are_bounded(pattern: str) -> None:
    """A pattern that would take minutes is refused; one that was stored before takes no time and is no match."""
    template = Template(number=1, text="{code}", patterns={"code": pattern})
    with pytest.raises(ValueError, match="together"):
        template.check()
    began_s = time.thread_time()
    assert not template.matches("a" * 200)
    assert template.compose({"code": "a" * 200}) is None
    assert time.thread_time() - began_s < 2


def test_costly_looks_are_fewer() -> None:
    """Two repeats in a pattern and a text of many places to try them: the answer comes in time, whatever it is."""
    template = Template(number=1, text="{name} {code} {name}", patterns={"code": "a*a*(b|c|d|e)"})
    template.check()
    began_s = time.thread_time()
    assert not template.matches("a " * 300)
    assert time.thread_time() - began_s < 3
