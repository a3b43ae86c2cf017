"""A copy of the store put back by hand, so that nothing goes out unasked and no id is given twice (P10)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from payamak.hands.refusals import Misasked, told
from payamak.store.engines import put_back
from payamak.store.records import Act, By, OptOut, PutBack


async def restore(
    backup: Path, address: Path, ids_above: int, opt_outs: Sequence[OptOut], by: By, now: int, *, may_replace: bool
) -> PutBack:
    """Put a copy in the place of a store that nobody serves; what waits in it is held. The copy is only read.

    `ids_above`: a message id that is known to be above all that were given. Raises NotDone, StoreFailed.
    """
    backup, store = _places(backup, address)
    act = Act(by=by, at=now, what="restore", about=f"copy {backup.name}")
    with told():
        return await put_back(backup, store, ids_above, opt_outs, act, may_replace=may_replace)


def _places(backup: Path, address: Path) -> tuple[Path, Path]:
    """Both files, by their real paths. Raises Misasked if there is no copy, or it is the very store."""
    backup, store = Path(os.path.realpath(backup)), Path(os.path.realpath(address))
    if not backup.is_file():
        raise Misasked(f"there is no file {backup}")
    if store.exists() and backup.samefile(store):
        raise Misasked(f"{backup} is the store itself; name a copy of it")
    return backup, store
