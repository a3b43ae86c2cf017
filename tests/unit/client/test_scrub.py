"""What of a server's words may be shown."""

import pytest

from payamak.client.scrub import WITHHELD, excerpt

SECRETS = ("user", "p@ss w0rd+۴", "کد ورود شما 4821")


@pytest.mark.parametrize(
    "body",
    [
        "wrong p@ss w0rd+۴",
        "bad w0rd",
        "message=%DA%A9%D8%AF+%D9%88%D8%B1%D9%88%D8%AF",
        "&#1608;&#1585;&#1608;&#1583;",
        r'{"echo":"\u0648\u0631\u0648\u062f"}',
        "…ورو",
        "hello USER",
    ],
)
def test_an_echo_withholds_everything(body: str) -> None:
    """A word of what was sent, plain, escaped or cut short, withholds the whole excerpt."""
    assert excerpt(body, SECRETS) == WITHHELD


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", "empty"),
        ("<h1>Bad\n\n gateway</h1>", "<h1>Bad gateway</h1>"),
        ("code 502 for 09395213300!", "code 502 for … !"),
        ("to 0939-521 3300 or ۰۹۳۹۵۲۱۳۳۰۰", "to … or …"),
        ("x" * 500, "x" * 200),
    ],
)
def test_an_excerpt_is_short_and_without_numbers(body: str, expected: str) -> None:
    """What is shown is one short line with every long number masked."""
    assert excerpt(body, SECRETS) == expected
