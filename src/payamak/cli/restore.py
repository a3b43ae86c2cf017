"""`payamak restore`: put a copy of the store back, so that nothing goes out unasked and no id is given twice (P10)."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from payamak.cli.bounds import bounded
from payamak.cli.optout_file import read_opt_outs
from payamak.cli.shell import Common, ExitCode, Failed, counted, instant_text, now_ms, say, tell
from payamak.domain.restoring import ID_LIMIT

if TYPE_CHECKING:
    import apsw

    from payamak.domain.restoring import Restore
    from payamak.store.base import OptOut

_BATCH: Final = 500

NOT_KNOWN: Final = """\
What the copy cannot know of the time since:
  opt-outs      whoever refused a line since then is sent to again; --opt-outs FILE brings a newer list
  CheckIds      a batch that was accepted since then is accepted again if its caller repeats it
  money         what was charged and paid in since then; compare, then `payamak account credit`
  receipts      those of messages sent since then find nobody (`payamak unmatched`); of those that the copy knows and
                whose receipt came since then, the state stays as it was, in the end unknown
  passwords     those changed since then are the old ones again, and so is the rest of the site: `payamak apply`"""


async def restore(
    backup: Path,
    *,
    ids_above: Annotated[
        int,
        bounded(0, ID_LIMIT - 1_000_000),
        Parameter(help="A message id that is above all that were given, if you know one."),
    ] = 0,
    opt_outs: Annotated[
        Path | None, Parameter(help="A newer list of opt-outs, as `payamak backup` or `optout export` wrote it.")
    ] = None,
    replace: Annotated[
        bool, Parameter(negative="", help="Move the store that is there aside, under a name with the time.")
    ] = False,
    common: Common = Common(),
) -> int:
    """Put a copy of the store back in the place of the store (`--data`). The server must be stopped.

    What waited in the copy, or was on the wire when it was made, is held until `payamak resume restored`: it may have
    been sent since. Message ids go on above all that may have been given. The file `STORE-mark`, if it is still there,
    knows best up to where; leave it. The copy itself is only read.

    Example: `payamak restore /backup/payamak-2026-02-01.sqlite --data /var/lib/payamak/store.sqlite`
    """
    from payamak.store.sqlite.locking import lock_beside

    given = read_opt_outs(opt_outs) if opt_outs is not None else []
    backup, store = _real(backup), _real(Path(common.settings().database))
    _check_backup(backup, store)
    store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = lock_beside(store)
    try:
        there = [name for name in _names(store) if name.exists()]
        if there and not replace:
            raise Failed(
                f"{there[0]} is there, and a restore overwrites nothing; --replace moves it aside, to another name"
            )
        noted, count, aside = await _put_back(backup, store, ids_above, given)
    finally:
        os.close(lock)
    _tell(common, store, noted, count, aside)
    return ExitCode.DONE


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _names(store: Path) -> list[Path]:
    return [store.with_name(store.name + end) for end in ("", "-wal", "-shm")]


# ------------------------------------------------------------------------------------------------ the copy


def _check_backup(backup: Path, store: Path) -> None:
    """Raise Failed unless the file is a whole store of ours that nobody serves, and not the very one to be replaced."""
    import apsw

    from payamak.errors import StoreFailed
    from payamak.store.sqlite.locking import lock_beside
    from payamak.store.statements import load_migrations

    if not backup.is_file():
        raise Failed(f"there is no file {backup}", ExitCode.USAGE)
    if store.exists() and backup.samefile(store):
        raise Failed(f"{backup} is the store itself; name a copy of it", ExitCode.USAGE)
    if backup.with_name(f"{backup.name}-serve").exists():
        try:
            os.close(lock_beside(backup))
        except StoreFailed:
            raise Failed(
                f"{backup} is being served: it is no copy. `payamak backup` makes one, also while it is served"
            ) from None
    try:
        db = _open(backup)
        try:
            says = [str(row[0]) for row in db.execute("PRAGMA quick_check(1)")]
            version = int(db.pragma("user_version"))
            names = {str(row[0]) for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        finally:
            db.close()
    except apsw.Error as error:
        raise Failed(f"{backup} is no whole copy of a store: {error}; take another copy") from error
    if says != ["ok"]:
        raise Failed(f"{backup} is damaged: {says[0]}; take another copy")
    if not version or not {"meta", "message", "part", "ledger", "account", "config"} <= names:
        raise Failed(f"{backup} is no store of Payamak; take another file")
    if version > len(load_migrations()):
        raise Failed(f"{backup} has schema {version}, this program knows {len(load_migrations())}: use a newer Payamak")


def _open(file: Path) -> apsw.Connection:
    """A connection that only reads; without a log beside the copy it makes no file there either."""
    import apsw

    log = file.with_name(f"{file.name}-wal")
    is_alone = not log.exists() or not log.stat().st_size
    uri = f"{file.as_uri()}?mode=ro{'&immutable=1' if is_alone else ''}"
    db = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    db.set_busy_timeout(10_000)
    return db


async def _put_back(
    backup: Path, store: Path, ids_above: int, opt_outs: list[OptOut]
) -> tuple[Restore, int, list[Path]]:
    """Make the new store under another name, whole, and only then give it its own.

    Answers what was noted of the restore, how many opt-outs were put in, and what was moved aside.
    """
    from payamak.store.sqlite.mark import MarkFile, sync_folder
    from payamak.store.sqlite.opening import copy_to
    from payamak.store.sqlite.store import SqliteStore

    made = store.with_name(f"{store.name}-restoring")
    for left in _names(made):  # of a restore that was broken off
        left.unlink(missing_ok=True)
    db = _open(backup)
    try:
        copy_to(db, made)
    finally:
        db.close()
    try:
        copy = SqliteStore(made)
        try:
            copy.mark_file = MarkFile(store)
            now = now_ms()
            await copy.settle_mark(now, is_restored=True, ids_above=max(ids_above, _last_id(store)))
            while await copy.hold(now, _BATCH):
                pass
            count = await copy.put_opt_outs(opt_outs)
            noted = await copy.last_restore()
        finally:
            await copy.close()
    except BaseException:
        for left in _names(made):
            left.unlink(missing_ok=True)
        raise
    aside = _move_aside(store, now)
    os.rename(made, store)
    sync_folder(store.parent)
    assert noted is not None
    return noted, count, aside


def _last_id(store: Path) -> int:
    """The last id of the store that is replaced, if it can be read: nobody knows it better."""
    import apsw

    from payamak.store.statements import load_statements

    if not store.exists():
        return 0
    with suppress(apsw.Error, OSError):
        db = _open(store)
        try:
            for (last,) in db.execute(load_statements()["last_given"], ("message",)):
                return int(last) if isinstance(last, int) else 0
        finally:
            db.close()
    return 0


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


# ------------------------------------------------------------------------------------------------- telling


def _tell(common: Common, store: Path, noted: Restore, opt_outs: int, aside: list[Path]) -> None:
    answer: dict[str, Any] = {
        "store": str(store),
        "known_until_at": noted.known_until_at,
        "held": noted.held,
        "ids_above": noted.ids_above,
        "opt_outs": opt_outs,
        "moved_aside": [str(path) for path in aside],
    }

    def show(_: object) -> None:
        say(f"{store} is the copy, which knows what happened until {instant_text(noted.known_until_at)}.")
        for path in aside:
            say(f"What was there is now {path}.")
        say(f"Held until `payamak resume restored` (all, or by --line, --account): {counted(noted.held, 'message')}.")
        say(f"Message ids go on above {noted.ids_above}; opt-outs put in: {opt_outs:,}.")
        say(*NOT_KNOWN.splitlines())

    tell(common, answer, show)
