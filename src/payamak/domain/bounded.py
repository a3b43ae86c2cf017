"""What others write into a field, with a bound: their ids and addresses, and their words.

SMPP and HTTP have lengths for these fields, and those who speak them need not keep to them. Whatever is stored, logged
or shown of a foreign field goes through here once, where it is read.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

LONGEST_ID: Final = 65
"""SMPP 3.4 §5.2.23: a message_id with its NUL; no address is longer."""

LONGEST_WORD: Final = 32
"""As long as a key of a link's table of verdicts; SMPP 3.4 appendix B has 7 for `stat` and 3 for `err`."""

_HEAD: Final = 32


def bounded_id(text: str) -> str:
    """The text itself up to 65 characters; of a longer one its beginning, `~`, and a digest of the whole, 65 in all.

    So two long ids are the same one here exactly if they were the same, and neither fills a page.
    """
    if len(text) <= LONGEST_ID:
        return text
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{text[:_HEAD]}~{digest}"


def bounded_word(text: str) -> str:
    """The beginning of a word that is shown, and that nothing is matched by."""
    return text if len(text) <= LONGEST_WORD else f"{text[: LONGEST_WORD - 1]}…"
