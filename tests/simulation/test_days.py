"""What takes days with a real clock: outages, nights, validities, late receipts, relayed posts, retention."""

from __future__ import annotations

from itertools import pairwise

from msgspec.structs import replace
from tests.simulation.day import ACCOUNT, CREDIT, DAY_MS, DAY_S, HOUR_S, LINE, MINUTE_MS, NUMBER, PORT, PRICE, Day, live

from payamak.domain.hours import TEHRAN_MS
from payamak.domain.message import Reason, State
from payamak.domain.pauses import RELAYS
from payamak.domain.posting import GIVE_UP_MS, PostState
from payamak.domain.site import LineKind, OutsideHours
from payamak.posts.post import Post, Posted, Poster
from payamak.simulator import SimulatorConfig, Timing
from payamak.store.records import ReceivedSearch, Search


def test_a_day_of_outage_with_its_night() -> None:
    """A line with hours meets an outage of a day: each message goes once, by day and before its deadline, or never."""
    line = replace(LINE, kind=LineKind.ADVERTISING, hours="07:00-22:00", outside_hours=OutsideHours.HOLD)
    outage_ends_s = 36 * HOUR_S

    async def tell(day: Day) -> None:
        await day.until(12 * HOUR_S)  # 20:30 in Tehran
        weather = day.world.network.weather_of(PORT)
        weather.is_refusing = True
        day.world.network.cut(PORT)
        patient = [await day.send(f"9891200000{n:02d}", minutes=3 * 1_440) for n in range(5)]
        hasty = await day.send("989120000099", minutes=60)
        await day.until(15 * HOUR_S)  # 23:30
        patient.append(await day.send("989120000050", minutes=3 * 1_440))
        await day.until(outage_ends_s)  # 20:30 of the next day
        weather.is_refusing = False
        await day.until(2.5 * DAY_S)
        stories = [await day.story(message_id) for message_id in patient]
        assert [s.message.state for s in stories] == [State.DELIVERED] * 6
        assert (await day.story(hasty)).message.state is State.EXPIRED
        assert sorted(entry.recipient for entry in day.entries) == sorted(s.message.recipient for s in stories)
        hours = {(entry.received_at + TEHRAN_MS) // 3_600_000 % 24 for entry in day.entries}
        assert hours <= set(range(7, 22))
        assert all(
            entry.received_at >= day.world.clock.now() - int((2.5 * DAY_S - outage_ends_s) * 1_000)
            for entry in day.entries
        )
        assert sum(s.message.copies for s in stories) == 0

    live(tell, line=line)


def test_the_pauses_of_a_throttled_link() -> None:
    """Throttled for ten minutes, a message is tried again with pauses that grow from half a second to about ten."""

    async def tell(day: Day) -> None:
        await day.until(1)
        day.world.operators[0].throttle(600)
        message_id = await day.send(minutes=60)
        await day.until(700)
        story = await day.story(message_id)
        marks = [part.on_wire_at for part in story.parts]
        pauses = [later - earlier for earlier, later in pairwise(marks)]
        assert story.message.state is State.DELIVERED
        assert 40 <= len(marks) <= 120
        assert 500 <= pauses[0] < 2_000
        assert max(pauses) <= 12_500 + 8_000 + 1_000  # the longest pause and its quarter, the link's rest
        assert pauses[-1] > 4 * pauses[0]
        assert [part.answer for part in story.parts] == ["later"] * (len(marks) - 1) + ["taken"]

    live(tell)


def test_a_sim_card_is_not_flooded_after_an_outage() -> None:
    """Turns that passed while the link was down do not come all at once: one message in each interval, as ever."""

    async def tell(day: Day) -> None:
        await day.until(1)
        for number in range(12):
            await day.send(f"9891200000{number:02d}")
        await day.until(20)
        weather = day.world.network.weather_of(PORT)
        weather.is_refusing = True
        day.world.network.cut(PORT)
        await day.until(70)
        weather.is_refusing = False
        await day.until(300)
        gaps = [later.received_at - earlier.received_at for earlier, later in pairwise(day.entries)]
        assert len(gaps) == 11
        assert min(gaps) >= 7_400

    live(tell, line=replace(LINE, kind=LineKind.SIM, messages_per_minute=8))


def test_a_week_of_validity_and_nothing_after_it() -> None:
    """What waits a week behind a suspended link expires on the day, and the link that opens later sends nothing."""

    async def tell(day: Day) -> None:
        await day.until(1)
        await day.suspend_link(True)
        await day.until(100)
        message_id = await day.send(minutes=10_080)
        await day.until(7 * DAY_S)
        assert (await day.story(message_id)).message.state is State.QUEUED
        await day.until(8 * DAY_S)
        await day.suspend_link(False)
        await day.until(8.1 * DAY_S)
        message = (await day.story(message_id)).message
        assert (message.state, message.reason) == (State.EXPIRED, Reason.DEADLINE)
        assert 0 <= message.changed_at - message.deadline_at <= 30 * MINUTE_MS
        assert (await day.balance()).available == CREDIT
        assert day.entries == []

    live(tell)


def test_a_process_that_was_down_for_a_week_sends_nothing_old() -> None:
    """Started again after the deadline, the gateway lets what waited expire; what has time left goes out."""

    async def tell(day: Day) -> None:
        await day.until(1)
        await day.suspend_link(True)
        await day.until(100)
        old, fresh = await day.send(minutes=1_440), await day.send(minutes=10_080)
        day.world.crash(is_told=False)
        await day.suspend_link(False)
        await day.until(5 * DAY_S)
        assert await day.world.start()
        await day.until(5 * DAY_S + 60)
        assert (await day.story(old)).message.state is State.EXPIRED
        assert (await day.story(fresh)).message.state is State.DELIVERED
        assert len(day.entries) == 1

    live(tell)


def test_a_receipt_after_six_days() -> None:
    """A receipt that takes six days ends a message that lives as long, and settles one that was unknown by then."""

    async def tell(day: Day) -> None:
        await day.until(1)
        long, short = await day.send("989120009001", minutes=10_080), await day.send("989130009001", minutes=1_440)
        await day.until(3 * DAY_S)
        unknown = (await day.story(short)).message
        assert (unknown.state, unknown.reason) == (State.UNKNOWN, Reason.NO_RECEIPT)
        assert 0 <= unknown.changed_at - unknown.deadline_at - DAY_MS <= 30 * MINUTE_MS
        assert (await day.story(long)).message.state is State.ENROUTE
        await day.until(6 * DAY_S + 60)
        for message_id in (long, short):
            message = (await day.story(message_id)).message
            assert (message.state, message.was_settled_late) == (State.DELIVERED, message_id == short)
        assert (await day.balance()).available == CREDIT - 2 * PRICE

    live(tell, config=SimulatorConfig(timing=Timing(late_ms=6 * DAY_MS)))


class Deaf(Poster):
    """A target that answers 500, and notes when it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.called_at: list[int] = []

    async def post(self, post: Post, now: int) -> Posted:
        """See Poster.post."""
        self.called_at.append(now)
        return Posted(status=500, note="500")


def test_a_relayed_message_is_posted_for_three_days() -> None:
    """A dead target is posted to with pauses that grow up to hours; after three days the message is kept as dead."""

    async def tell(day: Day) -> None:
        life = day.world.life
        assert life is not None
        assert life.gateway is not None
        life.gateway.running.relay._poster = deaf = Deaf()
        await day.until(5)
        sending = day.world.loop.spawn(
            day.world.operator_process, day.world.operators[0].send_mo(NUMBER, "989121234567", "سلام")
        )
        await day.until(4 * DAY_S)
        assert sending.result() is True
        pauses = [later - earlier for earlier, later in pairwise(deaf.called_at)]
        assert RELAYS.first_ms <= pauses[0] <= 2 * RELAYS.first_ms
        assert all(
            later >= earlier * 0.7 for earlier, later in pairwise(pauses)
        )  # doubled, with jitter, up to the longest
        assert RELAYS.longest_ms * 0.7 <= pauses[-1] <= RELAYS.longest_ms * 1.5
        lasted_ms = deaf.called_at[-1] - deaf.called_at[0]
        assert GIVE_UP_MS - 1.5 * RELAYS.longest_ms <= lasted_ms <= GIVE_UP_MS
        (received,) = await day.hand(lambda store: store.search_received(ReceivedSearch()))
        assert (received.relay, received.tries) == (PostState.DEAD, len(deaf.called_at))

    live(tell, line=replace(LINE, relay_url="https://shop.example/mo"))


def test_what_is_old_is_removed_and_the_money_still_balances() -> None:
    """A message is kept for deadline, grace and a week, however short its account keeps; its entries are folded."""

    async def tell(day: Day) -> None:
        await day.until(1)
        sent = [await day.send(f"98912000{n:04d}", minutes=1_440) for n in range(3)]
        await day.until(8.9 * DAY_S)
        kept = await day.hand(lambda store: store.search(Search()))
        assert sorted(m.id for m in kept) == sent
        await day.until(9.2 * DAY_S)
        assert await day.hand(lambda store: store.search(Search())) == []
        balance = await day.balance()
        assert balance.is_balanced
        assert (balance.available, balance.reserved) == (CREDIT - 3 * PRICE, 0)
        assert await day.send() > max(sent)

    live(tell, account=replace(ACCOUNT, keep_days=1))
