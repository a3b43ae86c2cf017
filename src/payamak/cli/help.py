"""Help and wrong usage in Persian: the library's own pages and sentences, their words looked up.

The English texts of help stand where they are read, in docstrings and beside parameters; payamak.texts.help has each in
Persian. What the library says of wrong usage is English: the few sentences of it that there are stand here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cyclopts.help import DefaultFormatter

from payamak.texts.help import PERSIAN

if TYPE_CHECKING:
    from cyclopts import App
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions

_EXAMPLE: Final = re.compile(r"\bExample: ")
_PARAGRAPH: Final = re.compile(r"\n\s*\n")

_USAGE: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), persian)
    for pattern, persian in (
        (r'Unknown option: "?(\S+?)"?\. Did you mean (\S+)\?', r"گزینهٔ \1 نیست؛ منظورتان \2 بود؟"),
        (r'Unknown option: "?(.+?)"?', r"گزینهٔ \1 نیست"),
        (r'Unknown command "(.*?)"\. Did you mean "(\S+)"\?.*', r"فرمان \1 نیست؛ منظورتان \2 بود؟"),
        (r'Unknown command "(.*?)"\..*', r"فرمان \1 نیست"),
        (r'(?:Command ".*?" parameter|Parameter) (\S+) requires an argument.*', r"\1 لازم است"),
        (r'Invalid value "(.*?)" for (\S+)\. Choose from: (.*?)(?:\. .*)?', r"\2 نمی‌تواند \1 باشد؛ مجاز: \3"),
        (r'Invalid value "(.*?)" for (\S+): unable to convert.*', r"\2 نمی‌تواند \1 باشد"),
        (r'Invalid value "(.*?)" for (\S+)\. (.*)', r"\2 نمی‌تواند \1 باشد: \3"),
        (r"Unused Tokens: \[(.*)\]", r"این‌ها زیادی است: \1"),
    )
)
"""What the library says of wrong usage, and the same in Persian."""


def in_persian(text: str) -> str:
    """A text of help, paragraph by paragraph; what has no Persian stays as it is."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in _PARAGRAPH.split(text.strip()))
    return "\n\n".join(PERSIAN.get(paragraph, _EXAMPLE.sub("نمونه: ", paragraph)) for paragraph in paragraphs)


def usage_in_persian(said: str) -> str:
    """What the library says was wrong with the words of a command, in one line and without its full stop."""
    for pattern, persian in _USAGE:
        if found := pattern.fullmatch(said):
            return found.expand(persian)
    return said


def speak_persian(app: App) -> None:
    """Let the program's pages be Persian."""
    app.help_epilogue = in_persian(app.help_epilogue or "")
    app.help_formatter = PersianHelp()


class PersianHelp(DefaultFormatter):
    """Pages of help in Persian; the library asks it to print each piece of a page."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """One panel: its title, and a row for each command or parameter."""
        entries = [_entry(entry) for entry in panel.entries]
        super().__call__(console, options, panel.copy(title=in_persian(str(panel.title)), entries=entries))

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        """How the command is written."""
        console.print(f"کاربرد: {usage}", style="bold", markup=False)

    def render_description(self, console: Console, options: ConsoleOptions, description: Any) -> None:
        """What the command does."""
        super().render_description(console, options, _said(description))


def _said(text: Any, *, behind: tuple[str, ...] = ()) -> Any:
    """A renderable of the library with its words in Persian, and what is said behind them."""
    from cyclopts.help import InlineText
    from rich.text import Text

    markup = getattr(getattr(text, "primary_renderable", text), "markup", None)
    made = text if markup is None else InlineText.from_format(in_persian(markup), format="markdown")
    for more in behind if isinstance(made, InlineText) else ():
        made.append(Text(f"[{more}]", style="dim"))
    return made


def _entry(entry: HelpEntry) -> HelpEntry:
    behind = (
        *((f"مجاز: {', '.join(entry.choices)}",) if entry.choices else ()),
        *((f"پیش‌فرض: {entry.default}",) if entry.default not in (None, "False") else ()),
        *(("لازم",) if entry.required else ()),
    )
    return entry.copy(description=_said(entry.description, behind=behind), choices=None, default=None, required=False)
