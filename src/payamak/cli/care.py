"""`payamak backup`: a copy of the store while it is in use, with the opt-outs of that moment beside it."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from payamak.cli.optout_file import beside, write_opt_outs
from payamak.cli.shell import (
    Acting,
    Common,
    ExitCode,
    Failed,
    counted,
    existing_store,
    look_at_store,
    now_ms,
    say,
    store_of,
    tell,
)
from payamak.language import sentence_of, worded


async def backup(file: Path, *, common: Common = Common()) -> int:
    """Copy the store to a new file, consistent, while it is being served. A file that exists is never overwritten.

    Beside it, `FILE.opt-outs.csv`, lies the list of opt-outs of that moment, so that an older copy can be put back
    with a newer list. To put a copy back: stop the server, `payamak restore FILE --data STORE`, start the server. What
    waited in the copy is then held until `payamak resume restored`, also where it was put back by hand, for the copy
    says of itself that it is one. Timer, drill and what a copy cannot know: docs/guide/backup.md.

    Example: `payamak backup /backup/payamak-$(date +%F).sqlite`
    """
    from payamak.hands.opening import note_backup, resolved

    list_file = beside(file)
    if list_file.exists():
        raise Failed(
            worded(
                f"{list_file} exists already; a backup never overwrites",
                f"{list_file} از پیش هست؛ پشتیبان روی چیزی نوشته نمی‌شود",
            )
        )
    async with look_at_store(common) as store:
        try:
            await store.backup(str(file))
            count = await write_opt_outs(store, list_file)
        except FileExistsError as error:
            raise Failed(sentence_of(error)) from error
    with suppress(OSError):  # the folder is another's: then only the metric for its age is missing
        note_backup(resolved(existing_store(common)))
    size = _size(file)
    answer = {"file": str(file), "size_octets": size, "opt_outs_file": str(list_file), "opt_outs": count}
    tell(
        common,
        answer,
        lambda _: say(
            worded(
                f"{file}: {size:,} octets; {list_file}: {counted(count, 'opt-out')}.",
                f"{file}: {size:,} بایت؛ {list_file}: {count:,} انصراف.",
            )
        ),
    )
    return ExitCode.DONE


async def migrate(*, common: Acting = Acting()) -> int:
    """Bring the store to this program's schema. The server must be stopped.

    A server does the same when it starts; every other command leaves an older schema as it is, and says so. Make a
    backup with the old program first: no way leads back. Standard error has a line for each step.

    Example: `payamak migrate --data /var/lib/payamak/store.sqlite`
    """
    from payamak.hands.opening import migrate
    from payamak.log import configure

    address = store_of(common)
    configure("info", human=sys.stderr is not None and sys.stderr.isatty())
    before, schema = await migrate(address, common.by("migrate"), now_ms())
    done = "is" if before == schema else worded(f"was {before}, and is", f"{before} بود و حالا هست")
    answer = {"before": before, "schema": schema}
    tell(
        common,
        answer,
        lambda _: say(worded(f"The schema of {address} {done} {schema}.", f"طرح {address} {done} {schema}.")),
    )
    return ExitCode.DONE


def _size(file: Path) -> int:
    return file.stat().st_size
