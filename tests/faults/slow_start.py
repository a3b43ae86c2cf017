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
    import payamak.runtime as runtime

    match sys.argv.pop(1):
        case "open":

            def slow(_: object) -> None:
                print("starting", flush=True)
                time.sleep(FOREVER_S)

            runtime.Gateway.__init__.__kwdefaults__["open_store"] = slow
        case "look":
            runtime.look_through = _never  # type: ignore[assignment]
        case "recover":
            runtime.recover = _never
    from payamak.cli import main as payamak

    payamak()


if __name__ == "__main__":
    main()
