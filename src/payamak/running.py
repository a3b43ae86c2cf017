"""The parts of a gateway at work: built in order from the store outwards, begun, and stopped in reverse."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Awaitable, Callable
from pathlib import Path

from payamak.background import FailingWork, keep_going
from payamak.config import Networks, Settings
from payamak.delivery.inbound import InboundDesk
from payamak.delivery.links import LinkKeeper
from payamak.delivery.marking import MarkKeeper
from payamak.delivery.receipts import ReceiptDesk
from payamak.delivery.recovery import keep_house, watch_store
from payamak.delivery.timekeeping import KeptClock, TimeKeeper
from payamak.delivery.worker import Worker
from payamak.domain.site import Link, LinkKind, Site
from payamak.doors import doors
from payamak.errors import StoreFailed
from payamak.front.accept import Front
from payamak.front.feeder import Feeder
from payamak.front.passwords import Authenticator
from payamak.front.reads import Reads
from payamak.http import metric_table as table
from payamak.http.admission import Admission
from payamak.http.app import Application
from payamak.http.exchange import Exchange
from payamak.http.health import HealthPages, Sparing
from payamak.http.limits import HttpLimits
from payamak.http.metrics import Metrics
from payamak.http.refusals import Refusals
from payamak.http.request import Response
from payamak.http.server import HttpServer
from payamak.log import event_logger
from payamak.measuring import Measures
from payamak.panel import refusals
from payamak.panel.door import Panel
from payamak.panel.pages import ROOT, is_of_panel
from payamak.panel.place import PanelPlace, place_of
from payamak.panel.visit import Rooms
from payamak.posts.relay import Relay
from payamak.posts.webhooks import Webhooks
from payamak.smpp.link import Tap
from payamak.store.base import Store
from payamak.store.engines import is_database
from payamak.upstreams.base import Sink, Upstream
from payamak.upstreams.negin import NeginUpstream, open_client
from payamak.upstreams.smpp import SmppUpstream, secret

STOP_ANSWERS_S = 1.5
"""How long a stop waits for outstanding answers: the whole stop stays under 3 s; what comes later is ambiguous."""

OWN_FILES = 128
"""Open files that are kept from HTTP for the store, the links, relayed messages and Python itself. Taste."""

FEWEST_CONNECTIONS = 8

MOST_MENDED_TOLD = 20
"""Stored settings that do not count, told one by one in the log; `payamak doctor` tells all."""

WATCH_CONFIG_S = 0.5
"""How soon a change by another process (the command line) is seen."""


class Running:
    """The parts of a gateway whose store is open, looked through and recovered. All are there from the start on."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: KeptClock,
        metrics: Metrics,
        health: FailingWork,
        make_upstream: Callable[[Link, Sink], Upstream] | None,
    ) -> None:
        """From the store outwards; nothing runs yet. `make_upstream`: in the place of SMPP and HTTP."""
        self.settings = settings
        self.store = store
        self.clock = clock
        self.metrics = metrics
        self.health = health
        self.port = 0
        self.log = event_logger("gateway")
        self.taps: dict[str, Tap] = {}
        """Who sees the PDUs of a link, by its name, whatever upstream it is at the moment."""
        self._make_upstream = make_upstream
        self._tasks: list[asyncio.Task[None]] = []
        self._followed = store.site.version
        self._server: HttpServer | None = None
        self._app: Application | None = None
        self.worker = Worker(self.store, self.clock, event_logger("delivery"))
        self.authenticator = Authenticator(self.clock.monotonic)
        self.front = Front(
            self.store,
            self.clock,
            self.authenticator.admits,
            recipient_prefixes=self.settings.recipient_prefixes,
            log=event_logger("service"),
            reads=Reads(self.clock.monotonic, lambda: self.store.waiting_s),
        )
        self.feeder = Feeder(
            self.store,
            self.clock,
            event_logger("campaign"),
            self.settings.recipient_prefixes,
            lambda: self.front.intake_open,
        )
        self.feeder.health = self.health
        self._refusals = Refusals(self._account_name, event_logger("api"), self.clock.monotonic)
        self.relay = Relay(self.store, self.clock, event_logger("relay"), self.front.plan_reply)
        self.webhooks = Webhooks(self.store, self.clock, event_logger("webhook"))
        self.store.feed.listen(self.webhooks.hear)
        self.worker.outlet.bugs = self.health
        self.relay.health = self.webhooks.health = self.health
        self.inbound = InboundDesk(self.store, self.clock, event_logger("received"), self.relay.wake)
        self.sink = ReceiptDesk(
            self.store, self.worker.outlet.arrivals, self.worker, self.inbound, self.clock, event_logger("receipts")
        )
        self.links = LinkKeeper(self.worker, self._upstream, event_logger("link"))
        self.marks = MarkKeeper(self.store, self.clock, event_logger("store"))
        self.timekeeper = TimeKeeper(self.store, self.clock, event_logger("clock"))
        self.clock.on_fall += [self.worker.set_back, self.relay.set_back, self.webhooks.set_back]
        self.measures = Measures(self.store, _file_of(settings), self.clock, self.health.went_well)
        metrics.name_upstreams(self._upstream_name)

    async def begin(self) -> None:
        """Bring the links up, begin what goes on by itself, open the HTTP door. Raises OSError with what to do."""
        site = self.store.site
        self.links.follow(site)
        self._tell_mended(site)
        self._followed = site.version
        self._tasks = self._begin_work()
        await self._open_door()

    def believe(self, proxies: Networks) -> None:
        """Whose X-Forwarded-For counts from now on."""
        if self._app is not None:
            self._app.believe(proxies)

    def _begin_work(self) -> list[asyncio.Task[None]]:
        """What goes on by itself until the stop."""
        return [
            self._keep("mark", self.marks.run),
            self._keep("clock", self.timekeeper.run),
            self._keep("claims", self.worker.run_claims),
            self._keep("campaigns", self.feeder.run),
            self._keep("house", lambda: keep_house(self.store, self.clock, self.log, self.health)),
            self._keep(
                "store", lambda: watch_store(self.store, event_logger("store"), lambda: self.health.went_well("store"))
            ),
            self._keep("inbound", lambda: self.inbound.run(self.health)),
            self._keep(self.relay.KIND, self.relay.run),
            self._keep(self.webhooks.KIND, self.webhooks.run),
            self._keep("config", self._follow_config),
            self._keep("figures", self.measures.count),
            self._keep("proof", self.measures.prove),
        ]

    def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        return asyncio.create_task(keep_going(name, work, self.log, health=self.health))

    async def _open_door(self) -> None:
        admission = Admission(self.clock.monotonic, lambda: self.store.waiting_s)
        self.metrics.show(table.HTTP_SHED, lambda: admission.refused)
        health = HealthPages(
            self._is_ready,
            Sparing(self.metrics.render, self.clock.monotonic),
            self._trouble,
            self._asks,
            networks=self.settings.metrics_networks,
        )
        panel = self._panel() if self.settings.panel else None
        routes = doors(self.front, health, allow_get=self.settings.allow_get, admits=admission.admits, panel=panel)
        self.metrics.listed(route for route in routes if not is_of_panel(route.path))
        app = self._app = Application(
            routes,
            families={} if panel is None else {ROOT: refusals.page},
            admission=admission,
            trusted_proxies=self.settings.trusted_networks,
            answered=self._answered,
        )
        limits = HttpLimits(connections=self._most_connections(), keep_alive_s=self.settings.keep_alive_s)
        monotonic = self.clock.monotonic
        server = HttpServer(app, host=self.settings.host, port=self.settings.port, limits=limits, monotonic=monotonic)
        unfinished = server.unfinished
        self.metrics.show(table.HTTP_UNFINISHED, lambda: len(unfinished))
        self.metrics.show(table.HTTP_UNFINISHED_DROPPED, lambda: unfinished.dropped)
        self.port = await server.start()
        self._server = server

    def _panel(self) -> Panel:
        """The panel. Raises ValueError, with what to do, for an address of it that is not safe."""
        settings = self.settings

        def place(port: int) -> PanelPlace:
            return place_of(settings.panel_url, port, over_http=settings.panel_over_http)

        place(settings.port)
        rooms = Rooms(front=self.front, store=self.store, verify=self.authenticator.verify, clock=self.clock)
        return Panel(rooms, lambda: place(self.port), settings.panel_networks)

    def _answered(self, exchange: Exchange, response: Response, took_s: float | None) -> None:
        self.metrics.answered(exchange, response, took_s)
        self._refusals.answered(exchange, response)

    def _most_connections(self) -> int:
        """As the setting says, but never so many that the store or a link finds no file left."""
        wanted, granted = self.settings.max_connections, resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        most = min(wanted, max(granted - OWN_FILES, FEWEST_CONNECTIONS))
        if most < wanted:
            self.log("fewer_connections", max_connections=wanted, granted=most, open_files=granted)
        return most

    def _upstream_name(self, link: str) -> str:
        found = self.store.site.links.get(link)
        return self.store.site.upstream_of(found) if found else link

    def _account_name(self, name: str) -> str | None:
        account = self.store.site.account(name)
        return None if account is None else account.username

    def _is_ready(self) -> bool:
        return self.front.is_ready and self.health.trouble is None

    def _trouble(self) -> str | None:
        """What keeps the intake closed, or must not happen and does; None if all is well."""
        return self.store.trouble or self.health.trouble

    def _asks(self) -> str:
        """What a person has to decide; nothing if nothing waits for one."""
        return "\n".join(filter(None, (self.marks.asks, self.timekeeper.asks)))

    def _upstream(self, link: Link) -> Upstream:
        sink: Sink = self.sink
        if self._make_upstream is not None:
            return self._make_upstream(link, sink)
        if link.kind is LinkKind.NEGIN:
            client = open_client(link, secret(link.password))
            return NeginUpstream(link, client, sink, self.store.open_operator_ids, self.clock, event_logger("link"))
        site: Callable[[], Site] = lambda: self.store.site  # noqa: E731 - one line, one use
        prefixes = self.settings.recipient_prefixes
        upstream = SmppUpstream(link, sink, site, self.clock, event_logger("link"), recipient_prefixes=prefixes)
        upstream.tap(self.taps.get(link.name))
        return upstream

    async def _follow_config(self) -> None:
        """See what another process changed: accounts, lines, links, suspensions."""
        while True:
            await asyncio.sleep(WATCH_CONFIG_S)
            try:
                site = await self.store.refresh()
            except StoreFailed as error:
                self.log("config_not_read", reason=str(error))
                continue
            if site.version != self._followed:
                self.links.follow(site)  # if it fails, it is followed again
                self._followed = site.version
                self.log("config_changed", version=site.version)
                self._tell_mended(site)
            self.health.went_well("config")

    def _tell_mended(self, site: Site) -> None:
        """Say which stored settings do not count as they stand; no value, for it may be a secret."""
        log = event_logger("config")
        for fault in site.mended[:MOST_MENDED_TOLD]:
            why, setting = fault.why.value, fault.field
            if fault.kind == "line":  # a field of its own: in others what looks like a mobile is masked
                log("setting_not_allowed", document="line", line=fault.name, setting=setting, why=why)
            else:
                log("setting_not_allowed", document=f"{fault.kind} {fault.name}", setting=setting, why=why)
        if len(site.mended) > MOST_MENDED_TOLD:
            log("settings_not_allowed", count=len(site.mended))

    async def stop(self) -> None:
        """Stop cleanly, in under 3 s if the operators answer."""
        self.front.is_stopping = True
        self.worker.stop_taking()
        server = None if self._server is None else asyncio.create_task(self._server.stop(STOP_ANSWERS_S))
        await self.links.stop(STOP_ANSWERS_S)
        posters = (self.relay.stop(STOP_ANSWERS_S), self.webhooks.stop(STOP_ANSWERS_S))
        await asyncio.gather(self.worker.finish(STOP_ANSWERS_S), *posters)
        if server is not None:
            await server
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.authenticator.close()
        await self.marks.stop()


def _file_of(settings: Settings) -> Path | None:
    """The store's file; None where a database keeps it."""
    return None if is_database(settings.database) else Path(settings.database)
