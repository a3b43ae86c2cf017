"""A batch is accepted in one transaction or not at all; a caller's own id is taken once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from msgspec.structs import replace as changed
from tests.store.world import ALI, DAY, LINE, LINE2, MARK, NOW, OTHER, SARA, Listener, MakeStore, World, check_id, step

from payamak.codes import Code
from payamak.domain.events import Cancelled
from payamak.domain.message import Lane, State
from payamak.domain.own_ids import MARK_OCTETS, OwnId, OwnIdKind
from payamak.errors import Refused
from payamak.store.records import Act, AuditSearch, Batched, By, NewMessage, OptOut, OutboxRow, Search

Told = list[Batched | Code]


async def send(
    world: World,
    items: Sequence[NewMessage | Code],
    check_ids: Sequence[int] | None = None,
    account: str = "shop",
    bodies: Sequence[bytes] | None = None,
) -> Told:
    """Accept a batch; under own ids with these bodies, or all with the same."""
    digests = bodies or [MARK] * len(items)
    own_ids = [check_id(number, digest) for number, digest in zip(check_ids or (), digests, strict=False)]
    return await world.store.accept_batch(
        world.account_id(account), items, None if check_ids is None else own_ids, world.now
    )


async def outbox(world: World, check_ids: Sequence[int], account: str = "shop") -> dict[int, OutboxRow]:
    """What was sent under these CheckIds."""
    rows = await world.store.outbox(world.account_id(account), OwnIdKind.CHECK_ID, list(map(str, check_ids)))
    return {int(key): row for key, row in rows.items()}


def ids(told: Told) -> list[int]:
    """The ids of what was accepted."""
    return [each.message_id for each in told if isinstance(each, Batched)]


async def opt_out(world: World, recipient: str = ALI, line: str = LINE) -> None:
    """The recipient has opted out of the line."""
    known = OptOut(recipient=recipient, line=line, code=33, source="hand", learned_at=NOW, expires_at=None)
    await world.store.put_opt_outs([known])


async def test_a_batch_is_kept_in_order(world: World) -> None:
    """Each message has its id, in order, its reservation and its place in the ledger."""
    news = [world.new(step(price=100 + n, parts=n + 1), recipient=r) for n, r in enumerate((ALI, SARA, ALI))]
    told = await send(world, news)
    assert [each for each in told if isinstance(each, Code)] == []
    assert [(b.parts, b.reserved, b.is_repeated) for b in told if isinstance(b, Batched)] == [
        (1, 100, False),
        (2, 101, False),
        (3, 102, False),
    ]
    assert ids(told) == sorted(set(ids(told)))
    assert [m.id for m in await world.store.search(Search())] == ids(told)[::-1]
    assert (await world.balance()).reserved == 303


async def test_its_messages_are_those_of_single_accepts(world: World) -> None:
    """Whether alone or in a batch, what is kept is the same but for the id."""
    alone = await world.accept(world.new(step(LINE), step(LINE2), lane=Lane.BULK))
    (told,) = await send(world, [world.new(step(LINE), step(LINE2), lane=Lane.BULK)])
    assert isinstance(told, Batched)
    story, other = await world.store.story(told.message_id), await world.store.story(alone.id)
    assert story is not None
    assert other is not None
    assert [(e.kind, e.amount) for e in story.entries] == [(e.kind, e.amount) for e in other.entries]
    kept = {name: getattr(story.message, name) for name in story.message.__struct_fields__ if name != "id"}
    assert kept == {name: getattr(other.message, name) for name in kept}


async def test_refused_items_keep_their_place(world: World) -> None:
    """A code stays where it stood, an opted out recipient gets its code, the others go."""
    await opt_out(world)
    told = await send(
        world,
        [
            Code.RECIPIENT_INVALID,
            world.new(),
            world.new(recipient=SARA),
            Code.TEXT_EMPTY,
            world.new(step(LINE), step(LINE2)),
        ],
    )
    first, second, third, fourth, fifth = told
    assert (first, second, fourth) == (Code.RECIPIENT_INVALID, Code.OPTED_OUT_OF_LINE, Code.TEXT_EMPTY)
    assert isinstance(third, Batched)
    assert isinstance(fifth, Batched)
    messages = await world.store.search(Search())
    assert [(m.recipient, m.current.line) for m in messages] == [(ALI, LINE2), (SARA, LINE)]


async def test_credit_covers_all_or_nothing_is_kept(world: World) -> None:
    """One rial short for the whole, and no message is kept, no money moved, no id taken."""
    news = [world.new(step(price=2_500), recipient=SARA) for _ in range(4)]
    assert len(await send(world, news[:1], [7])) == 1
    await world.store.credit("shop", -1, "less", NOW)
    with pytest.raises(Refused) as caught:
        await send(world, news, [8, 9, 10, 11])
    assert caught.value.code is Code.NO_CREDIT
    with pytest.raises(Refused):
        await send(world, news[:3], [8, 9, 10])
    assert len(await world.store.search(Search())) == 1
    balance = await world.balance()
    assert (balance.available, balance.reserved) == (7_499, 2_500)
    await world.store.credit("shop", 1, "enough", NOW)
    assert len(ids(await send(world, news[:3], [8, 9, 10]))) == 3
    assert (await world.balance()).available == 0


async def test_what_is_refused_costs_nothing(world: World) -> None:
    """Credit is asked for what is fresh alone: not for opted out recipients, nor for repeated ids."""
    await opt_out(world)
    (first,) = ids(await send(world, [world.new(step(price=9_000), recipient=SARA)], [1]))
    told = await send(
        world,
        [
            world.new(step(price=9_000), recipient=SARA),
            world.new(step(price=9_000)),
            world.new(step(price=1_000), recipient=SARA),
        ],
        [1, 2, 3],
    )
    assert told[:2] == [Batched(message_id=first, is_repeated=True), Code.OPTED_OUT_OF_LINE]
    assert (await world.balance()).available == 0


async def test_a_plan_in_common(world: World) -> None:
    """Messages that share a plan are priced each by what the recipient has opted out of, and skip it alone."""
    await opt_out(world)
    plan = (step(LINE, price=900), step(LINE2, price=300))
    news = [changed(world.new(recipient=r), plan=plan) for r in (SARA, ALI, SARA)]
    told = await send(world, news)
    assert [each.reserved for each in told if isinstance(each, Batched)] == [900, 300, 900]
    messages = (await world.store.search(Search()))[::-1]
    assert [(m.recipient, m.current.line, m.plan[0].skip) for m in messages] == [
        (SARA, LINE, None),
        (ALI, LINE2, Code.OPTED_OUT_OF_LINE),
        (SARA, LINE, None),
    ]
    assert (await world.balance()).is_balanced


async def test_ids_go_on_after_those_of_a_batch(world: World) -> None:
    """One sequence for all that is accepted, alone or in a batch; none is given twice, whatever was removed."""
    first = (await world.accept()).id
    batch = ids(await send(world, [world.new(), world.new(recipient=SARA)]))
    assert batch == [first + 1, first + 2]
    for message_id in batch:
        await world.store.advance(message_id, Cancelled(), NOW)
    world.now += 60 * DAY
    while await world.store.retire(world.now, 100):
        pass
    (again,) = ids(await send(world, [world.new()]))
    assert (again, (await world.accept()).id) == (first + 3, first + 4)


async def test_nothing_to_keep_is_no_error(world: World) -> None:
    """All refused, with or without credit: each has its code."""
    assert await send(world, [Code.RECIPIENT_INVALID] * 2, account="bank") == [Code.RECIPIENT_INVALID] * 2
    with pytest.raises(Refused) as caught:
        await send(world, [world.new(account="bank")], account="bank")
    assert caught.value.code is Code.NO_CREDIT


async def test_an_own_id_is_taken_once(world: World) -> None:
    """The second time the first message's id comes back, also where it could not be sent now."""
    (first, second) = ids(await send(world, [world.new(), world.new(recipient=SARA)], [5, -6]))
    told = await send(world, [Code.TEXT_EMPTY, world.new(), world.new(step(price=1), recipient=SARA)], [-6, 9, 5])
    assert told[0] == Batched(message_id=second, is_repeated=True)
    assert told[2] == Batched(message_id=first, is_repeated=True)
    assert len(await world.store.search(Search())) == 3


async def test_an_own_id_twice_in_one_call(world: World) -> None:
    """One message, told in both places."""
    told = await send(world, [world.new(), world.new(recipient=SARA), world.new(step(price=1))], [5, 6, 5])
    assert told[0] == told[2]
    assert len(await world.store.search(Search())) == 2
    assert (await world.balance()).reserved == 200


async def test_an_own_id_with_another_body(world: World) -> None:
    """It is not kept, no money is looked at for it, and its place names the message that has the id (P6)."""
    (first,) = ids(await send(world, [world.new(step(price=9_999))], [5]))
    other = Batched(message_id=first, is_repeated=True, has_other_body=True)
    told = await send(world, [world.new(step(price=2)), world.new(step(price=1))], [5, 6], bodies=[OTHER, MARK])
    assert told[0] == other
    assert ids(told)[1] != first
    assert await send(world, [Code.TEXT_EMPTY], [5], bodies=[OTHER]) == [other]
    assert await send(world, [world.new()], [5]) == [Batched(message_id=first, is_repeated=True)]
    assert (await world.balance()).available == 0
    assert len(await world.store.search(Search())) == 2


async def test_another_body_in_the_same_call(world: World) -> None:
    """The first that can be accepted has the id; what is refused has taken it from nobody."""
    items: list[NewMessage | Code] = [
        Code.RECIPIENT_INVALID,
        world.new(),
        world.new(recipient=SARA),
        world.new(),
        Code.TEXT_EMPTY,
    ]
    told = await send(world, items, [5] * 5, bodies=[OTHER, MARK, OTHER, MARK, OTHER])
    assert told[0] == Code.RECIPIENT_INVALID
    assert isinstance(told[1], Batched)
    other = Batched(message_id=told[1].message_id, is_repeated=True, has_other_body=True)
    assert told[2:] == [other, told[1], other]
    assert [m.recipient for m in await world.store.search(Search())] == [ALI]
    assert (await world.balance()).reserved == 100


async def test_the_same_body_said_in_two_ways(world: World) -> None:
    """One mark in common is the same body, whichever the others are."""
    (first,) = ids(await send(world, [world.new()], [5], bodies=[MARK + OTHER]))
    repeated = [Batched(message_id=first, is_repeated=True)]
    for body in (MARK, OTHER, b"y" * MARK_OCTETS + OTHER):
        assert await send(world, [world.new()], [5], bodies=[body]) == repeated


async def test_two_bodies_at_once(world: World, make_store: MakeStore) -> None:
    """Of callers at the same time, in two processes, one has the id; all the others are told that it is another's."""
    stores = [world, World(await make_store())]
    bodies = [bytes([n]) * MARK_OCTETS for n in range(10)]
    calls = (send(stores[n % 2], [stores[n % 2].new()], [5], bodies=[body]) for n, body in enumerate(bodies))
    told = [answer for answers in await asyncio.gather(*calls) for answer in answers]
    assert len({answer.message_id for answer in told if isinstance(answer, Batched)}) == 1
    assert sorted(isinstance(answer, Batched) and answer.has_other_body for answer in told) == [False] + [True] * 9
    assert len(await world.store.search(Search())) == 1


async def test_own_ids_belong_to_the_account(world: World) -> None:
    """Two accounts may use the same number."""
    (mine,) = ids(await send(world, [world.new()], [5]))
    (theirs,) = ids(await send(world, [world.new(account="clinic")], [5], "clinic"))
    assert mine != theirs
    rows = await outbox(world, [5], "clinic")
    assert rows[5].message_id == theirs


async def test_kinds_of_own_ids_never_meet(world: World) -> None:
    """The same word of another kind, whatever its body, is another message; each is met again under its own kind."""
    (checked,) = ids(await send(world, [world.new()], [5]))
    named = [OwnId(kind=OwnIdKind.REFERENCE, key="5", digest=OTHER)]
    fresh = [world.new(), world.new(recipient=SARA)]
    (referred,) = ids(await world.store.accept_batch(world.account_id(), fresh[:1], named, world.now))
    assert referred != checked
    both = [*named, check_id(5)]
    again = await world.store.accept_batch(world.account_id(), fresh, both, world.now)
    assert again == [Batched(message_id=number, is_repeated=True) for number in (referred, checked)]
    for kind, number in ((OwnIdKind.REFERENCE, referred), (OwnIdKind.CHECK_ID, checked)):
        rows = await world.store.outbox(world.account_id(), kind, ["5"])
        assert [row.message_id for row in rows.values()] == [number]


async def test_a_refused_message_takes_no_id(world: World) -> None:
    """It can be sent under its id once what was wrong is right."""
    await opt_out(world)
    assert await send(world, [world.new(), Code.TEXT_EMPTY], [5, 6]) == [Code.OPTED_OUT_OF_LINE, Code.TEXT_EMPTY]
    await world.store.forget_opt_outs(ALI, None)
    assert len(ids(await send(world, [world.new(), world.new()], [5, 6]))) == 2


async def test_the_greatest_ids(world: World) -> None:
    """64 bits, both signs."""
    wanted = [2**63 - 1, -(2**63), 0]
    told = await send(world, [world.new(), world.new(), world.new()], wanted)
    rows = await outbox(world, wanted)
    assert [rows[check_id].message_id for check_id in wanted] == ids(told)


async def test_the_same_batch_from_many_at_once(world: World) -> None:
    """Ten callers with the same ids: one message for each id, and all are told the same."""
    news = [world.new(recipient=r) for r in (ALI, SARA)]
    answers = await asyncio.gather(*(send(world, news, [1, 2]) for _ in range(10)))
    assert len({tuple(ids(told)) for told in answers}) == 1
    assert len(await world.store.search(Search())) == 2


async def test_another_hand_on_the_same_data(world: World, make_store: MakeStore) -> None:
    """An id that another process has taken is taken."""
    other = World(await make_store())
    (first,) = ids(await send(world, [world.new()], [5]))
    assert await send(other, [other.new()], [5]) == [Batched(message_id=first, is_repeated=True)]


async def test_the_outbox(world: World) -> None:
    """Where each message stands; ids never taken are left out."""
    told = ids(await send(world, [world.new(), world.new(recipient=SARA)], [5, 6]))
    await world.store.advance(told[1], Cancelled(), NOW)
    rows = await outbox(world, [7, 6, 5])
    standing = {check_id: row.standing.state for check_id, row in rows.items() if row.standing is not None}
    assert standing == {5: State.QUEUED, 6: State.CANCELLED}
    assert [(rows[n].message_id, rows[n].accepted_at) for n in (5, 6)] == [(told[0], NOW), (told[1], NOW)]


async def test_an_own_id_outlives_its_message(world: World) -> None:
    """Once the message is removed for its age it stands nowhere, but its id is still taken."""
    (first,) = ids(await send(world, [world.new()], [5]))
    await world.store.advance(first, Cancelled(), NOW)
    world.now += 60 * DAY
    while await world.store.retire(world.now, 100):
        pass
    rows = await outbox(world, [5])
    assert (rows[5].message_id, rows[5].standing) == (first, None)
    assert await send(world, [world.new()], [5]) == [Batched(message_id=first, is_repeated=True)]


async def test_a_batch_is_one_commit(world: World) -> None:
    """All its messages are published together."""
    listener = Listener(world.store)
    told = await send(world, [world.new(), Code.TEXT_EMPTY, world.new(recipient=SARA)])
    (batch,) = listener.batches
    assert [change.message.id for change in batch] == ids(told)


async def test_a_batch_that_breaks_leaves_nothing(world: World) -> None:
    """A fault of one message in mid-batch undoes the whole, money and ids included."""
    broken = world.new(recipient="not a number")
    with pytest.raises(Exception, match=r"(?i)check"):
        await send(world, [world.new(), broken], [1, 2])
    assert await world.store.search(Search()) == []
    assert await outbox(world, [1, 2]) == {}
    assert (await world.balance()).reserved == 0


async def test_available(world: World) -> None:
    """What is reserved is not available; an account without a purse has nothing."""
    await send(world, [world.new()])
    assert await world.store.available(world.account_id()) == 9_900
    assert await world.store.available(987) == 0


async def test_a_new_password_is_entered(world: World) -> None:
    """Whose act it was, in the same transaction; a refused one has no row."""
    act = Act(by=By(who="account shop", command="x", act=1), at=NOW, what="change password", about="account shop")
    version = world.store.site.accounts["shop"].credential_version
    await world.store.set_password("shop", "$argon2id$...", version, act)
    with pytest.raises(LookupError):
        await world.store.set_password("shop", "$argon2id$2", version, act)
    assert [(row.who, row.what, row.count) for row in await world.store.audit(AuditSearch())] == [
        ("account shop", "change password", 1)
    ]


async def test_a_new_password(world: World) -> None:
    """The hash is replaced under a version of its own; nothing else of the account changes."""
    before = world.store.site.accounts["shop"]
    site = await world.store.set_password("shop", "$argon2id$...", before.credential_version)
    after = site.accounts["shop"]
    assert after.password_hash == "$argon2id$..."
    assert after.credential_version != before.credential_version
    assert (after.id, after.lines, after.keep_days) == (before.id, before.lines, before.keep_days)
    assert world.store.site.accounts["shop"] == after
    for name, version in (("nobody", after.credential_version), ("shop", before.credential_version)):
        with pytest.raises(LookupError):
            await world.store.set_password(name, "x", version)
    assert world.store.site.accounts["shop"] == after
