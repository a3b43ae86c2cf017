"""A person makes the simulated operator speak: a handset, a receipt, an outage."""

from __future__ import annotations

import stat
from pathlib import Path

from tests.scenarios.cli_program import OPERATOR_PASSWORD, SITE, Shell

from payamak.simulator.door import door_of

LINE = "9830003300"


def test_a_simulator_that_runs_is_spoken_to(tmp_path: Path) -> None:
    """A message from a handset comes, a receipt is forced, an outage is waited out; nobody else may speak to it."""
    shell = Shell(tmp_path)
    with shell.running("simulate", "--receipt-ms", "86400000", "--account", f"shop:{OPERATOR_PASSWORD}") as (
        _,
        operator,
    ):
        port = str(operator["port"])
        (tmp_path / "site.toml").write_text(SITE.format(port=port), encoding="utf-8")
        shell.run("apply", "site.toml", "--yes")
        shell.run("account", "credit", "shop", "100000")
        assert stat.S_IMODE(door_of(int(port)).lstat().st_mode) == 0o600
        with shell.running("serve", "--port", "0", "--json") as (_, serving):
            shell.env["PAYAMAK_URL"] = serving["url"]
            first = shell.json("send", "--to", "09120001234", "--text", "سلام")["message_id"]
            said = shell.run("simulate", "say", LINE, "0912 000 1234", "سلام از گوشی", "--port", port)
            assert said.out == "The gateway has it.\n"
            (received,) = shell.json("received", "list", "--text")["received"]
            assert (received["line"], received["sender"], received["text"]) == (LINE, "989120001234", "سلام از گوشی")

            shell.state(first, "enroute")
            told = shell.run("simulate", "receipt", "09120001234", "undeliv", "--err", "006", "--port", port)
            assert told.out == "1 receipt on the way.\n"
            (part,) = shell.state(first, "undeliverable")["parts"]
            assert (part["receipt_stat"], part["receipt_err"]) == ("UNDELIV", "006")

            assert shell.run("simulate", "outage", "10", "--port", port).out == "The operator is away for 10 s.\n"
            assert "away already" in shell.run("simulate", "outage", "1", "--port", port, code=1).err
            second = shell.json("send", "--to", "09120001235", "--text", "سلام")["message_id"]
            shell.state(second, "enroute")

            assert (
                "no message to this number"
                in shell.run("simulate", "receipt", "1", "DELIVRD", "--port", port, code=1).err
            )
            assert "one of" in shell.run("simulate", "receipt", "09120001235", "GONE", "--port", port, code=1).err
    assert "no such simulator" in shell.run("simulate", "say", LINE, "0912", "x", "--port", port, code=3).err
