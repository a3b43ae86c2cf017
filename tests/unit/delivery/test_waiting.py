"""Whose turn it is at a desk: fresh messages, resends, suspects; on a link that answers, has not yet, is on trial."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.unit.domain.life import a_message

from payamak.delivery.waiting import Kind, Picked, View, Waiting, was_on_wire
from payamak.domain.message import Lane, Message, Reason

FRESH, AGAIN, SUSPECT = Kind.FRESH, Kind.AGAIN, Kind.SUSPECT
OTP, NORMAL, BULK = Lane.OTP, Lane.NORMAL, Lane.BULK


def a_waiting(number: int, lane: Lane = NORMAL) -> Message:
    """A message of a class."""
    return replace(a_message(), id=number, lane=lane)


def desk_with(*wanted: tuple[Kind, Lane]) -> Waiting:
    """What waits, numbered in its order from 0."""
    waiting = Waiting()
    for number, (kind, lane) in enumerate(wanted):
        waiting.put(a_waiting(number, lane), kind)
    return waiting


def a_view(
    now_s: float = 0.0, *, answered: bool = True, on_trial: bool = False, window: int = 10, more: bool = False
) -> View:
    """How the link looks."""
    return View(now_s=now_s, window=window, has_answered=answered, is_on_trial=on_trial, may_bring_fresh=lambda: more)


def pick(waiting: Waiting, view: View, in_flight: int = 0) -> int | None:
    """Who is taken, by number."""
    picked = waiting.pick(view, in_flight)
    if picked is None:
        return None
    waiting.take(picked)
    if picked.kind is SUSPECT:
        waiting.hush.went(view.now_s, is_alone=in_flight == 0)
    return picked.message.id


def all_picked(waiting: Waiting, view: View) -> list[int]:
    """Who goes when each goes at once and nothing is answered, until nobody may."""
    gone: list[int] = []
    while (number := pick(waiting, view, len(gone))) is not None:
        gone.append(number)
    return gone


@pytest.mark.parametrize(
    ("message", "was"),
    [
        (a_message(), False),
        (replace(a_message(), reason=Reason.RESEND), True),
        (replace(a_message(), reason=Reason.PACED, parts=("ta",)), True),
        (replace(a_message(), reason=Reason.MOVED, parts=("a",)), True),
        (replace(a_message(), reason=Reason.THROTTLED, parts=("w",), tries=3), False),
    ],
)
def test_what_was_on_the_wire(message: Message, was: bool) -> None:
    """A try without an answer makes the next one a resend, whatever the message has waited for since."""
    assert was_on_wire(message) is was


def test_a_link_that_answers_takes_all_in_turn() -> None:
    """Classes as ever; within a class resends and fresh ones in turn."""
    waiting = desk_with((FRESH, NORMAL), (FRESH, NORMAL), (AGAIN, NORMAL), (AGAIN, NORMAL), (FRESH, OTP), (AGAIN, OTP))
    assert all_picked(waiting, a_view()) == [5, 4, 2, 0, 3, 1]


def test_until_a_link_has_answered_fresh_ones_go_and_resends_wait() -> None:
    """Also codes: what opens the link for them is the answer to anything."""
    waiting = desk_with((AGAIN, OTP), (FRESH, BULK), (FRESH, NORMAL), (SUSPECT, OTP))
    assert all_picked(waiting, a_view(answered=False)) == [2, 1]
    assert pick(waiting, a_view(answered=True), in_flight=1) == 0


def test_where_nothing_fresh_waits_one_resend_goes_alone() -> None:
    """A code if there is one; nothing else until it is answered, but for fresh ones, which go as ever."""
    waiting = desk_with((AGAIN, BULK), (AGAIN, OTP), (AGAIN, OTP), (SUSPECT, OTP))
    closed = a_view(answered=False)
    assert pick(waiting, closed) == 1
    assert pick(waiting, closed, in_flight=1) is None
    waiting.put(a_waiting(9), FRESH)
    assert pick(waiting, closed, in_flight=1) == 9
    assert pick(waiting, closed, in_flight=2) is None
    assert pick(waiting, closed, in_flight=0) == 2, "the probe was not answered: the next one"


def test_the_probe_waits_for_what_the_store_may_bring() -> None:
    """A fresh message there is as good as one here."""
    waiting = desk_with((AGAIN, OTP))
    assert pick(waiting, a_view(answered=False, more=True)) is None
    assert pick(waiting, a_view(answered=False)) == 0


def test_a_suspect_is_the_probe_where_nothing_else_waits() -> None:
    """But never beside a resend that could go."""
    waiting = desk_with((SUSPECT, OTP), (AGAIN, BULK))
    assert pick(waiting, a_view(answered=False)) == 1
    assert pick(waiting, a_view(answered=False)) == 0


def test_on_trial_one_submit_at_a_time() -> None:
    """Fresh ones first, whatever their class; a resend only where nothing fresh waits."""
    waiting = desk_with((AGAIN, OTP), (FRESH, BULK), (SUSPECT, OTP), (FRESH, OTP))
    trial = a_view(on_trial=True, answered=True)
    assert pick(waiting, trial) == 3
    assert pick(waiting, trial, in_flight=1) is None
    assert pick(waiting, trial) == 1
    assert pick(waiting, a_view(on_trial=True, more=True)) is None
    assert [pick(waiting, trial), pick(waiting, trial), pick(waiting, trial)] == [0, 2, None]


def test_a_link_that_has_just_answered_is_for_the_others_first() -> None:
    """What is suspect may break it again: everybody else has half a second before."""
    waiting = desk_with((SUSPECT, OTP), (AGAIN, BULK), (FRESH, BULK))
    assert pick(waiting, a_view(0.9, answered=False)) == 2
    assert pick(waiting, a_view(1.0)) == 1
    assert pick(waiting, a_view(1.0)) == 0, "nobody else waits"
    waiting = desk_with((SUSPECT, OTP), *[(AGAIN, BULK)] * 3)
    assert [pick(waiting, a_view(now)) for now in (1.0, 1.4, 1.6)] == [1, 2, 0]


def opened(waiting: Waiting) -> Waiting:
    """The same on a link that has answered for some time."""
    waiting.pick(a_view(), 10)
    return waiting


def test_suspects_go_one_at_a_time_codes_first() -> None:
    """And each alone, if what is out is answered soon; then the others go on."""
    waiting = opened(desk_with((SUSPECT, BULK), (SUSPECT, OTP), (FRESH, NORMAL), (FRESH, NORMAL)))
    assert pick(waiting, a_view(1.0), in_flight=2) is None
    assert pick(waiting, a_view(1.1), in_flight=0) == 1
    assert pick(waiting, a_view(1.2), in_flight=1) is None
    waiting.hush.ended(1.3)
    assert pick(waiting, a_view(1.3)) == 2
    assert pick(waiting, a_view(1.4), in_flight=1) == 3
    assert pick(waiting, a_view(1.7), in_flight=0) == 0


def test_the_others_do_not_wait_for_a_suspect_that_is_not_answered() -> None:
    """After half a second the window is theirs; no second suspect goes."""
    waiting = opened(desk_with((SUSPECT, OTP), (SUSPECT, OTP), (FRESH, NORMAL)))
    assert pick(waiting, a_view(1.0)) == 0
    assert pick(waiting, a_view(1.4), in_flight=1) is None
    assert pick(waiting, a_view(1.6), in_flight=1) == 2
    assert pick(waiting, a_view(9.0), in_flight=1) is None


def test_a_suspect_goes_beside_what_is_not_answered() -> None:
    """It does not wait for ever to be alone, but for a place in the window."""
    waiting = opened(desk_with((SUSPECT, NORMAL), (FRESH, NORMAL)))
    assert pick(waiting, a_view(1.0), in_flight=9) is None
    assert pick(waiting, a_view(1.6), in_flight=10) is None
    assert pick(waiting, a_view(1.7), in_flight=8) == 0
    assert pick(waiting, a_view(1.7), in_flight=8) == 1


def test_a_class_that_waits_alone_fills_the_window() -> None:
    """To the last place, and what may be marked ahead; shares count while another class waits, resends included."""
    for kind in (FRESH, AGAIN):
        waiting = desk_with(*[(kind, BULK)] * 20)
        assert len(all_picked(waiting, a_view())) == 10
        assert len(all_picked(waiting, replace(a_view(), ahead=5))) == 10, "those that were left"
    waiting = desk_with(*[(FRESH, BULK)] * 20, (AGAIN, NORMAL))
    assert pick(waiting, a_view(), in_flight=9) is None
    assert pick(waiting, a_view(), in_flight=8) == 20
    assert pick(waiting, a_view(), in_flight=9) == 0, "alone again"


def test_nothing_is_marked_ahead_of_a_suspect() -> None:
    """It goes alone if what is out is answered soon: more is not let out meanwhile."""
    waiting = opened(desk_with((FRESH, NORMAL), (FRESH, NORMAL), (SUSPECT, NORMAL)))
    view = replace(a_view(1.6), ahead=5)
    assert pick(waiting, view, in_flight=10) is None
    waiting.remove(lambda message, kind: kind is SUSPECT)
    assert pick(waiting, view, in_flight=10) == 0


def test_a_code_has_a_place_behind_everybody() -> None:
    """Also where bulk has all that may be marked: the link writes it first."""
    waiting = desk_with((FRESH, BULK), (FRESH, OTP))
    view = replace(a_view(), ahead=5)
    assert pick(waiting, view, in_flight=15) == 1
    assert pick(waiting, view, in_flight=16) is None


def test_a_hush_ends_with_the_last_suspect() -> None:
    """Suspects that are given back to the store leave nobody waiting."""
    waiting = opened(desk_with((SUSPECT, NORMAL), (FRESH, NORMAL)))
    assert pick(waiting, a_view(1.0), in_flight=1) is None
    assert [m.id for m in waiting.remove(lambda message, kind: kind is SUSPECT)] == [0]
    assert pick(waiting, a_view(1.0), in_flight=1) == 1


def test_what_is_removed_and_what_stays() -> None:
    """The rest keeps its order, and the count is right."""
    waiting = desk_with((FRESH, NORMAL), (AGAIN, NORMAL), (FRESH, NORMAL), (FRESH, NORMAL))
    removed = waiting.remove(lambda message, kind: kind is AGAIN or message.id == 2)
    assert sorted(message.id for message in removed) == [1, 2]
    assert (waiting.count, waiting.count_of(FRESH), waiting.count_of(AGAIN)) == (2, 2, 0)
    assert waiting.pick(a_view(), 0) == Picked(a_waiting(0), FRESH)
    assert sorted(message.id for message in waiting.drain()) == [0, 3]
    assert waiting.pick(a_view(), 0) is None
