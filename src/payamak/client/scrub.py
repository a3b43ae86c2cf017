"""Server's words, made safe for an exception: no password, text or number of ours in them."""

import html
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_plus

WITHHELD: Final = "withheld, it repeats what was sent"

_WORD: Final = re.compile(r"\w{3,}")
# Four digits or more, also in groups: a number may be written 0939-521-3300.
_NUMBER: Final = re.compile(r"(?:\d[\s-]?){4,}")
_JSON_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_LONGEST: Final = 200


def excerpt(body: str, secrets: Iterable[str]) -> str:
    """Return the start of `body` in one line, long numbers masked; or `WITHHELD` where it echoes a secret.

    An error page may quote the form, escaped and cut anywhere. Cutting the quotation out would be a guess, so
    a single word shared with what was sent, or the beginning of one, withholds everything: better no excerpt
    than a leak.
    """
    start = body[:_LONGEST]
    if _echoes(start, [secret for secret in secrets if secret]):
        return WITHHELD
    return " ".join(_NUMBER.sub("… ", start).split()) or "empty"


def _echoes(start: str, secrets: list[str]) -> bool:
    unescaped = _JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)), start)
    readings = (start, unescaped, html.unescape(start), unquote_plus(start))
    if any(secret in reading for secret in secrets for reading in readings):
        return True
    sent = {word.casefold() for secret in secrets for word in _WORD.findall(secret)}
    heard = {word.casefold() for reading in readings for word in _WORD.findall(reading)}
    return any(ours.startswith(theirs) for theirs in heard for ours in sent)
