"""Runs a coroutine as the program: under uvloop where it is installed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from payamak.runtime import Gateway

T = TypeVar("T")


def run_loop(main: Coroutine[None, None, T]) -> T:
    """Run `main` to its end and give its result."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    try:
        import uvloop
    except ImportError:
        pass
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)


async def until_stopped(gateway: Gateway) -> None:
    """Serve until SIGTERM or SIGINT, then stop cleanly; a second signal ends the process at once."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    await gateway.start()
    print(f"Payamak listens on http://{gateway.settings.host}:{gateway.port}", flush=True)
    await stop.wait()
    await gateway.stop()
