"""`payamak backup`: a copy of the store while it is in use."""

from __future__ import annotations

from pathlib import Path

from payamak.cli.shell import Common, ExitCode, Failed, open_store, say, tell


async def backup(file: Path, *, common: Common = Common()) -> int:
    """Copy the store to a new file, consistent, while it is being served. A file that exists is never overwritten.

    To restore: stop the server, put the copy in the place of the store, remove the files `…-wal` and `…-shm`
    beside it, start the server. Operators' receipts for what was sent after the copy was made will be unmatched.

    Example: `payamak backup /backup/payamak-$(date +%F).sqlite`
    """
    async with open_store(common) as store:
        try:
            await store.backup(str(file))
        except FileExistsError as error:
            raise Failed(str(error)) from error
    size = _size(file)
    tell(common, {"file": str(file), "size_octets": size}, lambda _: say(f"{file}: {size:,} octets."))
    return ExitCode.DONE


def _size(file: Path) -> int:
    return file.stat().st_size
