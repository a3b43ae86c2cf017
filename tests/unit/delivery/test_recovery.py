"""Work in the background goes on, whatever happens to it."""

from __future__ import annotations

import asyncio

import pytest

from payamak.background import FailingWork, keep_going
from payamak.clock import SystemClock
from payamak.delivery import recovery
from payamak.delivery.recovery import keep_house
from payamak.store.records import FaultCounts


async def test_a_bug_is_told_and_the_work_begins_anew() -> None:
    """Not in silence, and without the error's words, which may quote what a caller wrote."""
    said: list[tuple[str, dict[str, object]]] = []
    ends: list[Exception | None] = [ValueError("09123456789"), RuntimeError("x"), None]

    async def work() -> None:
        if error := ends.pop(0):
            raise error

    await keep_going("claims", work, lambda event, **fields: said.append((event, fields)), rest_s=0)
    assert [event for event, _ in said] == ["background_work_failed"] * 2
    assert [(fields["task"], fields["error"]) for _, fields in said] == [
        ("claims", "ValueError"),
        ("claims", "RuntimeError"),
    ]
    assert "0912" not in repr(said)


async def test_a_stop_ends_it() -> None:
    """Cancelled is cancelled."""
    task = asyncio.create_task(keep_going("house", asyncio.Event().wait, lambda event, **_: None))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class Broken:
    """A store whose sweep or retention fails by a bug."""

    def __init__(self) -> None:
        self.sweep_fails = True
        self.rounds = 0
        self.retired = 0

    async def sweep(self, now: int, limit: int) -> int:
        """See Store."""
        self.rounds += 1
        if self.sweep_fails:
            raise OverflowError("09123456789")
        return 0

    async def retire(self, now: int, limit: int) -> int:
        """See Store."""
        self.retired += 1
        return 0

    async def fault_counts(self) -> FaultCounts:
        """See Store."""
        return FaultCounts(aside=3)


async def test_deadlines_that_fail_do_not_stop_retention(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error, and red, until the deadlines have been swept again; meanwhile the rest of the house is kept."""
    monkeypatch.setattr(recovery, "SWEEP_EVERY_S", 0.001)
    monkeypatch.setattr(recovery, "RETIRE_EVERY_S", 0.0)
    said: list[tuple[str, dict[str, object]]] = []
    store, health = Broken(), FailingWork(lambda event, **fields: said.append((event, fields)))
    house = asyncio.create_task(keep_house(store, SystemClock(), lambda *_, **__: None, health))  # type: ignore[arg-type]
    async with asyncio.timeout(60):
        while store.rounds < 3 or store.retired < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    assert "background work fails: deadlines (OverflowError)" in str(health.trouble)
    assert health.counts.aside == 3
    assert {(event, fields["task"], fields["error"]) for event, fields in said} == {
        ("background_work_failed", "deadlines", "OverflowError")
    }
    assert "0912" not in repr(said)
    store.sweep_fails = False
    rounds = store.rounds
    async with asyncio.timeout(60):
        while store.rounds < rounds + 2:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    assert not health.trouble
    house.cancel()
    with pytest.raises(asyncio.CancelledError):
        await house


class Disk:
    """A store whose disk fails twice and is then tried with success."""

    def __init__(self) -> None:
        self.troubles: list[str | None] = [None, "the disk is full", "the disk is full", None, None]
        self.proved = 0

    @property
    def trouble(self) -> str | None:
        """See Store."""
        return self.troubles[0]

    async def prove(self) -> None:
        """See Store."""
        self.proved += 1

    async def look_through(self, within_s: float) -> list[str]:
        """See Store."""
        return ["message", "part"] if within_s == recovery.LOOK_WITHIN_S else []


async def test_a_disk_that_fails_is_told_and_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once when it fails, with why; once when it is well; in between it is tried by a write at every look."""
    disk, said = Disk(), []
    over = asyncio.Event()

    def looked() -> None:
        disk.troubles.pop(0)
        if len(disk.troubles) == 1:
            over.set()

    monkeypatch.setattr(recovery, "LOOK_EVERY_S", 0)
    watching = asyncio.create_task(
        recovery.watch_store(disk, lambda event, **fields: said.append((event, fields)), looked)  # type: ignore[arg-type]
    )
    await over.wait()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert said == [
        ("store_failed", {"reason": "the disk is full", "intake": "closed"}),
        ("store_well", {"reason_before": "the disk is full", "intake": "open"}),
    ]
    assert disk.proved == 2


async def test_what_a_start_had_no_time_to_look_at_is_named() -> None:
    """The tables that are left, in the log."""
    said: list[tuple[str, object]] = []
    await recovery.look_through(Disk(), lambda event, **fields: said.append((event, fields["detail"])))  # type: ignore[arg-type]
    assert said == [("store_partly_looked_through", "message,part")]
