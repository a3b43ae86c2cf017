"""The page of clients: every row names its test, every test and file it names exists, every client has its row."""

import ast
import re
from pathlib import Path

import pytest
from tests.source import ROOT, parsed

PAGE = ROOT / "docs" / "reference" / "clients.md"
TEXT = PAGE.read_text(encoding="utf-8")
PLACES = {m[1]: (PAGE.parent / m[2]).resolve() for m in re.finditer(r"^\[([^\]]+)\]: (\S+)$", TEXT, re.MULTILINE)}
ROWS = [line for line in TEXT.splitlines() if re.match(r"\| (?!---)", line) and not line.endswith("| test |")]
NAMED = re.compile(r"\[(test_\w+)\]\[([\w-]+)\]")
PROGRAMS = ROOT / "tests" / "clients" / "programs"


def functions_of(path: Path) -> set[str]:
    """The functions that a file defines."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in parsed(path).body if isinstance(node, functions)}


@pytest.mark.parametrize("row", ROWS)
def test_row(row: str) -> None:
    """A row ends with at least one test, and each of them is there."""
    named = NAMED.findall(row.rstrip("| ").rpartition(" | ")[2])
    assert named
    assert [name for name, place in named if name not in functions_of(PLACES[place])] == []


def test_words_of_the_text() -> None:
    """The tests named outside the tables are those of the client programs."""
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    assert named == {name for name in functions_of(PLACES["programs"]) if name.startswith("test_")}


def test_places() -> None:
    """Every link has its place and every place is a file that is linked to."""
    used = set(re.findall(r"\]\[([^\]]+)\]", TEXT)) | set(re.findall(r"\[([\w.-]+)\](?![\[:(])", TEXT))
    assert used == set(PLACES)
    assert [str(place) for place in PLACES.values() if not place.is_file()] == []


def test_every_client_has_a_row() -> None:
    """A program without a row is one that nobody is told of."""
    files = {path.name for path in PROGRAMS.iterdir() if path.is_file() and path.suffix != ".json"}
    assert files == {name for name in PLACES if (PROGRAMS / name).is_file()}


def test_no_address_in_the_lock() -> None:
    """The lock of the Node program names versions and hashes, and no place they come from."""
    assert "://" not in (PROGRAMS / "package-lock.json").read_text(encoding="utf-8")
