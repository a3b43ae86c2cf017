"""The doctor at the server: does it answer and take messages, does its work go on, is its log read."""

from __future__ import annotations

from collections.abc import Iterator

from payamak.hands.doctor.finding import Finding, grave, judged, well
from payamak.hands.doctor.patient import Heard, Readiness
from payamak.texts import signs


def server(ready: Readiness, *, is_offline: bool) -> Finding:
    """Whether a server answers, and takes messages; with `is_offline` none is expected."""
    if ready.status is None:
        return well(signs.OFFLINE, where=ready.where) if is_offline else grave(signs.NO_SERVER, where=ready.where)
    given = {"url": ready.url, "status": ready.status, "text": ready.text.strip()}
    if ready.status == 200:
        return well(signs.SERVER, **given)
    if ready.text.startswith("not taking: background work"):
        return grave(signs.SERVER_WORK_FAILS, **given)
    return grave(signs.SERVER_NOT_TAKING if ready.text.startswith("not taking: ") else signs.SERVER, **given)


def work(heard: Heard | None) -> Iterator[Finding]:
    """Whether the work that nobody waits for goes on, as a running server says of itself."""
    if heard is not None:
        yield well(signs.WORK) if heard.does_work else grave(signs.WORK_FAILS)
        if heard.drift_rial:
            yield grave(signs.MONEY, drift=heard.drift_rial)


def log(heard: Heard) -> Iterator[Finding]:
    """Whether the log is read: a problem while nobody does; what was lost is told ever after."""
    if heard.log_is_read is not None:
        yield judged(heard.log_is_read, signs.LOG if heard.log_is_read else signs.LOG_UNREAD, lost=heard.log_lost)
