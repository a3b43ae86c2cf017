"""`python tests/faults/slow_start.py open|look|recover serve ...`: a gateway whose start does not come to its end."""

from __future__ import annotations

import asyncio
import sys
import time

FOREVER_S = 600.0


async def _never(*_: object) -> int:
    print("starting", flush=True)
    await asyncio.sleep(FOREVER_S)
    return 0


def main() -> None:
    """Slow one step of the start down, then be payamak."""
    from payamak import runtime

    def slow(*_: object, **__: object) -> None:
        print("starting", flush=True)
        time.sleep(FOREVER_S)

    match sys.argv.pop(1):
        case "open":
            setattr(runtime, "lock_to_serve", slow)  # noqa: B010 - it is no name that others may use
        case step:
            setattr(runtime, {"look": "look_through", "recover": "take_over"}[step], _never)
    from payamak.cli import main as payamak

    payamak()


if __name__ == "__main__":
    main()
