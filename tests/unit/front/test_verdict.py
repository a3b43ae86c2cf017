"""The front: what the answer waits for, and what it then says (contract §1, `verdict_wait`)."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace as changed
from tests.unit.house import ACCOUNT, CREDIT, NOW, SUBMISSION, A, B, C, House, T

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import PartState, Reason, State
from payamak.front.accept import Accepted
from payamak.store.base import Store
from payamak.store.feed import Change
from payamak.store.records import Claim

# ---------------------------------------------------------------------------------- the verdict


KINDS = {
    "t": OutcomeKind.TAKEN,
    "late": OutcomeKind.LATER,
    "27": OutcomeKind.OPTED_OUT,
    "33": OutcomeKind.OPTED_OUT,
}


class Back:
    """Plays the back: puts on the wire what is leased, and answers as the line's word says; "" is silence.

    `t` taken, `27` and `33` opted out, other numbers refused, `late` comes again, `queue` has to queue.
    """

    def __init__(self, store: Store, words: dict[str, str]) -> None:
        self.store, self.words = store, words
        self.tasks: set[asyncio.Task[None]] = set()
        store.feed.listen(self.hear)
        for line in words:
            for lane in range(3):
                store.feed.room[line, lane] = 10

    def hear(self, changes: Sequence[Change]) -> None:
        """Take what is leased to the back."""
        for change in changes:
            if change.message.state is State.QUEUED and change.message.is_leased:
                task = asyncio.get_running_loop().create_task(self.serve(change))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)

    async def serve(self, change: Change) -> None:
        """One message, one attempt."""
        m = change.message
        word = self.words[m.current.line]
        if word == "queue":
            self.store.feed.has_to_queue(m.id)
            return
        await self.store.put_on_wire([Claim(message_id=m.id, version=m.version, link="one", owner=m.owner)], NOW)
        code = Code(int(word)) if word.isdigit() else None
        outcomes = tuple(
            Outcome(part=part, kind=KINDS.get(word, OutcomeKind.REFUSED), code=code)
            for part in range(1, m.current.parts + 1)
        )
        for outcome in outcomes if word else ():
            await self.store.advance(m.id, ev.Answered(step=m.step, try_no=m.tries + 1, outcomes=(outcome,)), NOW)
            if outcome.kind not in (OutcomeKind.TAKEN, OutcomeKind.LATER):
                break

    async def rest(self) -> None:
        """Wait until everything that was begun is done."""
        while self.tasks:
            done, _ = await asyncio.wait(self.tasks)
            self.tasks -= done  # from Python 3.12 on nothing yields to the callbacks of tasks that are done already
            for task in done:
                task.result()


PATIENT = changed(ACCOUNT, verdict_wait_ms=60_000)


@pytest.mark.parametrize(
    ("words", "asked", "line", "state"),
    [
        ({A: "t"}, {}, A, State.ENROUTE),
        ({A: "33", B: "t"}, {"line2": B}, B, State.ENROUTE),
        ({A: "27", T: "t"}, {"type": "2"}, T, State.ENROUTE),
        ({A: "27", C: "t"}, {"type": "1"}, C, State.ENROUTE),
        ({A: "33", B: "27", C: "t"}, {"line2": B, "type": "1"}, C, State.ENROUTE),
        ({A: "t"}, {"message": "x" * 400}, A, State.ENROUTE),
        ({A: "late"}, {}, A, State.QUEUED),
        ({A: "queue"}, {}, A, State.QUEUED),
        ({A: "27", B: "queue"}, {"line2": B}, B, State.QUEUED),
        ({A: "27"}, {"line2": B}, B, State.QUEUED),
        ({}, {}, A, State.QUEUED),
    ],
)
async def test_the_answer_tells_the_line_that_it_went_by(
    house: House, words: dict[str, str], asked: dict[str, object], line: str, state: State
) -> None:
    """The operator's verdict is waited for, over the whole plan; a message that has to queue is answered at once."""
    await house.put(PATIENT)
    back = Back(house.store, words)
    async with asyncio.timeout(20):
        assert (await house.send(changed(SUBMISSION, **asked))).line == line
    await back.rest()
    assert await house.states() == [state]


@pytest.mark.parametrize(
    ("words", "asked", "code"),
    [
        ({A: "27"}, {}, Code.OPTED_OUT),
        ({A: "33"}, {}, Code.OPTED_OUT_OF_LINE),
        ({A: "27", B: "33"}, {"line2": B}, Code.OPTED_OUT_OF_LINE),
        ({A: "33", B: "27"}, {"line2": B}, Code.OPTED_OUT),
        ({T: "34"}, {"line": None, "type": "2"}, Code.NO_TEMPLATE),
        ({A: "15"}, {}, Code.INTERNAL),
        ({A: "27", B: "15"}, {"line2": B}, Code.INTERNAL),
        ({A: "27"}, {"message": "x" * 400}, Code.OPTED_OUT),
    ],
)
async def test_a_refusal_at_once_is_told_and_not_charged(
    house: House, words: dict[str, str], asked: dict[str, object], code: Code
) -> None:
    """The last verdict's code; the row stays, rejected, for the operator to see."""
    await house.put(PATIENT)
    back = Back(house.store, words)
    async with asyncio.timeout(20):
        assert await house.refusal(changed(SUBMISSION, **asked)) is code
    await back.rest()
    assert await house.states() == [State.REJECTED]
    (balance,) = await house.store.balances()
    assert (balance.available, balance.reserved, balance.is_balanced) == (CREDIT, 0, True)


async def test_a_learned_verdict_refuses_the_next_message(house: House) -> None:
    """What was met once is known: the next one is refused before anything is kept."""
    await house.put(PATIENT)
    back = Back(house.store, {A: "33"})
    assert await house.refusal(SUBMISSION) is Code.OPTED_OUT_OF_LINE
    assert await house.refusal(SUBMISSION) is Code.OPTED_OUT_OF_LINE
    await back.rest()
    assert len(await house.states()) == 1


@pytest.mark.parametrize("wait_ms", [0, 1])
async def test_a_verdict_that_does_not_come_in_time(house: House, wait_ms: int) -> None:
    """The caller is answered with the line that the message stands on; 0 never waits."""
    await house.put(changed(ACCOUNT, verdict_wait_ms=wait_ms))
    back = Back(house.store, {A: ""})
    async with asyncio.timeout(20):
        assert (await house.send(SUBMISSION)).line == A
    await back.rest()
    assert await house.states() == [State.SENDING]


async def test_a_receipt_may_be_the_verdict(house: House) -> None:
    """A late opt-out within the wait moves the answer as well."""
    await house.put(PATIENT)
    back = Back(house.store, {A: "", B: "t"})

    def opt_out(changes: Sequence[Change]) -> None:
        for change in changes:
            if change.message.state is State.SENDING and change.message.current.line == A:
                receipt = ev.Receipted(step=0, part=1, part_state=PartState.OPTED_OUT, code=Code.OPTED_OUT)
                asyncio.ensure_future(house.store.advance(change.message.id, receipt, NOW))  # noqa: RUF006

    house.store.feed.listen(opt_out)
    async with asyncio.timeout(20):
        assert (await house.send(changed(SUBMISSION, line2=B))).line == B
    await back.rest()


async def test_a_rejection_in_a_receipt_is_no_refusal(house: House) -> None:
    """A message that was taken and charged was accepted, also if its receipt says rejected before we have answered."""
    await house.put(PATIENT)
    back = Back(house.store, {A: ""})

    def reject(changes: Sequence[Change]) -> None:
        for change in changes:
            if change.message.state is State.SENDING:
                receipt = ev.Receipted(step=0, part=1, part_state=PartState.REJECTED)
                asyncio.ensure_future(house.store.advance(change.message.id, receipt, NOW))  # noqa: RUF006

    house.store.feed.listen(reject)
    async with asyncio.timeout(20):
        assert (await house.send(SUBMISSION)).line == A
    await back.rest()
    assert await house.states() == [State.REJECTED]
    (balance,) = await house.store.balances()
    assert balance.available == CREDIT - 100


def heard(store: Store, is_it: Callable[[Change], bool]) -> asyncio.Future[Change]:
    """The first change of that kind that the Feed brings."""
    found: asyncio.Future[Change] = asyncio.get_running_loop().create_future()

    def hear(changes: Sequence[Change]) -> None:
        for change in changes:
            if is_it(change) and not found.done():
                found.set_result(change)

    store.feed.listen(hear)
    return found


async def hung_up(task: asyncio.Task[Accepted]) -> None:
    """The caller hangs up, and its call is over."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_caller_that_hangs_up_changes_nothing(house: House) -> None:
    """The message goes its way, is charged, and nobody is left listening."""
    await house.put(PATIENT)
    back = Back(house.store, {A: ""})
    on_wire = heard(house.store, lambda change: change.message.state is State.SENDING)
    call = asyncio.create_task(house.send(SUBMISSION))
    message = (await on_wire).message
    await hung_up(call)
    await back.rest()
    answer = ev.Answered(step=0, try_no=1, outcomes=(Outcome(part=1, kind=OutcomeKind.TAKEN),))
    (change,) = await house.store.advance(message.id, answer, NOW)
    assert (change.message.state, change.message.charged) == (State.ENROUTE, 100)
    assert (house.store.feed._watches, house.store.feed._tickets) == ({}, {})


async def test_a_caller_that_hangs_up_before_the_commit(house: House) -> None:
    """The message is accepted all the same, and nobody is left listening."""
    await house.put(PATIENT)
    accepted = heard(house.store, lambda change: change.event == "Accepted")
    call = asyncio.create_task(house.send(SUBMISSION))
    await asyncio.sleep(0)
    await hung_up(call)
    assert (await accepted).message.reason is Reason.ACCEPTED
    assert await house.states() == [State.QUEUED]
    assert (house.store.feed._watches, house.store.feed._tickets) == ({}, {})


async def test_nobody_is_left_listening(house: House) -> None:
    """Every wait ends with its call, whatever came of it."""
    await house.put(PATIENT)
    back = Back(house.store, {A: "27", B: "t"})
    await house.send(changed(SUBMISSION, line2=B))
    await house.refusal(changed(SUBMISSION, recipient="09350000000"))
    await house.refusal(SUBMISSION)
    await back.rest()
    assert (house.store.feed._watches, house.store.feed._tickets) == ({}, {})
