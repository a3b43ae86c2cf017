"""What waits in memory for one link: classes in order, accounts in turn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed
from tests.unit.domain.life import a_message

from payamak.delivery.lanes import Lanes, WindowRoom
from payamak.domain.message import Lane, Message

OTP, NORMAL, BULK = Lane.OTP, Lane.NORMAL, Lane.BULK


def a_waiting(number: int, lane: Lane = NORMAL, account_id: int = 1) -> Message:
    """A message of a class and an account."""
    return changed(a_message(), id=number, lane=lane, account_id=account_id)


def taken(lanes: Lanes, in_flight: int = 0, window: int = 100) -> list[int]:
    """The ids in the order in which they go."""
    ids = []
    while message := take(lanes, in_flight, window):
        ids.append(message.id)
    return ids


def take(lanes: Lanes, in_flight: int = 0, window: int = 100) -> Message | None:
    """Take the message whose turn it is."""
    message = lanes.peek(in_flight, WindowRoom(window=window, is_shared=True))
    return None if message is None else lanes.take(message.lane)


def test_the_higher_class_goes_first() -> None:
    """OTP before normal before bulk, whoever came first."""
    lanes = Lanes()
    for number, lane in enumerate((BULK, NORMAL, OTP, BULK, OTP)):
        lanes.put(a_waiting(number, lane))
    assert taken(lanes) == [2, 4, 1, 0, 3]


def test_accounts_take_turns() -> None:
    """A flood of one account lets the others pass after each of its messages; within one it is first come."""
    lanes = Lanes()
    for number in range(4):
        lanes.put(a_waiting(number, account_id=1))
    lanes.put(a_waiting(10, account_id=2))
    lanes.put(a_waiting(11, account_id=2))
    lanes.put(a_waiting(20, account_id=3))
    assert taken(lanes) == [0, 10, 20, 1, 11, 2, 3]


def test_what_comes_back_goes_before_the_accounts_others() -> None:
    """A message that could not be marked keeps its place."""
    lanes = Lanes()
    lanes.put(a_waiting(2))
    lanes.put(a_waiting(1), first=True)
    assert taken(lanes) == [1, 2]


@pytest.mark.parametrize(
    ("window", "in_flight", "lanes_served"),
    [
        (100, 69, [OTP, NORMAL, BULK]),
        (100, 70, [OTP, NORMAL]),
        (100, 89, [OTP, NORMAL]),
        (100, 90, [OTP]),
        (100, 99, [OTP]),
        (100, 100, []),
        (10, 6, [OTP, NORMAL, BULK]),
        (10, 7, [OTP, NORMAL]),
        (10, 9, [OTP]),
        (1, 0, [OTP, NORMAL, BULK]),
        (1, 1, []),
    ],
)
def test_the_window_keeps_a_share_for_the_classes_above(window: int, in_flight: int, lanes_served: list[Lane]) -> None:
    """While others wait bulk fills seven tenths of a window, normal nine, OTP all; a window of one serves everyone."""
    for lane in Lane:
        lanes = Lanes()
        lanes.put(a_waiting(1, lane))
        assert (take(lanes, in_flight, window) is not None) is (lane in lanes_served)
        assert lanes.count == (lane not in lanes_served)


@pytest.mark.parametrize(
    ("room", "places"),
    [
        (WindowRoom(window=10), (10, 10, 10)),
        (WindowRoom(window=10, is_shared=True), (10, 9, 7)),
        (WindowRoom(window=10, ahead=5), (20, 15, 15)),
        (WindowRoom(window=10, ahead=5, is_shared=True), (20, 9, 7)),
        (WindowRoom(window=10, ahead=5, is_refilling=False), (20, 10, 10)),
        (WindowRoom(window=1, ahead=1), (3, 2, 2)),
        (WindowRoom(window=1, is_shared=True), (1, 1, 1)),
    ],
)
def test_the_places_of_each_class(room: WindowRoom, places: tuple[int, ...]) -> None:
    """A class that waits alone fills the window, and what may be marked ahead; codes have places behind all others."""
    for lane, most in zip((OTP, NORMAL, BULK), places, strict=True):
        assert [room.has_place(lane, in_flight) for in_flight in (0, most - 1, most)] == [True, True, False]


def test_a_class_that_is_full_does_not_hold_up_the_one_above() -> None:
    """Nothing goes for bulk, but OTP does."""
    lanes = Lanes()
    lanes.put(a_waiting(1, BULK))
    assert taken(lanes, 95) == []
    lanes.put(a_waiting(2, OTP))
    assert taken(lanes, 95) == [2]


@given(st.lists(st.tuples(st.sampled_from(Lane), st.integers(1, 3), st.sampled_from(["put", "next", "drain"]))))
def test_nothing_is_lost_or_doubled(steps: list[tuple[Lane, int, str]]) -> None:
    """What was put is taken once, and the count is right throughout."""
    lanes, waiting = Lanes(), set()
    for number, (lane, account_id, act) in enumerate(steps):
        if act == "put":
            lanes.put(a_waiting(number, lane, account_id))
            waiting.add(number)
        elif act == "next" and (message := take(lanes, 0, 10)):
            waiting.remove(message.id)
        elif act == "drain":
            assert {message.id for message in lanes.drain()} == waiting
            waiting.clear()
        assert lanes.count == len(waiting)
    assert sorted(taken(lanes)) == sorted(waiting)


def test_peek_tells_what_goes_next() -> None:
    """Looking takes nothing, and tells of the message that goes next, or of none."""
    lanes = Lanes()
    assert lanes.peek(0, WindowRoom(window=10)) is None
    for lane in (Lane.BULK, Lane.OTP, Lane.NORMAL):
        lanes.put(a_waiting(1, lane))
    while (seen := lanes.peek(0, WindowRoom(window=10))) is not None:
        before = lanes.count
        assert lanes.peek(0, WindowRoom(window=10)) is seen
        assert lanes.count == before
        assert lanes.take(seen.lane) is seen
    assert lanes.count == 0
    lanes.put(a_waiting(1, Lane.BULK))
    assert lanes.peek(7, WindowRoom(window=10, is_shared=True)) is None
