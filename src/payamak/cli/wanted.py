"""A message as the person at the command line, or a row of his file, asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from payamak.cli.shell import ExitCode, Failed
from payamak.language import worded

if TYPE_CHECKING:
    from payamak.client import Fallback, Route


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Resuming:
    """Whether a file is gone on with that was begun, and rows are sent again whose answer was lost."""

    resume: Annotated[
        bool,
        Parameter(
            negative="",
            help="Go on with a file that was begun: rows that were taken, refused or may have been sent are left.",
        ),
    ] = False
    repeat_unknown: Annotated[
        bool,
        Parameter(
            negative="",
            help="With --resume: send rows again whose answer was lost. Whoever had the first then has a second.",
        ),
    ] = False

    def check(self, is_file: bool) -> None:
        """Raise Failed where the options say nothing: there is no file, or nothing to repeat."""
        if (self.resume and not is_file) or (self.repeat_unknown and not self.resume):
            raise Failed(
                worded(
                    "--resume goes with --csv, and --repeat-unknown with --resume",
                    "--resume با --csv می‌آید و --repeat-unknown با --resume",
                ),
                ExitCode.USAGE,
            )


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
