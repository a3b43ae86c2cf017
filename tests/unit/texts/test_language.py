"""Whom we speak to: both languages of a sentence, by context; which one, by option, environment and locale."""

from __future__ import annotations

import asyncio

import pytest

from payamak.language import (
    Language,
    Words,
    language_of,
    persian_of,
    read_language,
    sentence_of,
    speaking,
    spoken,
    worded,
    words_of,
)

HELLO = Words("hello", "سلام")


def test_words_are_english_by_themselves() -> None:
    """What logs and machines get of Words is English, whoever listens."""
    with speaking(Language.PERSIAN):
        assert (str(HELLO), f"{HELLO}!") == ("hello", "hello!")
        assert HELLO == "hello"


def test_what_is_said_depends_on_who_listens() -> None:
    """English unless a Persian listens; afterwards as before."""
    assert worded("yes", "بله") == "yes"
    with speaking(Language.PERSIAN):
        assert [worded("yes", "بله"), spoken(HELLO), spoken("plain")] == ["بله", "سلام", "plain"]
    assert spoken(HELLO) == "hello"
    assert [persian_of(HELLO), persian_of("plain")] == ["سلام", "plain"]


def test_an_error_does_not_change_who_listens() -> None:
    """Afterwards it is as before."""
    with pytest.raises(ZeroDivisionError), speaking(Language.PERSIAN):
        _ = 1 / 0
    assert spoken(HELLO) == "hello"


def test_listeners_do_not_disturb_each_other() -> None:
    """Two tasks of one loop speak to two people, each in his language."""

    async def tell(language: Language, go_on: asyncio.Event, done: asyncio.Event) -> str:
        with speaking(language):
            done.set()
            await go_on.wait()
            return spoken(HELLO)

    async def both() -> list[str]:
        one, other = asyncio.Event(), asyncio.Event()
        return [*await asyncio.gather(tell(Language.PERSIAN, one, other), tell(Language.ENGLISH, other, one))]

    assert asyncio.run(both()) == ["سلام", "hello"]


@pytest.mark.parametrize(
    ("error", "english", "persian"),
    [
        (ValueError(HELLO), "hello", "سلام"),
        (ValueError("plain"), "plain", "plain"),
        (ValueError(), "ValueError", "ValueError"),
        (OSError(2, "gone"), "[Errno 2] gone", "[Errno 2] gone"),
    ],
)
def test_what_an_error_says(error: Exception, english: str, persian: str) -> None:
    """The words that it was raised with, in the language of who listens; its name if it has none."""
    assert sentence_of(error) == english
    with speaking(Language.PERSIAN):
        assert sentence_of(error) == persian
    assert words_of(error) == str(error)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, Language.ENGLISH),
        ({"LANG": "fa_IR.UTF-8"}, Language.PERSIAN),
        ({"LANG": "fa"}, Language.PERSIAN),
        ({"LANG": "fa.UTF-8"}, Language.PERSIAN),
        ({"LANG": "fax_XX"}, Language.ENGLISH),
        ({"LANG": "fa_IR", "LC_ALL": "C.UTF-8"}, Language.ENGLISH),
        ({"LANG": "fa_IR", "LC_MESSAGES": "en_US.UTF-8"}, Language.ENGLISH),
        ({"LANG": "en_US", "LC_MESSAGES": "fa_IR"}, Language.PERSIAN),
        ({"LANG": "fa_IR", "LC_ALL": ""}, Language.PERSIAN),
        ({"LANG": "en_US", "PAYAMAK_LANG": "fa"}, Language.PERSIAN),
        ({"LC_ALL": "fa_IR", "PAYAMAK_LANG": "EN "}, Language.ENGLISH),
        ({"LC_ALL": "fa_IR", "PAYAMAK_LANG": ""}, Language.PERSIAN),
    ],
)
def test_the_language_of_an_environment(environment: dict[str, str], language: Language) -> None:
    """PAYAMAK_LANG before the locale, and of the locale what POSIX puts first; what is empty says nothing."""
    assert language_of(environment) is language


def test_a_language_that_is_none() -> None:
    """It is told in both languages what may be written."""
    with pytest.raises(ValueError, match="'persian'; write fa or en"):
        read_language("persian")
    with pytest.raises(ValueError, match="de"):
        language_of({"PAYAMAK_LANG": "de"})
