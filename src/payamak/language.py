"""Language: which of two a person reads, and what is said in both.

A sentence that is made where it is shown is `worded(english, persian)`. One that comes from below, in an error or in a
fault, is a value, Words: its text is English, which is what logs and machines get, and `spoken` says it to a person.
Whom we speak to is a matter of the context (`speaking`), so that a server may have readers of both languages at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum


class Language(StrEnum):
    """The languages that Payamak speaks; English is the one of logs and of everything for machines."""

    ENGLISH = "en"
    PERSIAN = "fa"


_LISTENER: ContextVar[Language] = ContextVar("listener", default=Language.ENGLISH)


class Words(str):
    """One thing said in both languages: the text itself is English, `fa` is the same in Persian."""

    fa: str

    def __new__(cls, english: str, fa: str) -> Words:
        """Both are needed: nothing is said in one language only."""
        words = super().__new__(cls, english)
        words.fa = fa
        return words

    def filled(self, **values: object) -> Words:
        """The same with its places filled, as `str.format` has them; Words among the values in each language."""
        persian = {name: persian_of(value) if isinstance(value, str) else value for name, value in values.items()}
        return Words(self.format(**values), self.fa.format(**persian))


def listening() -> Language:
    """The language of whoever listens."""
    return _LISTENER.get()


def worded(english: str, persian: str) -> str:
    """What is said to whoever listens."""
    return persian if listening() is Language.PERSIAN else english


def persian_of(text: str) -> str:
    """A text in Persian: that of Words, or a text that is the same in both languages."""
    return text.fa if isinstance(text, Words) else text


def joined(parts: Iterable[str], between: str = "") -> Words:
    """Several texts as one, in both languages."""
    texts = list(parts)
    return Words(between.join(texts), persian_of(between).join(map(persian_of, texts)))


def counted(count: int, one: str, persian: str, many: str = "") -> Words:
    """`1 entry`, `2 entries`, and in Persian, where a noun behind a number stays as it is; `many`: else with an s."""
    return Words(f"{count:,} {one if count == 1 else many or f'{one}s'}", f"{count:,} {persian}")


def spoken(text: str) -> str:
    """The same of a value from below, in the listener's language."""
    return worded(text, persian_of(text))


def words_of(error: Exception) -> Words:
    """What an error says in both languages; one that was not made of Words says the same in both."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, Words) else Words(str(error), str(error))


def sentence_of(error: Exception) -> str:
    """What an error says, in the listener's language as far as it has words; its name if it says nothing."""
    return spoken(words_of(error)) or type(error).__name__


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Whoever listens meanwhile reads this language."""
    before = _LISTENER.set(language)
    try:
        yield
    finally:
        _LISTENER.reset(before)


def language_of(environment: Mapping[str, str]) -> Language:
    """What PAYAMAK_LANG says, else the locale of messages (POSIX: LC_ALL, LC_MESSAGES, LANG, the first that is set).

    Raises ValueError for a PAYAMAK_LANG that is none of ours; any locale but a Persian one means English.
    """
    if said := environment.get("PAYAMAK_LANG"):
        return read_language(said)
    names = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next(filter(None, names), "")
    return Language.PERSIAN if locale.partition("_")[0].partition(".")[0] == "fa" else Language.ENGLISH


def read_language(said: str) -> Language:
    """A language by its word, `fa` or `en`. Raises ValueError."""
    try:
        return Language(said.strip().lower())
    except ValueError:
        raise ValueError(
            Words(f"there is no language {said!r}; write fa or en", f"زبان {said!r} نداریم؛ fa یا en بنویسید")
        ) from None
