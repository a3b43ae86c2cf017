"""The page on security: every claim of its tables names its tests, and every test it names exists."""

import re

import pytest
from tests.docs.test_clients import functions_of
from tests.source import ROOT

from payamak.config import Settings
from payamak.http.metric_table import ACCOUNT_BALANCE, TABLE

PAGE = ROOT / "docs" / "security.md"
TEXT = PAGE.read_text(encoding="utf-8")
CLAIMS, _, SENTENCES = TEXT.partition("## Sentence by sentence\n")
ROWS = [line for line in CLAIMS.splitlines() if line.startswith("| ") and not line.endswith("| shown by |")]
ADVICE = ("For operators", "Reporting a vulnerability")
"""Sections that say what people should do and promise nothing of the program."""
NO_PROMISE = {"a definition", "advice", "a limit"}
LABELS = {
    *("line", "state", "link", "path", "status", "kind", "result", "credential", "reason", "what", "upstream"),
    *("door", "code", "class", "stage", "answer", "stat", "file", "version", "python", "sqlite"),
}
DESCRIBED = [each for described in TABLE.values() for each in described]
NAMED = re.compile(r"`([\w/.-]+\.py)::(test_\w+)`")


def test_there_are_claims() -> None:
    """Both tables are read."""
    assert len(ROWS) > 25


@pytest.mark.parametrize("row", ROWS)
def test_a_claim_has_its_test(row: str) -> None:
    """The last column of a row is at least one test."""
    assert NAMED.findall(row.rstrip("| ").rpartition(" | ")[2])


@pytest.mark.parametrize(("place", "name"), sorted(set(NAMED.findall(TEXT))))
def test_a_test_that_is_named_exists(place: str, name: str) -> None:
    """Wherever on the page."""
    assert name in functions_of(ROOT / "tests" / place)


def test_every_name_is_read() -> None:
    """No test is named in a way that the check above would pass over."""
    assert len(re.findall(r"::test_\w+", TEXT)) == len(NAMED.findall(TEXT))


@pytest.mark.parametrize("readme", ["README.md", "README.fa.md"])
def test_it_is_found(readme: str) -> None:
    """Both readmes lead here."""
    assert "(docs/security.md)" in (ROOT / readme).read_text(encoding="utf-8")


def plain(text: str) -> str:
    """Without marks, links and the tests that are named in it."""
    text = re.sub(r"\s*\((?:`[\w/.-]+\.py::\w+`[,\s]*)+\)", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return " ".join(text.replace("**", "").split())


def sentences() -> list[tuple[str, str]]:
    """Every sentence of the page outside tables, listings and advice, with its section."""
    found = []
    for part in re.split(r"^## ", re.sub(r"```.*?```", "", CLAIMS, flags=re.DOTALL), flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        prose = "\n".join(line for line in body.splitlines() if not line.startswith("|"))
        for paragraph in re.split(r"\n\s*\n|\n(?=\d\. |\* )", prose) if heading not in ADVICE else ():
            text = re.sub(r"^(\d\.|\*) ", "", plain(paragraph))
            found += [(heading, one) for one in re.split(r"(?<=[.:;])\s+(?=[A-Z`])", text) if one]
    return found


def rows_of_sentences() -> list[tuple[str, str]]:
    """The beginnings of sentences and what shows them."""
    lines = [line for line in SENTENCES.splitlines() if line.startswith("| ") and not line.endswith("| shown by |")]
    pairs = [line.strip("| ").rpartition(" | ")[::2] for line in lines]
    return [(plain(beginning).removesuffix("…").strip(), shown) for beginning, shown in pairs]


@pytest.mark.parametrize(("heading", "sentence"), sentences())
def test_a_sentence_has_its_row(heading: str, sentence: str) -> None:
    """Each sentence of the page has one row in the last table, with its tests; or it says why it promises nothing."""
    shown = [shown for beginning, shown in rows_of_sentences() if sentence.startswith(beginning)]
    assert len(shown) == 1, sentence
    assert NAMED.findall(shown[0]) or shown[0] in NO_PROMISE
    assert shown[0] != "a limit" or heading == "What is not protected"


def test_no_row_without_its_sentence() -> None:
    """What has left the page has left its table."""
    assert [row for row, _ in rows_of_sentences() if not any(one.startswith(row) for _, one in sentences())] == []


def test_metrics_have_no_label_of_a_person() -> None:
    """The page of metrics has no number or text, and no account but where it was asked for: its labels are known."""
    labels = {label for each in DESCRIBED if each is not ACCOUNT_BALANCE for label in each.labels}
    assert labels == LABELS
    assert not Settings().metrics_balances
