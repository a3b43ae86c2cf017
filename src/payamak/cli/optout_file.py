"""A list of opt-outs as a file: all that is known of each, so that it can be put into an older copy of the store."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from payamak.cli.shell import ExitCode, Failed
from payamak.codes import OPT_OUTS
from payamak.domain.numbers import parse_recipient
from payamak.language import worded

if TYPE_CHECKING:
    from payamak.hands.values import OptOut, Store

OLD_COLUMNS: Final = ("recipient", "line", "code", "source", "learned_at", "expires_at")
"""Of lists written before opt-outs could be doubtful; none of theirs is."""

COLUMNS: Final = (*OLD_COLUMNS, "is_doubtful")
_SOURCES: Final = ("imported", "learned", "hand", "handset")
_CODES: Final = {str(code.value): code.value for code in OPT_OUTS}


def beside(backup: Path) -> Path:
    """Where the list lies that belongs to a backup."""
    return backup.with_name(f"{backup.name}.opt-outs.csv")


async def write_opt_outs(store: Store, file: Path) -> int:
    """Write the whole list into a new file, for its owner alone; how many. Raises FileExistsError."""
    from payamak.hands.optouts import page_after

    count, after = 0, ""
    with _new(file) as made:
        writer = csv.writer(made)
        writer.writerow(COLUMNS)
        while page := await page_after(store, after):
            writer.writerows(
                (o.recipient, o.line, o.code, o.source, o.learned_at, o.expires_at, int(o.is_doubtful)) for o in page
            )
            count, after = count + len(page), page[-1].recipient
        made.flush()
        os.fsync(made.fileno())
    return count


def _new(file: Path) -> TextIO:
    return open(file, "x", encoding="utf-8", newline="", opener=lambda path, flags: os.open(path, flags, 0o600))


def read_opt_outs(file: Path) -> list[OptOut]:
    """The list as it was written. Raises Failed, naming the line, before anything is used."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.reader(opened)
            if tuple(next(reader, ())) not in (COLUMNS, OLD_COLUMNS):
                raise Failed(
                    worded(
                        f"{file}, line 1: the columns are {', '.join(COLUMNS)}, as `payamak backup` and `payamak optout"
                        " export` write them; a list of numbers goes in by `payamak optout import`",
                        f"{file}، سطر 1: ستون‌ها {', '.join(COLUMNS)} هستند، همان‌طور که `payamak backup` و "
                        "`payamak optout export` می‌نویسند؛ فهرست شماره‌ها با `payamak optout import` وارد "
                        "می‌شود",
                    ),
                    ExitCode.USAGE,
                )
            return list(_rows(file, reader))
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}", ExitCode.USAGE) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise Failed(
            worded(f"{file}: this is no CSV in UTF-8: {error}", f"{file}: CSV با UTF-8 نیست: {error}"), ExitCode.USAGE
        ) from error


def _rows(file: Path, reader: Iterator[list[str]]) -> Iterator[OptOut]:
    from payamak.hands.values import OptOut

    for number, row in enumerate(reader, 2):
        if not row:
            continue
        try:
            recipient, line, code, source, learned_at, expires_at, *doubt = row
            known = parse_recipient(recipient, None)
            if known is None or source not in _SOURCES or not line or doubt not in ([], ["0"], ["1"]):
                raise ValueError
            made = OptOut(
                recipient=known,
                line=line,
                code=_CODES[code],
                source=source,
                learned_at=int(learned_at),
                expires_at=int(expires_at) if expires_at else None,
                is_doubtful=doubt == ["1"],
            )
        except (ValueError, KeyError):
            raise Failed(
                worded(f"{file}, line {number}: this is no opt-out", f"{file}، سطر {number}: این انصراف نیست"),
                ExitCode.USAGE,
            ) from None
        yield made
