"""People: who may use the panel, as what, and what that lets him do. Pure.

A user is a person of one account, or of the house. What he may do is his role's: a page names the right that it needs,
and this table says who has it.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import Final

from msgspec import Struct

from payamak.domain.marks import fold
from payamak.domain.site.secrets import LONGEST_PASSWORD_OCTETS, UnfitSecret
from payamak.language import Words


class UserRole(StrEnum):
    """What a person is: the first three of an account, the others of the house."""

    OWNER = "owner"
    SENDER = "sender"
    VIEWER = "viewer"
    CLERK = "clerk"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    OBSERVER = "observer"


HOUSE: Final = frozenset({UserRole.CLERK, UserRole.OPERATOR, UserRole.ADMINISTRATOR, UserRole.OBSERVER})
"""The roles of the house; each other one is of an account."""


class Right(StrEnum):
    """What a page, or a piece of one, may ask of a role."""

    MESSAGES = "messages"
    """The account's messages, in the pages of its people."""

    FULL = "full"
    """Texts and whole numbers."""

    SEND = "send"
    MONEY = "money"
    OPT_OUTS = "opt_outs"
    CUSTOMERS = "customers"
    """The house's list of its customers."""

    CREDIT = "credit"
    AUDIT = "audit"


_ACCOUNT: Final = frozenset({Right.MESSAGES, Right.MONEY})

RIGHTS: Final[dict[UserRole, frozenset[Right]]] = {
    UserRole.OWNER: _ACCOUNT | {Right.FULL, Right.SEND, Right.OPT_OUTS},
    UserRole.SENDER: _ACCOUNT | {Right.FULL, Right.SEND, Right.OPT_OUTS},
    UserRole.VIEWER: _ACCOUNT,
    UserRole.CLERK: frozenset({Right.CUSTOMERS, Right.CREDIT}),
    UserRole.OPERATOR: frozenset({Right.CUSTOMERS, Right.CREDIT}),
    UserRole.ADMINISTRATOR: frozenset({Right.CUSTOMERS, Right.CREDIT, Right.AUDIT}),
    UserRole.OBSERVER: frozenset({Right.CUSTOMERS}),
}
"""What each role may do."""


class User(Struct, frozen=True, kw_only=True):
    """A person. `key` is the name as names are compared; `account_id` None: of the house. Id 0 is none yet."""

    id: int = 0
    name: str
    key: str
    password_hash: str
    credential_version: int = 0
    account_id: int | None
    role: UserRole
    is_active: bool = True
    made_at: int
    last_login_at: int | None = None

    def __repr__(self) -> str:
        return f"User(id={self.id}, role={self.role.value!r})"

    def may(self, right: Right) -> bool:
        """Whether his role has this right."""
        return right in RIGHTS[self.role]


class PanelSession(Struct, frozen=True, kw_only=True):
    """That a person has signed in: known by the digest of what his browser holds, and bound to his password's version.

    `used_at` is when he last did something; what a page asks by itself is no use.
    """

    digest: bytes
    user_id: int
    credential_version: int
    begun_at: int
    used_at: int


class PanelView(Struct, frozen=True, kw_only=True):
    """What a list was searched by that may not stand in a URL, under a name of its own: JSON of the page's own."""

    name: str
    user_id: int
    filters: str
    made_at: int


HOUSE_IDLE_MS: Final = 30 * 60_000
ACCOUNT_IDLE_MS: Final = 8 * 3_600_000
LONGEST_SESSION_MS: Final = 24 * 3_600_000
"""How long a session lasts without use, for people of the house and of an account; and at most."""


def is_over(session: PanelSession, role: UserRole, now: int) -> bool:
    """Whether a session has ended by itself."""
    idle_ms = HOUSE_IDLE_MS if role in HOUSE else ACCOUNT_IDLE_MS
    return now - session.used_at >= idle_ms or now - session.begun_at >= LONGEST_SESSION_MS


# ------------------------------------------------------------------------------------- names and passwords

LONGEST_NAME: Final = 64
SHORTEST_PASSWORD: Final = 10
"""Characters of a person's password: more than of a program's, for a person chooses words (NIST SP 800-63B)."""

_WRITTEN: Final = """
    1234567890 0123456789 0987654321 9876543210 12345678910 123456789a a123456789 q123456789 123456789q qwertyuiop
    1q2w3e4r5t 1qaz2wsx3edc 1q2w3e4r5t6y qwerty1234 qwerty12345 qwerty123456 password12 password123 password1234
    passw0rd123 p@ssword123 administrator admin12345 admin123456 welcome123 letmein1234 iloveyou12 iloveyou123
    abcdefghij abcd123456 abc1234567 asdfghjkl; asdfghjkl1 zxcvbnm123 princess123 sunshine123 football123 changeme123
    1122334455 1029384756 147258369a 1111122222 iran123456 tehran1234 persian123 payamak123 payamak1234
"""
_COMMON: Final = frozenset(_WRITTEN.split())
"""The commonest of those that are long enough."""


def name_key(name: str) -> str:
    """A name as names are compared: whatever letter case, blanks and marks it is written in."""
    return fold(name).strip().casefold()


def check_name(name: str) -> str:
    """The name as it is kept. Raises UnfitSecret for one that is none."""
    made = unicodedata.normalize("NFC", name).strip()
    if not 1 < len(made) <= LONGEST_NAME or not made.isprintable() or not name_key(made):
        raise UnfitSecret(
            Words(
                f"a name is one line of 2 to {LONGEST_NAME} characters",
                f"نام یک سطر با ۲ تا {LONGEST_NAME} نویسه است",
            )
        )
    return made


def proven_as(password: str) -> str:
    """A password as it is hashed: whichever way a keyboard has composed its letters (NFC)."""
    return unicodedata.normalize("NFC", password)


def check_person_password(name: str, password: str) -> str:
    """The password as it is hashed. Raises UnfitSecret for one that is short, or that guessers try first."""
    made = proven_as(password)
    if len(made) < SHORTEST_PASSWORD or len(made.encode()) > LONGEST_PASSWORD_OCTETS:
        raise UnfitSecret(
            Words(
                f"a person's password has at least {SHORTEST_PASSWORD} characters",
                f"گذرواژه دست‌کم {SHORTEST_PASSWORD} نویسه دارد",
            )
        )
    said = fold(made).casefold()
    if said in _COMMON or len(set(said)) < 4 or name_key(name) in said:
        raise UnfitSecret(
            Words(
                "this password is one of the first that a guesser tries: take four words that do not belong together",
                "این گذرواژه از نخستین حدس‌هاست: چهار واژهٔ بی‌ربط را کنار هم بگذارید",
            )
        )
    return made
