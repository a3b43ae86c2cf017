"""What webhooks tell: one notice for each change of state, in order, by the transaction that makes the change."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace
from tests.store.world import DAY, HOLD, LINE2, MINUTE, OWNER, World, later, lost, opted_out, refused, step, taken

from payamak.domain.events import Cancelled, Moved, Postponed
from payamak.domain.message import Message, PartState, Reason, State
from payamak.domain.posting import PostState
from payamak.domain.webhooks import Notice, NoticeResult, NoticeSearch
from payamak.errors import Refused
from payamak.hands.doctor.records import UNTOLD_MS, untold
from payamak.store.base import Store

URL = "https://shop.example.ir/states"


async def give_webhook(world: World, username: str = "shop", *states: State) -> None:
    """The account is told of its messages' states from now on."""
    account = world.store.site.accounts[username]
    secret = "env:SHOP_WEBHOOK"
    account = replace(account, webhook_url=URL, webhook_secret=secret, webhook_states=states)
    await world.store.put_documents([account], [], world.now)


@pytest.fixture
async def shop(world: World) -> World:
    """The world, with a webhook for the shop."""
    await give_webhook(world)
    return world


async def told(store: Store, message: Message) -> list[Notice]:
    """What its customer is told of a message, in order."""
    return (await store.search_notices(NoticeSearch(message_id=message.id)))[::-1]


async def told_states(store: Store, message: Message) -> list[State]:
    """The same, the states alone, once the numbers have been seen to be 1, 2, 3 …"""
    notices = await told(store, message)
    assert [n.sequence for n in notices] == list(range(1, len(notices) + 1))
    return [n.state for n in notices]


def result(notice: Notice, post: PostState, next_at: int | None = None, gone_url: str | None = None) -> NoticeResult:
    """What came of a post."""
    return NoticeResult(
        message_id=notice.message_id,
        sequence=notice.sequence,
        account_id=notice.account_id,
        post=post,
        next_at=next_at,
        note=f"{post.value} it is",
        gone_url=gone_url,
    )


async def due(world: World) -> list[Notice]:
    """What may be posted now."""
    return await world.store.notices_due(world.account_id(), world.now, 100)


# ---------------------------------------------------------------------------------- one for each change


async def test_facts_of_each_change(shop: World) -> None:
    """Accepted, on the wire, taken, delivered: four notices with the facts of their instants, and the recipient."""
    accepted_at = shop.now
    message = await shop.accept()
    shop.now += 10
    message = await shop.on_wire(message)
    shop.now += 10
    await shop.answer(message, taken("77"))
    shop.now += 10
    await shop.receipt("77")
    assert [
        (n.id, n.at - accepted_at, n.state, n.reason, n.told, n.was_taken, n.charged)
        for n in await told(shop.store, message)
    ] == [
        (f"evt-{message.id}-1", 0, State.QUEUED, Reason.ACCEPTED, -1, False, 0),
        (f"evt-{message.id}-2", 10, State.SENDING, Reason.ON_WIRE, -1, False, 0),
        (f"evt-{message.id}-3", 20, State.ENROUTE, Reason.TAKEN, 8, True, 100),
        (f"evt-{message.id}-4", 30, State.DELIVERED, Reason.RECEIPT, 1, True, 100),
    ]
    first = (await told(shop.store, message))[0]
    assert (first.recipient, first.account_id, first.line) == (message.recipient, message.account_id, "983000111")
    assert (first.post, first.tries, first.waiting_since, first.posted_at) == (PostState.WAITING, 0, accepted_at, None)


async def test_fallback(shop: World) -> None:
    """A fallback is a change back to queued, with the code and the next line; the end of the plan is one more."""
    message = await shop.answer(await shop.sending(step(), step(LINE2)), opted_out())
    message = await shop.answer(await shop.on_wire(message), opted_out())
    notices = await told(shop.store, message)
    assert [(n.state, n.line, n.step, n.code) for n in notices] == [
        (State.QUEUED, "983000111", 0, None),
        (State.SENDING, "983000111", 0, None),
        (State.QUEUED, LINE2, 1, 33),
        (State.SENDING, LINE2, 1, 33),
        (State.REJECTED, LINE2, 1, 33),
    ]


async def test_every_try_is_told(shop: World) -> None:
    """Tries are changes of state too; the sequence lets the customer order them."""
    message = await shop.answer(await shop.sending(), later())
    message = await shop.answer(await shop.on_wire(message), later())
    assert await told_states(shop.store, message) == [State.QUEUED, State.SENDING] * 2 + [State.QUEUED]


async def test_late_settlement_is_told(shop: World) -> None:
    """Unknown, then settled by a late receipt: both are told."""
    message = await shop.answer(await shop.sending(step(HOLD)), lost())
    assert message.state is State.UNKNOWN
    await shop.receipt("12", line=HOLD)
    assert (await told_states(shop.store, message))[-2:] == [State.UNKNOWN, State.DELIVERED]


async def test_ends_without_the_operator(shop: World) -> None:
    """Cancelled, expired, recovered after a death: whoever changes the state, it is told."""
    cancelled, expired, dead = await shop.accept(), await shop.accept(), await shop.sending()
    await shop.store.advance(cancelled.id, Cancelled(), shop.now)
    assert await shop.store.recover(OWNER, shop.now, 10) == 1
    shop.now += DAY
    await shop.store.sweep(shop.now, 10)
    assert (await told_states(shop.store, cancelled))[-1] is State.CANCELLED
    assert (await told_states(shop.store, expired))[-1] is State.EXPIRED
    assert (await told_states(shop.store, dead))[-2:] == [State.QUEUED, State.UNKNOWN]


async def test_no_change_no_notice(shop: World) -> None:
    """A pause, a move, a receipt that comes twice: the state is the same, nothing is told."""
    message = await shop.accept()
    pause = Postponed(reason=Reason.LINK_DOWN, until=shop.now + MINUTE)
    await shop.store.advance(message.id, pause, shop.now)
    (change,) = await shop.store.advance(message.id, Moved(line=LINE2, advertising=True), shop.now)
    assert await told_states(shop.store, message) == [State.QUEUED]
    await shop.answer(await shop.on_wire(change.message), taken("9"))
    await shop.receipt("9", line=LINE2)
    await shop.receipt("9", line=LINE2)
    assert (await told_states(shop.store, message)).count(State.DELIVERED) == 1


async def test_only_who_asked(shop: World) -> None:
    """An account without a webhook leaves no notice; one that names states is told of those alone, numbered from 1."""
    other = await shop.accept(shop.new(account="clinic"))
    assert await told(shop.store, other) == []
    await give_webhook(shop, "shop", State.DELIVERED, State.REJECTED)
    message = await shop.answer(await shop.sending(), refused())
    assert await told_states(shop.store, message) == [State.REJECTED]


async def test_refused_leaves_nothing(shop: World) -> None:
    """What was not accepted is told by the answer alone; a batch tells of each message that it keeps."""
    with pytest.raises(Refused):
        await shop.accept(shop.new(step(price=1_000_000)))
    assert await shop.store.search_notices(NoticeSearch()) == []
    await shop.store.accept_batch(shop.account_id(), [shop.new(), shop.new()], None, shop.now)
    assert [n.state for n in await shop.store.search_notices(NoticeSearch())] == [State.QUEUED] * 2


async def test_unknown_is_told_in_the_accounts_number(shop: World) -> None:
    """`unknown_state` holds for webhooks too."""
    account = replace(shop.store.site.accounts["shop"], unknown_state=0)
    await shop.store.put_documents([account], [], shop.now)
    message = await shop.answer(await shop.sending(step(HOLD)), lost())
    assert (await told(shop.store, message))[-1].told == 0


# ---------------------------------------------------------------------------------------------- turns


async def test_in_order_of_a_message(shop: World) -> None:
    """Of a message only the first notice is due; the next has its turn when that is done, or dead."""
    ali = await shop.enroute("1")
    sara = await shop.accept(shop.new(recipient="989120000002"))
    first, other = await due(shop)
    assert (first.id, other.id) == (f"evt-{ali.id}-1", f"evt-{sara.id}-1")
    assert (await shop.store.conclude_notices([result(first, PostState.DONE)], shop.now))[0]
    assert [n.id for n in await due(shop)] == [f"evt-{ali.id}-2", f"evt-{sara.id}-1"]
    second = (await due(shop))[0]
    assert (await shop.store.conclude_notices([result(second, PostState.DEAD)], shop.now))[0]
    assert [n.id for n in await due(shop)] == [f"evt-{ali.id}-3", f"evt-{sara.id}-1"]
    await shop.receipt("1")
    assert len(await due(shop)) == 2, "it comes after the third"


async def test_a_failed_one_waits(shop: World) -> None:
    """A notice that failed is due when its pause is over, and holds up its own message alone."""
    message = await shop.sending()
    (first,) = await due(shop)
    await shop.store.conclude_notices([result(first, PostState.WAITING, shop.now + MINUTE)], shop.now)
    assert await due(shop) == []
    (target,) = await shop.store.webhook_targets()
    assert (target.account_id, target.next_at) == (shop.account_id(), shop.now + MINUTE)
    shop.now += MINUTE
    (again,) = await due(shop)
    assert (again.id, again.tries, again.note) == (f"evt-{message.id}-1", 1, "waiting it is")
    assert again.posted_at == shop.now - MINUTE


async def test_concluded_once(shop: World) -> None:
    """A second conclusion of the same notice changes nothing."""
    message = await shop.accept()
    (notice,) = await due(shop)
    assert (await shop.store.conclude_notices([result(notice, PostState.DONE)], shop.now))[0]
    assert not (await shop.store.conclude_notices([result(notice, PostState.DEAD)], shop.now))[0]
    assert [n.post for n in await told(shop.store, message)] == [PostState.DONE]
    assert await shop.store.webhook_targets() == []


async def test_gone(shop: World) -> None:
    """The URL that answered 410 is known with its target until a person replays."""
    message = await shop.sending()
    (notice,) = await due(shop)
    await shop.store.conclude_notices([result(notice, PostState.DEAD, gone_url=URL)], shop.now)
    assert [t.gone_url for t in await shop.store.webhook_targets()] == [URL]
    assert await shop.store.replay_notices([(message.id, 1)], shop.now) == 1
    assert [t.gone_url for t in await shop.store.webhook_targets()] == [None]


async def test_replay(shop: World) -> None:
    """Replayed notices begin anew, keep their numbers and their order; those that wait or never were do not count."""
    message = await shop.enroute("1")
    for _ in range(3):
        (notice,) = await due(shop)
        await shop.store.conclude_notices([result(notice, PostState.DEAD)], shop.now)
    shop.now += DAY
    await shop.receipt("1")
    events = [(message.id, sequence) for sequence in (3, 1, 2, 4, 99)]
    assert await shop.store.replay_notices([*events, (1, 1)], shop.now) == 3
    assert await shop.store.replay_notices(events, shop.now) == 0
    notices = await told(shop.store, message)
    assert [(n.post, n.tries, n.waiting_since, n.note) for n in notices] == [(PostState.WAITING, 0, shop.now, "")] * 4
    assert [n.sequence for n in await due(shop)] == [1, 4]
    for expected in (1, 2, 3):
        notice = next(n for n in await due(shop) if n.sequence != 4)
        assert notice.sequence == expected
        await shop.store.conclude_notices([result(notice, PostState.DONE)], shop.now)


async def test_hurry(shop: World) -> None:
    """What waits for the end of a pause is due at once, a few at a time; what has no turn stays behind."""
    await give_webhook(shop, "clinic")
    await shop.accept(shop.new(account="clinic"))
    messages = [await shop.sending() for _ in range(3)]
    for account in ("shop", "clinic"):
        for notice in await shop.store.notices_due(shop.account_id(account), shop.now, 10):
            await shop.store.conclude_notices([result(notice, PostState.WAITING, shop.now + DAY)], shop.now)
    assert await due(shop) == []
    assert await shop.store.hurry_notices(shop.account_id(), shop.now, 2) == 2
    assert await shop.store.hurry_notices(shop.account_id(), shop.now, 2) == 1
    assert await shop.store.hurry_notices(shop.account_id(), shop.now, 2) == 0
    assert [(n.id, n.tries) for n in await due(shop)] == [(f"evt-{m.id}-1", 1) for m in messages]
    assert await shop.store.notices_due(shop.account_id("clinic"), shop.now, 10) == []


async def test_counts_and_pages(shop: World) -> None:
    """What has not arrived is counted by account, and listed by page, by state and by account."""
    await give_webhook(shop, "clinic")
    messages = [await shop.accept() for _ in range(5)] + [await shop.accept(shop.new(account="clinic"))]
    first, second, *_ = await due(shop)
    await shop.store.conclude_notices([result(first, PostState.DEAD)], shop.now)
    await shop.store.conclude_notices([result(second, PostState.DONE)], shop.now)
    shop_id, clinic_id = shop.account_id(), shop.account_id("clinic")
    assert {(c.account_id, c.post): (c.count, c.oldest_at) for c in await shop.store.notice_counts()} == {
        (shop_id, PostState.WAITING): (3, shop.now),
        (shop_id, PostState.DEAD): (1, shop.now),
        (clinic_id, PostState.WAITING): (1, shop.now),
    }
    found: list[str] = []
    page = NoticeSearch(limit=2)
    while notices := await shop.store.search_notices(page):
        found += [n.id for n in notices]
        page = replace(page, before=(notices[-1].message_id, notices[-1].sequence))
    assert found == [f"evt-{m.id}-1" for m in messages[::-1]]
    for post, count in ((PostState.DEAD, 1), (PostState.DONE, 1), (PostState.WAITING, 3)):
        assert len(await shop.store.search_notices(NoticeSearch(account_id=shop_id, post=post))) == count
    assert await shop.store.notice_ids(shop_id, PostState.DEAD, shop.now) == [(first.message_id, 1)]
    assert await shop.store.notice_ids(shop_id, PostState.DEAD, shop.now + 1) == []
    assert await shop.store.notice_ids(shop_id, PostState.DONE, 0) == [(second.message_id, 1)]
    story = await shop.store.story(messages[0].id)
    assert story is not None
    assert [(n.id, n.post) for n in story.notices] == [(first.id, PostState.DEAD)]


async def test_kept_until_it_is_told(shop: World) -> None:
    """A message whose customer has still to be told something is not removed for its age; its notices go with it."""
    message = await shop.sending()
    await shop.answer(message, refused())
    shop.now += 200 * DAY
    assert await shop.store.retire(shop.now, 10) == 0
    for _ in range(3):
        (notice,) = await due(shop)
        await shop.store.conclude_notices([result(notice, PostState.DEAD)], shop.now)
    assert await shop.store.retire(shop.now, 10) == 1
    assert await shop.store.search_notices(NoticeSearch()) == []
    assert await shop.store.replay_notices([(message.id, 1)], shop.now) == 0


@pytest.mark.parametrize("seed", range(6))
async def test_none_is_stuck(shop: World, seed: int) -> None:
    """Whatever fails, dies, is replayed and happens meanwhile: what waits comes to its turn, first tries in order."""
    chance = random.Random(seed)
    messages = [await shop.accept() for _ in range(3)]
    first_tried: dict[int, list[int]] = {m.id: [] for m in messages}
    for _ in range(60):
        shop.now += 1_000
        place = chance.randrange(3)
        match chance.randrange(4):
            case 0:
                standing = await shop.standing_of(messages[place])
                if standing.state is State.QUEUED:
                    await shop.on_wire(standing)
                elif standing.state is State.SENDING:
                    await shop.answer(standing, chance.choice([later(), later(), taken(str(standing.id))]))
                elif standing.state is State.ENROUTE:
                    await shop.receipt(str(standing.id), PartState.DELIVERED)
            case 1:
                sequence = chance.randrange(1, 8)
                await shop.store.replay_notices([(messages[place].id, sequence)], shop.now)
            case _:
                notices = await due(shop)
                if notices:
                    await _post(shop, chance, chance.choice(notices), first_tried)
    for _ in range(200):
        shop.now += MINUTE
        for notice in await due(shop):
            await shop.store.conclude_notices([result(notice, PostState.DONE)], shop.now)
            _note(notice, first_tried)
    assert await shop.store.webhook_targets() == []
    assert await shop.store.search_notices(NoticeSearch(post=PostState.WAITING)) == []
    for message in messages:
        count = len(await told(shop.store, message))
        assert first_tried[message.id] == list(range(1, count + 1))


async def _post(shop: World, chance: random.Random, notice: Notice, first_tried: dict[int, list[int]]) -> None:
    _note(notice, first_tried)
    post = chance.choice([PostState.WAITING, PostState.DONE, PostState.DEAD])
    next_at = shop.now + chance.randrange(5_000) if post is PostState.WAITING else None
    await shop.store.conclude_notices([result(notice, post, next_at)], shop.now)


def _note(notice: Notice, first_tried: dict[int, list[int]]) -> None:
    if notice.sequence not in first_tried[notice.message_id]:
        first_tried[notice.message_id].append(notice.sequence)


async def test_the_doctor_says_what_is_not_told(shop: World) -> None:
    """Events that wait for long are a problem, with the account, their number and what came of the last post."""
    await shop.accept(shop.new(step()))
    await shop.enroute("7", step())
    (first, *_) = await due(shop)
    await shop.store.conclude_notices([result(first, PostState.WAITING, shop.now + MINUTE)], shop.now)
    assert await untold(shop.store, shop.now + UNTOLD_MS - 1) == []
    (finding,) = await untold(shop.store, shop.now + UNTOLD_MS)
    assert (finding.name, finding.is_well) == ("webhook shop", False)
    assert finding.says == "4 events of messages not told yet, the oldest for 10m; the last post: waiting it is"
    assert "payamak webhook test shop" in finding.todo
