"""`python -m payamak.simulator`: one simulated operator as a process of its own.

Prints one line of JSON with its host and port once it listens, and one with its counters when SIGINT or SIGTERM
stops it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path

from payamak.simulator.behaviour import Timing, describe
from payamak.simulator.config import Limits, SimulatorConfig
from payamak.simulator.door import SimulatorDoor
from payamak.simulator.receipts import IdFormat, ReceiptStyle
from payamak.simulator.report import to_json
from payamak.simulator.rules import ScriptError, load_rules
from payamak.simulator.server import Simulator
from payamak.simulator.trouble import TroubleError, parse_trouble

_TROUBLES = """

--trouble says what is wrong with the operator as a whole, FROM..TO in seconds after its start, else always:

  silent          takes every submit and answers none, no receipts; enquire_link is answered
  loses=PERCENT   that share of what it takes gets no answer; the receipts of all of it come
  fails=PERCENT   that share of the receipts that would say DELIVRD says UNDELIV
  cuts=SECONDS    cuts every connection so long after it came
  unbinds=SECONDS unbinds every connection so long after it came, and goes on answering
  slow_bind=SECONDS  answers a bind so long after it came
  early           brings what waits for a login before it answers the bind, and once more after it

A simulator that runs can be spoken to from another terminal: `payamak simulate say LINE FROM TEXT`, `simulate receipt
NUMBER STAT`, `simulate outage SECONDS`, each with --port where several run."""

DAY_MS = 86_400_000


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    """A reader of whole numbers in these bounds."""

    def read(text: str) -> int:
        if not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"{text} is not allowed; allowed: {lowest} to {highest}")
        return int(text)

    return read


def arguments() -> argparse.ArgumentParser:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m payamak.simulator",
        description="A simulated operator: an SMPP 3.4 server to test against.",
        epilog=describe() + _TROUBLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add, timing = parser.add_argument, Timing()
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=_whole(0, 65_535), default=0, help="port, 0 = a free one")
    add("--behaviours", action="store_true", help="show the table of behaviours, as below, and end")
    add("--account", action="append", default=[], metavar="ID:PASSWORD", help="who may bind; none: everyone")
    add("--rules", type=Path, help="script of rules, TOML or JSON")
    add("--trouble", action="append", default=[], metavar="WHAT[=VALUE][@FROM..TO]", help="see below; may be repeated")
    add("--seed", type=int, default=0, help="of the chance in --trouble")
    add("--ledger", type=Path, help="file of JSON lines to append to")
    add("--counters-only", action="store_true", help="keep no submits in memory")
    add("--no-digits", action="store_true", help="last digits choose nothing")
    add("--refuse-line", action="append", default=[], help="line that opt-outs of a line refuse")
    add("--advertising-line", action="append", default=[], help="line that opt-outs of advertising refuse")
    add("--answer-ms", type=_whole(0, DAY_MS), default=timing.answer_ms, help="from submit to answer")
    add("--receipt-ms", type=_whole(0, DAY_MS), default=timing.receipt_ms, help="from answer to receipt")
    add("--late-ms", type=_whole(0, DAY_MS), default=timing.late_ms, help="from answer to a late receipt")
    add("--submits-per-s", type=_whole(1, 1_000_000), help="pace of a connection, beyond it ESME_RTHROTTLED")
    add("--binds", type=_whole(0, 100_000), help="live binds of a system_id, beyond it ESME_RALYBND")
    add("--answer-ids", type=IdFormat, default=IdFormat.DECIMAL, metavar="|".join(one.value for one in IdFormat))
    add("--receipt-ids", type=IdFormat, help="as --answer-ids; absent: the same")
    add(
        "--receipt-style",
        type=ReceiptStyle,
        default=ReceiptStyle.FULL,
        metavar="|".join(one.value for one in ReceiptStyle),
    )
    add("--tls-certificate", type=Path, help="PEM chain; turns TLS on")
    add("--tls-key", type=Path, help="PEM key of the certificate")
    return parser


def configured(options: argparse.Namespace) -> SimulatorConfig:
    """The configuration that the options ask for. Raises ScriptError, TroubleError, OSError."""
    tls = None
    if options.tls_certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.tls_certificate, options.tls_key)
    return SimulatorConfig(
        host=options.host,
        port=options.port,
        accounts=dict(account.split(":", 1) for account in options.account),
        rules=load_rules(options.rules) if options.rules else (),
        troubles=tuple(parse_trouble(text) for text in options.trouble),
        seed=options.seed,
        digits=not options.no_digits,
        refuse_lines=frozenset(options.refuse_line),
        advertising_lines=frozenset(options.advertising_line),
        timing=Timing(answer_ms=options.answer_ms, receipt_ms=options.receipt_ms, late_ms=options.late_ms),
        limits=Limits(submits_per_s=options.submits_per_s, binds=options.binds),
        answer_ids=options.answer_ids,
        receipt_ids=options.receipt_ids,
        receipt_style=options.receipt_style,
        ledger_path=options.ledger,
        keep=not options.counters_only,
        tls=tls,
    )


async def run(config: SimulatorConfig, on_ready: Callable[[int], None]) -> Simulator:
    """Serve until SIGINT or SIGTERM; `on_ready` gets the port. Returns the stopped simulator.

    Whoever started it may speak to it meanwhile through its door (door.py). Raises OSError.
    """
    simulator = Simulator(config)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    port = await simulator.start()
    door = SimulatorDoor(port, [simulator], lambda _: simulator)
    await door.open()
    on_ready(port)
    await stopped.wait()
    await door.close()
    await simulator.stop()
    return simulator


def main(arguments_given: Sequence[str] | None = None) -> int:
    """Run the command; 2 if the options cannot be followed."""
    parser = arguments()
    options = parser.parse_args(arguments_given)
    if options.behaviours:
        print(describe())
        return 0
    if any(":" not in account for account in options.account):
        parser.error("--account: expected ID:PASSWORD")
    try:
        config = configured(options)
        simulator = asyncio.run(run(config, lambda port: _print({"host": config.host, "port": port})))
    except (ScriptError, TroubleError, OSError) as error:
        parser.error(str(error))
    print(to_json(simulator.counters), flush=True)
    return 0


def _print(row: dict[str, object]) -> None:
    print(json.dumps(row, separators=(",", ":")), flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
