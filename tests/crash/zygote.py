"""Processes at the price of a fork: one that has imported everything, and splits off a program when it is asked.

A start of Python with all imports takes half a second of a core, and the matrix starts some seven hundred programs.
The zygote has no thread, no loop and no open store when it forks; from there on the child is the program in a process
of its own. Both ends talk over a socket of whole messages (SOCK_SEQPACKET); the child's outputs are file descriptors
that come with the request.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

import msgspec
from tests.crash.victim import Spec, main

_WHOLE = 65_536


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to be: the command line of `payamak`, more environment, and how to be struck (None: not at all)."""

    arguments: list[str]
    environment: dict[str, str]
    spec: Spec | None = None


class _Ended(msgspec.Struct, frozen=True, kw_only=True):
    pid: int
    status: int | None = None
    """None: it has begun. Else as os.waitstatus_to_exitcode says it: below zero for a signal."""


# ------------------------------------------------------------------------------------------- the other end


class Child:
    """A program that runs, or ran."""

    def __init__(self, pid: int, output: asyncio.StreamReader, ended: asyncio.Future[int]) -> None:
        self.pid = pid
        self.output = output
        self.ended = ended

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal; nothing if it has ended."""
        if not self.ended.done():
            with suppress(ProcessLookupError):  # it has just ended, and nobody has heard of it yet
                os.kill(self.pid, number)


class Zygote:
    """The zygote as its owner sees it. Lives on one event loop."""

    def __init__(self) -> None:
        self._children: dict[int, Child] = {}
        self._begun: asyncio.Queue[int] = asyncio.Queue()
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Start it; it is ready for orders when it has imported everything."""
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        command = (sys.executable, "-m", "tests.crash.zygote", str(theirs.fileno()))
        self._process = await asyncio.create_subprocess_exec(*command, pass_fds=[theirs.fileno()])
        theirs.close()
        asyncio.get_running_loop().add_reader(self._socket, self._hear)

    async def stop(self) -> None:
        """Kill what still runs, and end."""
        for child in self._children.values():
            child.kill()
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        await self._process.wait()

    async def begin(self, order: Order, errors: int) -> Child:
        """Split off a program; `errors` is the descriptor that gets its standard error."""
        loop = asyncio.get_running_loop()
        read, write = os.pipe()
        async with self._turn:
            socket.send_fds(self._socket, [msgspec.json.encode(order)], [write, errors])
            os.close(write)
            pid = await self._begun.get()
            output = asyncio.StreamReader()
            child = self._children[pid] = Child(pid, output, loop.create_future())
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(output), os.fdopen(read, "rb"))
        return child

    def _hear(self) -> None:
        try:
            message = self._socket.recv(_WHOLE)
        except BlockingIOError:
            return
        if not message:
            asyncio.get_running_loop().remove_reader(self._socket)
            return
        told = msgspec.json.decode(message, type=_Ended)
        if told.status is None:
            self._begun.put_nowait(told.pid)
        else:
            # The end may be heard in the same breath as the begin.
            asyncio.get_running_loop().call_soon(self._ended, told.pid, told.status)

    def _ended(self, pid: int, status: int) -> None:
        child = self._children.pop(pid, None)
        if child is None:
            asyncio.get_running_loop().call_soon(self._ended, pid, status)
        elif not child.ended.done():
            child.ended.set_result(status)


# ------------------------------------------------------------------------------------------- the zygote


def _serve(control: socket.socket) -> None:
    """Until the other end closes: fork on each order, tell of each end."""
    import_everything()
    wake, woken = socket.socketpair()
    wake.setblocking(False)
    woken.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    import select

    children: set[int] = set()
    while True:
        ready, _, _ = select.select([control, wake], [], [])
        if wake in ready:
            wake.recv(_WHOLE)
            _reap(control, children)
        if control in ready:
            message, descriptors, _, _ = socket.recv_fds(control, _WHOLE, 2)
            if not message:  # the owner is gone, however it ended
                for pid in children:
                    os.kill(pid, signal.SIGKILL)
                return
            children.add(_fork(control, message, descriptors))


def _fork(control: socket.socket, message: bytes, descriptors: list[int]) -> int:
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        for number, descriptor in enumerate(descriptors, 1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        _be(msgspec.json.decode(message, type=Order))
    for descriptor in descriptors:
        os.close(descriptor)
    control.send(msgspec.json.encode(_Ended(pid=pid)))
    return pid


def _reap(control: socket.socket, children: set[int]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        children.discard(pid)
        control.send(msgspec.json.encode(_Ended(pid=pid, status=os.waitstatus_to_exitcode(status))))


def _be(order: Order) -> None:
    """The child: the program, to its end."""
    os.environ.update(order.environment)
    status: Any = 1
    try:
        if order.spec is not None:
            main(order.arguments, order.spec)
        else:
            from payamak.cli import main as payamak

            sys.argv = ["payamak", *order.arguments]
            payamak()
    except SystemExit as end:
        status = end.code
    except BaseException:
        import traceback

        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


def import_everything() -> None:
    """Import what a server imports, so that the children need not."""
    import payamak.cli.running
    import payamak.cli.serve
    import payamak.runtime  # noqa: F401 - it is for the children


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
