"""Files to begin with: every setting is there and explained, and what stands behind a mark is the default."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from msgspec.structs import replace

from payamak.cli.init import _settings_rows
from payamak.config import Settings, load, table
from payamak.domain.site import KINDS, Account, Document, Line, Link, LinkUse, build_site, name_of
from payamak.domain.site.kinds import settable
from payamak.hands.sitefile import Passwords, parse, plan
from payamak.hands.starter import secrets_file, settings_file, site_file

LINK = Link(name="operator", host="smpp.example.ir", system_id="shop", password="env:OPERATOR_PASSWORD")
LINE = Line(number="9830003300", links=(LinkUse(link="operator"),), ucs2_rial=900, gsm7_rial=2_100)
ACCOUNT = Account(username="shop", lines=("9830003300",), default_line="9830003300")
SITE = (LINK, LINE, ACCOUNT)
PASSWORDS = Passwords(verify=lambda *_: False, hash=str, environment={"OPERATOR_PASSWORD": "pw"})


def uncommented(text: str) -> str:
    """The file with every default taken out of its comment."""
    return re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)


def documents(text: str) -> list[Document]:
    """What applying a file to an empty store puts there."""
    return list(plan(build_site([], 0), parse(text), PASSWORDS).puts)


@pytest.mark.parametrize("change", [lambda text: text, uncommented], ids=["as written", "with every default"])
def test_a_site_file_says_what_was_given(change: object) -> None:
    """Applied, it brings the documents that it was made of; with the marks before the defaults taken away, the same."""
    assert callable(change)
    assert documents(change(site_file(SITE))) == list(SITE)


@pytest.mark.parametrize("document", SITE, ids=lambda document: name_of(document)[0])
def test_every_setting_is_explained(document: Document) -> None:
    """Each setting of a kind is there with its meaning and its label; what is a command's to set is not."""
    kind, _ = name_of(document)
    text = site_file([document])
    words = " ".join(text.replace("\n# ", " ").split())
    for name, field in settable(kind).items():
        is_there = bool(re.search(rf"^(# )?{name}( = |: not set)", text, re.MULTILINE))
        assert is_there == (name not in ("is_suspended", "password_hash")), name
        if is_there:
            assert f"{field.setting.meaning} (" in words
            assert f"· {field.setting.fa}" in words


def test_no_password_is_written() -> None:
    """An account's hash is the store's, and a file that is applied later must not bring the old one back."""
    hashed = replace(ACCOUNT, password_hash="$argon2id$hash")
    assert "argon2id" not in site_file([hashed])
    assert set(KINDS) == {"link", "line", "account"}


def test_a_settings_file_has_every_setting(tmp_path: Path) -> None:
    """It holds what was given and, uncommented, every default."""
    given = {"database": "/var/lib/payamak/payamak.sqlite", "port": 9_000}
    file = tmp_path / "settings.toml"
    for text in (settings_file(_settings_rows(given)), uncommented(settings_file(_settings_rows(given)))):
        file.write_text(text, encoding="utf-8")
        assert load(file, {}) == Settings(database="/var/lib/payamak/payamak.sqlite", port=9_000)
    assert tomllib.loads(text).keys() == {name for name, _, _ in table()}
    words = " ".join(text.replace("\n# ", " ").split())
    assert [about.setting.fa for _, about, _ in table() if about.setting.fa not in words] == []


@pytest.mark.parametrize("secret", ["plain", "a b", '"', "$HOME", "`id`", "\\", "'", "a#b", "رمز"])
def test_a_shell_reads_the_secrets(tmp_path: Path, secret: str) -> None:
    """A shell that reads the file has the secret as it is, whatever stands in it."""
    file = tmp_path / "secrets.env"
    file.write_text(secrets_file({"OPERATOR_PASSWORD": secret}), encoding="utf-8")
    script = f'. {file}; printf %s "$OPERATOR_PASSWORD"'
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == secret
