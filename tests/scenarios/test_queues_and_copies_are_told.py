"""The running gateway tells of a queue behind a full window, and of copies by line and operator."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from msgspec.structs import replace
from tests.scenarios.house import POLL_S, READY_S, House, house
from tests.site import LINE2

from payamak.domain.site import Account, Document, Link
from payamak.simulator import SimulatorConfig, Timing

SILENT, WELL = "989120009040", [f"9891200{number}9000" for number in range(4)]
"""The operator takes what is for the first and says nothing; the others are answered."""

SLOW = Timing(answer_ms=300, receipt_ms=30)


def one_at_a_time(document: Document) -> Document:
    """The operator may have one part at a time, and nobody waits for its verdict."""
    match document:
        case Link():
            return replace(document, window=1, response_timeout_s=1, trial_after=100)
        case Account():
            return replace(document, verdict_wait_ms=0)
        case _:
            return document


async def until_told(home: House, metric: str) -> float:
    """A value of the page of metrics, once it is above zero."""
    async with asyncio.timeout(READY_S):
        while True:
            page = (await home.http.get(f"{home.base_url}/metrics")).text
            found = re.search(rf"^{metric} ([0-9.e+]+)$", page, re.MULTILINE)
            if found and float(found[1]) > 0:
                return float(found[1])
            await asyncio.sleep(POLL_S)


async def test_a_queue_and_its_copies(tmp_path: Path) -> None:
    """A window of one that stays full is told with its seconds; a copy after a lost answer with line and upstream."""
    async with house(tmp_path, one_at_a_time, SimulatorConfig(timing=SLOW)) as home:
        for mobile in (SILENT, *WELL):
            await home.send(mobile=mobile, message="سلام", line=LINE2)
        assert await until_told(home, r'payamak_link_window_full_seconds\{link="advertising"\}') < READY_S
        assert await until_told(home, r'payamak_link_waiting\{link="advertising"\}') >= 1
        copies = rf'payamak_possible_copies_total\{{line="{LINE2}",link="advertising",upstream="advertising"\}}'
        assert await until_told(home, copies) >= 1
        page = (await home.http.get(f"{home.base_url}/metrics")).text
        assert page.startswith("# HELP")
