"""`python -m fuzz [TARGET ...] --seconds 60`: the time shared by the targets, two of them at once; a table at the end.

`--inputs 20000 --seed 1`: so many inputs a target, the same ones wherever and however often it runs. This is what CI
asks for: what is found by chance is found by `make fuzz`, and never by a run that judges a change.

Ends with 1 if any input raised: its octets are in `findings`. Move them to `fuzz/regressions/TARGET/` with the mending.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fuzz.engine import atheris_or_none
from fuzz.targets import TARGETS

AT_ONCE = 2
"""Targets that run at once: the project is planned for two cores."""

_RUNS = re.compile(r'(?:number_of_executed_units: |"runs": )(\d+)')
_COVERED = re.compile(r"cov: (\d+)")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one target's run told."""

    name: str
    runs: int
    covered: int
    seconds: float
    words: str
    has_failed: bool


def run(name: str, limits: list[str], grown: Path, findings: Path) -> Told:
    """One target in a process of its own."""
    started_s = time.monotonic()
    command = [sys.executable, "-m", "fuzz.engine", name, *limits]
    command += [f"--grown={grown / name}", f"--findings={findings}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    runs = _RUNS.findall(done.stdout)
    covered = [int(number) for number in _COVERED.findall(done.stdout)]
    return Told(
        name=name,
        runs=int(runs[-1]) if runs else 0,
        covered=max(covered, default=0),
        seconds=time.monotonic() - started_s,
        words=done.stdout,
        has_failed=done.returncode != 0,
    )


def main() -> int:
    """Read the command line, run, tell."""
    reader = argparse.ArgumentParser(prog="python -m fuzz")
    reader.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    reader.add_argument("--seconds", type=int, default=60, help="of the whole run; each target gets its share")
    reader.add_argument("--inputs", type=int, default=0, help="of each target, in place of the seconds")
    reader.add_argument("--seed", type=int, default=0, help="0: another one each time")
    reader.add_argument("--grown", type=Path, help="keep the inputs that led further here; else thrown away")
    reader.add_argument("--findings", type=Path, default=Path("fuzz/findings"))
    arguments = reader.parse_args()
    names = arguments.targets or list(TARGETS)
    if unknown := set(names) - TARGETS.keys():
        reader.error(f"no such target: {', '.join(sorted(unknown))}")
    share_s = max(arguments.seconds * AT_ONCE // max(len(names), AT_ONCE), 1)
    way = "atheris, led by coverage" if atheris_or_none() else "blind changes of the corpus (atheris is not installed)"
    limits = [f"--seconds={share_s}", f"--inputs={arguments.inputs}", f"--seed={arguments.seed}"]
    how_long = f"with {arguments.inputs:,} inputs" if arguments.inputs else f"for {share_s} s"
    print(f"Fuzzing {len(names)} targets {how_long} each: {way}.", flush=True)
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(AT_ONCE) as pool:
        grown = arguments.grown or Path(scratch)
        told = list(pool.map(lambda name: run(name, limits, grown, arguments.findings), names))
    print(f"{'target':<12}{'inputs':>12}{'a second':>10}{'coverage':>10}  result")
    for one in told:
        a_second = one.runs / one.seconds
        result = "FAILED" if one.has_failed else "held"
        print(f"{one.name:<12}{one.runs:>12,}{a_second:>10,.0f}{one.covered:>10,}  {result}")
    for one in (one for one in told if one.has_failed):
        print(f"\n{one.name}:\n{one.words[-6_000:]}")
    return 1 if any(one.has_failed for one in told) else 0


if __name__ == "__main__":
    sys.exit(main())
