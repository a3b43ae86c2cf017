"""What every fault of the storage is put through: callers that go on calling, an operator that goes on reporting.

Before, during and after the fault callers send by every door. Afterwards the two ledgers are joined: what the callers
were told, and what the operators received.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct
from tests.scenarios.house import House, accounts_changed, house
from tests.site import LINE, PASSWORD

from payamak.domain.message import Reason, State
from payamak.simulator import SimulatorConfig, Timing
from payamak.store.records import Search

WITHIN_S = 15.0
"""The promise is 2 s on a machine of its own; a shared one is given more: whoever waits for the disk waits as long as
the test likes."""

FAULT_S = 4.0
HEALED_S = 30.0
EVERY_S = 0.1
GROWTH_MB = 40.0
"""Resident memory may grow by so much while a fault lasts: what a gateway takes that answers some hundred calls."""

BUSY = {15, 23}
RECEIPT_MS = 1_500
"""Receipts of what was sent before come in the middle of the fault, and again until they are acknowledged."""


class Told(Struct, frozen=True, kw_only=True):
    """One call: its door, how long it took, the code if it was refused, and by recipient the ids it was told."""

    door: str
    took_s: float
    code: int | None
    ids: dict[str, int]
    recipients: tuple[str, ...]


class Callers:
    """They call by every door, each time for recipients of their own, and remember what they were told."""

    def __init__(self, home: House) -> None:
        self._home = home
        self._number = 0
        self.told: list[Told] = []

    @property
    def accepted(self) -> dict[str, int]:
        """Recipient → id of everything that was promised."""
        return {recipient: number for told in self.told for recipient, number in told.ids.items()}

    @property
    def refused(self) -> set[str]:
        """Recipients whose callers were told, once at least, that nothing was accepted."""
        return {r for told in self.told for r in told.recipients if r not in told.ids}

    def _recipients(self, count: int) -> tuple[str, ...]:
        numbers = range(self._number + 1, self._number + count + 1)
        self._number += count
        return tuple(f"98912{number:05d}00" for number in numbers)

    async def ws_send(self) -> None:
        """One message."""
        (recipient,) = self._recipients(1)
        began_s = time.monotonic()
        body = await self._home.send(mobile=recipient, message="متن", line=LINE)
        data, status = body["data"], body["status"]
        assert isinstance(status, int)
        ids = {recipient: int(data["message_id"])} if isinstance(data, dict) else {}
        self._note("wsSend", began_s, None if ids else status, ids, (recipient,))

    async def sendsms(self) -> None:
        """Two recipients by the oldest door."""
        recipients = self._recipients(2)
        began_s = time.monotonic()
        fields = {"user": "demo", "pass": PASSWORD, "to": ",".join(recipients), "text": "متن", "line": LINE}
        answer = await self._home.http.post(f"{self._home.base_url}/sendsms.ashx", data=fields)
        told = [int(item) for item in answer.text.split(",")]
        ids = {r: number for r, number in zip(recipients, told, strict=False) if number > 1_000}
        self._note("sendsms", began_s, None if ids else told[0], ids, recipients)

    async def soap(self, recipients: tuple[str, ...] = ()) -> None:
        """A batch of three under ids of the caller's own; a call may be repeated."""
        recipients = recipients or self._recipients(3)
        began_s = time.monotonic()
        mobiles = "".join(f"<string>{recipient}</string>" for recipient in recipients)
        check_ids = "".join(f"<long>{int(recipient)}</long>" for recipient in recipients)
        envelope = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><SendSmsByCheckId>'
            f"<pUsername>demo</pUsername><pPassword>{PASSWORD}</pPassword><line>{LINE}</line>"
            f"<messages><string>متن</string></messages><mobiles>{mobiles}</mobiles>"
            f"<tempCheckIds>{check_ids}</tempCheckIds></SendSmsByCheckId></s:Body></s:Envelope>"
        )
        answer = await self._home.http.post(f"{self._home.base_url}/almassms.asmx", content=envelope.encode())
        (result,) = re.findall(r"<SendSmsByCheckIdResult>(-?\d+)<", answer.text)
        numbers = [int(number) for number in re.findall(r"<long>(\d+)</long>", answer.text)]
        ids = dict(zip(recipients, numbers, strict=False)) if result == "-2" else {}
        self._note("soap", began_s, None if ids else int(result), ids, recipients)

    async def ws_states(self) -> None:
        """The states of what was accepted first."""
        began_s = time.monotonic()
        wanted = ",".join(str(number) for number in list(self.accepted.values())[:10])
        body = await self._home.post("/api/wsStates.aspx", message_ids=wanted)
        status = body["status"]
        assert isinstance(status, int)
        self._note("wsStates", began_s, None if status == -1 else status, {}, ())

    def _note(
        self, door: str, began_s: float, code: int | None, ids: dict[str, int], recipients: tuple[str, ...]
    ) -> None:
        took_s = time.monotonic() - began_s
        self.told.append(Told(door=door, took_s=took_s, code=code, ids=ids, recipients=recipients))

    async def call_for(self, seconds: float) -> list[Told]:
        """A wave of calls every tenth of a second, whether or not those before were answered; what they were told."""
        before = len(self.told)
        calls = (self.ws_send, self.ws_send, self.ws_send, self.sendsms, self.soap, self.ws_states)
        async with asyncio.TaskGroup() as waves:
            until_s = time.monotonic() + seconds
            while time.monotonic() < until_s:
                for call in calls:
                    waves.create_task(call())
                await asyncio.sleep(EVERY_S)
        return self.told[before:]

    async def until_accepted(self) -> None:
        """Call until a message is accepted again."""
        async with asyncio.timeout(HEALED_S):
            before = len(self.accepted)
            while len(self.accepted) == before:
                await self.ws_send()
                await asyncio.sleep(EVERY_S)


@asynccontextmanager
async def faulty_house(folder: Path, *, own_disk: bool = True) -> AsyncIterator[tuple[House, Path]]:
    """A house whose disk fails as the file says that comes with it; or one on the machine's own disk."""
    control = folder / "disk"
    control.write_text("")
    config = SimulatorConfig(timing=Timing(answer_ms=2, receipt_ms=RECEIPT_MS), digits=False)
    async with house(folder, accounts_changed(verdict_wait_ms=0), config, serve=False) as home:
        if own_disk:
            home.program = (str(Path(__file__).with_name("disk.py")), str(control))
        await home.serve()
        yield home, control


Switch = Callable[[], object]


async def go_through(home: House, begin: Switch, end: Switch) -> int:
    """Calls before, during and after the fault, and the reckoning; how many messages had to be taken back."""
    callers = Callers(home)
    await callers.call_for(0.7)
    assert len(callers.accepted) == sum(len(told.recipients) for told in callers.told)
    before_mb = resident_mb(home)
    begin()
    during = await callers.call_for(FAULT_S)
    assert await _ready(home) == 503
    assert resident_mb(home) - before_mb < GROWTH_MB
    end()
    await callers.until_accepted()
    async with asyncio.timeout(HEALED_S):
        while await _ready(home) != 200:  # noqa: ASYNC110 - only the door may tell
            await asyncio.sleep(EVERY_S)
    after = await callers.call_for(0.7)
    assert {told.code for told in after} == {None}
    _check_answers(during)
    return await reckon(home, callers)


async def _ready(home: House) -> int:
    return int((await home.http.get(f"{home.base_url}/readyz")).status_code)


def resident_mb(home: House) -> float:
    """What the gateway's process holds in memory, in MB."""
    assert home.process is not None
    status = Path(f"/proc/{home.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1_024 / 1e6


def _check_answers(during: list[Told]) -> None:
    """Everybody is told something in time, and whoever is refused is told that we are busy."""
    assert {told.door for told in during} == {"wsSend", "sendsms", "soap", "wsStates"}
    assert {told.code for told in during if told.code is not None} <= BUSY
    late = [(told.door, told.code, round(told.took_s, 2)) for told in during if told.took_s > WITHIN_S]
    assert late == [], late
    refusals = Counter(told.door for told in during if told.code is not None)
    assert refusals.keys() >= {"wsSend", "sendsms", "soap"}


async def reckon(home: House, callers: Callers) -> int:
    """What was promised is delivered, once; what was refused never left, whatever the disk made of it; money balances.

    Answers how many messages the disk kept although their callers had been told 23.
    """
    await home.drained()
    async with home.store() as store:
        kept = await store.search(Search(limit=100_000))
        assert all(balance.is_balanced for balance in await store.balances())
    delivered = {message.recipient for message in kept if message.state is State.DELIVERED}
    assert callers.accepted.keys() == delivered
    assert {message.id for message in kept if message.state is State.DELIVERED} == set(callers.accepted.values())
    received = home.received()
    assert Counter(whole.recipient for whole in received) == Counter(callers.accepted.keys())
    assert sum(whole.copies for whole in received) == 0
    revoked = [message for message in kept if message.state is not State.DELIVERED]
    assert {(message.state, message.reason) for message in revoked} <= {(State.CANCELLED, Reason.ANSWERED_BUSY)}
    assert {message.recipient for message in revoked} <= callers.refused
    return len(revoked)
