"""Builds docs/reference/settings.md from the settings themselves: the process's, and those of a site's documents."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from payamak.config import table
from payamak.domain.site.kinds import INNER, KINDS, STORES_OWN
from payamak.setting import Field, default_words, describe_type, fields_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "settings.md"

INTRODUCTION = """\
# Settings

Built by `python -m tools.settings_page` from the settings' own definitions (`src/payamak/config.py`,
`src/payamak/domain/site/`); change those, not this page. A value that is not allowed is refused, with its place and
what would be: by `payamak apply`, by `--set`, at the start. NaN and the infinities are no numbers here.

What stands in the store of an older version and is not allowed (any more) does not stop anything: a number counts as
the nearest that is allowed, or as its default if it is none, or less than a 0 that stands for "none"; lists and texts
that are too long count as they are.
`payamak doctor` shows each until it is written anew, the log has a warning at every start, and `payamak apply` refuses
a file that says the same. Other changes to the site go through meanwhile.
"""

HEAD = ("| name | meaning | allowed | unit | default | برچسب |", "|---|---|---|---|---|---|")


def cell(text: str) -> str:
    """Return a text as it may stand in a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def row(*cells: str) -> str:
    """Return one row of a table."""
    return "| " + " | ".join(cell(text) for text in cells) + " |"


def allowed(field: Field) -> str:
    """Return type and bounds of a field; of an enumeration its words."""
    said = describe_type(field.type)
    return f"{said}, {field.setting.allowed.words}" if field.setting.allowed else said


def document(kind: type[Struct]) -> Iterable[str]:
    """Yield the table of one kind of document."""
    yield from HEAD
    for name, field in fields_of(kind).items():
        if name not in STORES_OWN:
            setting = field.setting
            yield row(f"`{name}`", setting.meaning, allowed(field), setting.unit, default_words(field), setting.fa)


def process() -> Iterable[str]:
    """Yield the table of the settings of a process."""
    yield from HEAD
    for name, about, default in table():
        words = ("true" if default else "false") if isinstance(default, bool) else str(default or "")
        yield row(f"`{name}`", about.setting.meaning, about.allowed, about.setting.unit, words, about.setting.fa)


def render() -> str:
    """Return the whole page."""
    sections = {
        "The process": [
            "In a TOML file (`--config`, PAYAMAK_CONFIG) or in the environment as `PAYAMAK_NAME`, which wins;",
            "`payamak config` shows what holds and why.",
            "",
            *process(),
        ],
        **{
            f"{kind.capitalize()}: `[[{kind}]]` of a site file, `payamak {kind}`": list(document(KINDS[kind]))
            for kind in ("account", "line", "link")
        },
        **{f"Inside them: {name}": list(document(kind)) for name, kind in INNER.items()},
    }
    body = "\n".join(f"\n## {title}\n\n" + "\n".join(lines) for title, lines in sections.items())
    return f"{INTRODUCTION}{body}\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
