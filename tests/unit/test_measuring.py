"""What is counted in the background: as rarely as it takes long, and never in the way of anybody."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, cast

import pytest

from payamak.errors import StoreFailed
from payamak.measuring import COUNT_EVERY_S, PROOF_REST, PROVE_EVERY_S, REST, Disk, Measures, look_at_disk
from payamak.store.records import Balance, Figures
from payamak.store.sqlite.copies import backed_up_at, note_backup

SLOW_S = 30.0


def balance(available: int = 5, reserved: int = 2, by_messages: int = 2) -> Balance:
    """An account whose entries say 5 and 2."""
    return Balance(
        account_id=1,
        username="shop",
        available=available,
        reserved=reserved,
        available_by_entries=5,
        reserved_by_entries=2,
        reserved_by_messages=by_messages,
    )


@pytest.mark.parametrize(
    ("one", "rial"), [(balance(), 0), (balance(available=4), 1), (balance(reserved=5), 6), (balance(by_messages=0), 2)]
)
def test_drift(one: Balance, rial: int) -> None:
    """Every rial that one of the three counts has more or less than another."""
    assert one.drift_rial == rial
    assert (rial == 0) == one.is_balanced


class Slow:
    """A store and a clock: whatever is asked takes half a minute, and may fail."""

    def __init__(self, *, fails: bool = False) -> None:
        self.now_s = 0.0
        self.fails = fails

    def monotonic(self) -> float:
        """Seconds."""
        return self.now_s

    def now(self) -> int:
        """Milliseconds."""
        return int(self.now_s * 1_000)

    async def figures(self) -> Figures:
        """See Store.figures."""
        self._take()
        return Figures(unmatched={"north": 3})

    async def balances(self) -> list[Balance]:
        """See Store.balances."""
        self._take()
        return [balance(available=4)]

    def _take(self) -> None:
        self.now_s += SLOW_S
        if self.fails:
            raise StoreFailed("the disk")


async def rests(measures: Measures, work: Any, monkeypatch: pytest.MonkeyPatch) -> float:
    """How long it rests after its first round, in seconds."""
    rested: list[float] = []

    async def sleep(seconds: float) -> None:
        rested.append(seconds)
        raise asyncio.CancelledError

    monkeypatch.setattr("payamak.measuring.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await work()
    return rested[0]


def measures_of(slow: Slow, path: Path, told: list[str]) -> Measures:
    """On a store that is slow."""
    return Measures(cast(Any, slow), path, cast(Any, slow), told.append)


async def test_a_slow_count_rests_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty times as long as it took; the proof two hundred times."""
    told: list[str] = []
    measures = measures_of(Slow(), tmp_path / "store.sqlite", told)
    assert await rests(measures, measures.count, monkeypatch) == REST * SLOW_S > COUNT_EVERY_S
    assert await rests(measures, measures.prove, monkeypatch) == PROOF_REST * SLOW_S > PROVE_EVERY_S
    assert (measures.figures, measures.drift_rial, measures.proven_at) == (Figures(unmatched={"north": 3}), 1, 60_000)
    assert told == ["figures", "proof"]


async def test_a_store_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was counted last stands; nothing is said of what never was."""
    measures = measures_of(Slow(fails=True), tmp_path / "store.sqlite", [])
    await rests(measures, measures.count, monkeypatch)
    await rests(measures, measures.prove, monkeypatch)
    assert (measures.figures, measures.queue, measures.drift_rial, measures.proven_at) == (None, None, None, None)


def test_the_disk(tmp_path: Path) -> None:
    """Sizes of what is there, what is left, and when a copy was made; nothing where nobody can tell."""
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"x" * 7)
    seen = look_at_disk(path)
    assert (seen.sizes, seen.backed_up_s) == ({"store": 7}, None)
    assert seen.free is not None
    path.with_name("store.sqlite-wal").write_bytes(b"x" * 3)
    note_backup(path)
    os.utime(tmp_path / "store.sqlite-backup", (5, 5))
    seen = look_at_disk(path)
    assert (seen.sizes, seen.backed_up_s) == ({"store": 7, "log": 3}, 5.0)
    note_backup(path)
    assert (backed_up_at(path) or 0) > 5
    assert look_at_disk(tmp_path / "gone" / "store.sqlite") == Disk()
