"""Operators that break every rule, all at once: the other links of the site go on, and so does the process."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests import site
from tests.golden.http.tenants import further_line, tenant, tenanted_house
from tests.golden.http.wire import SEND
from tests.hostile.attack import under_attack
from tests.hostile.operator import BROKEN, FLOODS, Operator, answers_twice, operators
from tests.scenarios.house import House

from payamak.domain.site import Document, Link

pytestmark = pytest.mark.slow

SECONDS = 6.0
THROUGH_THE_OTHER = {"type": "2"}
"""The neighbour sends by the service line, whose operator is an honest one."""


def links(bad: Mapping[str, Operator]) -> list[Link]:
    """A link to each of them, whose timers are short."""
    common = replace(site.links(1, 1)[0], enquire_link_s=1, response_timeout_s=1)
    return [replace(common, name=name, port=one.port, upstream=name) for name, one in bad.items()]


def logged(home: House) -> Counter[str]:
    """The events of the log, counted."""
    lines = (home.folder / "serve.log").read_text().splitlines()
    return Counter(json.loads(line)["event"] for line in lines if line.startswith("{"))


async def test_broken_operators(tmp_path: Path) -> None:
    """Links that break again and again come back ever more slowly, and hurt no other."""
    async with operators(BROKEN) as bad, tenanted_house(tmp_path, *links(bad)) as (home, _):
        async with under_attack(home, most_growth_mib=40, name="broken operators", fields=THROUGH_THE_OTHER):
            await asyncio.sleep(SECONDS)
        connections = {name: one.connections for name, one in bad.items()}
        print(f"connections in {SECONDS:.0f} s: {connections}; log: {logged(home)}")
        # Pauses of 0.5 s, 1 s, 2 s, 4 s, each shortened by half at most: five attempts in the first 6 s, some more
        # on a machine where the test takes longer.
        assert all(1 <= count <= 8 for count in connections.values())
        assert connections["half open"] >= 2, "nobody noticed that it is silent"


async def test_floods_of_operators(tmp_path: Path) -> None:
    """Operators that write without end and read nothing are read no faster than fits; nobody else waits for them."""
    async with operators(FLOODS) as bad, tenanted_house(tmp_path, *links(bad)) as (home, _):
        # Seven floods and the neighbour share one processor, and so do those who write them: more patience.
        told = "floods of operators"
        async with under_attack(home, most_growth_mib=60, name=told, fields=THROUGH_THE_OTHER):
            await asyncio.sleep(SECONDS)
        log = logged(home)
        print(f"connections { ({name: one.connections for name, one in bad.items()}) }; log: {log}")
        assert log["smpp_alert"] < 500
        assert log["smpp_pdu_refused"] < 500


async def test_an_operator_that_answers_twice(tmp_path: Path) -> None:
    """Of two answers the first counts; answers to nothing are dropped; the links stay up."""
    number = "9830009999"
    async with operators({"twice": answers_twice}) as bad:
        further: list[Document] = [
            *links(bad),
            further_line(number, "twice"),
            tenant("hostage", lines=(number,), default_line=number),
        ]
        async with tenanted_house(tmp_path, *further) as (home, _):
            fields = {"username": "hostage", "password": site.PASSWORD, "mobile": "989120009000", "message": "سلام"}
            async with under_attack(home, most_growth_mib=30, name="two answers", fields=THROUGH_THE_OTHER):
                for _ in range(30):
                    answer = await home.http.post(home.base_url + SEND, data=fields)
                    assert answer.json()["status"] == -1
            assert bad["twice"].connections == 1
