"""Structured logs: one JSON line on standard error for each change, without texts, passwords or full numbers.

The fields that carry personal data never reach here; the last processor is a net below that rule. What others say
on our standard error (libraries, the event loop, the interpreter at an error that nobody caught) may quote what a
caller wrote: of an error only its type and its place are told (`catch_strays`).
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, TextIO, cast

import structlog

FORBIDDEN = frozenset(
    {"text", "message", "password", "recipient", "sender", "mobile", "query", "url", "body", "secret"}
)
"""Names of fields that would hold what a log must not."""

OWN_NUMBERS = frozenset({"line"})
"""Fields whose number is ours: a SIM card's line looks like anybody's mobile."""

_MOBILE: Final = re.compile(r"(?<!\d)(?:98|0)?9\d{9}(?!\d)")
_SHORTEST_NUMBER: Final = 10
_PLACES: Final = 6
"""Frames told of an error: enough to find it, few enough for a line."""


def place_of(error: BaseException) -> list[str]:
    """Where an error was raised, the innermost frame last. Nothing of its text: that may quote what a caller wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-_PLACES:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


def _mask(_logger: Any, _name: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last net: forbidden fields, numbers of mobiles, errors' texts.

    It costs a tenth of what writing the line does.
    """
    if not FORBIDDEN.isdisjoint(fields):
        fields.update(dict.fromkeys(FORBIDDEN & fields.keys(), "masked"))
    for key, value in fields.items():
        if type(value) is str and len(value) >= _SHORTEST_NUMBER and key not in OWN_NUMBERS and _MOBILE.search(value):
            fields[key] = _MOBILE.sub("masked", value)
    if "exc_info" in fields:
        given = fields.pop("exc_info")
        error = given[1] if isinstance(given, tuple) else given if isinstance(given, BaseException) else sys.exception()
        if error is not None:
            fields["error"], fields["where"] = type(error).__name__, place_of(error)
    return fields


class _Unfailing:
    """A stream whose failures are nobody's: a full disk under the log must not stop what the log tells of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write, if it can be."""
        with suppress(OSError, ValueError):  # ValueError: closed
            self._stream.write(text)

    def flush(self) -> None:
        """Flush, if it can be."""
        with suppress(OSError, ValueError):
            self._stream.flush()


def _show_controls(_logger: Any, _name: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Characters that a terminal would obey are shown (an operator's words may hold them); JSON does so by itself."""
    fields.update({k: ascii(v)[1:-1] for k, v in fields.items() if isinstance(v, str) and not v.isprintable()})
    return fields


def configure(level: str = "info", *, human: bool = False) -> None:
    """Set the process's logs up: JSON lines, or columns for a person at a terminal."""
    renderer: Any = structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _mask,  # what follows adds only words of its own
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([_show_controls] if human else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )


def event_logger(name: str) -> Callable[..., object]:
    """A function `log(event, **fields)` for one part of the program."""
    logger = structlog.get_logger(name)
    return lambda event, /, **fields: logger.info(event, part=name, **fields)


def warning_logger(name: str) -> Callable[..., object]:
    """The same for what somebody should put right soon."""
    logger = structlog.get_logger(name)
    return lambda event, /, **fields: logger.warning(event, part=name, **fields)


def alarm_logger(name: str) -> Callable[..., object]:
    """The same for what somebody has to hear of, whatever the level."""
    logger = structlog.get_logger(name)
    return lambda event, /, **fields: logger.error(event, part=name, **fields)


# ------------------------------------------------------------------------------ what others would write

_strays = structlog.get_logger("payamak.strays")


def catch_strays(loop: asyncio.AbstractEventLoop) -> None:
    """For a process that serves: whatever libraries, the loop and the interpreter would write comes as a log line.

    uvicorn and asyncio log tracebacks and the reprs of tasks and callbacks, Python prints errors of threads and of
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
    _strays.error(event, part="strays", **{name: value for name, value in fields.items() if value is not None})
