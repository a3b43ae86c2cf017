"""The independent peer as a process of its own: a script is told what to do and tells what happens, in JSON lines."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

HEAR_S = 20.0
ROOT = Path(__file__).parents[2]


class Peer:
    """A running script. What it tells is kept until it is asked for, so nothing is missed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._told: list[dict[str, Any]] = []

    def say(self, do: str, **fields: Any) -> None:
        """Tell it what to do."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **fields}).encode() + b"\n")

    async def hear(self, event: str, **fields: Any) -> dict[str, Any]:
        """The next event of this name with these values, once it has come; others are left for later."""
        assert self._process.stdout is not None
        looked_at = 0
        async with asyncio.timeout(HEAR_S):
            while True:
                for number, told in enumerate(self._told[looked_at:], looked_at):
                    if told["event"] == event and fields.items() <= told.items():
                        return self._told.pop(number)
                looked_at = len(self._told)
                line = await self._process.stdout.readline()
                assert line, f"the peer ended while {event!r} was awaited; it told {self._told}"
                self._told.append(json.loads(line))

    async def ask(self, do: str, answer: str, **fields: Any) -> dict[str, Any]:
        """Tell it what to do and wait for what comes of it."""
        self.say(do, **fields)
        return await self.hear(answer)


def running(script: str, *arguments: str) -> AbstractAsyncContextManager[Peer]:
    """Start a module of this folder; it ends when its standard input does."""
    return started(sys.executable, "-m", f"tests.interop.{script}", *arguments)


@asynccontextmanager
async def started(*command: str, environment: Mapping[str, str] | None = None) -> AsyncIterator[Peer]:
    """Start a program that is spoken with in JSON lines; it ends when its standard input does."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield Peer(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
