"""A link that is bound and answers no submit is told: by the doctor, the metrics and the log."""

from __future__ import annotations

import json
from pathlib import Path

from tests.scenarios.cli_program import Shell, site

SILENT, WELL = "09120009040", "09120009000"


def trials(shell: Shell) -> list[str]:
    """What the doctor says of links on trial."""
    told = shell.json("doctor", code=None)
    return [finding["name"] for finding in told["findings"] if "on trial" in finding["says"]]


def events(folder: Path) -> list[str]:
    """The events that the server's log tells of links, in their order."""
    rows = [json.loads(row) for row in (folder / "serve.log").read_text(encoding="utf-8").splitlines()]
    return [row["event"] for row in rows if row["event"] in ("link_on_trial", "link_answers")]


def test_a_silent_operator_is_told(tmp_path: Path) -> None:
    """Two submits without an answer put this link on trial; an answer ends it; each is told in three places."""
    with site(tmp_path) as (shell, _):
        shell.run("link", "change", "operator", "--set", "response_timeout_s=1", "--set", "trial_after=2")
        shell.state(int(shell.json("send", "--to", WELL, "--text", "x")["message_id"]), "delivered")
        for _ in range(2):
            shell.run("send", "--to", SILENT, "--text", "x")
        shell.until(lambda told: any("on trial" in f["says"] for f in told["findings"]), "doctor")
        assert trials(shell) == ["link operator"]
        assert events(tmp_path) == ["link_on_trial"]
        shell.state(int(shell.json("send", "--to", WELL, "--text", "x")["message_id"]), "delivered")
        shell.until(lambda told: not any("on trial" in f["says"] for f in told["findings"]), "doctor")
        assert events(tmp_path)[:2] == ["link_on_trial", "link_answers"]
