"""The table of commands: each explains itself and is in the guide; wrong usage is told, not thrown."""

import re
import subprocess
import sys

import pytest
from cyclopts import App
from tests.source import ROOT

from payamak.cli.program import COMMANDS, build, run
from payamak.cli.shell import ExitCode
from payamak.simulator.behaviour import TABLE

GUIDE = (ROOT / "docs" / "guide" / "commands.md").read_text(encoding="utf-8")
NAMES = [name for _, name, _, _ in COMMANDS]
GROUPS = [name for _, name, target, _ in COMMANDS if target.endswith(":app")]


def subcommands(group: str) -> list[str]:
    """The commands of a group."""
    found = build()[group]
    assert isinstance(found, App)
    return [name for name in found if not name.startswith("-")]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` of every command exists and says more than its usage."""
    try:
        code = run([name, "--help"])
    except SystemExit as left:  # simulate has a parser of its own
        code = int(left.code or 0)
    assert code == ExitCode.DONE
    assert len(capsys.readouterr().out.splitlines()) > 5


@pytest.mark.parametrize("name", [name for name in NAMES if name not in GROUPS])
def test_every_command_is_in_the_guide(name: str) -> None:
    """The guide tells of every command."""
    assert re.search(rf"payamak {name}\b", GUIDE)


@pytest.mark.parametrize("group", GROUPS)
def test_every_command_of_a_group_is_in_the_guide(group: str) -> None:
    """The guide tells of every command of a group."""
    row = next(line for line in GUIDE.splitlines() if line.startswith(f"| `payamak {group}"))
    assert [name for name in subcommands(group) if f"`{name}`" not in row] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--prot", "1"],
        ["serve", "--port", "70000"],
        ["nonsense"],
        ["show"],
        ["show", "many"],
        ["messages", "--state", "lost"],
        ["suspend", "everything"],
        ["suspend", "line"],
        ["cancel"],
        ["send", "--to", "09121112222"],
        ["account", "add", "x", "--set", "nonsense"],
        ["link", "add", "x", "--password", "in-clear"],
        ["optout", "seen", "12"],
        ["apply", "no-such-file.toml"],
    ],
)
def test_wrong_usage_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Why usage exits with 2 and a sentence on standard error."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAYAMAK_DATABASE", "/nowhere/at/all.sqlite")
        assert run(arguments) == ExitCode.USAGE
    told = capsys.readouterr()
    assert told.err + told.out
    assert "Traceback" not in told.err


def test_a_store_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A command that looks never makes a store; it exits with 3 and says how to name one."""
    assert run(["queue", "--data", "/nowhere/at/all.sqlite"]) == ExitCode.UNREACHED
    assert "there is no store /nowhere/at/all.sqlite" in capsys.readouterr().err


def test_help_imports_nothing_heavy() -> None:
    """`payamak --help` imports no HTTP, no database and no crypto, so that it is quick."""
    script = (
        "import sys; from payamak.cli.program import run; run(['--help']);"
        "print(sorted({'apsw', 'httpx2', 'httptools', 'argon2', 'msgspec', 'structlog'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_behaviours_have_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    """`payamak simulate --behaviours` is a table that can be read and searched by lines."""
    assert run(["simulate", "--behaviours"]) == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.split()[:1] == [entry.digits] for line in lines for entry in TABLE) == len(TABLE)
