"""Users of the panel, their sessions, and what they searched by. See store/people.py for what each promises."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from payamak.domain.people import HOUSE, LONGEST_SESSION_MS, PanelSession, PanelView, User, UserRole
from payamak.domain.site import DAY_MS
from payamak.language import Words
from payamak.store.desk import Desk
from payamak.store.reader import Reader
from payamak.store.rules.credentials import fresh_version

MOST_USERS: Final = 10_000
MOST_SESSIONS: Final = 20
"""Of one person: a browser each at his desks and in his pockets. Taste."""

MOST_VIEWS: Final = 200
VIEWS_KEPT_MS: Final = 30 * DAY_MS


def users(db: Reader) -> list[User]:
    """All of them."""
    return db.rows("users", User, (MOST_USERS,))


def user(db: Reader, key: str) -> User | None:
    """The one of a name."""
    return db.row("user_of_key", User, (key,))


def is_anybody_there(db: Reader) -> bool:
    """Whether there is a user at all."""
    return db.value("any_user") is not None


async def add(desk: Desk, new: User) -> User:
    """Keep a new one. Raises ValueError."""
    if await desk.value("user_of_key", (new.key,)) is not None:
        raise ValueError(Words(f"there is a user {new.name} already", f"کاربر {new.name} از پیش هست"))
    if int(await desk.value("count_users")) >= MOST_USERS:
        raise ValueError(
            Words(f"there are {MOST_USERS} users, and no more fit", f"{MOST_USERS} کاربر هست و بیش از آن جا نمی‌شود")
        )
    made = replace(new, credential_version=fresh_version())
    values = (made.name, made.key, made.password_hash, made.credential_version, made.account_id, made.role.value)
    return replace(made, id=await desk.insert("insert_user", (*values, made.is_active, made.made_at)))


async def change(
    desk: Desk,
    user_id: int,
    password_hash: str | None,
    role: UserRole | None,
    is_active: bool | None,
    keep: bytes | None,
) -> User:
    """Change what is given. Raises LookupError, and ValueError for a role that would move him to another side."""
    before = await desk.row("user_of_id", User, (user_id,))
    if before is None:
        raise LookupError(Words("this user is gone", "این کاربر دیگر نیست"))
    if role is not None and (role in HOUSE) is not (before.role in HOUSE):
        raise ValueError(
            Words(
                "a person of an account does not become one of the house, nor the other way: add another user",
                "کاربرِ یک حساب کاربرِ سامانه نمی‌شود و برعکس: کاربر دیگری بسازید",
            )
        )
    after = replace(
        before,
        password_hash=before.password_hash if password_hash is None else password_hash,
        credential_version=before.credential_version if password_hash is None else fresh_version(),
        role=before.role if role is None else role,
        is_active=before.is_active if is_active is None else is_active,
    )
    desk.execute("update_user", (user_id, after.password_hash, after.credential_version, after.role, after.is_active))
    if after.role is not before.role or not after.is_active:
        desk.execute("end_sessions", (user_id, None))
    elif password_hash is not None:
        desk.execute("end_sessions", (user_id, keep))
        desk.execute("bind_sessions", (user_id, after.credential_version))
    return after


async def remove(desk: Desk, user_id: int) -> bool:
    """Whether he was there."""
    return await desk.change("delete_user", (user_id,)) > 0


async def begin_session(desk: Desk, session: PanelSession, now: int) -> bool:
    """Keep it, if the password is still the one that was verified."""
    found = await desk.row("user_of_id", User, (session.user_id,))
    if found is None or not found.is_active or found.credential_version != session.credential_version:
        return False
    values = (session.digest, session.user_id, session.credential_version, session.begun_at, session.used_at)
    desk.execute("insert_session", values)
    desk.execute("bound_sessions", (session.user_id, MOST_SESSIONS))
    desk.execute("signed_in", (session.user_id, now))
    return True


def session(db: Reader, digest: bytes) -> tuple[PanelSession, User] | None:
    """A session of the password that its user has, and whose it is."""
    found = db.row("session_of_digest", PanelSession, (digest,))
    if found is None:
        return None
    whose = db.row("user_of_id", User, (found.user_id,))
    if whose is None or not whose.is_active or whose.credential_version != found.credential_version:
        return None
    return found, whose


async def use_session(desk: Desk, digest: bytes, now: int) -> None:
    """It was used."""
    desk.execute("use_session", (digest, now))


async def end_session(desk: Desk, digest: bytes) -> bool:
    """Whether there was one."""
    return await desk.change("end_session", (digest,)) > 0


async def end_sessions(desk: Desk, user_id: int, keep: bytes | None) -> int:
    """How many there were."""
    return await desk.change("end_sessions", (user_id, keep))


def sessions(db: Reader, user_id: int) -> list[PanelSession]:
    """A person's."""
    return db.rows("sessions_of_user", PanelSession, (user_id,))


async def keep_view(desk: Desk, view: PanelView) -> None:
    """Keep it, and no more than a person needs."""
    desk.execute("insert_view", (view.name, view.user_id, view.filters, view.made_at))
    desk.execute("bound_views", (view.user_id, MOST_VIEWS))


def view(db: Reader, name: str, user_id: int) -> PanelView | None:
    """One of a person's own."""
    return db.row("view_of_name", PanelView, (name, user_id))


def forget_old(desk: Desk, now: int) -> None:
    """Sessions that are over, and views that nobody will ask for."""
    desk.execute("forget_sessions", (now - LONGEST_SESSION_MS,))
    desk.execute("forget_views", (now - VIEWS_KEPT_MS,))
