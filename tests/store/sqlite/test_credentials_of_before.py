"""Accounts that an older version kept, whose credentials' versions were counted."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace
from tests.store.sqlite.support import file_of
from tests.store.world import NOW

from payamak.store.sqlite.store import SqliteStore


@pytest.mark.parametrize(("kept", "version"), [("", 1), (',"credential_version":3', 3)])
async def test_counted_versions_stay_and_never_come_again(tmp_path: Path, kept: str, version: int) -> None:
    """Any other change leaves them; a new password, and the same account added again, have versions that are drawn."""
    await SqliteStore(file_of(tmp_path)).close()
    db = apsw.Connection(str(file_of(tmp_path)))
    body = f'{{"username":"shop","id":1,"password_hash":"$argon2id$old"{kept}}}'
    db.execute("INSERT INTO config (kind, name, body) VALUES ('account', 'shop', ?)", (body,))
    db.execute("INSERT INTO account (username) VALUES ('shop')")
    db.execute("UPDATE meta SET value = value + 1 WHERE key = 'config_version'")
    db.close()
    store = SqliteStore(file_of(tmp_path))
    try:
        account = (await store.refresh()).accounts["shop"]
        assert account.credential_version == version
        site = await store.put_documents([replace(account, is_active=False)], [], NOW)
        assert site.accounts["shop"].credential_version == version
        site = await store.set_password("shop", "$argon2id$new", version)
        assert site.accounts["shop"].credential_version > 1_000_000
        await store.put_documents([], [("account", "shop")], NOW)
        again = await store.put_documents([account], [], NOW)
        assert again.accounts["shop"].credential_version > 1_000_000
        assert again.accounts["shop"].credential_version != site.accounts["shop"].credential_version
    finally:
        await store.close()
