"""A machine whose clock is set wrong, or right again, or that was suspended: what goes, what ends, what waits (P7)."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace
from tests.simulation.day import DAY_MS, DAY_S, HOUR_S, LINE, Day, live

from payamak.domain.message import Reason, State
from payamak.domain.site import LineKind, OutsideHours
from payamak.store.records import Search

HOUR_MS = 3_600_000
A_WHILE_S = 2.5
"""In which a jump is told and followed up."""

DOUBT_S = 600 + A_WHILE_S


async def _states(day: Day, ids: list[int]) -> set[tuple[State, Reason]]:
    return {((m := (await day.story(message_id)).message).state, m.reason) for message_id in ids}


def _asks(day: Day) -> str:
    """What readyz asks a person."""
    assert day.world.life is not None
    assert day.world.life.gateway is not None
    return day.world.life.gateway.running.timekeeper.asks


async def _set(day: Day, wrong_by_ms: int) -> None:
    """Somebody sets the machine's clock."""
    day.world.clock.wrong_by_ms = wrong_by_ms
    await day.until(day.world.loop.time() + A_WHILE_S)


def test_an_hour_back_makes_nothing_wait_an_hour() -> None:
    """What was throttled when the clock went back goes when the operator takes it: in doubt, and when that is over."""

    async def tell(day: Day) -> None:
        await day.until(1)
        day.world.operators[0].throttle(30)
        first = await day.send("989120000001", minutes=60)
        await day.until(20)
        await _set(day, -HOUR_MS)
        assert "3,600 s behind" in _asks(day)
        await day.until(60)
        assert await _states(day, [first]) == {(State.DELIVERED, Reason.RECEIPT)}
        await day.until(20 + DOUBT_S - 10)
        day.world.operators[0].throttle(30)
        second = await day.send("989120000002", minutes=60)
        await day.until(20 + DOUBT_S + 240)
        assert _asks(day) == ""
        assert await _states(day, [second]) == {(State.DELIVERED, Reason.RECEIPT)}
        message = (await day.story(second)).message
        assert abs(message.changed_at + HOUR_MS - day.world.clock.now()) < 240_000

    live(tell)


def test_a_sim_card_keeps_its_pace_when_the_clock_goes_back() -> None:
    """Turns that were given by the clock of before are given anew: nobody waits an hour for his, none goes too soon."""

    async def tell(day: Day) -> None:
        await day.until(1)
        ids = [await day.send(f"9891200000{number:02d}") for number in range(8)]
        await day.until(15)
        await _set(day, -HOUR_MS)
        await day.hand(lambda store: store.accept_clock(day.world.clock.wall() - day.world.clock.boot(), 1))
        await day.until(180)
        assert await _states(day, ids) == {(State.DELIVERED, Reason.RECEIPT)}

    live(tell, line=replace(LINE, kind=LineKind.SIM, messages_per_minute=8))


def test_a_day_ahead_for_four_seconds_ends_nothing() -> None:
    """What is queued stays so, and goes afterwards; what is accepted meanwhile is valid for as long as it was said."""

    async def tell(day: Day) -> None:
        await day.until(1)
        await day.suspend_link(True)
        await day.until(10)
        queued = [await day.send(f"9891200000{number:02d}", minutes=60) for number in range(5)]
        await day.until(20)
        await _set(day, DAY_MS)
        assert "86,400 s ahead" in _asks(day)
        short = await day.send("989120000011", minutes=5)
        long = await day.send("989120000012", minutes=60)
        await day.until(24)
        await _set(day, 0)
        assert _asks(day) == ""
        assert await _states(day, queued) == {(State.QUEUED, Reason.ACCEPTED)}
        await day.until(20 + 300 + 30)
        assert (await day.story(short)).message.state is State.EXPIRED
        await day.suspend_link(False)
        await day.until(700)
        assert await _states(day, [*queued, long]) == {(State.DELIVERED, Reason.RECEIPT)}
        messages = await day.hand(lambda store: store.search(Search()))
        assert all(m.accepted_at <= day.world.clock.now() >= m.changed_at for m in messages)

    live(tell)


def test_what_goes_while_the_clock_is_a_day_ahead() -> None:
    """What was valid for an hour does not go, for it may be over; a fresh message goes at once."""

    async def tell(day: Day) -> None:
        await day.until(1)
        await day.suspend_link(True)
        await day.until(10)
        old = await day.send("989120000001", minutes=60)
        await _set(day, DAY_MS)
        await day.suspend_link(False)
        await day.until(15)
        fresh = await day.send("989120000002", minutes=5)
        await day.until(30)
        assert await _states(day, [old]) == {(State.QUEUED, Reason.CLOCK)}
        assert await _states(day, [fresh]) == {(State.DELIVERED, Reason.RECEIPT)}
        await day.until(10 + DOUBT_S + 30)
        assert await _states(day, [old]) == {(State.EXPIRED, Reason.DEADLINE)}
        assert [entry.recipient for entry in day.entries] == ["989120000002"]

    live(tell)


def test_a_person_accepts_the_clock() -> None:
    """`payamak clock accept`: the doubt is over within a second, and what is past its deadline ends."""

    async def tell(day: Day) -> None:
        await day.until(1)
        await day.suspend_link(True)
        await day.until(10)
        old = await day.send(minutes=60)
        await _set(day, DAY_MS)
        clock = day.world.clock
        await day.hand(lambda store: store.accept_clock(clock.wall() - clock.boot() - HOUR_MS, 1))
        await day.until(15)
        assert _asks(day), "what was accepted is another reading"
        await day.hand(lambda store: store.accept_clock(clock.wall() - clock.boot(), 1))
        await day.until(20)
        assert _asks(day) == ""
        assert await _states(day, [old]) == {(State.EXPIRED, Reason.DEADLINE)}
        await _set(day, 0)
        assert _asks(day), "one jump was accepted, not the next"
        await day.hand(lambda store: store.accept_clock(clock.wall() - clock.boot(), 1))
        await day.until(30)
        assert _asks(day) == ""
        await _set(day, DAY_MS)
        assert _asks(day), "nor the same one again"

    live(tell)


def test_a_death_or_a_restart_ends_no_doubt() -> None:
    """The clock is a day ahead, the gateway dies and is started: it still doubts, and the ten minutes go on."""

    async def tell(day: Day) -> None:
        await day.until(1)
        await day.suspend_link(True)
        await day.until(10)
        queued = await day.send(minutes=60)
        await _set(day, DAY_MS)
        for end in (day.world.crash, day.world.stop):
            ending = end()
            if ending is not None:
                await ending
            assert await day.world.start()
            assert _asks(day)
        day.world.crash()
        day.world.clock.wrong_by_ms = 0
        assert await day.world.start()
        assert _asks(day) == ""
        await day.suspend_link(False)
        await day.until(100)
        assert await _states(day, [queued]) == {(State.DELIVERED, Reason.RECEIPT)}

    live(tell)


def test_a_clock_that_jumps_while_nobody_runs() -> None:
    """Started with a clock before the store's last commit, on another start of the machine too: that is a jump."""

    async def tell(day: Day) -> None:
        await day.until(10)
        await day.suspend_link(True)
        queued = await day.send(minutes=60)
        await day.until(12)
        day.world.crash()
        day.world.clock.boot_id, day.world.clock.wrong_by_ms = 2, -HOUR_MS
        assert await day.world.start()
        assert "s behind" in _asks(day)
        await day.suspend_link(False)
        await day.until(30)
        assert await _states(day, [queued]) == {(State.DELIVERED, Reason.RECEIPT)}

    live(tell)


def test_last_nights_codes_do_not_go_out() -> None:
    """A machine that was suspended: both its clocks have gone on, and what ran out in the night is over."""

    async def tell(day: Day) -> None:
        await day.until(1)
        day.world.operators[0].throttle(20)
        code = await day.send("989120000001", minutes=5)
        await day.until(10)
        day.world.clock.slept_ms += 8 * HOUR_MS
        await day.until(12)
        fresh = await day.send("989120000002", minutes=5)
        await day.until(60)
        assert _asks(day) == ""
        assert await _states(day, [code]) == {(State.EXPIRED, Reason.DEADLINE)}
        assert await _states(day, [fresh]) == {(State.DELIVERED, Reason.RECEIPT)}

    live(tell)


def test_a_night_by_either_clock() -> None:
    """Advertising waits for its hours by both clocks: one that is set back from night to day opens no window."""
    line = replace(LINE, kind=LineKind.ADVERTISING, hours="07:00-22:00", outside_hours=OutsideHours.HOLD)

    async def tell(day: Day) -> None:
        await day.until(15 * HOUR_S)  # 23:30 in Tehran
        waits = await day.send(minutes=1_440)
        await _set(day, -6 * HOUR_MS)
        meant = await day.send("989120000002", minutes=1_440)
        await day.until(15 * HOUR_S + 300)
        assert day.entries == []
        await _set(day, 0)
        await day.until(DAY_S)
        assert await _states(day, [waits, meant]) == {(State.DELIVERED, Reason.RECEIPT)}

    live(tell, line=line)


def test_a_receipt_finds_its_part_over_a_jump() -> None:
    """Sent while the clock was a week ahead, its receipt comes when the clock is right again: it is delivered."""

    async def tell(day: Day) -> None:
        await day.until(1)
        await _set(day, 7 * DAY_MS)
        late = await day.send("989120000002", minutes=1_440)
        await asyncio.sleep(1)
        await _set(day, 0)
        await day.until(DAY_S)
        assert (await day.story(late)).message.state is State.DELIVERED

    live(tell)
