"""Message ids from a file: a list of them, or a column of what `payamak send --csv` wrote."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from payamak.cli.bounds import MOST_ID
from payamak.cli.shell import ExitCode, Failed
from payamak.domain.numbers import parse_whole_number
from payamak.language import sentence_of, worded
from payamak.sheets.fault import BadSheet
from payamak.sheets.sheet import Asked, read_octets

COLUMN: Final = "message_id"

_BETWEEN: Final = re.compile(r"[\s,;،]+")


def read_ids(file: Path) -> list[int]:
    """The ids of a file, or of standard input for `-`; rows that have none are passed over. Raises Failed."""
    line: int | None = None
    found = []
    try:
        octets = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        for line, word in _words(octets):
            number = parse_whole_number(word)
            if number is None or not 0 < number <= MOST_ID:
                raise Failed(
                    worded(
                        f"{file}, line {line}: {word!r} is no message id",
                        f"{file}، سطر {line}: {word!r} شناسهٔ پیام نیست",
                    ),
                    ExitCode.USAGE,
                )
            found.append(number)
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}", ExitCode.USAGE) from error
    except ValueError as error:
        line = error.line if isinstance(error, BadSheet) else line
        raise Failed(f"{file}{f', line {line}' if line else ''}: {sentence_of(error)}", ExitCode.USAGE) from error
    return found


def _words(octets: bytes) -> Iterator[tuple[int, str]]:
    """What stands where an id is expected, with its line. Raises ValueError, BadSheet."""
    if COLUMN.encode() in octets.partition(b"\n")[0]:
        with closing(read_octets(io.BytesIO(octets), Asked(number=COLUMN))) as sheet:
            place = sheet.place_of(COLUMN)
            assert place is not None, worded("its name is in the first line", "نامش در سطر نخست است")
            for row in sheet.rows():
                if row.texts[place]:
                    yield row.line, row.texts[place]
        return
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(worded("this is no text in UTF-8", "متن UTF-8 نیست")) from None
    for number, said in enumerate(text.splitlines(), 1):
        for word in filter(None, _BETWEEN.split(said)):
            yield number, word
