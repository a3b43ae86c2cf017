"""The site as one file, the groups' commands, and settings: what is wrong is told with its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ports import reserved_port
from tests.scenarios.cli_program import SITE, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in a folder with an applied site; nothing serves it, and its link reaches nobody."""
    made = Shell(tmp_path)
    with reserved_port() as port:
        (tmp_path / "site.toml").write_text(SITE.format(port=port), encoding="utf-8")
        made.run("apply", "site.toml", "--yes")
        yield made


def test_apply_shows_asks_and_is_idempotent(shell: Shell) -> None:
    """Without an answer nothing changes; --dry-run only shows; the same file again shows no difference."""
    assert shell.json("apply", "site.toml") == {"differences": [], "applied": False}
    text = (shell.folder / "site.toml").read_text(encoding="utf-8").replace("ucs2_rial = 900", "ucs2_rial = 950")
    (shell.folder / "new.toml").write_text(text, encoding="utf-8")
    shell.run("apply", "new.toml", code=2)
    shown = shell.run("apply", "new.toml", "--dry-run").out
    assert "ucs2_rial: 900 → 950" in shown
    assert shell.json("line", "show", "9830003300")["ucs2_rial"] == 900
    shell.run("apply", "new.toml", "--yes")
    assert shell.json("line", "show", "+98 3000 3300")["ucs2_rial"] == 950


def test_what_was_exported_changes_nothing(shell: Shell) -> None:
    """`apply` of `export` shows no difference, with secrets and without; without them there are none in it."""
    shell.run("export", "plain.toml")
    shell.run("export", "secret.toml", "--secrets")
    for file in ("plain.toml", "secret.toml"):
        assert shell.json("apply", file, "--prune") == {"differences": [], "applied": False}
    assert "argon2id" not in (shell.folder / "plain.toml").read_text()
    assert "$argon2id$" in (shell.folder / "secret.toml").read_text()
    assert (shell.folder / "secret.toml").stat().st_mode & 0o077 == 0
    elsewhere = Shell(shell.folder, env={"PAYAMAK_DATABASE": str(shell.folder / "elsewhere.sqlite")})
    elsewhere.run("apply", "secret.toml", "--yes")
    assert elsewhere.run("export", "--secrets").out == shell.run("export", "--secrets").out


def test_a_wrong_file_is_told_whole_and_changes_nothing(shell: Shell) -> None:
    """All faults are told, each with file and line; the exit code is 2 and the site is as before."""
    before = shell.run("export", "--secrets").out
    (shell.folder / "bad.toml").write_text(
        '[[line]]\nnumber = "5000"\nlnks = []\n\n[[link]]\nname = "b"\nport = "x"\nbind_mode = "both"\n', "utf-8"
    )
    told = shell.run("apply", "bad.toml", "--yes", code=2).err
    assert "bad.toml, line 3: line: there is no key 'lnks'" in told
    assert "bad.toml, line 7: link: port cannot be" in told
    assert "bad.toml, line 8: link: bind_mode cannot be" in told
    assert "transmitter | receiver | transceiver" in told
    (shell.folder / "bad.toml").write_text('[[line]]\nnumber = "5000"\nlinks = ["no"]\n', "utf-8")
    assert "bad.toml, line 1: line 5000: link no is not configured" in shell.run("apply", "bad.toml", code=2).err
    assert shell.run("export", "--secrets").out == before


def test_documents_are_added_changed_and_removed(shell: Shell) -> None:
    """The groups do what a file does, one document at a time, and refuse what would not fit together."""
    shell.run("link", "add", "spare", "--host", "127.0.0.1", "--port", "2776", "--password", "env:SPARE")
    shell.run("line", "add", "5000", "--link", "spare", "--link", "operator", "--kind", "service")
    assert "is there already" in shell.run("line", "add", "5000", code=1).err
    assert "link none is not configured" in shell.run("line", "change", "5000", "--link", "none", code=1).err
    shell.run("line", "change", "5000", "--set", 'links=["spare", {link="operator", rank=0, share=3}]')
    assert shell.json("line", "show", "5000")["links"][1] == {"link": "operator", "rank": 0, "share": 3}
    assert "for line 5000 needs it: change that first" in shell.run("link", "remove", "spare", code=1).err
    shell.run("account", "change", "shop", "--service-line", "5000", "--set", "answer_types=numeric")
    shell.run("template", "add", "shop", "1", "کد: {code}", "--pattern", "code=[0-9]+", "--default")
    assert shell.json("template", "list", "shop")[0]["is_default"]
    assert shell.run("template", "show", "shop", "1").out == "کد: {code}\n"
    assert "template 2" in shell.run("template", "add", "shop", "2", "x", "--pattern", "code=[0-9]+", code=1).err
    shell.run("template", "remove", "shop", "1", "--yes")
    assert shell.json("account", "show", "shop")["default_template"] is None
    shell.run("line", "remove", "5000", code=1)
    shell.run("account", "remove", "shop", "--yes")
    shell.run("line", "remove", "5000", "--yes")


def test_passwords_never_stand_on_the_command_line(shell: Shell) -> None:
    """A password comes from standard input or a variable; a new one gives the credential another version."""
    before = shell.json("account", "show", "shop")
    assert "at least 8 characters" in shell.run("account", "password", "shop", "--stdin", stdin="x\n", code=2).err
    assert "env:NAME" in shell.run("account", "password", "shop", "--password", "clear", code=2).err
    shell.run("account", "password", "shop", "--stdin", stdin="new one!\n")
    account = shell.json("account", "show", "shop")
    assert account["credential_version"] != before["credential_version"]
    assert account["password_hash"] == "••••••"
    assert [f["name"] for f in shell.json("apply", "site.toml", "--dry-run")["differences"][0]["fields"]] == [
        "password_hash"
    ]


def test_a_login_that_no_bind_can_hold(shell: Shell) -> None:
    """A password of nine octets is refused where it is said, and told where its variable is set later."""
    shell.env["LONG"] = "123456789"
    assert "at most 8 octets" in shell.run("link", "change", "operator", "--password", "env:LONG", code=1).err
    assert "at most 8 octets" in shell.run("link", "add", "b", "--stdin", stdin="123456789\n", code=1).err
    assert "at most 15 octets" in shell.run("link", "change", "operator", "--system-id", "x" * 16, code=1).err
    shell.env["OPERATOR_PASSWORD"] = "123456789"
    assert "link operator: password cannot be what it is" in shell.run("doctor", code=1).out
    assert "123456789" not in shell.run("doctor", code=1).out


def test_credit_is_an_entry_in_the_ledger(shell: Shell) -> None:
    """Credit is added and taken away, and the ledger balances."""
    assert shell.json("account", "credit", "shop", "5000", "--note", "invoice 7")["available"] == 5_000
    assert shell.json("account", "credit", "shop", "-2000")["available"] == 3_000
    assert "there is no account" in shell.run("account", "credit", "nobody", "1", code=1).err
    assert "below zero: nothing was changed" in shell.run("account", "credit", "shop", "-3001", code=1).err
    assert "is not allowed" in shell.run("account", "credit", "shop", "1" + 30 * "0", code=2).err
    assert shell.json("account", "credit", "shop", "-3001", "--allow-negative")["available"] == -1
    told = shell.json("doctor", "--ledger", code=None)
    assert [f["is_well"] for f in told["findings"] if f["name"] == "ledger"] == [True]
    (shop,) = told["ledger"]
    assert (shop["paid_in"], shop["charged"], shop["reserved"], shop["available"]) == (-1, 0, 0, -1)
    assert "paid in = charged + set aside + left" in shell.run("doctor", "--ledger", code=None).out


def test_the_doctor_says_what_to_do(shell: Shell) -> None:
    """A link that is not reached and an account without a password are problems, with their remedy."""
    shell.run("account", "add", "silent")
    told = shell.json("doctor", code=1)
    todos = {finding["name"]: finding["todo"] for finding in told["findings"] if not finding["is_well"]}
    assert "payamak account password silent" in todos["account silent"]
    assert "address, port" in todos["link operator"]
    (shell.folder / "store.sqlite").write_bytes(b"no database" * 1_000)
    assert "backup" in shell.run("doctor", code=1).out
    assert shell.run("queue", code=3).err.startswith("payamak: ")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("host = '127.0.0.1'\nport = 'x'\n", "line 2: port cannot be 'x'; allowed: 0 (a free one) to 65535"),
        ("prot = 1\n", "line 1: there is no setting 'prot'; known are: "),
        ("port = \n", "no TOML"),
        ("log_level = 'loud'\n", "line 1: log_level cannot be 'loud'; allowed: debug, info, warning, error"),
    ],
)
def test_wrong_settings_are_refused_at_start(settings: str, told: str, shell: Shell) -> None:
    """A wrong settings file ends `serve` with 2, its line and what is allowed; so does a wrong variable."""
    (shell.folder / "settings.toml").write_text(settings, encoding="utf-8")
    assert told in shell.run("serve", "--config", "settings.toml", code=2).err
    shell.env["PAYAMAK_ALLOW_GET"] = "maybe"
    assert "PAYAMAK_ALLOW_GET: allow_get cannot be 'maybe'" in shell.run("serve", code=2).err


def test_settings_say_where_they_come_from(shell: Shell) -> None:
    """`payamak config` tells of every setting its value and whether file, environment or default gave it."""
    (shell.folder / "settings.toml").write_text("host = '127.0.0.2'\nport = 1\n", encoding="utf-8")
    shell.env["PAYAMAK_PORT"] = "8081"
    rows = {row["name"]: row for row in shell.json("config", "--config", "settings.toml")}
    assert (rows["port"]["value"], rows["port"]["from"]) == (8081, "PAYAMAK_PORT")
    assert (rows["host"]["value"], rows["host"]["from"]) == ("127.0.0.2", "settings.toml")
    assert rows["log_level"]["from"] == "default"
    assert all(row["description"] and row["allowed"] for row in rows.values())
