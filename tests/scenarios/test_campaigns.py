"""A clerk sends to the people of a file: checked, started, paused, resumed, taken back, proven; by commands alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.scenarios.cli_program import Shell, site

LINE = "9830003300"


def people(path: Path, count: int) -> Path:
    """A file of so many people, with names, and three rows that cannot go: no number, no name, a doubled one."""
    rows = [f"0912{n:07},نام {n}" for n in range(count)]
    path.write_text("\n".join(["mobile,name", *rows, "12,علی", "09120000001,", rows[0]]) + "\n", encoding="utf-8")
    return path


def drafted(shell: Shell, count: int, *more: str) -> Any:
    """A draft of a file, checked."""
    file = people(shell.folder / "people.csv", count)
    return shell.json("campaign", "new", str(file), "--account", "shop", "--text", "سلام {name}", *more)


def proven(shell: Shell, campaign_id: int) -> Any:
    """The proof, without a fault, and that of the ledger."""
    proof = shell.json("campaign", "prove", str(campaign_id))
    assert (proof["faults"], proof["twice"], proof["lost"]) == ([], 0, 0)
    assert proof["held"] == proof["charged"] + proof["released"] + proof["reserved"]
    (money,) = [found for found in shell.json("doctor", "--ledger", code=None)["findings"] if found["name"] == "ledger"]
    assert money["is_well"], money
    return proof


def test_a_file_is_sent_and_proven(tmp_path: Path) -> None:
    """Rows that cannot go are said by reason; the sum that was shown is the bill; two starts are one."""
    with site(tmp_path) as (shell, _):
        draft = drafted(shell, 60)
        assert (draft["rows"], draft["pending"], draft["excluded"]) == (63, 60, 3)
        assert draft["most_rial"] == draft["likely_rial"] == 60 * 900
        assert draft["left_out"] == {
            "excluded:duplicate:": 1,
            "excluded:field_empty:": 1,
            "excluded:no_number:1": 1,
        }
        campaign_id = draft["id"]
        shell.run("campaign", "start", str(campaign_id), code=2)
        assert shell.json("campaign", "start", str(campaign_id), "--yes")["was_started_before"] is False
        assert shell.json("campaign", "start", str(campaign_id), "--yes")["was_started_before"] is True
        done = shell.until(lambda told: told["state"] == "finished", "campaign", "show", str(campaign_id))
        assert (done["made"], done["final"], done["failed"], done["held_rial"]) == (60, 60, 0, 0)
        proof = proven(shell, campaign_id)
        assert (proof["held"], proof["charged"], proof["released"]) == (54_000, 54_000, 0)
        assert (proof["attempts"], proof["taken"], proof["receipts"], proof["copies"]) == (60, 60, 60, 0)
        (row,) = shell.json("campaign", "report", str(campaign_id))["sums"]
        assert (row["line"], row["delivered"], row["charged"]) == (LINE, 60, 54_000)
        again = shell.json("campaign", "again", str(campaign_id), "--of", "reached")
        assert (again["rows"], again["pending"], again["same_file_today"]) == (60, 60, [campaign_id])
        assert shell.json("campaign", "again", str(campaign_id), code=1)["rows"] == 2
        acts = [act["what"] for act in shell.json("audit")["acts"]]
        assert acts.count("campaign start") == 1


def test_a_pause_a_resume_and_a_cancel(tmp_path: Path) -> None:
    """Paused nothing more leaves; resumed it goes on; taken back what waits comes back, and the money with it."""
    with site(tmp_path) as (shell, _):
        draft = drafted(shell, 100, "--pace", "60")
        one = str(draft["id"])
        shell.run("campaign", "start", one, "--yes")
        shell.until(lambda told: told["made"] >= 2, "campaign", "show", one)
        assert shell.json("campaign", "pause", one)["state"] == "paused"
        stopped = shell.json("campaign", "show", one)
        assert (stopped["reason"], "by hand" in shell.run("campaign", "show", one).out) == ("by_hand", True)
        assert shell.json("campaign", "resume", one)["state"] == "sending"
        shell.until(lambda told: told["made"] > stopped["made"], "campaign", "show", one)
        taken = shell.json("campaign", "cancel", one, "--yes")
        assert taken["state"] == "cancelled"
        ended = shell.until(lambda told: told["final"] == told["made"], "campaign", "show", one)
        assert ended["made"] + ended["excluded"] == 103
        proof = proven(shell, draft["id"])
        assert proof["held"] == 100 * 900
        assert proof["reserved"] == 0


def test_a_suspended_line_pauses_it_until_it_goes_on(tmp_path: Path) -> None:
    """What is over by itself goes on by itself."""
    with site(tmp_path) as (shell, _):
        draft = drafted(shell, 5)
        one = str(draft["id"])
        shell.run("suspend", "line", LINE)
        shell.run("campaign", "start", one, "--yes")
        shell.until(lambda told: told["reason"] == "line_suspended", "campaign", "show", one)
        shell.run("resume", "line", LINE)
        shell.until(lambda told: told["state"] == "finished", "campaign", "show", one)
        proven(shell, draft["id"])


def test_more_than_the_account_has(tmp_path: Path) -> None:
    """Refused, with how many the money would reach; nothing is held."""
    with site(tmp_path) as (shell, _):
        draft = drafted(shell, 200)
        refused = shell.run("campaign", "start", str(draft["id"]), "--yes", code=1)
        assert "that would reach about 111 of 200" in refused.err
        assert shell.json("account", "list")[0]["reserved"] == 0
        assert (
            "به حدود 111 از 200"
            in shell.run("--lang", "fa", "campaign", "start", str(draft["id"]), "--yes", code=1).err
        )
