"""A campaign's life by its table, its money and its guard; and any history keeps the sums."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payamak.domain.campaigns import (
    AT_ONCE,
    ENDED,
    FIRST_FED,
    FIRST_WAIT_MS,
    MOST_WAITING,
    TABLE,
    Campaign,
    CampaignCancelled,
    CampaignEvent,
    CampaignPaused,
    CampaignResumed,
    CampaignStarted,
    CampaignState,
    CheckBegun,
    IllegalCampaignMove,
    OtherSum,
    OtherVersion,
    PauseReason,
    RowsChecked,
    RowsFed,
    RowsRead,
    TimeCame,
    TurnCame,
    advance,
    has_to_be_looked_at,
    next_judgement,
    rows_to_feed,
)

NOW = 1_795_000_000_000
DRAFT = Campaign(account_id=1, name="norooz", text="سلام", columns="[]", validity_ms=1, created_at=NOW)
READY = replace(
    DRAFT, state=CampaignState.READY, version=3, rows=12, pending=10, excluded=2, most_rial=1_000, checked_version=7
)
START = CampaignStarted(version=3, seen_rial=1_000, site_version=7)


def started(pending: int = 10, rial: int = 1_000) -> Campaign:
    """A campaign that sends."""
    ready = replace(READY, rows=pending, pending=pending, excluded=0, most_rial=rial)
    return advance(ready, replace(START, seen_rial=rial), NOW)


def fed(made: int, refused: int = 0, rial: int = 0, freed: int = 0) -> RowsFed:
    """Rows of it became messages."""
    return RowsFed(
        made=made, refused=refused, excluded=0, reserved_rial=rial, freed_rial=freed, fed_to=made + refused, owner=2
    )


def told(campaign: Campaign, final: int, failed: int = 0) -> Campaign:
    """So many more of its messages are final, so many of these have failed, and the feeder looks."""
    counted = replace(campaign, final=campaign.final + final, failed=campaign.failed + failed)
    return advance(counted, TurnCame(), NOW) if has_to_be_looked_at(counted) else counted


def test_the_road_of_a_campaign() -> None:
    """From a draft to its end, each step one version."""
    steps: list[tuple[CampaignEvent, CampaignState]] = [
        (RowsRead(3), CampaignState.DRAFT),
        (CheckBegun(), CampaignState.CHECKING),
        (
            RowsChecked(
                version=2, pending=2, excluded=1, most_rial=90, likely_rial=60, site_version=7, tariffs='{"1": {}}'
            ),
            CampaignState.READY,
        ),
        (replace(START, seen_rial=90, send_at=NOW + 1), CampaignState.SCHEDULED),
        (TimeCame(), CampaignState.SENDING),
        (fed(1, rial=40, freed=20), CampaignState.SENDING),
        (CampaignPaused(PauseReason.BY_HAND), CampaignState.PAUSED),
        (CampaignResumed(), CampaignState.SENDING if NOW + 1 <= NOW else CampaignState.SCHEDULED),
        (TimeCame(), CampaignState.SENDING),
        (fed(0, refused=1, freed=30), CampaignState.SENDING),
    ]
    campaign = DRAFT
    for number, (event, state) in enumerate(steps, 1):
        campaign = advance(campaign, event, NOW)
        assert (campaign.state, campaign.version) == (state, number)
    campaign = told(campaign, final=1)
    assert (campaign.state, campaign.held_rial, campaign.finished_at) == (CampaignState.FINISHED, 0, NOW)
    assert (campaign.excluded, campaign.made, campaign.refused, campaign.final) == (1, 1, 1, 1)


def test_a_check_is_whole_and_the_latest_one_counts() -> None:
    """Not before the file is read to its end; of two at once the first one's word is none; nothing to send fails."""
    with pytest.raises(IllegalCampaignMove):
        advance(DRAFT, CheckBegun(), NOW)
    first = advance(READY, CheckBegun(), NOW)
    second = advance(first, CheckBegun(), NOW)
    found = RowsChecked(
        version=first.version, pending=0, excluded=12, most_rial=0, likely_rial=0, site_version=7, tariffs="{}"
    )
    with pytest.raises(OtherVersion):
        advance(second, found, NOW)
    assert advance(second, replace(found, version=second.version), NOW).state is CampaignState.FAILED


def test_one_start_of_what_was_seen() -> None:
    """The second press meets no move; another sum, version or site starts nothing."""
    first = advance(READY, START, NOW)
    assert (first.state, first.held_rial) == (CampaignState.SENDING, 1_000)
    with pytest.raises(IllegalCampaignMove):
        advance(first, START, NOW)
    with pytest.raises(OtherVersion):
        advance(READY, replace(START, version=2), NOW)
    with pytest.raises(OtherVersion):
        advance(READY, replace(START, site_version=8), NOW)
    with pytest.raises(OtherSum) as raised:
        advance(replace(READY, most_rial=1_200), START, NOW)
    assert raised.value.rial == 1_200


def test_an_instant_that_is_over_starts_at_once() -> None:
    """What was scheduled for the past is not late, it sends."""
    assert advance(READY, replace(START, send_at=NOW), NOW).state is CampaignState.SENDING


def test_pause_and_resume() -> None:
    """What is over by itself goes on by itself; what a person or the guard has stopped, by a person alone."""
    by_line = advance(started(), CampaignPaused(PauseReason.LINE), NOW)
    assert advance(by_line, CampaignResumed(PauseReason.WINDOW), NOW) is by_line
    assert advance(by_line, CampaignResumed(PauseReason.LINE), NOW).state is CampaignState.SENDING
    by_hand = advance(by_line, CampaignPaused(PauseReason.BY_HAND), NOW)
    assert by_hand.reason is PauseReason.BY_HAND
    assert advance(by_hand, CampaignPaused(PauseReason.LINE), NOW) is by_hand
    assert advance(by_hand, CampaignResumed(PauseReason.LINE), NOW) is by_hand
    assert advance(by_hand, CampaignResumed(), NOW).state is CampaignState.SENDING


def test_cancel() -> None:
    """Pending rows are left out, the money that no message has goes back."""
    cancelled = advance(advance(started(), fed(4, rial=300), NOW), CampaignCancelled(), NOW)
    assert (cancelled.state, cancelled.excluded, cancelled.made) == (CampaignState.CANCELLED, 6, 4)
    assert (cancelled.held_rial, cancelled.pending) == (0, 0)


def test_every_pair_has_an_answer() -> None:
    """A pair of state and event is in the table or an illegal move; what has ended begins nothing."""
    found = RowsChecked(version=0, pending=1, excluded=0, most_rial=0, likely_rial=0, site_version=-1, tariffs="{}")
    events: list[CampaignEvent] = [
        *(RowsRead(3), CheckBegun(), found, TimeCame(), TurnCame(), CampaignResumed(), CampaignCancelled()),
        *(replace(START, version=0, seen_rial=0, site_version=-1), CampaignPaused(PauseReason.BY_HAND), fed(0)),
    ]
    for state, event in product(CampaignState, events):
        campaign = replace(DRAFT, state=state, rows=0 if isinstance(event, RowsRead) else 1)
        if (state, type(event)) in TABLE:
            advance(campaign, event, NOW)
            assert state not in ENDED
        else:
            with pytest.raises(IllegalCampaignMove):
                advance(campaign, event, NOW)


def test_the_first_rows_are_judged_before_more_are_fed() -> None:
    """Receipts at once: of a list of dead numbers, 200 leave."""
    campaign = started(100_000, 0)
    while (rows := rows_to_feed(campaign, 0, NOW)) > 0:
        campaign = advance(campaign, fed(rows), NOW)
    assert campaign.made == FIRST_FED
    campaign = told(campaign, 149, 149)
    assert campaign.state is CampaignState.SENDING
    campaign = told(campaign, 1, 1)
    assert (campaign.state, campaign.reason) == (CampaignState.PAUSED, PauseReason.FAILURES)


def test_late_receipts_hold_the_first_rows_for_a_minute() -> None:
    """Then it feeds on, and judges at the first judgement after they have come."""
    campaign = advance(started(100_000, 0), fed(FIRST_FED), NOW)
    assert rows_to_feed(campaign, 0, NOW + FIRST_WAIT_MS - 1) == 0
    assert rows_to_feed(campaign, 0, NOW + FIRST_WAIT_MS) == AT_ONCE
    campaign = advance(campaign, fed(5_000), NOW)
    assert told(campaign, 170, 100).state is CampaignState.PAUSED


def test_judgements() -> None:
    """At 150, at 200, then at each 500; a person who says go on is believed until the next one."""
    assert [next_judgement(replace(DRAFT, judged=judged)) for judged in (0, 150, 200, 700)] == [150, 200, 700, 1_200]
    assert next_judgement(replace(DRAFT, judged=163)) == 200
    campaign = told(advance(started(100_000, 0), fed(FIRST_FED), NOW), 160, 160)
    campaign = told(advance(campaign, CampaignResumed(), NOW), 39, 39)
    assert campaign.state is CampaignState.SENDING
    assert told(campaign, 1, 1).state is CampaignState.PAUSED


def test_no_guard_behind_the_last_row() -> None:
    """Where nothing is left to be fed there is nothing to stop."""
    campaign = told(advance(started(200, 0), fed(200), NOW), 199, 199)
    assert campaign.state is CampaignState.SENDING
    assert told(campaign, 1, 1).state is CampaignState.FINISHED


@pytest.mark.parametrize(
    ("waiting", "pace", "rows"),
    [(0, None, 100), (MOST_WAITING - 30, None, 30), (MOST_WAITING, None, 0), (0, 60, 30), (29, 60, 1), (0, 1, 1)],
)
def test_how_many_wait(waiting: int, pace: int | None, rows: int) -> None:
    """2,000 at most, or half a minute of its pace; one at least."""
    sending = replace(started(100_000, 0), pending=90_000, made=10_000, final=9_000, pace_per_minute=pace)
    assert rows_to_feed(sending, waiting, NOW) == rows


EVENTS = st.lists(
    st.one_of(
        st.integers(0, 40),
        st.sampled_from(
            [
                *(CampaignPaused(PauseReason.BY_HAND), CampaignPaused(PauseReason.LINE), CampaignResumed()),
                *(CampaignResumed(PauseReason.LINE), CampaignCancelled()),
            ]
        ),
    ),
    max_size=60,
)


@given(rows=st.integers(1, 400), price=st.integers(0, 90), history=EVENTS)
def test_money_and_rows_in_any_history(rows: int, price: int, history: list[int | CampaignEvent]) -> None:
    """What is held is what no row has used yet; a row has one outcome; an end keeps nothing."""
    campaign = started(rows, rows * price)
    done = 0
    for what in history:
        event: CampaignEvent
        if isinstance(what, int):
            count = min(what, rows_to_feed(campaign, 0, NOW))
            taken = count * price // 2
            event = fed(count, rial=taken, freed=count * price - taken)
            if not count:
                campaign = told(campaign, min(what, campaign.made - campaign.final))
                continue
            done += count
        else:
            event = what
        try:
            campaign = advance(campaign, event, NOW)
        except IllegalCampaignMove:
            continue
        assert campaign.pending + campaign.excluded + campaign.made + campaign.refused == rows
        assert campaign.held_rial == (0 if campaign.is_ended else (rows - done) * price)
