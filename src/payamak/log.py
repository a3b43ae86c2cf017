"""Structured logs: one JSON line on standard error for each change, without texts, passwords or full numbers.

The fields that carry personal data never reach here; one processor is a net below that rule: a number stays whole
only where it is one of our own lines. What others say on our standard error (libraries, the event loop, the
interpreter at an error that nobody caught) may quote what a caller wrote: of an error only its type and its place are
told (`catch_strays`). Lines leave by a thread of their own (log_output.py).
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, Final

import structlog

from payamak.log_events import level_of
from payamak.log_output import LogOutput
from payamak.visible import visible

FORBIDDEN = frozenset(
    {"text", "message", "password", "recipient", "sender", "mobile", "query", "url", "body", "secret"}
)
"""Names of fields that would hold what a log must not."""

OWN_IDS: Final = frozenset(
    {"message_id", "received_id", "event_id", "id", "key", "event", "part", "link", "where", "at", "code", "thread"}
)
"""Fields of ours that are no words of others: ids have as many digits as a number, places have names of files."""

CUT: Final = frozenset({"recipient_masked", "sender_masked"})
"""Numbers whose middle is gone already (`domain.numbers.masked`)."""

_BETWEEN: Final = (
    "\\s()\\-\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2010-\u2015\u202a-\u202e"
    "\u2060-\u206f\u2212\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
"""All that a number may be written with, as domain/numbers.py above has it: a test holds both together."""

_NUMBER: Final = re.compile(rf"(0[xX][0-9A-Fa-f]{{8}}(?![0-9A-Fa-f]))|\d(?:[{_BETWEEN}]{{0,2}}\d){{6,}}")
"""Seven digits or more, of any script: mobiles, landlines, numbers abroad, in whatever spelling. Not a status of SMPP,
which is written with eight digits of hex (the group)."""

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d(?!\d)")
_WHOLE_MOBILE: Final = re.compile(r"(?<!\d)(?:(?:00)?98|0)?9\d{9}(?!\d)")
_SHORTEST: Final = 7
_SHOWN_OF: Final = 12
"""A number of so many digits shows its ends, as `domain.numbers.masked` has it."""

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}

_PLACES: Final = 6
"""Frames told of an error: enough to find it, few enough for a line."""


def place_of(error: BaseException) -> list[str]:
    """Where an error was raised, the innermost frame last. Nothing of its text: that may quote what a caller wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-_PLACES:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


@lru_cache(maxsize=1_024)  # most words of a log are those of the line before
def _without_numbers(text: str) -> str:
    return _NUMBER.sub(lambda found: found[0] if found[1] or _DAY.match(found[0]) else "masked", text)


@lru_cache(maxsize=1_024)
def _without_mobiles(text: str) -> str:
    return _WHOLE_MOBILE.sub("masked", text)


def _cut(number: str) -> str:
    """What may be shown of a number that is not ours; a text that is none, or a short one, is hidden altogether."""
    return f"{number[:5]}***{number[-4:]}" if len(number) >= _SHOWN_OF and number.isdigit() else "***"


def shown_line(number: str, is_own_line: Callable[[str], bool]) -> str:
    """A line as a log may have it: whole if it is ours, else as anybody's number."""
    return number if is_own_line(number) else _cut(number)


def mask(fields: MutableMapping[str, Any], is_own_line: Callable[[str], bool]) -> MutableMapping[str, Any]:
    """The last net: forbidden fields, numbers whatever role they play, errors' texts.

    A centre may swap the two addresses of a message, so the field `line` counts as anybody's number unless it is one
    of ours. It costs a tenth of what rendering the line does.
    """
    if not FORBIDDEN.isdisjoint(fields):
        fields.update(dict.fromkeys(FORBIDDEN & fields.keys(), "masked"))
    for key, value in fields.items():
        if type(value) is not str:
            continue
        if key == "line":
            fields[key] = shown_line(value, is_own_line)
        elif len(value) >= _SHORTEST and key not in CUT:
            fields[key] = _without_mobiles(value) if key in OWN_IDS else _without_numbers(value)
    if "exc_info" in fields:
        given = fields.pop("exc_info")
        error = given[1] if isinstance(given, tuple) else given if isinstance(given, BaseException) else sys.exception()
        if error is not None:
            fields["error"], fields["where"] = type(error).__name__, place_of(error)
    return fields


def show_harmful(fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Characters that a terminal would obey are shown (an operator's words may hold them); JSON does so by itself."""
    fields.update({k: visible(v) for k, v in fields.items() if isinstance(v, str) and not v.isprintable()})
    return fields


class Logs:
    """The logs of one process: how much is told, where it goes, whose numbers are ours."""

    def __init__(self, level: str, output: LogOutput, *, is_human: bool = False) -> None:
        """`level` is one of the words of the setting `log_level`; `is_human`: lines are columns, not JSON."""
        self.output = output
        self.is_human = is_human
        self.is_own_line: Callable[[str], bool] = lambda _line: False
        """Whether a number is one of our lines: whoever has the site says so."""
        self.set_level(level)

    def set_level(self, level: str) -> None:
        """From now on tell as much as this word says."""
        self._level = _LEVELS[level]

    def is_told(self, level: str) -> bool:
        """Whether what has this level is told now."""
        return _LEVELS[level] >= self._level

    def show_line(self, number: str) -> str:
        """What a line that goes past the processors below may have of one of a site's lines, or of what was one."""
        shown = shown_line(number, self.is_own_line)
        return shown if shown.isprintable() else visible(shown)

    def show_name(self, name: str) -> str:
        """The same of an account's name, which may be a number."""
        shown = _without_numbers(name)
        return shown if shown.isprintable() else visible(shown)

    def pass_or_drop(self, _logger: Any, name: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """A processor: what is below the level goes no further."""
        if not self.is_told(name):
            raise structlog.DropEvent
        return fields

    def mask(self, _logger: Any, _name: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """A processor: see `mask`."""
        return mask(fields, self.is_own_line)


class _Lines:
    """What structlog hands a rendered line to."""

    def __init__(self, output: LogOutput) -> None:
        self._write = output.write

    def msg(self, line: str) -> bool:
        """Put it on its way; False if it was dropped."""
        return self._write(line + "\n")

    debug = info = warning = error = critical = msg


def configure(level: str = "info", *, human: bool = False) -> Logs:
    """Set the process's logs up: JSON lines, or columns for a person at a terminal. Nobody ever waits for them."""
    output = LogOutput(_standard_error())
    logs = Logs(level, output, is_human=human)
    output.on_dropped = lambda count: event_logger("log")("log_lines_dropped", count=count)
    atexit.register(output.close)
    renderer: Any = structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            logs.pass_or_drop,
            structlog.contextvars.merge_contextvars,
            logs.mask,  # what follows adds only words of its own
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([lambda _logger, _name, fields: show_harmful(fields)] if human else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS["debug"]),
        logger_factory=lambda *_: _Lines(output),
        cache_logger_on_first_use=True,
    )
    return logs


def _standard_error() -> int:
    """Its descriptor; of nothing at all where there is none, for the next file that is opened would get its number."""
    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or never there
        return os.open(os.devnull, os.O_WRONLY)


def event_logger(name: str) -> Callable[..., object]:
    """A function `log(event, **fields)` for one part of the program; the level is the event's (log_events.py)."""
    logger = structlog.get_logger(name)
    return lambda event, /, **fields: getattr(logger, level_of(event))(event, part=name, **fields)


def one_line(event: str, /, **fields: object) -> str:
    """The line of an event, for who has no logs yet or none any more."""
    told = {"event": event, **mask(fields, lambda _line: False), "level": level_of(event)}
    return json.dumps({**told, "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z")})


# ------------------------------------------------------------------------------ what others would write

_strays = event_logger("strays")


def catch_strays(loop: asyncio.AbstractEventLoop) -> None:
    """For a process that serves: whatever libraries, the loop and the interpreter would write comes as a log line.

    asyncio logs tracebacks and the reprs of tasks and callbacks, Python prints errors of threads and of
    destructors, all with the error's text.
    """
    logging.basicConfig(handlers=[_LibraryHandler()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    loop.set_exception_handler(_on_loop_error)
    sys.excepthook = _on_uncaught
    sys.unraisablehook = _on_unraisable
    threading.excepthook = _on_thread_error


class _LibraryHandler(logging.Handler):
    """Tells that a library said something, and where in it; not its words, which may be anybody's."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        _tell("library_spoke", error, library=record.name, at=f"{record.filename}:{record.lineno}")


def _on_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """asyncio's own handler prints reprs of tasks, callbacks with their arguments, transports."""
    said = re.split(r"[<(\[{'\"]", str(context.get("message", "")), maxsplit=1)[0].strip()
    task = context.get("task") or context.get("future")
    work = task.get_coro() if isinstance(task, asyncio.Task) else None
    _tell("loop_error", context.get("exception"), what=said, task=getattr(work, "__qualname__", None))


def _on_uncaught(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    _tell("uncaught", error)


def _on_unraisable(unraisable: Any) -> None:
    _tell("unraisable", unraisable.exc_value)


def _on_thread_error(failed: threading.ExceptHookArgs) -> None:
    _tell("thread_failed", failed.exc_value, thread=failed.thread.name if failed.thread else None)


def _tell(event: str, error: object, **fields: object) -> None:
    if isinstance(error, BaseException):
        fields.update(error=type(error).__name__, where=place_of(error))
    _strays(event, **{name: value for name, value in fields.items() if value is not None})
