"""What /metrics tells Prometheus. Labels are lines, links, states and paths: never a person's number, nor a text.

What each message and each request counts is a plain integer here; Prometheus' own is made of it when the page is asked
for.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from msgspec import Struct
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from payamak.domain.clocks import Clocks
from payamak.domain.events import LearnOptOut, Submit
from payamak.http.app import Handler, Request, Response, Route
from payamak.store.feed import Change, Feed
from payamak.store.records import FaultCounts

LINK_UP = "payamak_link_up"
LINK_ON_TRIAL = "payamak_link_on_trial"
"""Also read by `payamak doctor`."""

LINK_WINDOW_FULL = "payamak_link_window_full_seconds"
"""Likewise."""

LOG_WELL, LOG_DROPPED = "payamak_log_well", "payamak_log_lines_dropped"
"""Likewise."""

LINK_ODD = "payamak_link_odd"
"""The same; on the page it ends in `_total`."""

ANSWER_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Counts(Collector):
    """A counter with a value for each set of labels that was met. All of it on the event loop."""

    def __init__(self, name: str, says: str, labels: Sequence[str]) -> None:
        """`name` without the `_total` that it has on the page."""
        self._name, self._says, self._labels = name, says, labels
        self._counts: dict[tuple[object, ...], int] = {}
        self._since_s: dict[tuple[object, ...], float] = {}

    def add(self, labels: tuple[object, ...], count: int = 1) -> None:
        """Count on; whole numbers from 0 up. `labels` in the order of the names, as text on the page."""
        try:
            self._counts[labels] += count
        except KeyError:
            self._counts[labels], self._since_s[labels] = count, time.time()

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily(self._name, self._says, labels=self._labels)
        for labels, count in self._counts.items():
            family.add_metric([str(label) for label in labels], count, created=self._since_s[labels])
        yield family


class _Durations:
    """How often something took how long, in the spans that end with ANSWER_BUCKETS_S and one beyond."""

    __slots__ = ("counts", "since_s", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(ANSWER_BUCKETS_S) + 1)
        self.sum_s = 0.0
        self.since_s = time.time()

    def add(self, seconds: float) -> None:
        """One more; what took as long as a bound is below it."""
        self.counts[bisect_left(ANSWER_BUCKETS_S, seconds)] += 1
        self.sum_s += seconds


class _Answers(Collector):
    """How long requests took, by path; a path is on the page from the start on."""

    def __init__(self) -> None:
        self._of: dict[str, _Durations] = {}

    def of(self, path: str) -> _Durations:
        """Where the requests to a path are counted."""
        return self._of.setdefault(path, _Durations())

    def collect(self) -> Iterable[Metric]:
        name = "payamak_http_seconds"
        says = "Seconds from a request's last octet to its answer, by path."
        family = HistogramMetricFamily(name, says, labels=["path"])
        bounds = [*map(str, ANSWER_BUCKETS_S), "+Inf"]
        for path, took in self._of.items():
            family.add_metric([path], list(zip(bounds, accumulate(took.counts), strict=True)), took.sum_s)
            family.add_sample(f"{name}_created", {"path": path}, took.since_s)
        yield family


class _Each(Collector):
    """One gauge with a value for each link or line that there is now."""

    def __init__(self, name: str, says: str, values: Callable[[], Mapping[str, float]], label: str = "link") -> None:
        self._name = name
        self._says = says
        self._values = values
        self._label = label

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._says, labels=[self._label])
        for name, value in self._values().items():
            family.add_metric([name], float(value))
        yield family


class _Oddities(Collector):
    """What was odd of that which each link has brought."""

    def __init__(self, counts: Callable[[], Mapping[str, Mapping[str, int]]]) -> None:
        self._counts = counts

    def collect(self) -> Iterable[CounterMetricFamily]:
        says = "PDUs of the operator that were read although something was odd, by link and oddity."
        family = CounterMetricFamily(LINK_ODD, says, labels=["link", "what"])
        for name, counts in self._counts().items():
            for what, count in counts.items():
                family.add_metric([name, what], count)
        yield family


class OpenEvents(Struct, frozen=True, kw_only=True):
    """How many events of webhooks wait or are dead, and how old the oldest is that waits."""

    waiting: int
    dead: int
    oldest_s: float


class _Posts(Collector):
    """What is posted to customers: how often, and, of the webhooks, what has not arrived."""

    def __init__(self, posts: Mapping[str, Mapping[str, int]], open_events: Callable[[], OpenEvents]) -> None:
        self._posts = posts
        self._open_events = open_events

    def collect(self) -> Iterable[Metric]:
        posts = CounterMetricFamily(
            "payamak_posts",
            "Posts to customers' URLs, by kind (relay, webhook) and result: done, waiting (comes again), dead.",
            labels=["kind", "result"],
        )
        for kind, counts in self._posts.items():
            for result in ("done", "waiting", "dead"):
                posts.add_metric([kind, result], counts.get(result, 0))
        yield posts
        now = self._open_events()
        events = GaugeMetricFamily(
            "payamak_webhook_events", "Events of webhooks that have not arrived, by state.", labels=["state"]
        )
        events.add_metric(["waiting"], now.waiting)
        events.add_metric(["dead"], now.dead)
        yield events
        yield GaugeMetricFamily(
            "payamak_webhook_oldest_seconds", "Age of the oldest event of a webhook that waits.", value=now.oldest_s
        )


class _RecipientsRefused(Collector):
    """Recipients that were refused with 1: no number at all, or one that no mobile begins with."""

    def __init__(self, refused: Callable[[], Mapping[str, int]]) -> None:
        self._refused = refused

    def collect(self) -> Iterable[Metric]:
        says = "Recipients refused with 1: form, no mobile number; prefix, not on recipient_prefixes."
        family = CounterMetricFamily("payamak_recipients_refused", says, labels=["reason"])
        for reason, count in self._refused().items():
            family.add_metric([str(reason)], count)
        yield family


class _CountedElsewhere(Collector):
    """A counter that its subject keeps, as calls that were refused: asked whenever the page is."""

    def __init__(self, name: str, says: str, count: Callable[[], int]) -> None:
        self._name, self._says, self._count = name, says, count

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily(self._name, self._says, value=self._count())


class _Passwords(Collector):
    """How passwords fared, by the kind of credential and the result; nobody's name."""

    def __init__(self, counts: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        says = "Passwords that came, by kind of credential and result: right, wrong, limited (unread, 23)."
        family = CounterMetricFamily("payamak_passwords", says, labels=["credential", "result"])
        for labels, count in self._counts().items():
            family.add_metric(list(labels), count)
        yield family


class Metrics:
    """Counters fed by the Feed and by the HTTP door."""

    def __init__(self, feed: Feed, backlog: Callable[[], int]) -> None:
        """`backlog` tells how many pieces of work wait for the disk."""
        self._registry = CollectorRegistry()
        self._upstream_of: Callable[[str], str] = str
        self._changes = _Counts(
            "payamak_state_changes", "Messages that came to a state, by line and state.", ["line", "state"]
        )
        self._opt_outs = _Counts("payamak_opt_outs_learned", "Opt-out verdicts met, by line.", ["line"])
        self._copies = _Counts(
            "payamak_possible_copies",
            "Parts sent again after a lost answer, by line and upstream.",
            ["line", "upstream"],
        )
        self._requests = _Counts("payamak_http_requests", "Requests, by path and HTTP status.", ["path", "status"])
        self._answers = _Answers()
        for each in (self._changes, self._opt_outs, self._copies, self._requests, self._answers):
            self._registry.register(each)
        waiting = Gauge("payamak_writer_backlog", "Pieces of work that wait for the disk.", registry=self._registry)
        waiting.set_function(backlog)
        feed.listen(self._on_changes)

    def watch_store(self, is_well: Callable[[], bool]) -> None:
        """`is_well` tells whether the store can keep anything now."""
        well = Gauge("payamak_store_well", "1 while the store can keep what comes.", registry=self._registry)
        well.set_function(lambda: float(is_well()))

    def watch_log(self, is_well: Callable[[], bool], dropped: Callable[[], int]) -> None:
        """Whether somebody reads the log, and how many of its lines were lost because nobody did."""
        well = Gauge(LOG_WELL, "1 while the log's lines are taken from us.", registry=self._registry)
        well.set_function(lambda: float(is_well()))
        says = "Lines of the log that were lost: nobody read them, or they could not be written."
        self._registry.register(_CountedElsewhere(LOG_DROPPED, says, dropped))

    def watch_restore(self, held: Callable[[], int]) -> None:
        """`held` tells how many messages wait for a person after a restore."""
        gauge = Gauge(
            "payamak_messages_restored",
            "Messages that are held after a restore until a person lets them go.",
            registry=self._registry,
        )
        gauge.set_function(held)

    def watch_clock(self, clocks: Callable[[], Clocks]) -> None:
        """`clocks` tells what is known of the machine's clock."""
        doubt = Gauge(
            "payamak_clock_in_doubt",
            "1 while the machine's clock has jumped and does not count as true yet.",
            registry=self._registry,
        )
        doubt.set_function(lambda: float(clocks().is_in_doubt))
        ahead = Gauge(
            "payamak_clock_ahead_seconds",
            "By how much the machine's clock is ahead of the time held to be right; negative: behind.",
            registry=self._registry,
        )
        ahead.set_function(lambda: clocks().ahead / 1_000)
        says = "Jumps of the machine's clock that this store has met."
        self._registry.register(_CountedElsewhere("payamak_clock_jumps", says, lambda: clocks().jumps))

    def watch_faults(self, is_well: Callable[[], bool], counts: Callable[[], FaultCounts]) -> None:
        """Whether all background work goes well, and what of it the store has put aside."""
        well = Gauge("payamak_background_well", "1 while no background work fails.", registry=self._registry)
        well.set_function(lambda: float(is_well()))
        aside = Gauge("payamak_put_aside", "Rows whose handling fails by a bug of ours.", registry=self._registry)
        aside.set_function(lambda: float(counts().aside))
        kept = Gauge("payamak_unreadable", "Pieces of operators that could not be handled.", registry=self._registry)
        kept.set_function(lambda: float(counts().unreadable))
        says = "The same, those that are gone included."
        self._registry.register(_CountedElsewhere("payamak_unreadable_kept", says, lambda: counts().unreadable_ever))

    def watch_recipients(self, refused: Callable[[], Mapping[str, int]]) -> None:
        """`refused` tells how many recipients were refused with 1, by what is wrong with them."""
        self._registry.register(_RecipientsRefused(refused))

    def watch_admission(self, refused: Callable[[], int]) -> None:
        """`refused` tells how many calls were not taken because too many came."""
        says = "Calls answered 23 because too many came."
        self._registry.register(_CountedElsewhere("payamak_http_shed", says, refused))

    def watch_passwords(self, counts: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        """`counts` of verified passwords by kind of credential and result, counted on."""
        self._registry.register(_Passwords(counts))

    def watch_unfinished(self, unfinished: Callable[[], int], dropped: Callable[[], int]) -> None:
        """`unfinished` tells how many requests wait for the rest of their bodies, `dropped` how many no longer did."""
        waiting = Gauge("payamak_http_unfinished", "Requests whose body is not whole.", registry=self._registry)
        waiting.set_function(lambda: float(unfinished()))
        says = "Requests dropped before their body was whole because one address, or all, had too many such."
        self._registry.register(_CountedElsewhere("payamak_http_unfinished_dropped", says, dropped))

    def watch_links(
        self,
        standings: Callable[[], Mapping[str, bool]],
        trials: Callable[[], Mapping[str, bool]],
        suspects: Callable[[], Mapping[str, int]],
    ) -> None:
        """Of each link by name: whether it is up, whether it is on trial, how many suspects it has; asked each time."""
        for name, says, values in (
            (LINK_UP, "1 while the link is bound and can send.", standings),
            (LINK_ON_TRIAL, "1 while the link is sent one submit at a time, for it answers none.", trials),
            ("payamak_link_suspects", "Messages at which the link may break.", suspects),
        ):
            self._registry.register(_Each(name, says, values))

    def name_upstreams(self, upstream_of: Callable[[str], str]) -> None:
        """`upstream_of` a link: copies cost money at the operator, who may have several links."""
        self._upstream_of = upstream_of

    def watch_windows(
        self, full_for_s: Callable[[], Mapping[str, float]], waiting: Callable[[], Mapping[str, int]]
    ) -> None:
        """Of each link by name: for how long its window has kept messages waiting, and how many wait for it here."""
        for name, says, values in (
            (LINK_WINDOW_FULL, "Seconds for which messages have waited because the link's window is full.", full_for_s),
            ("payamak_link_waiting", "Messages that wait for the link in memory; more may wait in the store.", waiting),
        ):
            self._registry.register(_Each(name, says, values))

    def watch_queues(self, queued: Callable[[], Mapping[str, int]]) -> None:
        """`queued` tells how many messages wait on each line, as last counted."""
        says = "Messages that wait, by line; counted every 10 s."
        self._registry.register(_Each("payamak_queue_messages", says, queued, "line"))

    def watch_oddities(self, counts: Callable[[], Mapping[str, Mapping[str, int]]]) -> None:
        """`counts` of each link by name and oddity, from the link's start on."""
        self._registry.register(_Oddities(counts))

    def watch_parts(self, in_flight: Callable[[], int], held: Callable[[], int]) -> None:
        """How many parts are without an answer and how many messages wait in memory."""
        parts = Gauge(
            "payamak_parts_in_flight",
            "Parts marked and without an answer, those that wait at a link for a place included.",
            registry=self._registry,
        )
        parts.set_function(in_flight)
        messages = Gauge("payamak_messages_held", "Messages that wait in memory.", registry=self._registry)
        messages.set_function(held)

    def watch_posts(self, posts: Mapping[str, Mapping[str, int]], open_events: Callable[[], OpenEvents]) -> None:
        """`posts` of each kind by result, counted on; `open_events` is asked whenever the page is."""
        self._registry.register(_Posts(posts, open_events))

    def _on_changes(self, changes: Sequence[Change]) -> None:
        for change in changes:
            message = change.message
            if message.state is not change.before:
                self._changes.add((message.current.line, message.state.value))
            for effect in change.effects:
                if isinstance(effect, LearnOptOut):
                    self._opt_outs.add((effect.line,))
                elif isinstance(effect, Submit) and effect.copies:
                    self._copies.add((message.current.line, self._upstream_of(effect.link)), effect.copies)

    def counted(self, routes: Mapping[str, Route]) -> dict[str, Route]:
        """The same routes, each counted and timed."""
        return {path: replace(route, handler=self._counted(path, route.handler)) for path, route in routes.items()}

    def _counted(self, path: str, handler: Handler) -> Handler:
        took, requests = self._answers.of(path), self._requests

        async def answer(request: Request) -> Response:
            began_s = time.perf_counter()
            try:
                response = await handler(request)
            finally:
                took.add(time.perf_counter() - began_s)
            requests.add((path, response.status))
            return response

        return answer

    def render(self) -> bytes:
        """The page, in Prometheus' text format."""
        return generate_latest(self._registry)
