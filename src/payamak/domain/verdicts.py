"""What a link's table may say of an operator's status: a code of ours refuses, a word lets the message come again."""

from __future__ import annotations

from typing import Final

from payamak.codes import Code
from payamak.domain.message import Reason

COME_AGAIN: Final[dict[str, Reason]] = {
    "later": Reason.OPERATOR_BUSY,
    "throttled": Reason.THROTTLED,
    "recipient": Reason.RECIPIENT_BUSY,
}
"""The words: the message comes again; and the whole link rests; and its recipient alone is to blame, so it does not."""

Verdict = Code | Reason
"""A code refuses the message; a reason is why it comes again."""


def read_verdict(word: int | str) -> Verdict:
    """What a link's table says of one status. Raises ValueError for what it cannot say."""
    if isinstance(word, int):
        return Code(word)
    if word not in COME_AGAIN:
        raise ValueError(f"{word!r} is none of {', '.join(COME_AGAIN)}")
    return COME_AGAIN[word]
