"""Which behaviour a submit meets: rules of a script first, then the recipient's last digits.

A rule names recipients (`*9033`, `98912*`, `989121234567` or `*`), lines, perhaps one part of a long text,
a behaviour and how often it holds. The most specific rule wins: a full number, then the longer ending, then
the longer beginning, then `*`; among equals the one written first. A rule that has held its `times` steps
aside for the next one.

A script is a TOML or JSON file::

    [[rules]]
    recipient = "*77"
    line = ["983000111"]        # or "advertising": the lines so configured; absent: every line
    behaviour = "throttled"
    times = 20                  # then the next rule, or delivery
    shared = true               # counted for the rule as a whole, not for each recipient
    part = 2                    # this part of a long text only
    status = 0x0427             # in place of the behaviour's own status, `stat` and `err` likewise
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from payamak.simulator.behaviour import TABLE, Behaviour, Plan, Scope, Timing, Words, react

ADVERTISING: Final = "advertising"
"""In a rule's lines: all lines that the configuration calls advertising lines."""


class ScriptError(ValueError):
    """A script or a rule that cannot be understood; the message says what was expected and what came."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Recipients, lines and the behaviour they meet. No `lines`: every line; `times` None: always."""

    recipient: str
    behaviour: Behaviour
    lines: frozenset[str] = frozenset()
    times: int | None = None
    shared: bool = False
    part: int | None = None
    words: Words = field(default_factory=Words)

    def __post_init__(self) -> None:
        """Raise ScriptError for a recipient pattern with a star elsewhere than at one end, or times < 1."""
        if not self.recipient or "*" in self.recipient[1:-1] or self.recipient.count("*") > 1:
            raise ScriptError(f"recipient: expected digits with one * at an end, got {self.recipient!r}")
        if self.times is not None and self.times < 1:
            raise ScriptError(f"times: expected at least 1, got {self.times}")

    @property
    def rank(self) -> tuple[int, int]:
        """Order of precedence, the smaller first: full number, ending, beginning, any."""
        length = len(self.recipient)
        if "*" not in self.recipient:
            return (0, 0)
        if self.recipient == "*":
            return (3, 0)
        return (1, -length) if self.recipient.startswith("*") else (2, -length)


class _Armed:
    """A rule with its lines resolved, its count, and its plans by kind of registered_delivery."""

    __slots__ = ("counts", "lines", "plans", "rule")

    def __init__(self, rule: Rule, lines: frozenset[str], timing: Timing) -> None:
        self.rule = rule
        self.lines = lines
        self.counts: dict[str, int] = {}
        self.plans = tuple(
            react(rule.behaviour, timing=timing, registered_delivery=asked, words=rule.words) for asked in range(4)
        )

    def applies(self, line: str, part: int) -> bool:
        return (not self.lines or line in self.lines) and self.rule.part in (None, part)

    def take(self, recipient: str) -> bool:
        """Count this submit; False once the rule has held as often as it says."""
        times = self.rule.times
        if times is None:
            return True
        key = "" if self.rule.shared else recipient
        count = self.counts.get(key, 0)
        self.counts[key] = count + 1
        return count < times


class Rulebook:
    """All rules of a simulator, indexed so that a recipient without any costs a few dict lookups.

    It counts, so it has state, but no I/O and no clock. `digits=False` leaves the table of last digits out,
    for load whose recipients run through all numbers.
    """

    def __init__(
        self,
        rules: Iterable[Rule] = (),
        *,
        timing: Timing | None = None,
        digits: bool = True,
        refuse_lines: Iterable[str] = (),
        advertising_lines: Iterable[str] = (),
    ) -> None:
        timing = timing or Timing()
        refused, advertising = frozenset(refuse_lines), frozenset(advertising_lines)
        self._exact: dict[str, list[_Armed]] = {}
        self._endings: dict[int, dict[str, list[_Armed]]] = {}
        self._others: list[tuple[str, _Armed]] = []
        ordered = list(rules)
        if digits:
            ordered.extend(_from_table(refused, advertising))
        for rule in sorted(ordered, key=lambda rule: rule.rank):
            self._add(_Armed(rule, _resolve(rule.lines, advertising), timing))
        self._default = tuple(react(Behaviour.DELIVERS, timing=timing, registered_delivery=asked) for asked in range(4))

    def plan(self, recipient: str, line: str, *, part: int = 1, registered_delivery: int = 0) -> Plan:
        """The plan for one submit_sm from `line` to `recipient`; counts it against rules with `times`."""
        asked = registered_delivery & 0x03
        found = self._exact.get(recipient)
        if found and (armed := _first(found, recipient, line, part)):
            return armed.plans[asked]
        for length, endings in self._endings.items():
            found = endings.get(recipient[-length:])
            if found and (armed := _first(found, recipient, line, part)):
                return armed.plans[asked]
        for beginning, armed in self._others:
            if recipient.startswith(beginning) and armed.applies(line, part) and armed.take(recipient):
                return armed.plans[asked]
        return self._default[asked]

    def _add(self, armed: _Armed) -> None:
        """Index a rule; rules arrive in order of precedence, so lists and dicts keep it."""
        pattern = armed.rule.recipient
        if "*" not in pattern:
            self._exact.setdefault(pattern, []).append(armed)
        elif pattern.startswith("*") and pattern != "*":
            ending = pattern[1:]
            self._endings.setdefault(len(ending), {}).setdefault(ending, []).append(armed)
        else:
            self._others.append((pattern[:-1], armed))


def _first(found: list[_Armed], recipient: str, line: str, part: int) -> _Armed | None:
    for armed in found:
        if armed.applies(line, part) and armed.take(recipient):
            return armed
    return None


def _resolve(lines: frozenset[str], advertising: frozenset[str]) -> frozenset[str]:
    return (lines - {ADVERTISING}) | advertising if ADVERTISING in lines else lines


def _from_table(refused: frozenset[str], advertising: frozenset[str]) -> list[Rule]:
    """The table of last digits as rules."""
    lines = {
        Scope.EVERY_LINE: frozenset[str](),
        Scope.REFUSED_LINES: refused,
        Scope.ADVERTISING_LINES: advertising,
    }
    return [
        Rule(
            recipient="*" + entry.digits,
            behaviour=entry.behaviour,
            lines=lines[entry.scope],
            times=entry.times,
        )
        for entry in TABLE
    ]


def load_rules(path: Path) -> tuple[Rule, ...]:
    """Read a script: `.json`, else TOML. Raises ScriptError naming the rule, OSError if unreadable."""
    text = path.read_text(encoding="utf-8")
    try:
        data: object = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise ScriptError(f"{path}: {error}") from error
    rows = data.get("rules") if isinstance(data, dict) else data
    if not isinstance(rows, list):
        raise ScriptError(f"{path}: expected a list of rules, or a table with one named 'rules'")
    return parse_rules(rows)


def parse_rules(rows: Iterable[object]) -> tuple[Rule, ...]:
    """Rules from what JSON or TOML hold, one mapping each. Raises ScriptError naming the rule's number."""
    rules = []
    for number, row in enumerate(rows, start=1):
        try:
            if not isinstance(row, dict):
                raise ScriptError(f"expected a table, got {row!r}")
            rules.append(_parse(row))
        except ScriptError as error:
            raise ScriptError(f"rule {number}: {error}") from None
    return tuple(rules)


_KEYS: Final = frozenset({"recipient", "line", "behaviour", "times", "shared", "part", "status", "stat", "err"})


def _parse(row: Mapping[str, object]) -> Rule:
    if unknown := sorted(set(row) - _KEYS):
        raise ScriptError(f"unknown {', '.join(unknown)}; expected {', '.join(sorted(_KEYS))}")
    name = row.get("behaviour")
    try:
        behaviour = Behaviour(name)
    except ValueError:
        known = ", ".join(one.value for one in Behaviour)
        raise ScriptError(f"behaviour: expected one of {known}; got {name!r}") from None
    line = row.get("line", [])
    lines = [line] if isinstance(line, str) else line
    if not isinstance(lines, list) or not all(isinstance(one, str) for one in lines):
        raise ScriptError(f"line: expected text or a list of texts, got {line!r}")
    return Rule(
        recipient=_text(row, "recipient") or "*",
        behaviour=behaviour,
        lines=frozenset(lines),
        times=_number(row, "times"),
        shared=row.get("shared", False) is True,
        part=_number(row, "part"),
        words=Words(status=_number(row, "status"), stat=_text(row, "stat"), err=_text(row, "err")),
    )


def _text(row: Mapping[str, object], key: str) -> str | None:
    value = row.get(key)
    if value is not None and not isinstance(value, str):
        raise ScriptError(f"{key}: expected text, got {value!r}")
    return value


def _number(row: Mapping[str, object], key: str) -> int | None:
    value = row.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ScriptError(f"{key}: expected a whole number, got {value!r}")
    return value
