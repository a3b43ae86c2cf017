"""`payamak simulate`: one simulated operator."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from payamak.cli.shell import ExitCode, Failed, say, tell_json


def simulate(*arguments: Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]) -> int:
    """Run a simulated operator: an SMPP 3.4 server whose behaviour the recipient's last digits choose."""
    from payamak.cli.running import run_loop
    from payamak.simulator.__main__ import arguments as options_of
    from payamak.simulator.__main__ import configured, run
    from payamak.simulator.behaviour import describe
    from payamak.simulator.report import to_json
    from payamak.simulator.rules import ScriptError
    from payamak.simulator.trouble import TroubleError

    parser = options_of()
    parser.prog = "payamak simulate"
    options = parser.parse_args(arguments)
    if options.behaviours:
        say(*describe().splitlines())
        return ExitCode.DONE
    if any(":" not in account for account in options.account):
        parser.error("--account: expected ID:PASSWORD")
    try:
        config = configured(options)
        simulator = run_loop(run(config, lambda port: tell_json({"host": config.host, "port": port})))
    except (ScriptError, TroubleError, OSError) as error:
        raise Failed(f"cannot start the simulator: {error}", ExitCode.USAGE) from error
    say(to_json(simulator.counters))
    return ExitCode.DONE
