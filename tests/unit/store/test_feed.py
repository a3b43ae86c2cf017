"""The Feed tells everyone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from payamak.store.feed import Change, LocalFeed


async def test_a_listener_that_fails_keeps_nobody_from_hearing() -> None:
    """A log that cannot be written must not keep the back from what is leased to it: it would wait for ever (P2)."""
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))
    heard: list[Sequence[Change]] = []
    feed = LocalFeed()

    def fail(changes: Sequence[Change]) -> None:
        raise OSError(28, "No space left on device")

    feed.listen(fail)
    feed.listen(heard.append)
    feed.publish([])
    assert heard == [[]]
    assert [type(context["exception"]) for context in told] == [OSError]
