"""A call as a conversation, without I/O: what to post, when to pause, when to give up.

Each conversation is a generator. It yields a `Post` and is sent what came of it (a `Reply`, or a
`TransportFailed` that is not raised yet), or yields a `Pause` and is sent None; it returns the call's result
or raises. Both clients perform the same conversations, so there is one rule for what may be repeated.
"""

import random
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias, TypeVar

from payamak.client.errors import Busy, PayamakError, Refusal, TransportFailed, UnexpectedAnswer
from payamak.client.models import MessageState, Options, Sent
from payamak.client.wire import (
    Account,
    Doors,
    Reader,
    Reply,
    Request,
    Submission,
    send_request,
    sent_reader,
    states_reader,
    states_request,
)
from payamak.codes import Code

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Post:
    """Post this request; send back its Reply or TransportFailed."""

    request: Request


@dataclass(frozen=True, slots=True)
class Pause:
    """Let this many seconds pass; send back None."""

    seconds: float


Action: TypeAlias = Post | Pause
Heard: TypeAlias = Reply | TransportFailed | None
Conversation: TypeAlias = Generator[Action, Heard, T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who talks to which server, and how."""

    doors: Doors
    account: Account
    options: Options

    def sending(self, wanted: Submission) -> Conversation[Sent]:
        """The conversation that sends one message. Raises ValueError at once for a wrong argument."""
        return self._asking(send_request(self.doors, self.account, wanted), sent_reader(wanted))

    def states(self, message_ids: Iterable[int]) -> Conversation[dict[int, MessageState]]:
        """The conversation that asks for states, batch by batch; each id once, in the order given."""
        ids = list(dict.fromkeys(message_ids))
        size = self.options.states_per_call
        batches = [ids[start : start + size] for start in range(0, len(ids), size)]
        requests = [states_request(self.doors, self.account, batch) for batch in batches]
        found: dict[int, MessageState] = {}
        for request, batch in zip(requests, batches, strict=True):
            found |= yield from self._asking(request, states_reader(batch))
        return found

    def _asking(self, request: Request, read: Reader[T]) -> Conversation[T]:
        for tries in count(1):
            heard = yield Post(request)
            failure: PayamakError
            if isinstance(heard, Reply):
                try:
                    return read(request, heard)
                except PayamakError as error:
                    failure = error
            elif heard is None:
                raise TypeError("a Post is answered by a Reply or a TransportFailed")
            else:
                failure = heard
            if tries >= self.options.max_tries or not may_be_repeated(request, failure):
                raise failure
            yield Pause(_pause_s(self.options, tries))
        raise AssertionError("unreachable")


def may_be_repeated(request: Request, failure: PayamakError) -> bool:
    """Tell whether asking again is safe and may help.

    A send is repeated only if the server certainly did not take it: no connection, or 23. States change
    nothing, so they also survive a broken connection, 15 and a gateway's 5xx page.
    """
    match failure:
        case Busy():
            return True
        case Refusal(code=code):
            return not request.is_send and code == Code.INTERNAL
        case TransportFailed():
            return not failure.may_have_been_sent
        case UnexpectedAnswer():
            return not request.is_send and failure.http_status >= 500
        case _:
            return False


def _pause_s(options: Options, tries: int) -> float:
    # Half fixed, half chance: clients that were turned away together do not come back together.
    full = min(options.first_pause_s * 2.0 ** (tries - 1), options.longest_pause_s)
    return full * (0.5 + random.random() / 2)
