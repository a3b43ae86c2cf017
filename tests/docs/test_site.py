"""The documentation as a site: whole, in both languages, read without a network, and searched as people write."""

from __future__ import annotations

import json
import posixpath
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from tests.source import ROOT
from tests.unit.http.doors import all_doors
from tools.site.__main__ import build
from tools.site.pages import ENGLISH, PERSIAN, Page, collect
from tools.site.render import render, slug

from payamak.cli.program import COMMANDS
from payamak.codes import Code
from payamak.config import table as process_settings
from payamak.domain.message import State
from payamak.domain.site.kinds import INNER, KINDS, STORES_OWN
from payamak.http.metric_table import TABLE
from payamak.log_events import EVENTS
from payamak.setting import fields_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this tree, in which nothing is wrong."""
    out = tmp_path_factory.mktemp("site") / "site"
    assert build(ROOT, out) == []
    return out


class Read(HTMLParser):
    """A page's anchors, where its links lead, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.root: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See HTMLParser."""
        given = {name: value or "" for name, value in attrs}
        self.anchors.add(given.get("id", ""))
        if tag == "html":
            self.root = given
        elif tag == "a":
            self.links.append(given["href"])
        elif tag in ("script", "img", "iframe", "link"):
            self.loads.append(given.get("src", given.get("href", "")))


def pages_of(site: Path) -> Iterator[tuple[str, Read]]:
    """Every page by its place."""
    for file in sorted(site.rglob("*.html")):
        yield file.relative_to(site).as_posix(), Read(file.read_text(encoding="utf-8"))


def test_no_link_is_dead(site: Path) -> None:
    """Each leads to a page of the site, and to an anchor that this page has; what a page loads is there."""
    made = dict(pages_of(site))
    assert len(made) == len(collect())
    for place, page in made.items():
        for link in (*page.links, *page.loads):
            if link.startswith("https://"):
                continue
            name, _, anchor = unquote(link).partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(place), name)) if name else place
            assert site.joinpath(target).is_file(), f"{place}: {link}"
            assert not anchor or anchor in made[target].anchors, f"{place}: {link}"


def test_no_other_host(site: Path) -> None:
    """Nothing that a page shows or runs comes from elsewhere, from the sheet on down."""
    for place, page in pages_of(site):
        assert [each for each in page.loads if ":" in each] == [], place
    for name in ("style.css", "search.js"):
        text = site.joinpath(name).read_text(encoding="utf-8")
        assert "http" not in text
        assert "url(" not in text
        assert "fetch(" not in text


@pytest.mark.parametrize(("language", "direction"), [(ENGLISH, "ltr"), (PERSIAN, "rtl")])
def test_both_languages(site: Path, language: str, direction: str) -> None:
    """A page says its language and direction, and leads to the other one."""
    for page in collect().values():
        if page.language == language:
            read = Read(site.joinpath(page.target).read_text(encoding="utf-8"))
            assert (read.root["lang"], read.root["dir"]) == (language, direction)


def test_a_persian_page_leads_to_its_own() -> None:
    """`x.fa.md` is `x.md` in Persian, both ways."""
    pages = collect()
    assert pages["README.fa.md"].other == "README.md"
    assert pages["README.md"].other == "README.fa.md"
    assert [page.source for page in pages.values() if page.language == PERSIAN and page.other not in pages] == []


def one_page(text: str) -> Page:
    """A page with this text."""
    return Page(source="docs/x.md", room="docs", language=ENGLISH, title="x", text=text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<b>bold</b>", "HTML"),
        ("<table>\n</table>", "HTML"),
        ("![a](b.png)", "picture"),
    ],
)
def test_what_is_no_commonmark_is_a_fault(text: str, fault: str) -> None:
    """Another generator must be able to read the pages: no HTML but what turns a Persian page."""
    assert [each for each in render(one_page(f"# x\n\n{text}\n"), {}).faults if fault in each]


def test_dead_links_are_faults(tmp_path: Path) -> None:
    """A page that is not there, and an anchor that its page has not."""
    tmp_path.joinpath("README.md").write_text("# x\n\n[a](gone.md) [b](README.fa.md#gone) [c](#x)\n", encoding="utf-8")
    tmp_path.joinpath("README.fa.md").write_text("# x\n", encoding="utf-8")
    wrong = build(tmp_path, tmp_path / "out")
    assert wrong == ["README.md: there is no gone.md", "README.md: README.fa.md has no #gone"]


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    """What lies where the site is to be is removed only if it is a site."""
    tmp_path.joinpath("README.md").write_text("# x\n", encoding="utf-8")
    tmp_path.joinpath("README.fa.md").write_text("# x\n", encoding="utf-8")
    with pytest.raises(FileExistsError):
        build(tmp_path, tmp_path)
    assert build(tmp_path, tmp_path / "out") == build(tmp_path, tmp_path / "out") == []


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [("The disk", "the-disk"), ("What is it, and `why`?", "what-is-it-and-why"), ("قول و قرارداد", "قول-و-قرارداد")],
)
def test_anchors_are_those_of_the_repository(heading: str, anchor: str) -> None:
    """A second heading of the same words has a number."""
    assert slug(heading.replace("`", ""), set()) == anchor
    assert slug(heading.replace("`", ""), {anchor}) == f"{anchor}-1"


# ---------------------------------------------------------------------------------------- everything has its place


def sections_of(site: Path) -> list[tuple[str, str, str, str]]:
    """What the search looks through."""
    text = site.joinpath("index.js").read_text(encoding="utf-8")
    rows = json.loads(text.removeprefix("const SECTIONS = ").rstrip().removesuffix(";"))
    return [(place, page, heading, text) for place, page, heading, text in rows]


NAMES: dict[str, set[str]] = {
    "docs/reference/settings.html": {
        *(name for name, _, _ in process_settings()),
        *(name for kind in (*KINDS.values(), *INNER.values()) for name in fields_of(kind) if name not in STORES_OWN),
    },
    "docs/guide/commands.html": {f"payamak {name}" for _, name, _, _ in COMMANDS},
    "docs/reference/states.html": {state.value for state in State},
    "docs/reference/metrics.html": {each.on_the_page for described in TABLE.values() for each in described},
    "docs/reference/events.html": set(EVENTS),
    "docs/reference/http.html": {
        *(code.english for code in Code),
        *(route.path for route in all_doors(None) if not route.path.startswith("/almassms")),
    },
    "docs/guide/soap.html": {"/almassms.asmx"},
}


@pytest.mark.parametrize("place", NAMES)
def test_everything_has_its_place(site: Path, place: str) -> None:
    """Every setting, command, state, metric, event, code and door is found on its page."""
    text = " ".join(part for section in sections_of(site) if section[0].partition("#")[0] == place for part in section)
    assert [name for name in sorted(NAMES[place]) if name.lower() not in text.lower()] == []


# ------------------------------------------------------------------------------------------------- in a browser

ASKED: list[tuple[str, str, str]] = [
    ("لغو۱۱", "index.html", "docs/guide/received.html#opt-out-by-the-handset"),
    ("لغو 11", "index.fa.html", "docs/guide/received.html#opt-out-by-the-handset"),
    ("گيرنده", "index.fa.html", "index.fa.html"),
    ("گيرنده", "docs/guide/soap.html", "docs/reference/settings.html"),
    ("Payamak_Link_Up", "index.html", "docs/reference/metrics.html#links"),
    ("on trial", "docs/decisions/0036-links-on-trial.html", "docs/decisions/0036-links-on-trial.html"),
]


@pytest.mark.debian
@chromium
def test_a_browser_finds_it(site: Path) -> None:
    """Read from the disk, without any other request: what people type, in whichever letters, leads to its page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        asked: list[str] = []
        wrong: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        for question, begin, expected in ASKED:
            page.goto(site.joinpath(begin).as_uri())
            page.fill("#search", question)
            places = [link.evaluate("link => link.href") for link in page.query_selector_all("#found a")]
            found = [unquote(place).removeprefix(f"{site.as_uri()}/") for place in places]
            assert any(place.startswith(expected) for place in found), (question, found)
        page.fill("#search", "qqqqq")
        assert page.inner_text("#found") == page.get_attribute("#found", "data-none")
        page.goto(site.joinpath("index.fa.html").as_uri())
        assert page.evaluate("getComputedStyle(document.querySelector('main p')).direction") == "rtl"
        for listing in ("pre", "p code"):  # `--json` would be read as `json--`
            assert page.evaluate(f"getComputedStyle(document.querySelector('{listing}')).direction") == "ltr"
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        browser.close()
    assert wrong == []
    assert [url for url in asked if not url.startswith("file://")] == []
