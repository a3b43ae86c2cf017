"""The families of errors that cross our packages.

*Refused*: the caller is wrong; a code from one list, translated per dialect by table. *StoreFailed*: the disk or
the database could not do it; nothing was promised. SMPP has its own family, ProtocolError (payamak.smpp.errors).
"""

from __future__ import annotations

from payamak.codes import Code


class Refused(Exception):
    """A call is refused with `code`; `detail` says in English what was wrong, without personal data."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(f"{code.name} ({code.value}): {detail or code.english}")
        self.code = code
        self.detail = detail


class NotTaken(Exception):
    """A part of a message from a handset is not taken; `why` says so in a word. The operator brings it again, or, if it
    `is_for_good`, may not."""

    def __init__(self, why: str, *, is_for_good: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.is_for_good = is_for_good


class StoreFailed(Exception):
    """The store could not carry out or could not confirm a change; it has been read back and is not on disk."""


class Overwritten(StoreFailed):
    """The store is no longer what was written last: nothing may be written to it, nor told from it, until a restart."""
