"""The page of operations: its figures are the program's, and every sign that it names is one that we give."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.test_pages_held import plain
from tests.source import ROOT, parsed, python_files

from payamak import background, log_output, running
from payamak.delivery import recovery, suspects
from payamak.domain.site import Link, LinkKind
from payamak.front import accept
from payamak.http import admission, turns
from payamak.http.limits import HttpLimits
from payamak.http.metric_table import TABLE
from payamak.smpp import overdue
from payamak.smpp.link import comeback
from payamak.store import base, shares
from payamak.store.rules import aside

PAGE = plain((ROOT / "docs" / "guide" / "operations.md").read_text(encoding="utf-8"))
LIMITS = HttpLimits()
LINK = Link(name="north", kind=LinkKind.SMPP, host="127.0.0.1", port=1, system_id="x", password="y")

FIGURES = {
    "23 after {} s, at once": base.ANSWER_WITHIN_S,
    "tries the disk four times a second": 1 / recovery.LOOK_EVERY_S == 4,
    "for at most {} s whatever its size": recovery.LOOK_WITHIN_S,
    "submits without an answer ({}, or the window": LINK.trial_after,
    "After trial_minutes ({})": LINK.trial_minutes,
    "is bounded ({} a link)": suspects.MOST_REMEMBERED,
    "half a second at most": suspects.HUSH_S == 0.5,
    "again after a minute, then after growing pauses up to an hour": (aside.AGAIN_MS, aside.LONGEST_PAUSE_MS)
    == (60_000, 3_600_000),
    "The last {} are kept": aside.MOST_UNREADABLE,
    "{} KiB each at most": aside.LARGEST_OCTETS / 1_024,
    "begins anew every second": background.AFTER_A_BUG_S == 1,
    "above {} ms it answers a growing share": admission.LOW_S * 1_000,
    "from {} ms on all": admission.HIGH_S * 1_000,
    "A hundred calls at once are never refused": admission.FEW == 100,
    "Of each address {} calls a second": admission.FROM_EACH / admission.FAVOURS_S,
    "taken all the same, {} of all addresses": admission.FROM_ALL / admission.FAVOURS_S,
    "one turn of the event loop has {} ms": turns.TURN_S * 1_000,
    "as run in about {} ms": shares.TARGET_S * 1_000,
    "At most {} calls are under way": admission.MOST,
    "one /64) {} requests may be unfinished": LIMITS.unfinished_of_each,
    "may be unfinished, of all {}": LIMITS.unfinished,
    "at most {} s, then 23": accept.TURN_WITHIN_S,
    "A mebibyte is held": log_output.MOST_OCTETS == 1 << 20,
    "once a write has waited for a second": log_output.STUCK_S == 1,
    "followed within half a second": running.WATCH_CONFIG_S == 0.5,
    "unbind_wait_ms of the link ({})": LINK.unbind_wait_ms,
    "and {} submits are remembered": overdue.OVERDUE_KEPT,
    "are remembered for an hour": overdue.OVERDUE_KEPT_S == 3_600,
    "binds at most six times in a minute": comeback.BINDS_PER_MINUTE == 6,
}

METRIC = re.compile(r"\bpayamak_[a-z_]+\b")
EVENT = re.compile(
    r"\b(?:store|link|put|background|log|settings)_"
    r"(?:failed|well|partly_looked_through|on_trial|answers|given_up|aside|work_failed|lines_dropped|reread|not_read"
    r"|leaving|down)\b"
)


@pytest.mark.parametrize("said", FIGURES)
def test_a_figure_is_the_programs(said: str) -> None:
    """What the page says in figures is what the program does."""
    value = FIGURES[said]
    if isinstance(value, bool):
        assert said in PAGE
        assert value
    else:
        assert said.format(f"{value:,g}" if value == int(value) else str(value)) in PAGE


def test_a_sign_is_one_that_we_give() -> None:
    """Every metric and every event of the log that the page names is written by the program."""
    words = {str(node.value) for path in python_files("src/payamak") for node in _texts(path)}
    words |= {each.name for described in TABLE.values() for each in described}
    named = {name.removesuffix("_total") for name in METRIC.findall(PAGE)} | set(EVENT.findall(PAGE))
    assert len(named) > 20
    known = {word.removesuffix("_total") for word in words}
    assert sorted(named - known) == []


def _texts(path: Path) -> Iterator[ast.Constant]:
    return (n for n in ast.walk(parsed(path)) if isinstance(n, ast.Constant) and isinstance(n.value, str))
