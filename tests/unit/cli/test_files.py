"""Files that commands write: whole, in their place, and for no more readers than before."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from payamak.cli import journal
from payamak.cli.send import Server
from payamak.cli.shell import Failed
from payamak.cli.site import _write
from payamak.hands.doctor.machine import rights


def mode_of(path: Path) -> int:
    """A file's rights."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("before", "mode", "after"), [(None, 0o600, 0o600), (0o600, 0o644, 0o600), (0o640, 0o600, 0o600)]
)
def test_export(tmp_path: Path, before: int | None, mode: int, after: int) -> None:
    """An exported site has the rights asked for, less those that the file before it did not have."""
    file = tmp_path / "site.toml"
    if before is not None:
        file.touch()
        file.chmod(before)
    _write(file, "x", mode=mode)
    assert (file.read_text(), mode_of(file)) == ("x", after)


def test_export_beside_an_open_one(tmp_path: Path) -> None:
    """What lies under the name that is written first, a link to elsewhere too, is neither followed nor used."""
    (tmp_path / ".site.toml.new").symlink_to(tmp_path / "elsewhere")
    _write(tmp_path / "site.toml", "secret", mode=0o600)
    assert mode_of(tmp_path / "site.toml") == 0o600
    assert os.listdir(tmp_path) == ["site.toml"]


def test_results_of_a_csv(tmp_path: Path) -> None:
    """The journal of what is sent is its owner's, as the file of results is that is made of it (test_bulk.py)."""
    journal.begin(tmp_path / "sent.csv", "digest").close()
    assert mode_of(tmp_path / "sent.csv.journal") == 0o600


@pytest.mark.parametrize(("mode", "is_well"), [(0o600, True), (0o640, True), (0o644, False), (0o666, False)])
def test_doctor_sees_an_open_store(tmp_path: Path, mode: int, is_well: bool) -> None:
    """A store that every user can read is a problem, with the command that ends it."""
    path = tmp_path / "store.sqlite"
    path.touch()
    path.chmod(mode)
    (found,) = rights(path)
    assert found.is_well == is_well
    assert ("chmod o-rwx" in found.todo) != is_well


def test_a_password_of_send_is_not_taken_in_clear() -> None:
    """Nowhere does a command take a password that the list of processes would show."""
    with pytest.raises(Failed, match="everyone who may list processes"):
        Server(username="shop", password="in-clear").client()
