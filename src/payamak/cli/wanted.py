"""A message as the person at the command line, or a row of his file, asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from payamak.language import worded

if TYPE_CHECKING:
    from payamak.client import Fallback, Route


@dataclass(frozen=True, kw_only=True)
class Resuming:
    """Whether a file is gone on with that was begun, and rows are sent again whose answer was lost."""

    resume: bool = False
    repeat_unknown: bool = False


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One message as asked for; `send_type` and `template` are wsSend's numbers."""

    to: str
    text: str
    line: str | None = None
    line2: str | None = None
    send_type: int = 0
    template: int = 0
    life_time: int | None = None

    def arguments(self) -> dict[str, Any]:
        """What the client's `send` takes: a route alone, or a line with its fallbacks. Raises ValueError."""
        from payamak.client import Chelcheleh, SecondLine, ServiceLine

        if self.send_type not in (0, 1, 2):
            raise ValueError(
                worded(
                    f"type is 0, 1 (Chelcheleh) or 2 (service line), not {self.send_type}",
                    f"نوع 0، 1 (چلچله) یا 2 (خط خدماتی) است، نه {self.send_type}",
                )
            )
        route: Route | None = (None, Chelcheleh(), ServiceLine(self.template))[self.send_type]
        line, line2 = (self.line, self.line2) if self.line else (self.line2, None)
        given: dict[str, Any] = {"line": line, "life_time_minutes": self.life_time}
        fallback: list[Fallback] = [SecondLine(line2)] if line2 else []
        if route is not None and line is None:
            return {**given, "via": route}
        return {**given, "fallback": [*fallback, route] if route is not None else fallback or None}
