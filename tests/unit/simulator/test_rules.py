"""Which behaviour a submit meets."""

import json
from pathlib import Path

import pytest

from payamak.simulator.behaviour import TABLE, Behaviour, Entry, Scope, Words
from payamak.simulator.rules import Rule, Rulebook, ScriptError, load_rules, parse_rules

LINE, LINE2, SERVICE = "983000111", "983000222", "985000333"
PREFIX = "98912345"
COUNTED = [entry for entry in TABLE if entry.times]


def row_name(entry: Entry) -> str:
    """A row's name in the list of tests."""
    return entry.behaviour.value


def met(book: Rulebook, recipient: str, line: str = LINE, part: int = 1) -> Behaviour:
    """The behaviour that one submit meets."""
    return book.plan(recipient, line, part=part, registered_delivery=1).behaviour


@pytest.mark.parametrize("entry", TABLE, ids=row_name)
def test_last_digits(entry: Entry) -> None:
    """The last four digits choose the row's behaviour."""
    book = Rulebook(refuse_lines=[LINE], advertising_lines=[LINE, LINE2])
    assert met(book, PREFIX + entry.digits) is entry.behaviour


@pytest.mark.parametrize("entry", COUNTED, ids=row_name)
def test_times(entry: Entry) -> None:
    """A row with `times` holds so often for each recipient, then the recipient accepts."""
    book = Rulebook()
    for prefix in (PREFIX, "98935000"):
        for _ in range(entry.times or 0):
            assert met(book, prefix + entry.digits) is entry.behaviour
        assert met(book, prefix + entry.digits) is Behaviour.DELIVERS


SCOPES = {
    Scope.EVERY_LINE: {LINE, LINE2, SERVICE},
    Scope.REFUSED_LINES: {LINE},
    Scope.ADVERTISING_LINES: {LINE, LINE2},
}


@pytest.mark.parametrize("entry", TABLE, ids=row_name)
def test_scope(entry: Entry) -> None:
    """A row holds on the lines of its scope, and any other line finds a recipient that accepts."""
    for line in (LINE, LINE2, SERVICE):
        book = Rulebook(refuse_lines=[LINE], advertising_lines=[LINE, LINE2])
        expected = entry.behaviour if line in SCOPES[entry.scope] else Behaviour.DELIVERS
        assert met(book, PREFIX + entry.digits, line) is expected


def test_no_lines_named() -> None:
    """Without named lines, an opt-out of a line or of advertising holds on every line."""
    book = Rulebook()
    assert met(book, PREFIX + "9033", SERVICE) is Behaviour.OPTED_OUT
    assert met(book, PREFIX + "9028", SERVICE) is Behaviour.OPTED_OUT_ADVERTISING


def test_digits_off() -> None:
    """With digits=False every recipient accepts."""
    book = Rulebook(digits=False)
    assert {met(book, PREFIX + entry.digits) for entry in TABLE} == {Behaviour.DELIVERS}


def test_most_specific_wins() -> None:
    """A full number beats an ending, the longer ending the shorter, an ending a beginning, and that `*`."""
    rules = [
        Rule(recipient="*", behaviour=Behaviour.NO_RECEIPT),
        Rule(recipient="98912*", behaviour=Behaviour.EXPIRES),
        Rule(recipient="*33", behaviour=Behaviour.REJECTED),
        Rule(recipient="*7733", behaviour=Behaviour.UNDELIVERABLE),
        Rule(recipient="989120007733", behaviour=Behaviour.HEX_IDS),
    ]
    book = Rulebook(rules)
    assert met(book, "989120007733") is Behaviour.HEX_IDS
    assert met(book, "989120017733") is Behaviour.UNDELIVERABLE
    assert met(book, "989120010033") is Behaviour.REJECTED
    assert met(book, "989120010000") is Behaviour.EXPIRES
    assert met(book, "989350010000") is Behaviour.NO_RECEIPT


def test_script_before_digits() -> None:
    """Among equally specific rules, the script's come before the table's."""
    book = Rulebook([Rule(recipient="*9002", behaviour=Behaviour.EXPIRES)])
    assert met(book, PREFIX + "9002") is Behaviour.EXPIRES


def test_spent_rule_steps_aside() -> None:
    """A rule that has held its times leaves the submit to the next rule that matches."""
    rules = [
        Rule(recipient="*77", behaviour=Behaviour.THROTTLED, times=1),
        Rule(recipient="*77", behaviour=Behaviour.UNDELIVERABLE),
    ]
    book = Rulebook(rules)
    assert [met(book, "98912077") for _ in range(3)] == [
        Behaviour.THROTTLED,
        Behaviour.UNDELIVERABLE,
        Behaviour.UNDELIVERABLE,
    ]


def test_shared_times() -> None:
    """A shared rule counts all recipients together."""
    book = Rulebook([Rule(recipient="*", behaviour=Behaviour.QUEUE_FULL, times=2, shared=True)])
    seen = [met(book, f"98912{number}") for number in range(3)]
    assert seen == [Behaviour.QUEUE_FULL, Behaviour.QUEUE_FULL, Behaviour.DELIVERS]


def test_part() -> None:
    """A rule with a part holds for that part of a long text only."""
    book = Rulebook([Rule(recipient="*", part=2, behaviour=Behaviour.OPTED_OUT)])
    assert met(book, PREFIX + "0000", part=1) is Behaviour.DELIVERS
    assert met(book, PREFIX + "0000", part=2) is Behaviour.OPTED_OUT


TOML = """
[[rules]]
recipient = "*77"
line = ["983000111"]
behaviour = "opted_out"
times = 20
shared = true
part = 2
status = 0x0499
stat = "REJECTD"
err = "A01"

[[rules]]
behaviour = "no_receipt"
line = "advertising"
"""

PARSED = (
    Rule(
        recipient="*77",
        lines=frozenset({LINE}),
        behaviour=Behaviour.OPTED_OUT,
        times=20,
        shared=True,
        part=2,
        words=Words(status=0x499, stat="REJECTD", err="A01"),
    ),
    Rule(recipient="*", behaviour=Behaviour.NO_RECEIPT, lines=frozenset({"advertising"})),
)


def test_load_toml(tmp_path: Path) -> None:
    """A TOML script gives the rules it names, every field of them."""
    script = tmp_path / "rules.toml"
    script.write_text(TOML, encoding="utf-8")
    assert load_rules(script) == PARSED


@pytest.mark.parametrize("wrapped", [True, False])
def test_load_json(tmp_path: Path, wrapped: bool) -> None:
    """A JSON script is a list of rules, or a table with that list under `rules`."""
    rows = [{"recipient": "*1", "behaviour": "delivers_late"}]
    script = tmp_path / "rules.json"
    script.write_text(json.dumps({"rules": rows} if wrapped else rows), encoding="utf-8")
    assert load_rules(script) == (Rule(recipient="*1", behaviour=Behaviour.DELIVERS_LATE),)


def test_advertising_lines() -> None:
    """`advertising` in a rule stands for the lines so configured."""
    book = Rulebook(PARSED, advertising_lines=[LINE2])
    assert met(book, PREFIX + "0000", LINE2) is Behaviour.NO_RECEIPT
    assert met(book, PREFIX + "0000", SERVICE) is Behaviour.DELIVERS


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ("text", "expected a table"),
        ({"behaviour": "sings"}, "behaviour: expected one of delivers"),
        ({"behaviour": "delivers", "recipient": "9*8"}, "recipient"),
        ({"behaviour": "delivers", "recipient": "*9*"}, "recipient"),
        ({"behaviour": "delivers", "recipient": 98912}, "recipient: expected text"),
        ({"behaviour": "delivers", "times": 0}, "times: expected at least 1"),
        ({"behaviour": "delivers", "times": "3"}, "times: expected a whole number"),
        ({"behaviour": "delivers", "line": 3000}, "line: expected text"),
        ({"behaviour": "delivers", "lines": "3000"}, "unknown lines"),
    ],
)
def test_wrong_rules(row: object, names: str) -> None:
    """A rule that cannot be understood is refused with its number and what was expected."""
    with pytest.raises(ScriptError, match=f"^rule 2: .*{names}"):
        parse_rules([{"behaviour": "delivers"}, row])


@pytest.mark.parametrize(("name", "text"), [("a.json", "{"), ("a.toml", "= 3"), ("b.json", "3")])
def test_wrong_files(tmp_path: Path, name: str, text: str) -> None:
    """A script that is no JSON, no TOML or no list of rules is refused with its name."""
    script = tmp_path / name
    script.write_text(text, encoding="utf-8")
    with pytest.raises(ScriptError, match=name):
        load_rules(script)
