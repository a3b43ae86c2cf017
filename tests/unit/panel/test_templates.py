"""Templates: escaped by construction, without a letter of Persian, their words in both languages and none too many."""

from __future__ import annotations

import ast
import re
import string

import pytest
from msgspec.structs import replace
from tests.source import ROOT as TREE
from tests.source import name_of, python_files
from tests.unit.house import SUBMISSION
from tests.unit.panel.conftest import PanelHouse, text_of

from payamak.domain.message import Reason, State
from payamak.domain.people import UserRole
from payamak.language import Words
from payamak.panel import templating
from payamak.panel.pages import ROOT
from payamak.texts.panel import PANEL
from payamak.texts.standings import STANDINGS, told

FOLDER = TREE / "src" / "payamak" / "panel"
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
PANEL_FILES = [path for path in python_files("src/payamak") if FOLDER in path.parents]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_is_escaped_and_has_no_words(path: object) -> None:
    """Nothing is marked safe, no style, script or handler stands in it, and no letter of the Arabic block."""
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert not re.search(r"\|\s*safe|autoescape|<style|<script(?! src=)|\sstyle=|\son[a-z]+=|javascript:", text)
    assert not re.search("[\u0600-\u06ff]", text)
    assert not re.search(r'(src|href|action)="https?:', text)


@pytest.mark.parametrize("path", PANEL_FILES, ids=name_of)
def test_no_view_makes_markup(path: object) -> None:
    """Markup comes from templates alone."""
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert "Markup" not in text
    assert "autoescape=False" not in text


def asked_for() -> set[str]:
    """The names of words that templates and views ask for; where a part of one is put in, its beginning with a star."""
    found: set[str] = set()
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'say\("([\w.]+)"[,)]', text))
        found |= {f"{start}*" for start in re.findall(r'say\("([\w.]+)" \+', text)}
    for path in PANEL_FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in PANEL:
                found.add(node.value)
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                found.add(f"{node.values[0].value!s}*")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Shown":
                found |= {f"title.{k.value.value}" for k in node.keywords if k.arg == "title"}  # type: ignore[attr-defined]
    return found


def test_every_word_is_there_and_used() -> None:
    """A name that is asked for has its words; words that nobody asks for leave the table."""
    asked = asked_for()
    starts = {name[:-1] for name in asked if name.endswith("*") and len(name) > 3}
    assert {name for name in asked if not name.endswith("*")} <= set(PANEL)
    assert {name for name in PANEL if name not in asked and not any(map(name.startswith, starts))} == set()


@pytest.mark.parametrize("name", PANEL)
def test_words(name: str) -> None:
    """In both languages, with the same places; Persian letters and not their Arabic look-alikes."""
    words = PANEL[name]

    def places(sentence: str) -> set[str]:
        return {place for _, place, _, _ in string.Formatter().parse(sentence) if place}

    assert isinstance(words, Words)
    assert places(words) == places(words.fa)
    without = re.sub(r"\{\w+\}|[\x21-\x7e]{2,}", "x", words.fa)
    assert not set("يكة٠١٢٣٤٥٦٧٨٩?;,") & set(without)
    assert not re.search(r"(^|[\s«(])(ن?می) |[^\s] (های?|هایش|هایی|تر|ترین)([\s.،؛»)]|$)|\u200c(\s|$)|  ", without)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("reason", Reason)
def test_every_standing_is_told(state: State, reason: Reason) -> None:
    """A word, a tone and an icon of the sprite for each combination, taken or not, with a code or without."""
    icons = (FOLDER / "static" / "icons.svg").read_text(encoding="utf-8")
    for was_taken in (False, True):
        for code in (None, 27, 33, 9):
            each = told(state, reason, was_taken, code)
            assert each.words.fa
            assert f'id="{each.icon}"' in icons
    assert {key[0] for key in STANDINGS if key[1] is None} == set(State)


def test_every_icon_is_in_the_sprite() -> None:
    """Also those that templates and the menu name."""
    from payamak.panel.door import MENU

    icons = (FOLDER / "static" / "icons.svg").read_text(encoding="utf-8")
    named = {name for path in TEMPLATES for name in re.findall(r'icon\("([\w-]+)"\)', path.read_text("utf-8"))}
    for name in named | {icon for _, _, icon, _ in MENU}:
        assert f'id="{name}"' in icons, name


HOSTILE = '<script>alert(1)</script> \u202eelif \x07 =HYPERLINK("x") ۱۲۳ 123 😀 \'"&'


async def test_a_stored_text_does_nothing(home: PanelHouse) -> None:
    """Shown as it is in the list and in the story; what would turn or hide is a mark."""
    sent = await home.house.send(replace(SUBMISSION, message=HOSTILE))
    token = await home.person(UserRole.OWNER)
    for path in (f"{ROOT}/messages", f"{ROOT}/messages/{sent.message_id}"):
        page = text_of(await home.get(path, token))
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "\u202e" not in page
        assert "\x07" not in page
        assert "۱۲۳ 123 😀" in page


async def test_a_viewer_sees_no_text_and_no_number(home: PanelHouse) -> None:
    """On no page of the account; what is left of a number is its two ends."""
    sent = await home.house.send(replace(SUBMISSION, message="راز ما"))
    token = await home.person(UserRole.VIEWER)
    view = await home.post(f"{ROOT}/messages/search", token, recipient="09121234567")
    assert "view=" not in next(value for name, value in view.headers if name == "location")
    for path in (f"{ROOT}/messages", f"{ROOT}/messages/{sent.message_id}"):
        page = text_of(await home.get(path, token))
        assert "راز ما" not in page
        assert "1234567" not in page
        assert "0912•••••67" in page


def test_styles_turn_with_the_language() -> None:
    """Logical properties alone; and no more than 30 kB."""
    css = (FOLDER / "static" / "panel.css").read_text(encoding="utf-8")
    assert not re.search(r"[\s-](left|right)\b(?!-to)", css)
    assert not re.search(r"@import|url\(\"?https?:", css)
    assert len(css.encode()) <= 30_000
    assert len((FOLDER / "static" / "panel.js").read_bytes()) <= 12_000
    assert templating.static().url("panel.css").startswith(f"{ROOT}/static/panel.")
