"""People by hand: users of the panel, made, changed and removed. NotDone is raised before anything is changed."""

from __future__ import annotations

from msgspec import Struct

from payamak.domain.people import HOUSE, User, UserRole, check_name, name_key
from payamak.domain.site.secrets import UnfitSecret
from payamak.hands.refusals import Misasked, NotDone, told
from payamak.hands.site import account_of
from payamak.language import sentence_of, spoken, worded
from payamak.store.base import Store
from payamak.store.records import Act, By
from payamak.texts.people import ROLES


class NewUser(Struct, frozen=True, kw_only=True):
    """Who is to be added: of an account, or (None) of the house."""

    name: str
    role: UserRole
    account: str | None

    def __repr__(self) -> str:
        return f"NewUser(role={self.role.value!r})"


def made(store: Store, wanted: NewUser) -> User:
    """The user that this makes, still without a password. Raises NotDone where name, role and account do not fit."""
    try:
        name = check_name(wanted.name)
    except UnfitSecret as error:
        raise Misasked(sentence_of(error)) from error
    if (wanted.role in HOUSE) is not (wanted.account is None):
        role = spoken(ROLES[wanted.role])
        if wanted.role in HOUSE:
            raise Misasked(
                worded(f"{role} is a role of the house: give --site", f"«{role}» نقشی از سامانه است: --site بدهید")
            )
        raise Misasked(
            worded(f"{role} is a role in an account: give --account", f"«{role}» نقشی در یک حساب است: --account بدهید")
        )
    account_id = None if wanted.account is None else account_of(store.site, wanted.account).id
    return User(name=name, key=name_key(name), password_hash="", account_id=account_id, role=wanted.role, made_at=0)


async def add(store: Store, user: User, password_hash: str, by: By, now: int) -> User:
    """Keep the user. Raises NotDone if there is one of that name."""
    new = User(
        name=user.name,
        key=user.key,
        password_hash=password_hash,
        account_id=user.account_id,
        role=user.role,
        made_at=now,
    )
    with told():
        return await store.people.add(new, _act(by, now, "add", new, after=new.role.value))


async def find(store: Store, name: str) -> User:
    """The user of this name, in whatever letters. Raises NotDone."""
    found = await store.people.user(name_key(name))
    if found is None:
        there = ", ".join(user.name for user in (await store.people.users())[:20])
        raise NotDone(
            worded(
                f"there is no user {name}; there are: {there or 'none'}",
                f"کاربر {name} نیست؛ این‌ها هستند: {there or 'هیچ‌کس'}",
            )
        )
    return found


async def change(store: Store, user: User, by: By, now: int, *, role: UserRole | None, is_active: bool | None) -> User:
    """Give another role, or take the way in away, or give it back. Raises NotDone."""
    before, after = _standing(user.role, user.is_active), _standing(role or user.role, is_active is not False)
    act = _act(by, now, "change", user, before=before, after=after)
    with told():
        return await store.people.change(user.id, role=role, is_active=is_active, act=act)


async def set_password(store: Store, user: User, password_hash: str, by: By, now: int) -> User:
    """Give another password; his sessions end. Raises NotDone."""
    with told():
        return await store.people.change(
            user.id, password_hash=password_hash, act=_act(by, now, "password", user, before="***", after="***")
        )


async def remove(store: Store, user: User, by: By, now: int) -> bool:
    """Remove the user, and his sessions; whether he was still there."""
    return await store.people.remove(user.id, _act(by, now, "remove", user, before=user.role.value))


def _standing(role: UserRole, is_active: bool) -> str:
    return role.value if is_active else f"{role.value}, no access"


def _act(by: By, now: int, what: str, user: User, before: str = "", after: str = "") -> Act:
    return Act(by=by, at=now, what=what, about=f"user {user.name}", before=before, after=after)
