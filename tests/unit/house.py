"""A front on a real store in a folder of its own, with a clock that is moved by hand."""

from __future__ import annotations

import pytest
from msgspec import Struct
from msgspec.structs import replace as changed

from payamak.codes import Code
from payamak.dialects.negin import wanted_of
from payamak.domain.message import State
from payamak.domain.site import Account, Line, LineKind, TemplateDocument
from payamak.errors import Refused
from payamak.front.accept import Accepted, Front
from payamak.front.callers import ByPassword, Caller
from payamak.front.wanted import WantedMessage
from payamak.http.forms import Fields
from payamak.store.records import OptOut, Search
from payamak.store.sqlite.store import SqliteStore

NOW = 1_700_000_000_000
CREDIT = 10_000
A, B, T, C = "983000123", "1000456", "98700700", "989120000000"
LINES = (
    Line(number=A, gsm7_rial=100, hours="always"),
    Line(number=B, kind=LineKind.SERVICE, gsm7_rial=200),
    Line(number=T, kind=LineKind.SERVICE, gsm7_rial=300),
    Line(number=C, kind=LineKind.SIM, gsm7_rial=400),
)
ACCOUNT = Account(
    username="shop",
    lines=(A, B),
    default_line=B,
    service_line=T,
    sim_line=C,
    templates=(TemplateDocument(number=1, text="Code: {code}"),),
    verdict_wait_ms=0,
)
CALLER = ByPassword(username="shop", password="secret", address="203.0.113.9")


class Submission(Struct, frozen=True, kw_only=True):
    """What a caller sends to wsSend, field by field, as written."""

    caller: Caller = CALLER
    recipient: str | None = None
    message: str | dict[str, str] | None = None
    line: str | None = None
    line2: str | None = None
    type: str | None = None
    template: str | None = None
    life_time: str | None = None

    @property
    def wanted(self) -> WantedMessage:
        """The same as the dialect reads it."""
        words = {name: getattr(self, name) for name in ("line", "line2", "type", "template", "life_time")}
        return changed(wanted_of(Fields({"mobile": self.recipient, **words})), text=self.message or "")


SUBMISSION = Submission(recipient="09121234567", message="1234", line=A)
RECIPIENT = "989121234567"


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_ms = NOW

    def now(self) -> int:
        """See Clock.now."""
        return self.now_ms

    def monotonic(self) -> float:
        """See Clock.monotonic."""
        return self.now_ms / 1_000


class Gate:
    """Everybody's password is "secret"."""

    async def admits(self, account: Account | None, username: str, password: str, address: str) -> bool:
        """See Admits."""
        return account is not None and password == "secret"


class House(Struct):
    """A front on a store of its own, with hands on the clock."""

    store: SqliteStore
    clock: HandClock
    front: Front

    async def put(self, account: Account = ACCOUNT, credit: int = CREDIT) -> None:
        """Configure the lines and an account with credit."""
        await self.store.put_documents([*LINES, account], [], NOW)
        await self.store.credit(account.username, credit, "test", NOW)

    async def know(self, line: str, code: Code) -> None:
        """Import an opt-out of the recipient."""
        known = OptOut(recipient=RECIPIENT, line=line, code=code, source="imported", learned_at=NOW, expires_at=None)
        await self.store.put_opt_outs([known])

    async def send(self, submission: Submission) -> Accepted:
        """Accept one message. Raises Refused also for what is told as a code."""
        return await send(self.front, submission)

    async def refusal(self, submission: Submission) -> Code:
        """The code with which a submission is refused."""
        with pytest.raises(Refused) as caught:
            await self.send(submission)
        return caught.value.code

    async def states(self) -> list[State]:
        """Where every message of the store stands, the newest first."""
        return [message.state for message in await self.store.search(Search())]


async def send(front: Front, submission: Submission) -> Accepted:
    """Accept one message. Raises Refused also for what is told as a code."""
    (told,) = await front.accept(submission.caller, [submission.wanted])
    if isinstance(told, Code):
        raise Refused(told)
    return told
