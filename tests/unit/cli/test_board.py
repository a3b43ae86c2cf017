"""What `payamak top` makes of two pages of metrics, and how it fits a terminal."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from payamak.cli.board import Board, LineNow, LinkNow, QueueNow, Rates, board_of
from payamak.cli.page import Page, read_page
from payamak.cli.top import VIEWS, shown
from payamak.domain.site import Line, Link, LinkUse, build_site

BEFORE = """\
payamak_answers_total{door="/api/wssend.ashx",code="-1"} 100.0
payamak_state_changes_total{line="3000",state="enroute"} 40.0
payamak_link_parts_total{link="north"} 50.0
payamak_link_answer_seconds_count{link="north"} 10.0
payamak_link_answer_seconds_sum{link="north"} 1.0
"""
NOW = """\
payamak_answers_total{door="/api/wssend.ashx",code="-1"} 120.0
payamak_answers_total{door="/api/wssend.ashx",code="14"} 4.0
payamak_state_changes_total{line="3000",state="enroute"} 50.0
payamak_state_changes_total{line="3000",state="delivered"} 6.0
payamak_state_changes_total{line="3000",state="rejected"} 2.0
payamak_link_parts_total{link="north"} 70.0
payamak_link_answers_total{link="north",answer="throttled"} 8.0
payamak_link_answer_seconds_count{link="north"} 14.0
payamak_link_answer_seconds_sum{link="north"} 1.2
payamak_link_receipts_total{link="north",stat="DELIVRD"} 6.0
payamak_link_up{link="north"} 1.0
payamak_link_up{link="south"} 0.0
payamak_link_on_trial{link="north"} 1.0
payamak_link_window_parts{link="north"} 10.0
payamak_link_window_used_parts{link="north"} 7.0
payamak_link_window_full_seconds{link="north"} 12.0
payamak_link_waiting{link="north"} 3.0
payamak_queue_messages{line="3000",class="bulk",reason="accepted"} 5.0
payamak_queue_messages{line="3000",class="otp",reason="throttled"} 1.0
payamak_queue_messages{line="3001",class="bulk",reason="accepted"} 0.0
payamak_queue_oldest_seconds{line="3000",class="bulk",reason="accepted"} 30.0
payamak_queue_oldest_seconds{line="3000",class="otp",reason="throttled"} 70.0
payamak_parts_in_flight 7.0
payamak_store_well 1.0
payamak_background_well 0.0
payamak_purse_drift_rial 0.0
payamak_clock_in_doubt 0.0
"""


def pages() -> tuple[Page, Page]:
    """Two pages, two seconds apart."""
    return read_page(BEFORE, 100.0), read_page(NOW, 102.0)


def test_a_board_of_two_pages() -> None:
    """Counters as rates since the page before, gauges as they are, what is wrong in sentences, the gravest first."""
    board = board_of(*pages())
    assert board.rates == Rates(
        accepted_per_s=10.0,
        refused_per_s=2.0,
        parts_per_s=10.0,
        delivered_per_s=3.0,
        receipts_per_s=3.0,
        waiting=6,
        in_flight=7,
    )
    line, other = board.lines
    assert line == LineNow(
        line="3000", waiting=6, oldest_s=70.0, taken_per_s=5.0, delivered_per_s=3.0, failed_per_s=1.0
    )
    assert (other.line, other.waiting) == ("3001", 0)
    north, south = board.links
    assert north == LinkNow(
        link="north",
        is_up=True,
        is_on_trial=True,
        window_used=7,
        window=10,
        waiting=3,
        parts_per_s=10.0,
        throttled_per_s=4.0,
        answer_ms=north.answer_ms,
    )
    assert north.answer_ms == pytest.approx(50.0)
    assert (south.is_up, south.answer_ms) == (False, None)
    assert [(row.lane, row.reason, row.messages) for row in board.queue] == [
        ("otp", "throttled", 1),
        ("bulk", "accepted", 5),
    ]
    assert [sentence.split()[0] for sentence in board.wrong] == ["Background", "Link", "Link", "Link"]
    assert "south is not bound" in board.wrong[1]


def test_why_nothing_goes() -> None:
    """With the site the queue says the sentence of `payamak queue`, and a line that stands still is told as wrong."""
    site = build_site([Link(name="north"), Line(number="3000", links=(LinkUse(link="north"),), is_suspended=True)], 1)
    board = board_of(*pages(), site)
    assert {row.why for row in board.queue} == {"Line 3000 is suspended by hand: `payamak resume line 3000`."}
    assert board.wrong[-1] == "Line 3000 is suspended by hand: `payamak resume line 3000`."
    assert {row.why for row in board_of(*pages()).queue} == {""}


def test_a_server_that_has_begun_anew() -> None:
    """Its counters are smaller than before: they have counted from 0, and no rate is negative."""
    before, now = pages()
    board = board_of(now, Page(at_s=104.0, numbers=before.numbers))
    assert board.rates.accepted_per_s == 50.0


def wide(count: int) -> Board:
    """As much of everything as nobody has."""
    digits = range(count)
    return Board(
        rates=Rates(
            accepted_per_s=12_345.6,
            refused_per_s=1_234.5,
            parts_per_s=12_345.6,
            delivered_per_s=12_345.6,
            receipts_per_s=12_345.6,
            waiting=9_876_543,
            in_flight=12_345,
        ),
        lines=tuple(
            LineNow(
                line=f"98300033{n:02d}",
                waiting=1_234_567,
                oldest_s=86_400.0 * 6 + 7_200,
                taken_per_s=1_234.5,
                delivered_per_s=1_234.5,
                failed_per_s=1_234.5,
            )
            for n in digits
        ),
        links=tuple(
            LinkNow(
                link=f"operator-{n}",
                is_up=bool(n % 2),
                is_on_trial=False,
                window_used=999,
                window=1_000,
                waiting=12_345,
                parts_per_s=1_234.5,
                throttled_per_s=123.4,
                answer_ms=12_345.6,
            )
            for n in digits
        ),
        queue=tuple(
            QueueNow(line=f"98300033{n:02d}", lane="normal", reason="recipient_busy", messages=1_234_567, oldest_s=9e5)
            for n in digits
        ),
        wrong=tuple(f"Link operator-{n} is not bound: `payamak doctor`." for n in digits),
    )


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("count", [0, 1, 3, 30])
def test_a_board_fits_a_terminal(view: str, count: int) -> None:
    """80 columns and 24 lines, whatever there is; what is left out is counted, and the key that shows it named."""
    out = Console(width=80, height=24, record=True, file=io.StringIO())
    for part in shown(wide(count), VIEWS[view], (80, 24 - 2)):
        out.print(part)
    lines = out.export_text().rstrip("\n").splitlines()
    assert len(lines) <= 23
    assert max(map(cell_len, lines)) <= 80
    for name in VIEWS[view]:
        assert any(line.startswith(name.capitalize()) for line in lines)
    if count == 30:
        assert any(re.search(r" of 30: key [234]$", line) for line in lines)
        assert "! and 28 more: `payamak doctor`" in lines
