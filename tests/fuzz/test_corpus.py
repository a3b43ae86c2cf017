"""The fuzzing corpus, without a fuzzer: every input that is kept still holds what its target promises."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from fuzz.engine import LONGEST_OCTETS, changed
from fuzz.reading import CORPUS, REGRESSIONS, Octets, TooSlow, bounded
from fuzz.targets import TARGETS

INPUTS = [path for folder in (CORPUS, REGRESSIONS) for path in sorted(folder.glob("*/*"))]
CHANGED = 20
"""Inputs made of each target's corpus by chance, the same each time: a taste of what `make fuzz` does for a minute."""


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_kept_input(path: Path) -> None:
    """An input of the corpus, or one that once raised, raises no more."""
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_changed_inputs(name: str) -> None:
    """A target takes the empty input and what chance makes of its corpus."""
    chance = random.Random(name)
    seeds = [path.read_bytes() for path in INPUTS if path.parent.name == name]
    assert seeds, "a target without a corpus"
    TARGETS[name](b"")
    for _ in range(CHANGED):
        octets = changed(chance, seeds)
        assert len(octets) <= LONGEST_OCTETS
        TARGETS[name](octets)


def test_every_folder_has_a_target() -> None:
    """No input is kept for nobody, and the corpus stays small."""
    assert {path.parent.name for path in INPUTS} == set(TARGETS)
    assert sum(path.stat().st_size for path in INPUTS) < 400_000


def test_too_much_time_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes too much processor time raises, however it ends."""
    monkeypatch.setattr("fuzz.reading.MOST_CPU_S", 0.001)
    with pytest.raises(TooSlow):
        bounded(sum, range(10**6))
    with pytest.raises(TooSlow):
        bounded(int, " " * 10**7)


def test_pieces_and_repetitions() -> None:
    """Pieces join to the whole; what is repeated stays within its bound."""
    octets = Octets(bytes([8, *range(16), 255, 1, 7, 2, 8, 9, 10]))
    pieces = octets.pieces(whole := bytes(range(100)))
    assert (len(pieces), b"".join(pieces)) == (9, whole)
    assert octets.repeated(100) == bytes([7]) + bytes([8, 9]) * 49 + bytes([8])
