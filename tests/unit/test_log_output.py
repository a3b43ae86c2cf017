"""Lines of the log leave by a thread of their own: nobody waits for who reads them."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from payamak.log_output import LogOutput

PATIENCE_S: Final = 60.0


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe: who reads, who writes."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def until(claim: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < deadline_s
        time.sleep(0.002)


def read_until(reader: int, end: bytes) -> bytes:
    """What comes out until it ends so."""
    read = b""
    while not read.endswith(end):
        read += os.read(reader, 1 << 20)
    return read


def test_lines_come_in_order_and_in_few_writes(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said in one moment goes out in one write, by another thread."""
    reader, writer = pipe
    writes: list[tuple[str, int]] = []
    write = os.write

    def counted(descriptor: int, octets: bytes) -> int:
        writes.append((threading.current_thread().name, len(octets)))
        return write(descriptor, octets)

    monkeypatch.setattr(os, "write", counted)
    monkeypatch.setattr("payamak.log_output.GATHER_S", 0.5)
    output = LogOutput(writer)
    lines = [f"line {number}\n" for number in range(200)]
    assert all(map(output.write, lines))
    assert read_until(reader, b"line 199\n") == "".join(lines).encode()
    output.close(PATIENCE_S)
    assert writes == [("payamak-log", len("".join(lines)))]


def test_nobody_reads(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be taken in is bounded, counted, and told when somebody reads again; no caller has waited for it."""
    reader, writer = pipe
    monkeypatch.setattr("payamak.log_output.STUCK_S", 0.0)
    output = LogOutput(writer, most_octets=200_000)
    output.on_dropped = lambda count: output.write(f"lost {count}\n")
    line = "x" * 99 + "\n"
    taken = sum(output.write(line) for _ in range(10_000))
    assert taken == 2_000
    assert output.dropped == 8_000
    until(lambda: output.is_stuck)
    assert read_until(reader, b"lost 8000\n") == (line * taken).encode() + b"lost 8000\n"
    until(lambda: not output.is_stuck)
    assert output.write(line)
    assert read_until(reader, b"x\n") == line.encode()
    output.close(PATIENCE_S)


def test_lines_of_one_commit_that_do_not_fit(pipe: tuple[int, int]) -> None:
    """Several lines at one go: as many whole ones as there is room for are taken, the others are counted one by one."""
    reader, writer = pipe
    beyond = fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ) + 100
    output = LogOutput(writer, most_octets=beyond + 1_099)
    assert output.write("x" * (beyond - 1) + "\n")  # held until somebody reads
    assert output.write_lines(b"y" * 49 + b"\n")
    assert not output.write_lines((b"z" * 99 + b"\n") * 12)
    assert output.dropped == 2
    assert not output.write_lines(b"z" * 99 + b"\n")
    assert output.dropped == 3
    kept = read_until(reader, b"y\n" + (b"z" * 99 + b"\n") * 10)
    assert kept.count(b"\n") == 12
    output.close(PATIENCE_S)


def test_the_end_does_not_wait(pipe: tuple[int, int]) -> None:
    """A reader that never comes does not hold up the end of the process; one that reads gets all."""
    reader, writer = pipe
    output = LogOutput(writer)
    stuck = LogOutput(writer)
    assert output.write("last words\n")
    output.close(PATIENCE_S)
    assert os.read(reader, 100) == b"last words\n"
    assert stuck.write("x" * 100_000)
    stuck.close(0.01)
    assert stuck.write("more\n")  # into nothing, and nobody is told of an error
    assert threading.current_thread().is_alive()


def test_what_cannot_be_written_is_counted() -> None:
    """A full disk under the log costs lines and nothing else."""
    full = os.open("/dev/full", os.O_WRONLY)
    output = LogOutput(full)
    os.close(full)
    for number in range(3):
        assert output.write(f"line {number}\n")
    until(lambda: output.dropped == 3)
    output.close(PATIENCE_S)


def test_flags_that_others_have_set(pipe: tuple[int, int]) -> None:
    """A descriptor that somebody made non-blocking is waited for, and its flags are left as they are."""
    reader, writer = pipe
    os.set_blocking(writer, False)
    flags = fcntl.fcntl(writer, fcntl.F_GETFL)
    output = LogOutput(writer)
    text = "x" * 300_000 + "\n"
    assert output.write(text)
    assert read_until(reader, b"\n") == text.encode()
    assert fcntl.fcntl(writer, fcntl.F_GETFL) == flags
    output.close(PATIENCE_S)
