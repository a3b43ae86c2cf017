"""A person runs a site with nothing but the command line: every command against the running program."""

from __future__ import annotations

import csv
import getpass
import json
import signal
import sqlite3
import time
from pathlib import Path

from tests.scenarios.cli_program import DEADLINE_S, Shell, ended, site

LINE, LINE2 = "9830003300", "9830003301"


def send(shell: Shell, to: str, *more: str) -> int:
    """Send one message; its id."""
    return int(shell.json("send", "--to", to, "--text", "سلام", *more)["message_id"])


def test_a_message_is_sent_and_its_story_told(tmp_path: Path) -> None:
    """Sent over HTTP, delivered over SMPP, and `states`, `show`, `messages` and `account list` agree about it."""
    with site(tmp_path) as (shell, _):
        message_id = send(shell, "0912 000 2222")
        story = shell.state(message_id, "delivered")
        assert (story["state_code"], story["message"]["charged"]) == (1, 900)
        assert [entry["kind"] for entry in story["entries"]] == ["reserve", "settle"]
        assert story["parts"][0]["answer"] == "taken"
        assert "text" not in story["message"]["plan"][0]
        assert shell.json("states", str(message_id))[0]["name"] == "DELIVERED"
        (found,) = shell.json("messages", "--recipient", "+98 912 000 2222", "--since", "1h")["messages"]
        assert found["id"] == message_id
        assert shell.json("messages", "--state", "rejected")["messages"] == []
        assert shell.json("account", "list")[0]["available"] == 100_000 - 900
        told = shell.run("show", str(message_id), "--text").out
        assert "سلام" in told
        assert "The operator's receipt says so." in told
        shell.run("show", "77", code=1)


def test_an_opt_out_falls_back_and_lists_are_kept(tmp_path: Path) -> None:
    """A learned opt-out shows up in the list; an imported one too, with its bad lines told; both can be forgotten."""
    with site(tmp_path) as (shell, _):
        (tmp_path / "list.txt").write_text("0912 111 2222\n# mine\n\nnonsense\n۰۹۱۲۱۱۱۳۳۳۳\n", encoding="utf-8")
        done = shell.run("optout", "import", "list.txt", "--operator-wide", code=1)
        assert "line 4" in done.err
        assert [o["code"] for o in shell.json("optout", "list")["opt_outs"]] == [27, 27]
        refused = shell.run("send", "--to", "09121112222", "--text", "x", code=1)
        assert "refused with 27" in refused.err
        shell.run("optout", "forget", "09121112222", "--yes")
        send(shell, "09121112222")
        shell.run("optout", "add", "09121112222", "--line", LINE)
        message_id = send(shell, "09121112222", "--line", LINE, "--line2", LINE2)
        plan = shell.state(message_id, "delivered")["message"]["plan"]
        assert plan[0]["skip"] == 33
        (known,) = shell.json("optout", "seen", "09121112222")["opt_outs"]
        assert (known["line"], known["source"]) == (LINE, "hand")


def first_that_waits(shell: Shell) -> int:
    """Send until the server has seen the suspension and a message stays where it is; its id."""
    deadline_s = time.monotonic() + DEADLINE_S
    while shell.json("show", str(message_id := send(shell, "09120002222")))["message"]["state"] != "queued":
        assert time.monotonic() < deadline_s, "the suspension was not seen"
    return message_id


def test_a_suspended_line_waits_and_what_waits_can_be_cancelled(tmp_path: Path) -> None:
    """Suspended, a line's messages queue; they can be cancelled, and go on when it is resumed."""
    with site(tmp_path) as (shell, _):
        shell.run("suspend", "line", LINE)
        first = first_that_waits(shell)
        second, third = send(shell, "09120002222"), send(shell, "09120002222")
        (row,) = shell.until(lambda rows: len(rows) == 1, "queue")
        assert (row["line"], row["state"], row["count"]) == (LINE, "queued", 3)
        assert f"payamak resume line {LINE}" in shell.json("show", str(first))["why"]
        assert shell.json("cancel", str(first), "77", code=1)["cancelled"] == [first]
        assert shell.json("show", str(first))["message"]["reserved"] == 0
        shell.run("resume", "line", LINE)
        shell.state(second, "delivered")
        shell.state(third, "delivered")
        assert "is delivered" in shell.run("cancel", str(second), code=1).err


def test_a_whole_line_is_cancelled(tmp_path: Path) -> None:
    """All that waits on a line is taken back, and its money with it."""
    with site(tmp_path) as (shell, _):
        shell.run("suspend", "link", "operator")
        first = first_that_waits(shell)
        second = send(shell, "09120002222")
        assert sorted(shell.json("cancel", "--line", LINE, "--yes")["cancelled"]) == [first, second]
        shell.until(lambda rows: not rows, "queue")
        assert [m["id"] for m in shell.json("messages", "--state", "cancelled")["messages"]] == [second, first]
        assert shell.json("account", "list")[0]["reserved"] == 0


def test_what_waits_can_be_moved_to_another_line(tmp_path: Path) -> None:
    """Moved, the messages of a suspended line go out by the other one; `show` tells from where, when and by whom."""
    with site(tmp_path) as (shell, _):
        shell.run("suspend", "line", LINE)
        waiting = [first_that_waits(shell), send(shell, "09120002222")]
        assert shell.json("move", LINE, LINE2, "--yes", code=1)["skipped"] == {"dearer": 2}
        assert "give --yes" in shell.run("move", LINE, LINE2, "--at-old-price", code=2).err
        told = shell.json("move", LINE, LINE2, "--yes", "--at-old-price")
        assert told == {"promised": 2, "moved": 2, "gone": 0, "skipped": {}}
        for message_id in waiting:
            (step,) = shell.state(message_id, "delivered")["message"]["plan"]
            (moved,) = step["moves"]
            assert (step["line"], moved["from_line"], moved["by"]) == (LINE2, LINE, getpass.getuser())
        story = shell.run("show", str(waiting[0])).out
        assert "Moved by hand" in story
        assert getpass.getuser() in story
        shell.run("move", LINE, LINE, code=2)


def test_the_intake_can_be_suspended(tmp_path: Path) -> None:
    """With the intake suspended nothing is accepted, and the doctor says so and what to do."""
    with site(tmp_path) as (shell, _):
        shell.run("suspend", "intake")
        shell.until(lambda told: any("503" in f["says"] for f in told["findings"]), "doctor")
        assert shell.run("send", "--to", "09120002222", "--text", "x", code=1).err
        told = shell.json("doctor", code=1)
        assert [f["todo"] for f in told["findings"] if f["name"] == "intake"] == ["`payamak resume intake`"]
        shell.run("resume", "intake")
        shell.until(lambda told: bool(told["is_well"]), "doctor", "--ledger")


def test_a_csv_file_is_sent_row_by_row(tmp_path: Path) -> None:
    """Every row is sent once, its id or refusal is written, and the result file guards against a second time."""
    with site(tmp_path) as (shell, _):
        rows = [f"0912000{number:04d},پیام {number}," for number in range(2_200, 2_230)]
        (tmp_path / "m.csv").write_text("\n".join(["mobile,message,line2", *rows, "12,x,"]), encoding="utf-8")
        told = shell.json("send", "--csv", "m.csv", code=1)
        assert told["counts"] == {"accepted": 30, "refused": 1}
        with (tmp_path / "m.sent.csv").open(encoding="utf-8-sig", newline="") as opened:
            results = list(csv.DictReader(opened))
        assert [int(row["row"]) for row in results] == list(range(2, 33))
        assert [row["mobile"] for row in results][:2] == ["09120002200", "09120002201"]
        assert len({row["message_id"] for row in results if row["status"] == "accepted"}) == 30
        assert [row["code"] for row in results if row["status"] == "refused"] == ["1"]
        assert "exists" in shell.run("send", "--csv", "m.csv", code=2).err
        (tmp_path / "open.csv").write_text('mobile,message\n09120009001,a\n09120009002,"b\n09120009003,c\n')
        assert "line 3" in shell.run("send", "--csv", "open.csv", code=2).err
        assert not (tmp_path / "open.sent.csv").exists()


def test_a_backup_is_made_while_it_serves(tmp_path: Path) -> None:
    """The copy is a whole store with the messages in it; it never overwrites."""
    with site(tmp_path) as (shell, _):
        message_id = send(shell, "09120002222")
        shell.state(message_id, "delivered")
        shell.run("backup", "copy.sqlite")
        shell.run("backup", "copy.sqlite", code=1)
        copy = sqlite3.connect(tmp_path / "copy.sqlite")
        try:
            assert list(copy.execute("SELECT id, state FROM message")) == [(message_id, "delivered")]
        finally:
            copy.close()
        assert shell.json("show", str(message_id), "--data", "copy.sqlite")["message"]["state"] == "delivered"


def test_serve_stops_cleanly_and_is_alone(tmp_path: Path) -> None:
    """A second server on the same file is refused with a sentence; the first stops with 0, soon."""
    with site(tmp_path) as (shell, process):
        assert "another Payamak serves" in shell.run("serve", "--port", "0", code=2).err
        port = shell.env["PAYAMAK_PORT"]
        other = shell.run("serve", "--data", "other.sqlite", "--port", port, code=2)
        told = json.loads(other.err.splitlines()[-1])
        assert (told["event"], told["level"]) == ("start_failed", "error")
        code, took_s = ended(process, signal.SIGINT)
        assert code == 0
        assert took_s < 20  # under 3 s by promise, where nobody else wants the processor
        assert "payamak: " in shell.run("states", "1001", code=3).err


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """While a stop waits for an operator that does not answer, another signal ends the process."""
    with site(tmp_path) as (shell, process):
        shell.run("account", "change", "shop", "--set", "verdict_wait_ms=0")
        message_id = send(shell, "09120009040")
        shell.state(message_id, "sending")
        process.send_signal(signal.SIGINT)
        code, _ = ended(process, signal.SIGTERM)
        assert code == 130
