"""What is asked of the store about people: users of the panel, their sessions and views. A store has it as `people`."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from payamak.domain.people import PanelSession, PanelView, User, UserRole
from payamak.store.records import Act


class People(Protocol):
    """Users, sessions and views. What changes them is on disk when it returns; what raises has changed nothing."""

    def users(self) -> Awaitable[list[User]]:
        """All of them."""
        ...

    def user(self, key: str) -> Awaitable[User | None]:
        """The one of a name, as names are compared."""
        ...

    def is_anybody_there(self) -> Awaitable[bool]:
        """Tell whether there is a user at all."""
        ...

    def add(self, user: User, act: Act | None = None) -> Awaitable[User]:
        """Keep a new one; with its number and a version for its password. Raises ValueError if the name is taken."""
        ...

    def change(
        self,
        user_id: int,
        *,
        password_hash: str | None = None,
        role: UserRole | None = None,
        is_active: bool | None = None,
        keep: bytes | None = None,
        act: Act | None = None,
    ) -> Awaitable[User]:
        """Change what is given of one. A new password, another role and no access end his sessions, all but `keep`.

        Raises LookupError if he is gone.
        """
        ...

    def remove(self, user_id: int, act: Act | None = None) -> Awaitable[bool]:
        """Remove one, with his sessions; whether he was there."""
        ...

    def begin_session(self, session: PanelSession, now: int) -> Awaitable[bool]:
        """A person has signed in; False, with nothing kept, if his password was changed meanwhile, or he is gone."""
        ...

    def session(self, digest: bytes) -> Awaitable[tuple[PanelSession, User] | None]:
        """A session and whose it is, by the digest of what the browser holds."""
        ...

    def use_session(self, digest: bytes, now: int) -> Awaitable[None]:
        """Note that a session was used."""
        ...

    def end_session(self, digest: bytes) -> Awaitable[bool]:
        """End it; whether there was one."""
        ...

    def end_sessions(self, user_id: int, keep: bytes | None = None) -> Awaitable[int]:
        """End all of a person's, but for `keep`; how many."""
        ...

    def sessions(self, user_id: int) -> Awaitable[list[PanelSession]]:
        """A person's, the latest first."""
        ...

    def keep_view(self, view: PanelView) -> Awaitable[None]:
        """Keep what a list was searched by."""
        ...

    def view(self, name: str, user_id: int) -> Awaitable[PanelView | None]:
        """The same by its name, of the person who made it."""
        ...
