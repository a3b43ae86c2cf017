"""Which pages the site has: all that a reader of the repository is led to, by room and language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent

ENGLISH, PERSIAN = "en", "fa"

ROOMS: Final[dict[str, tuple[str, str]]] = {
    "": ("Start", "آغاز"),
    "docs/guide": ("Guides", "راهنماها"),
    "docs/reference": ("Reference", "مرجع"),
    "docs": ("Promise and contract", "قول و قرارداد"),
    "project": ("The project", "پروژه"),
    "docs/decisions": ("Decisions", "تصمیم‌ها"),
}
"""The parts of the menu by where pages lie, each in both languages; in the order of the menu."""

PROJECT: Final = ("CHANGELOG.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "contrib/README.md", "changes/README.md")

_TITLE: Final = re.compile(r"^# (.+)$", re.MULTILINE)
_MARKUP: Final = re.compile(r"[`*]|\[|\]\([^)]*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: where its text lies below the root, in which room and language, how it is called."""

    source: str
    room: str
    language: str
    title: str
    text: str

    @property
    def target(self) -> str:
        """Where it lies in the site."""
        stem = self.source.removesuffix(".md")
        folder, _, name = stem.rpartition("/")
        if name.split(".")[0] == "README":
            name = name.replace("README", "index")
        return f"{folder}/{name}.html" if folder else f"{name}.html"

    @property
    def other(self) -> str:
        """Where the same page in the other language lies, if there is one."""
        stem = self.source.removesuffix(".md")
        return f"{stem.removesuffix('.fa')}.md" if self.language == PERSIAN else f"{stem}.fa.md"


def collect(root: Path = ROOT) -> dict[str, Page]:
    """Every page by its source, in the order of the menu."""
    found: dict[str, Page] = {}
    for room in ROOMS:
        for path in _files(root, room):
            source = path.relative_to(root).as_posix()
            text = path.read_text(encoding="utf-8")
            title = _TITLE.search(text)
            if title is None:
                raise ValueError(f"{source} has no title")
            found[source] = Page(
                source=source,
                room=room,
                language=PERSIAN if source.endswith(".fa.md") else ENGLISH,
                title=_MARKUP.sub("", title[1]),
                text=text,
            )
    return found


def _files(root: Path, room: str) -> list[Path]:
    if room == "project":
        return [root / name for name in PROJECT if (root / name).exists()]
    if room == "":
        return sorted(root.glob("README*.md"))
    return sorted(root.joinpath(room).glob("*.md"), key=lambda path: (path.name != "README.md", path.name))
