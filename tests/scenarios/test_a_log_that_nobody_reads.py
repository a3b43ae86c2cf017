"""A log that nobody reads holds up nothing, and a SIGHUP ends nothing: `payamak serve 2>&1 | something that stalls`."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from tests import site, traces
from tests.ports import reserved_port
from tests.scenarios.house import DRAIN_S, POLL_S, READY_S, House, house

from payamak.cli.page import heard_of, read_page
from payamak.hands.doctor.server import log

MESSAGES = 300
PAGE_OCTETS = 4_096


@contextmanager
def stalled_pipe() -> Iterator[tuple[int, int]]:
    """A small pipe that is full, and nobody reads it."""
    reader, writer = os.pipe()
    try:
        size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PAGE_OCTETS)
        os.write(writer, b"-" * size)
        yield reader, writer
    finally:
        os.close(reader)
        os.close(writer)


async def serve_into(home: House, port: int, descriptor: int) -> None:
    """Start the gateway with both outputs into one descriptor, and wait until it is ready: nobody hears it say so."""
    home.process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "payamak", "serve", "--port", str(port)),
        stdout=descriptor,
        stderr=descriptor,
        env={**os.environ, "PAYAMAK_DATABASE": str(home.database)},
    )
    home.base_url = f"http://127.0.0.1:{port}"
    async with asyncio.timeout(READY_S):
        while True:
            try:
                if (await home.http.get(f"{home.base_url}/readyz")).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            await asyncio.sleep(POLL_S)


async def metrics(home: House) -> str:
    """The page."""
    return (await home.http.get(f"{home.base_url}/metrics")).text


async def test_hundreds_of_messages_go_through(tmp_path: Path) -> None:
    """Into a full pipe: all is accepted and delivered, the stall is told, a hang-up ends nothing, a stop ends it."""
    with stalled_pipe() as (reader, writer), reserved_port() as port:
        async with house(tmp_path, serve=False) as home:
            await serve_into(home, port, writer)
            sent = [home.send(mobile=site.MOBILES["ok"], message=f"{n}", line=site.LINE2) for n in range(MESSAGES)]
            answers = await asyncio.gather(*sent)
            assert {answer["status"] for answer in answers} == {-1}
            await home.drained()
            assert sum(whole.line == site.LINE2 for whole in home.received()) == MESSAGES
            async with asyncio.timeout(DRAIN_S):
                while "payamak_log_well 0.0" not in (page := await metrics(home)):  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)
            (finding,) = log(heard_of(read_page(page, 0.0)))
            assert (finding.is_well, finding.says.partition(";")[0]) == (False, "nobody reads it")
            assert home.process is not None
            home.process.send_signal(signal.SIGHUP)
            answer = await home.send(mobile=site.MOBILES["ok"], message="after the hang-up", line=site.LINE2)
            assert answer["status"] == -1
            assert await home.terminate() == 0
        os.set_blocking(reader, False)
        traces.kept_text(os.read(reader, 1 << 20).decode().lstrip("-"), traces.Trace.LOG)


async def test_a_hang_up_reads_the_settings_again(tmp_path: Path) -> None:
    """What can change while we run does, the rest is named; a file that is wrong changes nothing; nothing ends."""
    settings, log = tmp_path / "payamak.toml", tmp_path / "serve.log"
    settings.write_text('log_level = "error"\n', encoding="utf-8")

    def rows(event: str) -> list[dict[str, object]]:
        told = (json.loads(row) for row in log.read_text(encoding="utf-8").splitlines())
        return [row for row in told if row["event"] == event]

    async def until_told(event: str, times: int) -> dict[str, object]:
        async with asyncio.timeout(READY_S):
            while len(found := rows(event)) < times:  # noqa: ASYNC110 - only the log may tell
                await asyncio.sleep(POLL_S)
        return found[-1]

    async def sent_and_delivered(text: str) -> None:
        data = (await home.send(mobile=site.MOBILES["ok"], message=text))["data"]
        assert isinstance(data, dict)
        assert await home.final_state(int(data["message_id"])) == 1

    async with house(tmp_path, serve=False) as home:
        await home.serve("--config", str(settings))
        assert home.process is not None
        await sent_and_delivered("1")
        settings.write_text('log_level = "info"\nmax_connections = 500\n', encoding="utf-8")
        home.process.send_signal(signal.SIGHUP)
        told = await until_told("settings_reread", 1)
        assert (told["setting"], told["todo"]) == ("log_level", "a restart takes over: max_connections")
        assert rows("delivered") == []
        settings.write_text('log_level = "loud"\n', encoding="utf-8")
        home.process.send_signal(signal.SIGHUP)
        assert "log_level cannot be 'loud'" in str((await until_told("settings_not_read", 1))["reason"])
        await sent_and_delivered("2")
        await until_told("delivered", 1)
        assert [len(rows(event)) for event in ("queued", "sending", "enroute")] == [1, 0, 0]
        settings.write_text('log_level = "info"\nlog_states = "all"\nmax_connections = 500\n', encoding="utf-8")
        home.process.send_signal(signal.SIGHUP)
        assert (await until_told("settings_reread", 2))["setting"] == "log_states"
        await sent_and_delivered("3")
        await until_told("delivered", 2)
        assert [len(rows(event)) for event in ("queued", "sending", "enroute")] == [2, 1, 1]
        assert await home.terminate() == 0
