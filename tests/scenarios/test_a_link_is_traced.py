"""What passes on a link can be seen by whoever may read the store, as it passes, without a text or a secret."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import traces
from tests.scenarios.cli_program import OPERATOR_PASSWORD, Shell, ended, site

TEXT = "رمز شما ۴۸۲۱"


@contextmanager
def tracing(shell: Shell, *more: str) -> Iterator[subprocess.Popen[str]]:
    """`payamak trace operator` once it has begun."""
    with subprocess.Popen(
        [sys.executable, "-m", "payamak", "trace", "operator", "--json", *more],
        cwd=shell.folder,
        env=shell.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"link": "operator", "is_up": True, "seconds": 600}
        try:
            yield process
        finally:
            process.kill()


def passed(process: subprocess.Popen[str], count: int) -> list[dict[str, Any]]:
    """So many PDUs, in the order in which they passed."""
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(count)]
    traces.kept_text("".join(lines), traces.Trace.LOG)
    return [json.loads(line) for line in lines]


def test_pdus_are_shown_as_they_pass(tmp_path: Path) -> None:
    """A submit, its answer, its receipt and that's answer; not what they say, and of the number a part."""
    with site(tmp_path) as (shell, server):
        door = tmp_path / "store.sqlite-door"
        assert stat.S_IMODE(os.lstat(door).st_mode) == 0o600
        with tracing(shell) as process:
            shell.json("send", "--to", "09120009000", "--text", TEXT)
            told = passed(process, 4)
            assert [(one["pdu"], one["is_ours"]) for one in told] == [
                ("submit_sm", True),
                ("submit_sm_resp", False),
                ("deliver_sm", False),
                ("deliver_sm_resp", True),
            ]
            assert (told[0]["destination_addr"], told[2]["stat"]) == ("98912***9000", "DELIVRD")
            assert told[0]["text_octets"] == 2 * len(TEXT)
            assert TEXT not in json.dumps(told, ensure_ascii=False)
            assert "989120009000" not in json.dumps(told)
            refused = shell.run("trace", "operator", code=1).err
            assert refused == "payamak: link operator is being traced already\n"
            shell.run("link", "change", "operator", "--window", "20")  # binds anew
            told = passed(process, 4)
            assert ("bind_transceiver", "•••") in [(one["pdu"], one.get("password")) for one in told]
            assert OPERATOR_PASSWORD not in json.dumps(told)
        assert "is running" in shell.run("trace", "other", code=1).err
        assert shell.json("send", "--to", "09120009000", "--text", TEXT)["message_id"]
        assert ended(server)[0] == 0
        assert not door.exists()
    told_by_nobody = shell.run("trace", "operator", code=3).err
    assert told_by_nobody.startswith("payamak: no server runs on ")


def test_a_trace_ends_by_itself(tmp_path: Path) -> None:
    """At its time, and says how much it has told; a question that the door does not know is refused in words."""
    with site(tmp_path) as (shell, _):
        told = shell.run("trace", "operator", "--seconds", "1")
        assert told.out == ""
        assert told.err.splitlines() == ["payamak: link operator is bound; Ctrl-C ends this", "payamak: 0 PDUs"]
        for question in (b"\n", b"GET / HTTP/1.1\r\n", b'{"ask": "secrets", "link": "operator", "seconds": 1}\n'):
            with socket.socket(socket.AF_UNIX) as asking:
                asking.connect(f"{tmp_path}/store.sqlite-door")
                asking.sendall(question)
                assert list(json.loads(asking.makefile().readline())) == ["refused"]
