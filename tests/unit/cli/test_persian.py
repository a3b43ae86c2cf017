"""The command line in Persian: by option, environment or locale; what machines read stays as it is."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.source import name_of, parsed, python_files

import payamak.cli.accounts
import payamak.cli.lines
import payamak.cli.links
from payamak.cli.lang import language_asked
from payamak.cli.program import run
from payamak.cli.shell import ExitCode
from payamak.domain.site import KINDS
from payamak.language import Language
from payamak.setting import fields_of
from payamak.texts.headings import PERSIAN as HEADINGS

SITE = """
[[link]]
name = "north"
host = "127.0.0.1"

[[line]]
number = "983000"
links = ["north"]

[[account]]
username = "shop"
lines = ["983000"]
"""


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    """A store with a small site, as options."""
    file = tmp_path / "site.toml"
    file.write_text(SITE, encoding="utf-8")
    options = ["--data", str(tmp_path / "store.sqlite")]
    assert run(["apply", str(file), "--yes", *options]) == ExitCode.DONE
    return options


@pytest.mark.parametrize(
    ("arguments", "environment", "language", "rest"),
    [
        ("--lang fa show 1", {}, Language.PERSIAN, "show 1"),
        ("show 1 --lang=fa", {}, Language.PERSIAN, "show 1"),
        ("show 1", {"PAYAMAK_LANG": "fa"}, Language.PERSIAN, "show 1"),
        ("show 1", {"LANG": "fa_IR.UTF-8"}, Language.PERSIAN, "show 1"),
        ("--lang en show 1", {"LANG": "fa_IR.UTF-8"}, Language.ENGLISH, "show 1"),
        ("--lang fa show 1 --json", {}, Language.ENGLISH, "show 1 --json"),
        ("show -- --lang fa", {}, Language.ENGLISH, "show -- --lang fa"),
    ],
)
def test_who_listens(arguments: str, environment: dict[str, str], language: Language, rest: str) -> None:
    """The option goes before the environment, and a program that wants JSON gets English."""
    assert language_asked(arguments.split(), environment) == (language, rest.split())


def test_a_language_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """It is wrong usage, told in English and not obeyed."""
    assert run(["--lang", "de", "show", "1"]) == ExitCode.USAGE
    assert capsys.readouterr().err == "payamak: there is no language 'de'; write fa or en\n"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("messages", "چنین پیامی نیست."),
        ("queue", "چیزی منتظر نیست."),
        ("unmatched", "رسید بی‌صاحبی نیست."),
        ("optout list", "انصرافی ثبت نشده است."),
        ("suspend line 983000", "خط 983000 متوقف شد."),
        ("line change 983000 --set hours=always", "خط 983000 تغییر کرد."),
        ("show 7", "payamak: پیام 7 نیست"),
        ("line show 99", "payamak: خط 99 نیست؛ این‌ها هستند: 983000"),
        ("line change 983000 --set most_tries=99", "payamak: most_tries نمی‌تواند 99 باشد؛ مجاز: 1 تا 9"),
        ("line change 983000 --set hours=nine", "ساعت‌ها را به شکل 07:00-22:00 یا always بنویسید، نه 'nine'"),
        ("line remove 983000 --yes", "payamak: خط 983000 حذف نشد، چون حساب shop به آن نیاز دارد: اول آن را تغییر دهید"),
        ("messages --since soon", "payamak: 'soon' زمان نیست"),
        ("mesages", "فرمان mesages نیست؛ منظورتان messages بود؟"),
        ("show 1 --jso", "گزینهٔ --jso نیست"),
        ("messages --state lost", "--state نمی‌تواند lost باشد؛ مجاز: "),
        ("show", "لازم است"),
        ("doctor --offline", "پیکربندی 1 حساب، 1 خط، 1 لینک"),
        ("doctor --offline", "مشکل حساب shop گذرواژه ندارد"),
        ("doctor", "روشنش کنید: `systemctl start payamak`"),
        ("doctor --offline --ledger", "حساب‌ها همه تراز است"),
        ("top --once", "روشن است، و تنظیم‌هایش همین است؟"),
        ("listen --forward-to x", "نشانی http یا https نیست"),
        ("listen --secret x", "راز در خط فرمان را همه می‌بینند"),
    ],
)
def test_what_is_said(data: list[str], capsys: pytest.CaptureFixture[str], command: str, said: str) -> None:
    """Answers and errors are Persian."""
    capsys.readouterr()
    run(["--lang", "fa", *command.split(), *(data if command.split()[0] not in ("mesages", "listen") else [])])
    told = capsys.readouterr()
    assert said in " ".join((told.out + told.err).split())


#: What differs between two runs whatever the language: instants, ages, free space.
MOVES = re.compile(r'"[^"]*(?:at|now|age|free|clock)[^"]*": ?[^,}]*|[\d.]+ (?:GB|ms)|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d')


@pytest.mark.parametrize("command", ["account list", "line show 983000", "queue", "messages", "doctor", "stats"])
def test_what_machines_read_is_the_same(data: list[str], capsys: pytest.CaptureFixture[str], command: str) -> None:
    """JSON has no language: octet for octet what it is in English."""
    told = []
    for language in ("en", "fa"):
        capsys.readouterr()
        run(["--lang", language, *command.split(), "--json", *data])
        told.append(
            re.sub(
                r'"[^"]*(?:at|now|age|free|clock)[^"]*": ?[^,}]*|[\d.]+ (?:GB|ms)|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d',
                "",
                capsys.readouterr().out,
            )
        )
    assert told[0] == told[1]


def test_headings_and_states_are_persian(data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A table is read as a whole: its names and what stands in it."""
    run(["--lang", "fa", "config", *data])
    told = capsys.readouterr().out
    assert all(heading in told for heading in ("نام", "مقدار", "پیش‌فرض", "مجاز", "شرح"))


HELP = """
import re
from cyclopts.help import DefaultFormatter
from payamak.cli.program import COMMANDS, EPILOGUE, build
from payamak.texts.help import PERSIAN

found = {EPILOGUE: "payamak"}

class Collects(DefaultFormatter):
    def __call__(self, console, options, panel):
        for text in (panel.title, *(entry.description for entry in panel.entries)):
            self.render_description(console, options, text)

    def render_usage(self, *_):
        pass

    def render_description(self, console, options, text):
        text = getattr(text, "primary_renderable", text)
        text = text if isinstance(text, str) else getattr(text, "markup", "")
        for paragraph in re.split(r"\\n\\s*\\n", text.strip()):
            found.setdefault(" ".join(paragraph.split()), " ".join(words))

def look(*command):
    global words
    words = command
    app = build(*command[:1])
    app.help_formatter, app.help_epilogue = Collects(), None
    app([*command, "--help"], exit_on_error=False)

look()
for _, name, target, _ in COMMANDS:
    if name != "simulate":
        look(name)
    for inner in build()[name] if target.endswith(":app") else ():
        if not inner.startswith("-"):
            look(name, inner)
for text, command in found.items():
    key = " ".join(text.split())
    if key and not key.startswith("Example: ") and key not in PERSIAN:
        print(f"MISSING {command}: {key}")
for key in PERSIAN.keys() - {" ".join(text.split()) for text in found}:
    print(f"MISSING nowhere: {key}")
"""


def test_every_page_of_help_is_persian() -> None:
    """Each paragraph of a command's page and each meaning of an option has its Persian, and nothing else has one."""
    wrong = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True).stdout
    assert [line for line in wrong.splitlines() if line.startswith("MISSING")] == []


#: The lists of keys in these pages are made when their module is read, in the language of that moment: here, English.
assert all((payamak.cli.accounts, payamak.cli.lines, payamak.cli.links))

#: What a call may be given beside what it says.
UNSAID = {"name", "style", "end"}

#: What speaks to a person: whatever is handed to it is in both languages.
SPEAKS = {
    "say",
    "complain",
    "Failed",
    "NotDone",
    "Misasked",
    "agrees",
    "Text",
    "tell",
    "print",
    "add_parser",
    "add_argument",
}
SAID = {"worded", "Words", "spoken", "heading", "grid"}
SENTENCE = re.compile(r"[a-z]{2,} [a-z]{2,}")


def said_in_english(node: ast.AST) -> Iterator[str]:
    """The English in what is handed over, if it does not stand beside its Persian."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in SAID:
        return
    text = ""
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    if SENTENCE.search(re.sub(r"`[^`]*`|^payamak \w+$", "", text)):
        yield text
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield from said_in_english(child)


@pytest.mark.parametrize("path", [*python_files("src/payamak/cli"), *python_files("src/payamak/hands")], ids=name_of)
def test_nothing_is_said_in_one_language(path: Path) -> None:
    """A sentence that is said, or refused with, stands beside its Persian."""
    wrong = [
        f"{name_of(path)}:{node.lineno} {said!r}"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in SPEAKS
        for said in said_in_english(ast.Tuple([*node.args, *(k.value for k in node.keywords if k.arg not in UNSAID)]))
    ]
    assert wrong == [], "\n".join(wrong)


def headings() -> set[str]:
    """The names of columns, facts and tables: what is handed to grid() as it is, and tuples called so."""
    found = set()
    for path in python_files("src/payamak/cli"):
        for node in ast.walk(parsed(path)):
            is_grid = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "grid"
            targets = [*getattr(node, "targets", []), getattr(node, "target", None)]
            is_named = any(getattr(target, "id", "").lower().endswith("columns") for target in targets)
            for child in ast.walk(node) if is_grid or is_named else ():
                if isinstance(child, ast.Constant) and isinstance(child.value, str):
                    found.add(child.value)
    return found


def test_every_heading_is_persian() -> None:
    """A table's columns and title have their Persian; names of settings are what is written in a file."""
    settings = {name for kind in KINDS.values() for name in fields_of(kind)}
    missing = headings() - settings - set(HEADINGS)
    assert sorted(name for name in missing if re.fullmatch("[a-z ]+", name)) == []


#: Whose words end in logs, answers to programs and the store.
SERVER = ("delivery", "dialects", "domain", "front", "http", "posts", "smpp", "store", "upstreams")


def test_the_server_speaks_to_nobody() -> None:
    """What it logs, answers and keeps is English, whatever the locale it was started in."""
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for room in SERVER
        for path in python_files(f"src/payamak/{room}")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and node.module == "payamak.language"
        if {alias.name for alias in node.names} & {"worded", "spoken", "sentence_of"}
    ]
    assert wrong == []
