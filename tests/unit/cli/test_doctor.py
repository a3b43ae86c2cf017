"""What `payamak doctor` reads out of the pages of the running server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from payamak.cli import vital
from payamak.cli.doctor import ENOUGH_TEXTS, links_on_trial, links_told, oddities_of, texts_of
from payamak.cli.finding import Checked, Finding, Reached, checked
from payamak.cli.page import read_page
from payamak.cli.refusing import habits_of
from payamak.domain.message import Reason, State
from payamak.domain.site import Link, ReceiptsPer, build_site
from payamak.http.metric_table import LINK_ODD, LINK_ON_TRIAL
from payamak.http.metrics import Metrics
from payamak.store.feed import LocalFeed
from payamak.store.records import QueueRow, StatusCount, TextReceipts, Traffic
from payamak.store.sqlite.copies import note_backup


def test_links_on_trial_are_read_from_the_metrics() -> None:
    """Those that are, by name, and no others."""
    metrics = Metrics(LocalFeed())
    trials = {"north": False, 'south, of "Tehran"': True, "east": True}
    metrics.show(LINK_ON_TRIAL, lambda: trials)
    names = links_on_trial(metrics.render().decode())
    assert names[1] == "east"
    assert len(names) == 2


def counts(*rows: tuple[str, int, int]) -> list[StatusCount]:
    """What the store tells: link, status, how often."""
    return [StatusCount(link=link, status=status, count=count) for link, status, count in rows]


@pytest.mark.parametrize(
    ("status", "word"), [(0x0B, "TON and NPI"), (0x0A, "source_ton"), (0x62, "validity"), (0x48, "source_ton")]
)
def test_a_centre_that_refuses_all_for_one_reason(status: int, word: str) -> None:
    """Then it is a setting of the link, and the setting is named."""
    (habit,) = habits_of(counts(("north", status, 12), ("south", 0, 90), ("south", status, 20)))
    assert (habit.link, word in habit.todo) == ("north", True)


@pytest.mark.parametrize("rows", [[("north", 0x0B, 9)], [("north", 0x0B, 90), ("north", 0, 1)], [("north", 0x45, 99)]])
def test_a_centre_that_refuses_some(rows: list[tuple[str, int, int]]) -> None:
    """Few refusals, one that was taken, or a status that no setting brings about: nothing is said."""
    assert list(habits_of(counts(*rows))) == []


def test_oddities_are_read_from_the_metrics() -> None:
    """Of each link what was odd, with its count, and where that is explained."""
    metrics = Metrics(LocalFeed())
    metrics.show(LINK_ODD, lambda: {("north", "no_header"): 3, ("north", "nuls_behind"): 1_200_000})
    found = oddities_of(metrics.render().decode())
    assert found == {"north": "no_header 3, nuls_behind 1200000 (docs/guide/received.md)"}


@pytest.mark.parametrize(
    ("with_one", "with_more", "per", "is_told"),
    [
        (ENOUGH_TEXTS, 0, None, True),
        (ENOUGH_TEXTS - 1, 0, None, False),
        (ENOUGH_TEXTS, 1, None, False),
        (ENOUGH_TEXTS, 0, ReceiptsPer.PART, False),
    ],
)
def test_one_receipt_each_is_proposed(with_one: int, with_more: int, per: ReceiptsPer | None, is_told: bool) -> None:
    """After fifty texts with exactly one receipt each, and none with more, the setting is proposed; never made."""
    site = build_site([Link(name="north", receipts_per=per)], 1)
    counts = [TextReceipts(link=name, with_one=with_one, with_more=with_more) for name in ("north", "gone")]
    found = list(texts_of(site, counts))
    assert [f.todo.endswith("`payamak link change north --set receipts_per=message`") for f in found] == [
        True
    ] * is_told


def test_a_running_server_knows_its_links_better() -> None:
    """A port that takes connections is no bind; a variable that is missing in this shell is not missing in the server.

    What else is found of a link stays as it is.
    """
    page = 'payamak_link_up{link="north"} 0.0\npayamak_link_up{link="south"} 1.0\n'
    refused = Reached(name="link north", is_well=True, says="127.0.0.1:2775 takes connections (1 ms)")
    unset = Reached(name="link south", is_well=False, says="its password names SOUTH, which is not set here", todo="x")
    foreign = Finding(name="link south", is_well=False, says="has brought 1 message of handsets", todo="ask")
    told = list(links_told(page, [refused, unset, foreign]))
    assert [(finding.name, finding.is_well) for finding in told] == [
        ("link north", False),
        ("link south", True),
        ("link south", False),
    ]
    assert "not bound" in told[0].says
    assert "link_down" in told[0].todo
    assert told[2] is foreign
    assert list(links_told("", [refused, unset])) == [refused, unset]


def wrong(name: str, *, is_grave: bool = False) -> Finding:
    """A problem."""
    return Finding(name=name, is_well=False, says="is | down", is_grave=is_grave)


@pytest.mark.parametrize(
    ("findings", "code", "said"),
    [
        ([Finding(name="a", is_well=True, says="x")] * 3, Checked.OK, "PAYAMAK OK - 3 things are well | problems=0;0"),
        ([wrong("a")], Checked.WARNING, "PAYAMAK WARNING - a: is / down | problems=1;0"),
        (
            [wrong("a"), wrong("b", is_grave=True)],
            Checked.CRITICAL,
            "PAYAMAK CRITICAL - b: is / down; a: is / down | problems=2;0",
        ),
    ],
)
def test_a_monitor_is_told_in_one_line(findings: list[Finding], code: Checked, said: str) -> None:
    """Icinga's code and line; a bar within words would begin the figures."""
    assert checked(findings) == (code, said)


def row(state: State = State.QUEUED, *, age_ms: int = 0, count: int = 1) -> QueueRow:
    """A row of the queue at the instant 10^12."""
    at = 10**12 - age_ms
    return QueueRow(
        line="3000", lane=1, state=state, reason=Reason.ACCEPTED, count=count, next_due_at=at, oldest_accepted_at=at
    )


@pytest.mark.parametrize(
    ("rows", "is_well"),
    [
        ([], True),
        ([row(age_ms=vital.LONGEST_LIFE_MS)], True),
        ([row(), row(age_ms=vital.LONGEST_LIFE_MS + vital.SWEEP_MS + 1)], False),
        ([row(State.ENROUTE, age_ms=2 * vital.LONGEST_LIFE_MS)], True),
    ],
)
def test_deadlines_that_end_nothing_are_told(rows: list[QueueRow], is_well: bool) -> None:
    """What waits longer than any message may shows it; what waits for a receipt has a grace of its own."""
    (found,) = vital.deadlines(rows, 10**12)
    assert (found.is_well, bool(found.todo)) == (is_well, not is_well)


def test_what_nobody_recovers_is_told() -> None:
    """On the wire, and no server runs that put it there."""
    rows = [row(State.SENDING, count=3), row()]
    assert list(vital.unrecovered(rows, is_served=True)) == []
    (found,) = vital.unrecovered(rows, is_served=False)
    assert (found.is_well, found.says) == (False, "3 messages on the wire by a process that is gone")


def test_copies_are_told() -> None:
    """How many of the last day; more than one in a hundred by a line is a problem, a few parts say nothing."""

    def told(parts: int, copies: int) -> list[bool]:
        one = Traffic(line="3000", upstream="north", parts=parts, taken=parts, delivered=0, copies=copies)
        return [found.is_well for found in vital.copies([one])]

    assert (told(100, 1), told(100, 2), told(99, 50)) == ([True], [False, True], [True])


def test_the_age_of_the_last_copy_is_told(tmp_path: Path) -> None:
    """None is a problem only where messages are older than two days; an old one always."""
    store = tmp_path / "store.sqlite"
    now = 1_800_000_000_000
    assert [vital.backup(store, now, is_in_use).is_well for is_in_use in (False, True)] == [True, False]
    note_backup(store)
    noted = tmp_path / "store.sqlite-backup"
    for age_ms, is_well in ((vital.OLD_BACKUP_MS, True), (vital.OLD_BACKUP_MS + 1_000, False)):
        os.utime(noted, ((now - age_ms) / 1_000,) * 2)
        assert vital.backup(store, now, is_in_use=False).is_well is is_well


def test_what_a_server_says_of_its_work() -> None:
    """Background work that fails, and money that does not balance, are grave; without a server nothing is said."""
    assert list(vital.of_page(None)) == []
    page = read_page("payamak_background_well 1.0\npayamak_purse_drift_rial 0.0\n", 0.0)
    assert [found.is_well for found in vital.of_page(page)] == [True]
    page = read_page("payamak_background_well 0.0\npayamak_purse_drift_rial 5.0\n", 0.0)
    assert [(found.name, found.is_grave) for found in vital.of_page(page)] == [
        ("background work", True),
        ("money", True),
    ]
