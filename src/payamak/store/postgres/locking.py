"""One gateway serves a database: a lock of the server's, held by a connection of its own.

A process that dies loses its connection, and with it the lock; so does a machine that is gone, once the server's probes
are not answered. Whoever has lost the lock without knowing writes nothing all the same: each batch that finds another
one's sees whether another owner has taken over (batch.py).
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import asyncpg

from payamak.errors import StoreFailed
from payamak.store.postgres.connection import close, connect

_SERVING: Final = 0x7061_7961_6D61_6B02
_TRIES: Final = 20
_AGAIN_S: Final = 0.25
"""A server's process ends some moments after its client: a restart waits for that, five seconds in all."""

_PROBES: Final = {"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}


class PostgresLock:
    """The lock, as long as it is not released."""

    def __init__(self, db: asyncpg.Connection[Any]) -> None:
        self._db = db

    def release(self) -> None:
        """Let another one serve."""
        self._db.terminate()


async def lock_database(address: str) -> PostgresLock:
    """Raises StoreFailed if another gateway serves the database."""
    db = await connect(address, is_patient=True, more=_PROBES)
    for _ in range(_TRIES):
        if await db.fetchval("SELECT pg_try_advisory_lock($1::bigint)", _SERVING):
            return PostgresLock(db)
        await asyncio.sleep(_AGAIN_S)
    await close(db)
    raise StoreFailed("another gateway serves this database: stop it first, or give this one a database of its own")
