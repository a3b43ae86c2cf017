"""Where each value of the page of metrics comes from: the parts at work, asked whenever the page is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from payamak import __version__
from payamak.domain.posting import PostState
from payamak.http import metric_table as table
from payamak.http.metrics import Metrics, Values
from payamak.running import Running
from payamak.store.engines import library_version
from payamak.store.records import Figures
from payamak.upstreams.smpp import SmppUpstream

Sources = Mapping[table.Described, Callable[[], Values | None]]


def show_all(running: Running, metrics: Metrics) -> None:
    """Tell the page where to find what the parts at work know; those of the HTTP port come with its door."""
    for sources in (_links_of(running), _store_of(running), _posts_of(running), _others_of(running)):
        for described, values in sources.items():
            metrics.show(described, values)
    if running.settings.metrics_balances:
        metrics.show(table.ACCOUNT_BALANCE, lambda: running.measures.purses)


def _links_of(running: Running) -> Sources:
    worker, upstreams = running.worker, running.links.upstreams
    desks = worker.desks
    return {
        table.LINK_UP: lambda: {name: u.is_up for name, u in upstreams.items()},
        table.LINK_ON_TRIAL: lambda: worker.trials,
        table.LINK_SUSPECTS: lambda: worker.suspects,
        table.LINK_WINDOW: lambda: {name: desk.upstream.window for name, desk in desks.items()},
        table.LINK_WINDOW_USED: lambda: {n: min(desk.in_flight, desk.upstream.window) for n, desk in desks.items()},
        table.LINK_WINDOW_FULL: lambda: worker.full_for_s,
        table.LINK_WAITING: lambda: worker.waiting_by_link,
        table.LINK_PARTS: lambda: {name: desk.tally.parts for name, desk in desks.items()},
        table.LINK_SAID: lambda: {
            (name, said.value): count for name, desk in desks.items() for said, count in desk.tally.said.items()
        },
        table.LINK_ANSWER_SECONDS: lambda: {name: desk.tally.answers for name, desk in desks.items()},
        table.LINK_RECEIPTS: lambda: running.sink.tally.counts,
        table.LINK_ODD: lambda: {
            (name, what): count
            for name, upstream in upstreams.items()
            if isinstance(upstream, SmppUpstream)
            for what, count in upstream.oddities.counts.items()
        },
        table.PARTS_IN_FLIGHT: lambda: worker.in_flight,
        table.MESSAGES_HELD: lambda: worker.waiting,
    }


def _store_of(running: Running) -> Sources:
    store, measures, health = running.store, running.measures, running.health
    return {
        table.QUEUE_MESSAGES: lambda: measures.queue,
        table.QUEUE_OLDEST: lambda: measures.oldest_s,
        table.RECEIPTS_UNMATCHED: lambda: (measures.figures or Figures()).unmatched,
        table.PURSE_DRIFT: lambda: measures.drift_rial,
        table.PURSE_PROVEN: lambda: None if measures.proven_at is None else measures.proven_at / 1_000,
        table.STORE_WELL: lambda: store.trouble is None,
        table.STORE_BYTES: lambda: measures.disk.sizes,
        table.DISK_FREE: lambda: measures.disk.free,
        table.BACKUP_TIME: lambda: measures.disk.backed_up_s,
        table.WRITER_BACKLOG: lambda: store.backlog,
        table.WRITER_WAIT: lambda: store.waiting_s,
        table.BACKGROUND_WELL: lambda: health.trouble is None,
        table.PUT_ASIDE: lambda: health.counts.aside,
        table.UNREADABLE: lambda: health.counts.unreadable,
        table.UNREADABLE_KEPT: lambda: health.counts.unreadable_ever,
        table.MESSAGES_RESTORED: lambda: running.marks.held,
    }


def _posts_of(running: Running) -> Sources:
    relay, webhooks, measures, clock = running.relay, running.webhooks, running.measures, running.clock

    def events(post: PostState) -> int:
        return sum(count.count for count in webhooks.counts if count.post is post)

    def age_s(oldest_at: int | None) -> float:
        return 0.0 if oldest_at is None else max(clock.now() - oldest_at, 0) / 1_000

    def oldest_event_at() -> int | None:
        return min((c.oldest_at for c in webhooks.counts if c.post is PostState.WAITING), default=None)

    def relayed() -> Figures:
        return measures.figures or Figures()

    kinds = {"relay": relay.posts, "webhook": webhooks.posts}
    return {
        table.POSTS: lambda: {
            (kind, result): counts.get(result, 0)
            for kind, counts in kinds.items()
            for result in ("done", "waiting", "dead")
        },
        table.POSTS_WAITING: lambda: {"relay": relayed().relay.waiting, "webhook": events(PostState.WAITING)},
        table.POSTS_DEAD: lambda: {"relay": relayed().relay.dead, "webhook": events(PostState.DEAD)},
        table.POSTS_OLDEST: lambda: {
            "relay": age_s(relayed().relay.oldest_at),
            "webhook": age_s(oldest_event_at()),
        },
    }


def _others_of(running: Running) -> Sources:
    keeper = running.timekeeper
    build = (__version__, ".".join(map(str, sys.version_info[:3])), library_version())
    return {
        table.PASSWORDS: lambda: running.authenticator.counts,
        table.RECIPIENTS_REFUSED: lambda: running.front.recipients_refused,
        table.CLOCK_IN_DOUBT: lambda: keeper.clocks.is_in_doubt,
        table.CLOCK_AHEAD: lambda: keeper.clocks.ahead / 1_000,
        table.CLOCK_JUMPS: lambda: keeper.clocks.jumps,
        table.BUILD_INFO: lambda: {build: 1.0},
    }
