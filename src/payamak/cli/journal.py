"""What became of the rows of a file that is sent to a server: written before each is sent and after each is answered.

A process may be killed, and a server, between a row's request and its answer. So a row stands in the journal before its
request leaves: one that has no answer there may have been sent, and is counted and left. A line that was torn by a kill
is that of a request which had not left, or of an answer that nobody keeps. What is written survives the process, not a
loss of the machine's power.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import IO, Final

import msgspec
from msgspec import Struct

from payamak.cli.shell import ExitCode, Failed
from payamak.language import worded


class Fate(StrEnum):
    """What became of a row."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


STOPS: Final = frozenset({14, 16, 17, 18, 29})
"""Refusals (contract §2) that are about the account and no row: what comes next would be refused as well."""

_BUSY: Final = 23


class RowTold(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a row, by its line in the file."""

    row: int
    status: Fate
    message_id: int | None = None
    sent_by: str | None = None
    code: int | None = None
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """True where nothing was sent, and the same may be taken another time."""
        return self.status is Fate.FAILED or (self.status is Fate.REFUSED and self.code in {*STOPS, _BUSY})


class _Begun(Struct, frozen=True, kw_only=True):
    """A row whose request is about to leave."""

    begun: int


class _Head(Struct, frozen=True, kw_only=True):
    """Of which rows this is the journal."""

    digest: str


class Journal:
    """See the module's text. `told`: by the line of each row that was begun, what became of it."""

    def __init__(self, file: IO[bytes], told: dict[int, RowTold]) -> None:
        self.told = told
        self._file = file
        self._encode = msgspec.json.Encoder().encode

    def begin(self, row: int) -> None:
        """The row's request is about to leave."""
        self.told[row] = _lost(row)
        self._write(_Begun(begun=row))

    def end(self, told: RowTold) -> None:
        """This has become of it."""
        self.told[told.row] = told
        self._write(told)

    def _write(self, line: Struct) -> None:
        self._file.write(self._encode(line) + b"\n")
        self._file.flush()

    def close(self) -> None:
        """Let others go on with it."""
        self._file.close()


def _lost(row: int) -> RowTold:
    reason = worded("stopped before the answer came", "پیش از رسیدن پاسخ ایستاد")
    return RowTold(row=row, status=Fate.UNKNOWN, reason=reason)


def journal_of(out: Path) -> Path:
    """Where the journal lies of what is told in `out`."""
    return out.with_name(f"{out.name}.journal")


def digest_of(rows: Iterable[tuple[int, object]]) -> str:
    """By which the same rows, asked for in the same way, are known again."""
    made = hashlib.sha256()
    encode = msgspec.json.Encoder().encode
    for row in rows:
        made.update(encode(row) + b"\n")
    return made.hexdigest()


def begin(out: Path, digest: str) -> Journal:
    """A new journal. Raises Failed if there is one, or what it led to."""
    path = journal_of(out)
    if path.exists() or out.exists():
        there = path if path.exists() else out
        raise Failed(
            worded(
                f"{there} exists: it tells what was sent before. --resume sends what is missing; to send all of it "
                "again, move it away, or name another with --out",
                f"{there} هست و می‌گوید پیش‌تر چه فرستاده شده است. --resume مانده را می‌فرستد؛ برای فرستادن دوبارهٔ همه، "
                "جابه‌جایش کنید یا با --out نام دیگری بدهید",
            ),
            ExitCode.USAGE,
        )
    file = open(path, "xb", opener=_for_its_owner)  # noqa: SIM115 - the journal closes it
    _lock(file, path)
    file.write(msgspec.json.encode(_Head(digest=digest)) + b"\n")
    file.flush()
    return Journal(file, {})


def go_on(out: Path, digest: str) -> Journal:
    """The journal as it was left. Raises Failed if there is none, or it is of other rows."""
    path = journal_of(out)
    try:
        file = open(path, "r+b")  # noqa: SIM115 - the journal closes it
    except FileNotFoundError:
        raise Failed(
            worded(f"there is no {path}: nothing is to be resumed", f"{path} نیست: چیزی برای ادامه نیست"),
            ExitCode.USAGE,
        ) from None
    _lock(file, path)
    whole, told = _read(file)
    if whole != digest:
        file.close()
        raise Failed(
            worded(
                f"{path} is of another file, or of other options: resume with what was sent first",
                f"{path} از آنِ فایلی دیگر یا گزینه‌هایی دیگر است: با همان‌که نخست فرستاده شد ادامه دهید",
            ),
            ExitCode.USAGE,
        )
    return Journal(file, told)


def _read(file: IO[bytes]) -> tuple[str, dict[int, RowTold]]:
    """The digest and what became of the rows; what was torn by a kill at the end is taken away."""
    told: dict[int, RowTold] = {}
    digest, end = "", 0
    decode = msgspec.json.Decoder(dict[str, object]).decode
    for line in file:
        if not line.endswith(b"\n"):
            break
        end += len(line)
        found = decode(line)
        if "digest" in found:
            digest = str(found["digest"])
        elif "begun" in found:
            row = msgspec.convert(found, _Begun).begun
            told[row] = _lost(row)
        else:
            ended = msgspec.convert(found, RowTold)
            told[ended.row] = ended
    file.seek(end)
    file.truncate()
    return digest, told


def _lock(file: IO[bytes], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise Failed(
            worded(f"{path} is in use: the file is being sent", f"{path} در کار است: فایل دارد فرستاده می‌شود"),
            ExitCode.USAGE,
        ) from None


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
