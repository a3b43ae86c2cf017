"""The clock of the gateway: each reading looks at both clocks, and the time is never one that nobody can vouch for."""

from __future__ import annotations

import pytest

from payamak.delivery import timekeeping
from payamak.delivery.timekeeping import KeptClock, go_on
from payamak.domain.clocks import TRUE_AFTER_MS, ClockRecord, Reading, earliest
from payamak.texts.signs import jump_words

START, HOUR, DAY = 1_767_225_600_000, 3_600_000, 86_400_000


class Machine:
    """The clocks of a machine, set by hand."""

    def __init__(self) -> None:
        self.boot_id, self.boot_ms, self.wrong_by = 7, HOUR, 0
        self.stopped: list[int] = []

    def wall(self) -> int:
        """See Source.wall; the process may be stopped before."""
        if self.stopped:
            self.boot_ms += self.stopped.pop()
        return START + self.boot_ms + self.wrong_by

    def boot(self) -> int:
        """See Source.boot."""
        return self.boot_ms

    def monotonic(self) -> float:
        """See Clock.monotonic."""
        return self.boot_ms / 1_000


def test_the_first_reading_after_a_jump_knows_of_it() -> None:
    """There is no moment in which a jump is acted on: not the next look finds it, but each reading does."""
    machine = Machine()
    clock = KeptClock(machine)
    assert clock.now() == START + HOUR
    machine.wrong_by = DAY
    now = clock.now()
    assert isinstance(now, Reading)
    assert (now, earliest(now)) == (START + HOUR + DAY, START + HOUR)
    machine.wrong_by = 0
    assert clock.now() == START + HOUR


def test_a_fall_is_told_before_anything_is_done_by_it() -> None:
    """Whoever holds instants in memory hears of it inside the reading itself, and once."""
    machine, heard = Machine(), list[int]()
    clock = KeptClock(machine)
    clock.on_fall.append(lambda: heard.append(clock.clocks.fallen))
    machine.wrong_by = DAY
    clock.now()
    machine.wrong_by = 0
    clock.now()
    clock.now()
    assert heard == [DAY]
    clock.set_back(DAY)
    assert clock.clocks.fallen == 0


@pytest.mark.parametrize("drift", [-40, -6, -1, 0, 1, 6, 40])
def test_a_clock_that_is_slewed(drift: int) -> None:
    """It is followed within milliseconds, never backwards."""
    machine = Machine()
    clock, before = KeptClock(machine), 0
    for _ in range(50):
        machine.boot_ms += 1_000
        machine.wrong_by += drift
        now = clock.now()
        assert type(now) is int
        assert now > before
        assert abs(now - machine.wall()) <= timekeeping._STILL_MS
        before = now


def test_a_process_that_is_stopped_between_two_readings() -> None:
    """Stopped for an hour between the one clock and the other, it reads both again."""
    machine = Machine()
    clock = KeptClock(machine)
    machine.stopped.append(HOUR)
    assert (clock.now(), clock.clocks.is_in_doubt) == (START + 2 * HOUR, False)


def test_the_next_process_goes_on() -> None:
    """On the same boot clock it knows all that was known, on another one only that there was a doubt."""
    machine = Machine()
    first = KeptClock(machine)
    machine.wrong_by = DAY
    first.now()
    record = ClockRecord(clocks=first.clocks, boot_id=7, last_commit=START + HOUR)
    machine.boot_ms += TRUE_AFTER_MS - 1
    second = KeptClock(machine)
    go_on(second, record)
    assert second.look().is_in_doubt
    machine.boot_ms += 1
    assert not second.look().is_in_doubt
    machine.boot_id, machine.boot_ms = 8, 5_000
    third = KeptClock(machine)
    go_on(third, record)
    assert third.clocks.is_in_doubt
    offset = machine.wall() - machine.boot()
    accepted = ClockRecord(clocks=first.clocks, boot_id=7, accepted=offset, accepted_on=8, last_commit=START)
    fourth = KeptClock(machine)
    go_on(fourth, accepted)
    assert not fourth.clocks.is_in_doubt


def test_a_jump_that_nobody_kept() -> None:
    """The process died in a jump before that was on record, and the clock came back: its last commit is of the future.

    The next one on the same boot doubts, and what was written from the future is set back when the doubt is over.
    """
    machine = Machine()
    agreed = KeptClock(machine).clocks
    record = ClockRecord(clocks=agreed, boot_id=7, last_commit=machine.wall() + DAY)
    after = KeptClock(machine)
    go_on(after, record)
    assert after.clocks.is_in_doubt
    assert after.now() >= record.last_commit
    machine.boot_ms += TRUE_AFTER_MS
    assert after.now() == machine.wall()
    assert after.clocks.fallen == DAY
    sound = KeptClock(machine)
    go_on(sound, ClockRecord(clocks=agreed, boot_id=7, last_commit=machine.wall()))
    assert not sound.clocks.is_in_doubt


def test_a_jump_in_words() -> None:
    """A person is told by how much and to which side; nothing while there is nothing to tell."""
    machine = Machine()
    clock = KeptClock(machine)
    assert jump_words(clock.look()) == ""
    machine.wrong_by = -HOUR
    assert jump_words(clock.look()).endswith("it is 3,600 s behind the time held to be right")
