"""What a shell completes after `payamak`: asked of the shells themselves."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from payamak.cli.program import COMMANDS, run
from payamak.cli.shell import ExitCode

NAMES = {name for _, name, _, _ in COMMANDS}


@pytest.fixture
def script(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """What the command writes for a shell, in a file."""
    assert run(["completion", request.param]) == ExitCode.DONE
    file = tmp_path / f"payamak.{request.param}"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    return file


def said(shell: str, script: str) -> list[str]:
    """What a shell prints, a line each."""
    done = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("script", ["bash"], indirect=True)
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash(script: Path) -> None:
    """Bash completes every command, the commands of a group and the options of each."""

    def completed(*words: str) -> set[str]:
        ask = f"COMP_WORDS=({' '.join(map(repr, words))}); COMP_CWORD={len(words) - 1}; _payamak"
        return set(said("bash", f'source {script}; {ask}; printf "%s\\n" "${{COMPREPLY[@]}}"'))

    assert completed("payamak", "") >= NAMES
    assert completed("payamak", "ac") == {"account"}
    assert completed("payamak", "account", "cr") == {"credit"}
    assert {"--yes", "--dry-run", "--prune"} <= completed("payamak", "apply", "--")


@pytest.mark.debian
@pytest.mark.parametrize("script", ["fish"], indirect=True)
@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed (Debian: fish)")
def test_fish(script: Path) -> None:
    """Fish completes every command with what it does."""
    lines = said("fish", f'source {script}; complete -C "payamak "')
    assert {line.partition("\t")[0] for line in lines} >= NAMES
    assert all(line.partition("\t")[2] for line in lines if line.partition("\t")[0] in NAMES)


@pytest.mark.debian
@pytest.mark.parametrize("script", ["zsh"], indirect=True)
@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed (Debian: zsh)")
def test_zsh(script: Path) -> None:
    """Zsh reads the script as the completion of payamak, with every command in it."""
    (script.parent / "_payamak").write_bytes(script.read_bytes())
    setup = f"fpath=({script.parent} $fpath); autoload -Uz compinit; compinit -u -d {script.parent}/dump"
    assert (
        said("zsh", f"{setup}; print $_comps[payamak]; autoload +X _payamak; functions _payamak | wc -l")[0]
        == "_payamak"
    )
    text = script.read_text(encoding="utf-8")
    assert {name for name in NAMES if f"'{name}:" in text} == NAMES


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A shell that is not known is wrong usage, and the known ones are told."""
    assert run(["completion", "tcsh"]) == ExitCode.USAGE
    told = capsys.readouterr()
    assert all(name in told.err + told.out for name in ("bash", "zsh", "fish"))
