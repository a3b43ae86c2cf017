"""A clerk's afternoon: from a spoiled Excel file to proof and statement, by the commands of the guide and no others.

Not in a fresh root as the other people: the gateway is somebody else's, and runs here.
"""

from __future__ import annotations

import csv
import shlex
import subprocess
import sys
from pathlib import Path

from python_calamine import CalamineWorkbook
from tests.journeys.person import commands
from tests.scenarios.cli_program import Done, Shell, site
from tests.source import ROOT

PAGE = "docs/guide/clerk.md"
HEADINGS = ("A file to follow along", "Look before you send", "Send", "Afterwards")


def lines_of(page: str) -> list[str]:
    """What stands in the indented lines of a page, in its order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


def step(shell: Shell, heading: str, begins: str, *more: str) -> Done:
    """Do what the page says."""
    (command,) = [line for line in commands(PAGE, heading) if line.startswith(begins) and line in lines_of(PAGE)]
    return shell.run(*shlex.split(command)[1:], *more)


def test_a_clerk(tmp_path: Path) -> None:
    """What is spoiled and can be read goes, what is left out is told, nothing goes twice, and the sums are a file."""
    made = shlex.split(lines_of(PAGE)[0])
    subprocess.run([sys.executable, *made[1:-1], str(tmp_path / made[-1])], cwd=ROOT, check=True, capture_output=True)
    with site(tmp_path) as (shell, _):
        told = step(shell, HEADINGS[1], "payamak campaign new").out
        assert "1 numbers had lost their first zero" in told
        assert "8 rows, 5 would go, 3 are left out" in told
        step(shell, HEADINGS[1], "payamak campaign check")
        left_out = list(csv.reader((tmp_path / "left-out.csv").read_text(encoding="utf-8-sig").splitlines()))[1:]
        assert [row[0] for row in left_out] == ["7", "8", "9"]
        step(shell, HEADINGS[2], "payamak campaign start", "--yes")
        shell.until(lambda told: bool(told["state"] == "finished"), "campaign", "show", "1")
        shell.until(lambda told: bool(sum(row["delivered"] for row in told["sums"]) == 5), "stats")
        step(shell, HEADINGS[2], "payamak campaign show")
        step(shell, HEADINGS[3], "payamak campaign report")
        step(shell, HEADINGS[3], "payamak campaign prove")
        texts = {m["plan"][0]["text"] for m in shell.json("messages", "--text")["messages"]}
        assert "رضا عزیز، اشتراک سال ۱۴۰۵ آماده است" in texts
        assert "علی عزیز، اشتراک سال 1405 آماده است" in texts
        assert "1" in step(shell, HEADINGS[3], "payamak stats").out
        step(shell, HEADINGS[3], "payamak account statement")
        rows = CalamineWorkbook.from_path(tmp_path / "statement.xlsx").get_sheet_by_index(0).to_python()
        assert all(isinstance(cell, str) for row in rows for cell in row)


def test_both_pages_have_the_same_commands() -> None:
    """What is typed is the same in either language."""
    assert lines_of(PAGE) == lines_of("docs/guide/clerk.fa.md")
    assert len(lines_of(PAGE)) == 9
