"""What the doctor finds: in a store, in what a running server says of itself, on the way to the operators."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from payamak.cli.doctor import Checked, checked
from payamak.cli.page import heard_of, read_page
from payamak.domain.message import Reason, State
from payamak.domain.site import BindMode, Link, ReceiptsPer, build_site
from payamak.hands.doctor import life
from payamak.hands.doctor.finding import Finding, well
from payamak.hands.doctor.links import bound, told
from payamak.hands.doctor.patient import Heard
from payamak.hands.doctor.records import ENOUGH_TEXTS, refusing, texts_of
from payamak.hands.doctor.server import work
from payamak.http.metric_table import LINK_ODD, LINK_ON_TRIAL
from payamak.http.metrics import Metrics
from payamak.language import Words
from payamak.store.feed import LocalFeed
from payamak.store.records import QueueRow, StatusCount, TextReceipts, Traffic
from payamak.store.sqlite.copies import note_backup
from payamak.texts import signs


def page_of(metrics: Metrics) -> Heard:
    """What a server's page says of it."""
    return heard_of(read_page(metrics.render().decode(), 0.0))


def test_links_on_trial_are_read_from_the_metrics() -> None:
    """Those that are, by name, and no others."""
    metrics = Metrics(LocalFeed())
    trials = {"north": False, 'south, of "Tehran"': True, "east": True}
    metrics.show(LINK_ON_TRIAL, lambda: trials)
    assert set(page_of(metrics).on_trial) == {'south, of "Tehran"', "east"}


def counts(*rows: tuple[str, int, int]) -> list[StatusCount]:
    """What the store tells: link, status, how often."""
    return [StatusCount(link=link, status=status, count=count) for link, status, count in rows]


@pytest.mark.parametrize(
    ("status", "word"), [(0x0B, "TON and NPI"), (0x0A, "source_ton"), (0x62, "validity"), (0x48, "source_ton")]
)
def test_a_centre_that_refuses_all_for_one_reason(status: int, word: str) -> None:
    """Then it is a setting of the link, and the setting is named."""
    (found,) = refusing(counts(("north", status, 12), ("south", 0, 90), ("south", status, 20)))
    assert (found.name, word in found.todo) == ("link north", True)


@pytest.mark.parametrize("rows", [[("north", 0x0B, 9)], [("north", 0x0B, 90), ("north", 0, 1)], [("north", 0x45, 99)]])
def test_a_centre_that_refuses_some(rows: list[tuple[str, int, int]]) -> None:
    """Few refusals, one that was taken, or a status that no setting brings about: nothing is said."""
    assert list(refusing(counts(*rows))) == []


def test_oddities_are_read_from_the_metrics() -> None:
    """Of each link what was odd, with its count, and where that is explained."""
    metrics = Metrics(LocalFeed())
    metrics.show(LINK_ODD, lambda: {("north", "no_header"): 3, ("north", "nuls_behind"): 1_200_000})
    (found,) = told(page_of(metrics))
    assert (found.name, found.is_well) == ("link north", True)
    assert found.says.endswith(": no_header 3, nuls_behind 1200000 (docs/guide/received.md)")


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


NORTH = Link(name="north")


@pytest.mark.parametrize(
    ("link", "is_up", "is_well", "says", "todo"),
    [
        (NORTH, None, True, "127.0.0.1:2775 takes", ""),
        (NORTH, True, True, "up, says the running server", ""),
        (NORTH, False, False, "not bound, says the running server; from here: 127.0.0.1:2775 takes", "link_down"),
        (replace(NORTH, is_suspended=True), False, True, "127.0.0.1:2775 takes", ""),
        (replace(NORTH, bind_mode=BindMode.RECEIVER), False, True, "127.0.0.1:2775 takes", ""),
    ],
)
def test_a_running_server_knows_its_links_better(
    link: Link, is_up: bool | None, is_well: bool, says: str, todo: str
) -> None:
    """A port that takes connections is no bind; a link that need not be bound is told as it looks from here."""
    here = well(signs.REACHED, link=link.name, where="127.0.0.1:2775", took=1.0)
    found = bound(link, here, is_up)
    assert (found.name, found.is_well, todo in found.todo) == ("link north", is_well, True)
    assert found.says.startswith(says)


def one(name: str, *, is_well: bool = False, is_grave: bool = False) -> Finding:
    """A problem, or none."""
    sign = signs.Sign(Words(name, name), Words("is | down", "افتاده | است"))
    return Finding(sign=sign, is_well=is_well, is_grave=is_grave)


@pytest.mark.parametrize(
    ("findings", "code", "said"),
    [
        ([one("a", is_well=True)] * 3, Checked.OK, "PAYAMAK OK - 3 things are well | problems=0;0"),
        ([one("a")], Checked.WARNING, "PAYAMAK WARNING - a: is / down | problems=1;0"),
        (
            [one("a"), one("b", is_grave=True)],
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
        ([row(age_ms=life.LONGEST_LIFE_MS)], True),
        ([row(), row(age_ms=life.LONGEST_LIFE_MS + life.SWEEP_MS + 1)], False),
        ([row(State.ENROUTE, age_ms=2 * life.LONGEST_LIFE_MS)], True),
    ],
)
def test_deadlines_that_end_nothing_are_told(rows: list[QueueRow], is_well: bool) -> None:
    """What waits longer than any message may shows it; what waits for a receipt has a grace of its own."""
    found = life.deadlines(rows, 10**12)
    assert (found.is_well, bool(found.todo)) == (is_well, not is_well)


def test_what_nobody_recovers_is_told() -> None:
    """On the wire, and no server runs that put it there."""
    rows = [row(State.SENDING, count=3), row()]
    assert list(life.unrecovered(rows, is_served=True)) == []
    (found,) = life.unrecovered(rows, is_served=False)
    assert (found.is_well, found.says) == (False, "3 messages on the wire by a process that is gone")


def test_copies_are_told() -> None:
    """How many of the last day; more than one in a hundred by a line is a problem, a few parts say nothing."""

    def told(parts: int, copies: int) -> list[bool]:
        row = Traffic(line="3000", upstream="north", parts=parts, taken=parts, delivered=0, copies=copies)
        return [found.is_well for found in life.copies([row])]

    assert (told(100, 1), told(100, 2), told(99, 50)) == ([True], [False, True], [True])


def test_the_age_of_the_last_copy_is_told(tmp_path: Path) -> None:
    """None is a problem only where messages are older than two days; an old one always."""
    store = tmp_path / "store.sqlite"
    now = 1_800_000_000_000
    assert [life.backup(store, now, is_in_use).is_well for is_in_use in (False, True)] == [True, False]
    note_backup(store)
    noted = tmp_path / "store.sqlite-backup"
    for age_ms, is_well in ((life.OLD_BACKUP_MS, True), (life.OLD_BACKUP_MS + 1_000, False)):
        os.utime(noted, ((now - age_ms) / 1_000,) * 2)
        assert life.backup(store, now, is_in_use=False).is_well is is_well


def test_what_a_server_says_of_its_work() -> None:
    """Background work that fails, and money that does not balance, are grave; without a server nothing is said."""
    assert list(work(None)) == []
    page = read_page("payamak_background_well 1.0\npayamak_purse_drift_rial 0.0\n", 0.0)
    assert [found.is_well for found in work(heard_of(page))] == [True]
    page = read_page("payamak_background_well 0.0\npayamak_purse_drift_rial 5.0\n", 0.0)
    assert [(found.name, found.is_grave) for found in work(heard_of(page))] == [
        ("background work", True),
        ("money", True),
    ]
