"""From the start of the process to its first answer. The figures that are demanded are measured by bench/rest.py."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.scenarios.house import house

# Under 2 s, and under 3 s, on a machine of its own; here other tests share the cores, so the bounds only catch what is
# badly wrong: bench/rest.py measures, and tests/simulation counts the seconds of a stop on a clock of its own.
FIRST_ANSWER_S = 60.0
STOP_S = 20.0


async def test_the_first_answer_comes_soon_after_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A started gateway is ready and answers a send; stopped, it ends cleanly and starts as soon again."""
    async with house(tmp_path, serve=False) as home:
        for _ in range(2):
            began_s = time.monotonic()
            await home.serve()
            ready = await home.http.get(f"{home.base_url}/readyz")
            took_s = time.monotonic() - began_s
            assert ready.status_code == 200
            with capsys.disabled():
                print(f" start to first answer {took_s:.2f} s ", end="")
            assert took_s < FIRST_ANSWER_S
            assert (await home.send(mobile="989120009000", message="سلام"))["status"] == -1
            began_s = time.monotonic()
            assert await home.terminate() == 0
            assert time.monotonic() - began_s < STOP_S
