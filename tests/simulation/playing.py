"""What a process that plays seeds does; in a module of its own, for a fresh process finds nothing in __main__."""

from __future__ import annotations

import gc

from tests.simulation.story import Outcome, run_seed

CHUNK = 10


def play(seed: int) -> Outcome:
    """Play one; the garbage of several is collected at once."""
    outcome = run_seed(seed)
    if seed % CHUNK == 0:
        gc.collect()
    return outcome


def begin() -> None:
    """Keep the collector off what is there from the start."""
    gc.collect()
    gc.freeze()
    gc.disable()
