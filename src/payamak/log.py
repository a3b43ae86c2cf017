"""Structured logs: one JSON line on standard error for each change, without texts, passwords or full numbers.

The fields that carry personal data never reach here; the last processor is a net below that rule.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

FORBIDDEN = frozenset({"text", "message", "password", "recipient", "mobile", "query"})


def _mask(_logger: Any, _name: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in FORBIDDEN & fields.keys():
        fields[key] = "masked"
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


def configure(level: str = "info", *, human: bool = False) -> None:
    """Set the process's logs up: JSON lines, or columns for a person at a terminal."""
    renderer: Any = structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _mask,
            structlog.processors.format_exc_info,
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
