"""`payamak backup`: a copy of the store while it is in use, with the opt-outs of that moment beside it."""

from __future__ import annotations

from pathlib import Path

from payamak.cli.optout_file import beside, write_opt_outs
from payamak.cli.shell import Common, ExitCode, Failed, counted, open_store, say, tell


async def backup(file: Path, *, common: Common = Common()) -> int:
    """Copy the store to a new file, consistent, while it is being served. A file that exists is never overwritten.

    Beside it, `FILE.opt-outs.csv`, lies the list of opt-outs of that moment, so that an older copy can be put back
    with a newer list. To put a copy back: stop the server, `payamak restore FILE --data STORE`, start the server. What
    waited in the copy is then held until `payamak resume restored`, also where it was put back by hand, for the copy
    says of itself that it is one. Timer, drill and what a copy cannot know: docs/guide/backup.md.

    Example: `payamak backup /backup/payamak-$(date +%F).sqlite`
    """
    list_file = beside(file)
    if list_file.exists():
        raise Failed(f"{list_file} exists already; a backup never overwrites")
    async with open_store(common) as store:
        try:
            await store.backup(str(file))
            count = await write_opt_outs(store, list_file)
        except FileExistsError as error:
            raise Failed(str(error)) from error
    size = _size(file)
    answer = {"file": str(file), "size_octets": size, "opt_outs_file": str(list_file), "opt_outs": count}
    tell(common, answer, lambda _: say(f"{file}: {size:,} octets; {list_file}: {counted(count, 'opt-out')}."))
    return ExitCode.DONE


def _size(file: Path) -> int:
    return file.stat().st_size
