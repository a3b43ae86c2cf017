"""A `payamak serve` that is expected not to come up, or that is looked at while it does."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from tests import traces

ENDS_WITHIN_S = 60.0
PAYAMAK = ("-m", "payamak")


async def begun(database: Path, program: Sequence[str] = PAYAMAK) -> asyncio.subprocess.Process:
    """The process, as soon as it is there."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, *program, "serve", "--port", "0", "--data", str(database)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def refused(database: Path) -> str:
    """What it said of why it does not start. Raises AssertionError if it starts, or does not end by itself."""
    process = await begun(database)
    try:
        async with asyncio.timeout(ENDS_WITHIN_S):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    traces.kept_text(err.decode(), traces.Trace.COMMAND)
    assert (process.returncode, out) == (2, b""), err.decode()
    said = err.decode()
    assert "start_failed" in said
    assert "Traceback" not in said
    return said
