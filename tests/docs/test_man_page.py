"""payamak(1): made of the help, whole, and read by man without a word of complaint."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tools.man_page import page

from payamak.cli.program import COMMANDS


@pytest.fixture(scope="module")
def text() -> str:
    """The page of today."""
    return "\n".join(page("2026-11-26")) + "\n"


def test_every_command_has_its_section(text: str) -> None:
    """Commands, those of groups too, with their usage, their options and examples."""
    for _, name, _, _ in COMMANDS:
        assert f'.SS "payamak {name}"' in text
    assert '.SS "payamak account credit"' in text
    assert "\\fBpayamak account credit [OPTIONS] NAME AMOUNT\\fR" in text
    assert ".TP\n\\fB\\-\\-dry\\-run\\fR\nOnly show." in text
    assert "Example: \\fBpayamak apply site.toml \\-\\-dry\\-run\\fR" in text


def test_no_line_of_the_help_is_a_request(text: str) -> None:
    """What begins with a point or an apostrophe is one of the requests that the page is made of."""
    requests = {line.split()[0] for line in text.splitlines() if line[:1] in (".", "'")}
    assert requests <= {".TH", ".SH", ".SS", ".PP", ".TP", ".IP", ".nf", ".fi"}


@pytest.mark.debian
@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed (Debian: mandoc)")
def test_man_reads_it(text: str, tmp_path: Path) -> None:
    """mandoc finds nothing to warn of."""
    file = tmp_path / "payamak.1"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", str(file)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("", 0)
