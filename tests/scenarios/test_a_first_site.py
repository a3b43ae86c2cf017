"""`payamak init`: from nothing to a delivered message; what is wrong is told before anything is written."""

from __future__ import annotations

import os
import pty
import select
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests import traces
from tests.ports import reserved_port
from tests.scenarios.cli_program import DEADLINE_S, OPERATOR_PASSWORD, Shell, ended

from payamak.cli.init import FILES

FLAGS = {
    "--system-id": "shop",
    "--operator-password": "env:OPERATOR_PASSWORD",
    "--line": "9830003300",
    "--account": "shop",
    "--password": "env:PAYAMAK_PASSWORD",
    "--price": "900",
    "--latin-price": "2100",
    "--credit": "50000",
    "--to": "09120000000",
}


def flags(**changes: str | None) -> list[str]:
    """The flags of a whole answer, some of them another or left out."""
    changed = {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return [word for name, value in {**FLAGS, **changed}.items() if value is not None for word in (name, value)]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell whose store is the one of the folder `home`."""
    return Shell(tmp_path, {"PAYAMAK_DATABASE": str(tmp_path / "home" / "payamak.sqlite")})


def written(shell: Shell) -> list[str]:
    """What lies in the folder."""
    home = shell.folder / "home"
    return sorted(path.name for path in home.iterdir()) if home.exists() else []


def test_a_sandbox_in_one_command(shell: Shell) -> None:
    """Asked nothing, it writes a site, tries it, and says how to go on; what it says then works."""
    with reserved_port() as port:
        told = shell.json("init", "home", "--sandbox", "--operator", f"127.0.0.1:{port}")
    assert told["trial"] == {"says": "The link is bound; test message 1001: received by the handset.", "is_well": True}
    for name in (*FILES, "payamak.sqlite"):
        assert stat.S_IMODE((shell.folder / "home" / name).stat().st_mode) == 0o600, name
    assert shell.json("apply", "home/site.toml", "--prune") == {"differences": [], "applied": False}
    secret = (shell.folder / "home" / "secrets.env").read_text().split('"')[1]
    shell.env |= {"OPERATOR_PASSWORD": secret, "PAYAMAK_PASSWORD": told["password"]}
    del shell.env["PAYAMAK_DATABASE"]
    shell.env["PAYAMAK_CONFIG"] = str(shell.folder / "home" / "settings.toml")
    with (
        shell.running("simulate", "--port", str(port), "--receipt-ms", "50", "--account", f"sandbox:{secret}"),
        shell.running("serve", "--port", "0", "--json") as (process, serving),
    ):
        shell.env["PAYAMAK_URL"] = serving["url"]
        sent = shell.json("send", "--to", "09120000000", "--text", "سلام")
        shell.state(sent["message_id"], "delivered")
        assert ended(process)[0] == 0
    assert shell.json("account", "show", "shop")["available"] == 1_000_000 - 2 * 900


def test_an_operator_by_flags(shell: Shell) -> None:
    """Where nobody can be asked the flags say all; the message goes by the operator, and is paid for."""
    with shell.running("simulate", "--receipt-ms", "50", "--account", f"shop:{OPERATOR_PASSWORD}") as (_, operator):
        address = f"127.0.0.1:{operator['port']}"
        # Advertising lines sleep at night, and the test must not.
        done = shell.run("init", "home", "--operator", address, *flags(to=""))
        assert "The link is bound; no test message was wanted." in done.out
        assert f"export PAYAMAK_CONFIG={shell.folder}/home/settings.toml" in done.out
        site = (shell.folder / "home" / "site.toml").read_text(encoding="utf-8")
        assert 'password = "env:OPERATOR_PASSWORD"\n\n' in site
        assert OPERATOR_PASSWORD not in site
        assert shell.env["PAYAMAK_PASSWORD"] not in site
        assert shell.json("line", "show", "9830003300")["gsm7_rial"] == 2_100
        assert shell.json("account", "show", "shop")["available"] == 50_000
        told = shell.run("init", "home", "--operator", address, *flags(), code=2).err
        assert "settings.toml is there already, and nothing is overwritten" in told
        told = shell.run("init", "other", "--data", "home/payamak.sqlite", "--sandbox", code=2).err
        assert "has a site already" in told
        assert not (shell.folder / "other").exists()


def test_an_operator_that_is_not_there(shell: Shell) -> None:
    """The files are written, the exit code is 1, and it says what to look at."""
    sooner = "import payamak.cli.trial as trial; trial.BIND_S = 0.5; from payamak.cli import main; main()"
    with reserved_port() as port:
        done = subprocess.run(
            [sys.executable, "-c", sooner, "init", "home", "--operator", f"127.0.0.1:{port}", *flags()],
            cwd=shell.folder,
            env=shell.env,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
    traces.kept_text(done.stderr, traces.Trace.COMMAND)
    assert (done.returncode, done.stderr) == (1, "")
    assert f"No link: 127.0.0.1:{port} has not bound us" in done.stdout
    assert "Look at address, login and the operator's allow list" in done.stdout
    assert set(FILES) <= set(written(shell))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"price": None, "line": None}, "nobody to ask: give --line, --price, or --sandbox"),
        ({"price": "-1"}, "-1 is not allowed; allowed: 0 to"),
        ({"price": "10.5"}, "write a whole number"),
        ({"credit": "-5"}, "-5 is not allowed"),
        ({"line": "shop"}, "a line is a number of 3 to 18 digits"),
        ({"system_id": "longer-than-15-octets"}, "system_id cannot be"),
        ({"operator": ""}, "host cannot be"),
        ({"operator": "host:port"}, "nothing was written"),
        ({"operator_password": "in-clear"}, "a password on the command line is seen"),
        ({"operator_password": "env:NOT_SET"}, "NOT_SET is not set"),
        ({"password": "env:SHORT"}, "at least 8 characters"),
        ({"account": ""}, "username cannot be"),
    ],
)
def test_wrong_answers_write_nothing(shell: Shell, changes: dict[str, str | None], says: str) -> None:
    """What is wrong is told with what is allowed, the exit code is 2, and nothing is there afterwards."""
    shell.env["SHORT"] = "short"
    done = shell.run("init", "home", *flags(**{"operator": "127.0.0.1:2775", **changes}), code=2)
    assert says in done.err + done.out
    assert written(shell) == []


def test_a_store_that_cannot_be_made_leaves_no_files(shell: Shell) -> None:
    """Whoever names another place afterwards is not told that something is there already."""
    (shell.folder / "a-file").write_text("", encoding="utf-8")
    told = shell.run("init", "home", "--sandbox", "--data", "a-file/payamak.sqlite", code=3)
    assert "a-file" in told.err
    assert written(shell) == []
    assert told.out == ""


def test_a_person_is_asked(shell: Shell) -> None:
    """At a terminal each answer is asked for, a wrong one again; digits may be Persian; passwords are not echoed."""
    answers = [
        ("operator's address", "127.0.0.1:port"),
        ("operator's address", "127.0.0.1:{port}"),
        ("(system_id)", "longer-than-15-octets"),
        ("(system_id)", "shop"),
        ("sender number", "shop"),
        ("sender number", "۹۸۳۰۰۰۳۳۰۰"),
        ("first customer", "shop"),
        ("Persian text", "10.5"),
        ("Persian text", "۹۰۰"),
        ("credit", "-1"),
        ("credit", "10000"),
        ("test message", "1"),
        ("test message", ""),
        ("operator's login", OPERATOR_PASSWORD),
        ("New web-service", "short"),
        ("Once more", "short"),
        ("New web-service", "secret-3300"),
        ("Once more", "other-3300"),
        ("New web-service", "secret-3300"),
        ("Once more", "secret-3300"),
    ]
    with shell.running("simulate", "--account", f"shop:{OPERATOR_PASSWORD}") as (_, operator):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "payamak", "init", "home"],
            cwd=shell.folder,
            env=shell.env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        seen, deadline_s = "", time.monotonic() + DEADLINE_S
        for question, answer in answers:
            while question not in seen:
                assert time.monotonic() < deadline_s, seen
                if select.select([ours], [], [], 0.1)[0]:
                    seen += os.read(ours, 65_536).decode()
            seen = seen.partition(question)[2]
            os.write(ours, answer.format(port=operator["port"]).encode() + b"\n")
        while process.poll() is None:
            assert time.monotonic() < deadline_s, seen
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    seen += os.read(ours, 65_536).decode()
                except OSError:
                    break
        os.close(ours)
        assert process.wait(DEADLINE_S) == 0, seen
    assert "secret-3300" not in seen
    assert shell.json("line", "show", "9830003300")["ucs2_rial"] == 900


def test_serving_an_empty_store_says_what_is_missing(shell: Shell) -> None:
    """The log warns of every kind of document that there is none of; a store with a site is served without a word."""
    with shell.running("serve", "--port", "0", "--json") as (process, _):
        assert ended(process)[0] == 0
    log = (shell.folder / "serve.log").read_text(encoding="utf-8")
    (line,) = [line for line in log.splitlines() if "nothing_to_serve" in line]
    assert '"what": "link, line, account"' in line
    assert "payamak apply site.toml" in line
    with reserved_port() as port:
        shell.json("init", "home", "--sandbox", "--operator", f"127.0.0.1:{port}")
    with shell.running("serve", "--port", "0", "--json") as (process, _):
        assert ended(process)[0] == 0
    assert (shell.folder / "serve.log").read_text(encoding="utf-8").count("nothing_to_serve") == 1
