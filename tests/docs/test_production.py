"""The guide for production, walked: its commands do what it says, as they stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.docs.test_backup import walk
from tests.scenarios.cli_program import OPERATOR_PASSWORD, Shell, ended
from tests.source import ROOT

GUIDE = ROOT / "docs" / "guide"
PAGE = (GUIDE / "production.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```sh( stopped)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = {
    "opt-outs.csv": "0912 111 0000\n۰۹۱۲۱۱۱۰۰۰۱\n",
    "customers.csv": "bookshop,9830003300,250000,their-old-password\nclinic,9830003300,90000,another-password\n",
    "templates.csv": "clinic,1,نوبت شما: {time}\n",
}


def blocks(heading: str) -> list[str]:
    """The blocks of a section that a person runs."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = [block for _, block in BLOCK.findall(section)]
    assert found, f"the section {heading!r} has no block to run"
    return found


def walked(shell: Shell, heading: str) -> str:
    """Run the blocks of a section in their order; what they said."""
    return "".join(walk(shell, block) for block in blocks(heading))


SERVING = ("Customers who come from another provider", "Copies, and whether they are any good")


@pytest.mark.slow
def test_the_page(tmp_path: Path) -> None:
    """A first site, customers moved in, a copy put back, an upgrade and a move: each by the commands of the page."""
    site, backups = tmp_path / "site", tmp_path / "backups"
    backups.mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    store = str(site / "payamak.sqlite")
    shell = Shell(tmp_path, {"SITE": str(site), "BACKUPS": str(backups), "STORE": store, "PAYAMAK_DATABASE": store})
    shell.env["SHOP_PASSWORD"] = shell.env["PAYAMAK_PASSWORD"]
    with shell.running("simulate", "--receipt-ms", "50", "--account", f"shop:{OPERATOR_PASSWORD}") as (_, operator):
        shell.env["OPERATOR"] = f"127.0.0.1:{operator['port']}"
        said = walked(shell, "The first operator")
        assert "The link is bound" in said
        assert "no difference" in said
        with shell.running("serve", "--port", "0", "--json") as (process, serving):
            shell.env["PAYAMAK_URL"] = serving["url"]
            shell.run("line", "change", "9830003300", "--set", "hours=always")
            moved_in, copies = (walked(shell, heading) for heading in SERVING)
            balances = {row["username"]: row["available"] for row in shell.json("account", "list")}
            assert balances == {"shop": 5_000_000, "bookshop": 250_000, "clinic": 90_000}
            assert "bookshop" in moved_in
            assert "every account balances" in copies
            assert shell.json("template", "list", "clinic")[0]["number"] == 1
            assert {row["line"] for row in shell.json("optout", "list")["opt_outs"]} == {"9830003300"}
            shell.env |= {"PAYAMAK_USERNAME": "bookshop", "PAYAMAK_PASSWORD": "their-old-password"}
            refused = shell.run("send", "--to", "09121110000", "--text", "سلام", code=1)
            assert "33" in refused.err
            sent = shell.json("send", "--to", "09120000000", "--text", "سلام")
            shell.state(sent["message_id"], "delivered")
            assert shell.json("account", "credit", "clinic", "90000", "--reference", "moved-in")["is_repeated"]
            before, _ = blocks("Upgrade it")
            walk(shell, before)
            assert ended(process)[0] == 0
        _, migrate = blocks("Upgrade it")
        assert "The schema of" in walk(shell, migrate)
        said = walked(shell, "To another machine")
        assert "every account balances" in said
        (there,) = backups.glob("moving")
        shell.env["PAYAMAK_DATABASE"] = str(there / "payamak.sqlite")
        with shell.running("serve", "--port", "0", "--json") as (process, _):
            assert shell.json("show", str(sent["message_id"]))["message"]["state"] == "delivered"
            assert ended(process)[0] == 0
        assert "held_after_restore" not in (tmp_path / "serve.log").read_text(encoding="utf-8")


def test_every_block_is_walked() -> None:
    """No block stands in a section that the walk above passes by."""
    headings = ("The first operator", *SERVING, "Upgrade it", "To another machine")
    assert sum(len(blocks(heading)) for heading in headings) == len(BLOCK.findall(PAGE))


@pytest.mark.parametrize(("readme", "page"), [("README.md", "production.md"), ("README.fa.md", "production.fa.md")])
def test_it_is_found(readme: str, page: str) -> None:
    """Each readme leads to the page of its language."""
    assert f"(docs/guide/{page})" in (ROOT / readme).read_text(encoding="utf-8")


def measured(cell: str, figure: str) -> float:
    """The median of a figure of docs/reference/speed.md."""
    cells = json.loads((ROOT / "docs" / "reference" / "speed.json").read_text(encoding="utf-8"))["now"]["cells"]
    values = sorted(cells[cell][figure])
    return float(values[len(values) // 2])


@pytest.mark.parametrize(
    ("words", "cell", "figure", "scale"),
    [
        ("messages a second, full path", "full-64", "messages_per_s", 1),
        ("processor time a message", "full-64", "cpu_us", 1_000),
        ("accepted a second while the operator is away", "accept", "accepted_per_s", 1),
        ("calls a second with one webhook", "webhook", "messages_per_s", 1),
        ("octets of log a message", "full-64", "log_octets", 1),
    ],
)
def test_a_figure_is_the_measured_one(words: str, cell: str, figure: str, scale: int) -> None:
    """What the page promises of capacity is what was measured, within a fifth."""
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {words}")]
    (said,) = re.findall(r"\| ([0-9.,]+)(?: ms)? \|$", row)
    assert float(said.replace(",", "")) == pytest.approx(measured(cell, figure) / scale, rel=0.2)
