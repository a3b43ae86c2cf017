"""`payamak send` and `payamak states`: the customer's side, over HTTP, through payamak.client."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from payamak.cli.bounds import Ids, TemplateNumber, bounded
from payamak.cli.documents import CLEAR_PASSWORD
from payamak.cli.shell import ExitCode, Failed, fill, grid, read_settings, say, tell_json, unheard
from payamak.cli.wanted import Resuming, Wanted
from payamak.codes import LONGEST_LIFE_MINUTES
from payamak.language import sentence_of, worded

if TYPE_CHECKING:
    from payamak.cli.bulk import Ended
    from payamak.client import AsyncClient, PayamakError


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Server:
    """Whom to ask, and who asks."""

    url: Annotated[
        str | None, Parameter(group="Server", help="The server; else PAYAMAK_URL, else our own settings' address.")
    ] = None
    username: Annotated[str | None, Parameter(group="Server", help="Else PAYAMAK_USERNAME.")] = None
    password: Annotated[
        str | None,
        Parameter(group="Server", help="env:NAME; else PAYAMAK_PASSWORD. Never a password in clear."),
    ] = None
    json: Annotated[bool, Parameter(group="Server", negative="", help="Answer in JSON, for machines.")] = False

    def client(self) -> AsyncClient:
        """A client for this server. Raises Failed if something is missing."""
        from payamak.client import AsyncClient
        from payamak.domain.site.secrets import is_named, variable_of

        username = self.username or os.environ.get("PAYAMAK_USERNAME")
        password = self.password or "env:PAYAMAK_PASSWORD"
        if not is_named(password):
            raise Failed(CLEAR_PASSWORD, ExitCode.USAGE)
        password = os.environ.get(variable_of(password), "")
        if not username or not password:
            raise Failed(
                worded(
                    "who sends? give --username and --password env:NAME, or set PAYAMAK_USERNAME and PAYAMAK_PASSWORD",
                    "چه کسی می‌فرستد؟ --username و --password env:NAME را بدهید، یا PAYAMAK_USERNAME و "
                    "PAYAMAK_PASSWORD را تنظیم کنید",
                ),
                ExitCode.USAGE,
            )
        try:
            return AsyncClient(self.url or _own_url(), username=username, password=password)
        except ValueError as error:
            raise Failed(sentence_of(error), ExitCode.USAGE) from error


def _own_url() -> str:
    if url := os.environ.get("PAYAMAK_URL"):
        return url
    settings = read_settings(None)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


async def send(
    *,
    to: str | None = None,
    text: str | None = None,
    line: str | None = None,
    line2: str | None = None,
    type: Annotated[int, bounded(0, 2)] = 0,
    template: TemplateNumber = 0,
    life_time: Annotated[int | None, bounded(1, LONGEST_LIFE_MINUTES)] = None,
    csv: Path | None = None,
    out: Path | None = None,
    parallel: Annotated[int, bounded(1, 1_000)] = 16,
    resuming: Resuming = Resuming(),
    server: Server = Server(),
) -> int:
    """Send one message, or every row of a file.

    The file's first row names its columns: `mobile` and `message`, and if wanted `line`, `line2`, `type`,
    `template`; what a row leaves empty is taken from the options. What became of each row is written to a second file.
    If it is stopped, killed, or the server is gone, --resume sends what is missing; a row whose answer was lost is
    counted and left. Exit code 1 if anything was refused or is missing. The server tells no price beforehand, and takes
    no time at which to send.

    Example: `payamak send --to 09121234567 --text 'سلام' --line 9830003300 --line2 9830003301`

    Example: `payamak send --csv customers.csv --line 9830003300`

    Parameters
    ----------
    to
        The recipient.
    text
        The text; for a template, also its value.
    line
        The sender number; without it the account's default line.
    line2
        Where it goes if the recipient refuses the line.
    type
        0 normal, 1 Chelcheleh, 2 the service line; after a line it is taken only if that is refused.
    template
        The number of the service line's text; 0 is the only or default one.
    life_time
        Minutes for which it is worth sending, 1 to 10080.
    csv
        A file of messages: csv, tsv or txt, or a workbook (xlsx, xls, ods).
    out
        Where to write what became of the rows; without it, beside the file as NAME.sent.csv.
    parallel
        Requests at a time.
    """
    common = Wanted(
        to=to or "", text=text or "", line=line, line2=line2, send_type=type, template=template, life_time=life_time
    )
    is_one, is_whole = to is not None or text is not None, to is not None and text is not None
    if (is_one and csv is not None) or not (is_whole or csv is not None):
        raise Failed(worded("give --csv, or --to and --text", "--csv را بدهید، یا --to و --text را"), ExitCode.USAGE)
    resuming.check(csv is not None)
    if csv is not None:
        return await _send_file(server, csv, out or csv.with_suffix(".sent.csv"), common, parallel, resuming)
    return await _send_one(server, common)


async def _send_one(server: Server, wanted: Wanted) -> int:
    from payamak.client import PayamakError

    try:
        async with server.client() as client:
            sent = await client.send(wanted.to, wanted.text, **wanted.arguments())
    except PayamakError as error:
        raise failure(error) from error
    except ValueError as error:
        raise Failed(sentence_of(error), ExitCode.USAGE) from error
    if server.json:
        tell_json({"message_id": sent.message_id, "line": sent.line, "recipient": sent.recipient})
    else:
        say(
            worded(f"accepted as message {sent.message_id}", f"با شناسهٔ {sent.message_id} پذیرفته شد")
            + (worded(f", by line {sent.line}", f"، با خط {sent.line}") if sent.line else "")
        )
    return ExitCode.DONE


async def _send_file(server: Server, file: Path, out: Path, common: Wanted, parallel: int, resuming: Resuming) -> int:
    from payamak.cli.bulk import send_file

    ended = await send_file(
        server.client, file, out, common, parallel, resuming, lambda ended: _tell_file(server, out, ended)
    )
    return ExitCode.DONE if set(ended.counts) <= {"accepted"} and not ended.missing else ExitCode.PROBLEM


def _tell_file(server: Server, out: Path, ended: Ended) -> None:
    """What became of the rows of a file, and what to do about those that are not done with."""
    if server.json:
        tell_json({**msgspec.to_builtins(ended), "rows": sum(ended.counts.values()), "out": str(out)})
        return
    told = ", ".join(f"{number:,} {status}" for status, number in sorted(ended.counts.items()))
    say(worded(f"{told or 'no rows'}; each row is told in {out}", f"{told or 'سطری نبود'}؛ نتیجهٔ هر سطر در {out} است"))
    if ended.why:
        say(worded(f"It was stopped: {ended.why}", f"متوقف شد: {ended.why}"))
    if ended.missing:
        say(
            worded(
                f"{ended.missing:,} rows are not sent: the same command with --resume sends these and no others.",
                f"{ended.missing:,} سطر فرستاده نشده است: همین فرمان با --resume همین‌ها را می‌فرستد.",
            )
        )
    if unknown := ended.counts.get("unknown"):
        say(
            worded(
                f"{unknown:,} rows may have been sent: their answer was lost, and they are left. --resume "
                "--repeat-unknown sends them again; who had the first then has a second.",
                f"{unknown:,} سطر شاید فرستاده شده باشد: پاسخشان گم شد و کنار گذاشته شد. --resume --repeat-unknown "
                "دوباره می‌فرستدشان؛ هر که نخستین را گرفته باشد دومی را هم می‌گیرد.",
            )
        )


async def states(message_ids: Ids = (), *, file: Path | None = None, server: Server = Server()) -> int:
    """Ask where messages stand, by the ids that sending them answered.

    Example: `payamak states 3403 3404`

    Example: `payamak states --file customers.sent.csv`

    Parameters
    ----------
    message_ids
        As wsSend answered them.
    file
        Ids from a file, or from standard input (`-`): between blanks, commas or line ends, or as the column
        `message_id` of a CSV file, such as `payamak send --csv` writes.
    """
    from payamak.cli.ids import read_ids
    from payamak.cli.shell import console
    from payamak.client import PayamakError

    message_ids = (*message_ids, *(read_ids(file) if file is not None else ()))
    if not message_ids:
        raise Failed(
            worded(
                "give at least one message id, or --file with some", "دست‌کم یک شناسهٔ پیام بدهید، یا --file با چند شناسه"
            ),
            ExitCode.USAGE,
        )
    try:
        async with server.client() as client:
            found = await client.states(message_ids)
    except PayamakError as error:
        raise failure(error) from error
    except ValueError as error:
        raise Failed(sentence_of(error), ExitCode.USAGE) from error
    if server.json:
        tell_json([{"message_id": i, "code": s.code, "name": s.name, "is_final": s.is_final} for i, s in found.items()])
        return ExitCode.DONE
    rows: Sequence[Sequence[object]] = [(i, s.code, s.english, s.persian) for i, s in found.items()]
    with unheard():
        console().print(fill(grid("id", "code", "state", "وضعیت", right=("id", "code")), rows))
    return ExitCode.DONE


def failure(error: PayamakError) -> Failed:
    """A failed call as one sentence and the exit code that belongs to it."""
    from payamak.client import Refusal

    return Failed(sentence_of(error), ExitCode.PROBLEM if isinstance(error, Refusal) else ExitCode.UNREACHED)
