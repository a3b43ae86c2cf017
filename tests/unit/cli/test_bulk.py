"""`payamak send --csv`: what is sent, what is left, and what a journal remembers, whatever stops it."""

from __future__ import annotations

import asyncio
import csv
import fcntl
import io
import stat
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from payamak.cli.bulk import Ended, send_file
from payamak.cli.journal import journal_of
from payamak.cli.shell import Failed
from payamak.cli.wanted import Resuming, Wanted
from payamak.client import AsyncClient, PayamakError, Sent
from payamak.client.errors import refusal

COMMON = Wanted(to="", text="")
Answer = Callable[[str], None]
"""What a server does with a message for a recipient: nothing, or it raises."""


class Lost(PayamakError):
    """The answer was lost."""

    may_have_been_sent = True


class Unreached(PayamakError):
    """The server was not reached."""


class Server:
    """A client of a server that has taken each of `sent` so often; `answer` may raise, also after it took it."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.answer: Answer = lambda to: None
        self.takes_first = False

    async def __aenter__(self) -> Server:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def send(self, to: str, text: str, **more: Any) -> Sent:
        """Take it, unless there is another answer."""
        await asyncio.sleep(0)
        if self.takes_first:
            self.sent[to] += 1
        self.answer(to)
        self.sent[to] += not self.takes_first
        return Sent(message_id=int(to[-4:]), line="9830003300", recipient=to)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Twenty rows, one of them with words that a spreadsheet would obey."""
    rows = [f"0912000{number:04d},{'=1+1' if number == 3 else 'x'}" for number in range(20)]
    path = tmp_path / "m.csv"
    path.write_text("\n".join(["Mobile,message", *rows]))
    return path


def out_of(file: Path) -> Path:
    """Where it is told."""
    return file.with_suffix(".sent.csv")


async def send(server: Server, file: Path, *, parallel: int = 1, **resuming: bool) -> Ended:
    """Send it, or go on."""
    told: list[Ended] = []
    client = cast("AsyncClient", server)
    ended = await send_file(lambda: client, file, out_of(file), COMMON, parallel, Resuming(**resuming), told.append)
    assert told == [ended]
    return ended


def results(file: Path) -> list[dict[str, str]]:
    """What the second file tells."""
    return list(csv.DictReader(io.StringIO(out_of(file).read_bytes().decode("utf-8-sig"), newline="")))


def refusing(code: int, at: str) -> Answer:
    """A server that refuses one recipient."""

    def answer(to: str) -> None:
        if to.endswith(at):
            raise refusal(code, "no")

    return answer


def failing(error: type[PayamakError], at: str) -> Answer:
    """A server that fails at one recipient."""

    def answer(to: str) -> None:
        if to.endswith(at):
            raise error

    return answer


async def test_a_whole_file(file: Path) -> None:
    """Each row is sent once; the result has the file's order and columns, for its owner alone; no journal is left."""
    server = Server()
    ended = await send(server, file, parallel=7)
    assert (ended.counts, ended.missing, ended.why) == ({"accepted": 20}, 0, "")
    assert set(server.sent.values()) == {1}
    rows = results(file)
    assert [row["Mobile"] for row in rows] == [f"0912000{number:04d}" for number in range(20)]
    assert [(row["row"], row["status"], row["message_id"]) for row in rows[:2]] == [
        ("2", "accepted", "0"),
        ("3", "accepted", "1"),
    ]
    assert rows[3]["message"] == "'=1+1"
    assert stat.S_IMODE(out_of(file).stat().st_mode) == 0o600
    assert not journal_of(out_of(file)).exists()
    with pytest.raises(Failed, match="exists"):
        await send(server, file)
    with pytest.raises(Failed, match="nothing is to be resumed"):
        await send(server, file, resume=True)


@pytest.mark.parametrize("code", [14, 16, 17, 18, 29])
async def test_a_refusal_of_the_account_stops_and_is_resumed(file: Path, code: int) -> None:
    """Nothing is asked after it; what is missing is sent by the next run, that row too."""
    server = Server()
    server.answer = refusing(code, "0005")
    ended = await send(server, file)
    assert (ended.counts, ended.missing) == ({"accepted": 5, "refused": 1}, 15)
    assert ended.why
    server.answer = lambda to: None
    ended = await send(server, file, resume=True)
    assert (ended.counts, ended.missing) == ({"accepted": 20}, 0)
    assert set(server.sent.values()) == {1}
    assert not journal_of(out_of(file)).exists()


async def test_a_refusal_of_a_row_is_final(file: Path) -> None:
    """The others are sent, and the row is not sent again; busy (23) is: nothing was accepted."""
    server = Server()
    server.answer = refusing(1, "0005")
    ended = await send(server, file)
    assert (ended.counts, ended.missing) == ({"accepted": 19, "refused": 1}, 0)
    assert [row["code"] for row in results(file) if row["code"]] == ["1"]
    out_of(file).unlink()
    busy = Server()
    busy.answer = refusing(23, "0005")
    assert (await send(busy, file)).missing == 1


async def test_a_lost_answer_is_counted_and_left(file: Path) -> None:
    """It may have been sent: no run sends it again unless that is asked for, however often the server fails then."""
    server = Server()
    server.takes_first = True
    server.answer = failing(Lost, "0005")
    ended = await send(server, file)
    assert (ended.counts, ended.missing) == ({"accepted": 19, "unknown": 1}, 0)
    assert (await send(server, file, resume=True)).counts == ended.counts
    assert set(server.sent.values()) == {1}
    server.takes_first = False
    for answer in (failing(Unreached, "0005"), refusing(14, "0005")):
        server.answer = answer
        ended = await send(server, file, resume=True, repeat_unknown=True)
        assert (ended.counts, ended.missing) == ({"accepted": 19, "unknown": 1}, 0)
    server.answer = lambda to: None
    await send(server, file, resume=True)
    assert set(server.sent.values()) == {1}
    ended = await send(server, file, resume=True, repeat_unknown=True)
    assert ended.counts == {"accepted": 20}
    assert [to[-4:] for to, times in server.sent.items() if times == 2] == ["0005"]


async def test_a_server_that_is_gone_stops_it(file: Path) -> None:
    """The first row that does not reach it is the last one that is tried, of each worker."""
    server = Server()

    def answer(to: str) -> None:
        if to >= "09120000008":
            raise Unreached("no connection")

    server.answer = answer
    ended = await send(server, file, parallel=3)
    assert (ended.counts["accepted"], ended.missing, ended.why) == (8, 12, "no connection")
    assert ended.counts["failed"] <= 3


async def test_stopped_by_hand(file: Path) -> None:
    """What is under way is unknown; all is written and told before it ends."""
    told: list[Ended] = []
    server = Server()
    started = asyncio.Event()
    forever = asyncio.Event()

    class Slow(Server):
        async def send(self, to: str, text: str, **more: Any) -> Sent:
            if to.endswith("0004"):
                started.set()
                await forever.wait()
            return await server.send(to, text, **more)

    client = cast("AsyncClient", Slow())
    work = asyncio.create_task(send_file(lambda: client, file, out_of(file), COMMON, 1, Resuming(), told.append))
    await started.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert [(ended.counts, ended.missing) for ended in told] == [({"accepted": 4, "unknown": 1}, 15)]
    assert [row["status"] for row in results(file)][3:6] == ["accepted", "unknown", ""]
    ended = await send(server, file, resume=True)
    assert (ended.counts, server.sent["09120000004"]) == ({"accepted": 19, "unknown": 1}, 0)


async def test_a_journal_that_was_torn_by_a_kill(file: Path) -> None:
    """A row that was begun and not answered is unknown; half a line at the end is taken away."""
    server = Server()
    server.answer = refusing(14, "0002")
    await send(server, file)
    path = journal_of(out_of(file))
    path.write_bytes(path.read_bytes() + b'{"begun":10}\n{"row":10,"sta')
    server.answer = lambda to: None
    ended = await send(server, file, resume=True)
    assert (ended.counts, ended.missing) == ({"accepted": 19, "unknown": 1}, 0)
    assert server.sent["09120000008"] == 0
    assert all(line.startswith(b"{") and line.endswith(b"}") for line in path.read_bytes().splitlines())


def change(file: Path, old: str, new: str) -> None:
    """Other words in the file."""
    file.write_text(file.read_text().replace(old, new))


async def test_another_file_is_not_resumed(file: Path) -> None:
    """Nor is the same with other words, nor one that another process is sending."""
    server = Server()
    server.answer = refusing(14, "0002")
    await send(server, file)
    change(file, "x", "y")
    with pytest.raises(Failed, match="of another file"):
        await send(server, file, resume=True)
    change(file, "y", "x")
    with journal_of(out_of(file)).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Failed, match="in use"):
            await send(server, file, resume=True)
