"""The audit: who did what by hand, by which command, upon what; a row of each act, and nothing that is a secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.store.world import ALI, HOLD, LINE, LINE2, NOW, World
from tests.unit.cli.test_acts import contents, data, full, refused, told, waiting, work
from tests.unit.cli.test_bounds import functions, hints_of

from payamak.cli.program import run
from payamak.cli.shell import Acting, ExitCode
from payamak.domain.mo import MoPart
from payamak.domain.people import User, UserRole
from payamak.domain.posting import PostState
from payamak.domain.site import Line
from payamak.domain.unreadable import Unreadable
from payamak.domain.webhooks import NoticeResult
from payamak.encoding.alphabets import Alphabet
from payamak.hands import acts
from payamak.store.records import PostResult

__all__ = ["data"]


def audit(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """The rows, the latest first."""
    found: list[dict[str, Any]] = told(capsys, "audit", *arguments)["acts"]
    return found


async def fuller(world: World) -> None:
    """Something for every command to be about: a post of each kind that was given up, and an unreadable piece too."""
    store = world.store
    site = store.site
    line = replace(site.lines[HOLD], relay_url="https://shop.example.ir/in", relay_secret="env:KEY")
    shop = replace(site.accounts["shop"], webhook_url="https://shop.example.ir/states", webhook_secret="env:KEY")
    await store.put_documents([line, shop, Line(number="98307")], [], NOW)
    sara = User(
        name="sara",
        key="sara",
        password_hash="",
        account_id=store.site.accounts["shop"].id,
        role=UserRole.OWNER,
        made_at=NOW,
    )
    await store.people.add(sara)
    await full(world)
    part = MoPart(upstream="operator", link="north", line=HOLD, sender=ALI, alphabet=Alphabet.GSM7, octets=b"salam")
    await store.receive_mo(part, "north#1", ["north#1"], world.now)
    await store.conclude_posts(
        [PostResult(received_id=1001, state=PostState.DEAD, next_at=None, note="500")], world.now
    )
    notice, *_ = await store.notices_due(world.account_id(), world.now, 9)
    result = NoticeResult(
        message_id=notice.message_id,
        sequence=notice.sequence,
        account_id=notice.account_id,
        post=PostState.DEAD,
        next_at=None,
        note="500",
    )
    await store.conclude_notices([result], world.now)
    piece = Unreadable(kind="receipt", link="north", octets=b"x", error="Unread", place="", came_at=world.now)
    await store.keep_unreadable(piece)


#: What a person types, and what stands in the audit then: what, about, before, after, count.
ACTS: list[tuple[str, tuple[str, str, str, str, int]]] = [
    (f"suspend line {LINE}", ("change", f"line {LINE}", "is_suspended = false", "is_suspended = true", 1)),
    (f"resume line {LINE}", ("change", f"line {LINE}", "", "", 1)),
    ("suspend link north", ("change", "link north", "is_suspended = false", "is_suspended = true", 1)),
    ("suspend intake", ("change", "intake", "open", "suspended", 1)),
    (f"cancel --line {LINE} --yes", ("cancel", f"line {LINE}", "waiting", "cancelled", 2)),
    ("cancel --account shop --yes", ("cancel", "account shop", "waiting", "cancelled", 2)),
    ("cancel 1001 1002", ("cancel", "messages 1001, 1002", "waiting", "cancelled", 2)),
    (f"move {LINE} {LINE2} --yes", ("move", f"line {LINE}", LINE, LINE2, 2)),
    ("account credit shop 500", ("credit", "account shop", "9,800 rial", "10,300 rial", 1)),
    ("account credit shop -- -500", ("credit", "account shop", "9,800 rial", "9,300 rial", 1)),
    ("account credit shop 500 --reference b-7", ("credit", "account shop", "9,800 rial", "10,300 rial", 1)),
    ("account add new --line " + LINE, ("add", "account new", "", f'lines = ["{LINE}"]', 1)),
    ("account change shop --set max_parts=4", ("change", "account shop", "max_parts = 10", "max_parts = 4", 1)),
    (
        "account password shop --password env:NEW",
        ("change", "account shop", "password_hash = none", "password_hash = ••••••", 1),
    ),
    ("account remove bank --yes", ("remove", "account bank", f'lines = ["{LINE}"]', "", 1)),
    ("user add omid --role clerk --site --password env:NEW", ("add", "user omid", "", "clerk", 1)),
    ("user change sara --role viewer", ("change", "user sara", "owner", "viewer", 1)),
    ("user remove sara --yes", ("remove", "user sara", "owner", "", 1)),
    ("line add 98309 --link north", ("add", "line 98309", "", 'links = [{"link":"north"}]', 1)),
    (f"line change {LINE} --ucs2-rial 9", ("change", f"line {LINE}", "ucs2_rial = 0", "ucs2_rial = 9", 1)),
    ("line remove 98307 --yes", ("remove", "line 98307", "", "", 1)),
    ("link add east --host 10.0.0.1", ("add", "link east", "", 'host = "10.0.0.1"', 1)),
    ("link change north --window 7", ("change", "link north", "window = 10", "window = 7", 1)),
    ("link remove spare --yes", ("remove", "link spare", "", "", 1)),
    ("link forget-ids operator --yes", ("forget ids", "upstream operator", "same", "none", 1)),
    ("template add shop 2 salam", ("change", "account shop", "templates = 1 entries", "templates = 2 entries", 1)),
    ("template change shop 1 salam", ("change", "account shop", "templates = 1 entries", "templates = changed", 1)),
    ("template remove shop 1 --yes", ("change", "account shop", "templates = 1 entries", "templates = none", 1)),
    (f"optout add {ALI} --line {LINE}", ("opt out", f"98912***0001 on line {LINE}", "", "", 1)),
    ("optout import numbers.txt --operator-wide", ("opt out", "every advertising line", "", "", 2)),
    (f"optout forget {ALI} --yes", ("forget opt-out", "98912***0001 on line 1", "33, hand", "", 1)),
    ("received replay 1001", ("replay", "received message 1001", "", "waiting", 1)),
    ("webhook replay evt-1001-1", ("replay", "event evt-1001-1", "", "waiting", 1)),
    ("unreadable 1 --forget", ("forget", "unreadable piece 1", "", "", 1)),
    ("apply site.toml --yes", ("add", "line 98308", "", "", 1)),
]


@pytest.mark.parametrize(("typed", "row"), ACTS, ids=[typed for typed, _ in ACTS])
def test_each_act_leaves_a_row(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    row: tuple[str, str, str, str, int],
) -> None:
    """What was done, upon what, how it was before and after and how often; who, by which command, and why."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEW", "a-long-password")
    monkeypatch.setattr("getpass.getuser", lambda: "omid")
    monkeypatch.setenv("SUDO_USER", "sara")
    (tmp_path / "numbers.txt").write_text("09120000008\n09120000009\n", encoding="utf-8")
    (tmp_path / "site.toml").write_text('[[line]]\nnumber = "98308"\n', encoding="utf-8")
    work(data, fuller)
    words = typed.split()
    place = 1 if words[0] in ("cancel", "move", "apply", "suspend", "resume", "unreadable") else 2
    assert run([*words[:place], "--reason", "asked by Sara", *words[place:]]) == ExitCode.DONE
    (found,) = audit(capsys)
    assert (found["what"], found["about"], found["before"], found["after"], found["count"]) == row
    assert (found["who"], found["reason"]) == ("sara as omid", "asked by Sara")
    assert set(found["command"].split()) <= {"payamak", *words}
    assert words[0] in found["command"]


def test_every_act_is_among_them() -> None:
    """Each command that changes something says who acts, and stands in the table above or has a test of its own."""
    own = {"restore", "migrate", "clock accept", *(f"campaign {act}" for act in CAMPAIGN_ACTS)}
    acting = {
        name
        for name, function in functions()
        if any(bare is Acting for _, bare, _ in hints_of(function, with_options=True))
    }
    typed = {typed for typed, _ in ACTS}
    assert {name for name in acting - own if not any(each.startswith(name) for each in typed)} == set()


#: What a person types of one campaign, in turn. A look at its rows again changes nothing that he decided.
CAMPAIGN_ACTS = {
    "new": f"people.csv --account shop --line {LINE} --text salam",
    "check": "1",
    "start": "1 --yes",
    "pause": "1",
    "resume": "1",
    "cancel": "1 --yes",
    "again": "1 --of all",
}


def test_each_act_upon_a_campaign_leaves_a_row(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its draft to its end: who, by which command, and why."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text("mobile\n09120000008\n09120000009\n", encoding="utf-8")
    for act, words in CAMPAIGN_ACTS.items():
        assert run(["campaign", act, "--reason", "asked by Sara", *words.split()]) == ExitCode.DONE, act
    capsys.readouterr()
    rows = audit(capsys)[::-1]
    assert [row["what"] for row in rows] == [f"campaign {act}" for act in CAMPAIGN_ACTS if act != "check"]
    assert [row["about"] for row in rows] == ["account shop", *["campaign 1"] * 5]
    assert {row["reason"] for row in rows} == {"asked by Sara"}
    assert all(row["command"] == f"payamak {row['what']}" for row in rows)


def test_one_act_is_one_row(data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Carried out in several transactions, it is one row with the count of all; two acts are two."""
    monkeypatch.setattr(acts, "AT_ONCE", 2)
    waiting(data, 5)
    told(capsys, "cancel", "--line", LINE, "--yes")
    waiting(data, 1)
    told(capsys, "cancel", "--line", LINE, "--yes")
    assert [(row["about"], row["count"]) for row in audit(capsys)] == [(f"line {LINE}", 1), (f"line {LINE}", 5)]


def test_what_changes_nothing_leaves_nothing(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A look, a dry run, a refusal, a payment that was entered before, ids that do not wait: no row."""
    told(capsys, "account", "credit", "shop", "500", "--reference", "b-7")
    before = audit(capsys)
    told(capsys, "account", "credit", "shop", "500", "--reference", "b-7")
    refused(capsys, "account", "credit", "shop", "-90000")
    refused(capsys, "account", "remove", "shop", "--yes")
    refused(capsys, "line", "add", LINE)
    waiting(data, 1)
    told(capsys, "cancel", "--line", LINE, "--dry-run")
    refused(capsys, "cancel", "77")
    told(capsys, "queue")
    assert audit(capsys) == before


SECRETS = {
    "a password": "p-8f3kQ0-password",
    "a text": "متن محرمانه",
    "a footer": "پانویس محرمانه",
    "a number": "989120000077",
    "a key": "k-31337-key",
}


def test_no_secret_no_text_no_number(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passwords, hashes, texts of templates, numbers and keys in URLs are in no row, whatever a person types."""
    monkeypatch.setenv("NEW", SECRETS["a password"])
    for arguments in (
        ["account", "password", "shop", "--password", "env:NEW"],
        ["template", "add", "shop", "7", SECRETS["a text"]],
        ["line", "change", LINE, "--set", f"footer={SECRETS['a footer']}"],
        ["optout", "add", SECRETS["a number"], "--line", LINE, "--reason", "0912 000 0077 asked; 989120000077"],
        ["optout", "forget", SECRETS["a number"], "--yes"],
        [
            "account",
            "change",
            "shop",
            "--webhook-url",
            f"https://u.example.ir/{SECRETS['a key']}?k={SECRETS['a key']}",
            "--webhook-secret",
            "env:KEY",
        ],
        ["account", "credit", "shop", "5", "--note", "of +989120000077"],
    ):
        told(capsys, *arguments)
    rows = audit(capsys)
    assert len(rows) == 7
    text = json.dumps(rows, ensure_ascii=False)
    assert [name for name, secret in SECRETS.items() if secret in text or secret[2:] in text] == []
    assert "argon2" not in text
    assert "98912***0077" in text


def test_rows_are_chosen_and_paged(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By who, about what and when; the latest first, page by page."""
    for line in (LINE, LINE2, LINE):
        told(capsys, "suspend", "line", line)
    assert [row["about"] for row in audit(capsys, "--about", LINE)] == [f"line {LINE}"] * 2
    assert audit(capsys, "--who", "nobody else") == []
    assert audit(capsys, "--until", "1h") == []
    assert len(audit(capsys, "--since", "1h")) == 3
    first = told(capsys, "audit", "--limit", "2")
    assert [row["about"] for row in first["acts"]] == [f"line {LINE}", f"line {LINE2}"]
    assert len(audit(capsys, "--limit", "2", "--before", str(first["before"]))) == 1
    assert run(["audit", "--limit", "1"]) == ExitCode.DONE
    assert "more: --before" in capsys.readouterr().out


def test_a_look_writes_nothing(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`payamak audit` itself leaves no row, and an empty audit says so."""
    before = contents(data)
    assert run(["audit"]) == ExitCode.DONE
    assert "Nobody has done such a thing." in capsys.readouterr().out
    assert contents(data) == before
