"""Versions of credentials: whatever is proven or granted by a credential is bound to the version it had.

A version that is counted begins again with an account that is removed and added, and goes back with a restored copy:
then a proof from before stands for a password that it never saw. So versions are drawn at random, by the store and by
nobody else, for every kind of credential.
"""

from __future__ import annotations

import secrets
from typing import Final

from msgspec.structs import replace

from payamak.domain.site import Account

_BITS: Final = 52
"""Beside the one that is always set: as many as a number in JSON keeps everywhere. Versions from before they were drawn
are small counts, which none of these is."""


def fresh_version() -> int:
    """A version that no credential ever had."""
    return 1 << _BITS | secrets.randbits(_BITS)


def with_version(account: Account, before: Account | None) -> Account:
    """The account with its credential's version: that of `before` while its password is the same, else a fresh one.

    `before` is what the store has of this account, None if it is new or comes in place of one that is removed.
    """
    is_same = before is not None and before.password_hash == account.password_hash
    version = before.credential_version if before is not None and is_same else fresh_version()
    return replace(account, credential_version=version)
