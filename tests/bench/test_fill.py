"""A store that is filled for `make bench-growth` is one that the gateway could have made."""

import subprocess
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from bench.cells import BY_NAME, measure
from bench.fill import fill
from bench.house import HERE, Tree, house
from tests import traces

THIS = Tree(path=HERE)
COPIES = 1_000


def schema(store: Path) -> list[tuple[object, ...]]:
    """What the tables and indexes of a store are."""
    db = apsw.Connection(str(store), flags=apsw.SQLITE_OPEN_READONLY)
    found = [tuple(row) for row in db.execute("SELECT name, sql FROM sqlite_master ORDER BY name")]
    db.close()
    return found


@pytest.mark.slow
def test_filled(tmp_path: Path) -> None:
    """The ledger balances with the purses, every copy has its part, and the gateway goes on as before."""
    store = tmp_path / "store.sqlite"
    cell = replace(BY_NAME["full-16"], load=replace(BY_NAME["full-16"].load, calls=20))
    with house(THIS, store=store) as one:
        measure(one, cell)
    before = schema(store)
    assert {made for made, _ in fill(store, COPIES)} == {COPIES}
    assert schema(store) == before
    db = apsw.Connection(str(store), flags=apsw.SQLITE_OPEN_READONLY)
    (counts,) = db.execute("SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM part), max(id) FROM message")
    assert counts == (20 + COPIES, 20 + COPIES, 1_020 + COPIES)
    db.close()
    doctor = [str(THIS.python), "-m", "payamak", "doctor", "--ledger", "--data", str(store)]
    done = subprocess.run(doctor, capture_output=True, text=True, check=False)
    traces.kept_text(done.stderr, traces.Trace.COMMAND)
    assert "every account balances" in done.stdout, done.stdout + done.stderr
    with house(THIS, store=store) as one:
        measure(replace(one, next_number=100), cell)
        traces.kept_text(one.log.read_text(encoding="utf-8"), traces.Trace.LOG)
    traces.know_store(store)
