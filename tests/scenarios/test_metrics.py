"""The page of a gateway at work: all that is described is there, and Prometheus takes it."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.ports import reserved_port
from tests.scenarios.house import POLL_S, READY_S, House, house
from tests.site import LINE, LINE2

from payamak.domain.site import Document, Link
from payamak.http.metric_table import (
    ACCOUNT_BALANCE,
    BACKUP_TIME,
    TABLE,
)
from payamak.simulator import SimulatorConfig, Timing

NEEDS_PROMTOOL = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")

AFTER_A_TIME = {BACKUP_TIME, ACCOUNT_BALANCE}
"""There is a value once a copy was made, or if it is asked for."""


async def page_with(home: House, *wanted: str) -> str:
    """The page, once it has lines that begin so."""
    async with asyncio.timeout(READY_S):
        while True:
            page = (await home.http.get(f"{home.base_url}/metrics")).text
            if all(re.search(rf"^{re.escape(line)}", page, re.MULTILINE) for line in wanted):
                return page
            await asyncio.sleep(POLL_S)


@pytest.mark.debian
@NEEDS_PROMTOOL
async def test_the_page_of_a_gateway(tmp_path: Path) -> None:
    """Every metric has its type on the page, none that is not described is there, and promtool finds no fault."""
    async with house(tmp_path) as home:
        assert (await home.send(mobile="989120009000", message="سلام", line=LINE))["status"] == -1
        await home.post("/api/wsSend.ashx", mobile="989120009000", message="سلام", password="wrong")
        page = await page_with(
            home, "payamak_purse_drift_rial 0.0", 'payamak_message_seconds_count{class="normal",stage="end"} 1'
        )
    shown = dict(re.findall(r"^# TYPE (\w+) (\w+)$", page, re.MULTILINE))
    described = {each.on_the_page: each.kind.value for table in TABLE.values() for each in table}
    ours = {name: kind for name, kind in shown.items() if name.startswith("payamak_")}
    assert ours == {name: kind for name, kind in described.items() if name not in set(map(str, AFTER_A_TIME))}
    assert "process_cpu_seconds_total" in shown
    assert "_created" not in page
    for line in (
        'payamak_answers_total{code="-1",door="wssend"} 1.0',
        'payamak_answers_total{code="18",door="wssend"} 1.0',
        'payamak_passwords_total{credential="web_service",result="wrong"} 1.0',
        'payamak_link_parts_total{link="advertising"} 1.0',
        'payamak_link_answers_total{answer="taken",link="advertising"} 1.0',
        'payamak_link_receipts_total{link="advertising",stat="DELIVRD"} 1.0',
        'payamak_link_answer_seconds_count{link="advertising"} 1.0',
    ):
        assert line in page.splitlines(), line
    assert promtool_on(page) == (0, "")


def promtool_on(page: str) -> tuple[int, str]:
    """What promtool has to say of a page."""
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def nobody_there(port: int) -> Callable[[Document], Document]:
    """A link to a port at which nobody listens."""

    def changed(document: Document) -> Document:
        is_it = isinstance(document, Link) and document.name == "advertising"
        return replace(document, port=port) if is_it else document

    return changed


async def test_a_queue_is_told_with_its_reason(tmp_path: Path) -> None:
    """What waits has line, class, reason and the age of the oldest."""
    with reserved_port() as port:
        await _a_queue_is_told(tmp_path, port)


async def _a_queue_is_told(tmp_path: Path, port: int) -> None:
    async with house(tmp_path, nobody_there(port), SimulatorConfig(timing=Timing())) as home:
        await home.send(mobile="989120009000", message="سلام", line=LINE2)
        labels = f'{{class="normal",line="{LINE2}",reason="accepted"}}'
        page = await page_with(home, f"payamak_queue_messages{labels} 1.0", 'payamak_link_up{link="advertising"} 0.0')
        assert re.search(rf"^payamak_queue_oldest_seconds{re.escape(labels)} \d", page, re.MULTILINE)
