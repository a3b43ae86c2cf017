"""What /metrics tells Prometheus: the metrics of metric_table.py, each with a function that is asked for its values.

What each message and each request counts is a plain integer here or where it happens; Prometheus' own is made of it
when the page is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from payamak.domain.durations import Durations
from payamak.domain.events import LearnOptOut, Submit
from payamak.domain.message import Lane, Message, Reason, State
from payamak.http import metric_table as table
from payamak.http.exchange import Exchange
from payamak.http.metric_table import Described, MetricKind
from payamak.http.request import NO_DOOR, Response, Route, door_of
from payamak.store.feed import Change, Feed

LINK_UP, LINK_ON_TRIAL, LINK_WINDOW_FULL, LINK_ODD, LOG_WELL, LOG_DROPPED = map(
    str, (table.LINK_UP, table.LINK_ON_TRIAL, table.LINK_WINDOW_FULL, table.LINK_ODD, table.LOG_WELL, table.LOG_DROPPED)
)
"""Also read by `payamak doctor`; a counter's name ends in `_total` on the page."""

Value: TypeAlias = float | Durations
Values: TypeAlias = Value | Mapping[Any, Value]
"""Of a metric without labels its value; else one for each label, or for each tuple of labels in the table's order. They
are shown as text, whatever they are: a mapping of keys of one type is none of a wider type."""

ANSWER_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Of answers to calls."""

MESSAGE_BOUNDS_S: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 86_400.0)
"""Of the stages of a message's life, up to a day's validity."""


class _Shown(Collector):
    """One metric with whoever tells its values, asked whenever the page is."""

    def __init__(self, described: Described, values: Callable[[], Values | None]) -> None:
        self._described, self._values = described, values

    def collect(self) -> Iterable[Metric]:
        described, values = self._described, self._values()
        if values is None:
            return
        family = _FAMILIES[described.kind](described.name, described.says, labels=described.labels)
        rows = values.items() if isinstance(values, Mapping) else [((), values)]
        for labels, value in rows:
            texts = [labels] if isinstance(labels, str) else [str(label) for label in labels]
            if isinstance(value, Durations):
                assert isinstance(family, HistogramMetricFamily), described
                family.add_metric(texts, value.buckets(), value.sum_s)
            else:
                assert not isinstance(family, HistogramMetricFamily), described
                family.add_metric(texts, float(value))
        yield family


_FAMILIES: Final[
    Mapping[MetricKind, type[GaugeMetricFamily] | type[CounterMetricFamily] | type[HistogramMetricFamily]]
] = {
    MetricKind.GAUGE: GaugeMetricFamily,
    MetricKind.COUNTER: CounterMetricFamily,
    MetricKind.HISTOGRAM: HistogramMetricFamily,
}


class Metrics:
    """The page, and what is counted for it of the Feed and of the HTTP port. All of it on the event loop."""

    def __init__(self, feed: Feed, *, has_process: bool = False) -> None:
        """`has_process`: with the metrics that every process has, by their usual names (`process_*`)."""
        self._registry = CollectorRegistry()
        self._shown: set[Described] = set()
        self._upstream_of: Callable[[str], str] = str
        self._changes: Counter[tuple[str, str]] = Counter()
        self._opt_outs: Counter[str] = Counter()
        self._copies: Counter[tuple[str, str, str]] = Counter()
        self._to_wire, self._to_answer, self._to_end = ([Durations(MESSAGE_BOUNDS_S) for _ in Lane] for _ in range(3))
        stages = (("wire", self._to_wire), ("answer", self._to_answer), ("end", self._to_end))
        shown = {(stage, lane.name.lower()): took[lane] for stage, took in stages for lane in Lane}
        self._requests: Counter[tuple[str, int]] = Counter()
        self._answers: Counter[tuple[str, int]] = Counter()
        self._took: dict[str, Durations] = {}
        self.show(table.ANSWERS, lambda: self._answers)
        self.show(table.HTTP_REQUESTS, lambda: self._requests)
        self.show(table.HTTP_SECONDS, lambda: self._took)
        self.show(table.STATE_CHANGES, lambda: self._changes)
        self.show(table.MESSAGE_SECONDS, lambda: shown)
        self.show(table.OPT_OUTS_LEARNED, lambda: self._opt_outs)
        self.show(table.POSSIBLE_COPIES, lambda: self._copies)
        if has_process:
            ProcessCollector(registry=self._registry)
        feed.listen(self._on_changes)

    def show(self, described: Described, values: Callable[[], Values | None]) -> None:
        """From now on the page has this metric; `values` is asked each time, None: it is left out for now.

        Raises ValueError for one that is there already.
        """
        if described in self._shown:
            raise ValueError(f"{described} is shown already")
        self._shown.add(described)
        self._registry.register(_Shown(described, values))

    def name_upstreams(self, upstream_of: Callable[[str], str]) -> None:
        """`upstream_of` a link: copies cost money at the operator, who may have several links."""
        self._upstream_of = upstream_of

    def _on_changes(self, changes: Sequence[Change]) -> None:
        for change in changes:
            message = change.message
            if message.state is not change.before:
                self._changes[message.current.line, message.state.value] += 1
                if change.before is None and message.state is not State.QUEUED:  # on the wire by its accept
                    self._changes[message.current.line, State.QUEUED.value] += 1
                self._time(message, change)
            for effect in change.effects:
                if isinstance(effect, LearnOptOut):
                    self._opt_outs[effect.line] += 1
                elif isinstance(effect, Submit) and effect.copies:
                    upstream = self._upstream_of(effect.link)
                    self._copies[message.current.line, effect.link, upstream] += effect.copies

    def _time(self, message: Message, change: Change) -> None:
        """A change of its state may bring a message to a stage of its life, or two; see MESSAGE_SECONDS."""
        state = message.state
        if state is State.QUEUED:
            return
        took_s, lane = (message.changed_at - message.accepted_at) / 1_000, message.lane
        if state is State.SENDING:
            if message.step == 0 and message.tries == 1:
                self._to_wire[lane].add(took_s)
            return
        if change.before is State.SENDING and change.event == "Answered":
            self._to_answer[lane].add(took_s)
        is_end = state is not State.ENROUTE or message.reason is Reason.NO_RECEIPTS
        if is_end and not message.was_settled_late:
            self._to_end[lane].add(took_s)

    def listed(self, routes: Iterable[Route]) -> None:
        """What these take is on the page from the start on."""
        for route in routes:
            self._took.setdefault(route.path, Durations(ANSWER_BOUNDS_S))

    def answered(self, exchange: Exchange, response: Response, took_s: float | None) -> None:
        """A request has its answer, so long after its last octet; None: before that."""
        path = NO_DOOR if exchange.route is None else exchange.route.path
        self._requests[path, response.status] += 1
        for code in response.codes:
            self._answers[door_of(path), code] += 1
        if took_s is not None and exchange.route is not None:
            self._took.setdefault(path, Durations(ANSWER_BOUNDS_S)).add(took_s)

    def render(self) -> bytes:
        """The page, in Prometheus' text format."""
        return generate_latest(self._registry)
