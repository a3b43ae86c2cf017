"""What metrics and doctor tell of a window that keeps messages waiting, and of copies."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.store.world import LINE, LINE2, SITE, World
from tests.unit.delivery.test_outlet import Scene, scene

from payamak.cli.page import heard_of, read_page
from payamak.clock import SystemClock
from payamak.delivery.desk import FULL_AGAIN_S
from payamak.domain.site import Link
from payamak.hands.doctor.finding import Finding
from payamak.hands.doctor.links import windows
from payamak.http.metric_table import LINK_WINDOW_FULL
from payamak.http.metrics import Metrics
from payamak.store.feed import LocalFeed
from payamak.store.sqlite.store import SqliteStore

__all__ = ["scene"]


async def test_a_full_window_is_timed(scene: Scene) -> None:
    """From the moment in which somebody waits for a place; a turn of claims without anybody does not begin it anew."""
    await scene.begin("north", window=4)
    await scene.send(2)
    assert scene.worker.full_for_s == {"north": 0.0}
    await scene.send(6)
    assert scene.worker.full_for_s == {"north": 0.0}
    for _ in range(4):
        await scene.later(1_000)
    assert scene.worker.full_for_s == {"north": 4.0}
    assert scene.worker.waiting_by_link["north"] > 0
    for _ in range(8):
        while scene.links["north"].open:
            scene.links["north"].answer()
        await scene.settle()
    assert scene.worker.waiting_by_link == {"north": 0}
    await scene.later(int(FULL_AGAIN_S * 1_000) + 1)
    assert scene.worker.full_for_s == {"north": 0.0}


async def test_a_window_is_filled_to_the_last_place(scene: Scene) -> None:
    """By a class that waits alone; only then it is told as full."""
    await scene.begin("north", window=10)
    desk = scene.worker._desks["north"]
    await scene.send(12)
    assert desk.in_flight == 10
    await scene.later(1_000)
    assert scene.worker.full_for_s == {"north": 1.0}


async def test_a_silent_link_is_no_full_window(scene: Scene) -> None:
    """One on trial is told as such: a larger window would not help."""
    await scene.begin("north", window=20)
    await scene.send(10)
    await scene.later(60_000)
    scene.links["north"].overdue()
    await scene.settle()
    await scene.send(8)
    for _ in range(4):
        await scene.later(1_000)
    assert scene.worker.trials == {"north": True}
    assert scene.worker.waiting_by_link["north"] > 0
    assert scene.worker.full_for_s == {"north": 0.0}


def test_the_doctor_says_it(tmp_path: Path) -> None:
    """Which window, for how long, what waits for it and since when, and what to do; not of a moment."""
    path = tmp_path / "store.sqlite"

    async def work() -> list[Finding]:
        world = World(SqliteStore(path))
        world.now = SystemClock().now() - 120_000
        await world.build()
        await world.store.put_documents([Link(name="north", upstream="operator", window=7)], [], world.now)
        for _ in range(3):
            await world.accept()
        metrics = Metrics(LocalFeed())
        metrics.show(LINK_WINDOW_FULL, lambda: {"north": 130.5, "south": 3.0})
        heard = heard_of(read_page(metrics.render().decode(), 0.0))
        try:
            return list(windows(heard, world.store.site, await world.store.queue(), SystemClock().now()))
        finally:
            await world.store.close()

    (finding,) = asyncio.run(work())
    assert (finding.name, finding.is_well) == ("link north", False)
    assert finding.says.startswith("its window of 7 has been full for 2m 10s; 3 messages wait on its lines (")
    assert finding.says.endswith("the oldest for 2m")
    assert "payamak link change north --window N" in finding.todo


@pytest.mark.parametrize("line", [LINE, LINE2])
async def test_copies_are_counted_by_line_and_upstream(tmp_path: Path, line: str) -> None:
    """A part that goes again after a lost answer; not one that the operator put off, nor the other parts of a text."""
    from tests.store.world import later, lost, step, taken

    world = await World(SqliteStore(tmp_path / "store.sqlite")).build()
    assert SITE
    metrics = Metrics(world.store.feed)
    site = world.store.site
    metrics.name_upstreams(lambda link: site.upstream_of(site.links[link]))
    message = await world.sending(step(line, parts=2))
    message = await world.answer(message, later(), taken("8", 2))
    for _ in range(2):
        world.now += 600_000
        message = await world.answer(await world.on_wire(message, "south"), lost())
    page = metrics.render().decode()
    assert f'payamak_possible_copies_total{{line="{line}",link="south",upstream="operator"}} 1.0' in page
    await world.store.close()
