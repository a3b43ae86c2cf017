"""`payamak simulate`: one simulated operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from payamak.cli.shell import ExitCode, Failed, say, tell_json
from payamak.domain.numbers import parse_recipient
from payamak.language import Words, counted, spoken, worded

SPEAK: Final = Words("Speak to a simulated operator that runs.", "با اپراتور شبیه‌سازی‌شدهٔ روشن حرف بزنید.")
OF_WHICH: Final = Words("of which simulator, where several run", "از کدام شبیه‌ساز، اگر چندتا روشن است")

TO_SAY: Final[Mapping[str, tuple[Words, Mapping[str, tuple[Words, dict[str, Any]]]]]] = {
    "say": (
        Words("a handset sends a message to a line", "گوشی‌ای پیامی به خطی می‌فرستد"),
        {
            "line": (Words("the line that it is sent to", "خطی که به آن فرستاده می‌شود"), {}),
            "sender": (Words("the handset's number", "شمارهٔ گوشی"), {"metavar": "from"}),
            "text": (Words("what it says", "متنش"), {}),
        },
    ),
    "receipt": (
        Words("a receipt comes, whatever the behaviour was", "رسیدی می‌آید، رفتار هرچه بوده باشد"),
        {
            "of": (
                Words(
                    "of the newest message to this number, or the operator's id",
                    "برای تازه‌ترین پیام به این شماره، یا شناسهٔ اپراتور",
                ),
                {"metavar": "number"},
            ),
            "stat": (Words("DELIVRD, UNDELIV, EXPIRED, REJECTD, UNKNOWN, ...", "DELIVRD، UNDELIV، …"), {}),
            "--err": (Words("the operator's error", "خطای اپراتور"), {"default": "000"}),
        },
    ),
    "outage": (
        Words(
            "the operator is away: no port, no bind; what it took stays",
            "اپراتور قطع است: نه درگاه، نه bind؛ آنچه گرفته بود می‌ماند",
        ),
        {"seconds": (Words("for so long", "چند ثانیه"), {"type": float})},
    ),
}
"""What a person may do to a simulator that runs, and what it takes."""


def simulate(*arguments: Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]) -> int:
    """Run a simulated operator: an SMPP 3.4 server whose behaviour the recipient's last digits choose.

    `say`, `receipt` and `outage` speak to one that runs.
    """
    if arguments and arguments[0] in TO_SAY:
        return _speak(arguments)
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
        raise Failed(
            worded(f"cannot start the simulator: {error}", f"شبیه‌ساز راه نمی‌افتد: {error}"), ExitCode.USAGE
        ) from error
    say(to_json(simulator.counters))
    return ExitCode.DONE


def _speak(arguments: Sequence[str]) -> int:
    """Make a handset speak, a receipt come, or the operator be away. Raises Failed."""
    import asyncio
    from argparse import ArgumentParser

    parser = ArgumentParser(prog="payamak simulate", description=spoken(SPEAK))
    hands = parser.add_subparsers(dest="do", required=True)
    for name, (about, options) in TO_SAY.items():
        each = hands.add_parser(name, help=spoken(about))
        for option, (meaning, more) in options.items():
            each.add_argument(option, help=spoken(meaning), **more)
        each.add_argument("--port", type=int, help=spoken(OF_WHICH))
    asked = vars(parser.parse_args(arguments))
    port = asked.pop("port")
    question = {"from" if name == "sender" else name: value for name, value in asked.items()}
    for name in ("from", "of"):
        if name in question:
            question[name] = parse_recipient(question[name], None) or question[name]
    done = asyncio.run(_ask(port, question))
    say(*_told(done))
    return ExitCode.DONE


def _told(done: dict[str, Any]) -> list[str]:
    if "receipts" in done:
        count = counted(done["receipts"], "receipt", "رسید")
        return [worded(f"{count} on the way.", f"{count.fa} در راه است.")]
    if "seconds" in done:
        away_s = f"{done['seconds']:g}"
        return [worded(f"The operator is away for {away_s} s.", f"اپراتور {away_s} ثانیه قطع است.")]
    if done["is_acknowledged"]:
        return [worded("The gateway has it.", "درگاه آن را گرفت.")]
    return [worded("The gateway refused it for good.", "درگاه برای همیشه آن را رد کرد.")]


async def _ask(port: int | None, question: dict[str, Any]) -> dict[str, Any]:
    """What the simulator says. Raises Failed if there is none, or several and no port, or it refuses."""
    from payamak.simulator.door import door_of, folder
    from payamak.socketfile import answers, refusal_of

    doors = [door_of(port)] if port is not None else sorted(folder().iterdir())
    if port is None and len(doors) > 1:
        doors = [door for door in doors if await _is_open(door) or _forgotten(door)]
    if len(doors) > 1:
        ports = ", ".join(door.name for door in doors)
        raise Failed(
            worded(
                f"several simulators run: say which by --port ({ports})",
                f"چند شبیه‌ساز روشن است: با --port بگویید کدام ({ports})",
            ),
            ExitCode.USAGE,
        )
    try:
        ((done,),) = [[said async for said in answers(door, question)] for door in doors]
    except (OSError, ValueError):
        raise Failed(
            worded(
                "no such simulator of this user runs; `payamak simulate` or `payamak demo` starts one",
                "چنین شبیه‌سازی از این کاربر روشن نیست؛ `payamak simulate` یا `payamak demo` یکی را روشن می‌کند",
            ),
            ExitCode.UNREACHED,
        ) from None
    if refused := refusal_of(done):
        raise Failed(refused)
    return done


async def _is_open(door: Path) -> bool:
    """Whether a simulator listens there."""
    from payamak.socketfile import answers

    try:
        return bool([said async for said in answers(door, {})])
    except OSError:
        return False


def _forgotten(door: Path) -> bool:
    """Take away the file of a simulator that was killed; False."""
    door.unlink(missing_ok=True)
    return False
