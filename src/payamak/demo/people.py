"""Who may come into the demo's panel: one of each side and of each sight, with passwords made for this run alone."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from payamak.domain.people import User, UserRole
from payamak.front.passwords import hash_password
from payamak.store.base import Store

WHO: Final = (
    ("admin", UserRole.ADMINISTRATOR, None),
    ("owner", UserRole.OWNER, "demo"),
    ("viewer", UserRole.VIEWER, "demo"),
)
PASSWORD_OCTETS: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """One of them, with the password in clear: it is shown to whoever started the demo."""

    name: str
    password: str
    role: UserRole
    account: str | None


async def furnish(store: Store, now: int) -> list[DemoPerson]:
    """Add them; in a folder that was used before they get new passwords."""
    people = []
    for name, role, account in WHO:
        password = secrets.token_urlsafe(PASSWORD_OCTETS)
        hashed = await asyncio.to_thread(hash_password, password)
        before = await store.people.user(name)
        if before is None:
            account_id = None if account is None else store.site.accounts[account].id
            user = User(name=name, key=name, password_hash=hashed, account_id=account_id, role=role, made_at=now)
            await store.people.add(user)
        else:
            await store.people.change(before.id, password_hash=hashed, role=role, is_active=True)
        people.append(DemoPerson(name=name, password=password, role=role, account=account))
    return people


def facts(base_url: str, people: Sequence[DemoPerson]) -> dict[str, object]:
    """What an outside test tool needs of them."""
    return {
        "url": f"{base_url}/panel",
        "people": [
            {"name": each.name, "password": each.password, "role": each.role.value, "account": each.account}
            for each in people
        ],
    }
