"""The front: messages of one call, each for itself, as if every one had come by a call of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace as changed
from tests.unit.batches import ALI, REZA, SARA, Desk, kept
from tests.unit.front.test_verdict import Back, heard
from tests.unit.house import ACCOUNT, CALLER, CREDIT, NOW, RECIPIENT, A, B, House, T

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import Message, State
from payamak.domain.plan import Text
from payamak.errors import Refused, StoreFailed
from payamak.front import accept as accept_module
from payamak.front.accept import Accepted, Front
from payamak.front.callers import Caller
from payamak.front.wanted import WantedMessage
from payamak.store.records import NewMessage, Search


class Call(Struct, frozen=True, kw_only=True):
    """One text to many, or a text to each."""

    caller: Caller = CALLER
    texts: Sequence[Text] = ("hello",)
    recipients: Sequence[str] = (ALI, SARA)
    line: str | None = A

    @property
    def wanted(self) -> list[WantedMessage]:
        """Its messages."""
        texts = self.texts if len(self.texts) > 1 else [self.texts[0]] * len(self.recipients)
        ways = () if self.line is None else (self.line,)
        pairs = zip(self.recipients, texts, strict=True)
        return [WantedMessage(recipient=to, text=text, ways=ways, source="sendsms") for to, text in pairs]


CALL = Call()
PATIENT = changed(ACCOUNT, verdict_wait_ms=60_000)
Told = list[int | str]


def words(told: Sequence[Accepted | Code]) -> Told:
    """The line by which each is sent, or the code of its refusal."""
    return [each.line if isinstance(each, Accepted) else int(each) for each in told]


async def each(front: Front, **fields: Any) -> Told:
    """What becomes of the call's messages."""
    call = changed(CALL, **fields)
    return words(await front.accept(call.caller, call.wanted))


async def one_by_one(front: Front, call: Call) -> Told:
    """What becomes of the same by calls of their own."""
    return words([told for wanted in call.wanted for told in await front.accept(call.caller, [wanted])])


async def all_kept(house: House) -> list[Message]:
    """What the store has, the oldest first, but for the ids."""
    return [changed(m, id=0) for m in (await house.store.search(Search(limit=1_000)))[::-1]]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"recipients": [ALI]},
        {"recipients": [ALI, ALI, "+98" + ALI[1:]]},
        {"recipients": ["12", ALI, "", "09590000000", SARA]},
        {"recipients": ["12", ""]},
        {"recipients": [RECIPIENT, ALI]},
        {"recipients": ["12", ALI], "line": "3000999"},
        {"line": "abc"},
        {"line": None},
        {"texts": [""]},
        {"texts": ["\u200c "]},
        {"texts": ["x" * 1_531], "recipients": ["12", ALI]},
        {"texts": ["\ud800"]},
        {"texts": ["a", "", "b"], "recipients": [ALI, SARA, REZA]},
        {"texts": [{"code": "5"}]},
        {"texts": [{"code": "5"}], "line": T},
        {"texts": ["no template has this text of several words"], "line": T},
        {"recipients": [ALI] * 30 + [RECIPIENT] + [SARA] * 80},
        {"recipients": [SARA] * 60, "line": B},
    ],
    ids=lambda fields: ", ".join(f"{name} {value!s:.30}" for name, value in fields.items()) or "two",
)
async def test_as_calls_of_their_own(desk: Desk, fields: dict[str, Any]) -> None:
    """The same is told and kept as if each message had come alone: recipient, line, text, opt-out, money, in order."""
    house, front = desk
    await house.know(A, Code.OPTED_OUT_OF_LINE)
    call = changed(CALL, **fields)
    together = await each(front, **fields)
    first = await all_kept(house)
    counted = dict(front.recipients_refused)
    (balance,) = await house.store.balances()
    await house.store.credit("shop", CREDIT - balance.available, "as before", NOW)
    assert together == await one_by_one(front, call)
    assert await all_kept(house) == first * 2
    assert front.recipients_refused == {why: 2 * count for why, count in counted.items()}
    (balance,) = await house.store.balances()
    assert balance.is_balanced


async def test_only_the_caller_refuses_the_call(desk: Desk) -> None:
    """18 is raised, once, and nothing is kept."""
    house, front = desk
    with pytest.raises(Refused) as caught:
        await each(front, caller=changed(CALLER, password="wrong"))
    assert caught.value.code is Code.CREDENTIALS
    assert await kept(house) == []


async def test_requests_too_close_together(desk: Desk) -> None:
    """Where an account has an interval, the first message is taken and the others come too soon, as they ever did."""
    house, front = desk
    await house.put(changed(ACCOUNT, min_interval_ms=1_000), 0)
    assert await each(front) == [A, 409]
    assert await each(front) == [409, 409]
    house.clock.now_ms += 1_000
    assert await each(front, recipients=["12", ALI]) == [1, 409]


async def test_the_same_recipient_twice(desk: Desk) -> None:
    """With `dedupe` one message is sent, and what is told of it stands in both places."""
    house, front = desk
    await house.put(changed(ACCOUNT, dedupe=True), 0)
    await house.know(A, Code.OPTED_OUT_OF_LINE)
    call = changed(CALL, recipients=[ALI, RECIPIENT, "+98" + ALI[1:], RECIPIENT, "12", "12"])
    told = await front.accept(CALLER, call.wanted)
    assert words(told) == [A, 33, A, 33, 1, 1]
    assert told[0] == told[2]
    assert len(await kept(house)) == 1


async def test_a_closed_intake(desk: Desk) -> None:
    """23 for what could be sent; what is wrong with a message is told all the same."""
    house, front = desk
    await house.store.set_intake(True)
    assert await each(front, recipients=[ALI, "12"]) == [23, 1]
    assert await kept(house) == []


async def test_a_store_that_fails(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """P1: of what cannot be kept nobody is told an id."""
    house, front = desk

    async def fail(*_: object) -> None:
        raise StoreFailed("the disk is full")

    for name in ("accept_each", "accept"):
        monkeypatch.setattr(house.store, name, fail)
    assert await each(front, recipients=[ALI, "12", SARA]) == [23, 1, 23]
    assert await each(front, recipients=[ALI]) == [23]


async def test_no_place_in_the_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind too many batches 23, and none of it waits; a message alone is no batch and is taken."""
    house, front = desk
    monkeypatch.setattr(accept_module, "BATCHES_WAITING", 0)
    assert await each(front) == [23, 23]
    assert await kept(house) == []
    assert await each(front, recipients=[ALI]) == [A]


@pytest.mark.parametrize("also_alone", [False, True], ids=["a fault of the batch", "a fault of one message"])
async def test_a_bug_at_one_hides_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch, also_alone: bool) -> None:
    """Where they cannot be kept together each is kept alone; the one with the fault is told 15, the others ids."""
    house, front = desk
    accept = house.store.accept

    async def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    async def alone(new: NewMessage, *rest: Any) -> object:
        if also_alone and new.recipient == "98" + SARA[1:]:
            raise RuntimeError("a bug")
        return await accept(new, *rest)

    monkeypatch.setattr(house.store, "accept_each", broken)
    monkeypatch.setattr(house.store, "accept", alone)
    await house.know(A, Code.OPTED_OUT_OF_LINE)
    told = await each(front, recipients=[ALI, SARA, RECIPIENT, "12"])
    assert told == [A, 15 if also_alone else A, 33, 1]
    assert len(await kept(house)) == (1 if also_alone else 2)


# ---------------------------------------------------------------------------------------- the verdicts


async def test_verdicts_of_all_at_once(desk: Desk) -> None:
    """Every message is told as its own verdict is; nobody waits for another to begin, nor is left listening."""
    house, front = desk
    await house.put(PATIENT, 0)
    back = Back(house.store, {A: "t"})
    async with asyncio.timeout(20):
        assert await each(front, recipients=[ALI, "12", SARA]) == [A, 1, A]
    await back.rest()
    assert await house.states() == [State.ENROUTE] * 2
    assert (house.store.feed._watches, house.store.feed._tickets) == ({}, {})


async def test_a_verdict_that_refuses(desk: Desk) -> None:
    """The operator's code stands in the place of each that it refuses, and that one is not charged."""
    house, front = desk
    await house.put(PATIENT, 0)
    back = Back(house.store, {A: "27"})
    async with asyncio.timeout(20):
        assert await each(front) == [27, 27]
    await back.rest()
    assert await house.states() == [State.REJECTED] * 2
    (balance,) = await house.store.balances()
    assert (balance.available, balance.reserved) == (CREDIT, 0)


async def answer(house: House, message: Message, kind: OutcomeKind, code: Code | None = None) -> None:
    """The operator speaks of a message that is on the wire."""
    outcome = Outcome(part=1, kind=kind, code=code)
    await house.store.advance(message.id, ev.Answered(step=0, try_no=1, outcomes=(outcome,)), NOW)


async def test_verdicts_in_any_order(desk: Desk) -> None:
    """What comes of the last while the first is waited for is not lost; the answer leaves after the last word."""
    house, front = desk
    await house.put(PATIENT, 0)
    back = Back(house.store, {A: ""})
    both = heard(house.store, lambda change: len(on_wire(change.message)) == 2)
    seen: dict[int, Message] = {}

    def on_wire(message: Message) -> dict[int, Message]:
        if message.state is State.SENDING:
            seen[message.id] = message
        return seen

    call = asyncio.create_task(each(front))
    async with asyncio.timeout(20):
        await both
        first, second = (seen[message_id] for message_id in sorted(seen))
        await answer(house, second, OutcomeKind.OPTED_OUT, Code.OPTED_OUT_OF_LINE)
        assert not call.done()
        await answer(house, first, OutcomeKind.TAKEN)
        assert await call == [A, 33]
    await back.rest()


@pytest.mark.parametrize("wait_ms", [0, 1])
async def test_verdicts_that_do_not_come(desk: Desk, wait_ms: int) -> None:
    """One wait for all of them, then each is told the line that it stands on; 0 never waits."""
    house, front = desk
    await house.put(changed(ACCOUNT, verdict_wait_ms=wait_ms), 0)
    back = Back(house.store, {A: ""})
    async with asyncio.timeout(20):
        assert await each(front, recipients=[f"0912{n:07}" for n in range(1, 9)]) == [A] * 8
    await back.rest()
    assert await house.states() == [State.SENDING] * 8
    assert (house.store.feed._watches, house.store.feed._tickets) == ({}, {})


async def test_a_caller_that_hangs_up(desk: Desk) -> None:
    """The messages go their way, and nobody is left listening."""
    house, front = desk
    await house.put(PATIENT, 0)
    back = Back(house.store, {A: ""})
    on_wire = heard(house.store, lambda change: change.message.state is State.SENDING)
    call = asyncio.create_task(each(front))
    await on_wire
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await back.rest()
    assert await house.states() == [State.SENDING] * 2
    assert (house.store.feed._watches, house.store.feed._tickets) == ({}, {})
