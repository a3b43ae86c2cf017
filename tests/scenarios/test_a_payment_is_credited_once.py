"""The example for a payment page: called as often as it likes, it credits a payment once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.scenarios.cli_program import SITE, Shell
from tests.source import ROOT

EXAMPLE = ROOT / "contrib" / "payment" / "credit.py"


def pay(shell: Shell, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the example as the page would."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{shell.env['PATH']}"
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments],
        cwd=shell.folder,
        env={**shell.env, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_payment_is_credited_once(tmp_path: Path) -> None:
    """Again it changes nothing and says so; another amount, no account and wrong words are refused."""
    shell = Shell(tmp_path)
    (tmp_path / "site.toml").write_text(SITE.format(port=2775), encoding="utf-8")
    shell.run("apply", "site.toml", "--yes")
    first, again = pay(shell, "shop", "50000", "bank-1042"), pay(shell, "shop", "50000", "bank-1042")
    assert (first.returncode, first.stdout) == (0, "shop has 50,000 rial\n")
    assert (again.returncode, again.stdout) == (0, "shop has 50,000 rial (was credited before)\n")
    assert pay(shell, "shop", "60000", "bank-1042").returncode == 1
    assert pay(shell, "nobody", "60000", "bank-1043").returncode == 1
    assert pay(shell, "shop", "-5", "bank-1044").stderr.startswith("usage: ")
    assert shell.json("account", "list")[0]["available"] == 50_000
