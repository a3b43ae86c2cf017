"""Reports and what is said of two of them."""

from pathlib import Path

import msgspec
import pytest
from bench.block import with_posts
from bench.cells import FIGURES
from bench.compare import ratios, rows, verdict
from bench.report import FORMAT, Report, Unreadable, read, spread, write

OLD = Report(
    format=FORMAT,
    block="one",
    at="2026-01-01T00:00:00+00:00",
    tree="old",
    commit="abc",
    machine="2 cores",
    cells={"full-64": {"cpu_us": [800.0, 700.0, 900.0], "messages_per_s": [1_000.0, 1_100.0, 900.0]}},
    shed={},
)
NEW = msgspec.structs.replace(
    OLD, tree="new", cells={"full-64": {"cpu_us": [400.0, 420.0, 405.0], "messages_per_s": [1_500.0, 1_000.0, 1_800.0]}}
)


def test_rounds_of_one_block() -> None:
    """In one block each round is set against its own: the machine's drift is in both."""
    assert ratios(OLD, NEW, "full-64", "cpu_us") == [0.5, 0.6, 0.45]


def test_two_blocks() -> None:
    """Of two blocks there is one ratio, that of the medians: 405 / 800."""
    assert ratios(OLD, msgspec.structs.replace(NEW, block="two"), "full-64", "cpu_us") == [0.50625]


@pytest.mark.parametrize(
    ("figure", "found", "expected"),
    [
        ("cpu_us", [0.5, 0.6, 0.45], "better"),
        ("cpu_us", [1.5, 1.6, 1.45], "worse"),
        ("messages_per_s", [1.5, 1.6, 1.45], "better"),
        ("messages_per_s", [0.5, 0.6], "worse"),
        ("messages_per_s", [1.5, 0.9, 2.0], ""),  # not every round says so
        ("cpu_us", [0.98, 0.99, 0.985], ""),  # too little to speak of
        ("cpu_us", [], ""),
    ],
)
def test_verdict(figure: str, found: list[float], expected: str) -> None:
    """A word is said where every round says it, and by which side is the better one."""
    assert verdict(found, FIGURES[figure]) == expected


def test_rows() -> None:
    """A row has the cell, the figure, both medians with their spread, the ratio and the word."""
    assert list(rows(OLD, NEW)) == [
        (
            "full path, 64 connections",
            "CPU µs a message",
            "800 (700–900)",
            "405 (400–420)",
            "0.50 (0.45–0.60)",
            "better",
        ),
        (
            "full path, 64 connections",
            "messages/s",
            "1,000 (900–1,100)",
            "1,500 (1,000–1,800)",
            "1.50 (0.91–2.00)",
            "",
        ),
    ]


def test_what_only_one_has() -> None:
    """A cell or figure that the other report lacks has no row."""
    assert list(rows(OLD, msgspec.structs.replace(NEW, cells={}))) == []


def test_posts() -> None:
    """A post costs what a message with one costs beyond one without, round by round."""
    values = {"full-64": {"cpu_us": [700.0, 800.0]}, "webhook": {"cpu_us": [1_700.0, 1_900.0]}}
    assert with_posts(values)["webhook"]["post_cpu_us"] == [1_000.0, 1_100.0]
    assert with_posts({"webhook": {"cpu_us": [1.0]}}) == {"webhook": {"cpu_us": [1.0]}}


def test_spread() -> None:
    """One value stands alone; several are told by their median, the least and the most."""
    assert spread([29.62], 1) == "29.6"
    assert spread([3.0, 1.0, 2.0], 0) == "2 (1–3)"


def test_kept(tmp_path: Path) -> None:
    """What is written is read again."""
    write(OLD, tmp_path / "here" / "old.json")
    assert read(tmp_path / "here" / "old.json") == OLD


@pytest.mark.parametrize("text", ["", "[]", '{"format": "payamak-bench/1"}', None])
def test_no_report(tmp_path: Path, text: str | None) -> None:
    """A file that is none, or no report, is said to be so."""
    if text is not None:
        (tmp_path / "x.json").write_text(text)
    with pytest.raises(Unreadable):
        read(tmp_path / "x.json")


def test_another_format(tmp_path: Path) -> None:
    """Figures of another format are not compared."""
    write(msgspec.structs.replace(OLD, format="payamak-bench/0"), tmp_path / "x.json")
    with pytest.raises(Unreadable, match="payamak-bench/0"):
        read(tmp_path / "x.json")
