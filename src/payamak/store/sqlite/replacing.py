"""A copy put in the place of a store: made whole under another name, and only then given its own (P10)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from payamak.errors import StoreFailed
from payamak.store.records import Act, OptOut, PutBack
from payamak.store.sqlite.copies import check_copy, copy_of, last_id_of
from payamak.store.sqlite.locking import lock_beside
from payamak.store.sqlite.mark import MarkFile, sync_folder
from payamak.store.sqlite.store import SqliteStore

_BATCH: Final = 500


async def put_back(
    backup: Path, store: Path, ids_above: int, opt_outs: Sequence[OptOut], act: Act, *, may_replace: bool
) -> PutBack:
    """Put a copy of a store in its place, with these opt-outs; what waits in it is held, ids go on above `ids_above`.

    Both paths are resolved; nobody may serve. `may_replace`: what lies there is moved aside, under a name with the
    time. Raises ValueError, with nothing changed, where the copy is none, is served, or something lies there; and
    StoreFailed.
    """
    _check(backup)
    store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = lock_beside(store)
    try:
        there = [name for name in _names(store) if name.exists()]
        if there and not may_replace:
            raise ValueError(
                f"{there[0]} is there, and a restore overwrites nothing; --replace moves it aside, to another name"
            )
        return await _put_back(backup, store, ids_above, opt_outs, act)
    finally:
        os.close(lock)


def _names(store: Path) -> list[Path]:
    return [store.with_name(store.name + end) for end in ("", "-wal", "-shm")]


def _check(backup: Path) -> None:
    """Raise ValueError unless the file is a whole store of ours that nobody serves."""
    if backup.with_name(f"{backup.name}-serve").exists():
        try:
            os.close(lock_beside(backup))
        except StoreFailed:
            raise ValueError(
                f"{backup} is being served: it is no copy. `payamak backup` makes one, also while it is served"
            ) from None
    try:
        check_copy(backup)
    except StoreFailed as error:
        raise ValueError(str(error)) from error


async def _put_back(backup: Path, store: Path, ids_above: int, opt_outs: Sequence[OptOut], act: Act) -> PutBack:
    made = store.with_name(f"{store.name}-restoring")
    for left in _names(made):  # of a restore that was broken off
        left.unlink(missing_ok=True)
    copy_of(backup, made)
    try:
        copy = SqliteStore(made)
        try:
            copy.mark_file = MarkFile(store)
            await copy.settle_mark(act.at, is_restored=True, ids_above=max(ids_above, last_id_of(store)))
            while await copy.hold(act.at, _BATCH):
                pass
            count = await copy.put_opt_outs(opt_outs)
            await copy.enter(act)
            noted = await copy.last_restore()
        finally:
            await copy.close()
    except BaseException:
        for left in _names(made):
            left.unlink(missing_ok=True)
        raise
    aside = _move_aside(store, act.at)
    os.rename(made, store)
    sync_folder(store.parent)
    assert noted is not None
    return PutBack(store=str(store), noted=noted, opt_outs=count, aside=tuple(map(str, aside)))


def _move_aside(store: Path, now: int) -> list[Path]:
    """Whatever lies in the store's place, its log too: one that stayed would be taken for the copy's."""
    end = f"-replaced-{now}"
    aside = []
    for name in _names(store):
        if name.exists():
            suffix = name.name.removeprefix(store.name)
            target = store.with_name(f"{store.name}{end}{suffix}")
            shutil.move(name, target)
            aside.append(target)
    return aside
