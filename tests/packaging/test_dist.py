"""Wheel and sdist: the same octets each time, whole, and a client that brings no gateway along."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from tests.scenarios.cli_program import Shell
from tests.source import ROOT

from payamak import __version__

EPOCH_S = 1_700_000_000
"""2023-11-14T22:13:20Z."""


def built(out: Path, *, umask: int, **environment: str) -> dict[str, Path]:
    """All files of this tree by their name without the version."""
    subprocess.run(
        [sys.executable, "-m", "tools.dist", str(out)],
        cwd=ROOT,
        env={**os.environ, **environment},
        umask=umask,
        check=True,
        capture_output=True,
    )
    return {re.sub(r"-[0-9][^-]*?(?=-py3|\.tar)", "", path.name): path for path in out.iterdir()}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Built once for the tests below."""
    return built(tmp_path_factory.mktemp("dist"), umask=0o022, SOURCE_DATE_EPOCH=str(EPOCH_S))


def names(wheel: Path) -> dict[str, bytes]:
    """What lies in a wheel outside its dist-info."""
    with zipfile.ZipFile(wheel) as opened:
        return {name: opened.read(name) for name in opened.namelist() if ".dist-info/" not in name}


def digests(files: dict[str, Path]) -> dict[str, str]:
    """SHA-256 of each."""
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def test_the_same_octets(files: dict[str, Path], tmp_path: Path) -> None:
    """Built by another user's habits (umask, time zone, language, order of sets), each file has the same octets."""
    other = {"SOURCE_DATE_EPOCH": str(EPOCH_S), "TZ": "Asia/Tehran", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    assert digests(built(tmp_path, umask=0o077, **other)) == digests(files)
    assert sorted(files) == [
        "payamak-py3-none-any.whl",
        "payamak.tar.gz",
        *sorted(("payamak_client-py3-none-any.whl", "payamak_client.tar.gz")),
    ]


def test_the_instant_is_the_commits(files: dict[str, Path]) -> None:
    """Nothing in the archives is younger than the instant that was given."""
    with zipfile.ZipFile(files["payamak-py3-none-any.whl"]) as wheel:
        assert {info.date_time for info in wheel.infolist()} == {(2023, 11, 14, 22, 13, 20)}
    with tarfile.open(files["payamak.tar.gz"]) as sdist:
        assert {member.mtime for member in sdist.getmembers() if not member.name.endswith("PKG-INFO")} == {EPOCH_S}


def test_the_wheel_is_whole(files: dict[str, Path]) -> None:
    """Every file of the package is in it, its SQL too, and nothing else."""
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "src/payamak"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert names(files["payamak-py3-none-any.whl"]).keys() == {name.removeprefix("src/") for name in tracked}


def test_the_sdist_is_for_people(files: dict[str, Path]) -> None:
    """Beside the program: what has changed, the lock, the pages, the units, and how to build all of it again."""
    with tarfile.open(files["payamak.tar.gz"]) as sdist:
        found = {name.partition("/")[2] for name in sdist.getnames()}
    wanted = ("CHANGELOG.md", "README.fa.md", "requirements.txt", "Makefile", "docs/guide/production.md")
    assert [name for name in (*wanted, "packaging/systemd/payamak.service", "tools/dist.py") if name not in found] == []
    assert [name for name in found if name.endswith(".pyc") or "__pycache__" in name] == []


def test_one_version(files: dict[str, Path]) -> None:
    """Wheels, the program and its own word say the same version."""
    for name in ("payamak-py3-none-any.whl", "payamak_client-py3-none-any.whl"):
        with zipfile.ZipFile(files[name]) as wheel:
            metadata = wheel.read(next(each for each in wheel.namelist() if each.endswith("/METADATA"))).decode()
        assert f"\nVersion: {__version__}\n" in metadata


@pytest.mark.slow
def test_the_wheel_works(files: dict[str, Path], tmp_path: Path) -> None:
    """Unpacked in a folder of its own, it makes a site, sends a message and shows it delivered."""
    with zipfile.ZipFile(files["payamak-py3-none-any.whl"]) as wheel:
        wheel.extractall(tmp_path / "site")
    shell = Shell(tmp_path, {"PYTHONPATH": str(tmp_path / "site")})
    where = [sys.executable, "-c", "import payamak; print(payamak.__file__)"]
    done = subprocess.run(where, cwd=tmp_path, env=shell.env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path / "site" / "payamak" / "__init__.py")
    shell.run("migrate", code=3)
    shell.run("optout", "list", code=3)
    (tmp_path / "site.toml").write_text('[[link]]\nname = "a"\n', encoding="utf-8")
    shell.run("apply", "site.toml", "--yes")
    assert shell.json("link", "list")[0]["name"] == "a"
    assert shell.json("doctor", "--ledger", code=None)["findings"]


def needed(name: str) -> set[str]:
    """A distribution and all that it needs on this machine, by their normalised names."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if one in found:
            continue
        found.add(one)
        for requirement in distribution(one).requires or ():
            if "extra ==" not in requirement and "emscripten" not in requirement.partition("!=")[0]:
                words = re.match(r"[\w.-]+", requirement)
                assert words
                try:
                    distribution(words[0])
                except ModuleNotFoundError:
                    continue  # for another Python than this one
                waiting.append(words[0])
    return found


def test_a_program_that_only_sends_needs_little(files: dict[str, Path]) -> None:
    """The client asks for an HTTP client and nothing else: a third of what the gateway installs, at most."""
    with zipfile.ZipFile(files["payamak_client-py3-none-any.whl"]) as wheel:
        metadata = wheel.read(next(name for name in wheel.namelist() if name.endswith("/METADATA"))).decode()
    assert re.findall(r"^Requires-Dist: (.+)$", metadata, re.MULTILINE) == ["httpx2"]
    gateway = len(re.findall(r"^[\w.-]+==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    assert len(needed("httpx2")) * 3 <= gateway


def test_the_client_is_the_gateways_own(files: dict[str, Path]) -> None:
    """Each of its files has the octets that it has in the gateway, so that the two may lie over each other."""
    gateway, client = names(files["payamak-py3-none-any.whl"]), names(files["payamak_client-py3-none-any.whl"])
    assert client == {name: gateway[name] for name in client}
    assert len(client) < 15


def test_the_client_needs_no_gateway(files: dict[str, Path], tmp_path: Path) -> None:
    """With the wheel and what httpx2 needs, and nothing else to be found, all of payamak.client is imported."""
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in needed("httpx2"):
        for top in {path.parts[0] for path in distribution(name).files or () if path.parts[0] != ".."}:
            source = Path(str(distribution(name).locate_file(top)))
            if source.exists() and top != "__pycache__":
                (bare / top).symlink_to(source)
    script = (
        f"import sys; sys.path[:0] = [{str(files['payamak_client-py3-none-any.whl'])!r}, {str(bare)!r}]\n"
        "import payamak.client as client\n"
        "client.Client('http://127.0.0.1:1', username='a', password='b').close()\n"
        "print(sorted(name for name in sys.modules if name.startswith('payamak.') and name.count('.') == 1))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("['payamak.client', 'payamak.codes']", "")
