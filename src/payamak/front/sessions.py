"""Sessions: who is at the panel, by what his browser holds, and how he came in.

A browser holds 128 random bits; the store has their digest alone, so that who reads it gets in nowhere. A password is
verified as a program's is, in the same turns and under the same limits (passwords.py), but counted as of another kind:
who guesses people's passwords locks no program out, and the other way. For a name that nobody has, and for one that may
not come in, the same time is taken and the same is said.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Final, TypeAlias, TypeVar

from msgspec import Struct

from payamak.clock import Clock
from payamak.codes import Code
from payamak.domain.people import PanelSession, PanelView, Right, User, is_over, name_key, proven_as
from payamak.domain.site import Account
from payamak.errors import Refused, StoreFailed
from payamak.front.guesses import ProofKind
from payamak.front.passwords import Credential
from payamak.store.base import Store

T = TypeVar("T")

TOKEN_OCTETS: Final = 16
VIEW_NAME_OCTETS: Final = 12
LONGEST_TOKEN: Final = 64

USE_KEPT_MS: Final = 60_000
"""A use is written down when the last one that was is so long ago: a minute's doubt of half an hour."""


Verify: TypeAlias = Callable[[str, str, Credential | None, str, ProofKind], Awaitable[bool]]
"""See Authenticator.verify."""


class Person(Struct, frozen=True, kw_only=True):
    """Who is at the panel: the user, the account that he is of (None: of the house), and his session."""

    user: User
    account: Account | None
    session: PanelSession
    form_token: str
    """What each form of this session brings back: a page of somebody else's cannot know it."""

    def may(self, right: Right) -> bool:
        """Whether his role has this right."""
        return self.user.may(right)


class Sessions:
    """Who has signed in."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def is_anybody_there(self) -> bool:
        """Whether there is a user at all. Raises Refused with 23."""
        return await _asked(self._store.people.is_anybody_there())

    async def sign_in(self, verify: Verify, name: str, password: str, address: str) -> str | None:
        """What the browser of this person is to hold from now on; None if name and password are not of one.

        Raises Refused with 23: too many guesses, too many who wait, or a store that fails.
        """
        key = name_key(name)
        user = await _asked(self._store.people.user(key))
        credential = None
        if user is not None and user.is_active:
            credential = Credential(
                username=user.key,
                password_hash=user.password_hash,
                version=user.credential_version,
                kind=ProofKind.PANEL,
            )
        if not await verify(key, proven_as(password), credential, address, ProofKind.PANEL):
            return None
        if user is None:
            return None
        token, now = secrets.token_urlsafe(TOKEN_OCTETS), self._clock.now()
        session = PanelSession(
            digest=_digest(token),
            user_id=user.id,
            credential_version=user.credential_version,
            begun_at=now,
            used_at=now,
        )
        return token if await _asked(self._store.people.begin_session(session, now)) else None

    async def person(self, token: str, *, is_use: bool = False) -> Person | None:
        """Whose session it is, if it lasts; `is_use`: he does something now. Raises Refused with 23."""
        if not 0 < len(token) <= LONGEST_TOKEN or not token.isascii():
            return None
        found = await _asked(self._store.people.session(_digest(token)))
        if found is None:
            return None
        session, user = found
        now = self._clock.now()
        if is_over(session, user.role, now):
            return None
        account = None
        if user.account_id is not None:
            account = self._store.site.accounts_by_id.get(user.account_id)
            if account is None:
                return None
        if is_use and now - session.used_at >= USE_KEPT_MS:
            await _asked(self._store.people.use_session(session.digest, now))
        return Person(user=user, account=account, session=session, form_token=_form_token(token))

    async def sign_out(self, token: str) -> None:
        """End this session. Raises Refused with 23."""
        await _asked(self._store.people.end_session(_digest(token)))

    async def of(self, person: Person) -> list[PanelSession]:
        """A person's sessions that last, the latest first. Raises Refused with 23."""
        now = self._clock.now()
        found = await _asked(self._store.people.sessions(person.user.id))
        return [each for each in found if not is_over(each, person.user.role, now)]

    async def keep_view(self, person: Person, filters: str) -> str:
        """Keep what a list was searched by; the name under which this person finds it. Raises Refused with 23."""
        name = secrets.token_urlsafe(VIEW_NAME_OCTETS)
        view = PanelView(name=name, user_id=person.user.id, filters=filters, made_at=self._clock.now())
        await _asked(self._store.people.keep_view(view))
        return name

    async def view(self, person: Person, name: str) -> str | None:
        """What stands under a name; None for another's, and for one that is forgotten. Raises Refused with 23."""
        found = await _asked(self._store.people.view(name, person.user.id))
        return None if found is None else found.filters

    async def end_others(self, person: Person) -> int:
        """End all other sessions of a person; how many. Raises Refused with 23."""
        return await _asked(self._store.people.end_sessions(person.user.id, person.session.digest))


async def _asked(asking: Awaitable[T]) -> T:
    try:
        return await asking
    except StoreFailed as error:
        raise Refused(Code.BUSY, "the store cannot be asked now") from error


def _digest(token: str) -> bytes:
    return blake2b(token.encode(), digest_size=32, person=b"session").digest()


def _form_token(token: str) -> str:
    return blake2b(token.encode(), digest_size=16, person=b"form").hexdigest()
