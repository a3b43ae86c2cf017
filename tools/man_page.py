"""Makes payamak(1) from the help of every command: `python -m tools.man_page > payamak.1`.

The help is Markdown of few kinds: headings, paragraphs, lists and the line of usage. What is another kind fails here.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from unittest.mock import patch

from markdown_it import MarkdownIt
from markdown_it.token import Token
from tools.dist import ROOT, commit_s

from payamak import __version__
from payamak.cli.program import COMMANDS, EPILOGUE, HELP, build

BOLD, PLAIN = "\\fB", "\\fR"


def escaped(text: str) -> str:
    """A text as roff reads it: its backslashes and minus signs are themselves, and no line of it is a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join(f"\\&{line}" if line[:1] in (".", "'") else line for line in text.split("\n"))


WORDS: dict[str, Callable[[str], str]] = {
    "text": escaped,
    "code_inline": lambda content: f"{BOLD}{escaped(content)}{PLAIN}",
    "softbreak": lambda _: "\n",
    **dict.fromkeys(("strong_open", "em_open"), lambda _: BOLD),
    **dict.fromkeys(("strong_close", "em_close"), lambda _: PLAIN),
}
"""What stands in a paragraph, and how roff says it."""


def inline(tokens: Iterable[Token]) -> str:
    """Words of one paragraph; code in bold. Raises KeyError for Markdown of another kind."""
    return "".join(WORDS[token.type](token.content) for token in tokens)


def item(words: list[Token]) -> Iterator[str]:
    """One item of a list: an option with what it means, or a paragraph with a bullet."""
    if words[0].type == "code_inline" and words[1].content.startswith(":"):
        words[1].content = words[1].content.removeprefix(":").lstrip()
        yield from (".TP", inline(words[:1]), inline(words[1:]) or "\\&")
    else:
        yield from (".IP \\(bu 2", inline(words))


def roff(markdown: str) -> Iterator[str]:
    """The help of a command and of those below it, as lines of roff. Raises KeyError for Markdown of another kind."""
    kind = ""
    for token in MarkdownIt("commonmark").parse(markdown):
        match token.type:
            case "fence":
                yield from (".nf", f"{BOLD}payamak {escaped(token.content.strip())}{PLAIN}", ".fi")
            case "inline":
                words = token.children or []
                made = {
                    "heading_open": [f'.SS "payamak {inline(words)}"'],
                    "list_item_open": item(words),
                    "": [".PP", inline(words)],
                }
                yield from made[kind]
            case "heading_open" | "list_item_open":
                kind = token.type
            case "heading_close" | "list_item_close":
                kind = ""
            case _:
                assert token.type.startswith(("paragraph_", "bullet_list_")), token.type


CONTENTS = re.compile(r"^## Table of Contents\n.*?(?=^## )", re.MULTILINE | re.DOTALL)


def help_of(name: str) -> str:
    """The help of a command as Markdown; its line of usage knows nothing of how this program was started."""
    with patch.object(sys, "argv", ["payamak"]):
        return build(name)[name].generate_docs("markdown")


def page(date: str) -> Iterable[str]:
    """The whole page, dated `date` (ISO). A section's first paragraph needs no `.PP` of its own."""
    yield f'.TH PAYAMAK 1 "{date}" "Payamak {__version__}" "Payamak"'
    yield from (".SH NAME", "payamak \\- a self\\-hosted SMS gateway: HTTP in, SMPP 3.4 out, receipts back")
    yield from (".SH SYNOPSIS", f"{BOLD}payamak{PLAIN} COMMAND [OPTIONS]", ".SH DESCRIPTION", *list(roff(HELP))[1:])
    yield ".SH COMMANDS"
    for _, name, _, _ in COMMANDS:
        yield from roff(CONTENTS.sub("", help_of(name)))
    yield from (".SH EXIT STATUS", *list(roff(EPILOGUE))[1:])


def main() -> None:
    """Write the page to standard output."""
    when = dt.datetime.fromtimestamp(commit_s(ROOT), dt.UTC)
    print("\n".join(page(when.date().isoformat())))


if __name__ == "__main__":
    main()
