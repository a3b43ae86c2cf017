"""Texts of others as a person may see them."""

from __future__ import annotations

import ast
import json
import sys
import tomllib
import unicodedata
from pathlib import Path

import pytest
from tests.source import name_of, parsed, python_files

from payamak.hands.sitefile import toml_value
from payamak.visible import visible, visible_json, visible_lines

#: The joiners that Persian and emoji are written with, and the signs of Cf that have a form: they stand before numbers.
KEPT = {"\u200c", "\u200d", *map(chr, range(0x600, 0x606)), "\u06dd", "\u070f", "\u0890", "\u0891", "\u08e2"}
KEPT |= {"\U000110bd", "\U000110cd"}
HARMFUL = [
    char
    for char in map(chr, range(sys.maxunicode + 1))
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in KEPT
]


def test_every_harmful_character_is_a_mark() -> None:
    """Controls, marks of direction, what is invisible and every end of a line: none is left, whatever Unicode adds."""
    assert "\u202e" in HARMFUL
    assert [char for char in HARMFUL if not visible(char).isprintable() or visible(char) == char] == []


def test_what_is_written_stays() -> None:
    """Persian with its joiner, emoji with theirs, numbers' signs: as they are."""
    for text in ("می\u200cخواهم", "👨\u200d👩\u200d👧", "\u0600۱۲", "a\u00a0b", "سلام ۱۲۳", "🇮🇷", ""):
        assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\nmessage 7: delivered", "a␊message 7: delivered"),
        ("a\r\nb\tc\x0bd\x85e\u2028f\u2029", "a␍␊b␉c␋d<U+0085>e<U+2028>f<U+2029>"),
        ("\u202e7654\u2066x\u2069\u200f\u00ad\U000e0041", "<U+202E>7654<U+2066>x<U+2069><U+200F><U+00AD><U+E0041>"),
        ("\x1b[2J\x9b31m\x7f\ud83d", "␛[2J<U+009B>31m␡<U+D83D>"),
    ],
)
def test_marks(text: str, told: str) -> None:
    """A text is one line; what is not to be obeyed is named."""
    assert visible(text) == told


def test_a_text_in_its_lines() -> None:
    """Only what every reader takes for the end of a line is one; the rest is marked within it."""
    assert visible_lines("one\r\ntwo\rPlan\n\u2028Money\x0cx") == ["one", "two", "Plan", "<U+2028>Money␌x"]
    assert visible_lines("") == [""]


def test_json_and_toml_say_the_same_value() -> None:
    """Escaped, a harmful character is the same value to a program, and nothing to a terminal; the line stays one."""
    text = "سلام\u200c" + "".join(char for char in HARMFUL if unicodedata.category(char) != "Cs")
    line = visible_json(json.dumps({"text": text}, ensure_ascii=False))
    assert json.loads(line) == {"text": text}
    written = toml_value(text)
    assert tomllib.loads(f"text = {written}") == {"text": text}
    assert not set(HARMFUL) & set(line + written)
    assert len(line.splitlines()) == 1


#: Who prints for people, and so by `visible`; and what is JSON or TOML already, escaped where it is made.
PRINTS = {"src/payamak/cli/shell.py", "src/payamak/cli/site.py", "src/payamak/simulator/__main__.py"}
#: And what is ours from its first letter to its last: questions, a script for a shell, a line of the log.
PRINTS |= {"src/payamak/cli/init.py", "src/payamak/cli/completion.py", "src/payamak/cli/serve.py"}
#: Texts of ours that go to a terminal as they are: numbers, words of the demo's own site.
OWN_TEXTS = {
    *("f'Message {m.id}'", "f'Text of step {index}:'", "f'refused {row.refused.value}'", "row.case.recipient"),
    *("f'{row.state.code:>2} {row.state.persian}'", "f'  {row.case.kind}'", "_LINE_NAMES.get(line, line)", "previous"),
    "str(row.times[-1][1]) if row.times else ''",
}
TERMINAL = [*python_files("src/payamak/cli"), *python_files("src/payamak/demo"), *python_files("src/payamak/simulator")]


@pytest.mark.parametrize("path", TERMINAL, ids=name_of)
def test_nobody_writes_past_it(path: Path) -> None:
    """What reaches a terminal goes by the helpers that show it: no print of its own, no Text of what is not ours."""
    wrong = []
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Call(func=ast.Name("print")) if name_of(path) not in PRINTS:
                wrong.append(f"print, line {node.lineno}")
            case ast.Call(func=ast.Name("Text"), args=[first, *_]) if name_of(path) != "src/payamak/cli/shell.py":
                said = ast.unparse(first)
                if not isinstance(first, ast.Constant) and not said.startswith("visible(") and said not in OWN_TEXTS:
                    wrong.append(f"Text({said}), line {node.lineno}")
            case _:
                pass
    assert wrong == []
