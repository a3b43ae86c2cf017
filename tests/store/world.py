"""A small site on a store, and the words in which the suite tells what happens to its messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from payamak.codes import Code
from payamak.domain.events import Answered, OnAmbiguous, Outcome, OutcomeKind
from payamak.domain.ids import IdBase, readings
from payamak.domain.message import Lane, Message, PartState, Step
from payamak.domain.moving import Move
from payamak.domain.own_ids import MARK_OCTETS, OwnId, OwnIdKind
from payamak.domain.receipts import ReceiptIn
from payamak.domain.site import Account, Document, Line, LineKind, Link, LinkUse
from payamak.encoding.parts import Encoding
from payamak.store.base import Store
from payamak.store.desk import Desk
from payamak.store.feed import Change, Watch
from payamak.store.records import Balance, Claim, NewMessage
from payamak.store.ruled import RuledStore

NOW = 1_700_000_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

LINE = "983000111"
LINE2 = "983000222"
SERVICE = "982000333"
HOLD = "983000444"
"""A line that holds what is ambiguous and waits only an hour for a receipt."""

ALI = "989120000001"
SARA = "989120000002"

MARK, OTHER = bytes(MARK_OCTETS), b"x" * MARK_OCTETS
"""Two digests of what comes under an own id: one mark, and another."""

MakeStore = Callable[[], Awaitable[Store]]

USE = (LinkUse(link="north"), LinkUse(link="south"))
SITE: tuple[Document, ...] = (
    Link(name="north", upstream="operator"),
    Link(name="south", upstream="operator"),
    Line(number=LINE, links=USE, opt_out_memory_days=7, hours="always"),
    Line(number=LINE2, links=USE, hours="always"),
    Line(number=SERVICE, links=USE, kind=LineKind.SERVICE),
    Line(number=HOLD, links=USE, hours="always", on_ambiguous=OnAmbiguous.HOLD, receipt_grace_hours=1),
    Account(username="shop", lines=(LINE, LINE2, SERVICE, HOLD), keep_days=30),
    Account(username="clinic", lines=(LINE, LINE2, SERVICE, HOLD), keep_days=90),
    Account(username="bank", lines=(LINE,)),
)


def step(line: str = LINE, price: int = 100, parts: int = 1, *, keep: bool = False) -> Step:
    """A step whose text does not matter."""
    return Step(
        line=line,
        text="سلام",
        encoding=Encoding.UCS2,
        parts=parts,
        price=price,
        advertising=line != SERVICE,
        keep=keep,
    )


def taken(operator_id: str | None, part: int = 1) -> Outcome:
    """The operator took the part under this id."""
    return Outcome(part=part, kind=OutcomeKind.TAKEN, operator_id=operator_id, status=0)


def opted_out(part: int = 1, code: Code = Code.OPTED_OUT_OF_LINE) -> Outcome:
    """The recipient refuses the line."""
    return Outcome(part=part, kind=OutcomeKind.OPTED_OUT, code=code, status=0x427)


def lost(part: int = 1) -> Outcome:
    """The answer never came."""
    return Outcome(part=part, kind=OutcomeKind.AMBIGUOUS)


def later(part: int = 1) -> Outcome:
    """The operator is busy."""
    return Outcome(part=part, kind=OutcomeKind.LATER, status=0x14)


def refused(part: int = 1) -> Outcome:
    """The operator refuses the part for good."""
    return Outcome(part=part, kind=OutcomeKind.REFUSED, code=Code.INTERNAL, status=0x0B)


async def gone(store: Store, kind: str, name: str) -> None:
    """A document is removed whatever it has, as an older program did."""

    async def work(desk: Desk) -> None:
        desk.execute("remove_document", (kind, name))
        await desk.config_changed()

    assert isinstance(store, RuledStore)
    await store.writer.submit(work)
    await store.refresh()


OWNER = 2
"""Who takes over a fresh store: the first owner is that of the time before owners had numbers."""


def check_id(number: int, digest: bytes = MARK) -> OwnId:
    """SOAP's own id of a message, and the body that comes under it."""
    return OwnId(kind=OwnIdKind.CHECK_ID, key=str(number), digest=digest)


class World:
    """A store with the site on it; `now` is the instant of whatever is told next."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW

    async def build(self) -> World:
        """Put the site and give two of its accounts money; the third has none."""
        if not self.store.feed.owner:
            await self.store.take_over(self.now)
        await self.store.put_documents(SITE, [], self.now)
        await self.store.credit("shop", 10_000, "first", self.now)
        await self.store.credit("clinic", 10_000, "first", self.now)
        return self

    def account_id(self, username: str = "shop") -> int:
        """The number that the store gave the account."""
        return self.store.site.accounts[username].id

    def new(
        self,
        *plan: Step,
        recipient: str = ALI,
        account: str = "shop",
        lane: Lane = Lane.NORMAL,
        life: int = DAY,
    ) -> NewMessage:
        """A checked message that lives for `life` ms."""
        return NewMessage(
            account_id=self.account_id(account),
            recipient=recipient,
            plan=plan or (step(),),
            deadline_at=self.now + life,
            lane=lane,
            source="wsSend",
        )

    async def accept(self, new: NewMessage | None = None, watch: Watch | None = None) -> Message:
        """Accept it, or a message of one step."""
        ticket = None if watch is None else watch.ticket
        change = await self.store.accept(new or self.new(), self.now, ticket)
        return change.message

    async def move(self, source: str = LINE, target: str = LINE2, most: int = 1_000) -> int:
        """Move by hand what waits on a line and may go by another; how many moved."""
        move = Move(source=source, target=target, by="ali")
        plan = await self.store.plan_move(move, self.now)
        return await self.store.move_messages(plan.ids[:most], move, self.now)

    async def resume(self, *, line: str | None = None, account_id: int | None = None, is_moved: bool = False) -> int:
        """Let go what is held after a restore, of a line, an account, or all; how many."""
        ids = await self.store.held_ids(line=line, account_id=account_id)
        return await self.store.resume_held(ids, NOW, is_moved=is_moved)

    async def pay_out(self, username: str = "shop") -> None:
        """The account has no money any more."""
        await self.store.credit(username, -(await self.balance(username)).available, "paid out", self.now)

    async def mark(self, *messages: Message, link: str = "north") -> list[Change]:
        """Mark them as on the wire."""
        claims = [
            Claim(message_id=m.id, version=m.version, link=link, owner=self.store.feed.owner or OWNER) for m in messages
        ]
        return await self.store.put_on_wire(claims, self.now)

    async def on_wire(self, message: Message, link: str = "north") -> Message:
        """Mark one message."""
        (change,) = await self.mark(message, link=link)
        return change.message

    async def sending(self, *plan: Step, recipient: str = ALI) -> Message:
        """A message that is on the wire."""
        return await self.on_wire(await self.accept(self.new(*plan, recipient=recipient)))

    async def answer(self, message: Message, *outcomes: Outcome, gives_receipts: bool = True) -> Message:
        """The operator answers the parts of the attempt that `message` is in; the last of the changes."""
        event = Answered(step=message.step, try_no=message.tries, outcomes=outcomes, gives_receipts=gives_receipts)
        return (await self.store.advance(message.id, event, self.now))[-1].message

    async def enroute(self, operator_id: str, *plan: Step, recipient: str = ALI) -> Message:
        """A message that the operator has taken under this id."""
        return await self.answer(await self.sending(*plan, recipient=recipient), taken(operator_id))

    async def receipt(
        self,
        operator_id: str,
        part_state: PartState | None = PartState.DELIVERED,
        *,
        recipient: str | None = ALI,
        line: str | None = LINE,
        upstream: str = "operator",
        base: IdBase = IdBase.AUTO,
        code: Code | None = None,
        reference: int | None = None,
    ) -> list[Change]:
        """A receipt comes in."""
        receipt = ReceiptIn(
            upstream=upstream,
            link="north",
            operator_id=operator_id,
            keys=readings(operator_id, base),
            part_state=part_state,
            stat="STAT",
            err="000",
            code=code,
            line=line,
            recipient=recipient,
            reference=reference,
        )
        return await self.store.receive(receipt, self.now)

    async def standing_of(self, message: Message) -> Message:
        """The message as it is on disk."""
        story = await self.store.story(message.id)
        assert story is not None
        return story.message

    async def balance(self, username: str = "shop") -> Balance:
        """The purses of an account, once all of them have been seen to balance."""
        balances = await self.store.balances()
        assert [b for b in balances if not b.is_balanced] == []
        return next(b for b in balances if b.username == username)

    async def unmatched_ids(self) -> list[str]:
        """The operator's ids of the receipts that belong to nobody, newest first."""
        return [row.operator_id for row in await self.store.unmatched(100)]


class Listener:
    """Keeps what the Feed published."""

    def __init__(self, store: Store) -> None:
        self.batches: list[list[Change]] = []
        self.stop = store.feed.listen(self._hear)

    def _hear(self, changes: Sequence[Change]) -> None:
        self.batches.append(list(changes))

    @property
    def events(self) -> list[tuple[int, str]]:
        """Message and event of every change, in order."""
        return [(change.message.id, change.event) for batch in self.batches for change in batch]
