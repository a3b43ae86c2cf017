"""The People of a store over their rules: which each method hands to the writer, and which query to a reader."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from payamak.domain.people import PanelSession, PanelView, User, UserRole
from payamak.store.desk import Rule
from payamak.store.reader import Reader
from payamak.store.records import Act
from payamak.store.rules import audit, people

T = TypeVar("T")


class _Asked(Protocol):
    """How a store does what callers ask, who do not wait long."""

    def ask(self, query: Callable[[Reader], T], *, is_small: bool) -> Awaitable[T]:
        """Answer what a query finds; a small one need not leave the loop."""
        ...

    def tell(self, work: Rule[T]) -> Awaitable[T]:
        """Do a piece of work; what it comes to, once it is on disk."""
        ...


class RuledPeople:
    """See payamak.store.people.People for what each method promises."""

    def __init__(self, store: _Asked) -> None:
        self._store = store

    def users(self) -> Awaitable[list[User]]:
        """See People.users."""
        return self._store.ask(people.users, is_small=False)

    def user(self, key: str) -> Awaitable[User | None]:
        """See People.user."""
        return self._store.ask(lambda db: people.user(db, key), is_small=True)

    def is_anybody_there(self) -> Awaitable[bool]:
        """See People.is_anybody_there."""
        return self._store.ask(people.is_anybody_there, is_small=True)

    def add(self, user: User, act: Act | None = None) -> Awaitable[User]:
        """See People.add."""
        return self._store.tell(lambda desk: audit.carry_out(desk, lambda desk: people.add(desk, user), act))

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
        """See People.change."""
        work = lambda desk: people.change(desk, user_id, password_hash, role, is_active, keep)  # noqa: E731 - one use
        return self._store.tell(lambda desk: audit.carry_out(desk, work, act))

    def remove(self, user_id: int, act: Act | None = None) -> Awaitable[bool]:
        """See People.remove."""
        return self._store.tell(lambda desk: audit.carry_out(desk, lambda desk: people.remove(desk, user_id), act))

    def begin_session(self, session: PanelSession, now: int) -> Awaitable[bool]:
        """See People.begin_session."""
        return self._store.tell(lambda desk: people.begin_session(desk, session, now))

    def session(self, digest: bytes) -> Awaitable[tuple[PanelSession, User] | None]:
        """See People.session."""
        return self._store.ask(lambda db: people.session(db, digest), is_small=True)

    def use_session(self, digest: bytes, now: int) -> Awaitable[None]:
        """See People.use_session."""
        return self._store.tell(lambda desk: people.use_session(desk, digest, now))

    def end_session(self, digest: bytes) -> Awaitable[bool]:
        """See People.end_session."""
        return self._store.tell(lambda desk: people.end_session(desk, digest))

    def end_sessions(self, user_id: int, keep: bytes | None = None) -> Awaitable[int]:
        """See People.end_sessions."""
        return self._store.tell(lambda desk: people.end_sessions(desk, user_id, keep))

    def sessions(self, user_id: int) -> Awaitable[list[PanelSession]]:
        """See People.sessions."""
        return self._store.ask(lambda db: people.sessions(db, user_id), is_small=True)

    def keep_view(self, view: PanelView) -> Awaitable[None]:
        """See People.keep_view."""
        return self._store.tell(lambda desk: people.keep_view(desk, view))

    def view(self, name: str, user_id: int) -> Awaitable[PanelView | None]:
        """See People.view."""
        return self._store.ask(lambda db: people.view(db, name, user_id), is_small=True)
