"""The worker and its outlet on a real store and an operator in our hands: resends, trials, suspects, other links."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.house import ACCOUNT, LINES, NOW, SUBMISSION, A, House

from payamak.delivery import worker as worker_module
from payamak.delivery.worker import CLAIM_FROM, HELD_PER_LANE, MOST_KEPT_BACK, Worker
from payamak.domain.events import OnAmbiguous, Outcome, OutcomeKind
from payamak.domain.message import Lane, Message, Reason, State
from payamak.domain.site import LaneName, Link, LinkUse
from payamak.store.records import Answers, Arrival
from payamak.upstreams.base import Parcel, Report

LATER_MS = 5_000


class Operator:
    """A link in our hands: what it was given waits in `open` until we say what came of it."""

    down_reason = ""

    def __init__(self, name: str, house: House, window: int = 10) -> None:
        self.name = name
        self.window = window
        self.ahead = 0
        self.is_up = True
        self.answered_since_bind = 0
        self.last_answer_at_s = float("-inf")
        self.narrowed: list[bool] = []
        self.rests: list[bool] = []
        self.breaks: list[str] = []
        self.open: list[tuple[Message, int, Report]] = []
        self.late: list[tuple[int, Report]] = []
        self.given: list[int] = []
        self._clock = house.clock

    def start(self) -> None:
        """See Upstream."""

    async def stop(self, timeout_s: float) -> None:
        """See Upstream."""

    def rest(self, is_resting: bool) -> None:
        """See Upstream."""
        self.rests.append(is_resting)

    def give_back(self) -> None:
        """See Upstream: what is beyond the window has not been written."""
        self.open, unsent = self.open[: self.window], self.open[self.window :]
        for _, part, report in unsent:
            report(Outcome(part=part, kind=OutcomeKind.LATER, reason=Reason.LINK_DOWN))

    def narrow(self, is_narrow: bool) -> None:
        """See Upstream."""
        self.narrowed.append(is_narrow)

    def break_now(self, reason: str) -> None:
        """See Upstream."""
        self.breaks.append(reason)

    def submit(self, parcel: Parcel, report: Report) -> None:
        """See Upstream."""
        self.given.append(parcel.message.id)
        self.open += [(parcel.message, part, report) for part in parcel.parts]

    def answer(self, place: int = 0) -> None:
        """Take a part that is open."""
        _, part, report = self.open.pop(place)
        self._say_taken(part, report)

    def answer_late(self) -> None:
        """Take one that was overdue, after all."""
        self._say_taken(*self.late.pop(0))

    def _say_taken(self, part: int, report: Report) -> None:
        self.answered_since_bind += 1
        self.last_answer_at_s = self._clock.monotonic()
        report(
            Outcome(part=part, kind=OutcomeKind.TAKEN, status=0, operator_id=f"{self.name}-{len(self.given)}-{part}")
        )

    def overdue(self) -> None:
        """The response timer fires for all that is open."""
        for _, part, report in self.open:
            self.late.append((part, report))
            report(Outcome(part=part, kind=OutcomeKind.AMBIGUOUS))
        self.open.clear()

    def lose(self, *, broke_link: bool = False) -> None:
        """The link breaks."""
        self.is_up = False
        self.answered_since_bind = 0
        for _, part, report in self.open:
            report(Outcome(part=part, kind=OutcomeKind.AMBIGUOUS, broke_link=broke_link))
        self.open.clear()


class Scene:
    """A worker with links that lines A and B use, in this order, and hands on the clock."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.said: list[str] = []
        self.worker = Worker(house.store, house.clock, self._log)
        self.links: dict[str, Operator] = {}

    def _log(self, event: str, /, **fields: object) -> None:
        self.said.append(event)

    async def begin(self, *names: str, window: int = 10, **settings: Any) -> None:
        """Configure links of these names, each line using all of them in turn, and open them."""
        uses = tuple(LinkUse(link=name) for name in names)
        lines = [replace(line, links=uses, lane=LaneName.NORMAL, gsm7_rial=0) for line in LINES]
        links = [Link(name=name, window=window, **settings) for name in names]
        await self.house.store.put_documents([*links, *lines, ACCOUNT], [], NOW)
        for name in names:
            self.links[name] = Operator(name, self.house, window)
            self.worker.open_desk(self.links[name], 0)
        await self.claim()

    async def send(self, count: int = 1, text: str = "hello", line: str = A) -> list[int]:
        """Accept messages; the worker hears of them."""
        ids = []
        for number in range(count):
            asked = replace(SUBMISSION, line=line, message=text, recipient=f"0912{self._next(number):07d}")
            ids.append((await self.house.send(asked)).message_id)
        await self.settle()
        return ids

    def _next(self, number: int) -> int:
        self._sent = getattr(self, "_sent", 0) + 1
        return self._sent

    async def settle(self) -> None:
        """Until all that is under way is stored, and heard."""
        async with asyncio.timeout(30):
            for _ in range(3):
                await self.house.store.claim("none", [0] * len(Lane), 0, self.house.store.feed.owner)
                await asyncio.sleep(0)
                while self.worker.outlet.tasks:
                    await asyncio.wait(self.worker.outlet.tasks)

    async def claim(self) -> None:
        """What the worker does by itself when something is due."""
        for number in (line.number for line in LINES):
            await self.worker._claim(number, self.house.clock.now())
        await self.settle()

    async def later(self, ms: int = LATER_MS) -> None:
        """Time passes; what is due is claimed, the links are looked after."""
        self.house.clock.now_ms += ms
        await self.claim()
        for desk in list(self.worker._desks.values()):
            self.worker.outlet.tend(desk)
        await self.settle()

    async def bind(self, name: str = "north") -> None:
        """The link is up again."""
        self.links[name].is_up = True
        self.worker.link_changed(name)
        await self.later()

    async def break_link(self, name: str = "north", *, broke_link: bool = False) -> None:
        """The link breaks, and time passes until what was on it is due again."""
        self.links[name].lose(broke_link=broke_link)
        self.worker.link_changed(name)
        await self.settle()
        await self.later(40_000)

    async def message(self, message_id: int) -> Message:
        """As it stands on disk."""
        story = await self.house.store.story(message_id)
        assert story is not None
        return story.message


@pytest.fixture
async def scene(house: House) -> AsyncIterator[Scene]:
    """A worker without links yet."""
    made = Scene(house)
    yield made
    made.worker.stop_taking()
    await made.worker.finish(0)


async def test_after_a_break_one_goes_as_the_probe_and_its_answer_opens_the_link(scene: Scene) -> None:
    """The other resends wait in their place until then."""
    await scene.begin("north")
    ids = await scene.send(5)
    north = scene.links["north"]
    assert north.given == ids
    await scene.break_link()
    await scene.bind()
    assert len(north.given) == 6
    await scene.later()
    assert len(north.given) == 6
    north.answer()
    await scene.settle()
    assert sorted(north.given[5:]) == ids


async def test_fresh_ones_open_the_link_for_resends(scene: Scene) -> None:
    """They go as ever; what was on the wire at the break waits for the answer to one of them."""
    await scene.begin("north")
    old = await scene.send(3)
    north = scene.links["north"]
    await scene.break_link()
    fresh = await scene.send(2)
    await scene.bind()
    assert north.given[3:] == fresh
    await scene.later()
    assert north.given[3:] == fresh
    north.answer()
    await scene.settle()
    assert sorted(north.given[5:]) == old


async def test_ten_overdue_put_the_link_on_trial(scene: Scene) -> None:
    """One submit at a time, fresh ones first; log and metrics say so; the first answer, a late one too, ends it."""
    await scene.begin("north", window=20)
    first = await scene.send(10)
    north = scene.links["north"]
    scene.house.clock.now_ms += 60_000
    north.overdue()
    await scene.settle()
    assert scene.said == ["link_on_trial"]
    assert dict(scene.worker.trials) == {"north": True}
    fresh = await scene.send(2)
    assert north.given[10:] == fresh[:1]
    assert north.narrowed == [True]
    north.overdue()
    await scene.settle()
    assert north.given[10:] == fresh
    north.overdue()
    await scene.later(40_000)
    assert len(north.given) == 13
    assert north.given[12] in [*first, *fresh]
    north.answer_late()
    await scene.settle()
    assert scene.said == ["link_on_trial", "link_answers"]
    assert north.narrowed == [True, False]
    await scene.later(40_000)
    assert len(set(north.given[12:])) == len(north.given[12:]) == 11, "all but the one that was answered late"


async def test_an_answer_in_between_speaks_for_the_link(scene: Scene) -> None:
    """Many are overdue, one was answered: no trial."""
    await scene.begin("north", window=20)
    await scene.send(15)
    north = scene.links["north"]
    scene.house.clock.now_ms += 59_000
    north.answer()
    scene.house.clock.now_ms += 1_000
    north.overdue()
    await scene.settle()
    assert scene.said == []


async def test_a_link_on_trial_is_bound_anew_after_some_minutes(scene: Scene) -> None:
    """What is on the wire then is nobody's fault."""
    await scene.begin("north", window=1, trial_minutes=3)
    await scene.send(4)
    north = scene.links["north"]
    scene.house.clock.now_ms += 60_000
    north.overdue()
    await scene.settle()
    await scene.later(179_000)
    assert north.breaks == []
    await scene.later(2_000)
    assert len(north.breaks) == 1
    for _ in range(2):
        scene.worker._desks["north"].is_given_up = True
        await scene.break_link()
        await scene.bind()
    assert dict(scene.worker.suspects) == {"north": 0}


async def test_messages_of_a_link_on_trial_go_by_the_next_one(scene: Scene) -> None:
    """A link on trial counts as open only where no other is well; once a while one message tries it."""
    await scene.begin("north", "south", window=10, trial_minutes=5)
    north, south = scene.links["north"], scene.links["south"]
    await scene.send(9)
    assert (len(north.given), len(south.given)) == (9, 0)
    scene.house.clock.now_ms += 60_000
    north.overdue()
    await scene.settle()
    await scene.send(4)
    while len(north.open):
        north.overdue()
        await scene.later()
    assert scene.said == ["link_on_trial"]
    before = len(north.given)
    fresh = await scene.send(5)
    assert len(north.given) == before
    assert set(fresh) <= set(south.given)
    await scene.later(300_000)
    north.answered_since_bind = 0
    (trying, *others) = await scene.send(3)
    assert north.given[before:] == [trying]
    assert set(others) <= set(south.given)
    north.answer()
    await scene.settle()
    assert scene.said == ["link_on_trial", "link_given_up", "link_answers"]
    back = await scene.send(2)
    assert north.given[before + 1 :] == back


async def test_what_may_not_be_doubled_tries_a_link_on_trial_last(scene: Scene) -> None:
    """A message of a line that holds does it only when nothing else has for a minute."""
    await scene.begin("north", "south", window=10, trial_minutes=5)
    north, south = scene.links["north"], scene.links["south"]
    await scene.send(12)
    scene.house.clock.now_ms += 60_000
    north.overdue()
    await scene.settle()
    while len(north.open):
        north.overdue()
        await scene.later()
    lines = [replace(line, on_ambiguous=OnAmbiguous.HOLD) for line in scene.house.store.site.lines.values()]
    await scene.house.store.put_documents(lines, [], NOW)
    before = len(north.given)
    await scene.later(300_000)
    held_back = await scene.send(2)
    assert set(held_back) <= set(south.given)
    await scene.later(60_000)
    (trying, other) = await scene.send(2)
    assert north.given[before:] == [trying]
    assert other in south.given


async def test_where_no_other_link_is_well_the_one_on_trial_is_used(scene: Scene) -> None:
    """As if it were the only one: one submit at a time."""
    await scene.begin("north", "south", window=2)
    north, south = scene.links["north"], scene.links["south"]
    south.is_up = False
    scene.worker.link_changed("south")
    await scene.send(4)
    scene.house.clock.now_ms += 60_000
    north.overdue()
    await scene.later()
    assert len(north.open) == 1
    north.overdue()
    await scene.later()
    assert len(north.open) == 1
    assert south.given == []


async def test_two_breaks_make_a_suspect(scene: Scene) -> None:
    """One break makes no suspect of a message, two in a row do."""
    await scene.begin("north")
    (poison,) = await scene.send(1)
    told: list[bool] = []
    for _ in range(3):
        await scene.break_link(broke_link=True)
        await scene.bind()
        desk = scene.worker._desks["north"]
        told.append(desk.kind_of(replace(await scene.message(poison), reason=Reason.RESEND)).name == "SUSPECT")
    assert told == [False, True, True]


async def test_what_the_message_is_told_of_a_break(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """`broke_link` reaches `advance()` for a suspect only."""
    await scene.begin("north")
    await scene.send(1)
    told: list[bool] = []
    record = scene.house.store.record

    def hearing(arrivals: Sequence[Arrival], now: int) -> None:
        answers = [arrival.what for arrival in arrivals if isinstance(arrival.what, Answers)]
        told.extend(outcome.broke_link for answer in answers for outcome in answer.event.outcomes)
        record(arrivals, now)

    monkeypatch.setattr(scene.house.store, "record", hearing)
    for _ in range(3):
        await scene.break_link(broke_link=True)
        await scene.bind()
    assert told == [False, False, True]


async def test_an_answer_makes_a_message_like_any_other_again(scene: Scene) -> None:
    """Two breaks and then a word of the operator, even "later": no suspect."""
    await scene.begin("north")
    (number,) = await scene.send(1)
    north = scene.links["north"]
    for _ in range(2):
        await scene.break_link()
        await scene.bind()
    assert dict(scene.worker.suspects) == {"north": 1}
    _, part, report = north.open.pop()
    report(Outcome(part=part, kind=OutcomeKind.LATER, status=0x58, reason=Reason.THROTTLED))
    await scene.settle()
    assert dict(scene.worker.suspects) == {"north": 0}
    assert (await scene.message(number)).state is State.QUEUED


async def test_a_suspect_of_one_link_goes_by_another(scene: Scene) -> None:
    """Suspicion is the link's."""
    await scene.begin("north", "south")
    (number,) = await scene.send(1)
    for _ in range(2):
        await scene.break_link()
        if not scene.links["south"].given:
            scene.links["south"].is_up = False
            scene.worker.link_changed("south")
        await scene.bind()
    scene.links["south"].is_up = True
    scene.worker.link_changed("south")
    await scene.break_link()
    assert scene.links["south"].given[-1:] == [number]
    assert scene.worker._desks["south"].kind_of(await scene.message(number)).name != "SUSPECT"


async def test_a_late_answer_frees_no_place_of_another_part(scene: Scene) -> None:
    """Part 1 is overdue, then answered after all, while part 2 is still out: its place stays taken."""
    await scene.begin("north")
    await scene.send(1, text="x" * 200)
    north = scene.links["north"]
    (_, one, report), _ = north.open
    report(Outcome(part=one, kind=OutcomeKind.AMBIGUOUS))
    assert scene.worker.in_flight == 1
    report(Outcome(part=one, kind=OutcomeKind.TAKEN, status=0, operator_id="1"))
    assert scene.worker.in_flight == 1


async def test_resends_that_wait_leave_room_for_fresh_ones(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many were on the wire when the link broke: at most half of the room is theirs until it answers."""
    for name, value in (("HELD_PER_LANE", 16), ("MOST_KEPT_BACK", 8), ("CLAIM_FROM", 4)):
        monkeypatch.setattr(worker_module, name, value)
    assert HELD_PER_LANE - MOST_KEPT_BACK >= CLAIM_FROM
    await scene.begin("north", window=40)
    north = scene.links["north"]
    old = await scene.send(30)
    while len(north.given) < 30:
        await scene.later()
    await scene.break_link()
    await scene.bind()
    while not north.open:
        await scene.later()
    fresh = await scene.send(6)
    for _ in range(3):
        await scene.later()
    assert north.given[31:] == fresh
    assert {m.state for m in [await scene.message(number) for number in old]} == {State.QUEUED, State.SENDING}
    north.answer()
    while len(north.given) < 30 + 30 + 6:
        await scene.later()
        assert len(set(north.given[30:])) == len(north.given[30:])


async def test_a_full_lane_costs_no_transaction(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line whose lanes are full is claimed for again when there is room, not fifty times a second."""
    for name, value in (("HELD_PER_LANE", 4), ("CLAIM_FROM", 2)):
        monkeypatch.setattr(worker_module, name, value)
    await scene.begin("north", window=1)
    ids = await scene.send(9)
    claims: list[str] = []
    claim = scene.house.store.claim

    def counting(line: str, *more: Any) -> Any:
        claims.append(line)
        return claim(line, *more)

    monkeypatch.setattr(scene.house.store, "claim", counting)
    scene.house.clock.now_ms += 100
    for _ in range(20):
        await scene.worker._claim_due()
        scene.house.clock.now_ms += 20
    assert len(claims) <= 1
    while len(scene.links["north"].given) < len(ids):
        scene.links["north"].answer()
        await scene.settle()
        await scene.worker._claim_due()
        await scene.settle()
    assert scene.links["north"].given == ids
    assert len([line for line in claims if line == A]) <= 1 + len(ids) // 2


async def test_a_full_handset_does_not_slow_the_link(scene: Scene) -> None:
    """`recipient` puts one message off; `throttled` makes the whole link rest."""
    await scene.begin("north")
    await scene.send(2)
    north = scene.links["north"]
    desk = scene.worker._desks["north"]
    for reason, rests in ((Reason.RECIPIENT_BUSY, False), (Reason.THROTTLED, True)):
        _, part, report = north.open.pop()
        report(Outcome(part=part, kind=OutcomeKind.LATER, status=0x14, reason=reason))
        await scene.settle()
        assert (desk.pace.wait_s(scene.house.clock.monotonic()) > 0) is rests


async def ahead(scene: Scene, *, parts_per_second: float = 0, **line: Any) -> Operator:
    """A link that has answered and lets five parts wait beyond its window of ten, with twenty sent and one answered."""
    await scene.begin("north", window=10)
    north = scene.links["north"]
    north.ahead = 5
    if parts_per_second:
        scene.worker.open_desk(north, parts_per_second)
    lines = [replace(each, **line) for each in scene.house.store.site.lines.values()]
    await scene.house.store.put_documents(lines, [], NOW)
    await scene.send(20)
    north.answer()
    await scene.settle()
    return north


async def test_marks_go_ahead_of_the_window(scene: Scene) -> None:
    """So that a place is taken as soon as it is free, and not only after a commit."""
    north = await ahead(scene)
    assert len(north.open) == 15


async def test_marks_ahead_are_made_some_at_once(scene: Scene) -> None:
    """Each call is a commit: a third of them have gone before the rest is filled up."""
    north = await ahead(scene)
    places: list[int] = []
    for _ in range(4):
        north.answer()
        await scene.settle()
        places.append(len(north.open))
    assert places == [14, 15, 14, 15]


async def test_what_is_held_on_doubt_is_not_marked_ahead(scene: Scene) -> None:
    """Between mark and octets a death would end it as unknown."""
    north = await ahead(scene, on_ambiguous=OnAmbiguous.HOLD)
    assert len(north.open) == 10


async def test_a_code_that_is_held_on_doubt_goes_all_the_same(scene: Scene) -> None:
    """The next place is its own."""
    north = await ahead(scene, on_ambiguous=OnAmbiguous.HOLD, lane=LaneName.OTP)
    assert len(north.open) > 10


async def test_a_link_with_an_agreed_pace_marks_nothing_ahead(scene: Scene) -> None:
    """What waits there would leave in one go when the window opens, whatever the pace says."""
    north = await ahead(scene, parts_per_second=1_000)
    assert len(north.open) == 10


async def test_a_rest_is_for_what_was_marked_ahead_too(scene: Scene) -> None:
    """At the throttled answer the link is told to write nothing, and when the rest is over to go on."""
    north = await ahead(scene)
    _, part, report = north.open.pop()
    report(Outcome(part=part, kind=OutcomeKind.LATER, status=0x58, reason=Reason.THROTTLED))
    assert north.rests == [True]
    await scene.settle()
    given = len(north.given)
    north.answer()
    await scene.settle()
    assert len(north.given) == given
    await scene.later(1_000)
    assert north.rests == [True, False]
    north.answer()
    await scene.settle()
    assert len(north.given) > given


async def test_a_trial_gives_back_what_was_marked_ahead(scene: Scene) -> None:
    """It has not been written: it goes by another link, and waits for no silent one."""
    await scene.begin("north", "south", window=10)
    north, south = scene.links["north"], scene.links["south"]
    north.ahead = 5
    await scene.send(11)
    north.answer()
    await scene.settle()
    await scene.send(5)
    ahead_of_it = [message.id for message, *_ in north.open[10:]]
    assert len(ahead_of_it) == 4
    scene.house.clock.now_ms += 60_000
    given = north.open[:10]
    for _, part, report in given:
        report(Outcome(part=part, kind=OutcomeKind.AMBIGUOUS))
    await scene.settle()
    assert scene.said == ["link_on_trial"]
    for _ in range(10):
        await scene.later()
    elsewhere = set(ahead_of_it) & set(south.given)
    assert len(elsewhere) >= 3, "one may be the next to try the silent link with"
