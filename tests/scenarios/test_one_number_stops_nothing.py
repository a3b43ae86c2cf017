"""A number that an older program let into the store stops neither messages nor deadlines, and is told by everybody."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tests.scenarios.cli_program import OPERATOR_PASSWORD, SITE, Shell, ended

NUMBERS: dict[tuple[str, str], dict[str, float]] = {
    ("line", "9830003300"): {"receipt_grace_hours": 1e300, "messages_per_minute": 1e-9},
    ("link", "operator"): {"enquire_link_s": -1, "parts_per_second": -1, "source_ton": 999},
    ("account", "shop"): {"max_parts": 999, "keep_days": 1e300},
}


def spoil(store: Path) -> None:
    """Put the numbers in, as a program without bounds would have."""
    db = sqlite3.connect(store)
    for (kind, name), numbers in NUMBERS.items():
        ((body,),) = db.execute("SELECT body FROM config WHERE kind = ? AND name = ?", (kind, name)).fetchall()
        made = json.dumps({**json.loads(body), **numbers})
        db.execute("UPDATE config SET body = ? WHERE kind = ? AND name = ?", (made, kind, name))
    db.commit()
    db.close()


def test_served_told_and_mended(tmp_path: Path) -> None:
    """Messages are delivered, log and doctor name each setting, the file that says it is refused, a right one mends."""
    shell = Shell(tmp_path)
    with shell.running("simulate", "--receipt-ms", "50", "--account", f"shop:{OPERATOR_PASSWORD}") as (_, operator):
        text = SITE.format(port=operator["port"])
        (tmp_path / "site.toml").write_text(text, encoding="utf-8")
        shell.run("apply", "site.toml", "--yes")
        shell.run("account", "credit", "shop", "100000")
        spoil(tmp_path / "store.sqlite")
        wrong = sorted(f"{kind} {name} {field}" for (kind, name), fields in NUMBERS.items() for field in fields)
        with shell.running("serve", "--port", "0", "--json") as (process, serving):
            shell.env["PAYAMAK_URL"] = serving["url"]
            shell.env["PAYAMAK_PORT"] = serving["url"].rpartition(":")[2]
            message_id = shell.json("send", "--to", "09121110000", "--text", "سلام", "--line", "9830003301")[
                "message_id"
            ]
            shell.state(message_id, "delivered")
            told = [
                f["says"] for f in shell.json("doctor", code=1)["findings"] if f["name"] == "site" and not f["is_well"]
            ]
            assert sorted(" ".join(says.replace(":", "").split()[:3]) for says in told) == wrong
            assert all("allowed: " in says and "counts" in says for says in told)
            bad = text.replace("ucs2_rial = 900\n", "ucs2_rial = 900\nreceipt_grace_hours = 1e300\n")
            (tmp_path / "bad.toml").write_text(bad, encoding="utf-8")
            assert (
                "receipt_grace_hours cannot be 1e+300; allowed: 0 to 2160" in shell.run("apply", "bad.toml", code=2).err
            )
            shell.run("apply", "site.toml", "--yes")
            assert shell.json("apply", "site.toml") == {"differences": [], "applied": False}
            assert [
                f for f in shell.json("doctor", code=None)["findings"] if f["name"] == "site" and not f["is_well"]
            ] == []
            assert ended(process)[0] == 0
    log = [json.loads(line) for line in (tmp_path / "serve.log").read_text(encoding="utf-8").splitlines()]
    warned = [line for line in log if line["event"] == "setting_not_allowed"]
    assert (
        sorted(" ".join(filter(None, (line["document"], line.get("line"), line["setting"]))) for line in warned)
        == wrong
    )
    assert {line["level"] for line in warned} == {"warning"}
