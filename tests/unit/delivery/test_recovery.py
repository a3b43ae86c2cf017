"""Work in the background goes on, whatever happens to it."""

from __future__ import annotations

import asyncio

import pytest

from payamak.delivery.recovery import keep_going


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
