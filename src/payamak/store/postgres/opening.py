"""The schema of a PostgreSQL store: which migrations have run, which are to run, and whether a program may work on it.

A migration says by its name whether it runs before the new code (`.before`) or after the last older program has gone
(`.after`), and in its first line whether the older code can go on beside it: so two versions work side by side.
"""

from __future__ import annotations

import time
from typing import Any, Final

import asyncpg
from msgspec import Struct

from payamak.errors import StoreFailed
from payamak.log import event_logger
from payamak.store.postgres.connection import close, connect
from payamak.store.statements import read_migrations

_MIGRATING: Final = 0x7061_7961_6D61_6B01
"""The lock under which migrations run: one program at a time."""

_NOTED = (
    "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, lets_older_go_on boolean NOT NULL, "
    "run_at timestamptz NOT NULL DEFAULT now())"
)

_NOTE = "INSERT INTO migration (name, lets_older_go_on) VALUES ($1, $2)"

_log = event_logger("store")


class Schema(Struct, frozen=True, kw_only=True):
    """What has run in a database, and what this program still would run, before and after."""

    run: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def version(self) -> int:
        """How many migrations have run."""
        return len(self.run)


async def schema_of(db: asyncpg.Connection[Any]) -> Schema:
    """The schema of the database. Raises StoreFailed on one that an older program must not work on."""
    known = [name for name, _ in read_migrations("postgres")]
    is_there = await db.fetchval("SELECT to_regclass('migration') IS NOT NULL")
    run = await db.fetch("SELECT name, lets_older_go_on FROM migration ORDER BY name") if is_there else []
    names = {str(row["name"]) for row in run}
    if stops := [str(row["name"]) for row in run if row["name"] not in known and not row["lets_older_go_on"]]:
        raise StoreFailed(
            f"the store has the migration {stops[0]}, which this program does not know: use a newer Payamak"
        )
    to_run = [name for name in known if name not in names]
    return Schema(
        run=tuple(sorted(names)),
        before=tuple(name for name in to_run if name.endswith(".before")),
        after=tuple(name for name in to_run if name.endswith(".after")),
    )


async def check_schema(db: asyncpg.Connection[Any], *, may_make: bool) -> None:
    """Raise StoreFailed, with what to do, unless this program can work on the schema. An empty database gets one."""
    schema = await schema_of(db)
    if not schema.run and may_make:
        await migrate(db)
    elif schema.before:
        raise StoreFailed(
            f"the store has {schema.version} migrations and lacks {schema.before[0]}: a server of this program brings "
            "it up to date when it starts, or `payamak migrate`"
        )


async def migrate(db: asyncpg.Connection[Any], *, is_after: bool = False) -> int:
    """Run what is to run before this program, or after the last older one; how many have run then."""
    await db.execute("SELECT pg_advisory_lock($1::bigint)", _MIGRATING)
    try:
        await db.execute(_NOTED)
        schema = await schema_of(db)
        is_new = not schema.run
        texts = dict(read_migrations("postgres"))
        for name in schema.after if is_after else schema.before:
            began_s = time.monotonic()
            async with db.transaction():
                await db.execute(texts[name])
                await db.execute(
                    "INSERT INTO migration (name, lets_older_go_on) VALUES ($1, $2)", name, lets_older(texts[name])
                )
            if not is_new:
                number, _, _ = name.partition("_")
                _log("migrated", version=int(number), took_ms=round((time.monotonic() - began_s) * 1_000))
        return (await schema_of(db)).version
    finally:
        await db.execute("SELECT pg_advisory_unlock($1::bigint)", _MIGRATING)


async def migrate_at(address: str) -> tuple[int, int]:
    """Run what is to run before this program; how many migrations a database had, and has now."""
    db = await connect(address, is_patient=True)
    try:
        before = (await schema_of(db)).version
        return before, await migrate(db)
    finally:
        await close(db)


def lets_older(text: str) -> bool:
    """Whether the older code can go on beside a migration, by its first line."""
    first, *_ = text.splitlines()
    return "can go on" in first
