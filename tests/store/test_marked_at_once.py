"""A message that has a place on the wire is marked by the transaction that accepts it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.store.world import ALI, HOLD, LINE, LINE2, NOW, Listener, World, step, taken

from payamak.codes import Code
from payamak.domain.events import OutcomeKind, Submit
from payamak.domain.message import NOBODY, Lane, Message, State, Step
from payamak.domain.site import Account
from payamak.domain.webhooks import NoticeSearch
from payamak.errors import Refused
from payamak.store.feed import WirePlace
from payamak.store.records import OptOut


class Giving:
    """A back that gives everybody a place, and keeps what it is told of them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Lane, str]] = []
        self.told_of: list[State | None] = []

    def take(self, step: Step, lane: Lane, recipient: str) -> WirePlace | None:
        """See Places.take."""
        self.asked.append((step.line, lane, recipient))
        return WirePlace(ticket=len(self.asked), link="north")

    def told(self, place: WirePlace, message: Message | None) -> None:
        """See Places.told."""
        assert place.ticket == len(self.told_of) + 1
        self.told_of.append(None if message is None else message.state)


@pytest.fixture
def giving(world: World) -> Giving:
    """The same store with such a back."""
    world.store.feed.places = places = Giving()
    return places


async def test_one_change_accepts_and_marks(world: World, giving: Giving) -> None:
    """The message is on the wire by the commit that keeps it: its parts are open, its owner is the one that serves."""
    listener = Listener(world.store)
    message = await world.accept(world.new(step(parts=2), recipient=ALI))
    assert (message.state, message.tries, message.parts) == (State.SENDING, 1, ("ss",))
    assert message.owner == world.store.feed.owner != NOBODY
    ((change,),) = listener.batches
    assert (change.event, change.before, change.message) == ("Accepted", None, message)
    assert change.effects == (Submit(link="north", step=0, try_no=1, parts=(1, 2)),)
    story = await world.store.story(message.id)
    assert story is not None
    assert [(row.link, row.part, row.on_wire_at, row.answer) for row in story.parts] == [
        ("north", 1, NOW, None),
        ("north", 2, NOW, None),
    ]
    assert (giving.asked, giving.told_of) == ([(LINE, Lane.NORMAL, ALI)], [State.SENDING])
    balance = await world.balance()
    assert (balance.available, balance.reserved) == (9_900, 100)


async def test_a_customer_hears_of_both(world: World, giving: Giving) -> None:
    """A webhook tells that the message is accepted, and then that it goes."""
    account = Account(username="shop", lines=(LINE,), webhook_url="https://shop.example/", webhook_secret="env:SECRET")
    await world.store.put_documents([account], [], world.now)
    message = await world.accept()
    notices = await world.store.search_notices(NoticeSearch(message_id=message.id))
    assert [(notice.sequence, notice.state) for notice in notices[::-1]] == [(1, State.QUEUED), (2, State.SENDING)]


async def test_a_known_opt_out_leads_past_the_place(world: World, giving: Giving) -> None:
    """The place was for the first step; a message that stands on another one waits for its turn there."""
    optout = OptOut(
        recipient=ALI,
        line=LINE,
        code=int(Code.OPTED_OUT_OF_LINE),
        source="hand",
        learned_at=NOW,
        expires_at=None,
    )
    await world.store.put_opt_outs([optout])
    message = await world.accept(world.new(step(), step(LINE2)))
    assert (message.state, message.step, giving.told_of) == (State.QUEUED, 1, [State.QUEUED])


async def test_a_line_that_holds_is_not_marked(world: World, giving: Giving) -> None:
    """Its message would end as unknown if we died before the octets left; whatever place it was given."""
    message = await world.accept(world.new(step(HOLD)))
    assert (message.state, giving.told_of) == (State.QUEUED, [State.QUEUED])


async def test_a_refusal_leaves_the_place(world: World, giving: Giving) -> None:
    """What is refused is told so, and the place is another's."""
    with pytest.raises(Refused) as refused:
        await world.accept(world.new(account="bank"))
    assert (refused.value.code, giving.told_of) == (Code.NO_CREDIT, [None])


async def test_what_is_due_later_asks_for_none(world: World, giving: Giving) -> None:
    """A message that waits for its hours has no place on the wire."""
    assert (await world.accept(replace(world.new(), due_at=NOW + 1))).state is State.QUEUED
    assert giving.asked == []


async def test_its_answer_and_receipt_come_as_ever(world: World, giving: Giving) -> None:
    """What was marked so is answered and told of like any other."""
    message = await world.accept()
    assert (await world.answer(message, taken("7"))).state is State.ENROUTE
    (change,) = await world.receipt("7")
    assert change.message.state is State.DELIVERED
    story = await world.store.story(message.id)
    assert story is not None
    assert [row.answer for row in story.parts] == [OutcomeKind.TAKEN]
