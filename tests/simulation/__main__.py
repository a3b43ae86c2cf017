"""Seeds by hand: `make seeds COUNT=5000 FIRST=1`; one that failed: `make seeds FIRST=1234 COUNT=1 TRACE=1`."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time

from tests.simulation.playing import CHUNK, begin, play
from tests.simulation.story import Outcome, run_seed


def report(outcome: Outcome) -> str:
    """A failure, the end of its trace, and the command that plays it again."""
    failures = "\n".join(f"  {failure}" for failure in outcome.failures[:12])
    tail = "\n".join(f"  {line}" for line in outcome.tail)
    again = f"make seeds FIRST={outcome.seed} COUNT=1 TRACE=1"
    return f"seed {outcome.seed} fails:\n{failures}\nthe end of its trace:\n{tail}\nplay it again: {again}"


def main() -> int:
    """Play the seeds; 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--trace", action="store_true", help="print what happens")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.count)
    if asked.trace:
        outcomes = [run_seed(seed, echo=True) for seed in seeds]
        print("\n".join(f"seed {o.seed}: digest {o.digest}, failures: {list(o.failures)}" for o in outcomes))
        return int(any(outcome.failures for outcome in outcomes))
    began_s = time.monotonic()
    failed = messages = 0
    virtual_s = 0.0
    with multiprocessing.get_context("spawn").Pool(asked.jobs, begin) as pool:
        for done, outcome in enumerate(pool.imap_unordered(play, seeds, CHUNK), 1):
            messages += outcome.messages
            virtual_s += outcome.virtual_s
            if outcome.failures:
                failed += 1
                print(report(outcome), flush=True)
            if done % 500 == 0:
                print(f"{done} seeds, {failed} failed, {done / (time.monotonic() - began_s):.1f} a second", flush=True)
    took_s = time.monotonic() - began_s
    print(
        f"{asked.count} seeds, {failed} failed: {messages} messages, {virtual_s / 86_400:.1f} days of their time in "
        f"{took_s:.1f} s, {asked.count / took_s:.1f} seeds a second"
    )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
