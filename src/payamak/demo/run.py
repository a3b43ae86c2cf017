"""Runs the demo: two operators, the gateway, the scenarios through HTTP, the board; then it goes on serving."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.live import Live

from payamak.client import AsyncClient, PayamakError, Refusal
from payamak.codes import Code
from payamak.config import Settings
from payamak.demo import people, site
from payamak.demo.board import BoardRow, table, told
from payamak.demo.scenarios import cases
from payamak.log import Logs, catch_strays
from payamak.runtime import Gateway, side_door
from payamak.simulator import Simulator, SimulatorConfig, Timing
from payamak.simulator.door import SimulatorDoor
from payamak.store.feed import Change

LONGEST_S: Final = 60.0
"""How long the scenarios may take before the demo gives up; they take about four."""

PIPE_COLUMNS: Final = 150
"""How wide the board is drawn where no terminal says how wide it is."""

PROGRAM: Final = "payamak"
"""What people type."""

POLL_S: Final = 0.1
TIMING: Final = Timing(answer_ms=5, receipt_ms=300, late_ms=1_200)


class Demo:
    """Everything that runs; `start` and `stop` bracket it."""

    def __init__(self, settings: Settings, console: Console, logs: Logs) -> None:
        self.settings = settings
        self.console = console
        self._logs = logs
        self.base_url = ""
        self.operator_port = 0
        self._rows: dict[str, BoardRow] = {}
        self.people: list[people.DemoPerson] = []

    async def start(self) -> None:
        """The two operators first, then the gateway with the demo's site."""
        refusing = SimulatorConfig(refuse_lines=frozenset({site.LINE}), timing=TIMING)
        self._operators = [
            Simulator(replace(refusing, accounts=dict([login])))
            for login in (site.ADVERTISING_LOGIN, site.SERVICE_LOGIN)
        ]
        ports = [await operator.start() for operator in self._operators]
        advertising, service = self._operators
        self.operator_port = ports[0]
        self._door = SimulatorDoor(
            ports[0], self._operators, lambda line: service if line in site.SERVICE_LINES else advertising
        )
        await self._door.open()
        self.gateway = Gateway(self.settings, logs=self._logs)
        await self.gateway.start()
        await self._furnish(ports)
        self._side_door = side_door(self.gateway)
        await self._side_door.open()
        self.base_url = f"http://127.0.0.1:{self.gateway.port}"
        self.gateway.store.feed.listen(self._on_changes)

    async def _furnish(self, ports: Sequence[int]) -> None:
        """Write the site into the store and wait until both links are bound."""
        store, now = self.gateway.store, self.gateway.clock.now()
        await store.put_documents(site.documents(*ports), [], now)
        balances = {balance.username: balance.available for balance in await store.balances()}
        for username in site.WITH_CREDIT:
            if balances[username] < site.CREDIT_RIAL:
                await store.credit(username, site.CREDIT_RIAL - balances[username], "demo", now)
        for recipient in [case.recipient for case in cases()] + list(site.MOBILES.values()):
            await store.forget_opt_outs(recipient, None)  # a folder that was used before remembers
        self.people = await people.furnish(store, now)
        self.gateway.running.links.follow(store.site)
        await self._links_up()

    async def _links_up(self) -> None:
        upstreams = self.gateway.running.links.upstreams.values()
        async with asyncio.timeout(10):
            for upstream in upstreams:
                while not upstream.is_up:  # noqa: ASYNC110 - a link tells the worker when it is up, nobody else
                    await asyncio.sleep(0.01)

    def _on_changes(self, changes: Sequence[Change]) -> None:
        for change in changes:
            row = self._rows.get(change.message.recipient)
            if row is not None and row.takes(change.message):
                row.changed(change.message)
            elif change.message.state is not change.before:
                self.console.print(told(change), soft_wrap=True)

    async def play(self) -> list[BoardRow]:
        """Send all cases at once, follow them with wsStates, draw the board; the rows when all are final."""
        rows = [BoardRow(case) for case in cases()]
        self._rows = {row.case.recipient: row for row in rows}
        live = Live(table(rows, self.console.width), console=self.console, refresh_per_second=10, transient=False)
        async with AsyncClient(self.base_url, username="demo", password=site.PASSWORD) as client:
            with live if self.console.is_terminal else _Quiet():
                sends = asyncio.gather(*(self._send(client, row) for row in rows))
                try:
                    async with asyncio.timeout(LONGEST_S):
                        while not all(row.is_done for row in rows):
                            await self._follow(client, rows)
                            live.update(table(rows, self.console.width))
                            await asyncio.sleep(POLL_S)
                except TimeoutError:
                    sends.cancel()
                live.update(table(rows, self.console.width))
        if not self.console.is_terminal:
            self.console.print(table(rows, self.console.width))
        return rows

    async def _send(self, client: AsyncClient, row: BoardRow) -> None:
        case = row.case
        try:
            sent = await client.send(
                case.recipient, case.text, line=case.client_line, fallback=case.fallback, via=case.via
            )
        except Refusal as refusal:
            row.refused = Code(refusal.code)
        except PayamakError as error:
            row.error = type(error).__name__
        else:
            row.message_id = sent.message_id

    async def _follow(self, client: AsyncClient, rows: Sequence[BoardRow]) -> None:
        open_rows = {row.message_id: row for row in rows if row.message_id is not None and not row.is_done}
        if open_rows:
            for message_id, state in (await client.states(open_rows)).items():
                open_rows[message_id].state = state

    async def stop(self) -> None:
        """Stop the gateway, then the operators."""
        await self._side_door.close()
        await self._door.close()
        await self.gateway.stop()
        for operator in self._operators:
            await operator.stop(timeout_s=0.5)


class _Quiet:
    """Stands for the live table where nobody watches."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def _summary(
    console: Console,
    rows: Sequence[BoardRow],
    base_url: str,
    commands: Sequence[str],
    *,
    goes_on: bool,
    persons: Sequence[people.DemoPerson] = (),
) -> bool:
    right = sum(row.is_right for row in rows)
    if right == len(rows):
        console.print(f"[green]All {right} messages came out as the manual says.[/]")
    else:
        console.print(f"[red]{len(rows) - right} of {len(rows)} messages did not come out as the manual says.[/]")
    if not goes_on:
        console.print("[dim]Without --once it goes on serving, for your program to be tried against.[/]")
        return right == len(rows)
    console.print(f"\nPayamak answers at [bold]{base_url}[/]. Try it:\n")
    console.print(
        f"  curl {base_url}/api/wsSend.ashx -d username=demo -d password={site.PASSWORD} "
        f"-d mobile={site.MOBILES['ok']} -d message=salam -d line={site.LINE}\n",
        soft_wrap=True,
        highlight=False,
    )
    console.print(f"The panel, for people, is at [bold]{base_url}/panel[/]:\n")
    for person in persons:
        console.print(f"  {person.name:<8} {person.password}   ({person.role.value})", highlight=False)
    console.print()
    console.print("What you send is told below. To look closer, or to be the handset, in another terminal:\n")
    for command in (*_found(), *commands):
        console.print(f"  {command}", soft_wrap=True, highlight=False)
    console.print("\n[dim]Ctrl-C stops it.[/]\n")
    return right == len(rows)


def _found() -> Iterator[str]:
    """How another terminal finds our program, where its own search does not."""
    ours = Path(sys.argv[0]).absolute()
    if ours.name == PROGRAM and shutil.which(PROGRAM) != str(ours):
        yield f'export PATH="{ours.parent}:$PATH"'


def _to_look(database: str, operator: int) -> tuple[str, ...]:
    """What a developer types in another terminal; other simulators may run beside the operator on this port."""
    return (
        f"export PAYAMAK_DATABASE={database}",
        "payamak messages",
        "payamak show ID --text",
        "payamak trace advertising",
        f"payamak simulate say {site.LINE} {site.MOBILES['ok']} salam --port {operator}",
        "payamak received list --text",
        f"payamak simulate receipt {site.MOBILES['ok']} UNDELIV --port {operator}",
        f"payamak simulate outage 20 --port {operator}",
    )


def _write_facts(path: Path, demo: Demo) -> None:
    """Whole or not at all: a test tool may be waiting for the file to appear."""
    facts = {**site.facts(demo.base_url), "panel": people.facts(demo.base_url, demo.people)}
    whole = path.with_name(path.name + ".part")
    whole.write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    os.replace(whole, path)


async def run(*, once: bool, port: int, data: Path | None, facts: Path | None, logs: Logs) -> int:
    """The demo from start to stop; the exit status: 0 if every message came out as the manual says."""
    catch_strays(asyncio.get_running_loop())
    console = Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory(prefix="payamak-demo-") as folder:
        database = str((data or Path(folder)) / "payamak.sqlite")
        demo = Demo(Settings(database=database, port=port), console, logs)
        await demo.start()
        try:
            if facts is not None:
                _write_facts(facts, demo)
            playing = asyncio.create_task(demo.play())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not playing.done():
                playing.cancel()
                return 130
            to_look = _to_look(database, demo.operator_port)
            all_right = _summary(
                console, playing.result(), demo.base_url, to_look, goes_on=not once, persons=demo.people
            )
            if not once:
                await stopping
            return 0 if all_right else 1
        finally:
            await demo.stop()
