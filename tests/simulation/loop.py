"""An event loop whose time is made up: when nothing is ready it leaps to the next timer.

Everything that runs on it belongs to a `Process`, found through a context variable that tasks and callbacks inherit.
`kill` ends a process as a power cut would: none of its callbacks runs any more, no `finally` is reached, nothing is
told to anyone. What asyncio keeps in sets (tasks, futures) is hashed by a serial number here, for an order that comes
from memory addresses could not be replayed.
"""

from __future__ import annotations

import asyncio
import contextvars
import socket
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.simulation.network import Network

MOST_TURNS_PER_INSTANT: Final = 20_000
"""Loop turns without any time passing: more is a program that spins."""

MOST_TURNS: Final = 600_000
"""Loop turns in all: more is a world that does something for ever."""


class Process:
    """Whose code it is that runs: the gateway of one life, an operator, the world around them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.tasks: list[asyncio.Task[Any]] = []
        self.context = contextvars.copy_context()
        self.context.run(PROCESS.set, self)

    def __repr__(self) -> str:
        return self.name


PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)


class Livelock(RuntimeError):
    """Callbacks without end and no time passes."""


class NothingToDo(RuntimeError):
    """No callback, no timer, and somebody still waits: a deadlock."""


class SimTask(asyncio.Task[Any]):
    """A task with a hash that does not depend on where it lies in memory; asyncio asks for it as soon as it is made."""

    serial: int = 0

    def __init__(self, coro: Any, serial: int, **more: Any) -> None:
        self.serial = serial
        super().__init__(coro, **more)

    def __hash__(self) -> int:
        return self.serial


class SimFuture(asyncio.Future[Any]):
    """A future with a place in sets that is the same in every run."""

    serial: int = 0

    def __hash__(self) -> int:
        return self.serial


class _Leap:
    """Stands where the selector stands: nothing is ever ready from outside, so waiting is only time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        self._loop.pass_time(timeout)
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """See the module's text. `on_time` is called after every leap with the seconds since the loop's begin."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        network.loop = self
        self.on_time: Callable[[float], None] = lambda now_s: None
        self.thread_delay_s: Callable[[], float] = lambda: 0.0
        self._now_s = 0.0
        self._turns = 0
        self.turns = 0
        self._serial = 0
        self._selector = _Leap(self)
        self._clock_resolution = 1e-7
        self.set_task_factory(self._make_task)

    # -- time

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._now_s

    def pass_time(self, timeout: float | None) -> None:
        """Let `timeout` seconds pass at once. Raises Livelock or NothingToDo where a real loop would hang."""
        if timeout is None:
            raise NothingToDo("nothing is ready and nothing is due")
        self.turns += 1
        if self.turns > MOST_TURNS:
            raise Livelock(f"{self.turns} turns in all, at {self._now_s:.3f} s")
        if timeout > 0:
            self._now_s += timeout
            self._turns = 0
            self.on_time(self._now_s)
            return
        self._turns += 1
        if self._turns > MOST_TURNS_PER_INSTANT:
            raise Livelock(f"{self._turns} turns at {self._now_s:.3f} s")

    def _process_events(self, event_list: Any) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """There is no other thread to wake the loop."""

    # -- processes

    def spawn(self, process: Process, coro: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a task that belongs to `process`."""
        return self.create_task(coro, context=process.context.copy())

    def kill(self, process: Process) -> None:
        """End a process in this instant. Its written octets are the network's already; all else of it is gone."""
        process.is_dead = True
        for handle in [*self._ready, *self._scheduled]:  # type: ignore[attr-defined]
            if self._belongs_to_dead(handle):
                handle.cancel()
        for task in process.tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]

    @staticmethod
    def _belongs_to_dead(handle: Any) -> bool:
        process = handle._context.get(PROCESS)
        return process is not None and process.is_dead

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """See asyncio; a dead process's callback is never called."""
        handle = super().call_soon(callback, *args, context=context)
        if self._belongs_to_dead(handle):
            handle.cancel()
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """See asyncio; a dead process's callback is never called."""
        handle = super().call_at(when, callback, *args, context=context)
        if self._belongs_to_dead(handle):
            handle.cancel()
        return handle

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """There is one thread."""
        return self.call_soon(callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        """A future that is hashed by its serial number."""
        future = SimFuture(loop=self)
        self._serial += 1
        future.serial = self._serial
        return future

    def _make_task(self, loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> SimTask:
        process = PROCESS.get()
        if (context := more.get("context")) is not None:
            process = context.get(PROCESS)
        self._serial += 1
        task = SimTask(coro, self._serial, loop=loop, **more)
        if process is not None:
            process.tasks.append(task)
            if process.is_dead:
                task._log_destroy_pending = False  # type: ignore[attr-defined]
        return task

    # -- the world

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Any, *args: Any
    ) -> Any:
        """Run it here and now; the answer comes after as long as a thread may take."""
        future = self.create_future()
        try:
            result = func(*args)
        except Exception as error:
            self.call_later(self.thread_delay_s(), _fail, future, error)
        else:
            self.call_later(self.thread_delay_s(), _finish, future, result)
        return future

    async def create_connection(  # type: ignore[override]
        self, protocol_factory: Callable[[], Any], host: str = "", port: int = 0, **options: Any
    ) -> Any:
        """Connect over the simulated network."""
        return await self.network.connect(protocol_factory, host, port)

    async def create_server(  # type: ignore[override]
        self, protocol_factory: Callable[[], Any], host: str = "", port: int = 0, **options: Any
    ) -> Any:
        """Listen on the simulated network."""
        return self.network.listen(protocol_factory, port)

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        """Every name is an address."""
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]


def _finish(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
