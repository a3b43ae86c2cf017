"""What the commands say where they cannot measure."""

import sys
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from bench.block import Column
from bench.cells import Cell, Figures
from bench.house import House, tree
from bench.outside import Load, NotMeasured, Shed

from bench import block, compare, kannel, pair, peers


def test_a_tree_without_its_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree without an environment cannot be measured; how to make one is said."""
    with pytest.raises(NotMeasured, match=r"tools/environment\.sh"):
        tree(tmp_path)
    monkeypatch.setattr(sys, "argv", ["pair", str(tmp_path)])
    assert pair.main() == 1


def test_kannel_is_not_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without Kannel the comparison is skipped, says so, and is no fault."""
    monkeypatch.setattr(kannel, "installed", lambda: None)
    monkeypatch.setattr(sys, "argv", ["peers"])
    assert peers.main() == 0
    assert "skipped: Kannel is not installed" in capsys.readouterr().out


def test_nothing_to_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is no report is named."""
    monkeypatch.setattr(sys, "argv", ["compare", str(tmp_path / "old"), str(tmp_path / "new")])
    assert compare.main() == 1
    assert str(tmp_path / "old") in capsys.readouterr().err


def cell(name: str, *, leaves_messages: bool = False) -> Cell:
    """A cell with nothing to do."""
    load = Load(request=b"", expected="", connections=1, calls=1)
    return Cell(name=name, says=name, load=load, leaves_messages=leaves_messages)


def column(name: str) -> Column:
    """Somebody to measure."""
    house = cast(House, SimpleNamespace(name=name))
    return Column(house=house, cells=[cell("x"), cell("last", leaves_messages=True), cell("y")])


@dataclass(kw_only=True)
class Measured:
    """Who was measured in which cell, in order; the turns in `sheds`, counted from 1, are shed."""

    sheds: Collection[int] = ()
    turns: list[str] = field(default_factory=list)

    def __call__(self, house: House, of: Cell) -> Figures:
        self.turns.append(f"{house.name} {of.name}")
        if len(self.turns) in self.sheds:
            raise Shed("busy")
        return {"cpu_us": float(len(self.turns))}


def test_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who goes first changes from round to round, and what leaves messages behind comes when all else is done."""
    measured = Measured()
    monkeypatch.setattr(block, "measure", measured)
    block.rounds([column("a"), column("b")], 2, 60)
    assert measured.turns[:8] == ["a x", "b x", "a y", "b y", "b x", "a x", "b y", "a y"]
    assert measured.turns[8:] == ["a last", "b last", "b last", "a last"]


def test_shed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round that is shed is tried again and counted; shed three times it gives nobody a figure, and all goes on."""
    monkeypatch.setattr(block, "measure", Measured(sheds={1, 4, 5, 6}))
    a, b = column("a"), column("b")
    block.rounds([a, b], 1, 60)
    assert a.values == {"x": {"cpu_us": [2.0]}, "last": {"cpu_us": [8.0]}}
    assert b.values == {"x": {"cpu_us": [3.0]}, "last": {"cpu_us": [9.0]}}
    assert (a.shed, b.shed) == ({"x": 1, "y": 3}, {})


def test_no_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one round in any case, and no other that might end too late."""
    measured = Measured()
    monkeypatch.setattr(block, "measure", measured)
    block.rounds([column("a")], 5, 0)
    assert measured.turns == ["a x", "a y", "a last"]
