"""What the back knows of the messages that wait in the store."""

from payamak.delivery.backlog import NEVER, Backlog
from payamak.domain.message import Lane

NOTHING = (None, None, None)


def is_due(backlog: Backlog, line: str, now: int) -> bool:
    """Whether a claim for the line makes sense."""
    return bool(backlog.due_lanes(line, now))


def test_a_line_that_opens_is_claimed_at_once() -> None:
    """Nobody knows what waits: claim first, and hand nothing over before."""
    backlog = Backlog()
    backlog.unknown("1")
    assert is_due(backlog, "1", 0)
    assert backlog.next_due_at() == 0
    assert not any(backlog.is_direct("1", lane) for lane in Lane)


def test_a_claim_that_finds_nothing_opens_the_way() -> None:
    """Then fresh messages may come by the Feed, and no claim makes sense."""
    backlog = Backlog()
    backlog.unknown("1")
    backlog.claimed("1", NOTHING, 100, 120)
    assert all(backlog.is_direct("1", lane) for lane in Lane)
    assert not is_due(backlog, "1", 10**15)
    assert backlog.next_due_at() == NEVER


def test_what_is_due_and_found_no_room_goes_before_the_fresh() -> None:
    """Only its own class is kept from the Feed, and the claim comes again soon."""
    backlog = Backlog()
    backlog.claimed("1", (None, None, 90), 100, 120)
    assert [backlog.is_direct("1", lane) for lane in Lane] == [True, True, False]
    assert (is_due(backlog, "1", 119), is_due(backlog, "1", 120)) == (False, True)
    assert backlog.next_due_at() == 120


def test_what_is_due_later_keeps_nobody_up() -> None:
    """A message that waits for its pause lets fresh ones pass; the claim comes when it is due."""
    backlog = Backlog()
    backlog.claimed("1", (None, 500, None), 100, 120)
    assert backlog.is_direct("1", Lane.NORMAL)
    assert (is_due(backlog, "1", 499), is_due(backlog, "1", 500)) == (False, True)


def test_what_went_into_the_store() -> None:
    """It is told only if it is sooner than what was known; what is due now keeps the fresh ones of its class away."""
    backlog = Backlog()
    assert backlog.will_be_due("1", Lane.NORMAL, 500, 100)
    assert not backlog.will_be_due("1", Lane.NORMAL, 600, 100)
    assert backlog.will_be_due("1", Lane.NORMAL, 400, 100)
    assert backlog.next_due_at() == 400
    assert backlog.is_direct("1", Lane.NORMAL)
    assert backlog.will_be_due("1", Lane.NORMAL, 100, 100)
    assert not backlog.is_direct("1", Lane.NORMAL)
    assert backlog.is_direct("1", Lane.OTP)
    assert backlog.is_direct("2", Lane.NORMAL)


def test_a_closed_line_is_not_claimed() -> None:
    """Without a link there is nothing to claim for, and nothing is handed over."""
    backlog = Backlog()
    backlog.unknown("1")
    backlog.unknown("2")
    backlog.closed("1")
    assert not is_due(backlog, "1", 10**15)
    assert is_due(backlog, "2", 0)
    assert not any(backlog.is_direct("1", lane) for lane in Lane)


def test_a_claim_is_put_off() -> None:
    """Nothing is asked before that instant; what was to be later stays later."""
    backlog = Backlog()
    backlog.claimed("1", (5, 5_000, None), 10, 20)
    backlog.put_off("1", 1_000)
    assert (is_due(backlog, "1", 999), is_due(backlog, "1", 1_000)) == (False, True)
    backlog.put_off("2", 1_000)
    assert not is_due(backlog, "2", 10**15), "nothing is known to wait there"
    assert not backlog.is_direct("1", Lane.OTP)


def test_a_line_that_nobody_spoke_of() -> None:
    """An empty backlog claims nothing."""
    assert Backlog().next_due_at() == NEVER
    assert not is_due(Backlog(), "1", 10**15)
