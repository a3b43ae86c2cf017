"""`payamak demo`: see it work in a minute, without an operator."""

from __future__ import annotations

import sys
from pathlib import Path

from payamak.cli.bounds import Port


def demo(*, once: bool = False, port: Port = 0, data: Path | None = None, facts: Path | None = None) -> None:
    """Show a whole gateway at work: two simulated operators, the manual's five scenarios, a live table.

    It goes on serving afterwards, until Ctrl-C: a sandbox to write a program against.

    Parameters
    ----------
    once
        Exit when all messages are final: with 0 only if each came out as the manual says.
    port
        The port for HTTP; 0 takes a free one.
    data
        A folder for the store; without it everything is forgotten at the end.
    facts
        Write what an outside test tool needs (address, accounts, recipients) to this file, as JSON.
    """
    from payamak.cli.running import run_loop
    from payamak.demo.run import run
    from payamak.log import configure

    # Its cases are refused logins too, and its links end with it: what is to be warned of elsewhere is shown here.
    logs = configure("error", human=sys.stderr is not None and sys.stderr.isatty())
    sys.exit(run_loop(run(once=once, port=port, data=data, facts=facts, logs=logs)))
