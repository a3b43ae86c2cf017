"""Places on the wire: who goes by the commit that accepts him, and who waits his turn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.store.world import HOLD, LINE, NOW, step
from tests.unit.delivery.test_worker_marks import BadMark, Scene

from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import Lane, Message, State
from payamak.errors import Refused
from payamak.store.records import Claim


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A worker whose link has answered since its bind; nothing waits."""
    store = BadMark(tmp_path / "store.sqlite", inline=True)
    made = Scene(store)
    await made.world.build()
    made.link.answered_since_bind = 1
    made.worker.open_desk(made.link, 0)
    await made.worker._poll_lines()  # nothing waits in the store
    yield made
    made.worker.stop_taking()
    await made.worker.finish(0)
    await store.close()


async def test_it_is_written_with_its_accept(scene: Scene) -> None:
    """A message that nobody is before goes by the commit that keeps it: no other one marks it."""
    marks: list[Claim] = []
    scene.store.put_on_wire = marks.extend  # type: ignore[method-assign, assignment]
    message = await scene.world.accept()
    assert (scene.link.submitted, scene.link.on_disk) == ([(message.id, (1,))], [("sending", 1)])
    assert (scene.worker.in_flight, marks) == (1, [])


async def test_its_place_is_free_with_the_answer(scene: Scene) -> None:
    """It counts in the window from before its commit, and no more once it is answered."""
    scene.link.window = 1
    first = await scene.world.accept()
    second = await scene.world.accept()
    assert (first.state, second.state, scene.worker.waiting) == (State.SENDING, State.QUEUED, 1)
    scene.link.reports[0](Outcome(part=1, kind=OutcomeKind.TAKEN, operator_id="7", status=0))
    assert scene.worker.in_flight == 0


async def test_a_refused_message_leaves_its_place(scene: Scene) -> None:
    """Whoever is refused has had no place: the next one finds it."""
    scene.link.window = 1
    with pytest.raises(Refused):
        await scene.world.accept(scene.world.new(account="bank"))
    assert scene.worker.in_flight == 0
    assert (await scene.world.accept()).state is State.SENDING


def _has_not_answered(scene: Scene) -> None:
    scene.link.answered_since_bind = 0


def _is_full(scene: Scene) -> None:
    scene.link.window = 0


def _is_down(scene: Scene) -> None:
    scene.link.is_up = False


def _older_ones_wait(scene: Scene) -> None:
    scene.store.feed.room[LINE, Lane.NORMAL] = 0


def _somebody_waits(scene: Scene) -> None:
    desk = scene.worker._desks["north"]
    waiting = Message(
        id=1, account_id=1, recipient="", plan=(step(),), accepted_at=NOW, deadline_at=NOW, due_at=NOW, changed_at=NOW
    )
    desk.waiting.put(waiting, desk.kind_of(waiting))


def _rests(scene: Scene) -> None:
    scene.worker._desks["north"].pace.throttled(scene.clock.monotonic())


@pytest.mark.parametrize(
    "what", [_has_not_answered, _is_full, _is_down, _older_ones_wait, _somebody_waits, _rests], ids=lambda f: f.__name__
)
async def test_who_has_none(scene: Scene, what: Callable[[Scene], None]) -> None:
    """As the link and those who wait are, it waits its turn."""
    what(scene)
    assert scene.store.feed.places is not None
    assert scene.store.feed.places.take(step(), Lane.NORMAL, "989120000001") is None


async def test_a_line_that_holds_has_none(scene: Scene) -> None:
    """A death between mark and octets would end its message as unknown."""
    scene.store.feed.room[HOLD, Lane.NORMAL] = 5
    assert scene.store.feed.places is not None
    assert scene.store.feed.places.take(step(HOLD), Lane.NORMAL, "989120000001") is None


async def test_where_shares_decide_there_is_none(scene: Scene) -> None:
    """Which of two links takes a message is dealt by its id, which it has from its accept."""
    line = scene.store.site.lines[LINE]
    both = replace(line, links=tuple(replace(use, rank=0, share=1) for use in line.links))
    await scene.store.put_documents([both], [], NOW)
    other = type(scene.link)(scene.store.path)
    other.name, other.answered_since_bind = "south", 1
    scene.worker.open_desk(other, 0)
    await scene.worker._poll_lines()
    assert (await scene.world.accept()).state is State.QUEUED


async def test_the_pace_counts_it(scene: Scene) -> None:
    """A link of ten parts a second has one at once, and the next a tenth of a second later."""
    scene.worker.close_desk("north")
    scene.worker.open_desk(scene.link, 10)
    await scene.worker._poll_lines()
    assert [(await scene.world.accept()).state for _ in range(2)] == [State.SENDING, State.QUEUED]
