"""The patient: the gateway that is looked at, as the one who asks knows it: its store, its server, its surroundings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from msgspec import Struct

from payamak.domain.clocks import Clocks
from payamak.store.base import Store


class Heard(Struct, frozen=True, kw_only=True):
    """What a running server says of itself: of its links by name, of its log, of the work that nobody waits for.

    `odd`: how often what was odd in what a link has brought; `log_is_read` is None where it does not say.
    """

    up: Mapping[str, bool] = {}
    on_trial: tuple[str, ...] = ()
    odd: Mapping[str, Mapping[str, int]] = {}
    window_full_s: Mapping[str, float] = {}
    log_is_read: bool | None = None
    log_lost: int = 0
    does_work: bool = True
    drift_rial: float = 0.0


class Readiness(Struct, frozen=True, kw_only=True):
    """What the server answered to whether it takes messages: status and text; no status where nobody answers."""

    url: str
    where: str
    status: int | None = None
    text: str = ""


class Patient(Struct, frozen=True, kw_only=True):
    """A gateway to be looked at, and by what.

    `environment`: where the secrets that the site names are looked up. `shown`: how an instant is told. `clocks_of`:
    what is known of the clocks, by a store. `heard` is None where no server answers; `is_offline`: none is expected.
    """

    store: str
    host: str
    port: int
    now: int
    environment: Mapping[str, str]
    shown: Callable[[int], str]
    clocks_of: Callable[[Store], Awaitable[Clocks]]
    readiness: Readiness
    heard: Heard | None
    is_offline: bool = False

    @property
    def path(self) -> Path:
        """Where the store lies."""
        return Path(self.store)
