"""A file that is sent to a server by `payamak send --csv`: whoever is killed, no row is sent twice, none forgotten."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import traces
from tests.scenarios.cli_program import DEADLINE_S, POLL_S, Shell, site

ROWS = 400
PARALLEL = 4
JOURNAL = "m.sent.csv.journal"


@contextmanager
def sending(shell: Shell, *more: str) -> Iterator[subprocess.Popen[str]]:
    """The command at work."""
    command = [sys.executable, "-m", "payamak", "send", "--csv", "m.csv", "--parallel", str(PARALLEL), *more]
    with subprocess.Popen(
        command, cwd=shell.folder, env=shell.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            assert process.stderr is not None
            traces.kept_text(process.stderr.read(), traces.Trace.COMMAND)


def until_answered(shell: Shell, count: int, process: subprocess.Popen[str]) -> None:
    """Wait until so many rows have their answer in the journal."""
    deadline_s = time.monotonic() + DEADLINE_S
    journal = shell.folder / JOURNAL
    while not journal.exists() or journal.read_bytes().count(b'"accepted"') < count:
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline_s
        time.sleep(POLL_S / 10)


def test_killed_and_resumed_with_a_server_that_is_killed(tmp_path: Path) -> None:
    """Rows whose answer was lost are counted and left; each of the others is one message; the whole file is told."""
    with site(tmp_path) as (shell, server):
        shell.run("account", "credit", "shop", "10000000", "--note", "more")
        rows = [f"0912{number:07d},پیام {number}" for number in range(ROWS)]
        (tmp_path / "m.csv").write_text("\n".join(["mobile,message", *rows]), encoding="utf-8")
        with sending(shell) as process:
            until_answered(shell, 40, process)
            process.kill()
        assert "exists" in shell.run("send", "--csv", "m.csv", code=2).err
        with sending(shell, "--resume") as process:
            until_answered(shell, 120, process)
            server.send_signal(signal.SIGKILL)
            server.wait(DEADLINE_S)
            assert process.wait(DEADLINE_S) == 1
        with shell.running("serve", "--port", "0", "--json") as (_, serving):
            shell.env["PAYAMAK_URL"] = serving["url"]
            told = shell.json("send", "--csv", "m.csv", "--resume", code=None)
            if told["counts"].get("unknown"):
                assert shell.json("send", "--csv", "m.csv", "--resume", code=1)["counts"] == told["counts"]
            found = shell.json("messages", "--limit", "100000")["messages"]
    counts = told["counts"]
    assert set(counts) <= {"accepted", "unknown"}
    assert (sum(counts.values()), told["missing"]) == (ROWS, 0)
    assert counts.get("unknown", 0) <= 4 * PARALLEL
    times = Counter(message["recipient"] for message in found)
    assert set(times.values()) == {1}
    with (tmp_path / "m.sent.csv").open(encoding="utf-8-sig", newline="") as opened:
        results = list(csv.DictReader(opened))
    assert [row["mobile"] for row in results] == [row.split(",")[0] for row in rows]
    ids = {message["id"]: message["recipient"] for message in found}
    accepted = [row for row in results if row["status"] == "accepted"]
    assert all(ids[int(row["message_id"])] == f"98{row['mobile'][1:]}" for row in accepted)
    left = [f"98{row['mobile'][1:]}" for row in results if row["status"] == "unknown"]
    assert set(times) <= {*left, *ids.values()}
    assert len(accepted) == counts["accepted"]
    assert os.path.exists(tmp_path / JOURNAL) is bool(left)
