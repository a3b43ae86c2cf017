"""The whole program: opened, started in order (running.py has the parts), stopped in reverse.

Start: lock and open the store, look it through, compare the clocks with what it remembers of them, hold what waits if
it is a copy that was put back, recover, bring the links up, open the HTTP door. Stop: close the intake, give back
what waits in memory, let outstanding answers come, unbind, store what came, close the door and the store. Dying at
any point of either is safe: what is accepted is on disk, and recovery finds it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from pathlib import Path

from payamak.background import FailingWork
from payamak.clock import Source, SystemClock
from payamak.config import Settings
from payamak.delivery.journal import state_logger
from payamak.delivery.marking import begin_mark
from payamak.delivery.node import take_over
from payamak.delivery.recovery import look_through
from payamak.delivery.timekeeping import KeptClock, begin_clock
from payamak.domain.site import Link
from payamak.http import metric_table as table
from payamak.http.metrics import Metrics
from payamak.log import Logs, event_logger
from payamak.metric_sources import show_all
from payamak.running import Running
from payamak.sidedoor import SideDoor
from payamak.store.base import Mode, Store
from payamak.store.engines import Lock, is_database, lock_to_serve, open_store
from payamak.upstreams.base import Sink, Upstream

REREAD = frozenset({"log_level", "log_states", "trusted_networks"})
"""Settings that a SIGHUP takes over; the others are built in."""


class Gateway:
    """The whole program in one process. `settings` say where and how; the site's documents are in the store."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Source | None = None,
        open_store: Callable[[str | Path], Awaitable[Store]] = lambda address: open_store(address, Mode.SERVE),
        make_upstream: Callable[[Link, Sink], Upstream] | None = None,
        is_restored: bool = False,
        logs: Logs | None = None,
    ) -> None:
        """`is_restored`: a person says that the store is a copy that was put back, with all that lies beside it.
        `logs`: those of the process, if it has any of its own; without them no state is logged.

        Clock, store and transport can be put in by hand: the same code then runs under a virtual clock."""
        self.settings = settings
        self.clock = KeptClock(clock or SystemClock())
        self._open_store = open_store
        self._make_upstream = make_upstream
        self._is_restored = is_restored
        self._logs = logs
        self.log = event_logger("gateway")
        self.health = FailingWork(event_logger("gateway"))
        self._lock: Lock | None = None
        self._store: Store | None = None
        self._running: Running | None = None

    @property
    def store(self) -> Store:
        """The store, once it is open."""
        assert self._store is not None, "open() comes first"
        return self._store

    @property
    def running(self) -> Running:
        """The parts at work, once start() has made them."""
        assert self._running is not None, "start() comes first"
        return self._running

    @property
    def port(self) -> int:
        """Where HTTP is served; 0 before."""
        return 0 if self._running is None else self._running.port

    async def open(self) -> None:
        """Lock and open the store; may take long where a migration does. Raises StoreFailed or OSError with what to do.

        Whoever is asked to stop meanwhile may die at any point of it.
        """
        address: str | Path = self.settings.database
        if not is_database(address):
            address = Path(address)
            address.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = await lock_to_serve(address)
        try:
            self._store = await self._open_store(address)
        except BaseException:
            self._unlock()
            raise

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    async def start(self) -> None:
        """Come up; `/readyz` answers 200 when this returns. Raises StoreFailed or OSError with what to do.

        When it raises, or is cancelled, all that it had begun is stopped.
        """
        if self._lock is None:
            await self.open()
        try:
            await self._come_up()
        except BaseException:
            self.store.interrupt()
            await self._go_down()
            raise

    async def _come_up(self) -> None:
        metrics = Metrics(self.store.feed, has_process=self._logs is not None)
        if (logs := self._logs) is not None:
            logs.is_own_line = lambda number: self.store.site.line(number) is not None
            metrics.show(table.LOG_WELL, lambda: not logs.output.is_stuck)
            metrics.show(table.LOG_DROPPED, lambda: logs.output.dropped)
            tells_all = lambda: self.settings.log_states == "all"  # noqa: E731 - a name for what is asked
            self.store.feed.listen(state_logger(logs, tells_all, lambda number: logs.show_name(self._account(number))))
        await look_through(self.store, self.log)
        await begin_clock(self.store, self.clock)
        await begin_mark(self.store, self.clock, event_logger("store"), is_restored=self._is_restored)
        await take_over(self.store, self.clock, self.log)
        self.store.begin_serving()
        self._running = Running(self.settings, self.store, self.clock, metrics, self.health, self._make_upstream)
        show_all(self._running, metrics)
        await self._running.begin()
        self.log("ready", port=self.port, links=len(self.store.site.links))

    def _account(self, number: int) -> str:
        """The name of an account; its number where it has gone."""
        account = self.store.site.accounts_by_id.get(number)
        return f"#{number}" if account is None else account.username

    def reread(self, settings: Settings) -> None:
        """Take over what can change while we run (`REREAD`); say what of the rest waits for a restart.

        What is in the store (accounts, lines, links) needs no asking: it is followed at once.
        """
        before = self.settings
        changed = [f.name for f in fields(Settings) if getattr(settings, f.name) != getattr(before, f.name)]
        now = {name: getattr(settings, name) for name in changed if name in REREAD}
        self.settings = replace(before, **now)
        if self._logs is not None:
            self._logs.set_level(self.settings.log_level)
        if self._running is not None:
            self._running.believe(self.settings.trusted_networks)
        later = ",".join(name for name in changed if name not in REREAD)
        self.log("settings_reread", setting=",".join(now), todo=f"a restart takes over: {later}" if later else "")

    async def stop(self) -> None:
        """Stop cleanly, in under 3 s if the operators answer; nothing that was accepted is lost."""
        await self._go_down()
        self.log("stopped")

    async def _go_down(self) -> None:
        if self._running is not None:
            await self._running.stop()
        await self.store.close()
        self._unlock()


def side_door(gateway: Gateway) -> SideDoor:
    """The side door of a gateway that has come up; whoever opens it closes it before the gateway stops."""
    running, address = gateway.running, gateway.settings.database
    path = None if is_database(address) else Path(address)
    return SideDoor(path, running.links.upstreams, running.taps, gateway.clock, event_logger("sidedoor"))
