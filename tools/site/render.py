"""A page of CommonMark (and tables) as HTML, its links turned to the site's, and its sections for the search."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from tools.site.pages import Page

OURS: Final = frozenset({'<div dir="rtl">', "</div>"})
"""The one kind of HTML that pages may hold: what turns the text of a Persian page on GitHub."""


@dataclass(slots=True)
class Section:
    """What stands below one heading: its anchor, its words, and its text without marks."""

    anchor: str
    heading: str
    text: str = ""


@dataclass(slots=True)
class Rendered:
    """A page as HTML; its headings' anchors, sections, where its links lead (file, anchor), and what is wrong in it."""

    html: str
    anchors: set[str] = field(default_factory=set)
    sections: list[Section] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def slug(heading: str, taken: set[str]) -> str:
    """The anchor of a heading, as GitHub has it: links in the repository and in the site are the same."""
    made = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
    name, number = made, 0
    while name in taken:
        number += 1
        name = f"{made}-{number}"
    return name


def render(page: Page, pages: Mapping[str, Page]) -> Rendered:
    """Make the page, its links turned to the site's."""
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = markdown.parse(page.text)
    made = Rendered(html="")
    _name_headings(tokens, made)
    for token in tokens:
        _tidy(token, made)
        _turn_links(token.children or (), page, pages, made)
    made.html = markdown.renderer.render(tokens, markdown.options, {})
    return made


def _name_headings(tokens: Sequence[Token], made: Rendered) -> None:
    """Give each heading its anchor, and gather the text below it."""
    section = Section(anchor="", heading="")
    made.sections.append(section)
    for token, before in zip(tokens, [None, *tokens], strict=False):
        if before is not None and before.type == "heading_open":
            words = "".join(child.content for child in token.children or ())
            anchor = slug(words, made.anchors)
            before.attrs["id"] = anchor
            made.anchors.add(anchor)
            section = Section(anchor=anchor, heading=words)
            made.sections.append(section)
        elif token.type == "inline":
            section.text += " " + " ".join(_texts(token.children or ()))
        elif token.type in ("fence", "code_block"):
            section.text += " " + token.content
    made.sections = [each for each in made.sections if each.heading or each.text.strip()]


def _texts(tokens: Iterable[Token]) -> Iterable[str]:
    return (token.content for token in tokens if token.content)


def _tidy(token: Token, made: Rendered) -> None:
    """Each cell is read in the direction of its own first letter, all else in that of the page; what turns a page in
    the repository is needed no more."""
    if token.type == "html_block":
        for line in filter(None, map(str.strip, token.content.splitlines())):
            if line not in OURS:
                made.faults.append(f"HTML: {line}")
        token.content = ""
    elif token.type in ("td_open", "th_open"):
        token.attrs["dir"] = "auto"


def _turn_links(tokens: Iterable[Token], page: Page, pages: Mapping[str, Page], made: Rendered) -> None:
    """Turn the links of a paragraph to the site's; one that leads nowhere here is its words alone."""
    is_link = True
    for token in tokens:
        if token.type == "link_open":
            target = _target(str(token.attrs["href"]), page, pages, made)
            is_link = target is not None
            token.attrs = {"href": target} if target is not None else {}
        if token.type in ("link_open", "link_close") and not is_link:
            token.tag = "span"
        elif token.type == "html_inline":
            made.faults.append(f"HTML: {token.content}")
        elif token.type == "image":
            made.faults.append(f"a picture: {token.attrs.get('src')}")


def _target(href: str, page: Page, pages: Mapping[str, Page], made: Rendered) -> str | None:
    """Where a link of the repository leads in the site; None for what is no page: the site has no sources."""
    if re.match(r"[a-z]+:", href):
        return href
    name, sign, anchor = href.partition("#")
    source = posixpath.normpath(posixpath.join(posixpath.dirname(page.source), name)) if name else page.source
    made.links.append((source, unquote(anchor)))
    found = pages.get(source)
    if found is None:
        return None
    return posixpath.relpath(found.target, posixpath.dirname(page.target) or ".") + sign + anchor
