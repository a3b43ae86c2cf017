"""The `negin` upstream: sends through another server of this contract, the vendor's panel or a second Payamak.

A message is one wsSend with its plan turned off: only `line`, or for Chelcheleh only the route, because the fallback
is ours. The answer is read by one rule, what we know of the message there:

* Taken: the answer has an id. Opted out: 27, 33. Refused: any other code about this message.
* Not taken, come later: busy (23), too soon (409), no connection; and what is wrong between the server and us,
  not with the message: our credit there is used up (14), or our login is refused (16 to 19, 29). The first holds up
  each message for itself, the second takes the link down as a refused bind does; the log tells of both.
* Ambiguous: the request left and no answer of the contract came. So is 15, which the contract has for a bug after the
  commit as well as for an operator's refusal without a code; but the third 15 in a row about one message is a refusal,
  or a number that the operator behind does not like would be sent again until its deadline.

States are asked for (negin_states.py). The link is up while the server answers: a call for the state of one message
opens it, and every failure of a call closes it until the next such probe.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from msgspec.structs import replace

from payamak.client import AsyncClient, Chelcheleh, Options, PayamakError, Refusal, Route, ServiceLine
from payamak.clock import Clock
from payamak.codes import LONGEST_LIFE_MINUTES, OPT_OUTS, Code
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import Message, Reason, StepKind
from payamak.domain.pauses import PROBES
from payamak.domain.receipts import OpenId
from payamak.domain.site import Link
from payamak.domain.site.links import Validity
from payamak.domain.verdicts import Verdict, read_verdict
from payamak.log import place_of
from payamak.upstreams.base import Parcel, Report, Sink
from payamak.upstreams.negin_states import Asker, OpenIdsPage, operator_id

CONNECT_TIMEOUT_S: Final = 10.0
INTERNAL_TRIES: Final = 3
"""How many 15s about one message make a refusal (a matter of taste: three copies at most, if 15 was untrue)."""

CREDIT_ALARM_S: Final = 60.0
"""How often the log repeats that the credit is used up."""

PROBE_ID: Final = 1
"""No server has a message of this id: ids are above 1000 (contract §1)."""

_LOGIN: Final = frozenset(
    {
        Code.ACCOUNT_INACTIVE,
        Code.ACCOUNT_EXPIRED,
        Code.CREDENTIALS,
        Code.AUTHENTICATION,
        Code.ADDRESS_NOT_ALLOWED,
    }
)
_LATER: Final[Mapping[Code, Reason]] = {
    Code.BUSY: Reason.THROTTLED,
    Code.TOO_SOON: Reason.THROTTLED,
    Code.NO_CREDIT: Reason.OPERATOR_BUSY,
    **dict.fromkeys(_LOGIN, Reason.LINK_DOWN),
}
Verdicts = Mapping[int, Verdict]
"""The link's own table: the server's number → our code."""


def open_client(link: Link, password: str) -> AsyncClient:
    """The client of a link, its certificate checked by the link's CA if it names one. Raises ValueError or OSError.

    It repeats nothing: when a message comes again is the back's to say.
    """
    options = Options(
        connect_timeout_s=min(CONNECT_TIMEOUT_S, link.response_timeout_s),
        read_timeout_s=link.response_timeout_s,
        max_tries=1,
        max_connections=link.window + 2,  # one for the states, one for the probe
        verify=ssl.create_default_context(cafile=link.tls_ca_file) if link.tls_ca_file else True,
    )
    return AsyncClient(link.url, username=link.system_id, password=password, options=options)


def read_verdicts(table: Mapping[str, int | str]) -> Verdicts:
    """A link's `status_verdicts` with numbers for keys. Raises ValueError."""
    return {int(key.strip(), 0): read_verdict(word) for key, word in table.items()}


def outcome_of(error: PayamakError, tries: int, verdicts: Verdicts) -> Outcome:
    """What a failed call means for the message, at the attempt of this number (1 for the first); `part` is 1."""
    if isinstance(error, Refusal):
        return _refused(error, tries, verdicts)
    if error.may_have_been_sent:
        return Outcome(part=1, kind=OutcomeKind.AMBIGUOUS)
    return Outcome(part=1, kind=OutcomeKind.LATER, reason=Reason.LINK_DOWN)


def _refused(error: Refusal, tries: int, verdicts: Verdicts) -> Outcome:
    code = verdicts.get(error.code) or error.known or Code.INTERNAL
    if isinstance(code, Reason):
        return Outcome(part=1, kind=OutcomeKind.LATER, status=error.code, reason=code)
    if code in OPT_OUTS:
        return Outcome(part=1, kind=OutcomeKind.OPTED_OUT, status=error.code, code=code)
    if code in _LATER:
        return Outcome(part=1, kind=OutcomeKind.LATER, status=error.code, reason=_LATER[code])
    if error.code == Code.INTERNAL and error.code not in verdicts and tries < INTERNAL_TRIES:
        return Outcome(part=1, kind=OutcomeKind.AMBIGUOUS, status=error.code)
    return Outcome(part=1, kind=OutcomeKind.REFUSED, status=error.code, code=code)


def life_time_minutes(message: Message) -> int:
    """What is left until the deadline, from the mark on disk on; rounded down to minutes, at least one."""
    left = (message.deadline_at - message.changed_at) // 60_000
    return min(max(left, 1), LONGEST_LIFE_MINUTES)


class NeginUpstream:
    """One account on a server of the contract, as an Upstream."""

    def __init__(
        self,
        link: Link,
        door: AsyncClient,
        sink: Sink,
        open_ids: OpenIdsPage,
        clock: Clock,
        log: Callable[..., object],
    ) -> None:
        """Raises ValueError if the link's tables cannot be read."""
        self.name = link.name
        self.link = link
        self._door = door
        self._sink = sink
        self._clock = clock
        self._log = log
        self._verdicts = read_verdicts(link.status_verdicts)
        self._asker = Asker(link, door, sink, open_ids, clock, self._on_states_failed)
        self._is_up = asyncio.Event()
        self._doubt = asyncio.Event()
        self._down_reason = "connecting"
        self._is_stopping = False
        self._downs = 0
        self._answered = 0
        self._last_answer_at_s = float("-inf")
        self._next_alarm_s = clock.monotonic()
        self._keepers: list[asyncio.Task[None]] = []
        self._calls: set[asyncio.Task[Outcome]] = set()

    @property
    def is_up(self) -> bool:
        """True while the server answers."""
        return self._is_up.is_set() and not self._is_stopping

    @property
    def down_reason(self) -> str:
        """Why it is down; empty while it is up."""
        return "" if self._is_up.is_set() else self._down_reason

    @property
    def window(self) -> int:
        """Calls that may be open at a time."""
        return self.link.window

    @property
    def answered_since_bind(self) -> int:
        """Sends answered since the link came up; 0 while it is down."""
        return self._answered

    @property
    def last_answer_at_s(self) -> float:
        """See Upstream.last_answer_at_s."""
        return self._last_answer_at_s

    def narrow(self, is_narrow: bool) -> None:
        """Nothing to do: a message is one call, whatever its parts."""

    @property
    def ahead(self) -> int:
        """None: a message is called at once."""
        return 0

    def rest(self, is_resting: bool) -> None:
        """Nothing to do: nothing waits here."""

    def give_back(self) -> None:
        """Nothing to do, likewise."""

    def break_now(self, reason: str) -> None:
        """Use the link no more until the server answers a probe; calls under way are waited for."""
        if self.is_up:
            self._go_down(reason)

    def start(self) -> None:
        """Begin to probe, and to ask for states."""
        self._keepers.append(asyncio.create_task(self._keep_up()))
        if self.link.gives_receipts:
            self._keepers.append(asyncio.create_task(self._keep_asking()))

    async def stop(self, timeout_s: float) -> None:
        """Let open calls come back, at most `timeout_s`; those that do not are ambiguous."""
        self._is_stopping = True
        for task in self._keepers:
            task.cancel()
        if self._calls:
            await asyncio.wait(self._calls, timeout=timeout_s)
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._keepers, *self._calls, return_exceptions=True)
        await self._door.close()

    # -- MT

    def submit(self, parcel: Parcel, report: Report) -> None:
        """See Upstream.submit."""
        if not self.is_up:
            self._tell(parcel, report, Outcome(part=1, kind=OutcomeKind.LATER, reason=Reason.LINK_DOWN))
            return
        call = asyncio.create_task(self._send(parcel.message))
        self._calls.add(call)
        call.add_done_callback(partial(self._on_done, parcel, report))

    def _on_done(self, parcel: Parcel, report: Report, call: asyncio.Task[Outcome]) -> None:
        self._calls.discard(call)
        error = None if call.cancelled() else call.exception()
        if call.cancelled() or error is not None:
            if error is not None:
                said = {"error": type(error).__name__, "where": place_of(error)}
                self._log("call_failed", link=self.name, message_id=parcel.message.id, **said)
            self._tell(parcel, report, Outcome(part=1, kind=OutcomeKind.AMBIGUOUS))
        else:
            self._tell(parcel, report, call.result())

    def _tell(self, parcel: Parcel, report: Report, outcome: Outcome) -> None:
        """Report the answer to a message as the answer to each of its parts: they went in one piece."""
        message, taken = parcel.message, outcome.operator_id
        for copy, part in enumerate(parcel.parts):
            kept = None if taken is None else operator_id(int(taken), copy)
            report(replace(outcome, part=part, operator_id=kept))
            if kept is not None and self.link.gives_receipts:
                self._asker.expect(
                    OpenId(
                        operator_id=kept,
                        recipient=message.recipient,
                        taken_at=self._clock.now(),
                        deadline_at=message.deadline_at,
                    )
                )

    async def _send(self, message: Message) -> Outcome:
        step = message.current
        via: Route | None = None
        if step.kind is StepKind.SIM:
            via = Chelcheleh()
        elif step.kind is StepKind.TEMPLATE and self.link.service_template is not None:
            via = ServiceLine(self.link.service_template)
        try:
            sent = await self._door.send(
                message.recipient,
                step.text,
                line=step.line if via is None else None,
                via=via,
                life_time_minutes=life_time_minutes(message) if self.link.validity is not Validity.NONE else None,
            )
        except PayamakError as error:
            self._heed(error)
            return outcome_of(error, message.tries, self._verdicts)
        self._heed(None)
        return Outcome(part=1, kind=OutcomeKind.TAKEN, operator_id=str(sent.message_id))

    # -- the link itself

    def _heed(self, error: PayamakError | None) -> None:
        """What an answer to a send says of the link: silence and a refused login speak against it, all else for it."""
        if error is not None and (not isinstance(error, Refusal) or self._is_login(error)):
            self._go_down(str(error))
            return
        self._last_answer_at_s = self._clock.monotonic()
        self._answered += self._is_up.is_set()
        self._downs = 0
        if isinstance(error, Refusal) and error.code == Code.NO_CREDIT and error.code not in self._verdicts:
            self._raise_alarm()

    def _raise_alarm(self) -> None:
        """Nobody but us can pay: said aloud, though not for every message."""
        now_s = self._clock.monotonic()
        if now_s >= self._next_alarm_s:
            self._next_alarm_s = now_s + CREDIT_ALARM_S
            self._log("operator_credit_used_up", link=self.name, todo="pay: the messages of this link wait for it")

    def _on_states_failed(self, error: PayamakError) -> None:
        if not isinstance(error, Refusal) or self._is_login(error):
            self._go_down(str(error))
        else:
            self._log("states_refused", link=self.name, reason=str(error))

    def _is_login(self, error: Refusal) -> bool:
        return error.known in _LOGIN and error.code not in self._verdicts

    def _go_down(self, reason: str) -> None:
        self._doubt.set()
        was_told = reason == self._down_reason
        self._down_reason = reason
        if self._is_up.is_set():
            self._is_up.clear()
            self._answered = 0
            self._downs += 1
            self._log("link_down", link=self.name, reason=reason)
            self._sink.link_changed(self.name)
        elif not was_told:
            self._log("link_down", link=self.name, reason=reason)

    async def _keep_up(self) -> None:
        """Probe; while up, again when a call fails, or nothing was to be said against it for `enquire_link_s`."""
        while True:
            self._doubt.clear()
            if await self._probe():
                if not self._is_up.is_set():
                    self._is_up.set()
                    self._log("link_up", link=self.name)
                    self._sink.link_changed(self.name)
                try:
                    # Not wait_for: in Python 3.11 that loses a cancellation which meets the end of the wait.
                    async with asyncio.timeout(self.link.enquire_link_s or None):
                        await self._doubt.wait()
                except TimeoutError:
                    self._downs = 0
            else:
                self._downs += 1
            if not self._is_up.is_set():
                await asyncio.sleep(pause_s(self._downs))

    async def _probe(self) -> bool:
        """Whether the server answers our account, in whatever words."""
        try:
            await self._door.states([PROBE_ID])
        except Refusal as error:
            if not self._is_login(error):
                return True
            self._go_down(str(error))
        except PayamakError as error:
            self._go_down(str(error))
        else:
            return True
        return False

    async def _keep_asking(self) -> None:
        """A bug there must not end the receipts of the link."""
        while True:
            try:
                await self._asker.run(self._is_up)
            except Exception as error:
                self._log("asking_failed", link=self.name, error=type(error).__name__, where=place_of(error))
                await asyncio.sleep(PROBES.longest_ms / 1_000)


def pause_s(downs: int) -> float:
    """Seconds until the next probe, after so many failures in a row."""
    return PROBES.full(downs) / 1_000 * random.uniform(0.5, 1.0)
