"""`--lang`: whom a command speaks to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from payamak.language import Language, language_of, read_language


def language_asked(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[Language, list[str]]:
    """Who listens, and the command's words without `--lang`, which may stand anywhere before a bare `--`.

    Else PAYAMAK_LANG or the locale says it. With `--json` a program listens, and everything is English. Raises
    ValueError, in Words, for a language that is none of ours.
    """
    said, rest = None, []
    words = iter(arguments)
    for word in words:
        if word == "--lang":
            said = next(words, "")
        elif word.startswith("--lang="):
            said = word.removeprefix("--lang=")
        else:
            rest.append(word)
        if word == "--":
            rest += words
    language = language_of(environment) if said is None else read_language(said)
    return Language.ENGLISH if "--json" in rest else language, rest
