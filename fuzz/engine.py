"""One target until the time is over, or until so many inputs: `python -m fuzz.engine TARGET --seconds 60`.

Under atheris (libFuzzer) where it is installed: its coverage of our modules leads the search. Elsewhere blindly: seeds
from the corpus, changed at random. Either way the first input that raises ends it, with its octets kept in `findings`
and exit status 1; the last line on standard output is one of JSON: executions and seconds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuzz.reading import CORPUS, REGRESSIONS, TooSlow

LONGEST_OCTETS = 16_384
"""What an input may hold; `repeated` makes more of it where length matters."""

HANGS_AFTER_S = 120
"""An input that takes so long ends the run, whatever the machine is doing beside it."""

MOST_MEMORY_MB = 2_048
INSTRUMENTED = ("payamak", "python_multipart", "fuzz.smpp", "fuzz.web", "fuzz.texts")


def atheris_or_none() -> Any:
    """The module, or None where it is not installed."""
    try:
        return importlib.import_module("atheris")
    except ImportError:
        return None


def guided(atheris: Any, name: str, arguments: argparse.Namespace) -> None:
    """Run libFuzzer, which ends the process. What is left at its end is written by the process that started us."""
    with atheris.instrument_imports(include=list(INSTRUMENTED)):
        module = importlib.import_module("fuzz.targets")
    target: Callable[[bytes], None] = module.TARGETS[name]
    arguments.grown.mkdir(parents=True, exist_ok=True)
    arguments.findings.mkdir(parents=True, exist_ok=True)
    seeds = [str(folder) for folder in (CORPUS / name, REGRESSIONS / name) if folder.is_dir()]
    atheris.Setup(
        [
            sys.argv[0],
            f"-runs={arguments.inputs}" if arguments.inputs else f"-max_total_time={arguments.seconds}",
            f"-max_len={LONGEST_OCTETS}",
            f"-timeout={HANGS_AFTER_S}",
            f"-rss_limit_mb={MOST_MEMORY_MB}",
            f"-artifact_prefix={arguments.findings}/{name}-",
            "-print_final_stats=1",
            *([f"-seed={arguments.seed}"] if arguments.seed else []),
            str(arguments.grown),
            *seeds,
        ],
        target,
    )
    atheris.Fuzz()


def blind(name: str, arguments: argparse.Namespace) -> int:
    """Change seeds at random until the time is over; the exit status."""
    from fuzz.targets import TARGETS

    files = [*(CORPUS / name).glob("*"), *(REGRESSIONS / name).glob("*")]
    seeds = [path.read_bytes() for path in sorted(files)] or [b""]
    chance, started_s = random.Random(arguments.seed), time.monotonic()
    runs = 0
    while runs < arguments.inputs or (not arguments.inputs and time.monotonic() - started_s < arguments.seconds):
        octets = changed(chance, seeds)
        runs += 1
        try:
            TARGETS[name](octets)
        except (Exception, TooSlow):
            traceback.print_exc()
            arguments.findings.mkdir(parents=True, exist_ok=True)
            (arguments.findings / f"{name}-crash-{runs}").write_bytes(octets)
            return 1
    print(json.dumps({"runs": runs}))
    return 0


def changed(chance: random.Random, seeds: list[bytes]) -> bytes:
    """A seed with up to eight changes: octets set, cut out, put in, doubled, or taken from another seed."""
    octets = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 8)):
        at = chance.randint(0, len(octets))
        match chance.randrange(5):
            case 0 if at < len(octets):
                octets[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
            case 1:
                del octets[at : at + chance.randint(1, 16)]
            case 2:
                octets[at:at] = chance.randbytes(chance.randint(1, 16))
            case 3:
                octets[at:at] = octets[at : at + chance.randint(1, 256)]
            case _:
                other = chance.choice(seeds)
                octets[at:] = other[chance.randint(0, len(other)) :]
    return bytes(octets[:LONGEST_OCTETS])


def main() -> int:
    """Read the command line and run."""
    reader = argparse.ArgumentParser(prog="python -m fuzz.engine")
    reader.add_argument("target")
    reader.add_argument("--seconds", type=int, default=60)
    reader.add_argument("--inputs", type=int, default=0, help="in place of the time: so many")
    reader.add_argument("--seed", type=int, default=0, help="0: another one each time")
    reader.add_argument("--grown", type=Path, required=True, help="a folder for the inputs that led further")
    reader.add_argument("--findings", type=Path, required=True, help="a folder for the inputs that raised")
    arguments = reader.parse_args()
    if (atheris := atheris_or_none()) is not None:
        guided(atheris, arguments.target, arguments)
        return 0
    arguments.seed = arguments.seed or time.time_ns()
    return blind(arguments.target, arguments)


if __name__ == "__main__":
    sys.exit(main())
