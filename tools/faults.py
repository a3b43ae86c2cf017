"""The tests tested: seeded faults in copies of the code, each of which must turn the suite red.

    python -m tools.faults [--only WORDS] [--at-once 2]

The tree is copied as git lists it, a fault is made in the copy, and the tests that must notice it are run there with
this environment's Python; PYTHONPATH makes `payamak` the copy's, for the tests and for the processes that they start,
which is checked. First the copy without a fault must be green. Exit status 1 if a fault survives, or breaks the run
itself instead of a test.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.fault_table import FAULTS, Fault

ROOT = Path(__file__).resolve().parent.parent
LONGEST_S = 600.0
"""A run of the tests of one fault; one that hangs has not passed, and is told as hanging."""

WHOLE_S = 3_600.0
"""The run without a fault, of all tests of the table one after the other: how long is the machine's affair."""

RED = 1
"""pytest's exit status when tests were run and some of them failed; anything else says nothing of them."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of one run: `caught_by` is the first test that failed."""

    status: int | None
    caught_by: str
    took_s: float
    output: str

    @property
    def is_caught(self) -> bool:
        """A test failed, or hung for as long as nothing should; a run that broke without naming a test says nothing."""
        return self.status is None or (self.status == RED and bool(self.caught_by))


def copy_tree(folder: Path) -> None:
    """Copy what git knows of the tree, as it stands now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            shutil.copymode(source, target)


def make(fault: Fault, folder: Path) -> None:
    """Make the fault. Raises ValueError if its text does not stand exactly once in its file: the code has moved."""
    path = folder / fault.file
    text = path.read_text(encoding="utf-8")
    if (count := text.count(fault.old)) != 1:
        raise ValueError(f"{fault.name}: its text stands {count} times in {fault.file}, not once")
    path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")


def environment(folder: Path) -> dict[str, str]:
    """What the tests of a copy run in: its package comes first, and random tests repeat themselves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYAMAK_")}
    return {**kept, "PYTHONPATH": str(folder / "src"), "CI": "true", "STEPS": "1250", "PYTHONDONTWRITEBYTECODE": "1"}


def check_import(folder: Path) -> None:
    """The package that tests import, and that `python -m payamak` starts, is the copy's. Raises RuntimeError."""
    code = "import payamak, payamak.__main__; print(payamak.__file__)"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=folder.parent, env=environment(folder), capture_output=True, text=True
    )
    if not told.stdout.startswith(str(folder)):
        raise RuntimeError(f"the package under test is not the copy's: {told.stdout or told.stderr}")


def run(folder: Path, tests: Sequence[str], longest_s: float = LONGEST_S) -> Verdict:
    """Run tests in a copy, up to the first failure, for so many seconds at most."""
    check_import(folder)
    there = [test for test in tests if (folder / test.partition("::")[0]).exists()]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *there]
    began_s = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=longest_s
        )
    except subprocess.TimeoutExpired:
        return Verdict(status=None, caught_by="it hangs", took_s=longest_s, output="")
    told = [line.partition(" - ")[0] for line in done.stdout.splitlines()]
    failed = [line.removeprefix("FAILED ") for line in told if line.startswith("FAILED ")]
    failed += [line for line in told if line.startswith("FOUND ")]  # by the search that follows the last test
    caught_by = failed[0] if failed else ""
    took_s = time.monotonic() - began_s
    return Verdict(status=done.returncode, caught_by=caught_by, took_s=took_s, output=done.stdout + done.stderr)


def try_fault(fault: Fault) -> Verdict:
    """Make one fault in a copy of its own and run its tests."""
    with TemporaryDirectory(prefix="payamak-fault-") as name:
        folder = Path(name)
        copy_tree(folder)
        make(fault, folder)
        return run(folder, fault.tests)


def try_without() -> Verdict:
    """All tests of the table in a copy without a fault."""
    with TemporaryDirectory(prefix="payamak-fault-") as name:
        folder = Path(name)
        copy_tree(folder)
        return run(folder, sorted({test for fault in FAULTS for test in fault.tests}), WHOLE_S)


def row(fault: Fault, verdict: Verdict) -> str:
    """A line of the table."""
    caught = verdict.caught_by if verdict.is_caught else f"SURVIVED (status {verdict.status})"
    return f"| {fault.name} | {fault.breaks} | {caught} | {verdict.took_s:.0f} |"


def main() -> int:
    """Try them all and print the table; 0 if every fault is caught and the copy without one is green."""
    reading = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    reading.add_argument("--only", default="", help="faults whose name contains these words")
    reading.add_argument("--at-once", type=int, default=2, help="how many at the same time")
    given = reading.parse_args()
    faults = [fault for fault in FAULTS if given.only in fault.name]
    clean = try_without() if not given.only else None
    if clean is not None and clean.status != 0:
        print(clean.output)
        print(f"without a fault the tests must be green, not {clean.status}: {clean.caught_by}")
        return 1
    print("| fault | what it breaks | caught by | s |\n|---|---|---|---|")
    survived = 0
    with ThreadPoolExecutor(given.at_once) as pool:
        for fault, verdict in zip(faults, pool.map(try_fault, faults), strict=True):
            print(row(fault, verdict), flush=True)
            if not verdict.is_caught:
                survived += 1
                print(verdict.output[-3_000:], file=sys.stderr)
    told = "" if clean is None else f"; without a fault all is green ({clean.took_s:.0f} s)"
    print(f"\n{len(faults) - survived} of {len(faults)} faults caught{told}")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
