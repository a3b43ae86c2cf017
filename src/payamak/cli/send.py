"""`payamak send` and `payamak states`: the customer's side, over HTTP, through payamak.client."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from payamak.cli.bounds import Ids, TemplateNumber, bounded
from payamak.cli.documents import CLEAR_PASSWORD
from payamak.cli.shell import ExitCode, Failed, fill, grid, read_settings, say, tell_json, unheard
from payamak.cli.wanted import Wanted
from payamak.codes import LONGEST_LIFE_MINUTES
from payamak.language import sentence_of, worded

if TYPE_CHECKING:
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
    server: Server = Server(),
) -> int:
    """Send one message, or every row of a file.

    The file's first row names its columns: `mobile` and `message`, and if wanted `line`, `line2`, `type`,
    `template`; what a row leaves empty is taken from the options. Every row's id or refusal is written to a second
    file as it comes, so that what was sent is known even if you stop it. Exit code 1 if anything was refused.

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
    if csv is not None:
        return await _send_file(server, csv, out or csv.with_suffix(".sent.csv"), common, max(parallel, 1))
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


async def _send_file(server: Server, file: Path, out: Path, common: Wanted, parallel: int) -> int:
    from payamak.cli.bulk import send_file

    counts = await send_file(server.client, file, out, common, parallel)
    if server.json:
        tell_json({"rows": counts.total(), "counts": dict(counts), "out": str(out)})
    else:
        told = ", ".join(f"{number:,} {status}" for status, number in sorted(counts.items()))
        say(
            worded(
                f"{told or 'no rows'}; each row is told in {out}", f"{told or 'سطری نبود'}؛ نتیجهٔ هر سطر در {out} است"
            )
        )
    return ExitCode.DONE if set(counts) <= {"accepted"} else ExitCode.PROBLEM


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
