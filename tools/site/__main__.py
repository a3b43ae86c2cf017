"""`python -m tools.site`: builds the site, and fails for a dead link or anything that is no plain CommonMark."""

from __future__ import annotations

import argparse
import html
import json
import posixpath
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Any, Final

from tools.site.pages import ENGLISH, PERSIAN, ROOMS, ROOT, Page, collect
from tools.site.render import Rendered, render

HERE: Final = Path(__file__).resolve().parent
OUT: Final = ROOT / "build" / "site"
INDEX: Final = "index.js"
STATIC: Final = ("style.css", "search.js")

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    ENGLISH: {"search": "Search", "menu": "Pages", "none": "Nothing was found.", "other": "فارسی", "direction": "ltr"},
    PERSIAN: {"search": "جست‌وجو", "menu": "صفحه‌ها", "none": "چیزی پیدا نشد.", "other": "English", "direction": "rtl"},
}
"""What the site itself says, in both languages."""


def build(root: Path, out: Path) -> list[str]:
    """Write the site anew; what is wrong in its pages, a sentence each. Raises FileExistsError for another's folder."""
    pages = collect(root)
    made = {source: render(page, pages) for source, page in pages.items()}
    if out.exists() and not out.joinpath(INDEX).exists():
        raise FileExistsError(f"{out} is there and is no site: nothing was removed, nothing written")
    shutil.rmtree(out, ignore_errors=True)
    frame = Template(HERE.joinpath("page.html").read_text(encoding="utf-8"))
    for source, page in pages.items():
        file = out / page.target
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(whole(frame, page, made[source].html, pages), encoding="utf-8")
    for name in STATIC:
        shutil.copy(HERE / name, out / name)
    rows = json.dumps(index(pages, made), ensure_ascii=False, separators=(",", ":"))
    out.joinpath(INDEX).write_text(f"const SECTIONS = {rows};\n", encoding="utf-8")
    return list(faults(root, pages, made))


def whole(frame: Template, page: Page, body: str, pages: Mapping[str, Page]) -> str:
    """A page in its frame."""
    words = WORDS[page.language]
    up = posixpath.relpath(".", posixpath.dirname(page.target) or ".")
    home = next(each for each in pages.values() if each.room == "" and each.language != page.language)
    other = pages.get(page.other, home)
    return frame.substitute(
        language=page.language,
        direction=words["direction"],
        title=html.escape(page.title),
        root="" if up == "." else f"{up}/",
        search=words["search"],
        menu_word=words["menu"],
        none=words["none"],
        menu=menu(page, pages),
        other=posixpath.relpath(other.target, posixpath.dirname(page.target) or "."),
        other_language=other.language,
        other_word=words["other"],
        body=body,
    )


def menu(page: Page, pages: Mapping[str, Page]) -> str:
    """All pages, room by room; where one is there in the reader's language, that one."""
    parts = []
    for room, titles in ROOMS.items():
        links = []
        for each in pages.values():
            has_better = each.language != page.language and each.other in pages
            if each.room != room or has_better:
                continue
            href = posixpath.relpath(each.target, posixpath.dirname(page.target) or ".")
            here = ' aria-current="page"' if each is page else ""
            links.append(f'<li><a dir="auto" href="{href}"{here}>{html.escape(each.title)}</a></li>')
        opened = " open" if room != "docs/decisions" or page.room == room else ""
        title = titles[page.language == PERSIAN]
        parts.append(f"<details{opened}><summary>{title}</summary><ul>{''.join(links)}</ul></details>")
    return "\n".join(parts)


def index(pages: Mapping[str, Page], made: Mapping[str, Rendered]) -> list[tuple[str, str, str, str]]:
    """What the search looks through: place, page, heading and text of each section."""
    return [
        (
            page.target + (f"#{section.anchor}" if section.anchor else ""),
            page.title,
            section.heading,
            " ".join(section.text.split()),
        )
        for source, page in pages.items()
        for section in made[source].sections
    ]


def faults(root: Path, pages: Mapping[str, Page], made: Mapping[str, Rendered]) -> Iterable[str]:
    """Links that lead nowhere, and what another generator would not understand."""
    for source, each in made.items():
        for fault in each.faults:
            yield f"{source}: {fault}"
        for target, anchor in each.links:
            if target not in pages and not root.joinpath(target).exists():
                yield f"{source}: there is no {target}"
            elif anchor and (target not in made or anchor not in made[target].anchors):
                yield f"{source}: {target} has no #{anchor}"


def main(arguments: list[str] | None = None) -> int:
    """Build; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, help="the folder; what lies there is removed")
    options: Any = parser.parse_args(arguments)
    wrong = build(ROOT, options.out)
    for fault in wrong:
        print(fault, file=sys.stderr)
    print(f"{options.out}/index.html: {len(list(options.out.rglob('*.html')))} pages, {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
