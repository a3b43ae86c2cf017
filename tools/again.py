"""The same tests again and again beside a busy processor: a red run says that a test, or the program, waits for luck.

    python -m tools.again --times 50 [--burning 2] [tests and options of pytest]

Without tests: those that start processes or search traces. Every red run keeps its whole output and the folders of its
tests under build/again; what was found in traces stays under build/traces. At the end each test that was ever red is
named, with how often. Exit status 1 if any was, 0 if none; a run that ran no test is red too.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "again"
LONGEST_S = 4 * 3_600.0
"""Of one run; one that hangs is red. The whole suite on a machine that others have nine tenths of takes hours."""

HANGS_S = 900
"""Of one test, instead of the suite's own limit, which is for a machine that nobody burns: it ends the run there."""

WITH_PROCESSES = (
    *("tests/scenarios", "tests/faults", "tests/hostile", "tests/interop", "tests/crash", "tests/clients", "tests/php"),
    *("tests/docs", "tests/unit/test_traces.py", "tests/unit/simulator", "tests/unit/cli"),
)


@contextmanager
def burning(count: int) -> Iterator[None]:
    """So many processes that want a whole processor each; they end with us, and by themselves if we are killed."""
    code = f"import os\nwhile os.getppid() == {os.getpid()}: sum(range(10_000))"
    fires = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(count)]
    try:
        yield
    finally:
        for fire in fires:
            fire.kill()
            fire.wait()


def reds_of(output: str) -> list[str]:
    """The tests that were red, and what the search of traces has found."""
    told = [line.partition(" - ")[0] for line in output.splitlines()]
    return [line for line in told if line.startswith(("FAILED ", "ERROR ", "FOUND "))]


def once(number: int, folder: Path, arguments: Sequence[str]) -> list[str]:
    """One run; what was red. Of a red one everything is kept."""
    place = folder / f"run-{number:03d}"
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "-p", "no:cacheprovider"]
    command += ["-o", f"faulthandler_timeout={HANGS_S}", f"--basetemp={place / 'tmp'}"]
    place.mkdir(parents=True)
    with (place / "output.txt").open("w", encoding="utf-8") as output:
        try:
            done = subprocess.run(
                [*command, *arguments], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, timeout=LONGEST_S
            )
            status = done.returncode
        except subprocess.TimeoutExpired:
            status = -1
    reds = reds_of((place / "output.txt").read_text(encoding="utf-8", errors="replace"))
    if status == 0:
        shutil.rmtree(place, ignore_errors=True)
        return []
    return reds or [f"pytest ended with {status} and named no test"]


def main() -> int:
    """Run them, tell each red as it comes, and the sum."""
    reading = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    reading.add_argument("--times", type=int, default=50)
    reading.add_argument("--burning", type=int, default=os.cpu_count() or 2, help="processes that burn meanwhile")
    given, arguments = reading.parse_known_args()
    if not any(argument.startswith("tests") for argument in arguments):
        arguments += [each for each in WITH_PROCESSES if (ROOT / each).exists()]
    folder = KEPT / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    often: Counter[str] = Counter()
    red_runs = 0
    with burning(given.burning):
        for number in range(1, given.times + 1):
            began_s = time.monotonic()
            reds = once(number, folder, arguments)
            red_runs += bool(reds)
            often.update(set(reds))
            took = f"{time.monotonic() - began_s:.0f} s"
            print(
                f"{number} of {given.times}: {'RED' if reds else 'green'} after {took}", *reds, sep="\n    ", flush=True
            )
    print(
        f"\n{red_runs} of {given.times} runs were red",
        *(f"{count:4} {red}" for red, count in often.most_common()),
        sep="\n",
    )
    if red_runs:
        print(f"kept: {folder}")
    return 1 if red_runs else 0


if __name__ == "__main__":
    sys.exit(main())
