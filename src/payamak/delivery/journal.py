"""The log of states: one line for each change of a message, from the Feed, after the commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from payamak.domain.numbers import masked
from payamak.store.feed import Change


def state_logger(log: Callable[..., object], is_told: Callable[[], bool]) -> Callable[[Sequence[Change]], None]:
    """A listener for the Feed. The number is masked, the text never there. `is_told`: whether the log wants it now."""

    def listen(changes: Sequence[Change]) -> None:
        if not is_told():
            return
        for change in changes:
            message = change.message
            if message.state is change.before and change.event != "Answered":
                continue
            log(
                message.state.value,
                message_id=message.id,
                account=message.account_id,
                recipient_masked=masked(message.recipient),
                line=message.current.line,
                step=message.step,
                tries=message.tries,
                reason=message.reason.value,
                code=message.code,
                event_name=change.event,
            )

    return listen
