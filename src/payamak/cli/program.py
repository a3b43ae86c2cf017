"""The table of commands, and the one place where an error becomes a sentence and an exit code.

Commands are named here and imported when they run, so that `payamak --help` is quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from cyclopts import App, CycloptsError, Group

from payamak import __version__
from payamak.cli.lang import language_asked
from payamak.cli.shell import ExitCode, Failed, complain
from payamak.config import BadSettings
from payamak.errors import StoreFailed
from payamak.hands.refusals import Misasked, NotDone
from payamak.language import Language, listening, sentence_of, speaking, worded

HELP = """A self-hosted SMS gateway: HTTP in, SMPP 3.4 out, receipts back.

`payamak demo` shows all of it in a minute. A site of your own: `payamak init` asks for it; or write site.toml,
`payamak apply site.toml`, `payamak account credit NAME 1000000`. Then `payamak serve`. The store is `--data FILE`,
else PAYAMAK_DATABASE, else payamak.sqlite; the other commands may work on it while it is being served.
"""

EPILOGUE = """Exit codes: 0 done · 1 refused, or a problem was found · 2 wrong usage or settings · 3 not reached, or the
store failed. `payamak COMMAND --help` tells more; `--json` answers in a form for machines."""

_RUN, _SITE, _SEND, _LOOK, _HANDS, _CARE = (
    Group(title, sort_key=place)
    for place, title in enumerate(("Run", "Site", "Send", "Look", "Operator's hands", "Care"))
)

COMMANDS: tuple[tuple[Group, str, str, str], ...] = (
    (_RUN, "demo", "demo:demo", "See everything at work, without an operator."),
    (_RUN, "init", "init:init", "Make a first site: ask, write its files, send a test message."),
    (_RUN, "serve", "serve:serve", "Run the gateway."),
    (_RUN, "listen", "listen:listen", "Show what is posted to customers, verified; pass it on."),
    (_RUN, "simulate", "simulate:simulate", "Run a simulated operator to test against."),
    (_SITE, "apply", "site:apply", "Bring accounts, lines, links and templates to what a file says."),
    (_SITE, "export", "site:export", "Write the site as such a file."),
    (_SITE, "account", "accounts:app", "Customers: credit, passwords, what they may use."),
    (_SITE, "user", "users:app", "People of the panel: who may come in, and as what."),
    (_SITE, "line", "lines:app", "Sender numbers, their prices and links."),
    (_SITE, "link", "links:app", "Binds to operators."),
    (_SITE, "template", "templates:app", "Approved texts of service lines."),
    (_SITE, "optout", "optouts:app", "Who refuses which line."),
    (_SEND, "send", "send:send", "Send one message, or a CSV file of them, over HTTP."),
    (_SEND, "campaign", "campaigns:app", "Send to the people of a file: check, start, pause, prove."),
    (_SEND, "states", "send:states", "Ask over HTTP where messages stand."),
    (_LOOK, "messages", "messages:messages", "List messages by recipient, line, state or time."),
    (_LOOK, "show", "show:show", "The whole story of a message, and what happens next."),
    (_LOOK, "queue", "messages:queue", "What waits, and why."),
    (_LOOK, "top", "top:top", "What the running gateway does, anew each second."),
    (_LOOK, "stats", "usage:stats", "How messages ended and what they cost, by day, line, language or operator."),
    (_LOOK, "unmatched", "messages:unmatched", "Receipts that belong to no known message."),
    (_LOOK, "unreadable", "faults:unreadable", "What operators brought and we could not read or handle."),
    (_LOOK, "trace", "trace:trace", "The PDUs of a link as they pass, texts and secrets masked."),
    (_LOOK, "received", "received:app", "What handsets sent, and its posts to customers; post again."),
    (_LOOK, "webhook", "webhooks:app", "What customers were told of states; post again; try a webhook."),
    (_HANDS, "suspend", "hands:suspend", "Stop a line, a link, or the intake."),
    (_HANDS, "resume", "hands:resume", "Let it go on."),
    (_HANDS, "cancel", "hands:cancel", "Take waiting messages back."),
    (_HANDS, "move", "hands:move", "Move waiting messages to another line."),
    (_HANDS, "audit", "audit:audit", "Who did what by hand, when and why."),
    (_CARE, "backup", "care:backup", "Copy the store to a file while it is in use."),
    (_CARE, "restore", "restore:restore", "Put a copy of the store back; what waits in it is held."),
    (_CARE, "migrate", "care:migrate", "Bring the store to this program's schema."),
    (_CARE, "doctor", "doctor:doctor", "Look for problems and say what to do."),
    (_CARE, "clock", "clock:app", "Whether the machine's clock has jumped; accept it."),
    (_CARE, "completion", "completion:completion", "What bash, zsh or fish completes after `payamak`."),
    (_CARE, "config", "settings:config", "All settings: meaning, unit, allowed, value and where it comes from."),
)


def build(chosen: str = "") -> App:
    """The program's commands; nothing is imported yet. The chosen one's help is its own docstring."""
    app = App(
        name="payamak",
        help=HELP,
        help_epilogue=EPILOGUE,
        help_format="markdown",
        version=__version__,
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    if listening() is Language.PERSIAN:
        from payamak.cli.help import speak_persian

        speak_persian(app)
    for place, (group, name, target, text) in enumerate(COMMANDS):
        told = None if name == chosen else text
        more: dict[str, Any] = (
            {"help_flags": []} if name == "simulate" else {}
        )  # it has a parser, and a help, of its own
        app.command(f"payamak.cli.{target}", name=name, group=group, help=told, sort_key=place, **more)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command in the listener's language; its exit code."""
    try:
        language, rest = language_asked(arguments, os.environ)
    except ValueError as error:
        complain(str(error))
        return ExitCode.USAGE
    with speaking(language):
        return _run(rest)


def _run(arguments: list[str]) -> int:
    """Whatever went wrong is one clear sentence on standard error."""
    try:
        code = build(next(iter(arguments), ""))(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        complain(_usage(error))
        return ExitCode.USAGE
    except NotDone as error:
        for sentence in error.sentences:
            complain(sentence)
        return ExitCode.USAGE if isinstance(error, Misasked) else ExitCode.PROBLEM
    except Failed as error:
        for sentence in error.sentences:
            complain(sentence)
        return error.code
    except BadSettings as error:
        complain(sentence_of(error))
        return ExitCode.USAGE
    except (StoreFailed, OSError) as error:
        complain(_sentence(error))
        return ExitCode.UNREACHED
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if not _is_database_error(error):
            raise
        complain(
            worded(
                f"the store failed: {type(error).__name__}: {error}",
                f"پایگاه داده کار نکرد: {type(error).__name__}: {error}",
            )
        )
        return ExitCode.UNREACHED
    return code if isinstance(code, int) else ExitCode.DONE


def _usage(error: CycloptsError) -> str:
    """What was wrong with the words of a command, and where it says how they go."""
    command = " ".join(("payamak", *(error.command_chain or ())))
    said = " ".join(str(error).split()).rstrip(".")
    if listening() is Language.PERSIAN:
        from payamak.cli.help import usage_in_persian

        return f"{usage_in_persian(said)}؛ `{command} --help` را ببینید"
    return f"{said}; see `{command} --help`"


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    said = sentence_of(error)
    return worded(said, f"پایگاه داده کار نکرد: {said}") if isinstance(error, StoreFailed) else said


def _is_database_error(error: Exception) -> bool:
    apsw = sys.modules.get("apsw")
    return apsw is not None and isinstance(error, apsw.Error)
