"""A person's hands on a simulated operator that runs: a handset speaks, a receipt comes, the operator is away.

A socket in a folder of the user's own, named by the port, so that `payamak simulate say` finds it without being told.
"""

from __future__ import annotations

import asyncio
import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from payamak.language import Words
from payamak.simulator.ledger import Entry
from payamak.simulator.receipts import MESSAGE_STATES
from payamak.simulator.server import Simulator
from payamak.socketfile import listen, write

LONGEST_OUTAGE_S: Final = 3_600.0

ACKNOWLEDGED_WITHIN_S: Final = 10.0
"""How long whoever makes a handset speak waits for the gateway. Taste."""


def folder() -> Path:
    """Where the doors of this user's simulators are. Raises OSError if it is not ours alone."""
    made = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"payamak-simulators-{os.getuid()}"
    made.mkdir(mode=0o700, exist_ok=True)
    found = made.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{made} is not this user's alone")
    return made


def door_of(port: int) -> Path:
    """The door of the simulator on this port. Raises OSError."""
    return folder() / f"{port}"


class SimulatorDoor:
    """One door for one operator, or for the several of a demo."""

    def __init__(self, port: int, simulators: Sequence[Simulator], of_line: Callable[[str], Simulator]) -> None:
        """`of_line` says which of them a line belongs to."""
        self._path = door_of(port)
        self._simulators = simulators
        self._of_line = of_line
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen. Raises OSError."""
        self._server = await listen(self._path, self._answer)

    async def close(self) -> None:
        """Take the socket away; an outage under way ends with the simulator."""
        for task in self._ends:
            task.cancel()
        if self._server is not None:
            self._server.close()
            with suppress(OSError):
                self._path.unlink()

    async def _answer(self, said: dict[str, Any], _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        doing = {"say": self._say, "receipt": self._receipt, "outage": self._outage}.get(str(said.get("do")))
        if doing is None:
            raise ValueError(Words("a simulator can say, receipt, outage", "از شبیه‌ساز say و receipt و outage برمی‌آید"))
        try:
            write(writer, await doing(said))
        except KeyError as error:
            raise ValueError(Words(f"{error.args[0]} is missing", f"{error.args[0]} نیامده است")) from error

    async def _say(self, said: dict[str, Any]) -> dict[str, Any]:
        line, sender, text = str(said["line"]), str(said["from"]), str(said["text"])
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN_S):
                is_taken = await self._of_line(line).send_mo(line, sender, text)
        except TimeoutError:
            raise ValueError(
                Words(
                    "the gateway has not acknowledged it yet; it comes again until it does",
                    "درگاه هنوز رسیدش را اعلام نکرده؛ تا اعلام کند دوباره می‌آید",
                )
            ) from None
        return {"is_acknowledged": is_taken}

    async def _receipt(self, said: dict[str, Any]) -> dict[str, Any]:
        """Of the newest text to a recipient, or of the part with an operator's id; each of its parts gets one."""
        of, stat_word, err = str(said["of"]), str(said["stat"]).upper(), str(said.get("err", "000"))
        if stat_word not in MESSAGE_STATES:
            states = ", ".join(MESSAGE_STATES)
            raise ValueError(Words(f"a receipt says one of {states}", f"رسید یکی از این‌ها را می‌گوید: {states}"))
        for simulator in self._simulators:
            if entries := _parts_of(simulator.ledger.entries, of):
                for entry in entries:
                    simulator.force_receipt(entry, stat_word, err)
                return {"receipts": len(entries)}
        raise ValueError(
            Words(
                "no message to this number, or with this id, has come to the operator",
                "پیامی به این شماره یا با این شناسه به اپراتور نرسیده است",
            )
        )

    async def _outage(self, said: dict[str, Any]) -> dict[str, Any]:
        seconds = float(said["seconds"])
        if not 0 < seconds <= LONGEST_OUTAGE_S:
            raise ValueError(
                Words(
                    f"an outage lasts up to {LONGEST_OUTAGE_S:.0f} s",
                    f"قطعی حداکثر {LONGEST_OUTAGE_S:.0f} ثانیه است",
                )
            )
        if self._ends:
            raise ValueError(Words("the operator is away already", "اپراتور از پیش قطع است"))
        for simulator in self._simulators:
            await simulator.stop(timeout_s=0.1)
        task = asyncio.create_task(self._come_back(seconds))
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)
        return {"seconds": seconds}

    async def _come_back(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        for simulator in self._simulators:
            await simulator.start()


def _parts_of(entries: Sequence[Entry], of: str) -> list[Entry]:
    """The parts that were taken of the newest text to a recipient, or the one part with this operator's id."""
    taken = [entry for entry in entries if entry.is_taken]
    if named := [entry for entry in taken if entry.operator_id == of]:
        return named[-1:]
    found = [entry for entry in taken if entry.recipient == of]
    if not found:
        return []
    last = found[-1]
    return [one for one in found if (one.reference, one.line) == (last.reference, last.line)][-last.total :]
