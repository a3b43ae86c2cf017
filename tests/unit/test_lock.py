"""The lock: every dependency pinned, every file known by its hash, no word on where it comes from."""

import re
import tomllib

import pytest
from tests.source import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["build"]]
DOCS = PROJECT["dependency-groups"]["docs"]
DEV = [*RUNTIME, *DOCS, *PROJECT["dependency-groups"]["dev"]]
LOCKS = {"requirements.txt": RUNTIME, "requirements-docs.txt": DOCS, "requirements-dev.txt": DEV}

PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)", re.MULTILINE)


def pins(file_name: str) -> dict[str, str]:
    """Return name -> version of one requirements file."""
    return {m["name"]: m["version"] for m in PIN.finditer((ROOT / file_name).read_text(encoding="utf-8"))}


def normal(requirement: str) -> str:
    """Return the name of a requirement as the lock spells it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()


@pytest.mark.parametrize(("file_name", "wanted"), LOCKS.items())
def test_lock_holds_what_the_project_asks_for(file_name: str, wanted: list[str]) -> None:
    """Everything pyproject.toml names is pinned: after a change there, `make lock`."""
    assert {normal(requirement) for requirement in wanted} - pins(file_name).keys() == set()


@pytest.mark.parametrize("file_name", ["requirements.txt", "requirements-docs.txt"])
def test_locks_agree(file_name: str) -> None:
    """What is tested is what runs: the development lock holds the others, version for version."""
    assert pins(file_name).items() <= pins("requirements-dev.txt").items()


def test_the_fuzzer_is_a_lock_of_its_own() -> None:
    """What has wheels for one platform alone stands in no lock that everybody installs."""
    assert pins("requirements-fuzz.txt").keys() == {normal(one) for one in PROJECT["dependency-groups"]["fuzz"]}
    assert pins("requirements-fuzz.txt").keys() & pins("requirements-dev.txt").keys() == set()


@pytest.mark.parametrize("file_name", [*LOCKS, "requirements-fuzz.txt"])
def test_lines(file_name: str) -> None:
    """A line is a pin or a SHA-256, each pin has one, and nothing else stands in the file."""
    text = (ROOT / file_name).read_text(encoding="utf-8")
    entries = text.replace("\\\n", " ").splitlines()
    pattern = re.compile(r"[a-z0-9-]+==\S+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    assert [entry[:60] for entry in entries if not pattern.fullmatch(entry)] == []
