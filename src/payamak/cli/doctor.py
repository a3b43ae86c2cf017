"""`payamak doctor`: look for problems, and say what to do about each."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from cyclopts import Parameter

from payamak.cli.page import WITHIN_S, heard_of, read_page, text_of, url_of
from payamak.cli.shell import Common, ExitCode, clock_of, file_to_be, fill, grid, instant_text, now_ms, say, tell
from payamak.language import joined, spoken, worded

if TYPE_CHECKING:
    from payamak.cli.tables import Grid
    from payamak.config import Settings
    from payamak.domain.clocks import Clocks
    from payamak.hands.doctor.finding import Finding
    from payamak.hands.doctor.patient import Readiness
    from payamak.hands.values import ProvenAccount, Store


class Checked(IntEnum):
    """The exit codes that Icinga and Nagios read."""

    OK = 0
    WARNING = 1
    CRITICAL = 2


async def doctor(
    *,
    ledger: Annotated[
        bool, Parameter(negative="", help="Also prove every account's money from the entries; slow on a big store.")
    ] = False,
    offline: Annotated[bool, Parameter(negative="", help="No server is expected to run: that is no problem.")] = False,
    check: Annotated[
        bool, Parameter(negative="", help="Answer as Icinga and Nagios want it: one line, exit code 0, 1 or 2.")
    ] = False,
    common: Common = Common(),
) -> int:
    """Look at the store, the server, its links, the clock, the machine; say what to do. Exit code 1 if one is wrong.

    A server that does not answer is a problem, unless `--offline` says that none is expected.

    Example: `payamak doctor --ledger`, `payamak doctor --check`
    """
    from payamak.hands.doctor.examination import examine
    from payamak.hands.doctor.patient import Patient

    file_to_be(common)  # a database is not looked at yet
    settings = common.settings()
    text = await text_of(settings)
    patient = Patient(
        store=settings.database,
        host=settings.host,
        port=settings.port,
        now=now_ms(),
        environment=os.environ,
        shown=instant_text,
        clocks_of=_clocks,
        readiness=await _readiness(settings),
        heard=None if text is None else heard_of(read_page(text, time.monotonic())),
        is_offline=offline,
    )
    found = await examine(patient, with_ledger=ledger)
    if check:
        code, said = checked(found.findings)
        say(said)
        return code
    answer: dict[str, Any] = {"is_well": found.is_well, "findings": [_plain(finding) for finding in found.findings]}
    if ledger:
        answer["ledger"] = found.books
    made = _table(found.findings)
    tell(common, answer, lambda console: console.print(made, *([_books(found.books)] if found.books else [])))
    return ExitCode.DONE if found.is_well else ExitCode.PROBLEM


async def _clocks(store: Store) -> Clocks:
    return (await clock_of(store)).clocks


async def _readiness(settings: Settings) -> Readiness:
    """What the server of this machine answers to whether it takes messages."""
    import httpx2

    from payamak.hands.doctor.patient import Readiness

    url = url_of(settings, "/readyz")
    where = urlsplit(url).netloc
    try:
        async with httpx2.AsyncClient(timeout=WITHIN_S, trust_env=False) as client:
            answer = await client.get(url)
    except httpx2.HTTPError:
        return Readiness(url=url, where=where)
    return Readiness(url=url, where=where, status=answer.status_code, text=answer.text)


def checked(findings: Sequence[Finding]) -> tuple[Checked, str]:
    """All of it as a monitor wants it: a code, and one line with every problem, the grave ones first, and the count."""
    wrong = sorted((one for one in findings if not one.is_well), key=lambda one: not one.is_grave)
    code = Checked.OK if not wrong else Checked.CRITICAL if wrong[0].is_grave else Checked.WARNING
    says = spoken(joined((joined((one.name, one.says), ": ") for one in wrong), "; ")) or worded(
        f"{len(findings)} things are well", f"{len(findings)} چیز درست است"
    )
    # What stands behind a bar is read as figures; a bar in our words would begin them.
    return code, f"PAYAMAK {code.name} - {says.replace('|', '/')} | problems={len(wrong)};0"


def _plain(finding: Finding) -> dict[str, Any]:
    return {name: getattr(finding, name) for name in ("name", "is_well", "says", "todo", "is_grave")}


def _table(findings: Iterable[Finding]) -> Grid:
    from rich.text import Text

    well = Text(worded("well", "خوب"), style="green")
    problem = Text(worded("PROBLEM", "مشکل"), style="bold red")
    rows = ((well if one.is_well else problem, one.name, one.says, one.todo) for one in findings)
    return fill(grid("", "what", "found", "what to do", below="what to do"), rows)


def _books(books: Iterable[ProvenAccount]) -> Grid:
    """What was paid in is charged, set aside, or left: a line for each account, in rial."""
    numbers = ("paid in", "charged", "set aside", "left")
    made = grid(
        "account", *numbers, "proof", right=numbers, title="Ledger in rial: paid in = charged + set aside + left"
    )
    rows = (
        (
            account.username or f"#{account.account_id}",
            *(f"{sum_:,}" for sum_ in (account.paid_in, account.charged, account.reserved, account.available)),
            worded("WRONG, see above", "نادرست، بالا را ببینید") if account.faults else worded("balances", "تراز است"),
        )
        for account in books
    )
    return fill(made, rows)
