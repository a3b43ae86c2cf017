"""Background work that meets a bug: an error, red at /readyz and for the doctor, until it has succeeded again (P2)."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx2
import pytest
from tests.store.world import World
from tests.unit.cli.test_receipts_told import site_with

from payamak.cli.program import run
from payamak.cli.shell import ExitCode
from payamak.config import Settings
from payamak.domain.unreadable import Unreadable
from payamak.runtime import Gateway


async def until_ready(http: httpx2.AsyncClient, status: int) -> str:
    """Wait until /readyz answers so; what it says."""
    async with asyncio.timeout(120):
        while (answer := await http.get("/readyz")).status_code != status:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return answer.text


async def test_red_until_it_succeeds_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines that cannot be swept: 503 and the reason; 200 when they are swept again. Each work by its name."""
    gateway = Gateway(Settings(database=str(tmp_path / "store.sqlite"), port=0, log_level="error"))
    await gateway.start()
    told: list[str] = []
    gateway.health.alarm = lambda event, **fields: told.append(f"{event} {fields['task']}")
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", timeout=60) as http:
            await until_ready(http, 200)
            for owner, method, name in (
                (gateway.store, "sweep", "deadlines"),
                (gateway.store, "sweep_received", "received"),
                (gateway.store, "webhook_targets", "webhook"),
                (gateway.store, "relay_targets", "relay"),
                (gateway.store, "refresh", "config"),
            ):

                async def fails(*_: object) -> int:
                    raise OverflowError("09121234567")

                with monkeypatch.context() as spoilt:
                    spoilt.setattr(owner, method, fails)
                    said = await until_ready(http, 503)
                    assert said == f"not taking: background work fails: {name} (OverflowError)\n"
                assert await until_ready(http, 200) == "ready\n"
                assert f"background_work_failed {name}" in told
    finally:
        await gateway.stop()


def test_the_doctor_and_a_person_see_what_is_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows that fail by their names; what could not be handled, with its octets when asked; forgotten, green."""

    piece = Unreadable(kind="receipt", link="north", octets=b"\x00\xffab", error="KeyError", place="x.py:1", came_at=1)

    async def spoil(world: World) -> None:
        await world.store.keep_unreadable(piece)
        message = await world.accept()
        await world.store.put_aside(message.id, "OverflowError", "states.py:7 advance", world.now)

    data = site_with(tmp_path / "store.sqlite", spoil)
    capsys.readouterr()

    def findings() -> dict[str, dict[str, object]]:
        assert run(("doctor", "--json", *data)) == ExitCode.PROBLEM  # nobody listens at the links of this site
        return {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)["findings"]}

    seen = findings()
    assert "claim 1001: OverflowError, 1 times" in str(seen["rows aside"]["says"])
    assert not seen["rows aside"]["is_well"]
    assert not seen["unreadable"]["is_well"]
    assert run(("unreadable", "--json", *data)) == ExitCode.DONE
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["kind"], row["size"], row.get("octets")) == ("receipt", 4, None)
    assert run(("unreadable", str(row["id"]), *data)) == ExitCode.DONE
    assert "00ff6162" in capsys.readouterr().out
    assert run(("unreadable", "99", *data)) == ExitCode.PROBLEM
    assert run(("unreadable", "--forget", "--yes", *data)) == ExitCode.DONE
    assert capsys.readouterr().out.splitlines()[-1] == "1 forgotten."
    assert findings()["unreadable"]["is_well"]
