"""What `payamak top` shows, made of two pages of metrics and the site: rates, lines, links, queue, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from payamak.cli.page import Labels, Page
from payamak.domain.message import Reason, State
from payamak.domain.site import Site
from payamak.hands.doctor.links import FULL_FOR_LONG_S
from payamak.hands.explain import stands_still, why_words
from payamak.http import metric_table as metrics
from payamak.http.metric_table import Described
from payamak.language import Words
from payamak.texts import wrongs

POST_FOR_LONG_S: Final = 600.0
"""How long a post may wait before it is said: the first pauses of a target that is away are over by then. Taste."""

_ACCEPTED: Final = "-1"
_ENDS: Final = ("delivered", "undeliverable", "rejected", "expired", "unknown")


class LineNow(Struct, frozen=True, kw_only=True):
    """A line: how many messages wait, for how long the oldest, and what came to which end a second."""

    line: str
    waiting: int
    oldest_s: float
    taken_per_s: float
    delivered_per_s: float
    failed_per_s: float


class LinkNow(Struct, frozen=True, kw_only=True):
    """A link: whether it is bound, its window, its pace, how fast it is answered. None: nothing was answered."""

    link: str
    is_up: bool
    is_on_trial: bool
    window_used: int
    window: int
    waiting: int
    parts_per_s: float
    throttled_per_s: float
    answer_ms: float | None


class QueueNow(Struct, frozen=True, kw_only=True):
    """Messages that wait on a line, of one class and for one reason; `why` is the sentence that `queue` says."""

    line: str
    lane: str
    reason: str
    messages: int
    oldest_s: float
    why: str = ""


class Rates(Struct, frozen=True, kw_only=True):
    """What happens a second, and what is under way."""

    accepted_per_s: float
    refused_per_s: float
    parts_per_s: float
    delivered_per_s: float
    receipts_per_s: float
    waiting: int
    in_flight: int


class Board(Struct, frozen=True, kw_only=True):
    """All of it; `wrong` are sentences, none where all is well."""

    rates: Rates
    lines: tuple[LineNow, ...]
    links: tuple[LinkNow, ...]
    queue: tuple[QueueNow, ...]
    wrong: tuple[str, ...]


def board_of(before: Page, now: Page, site: Site | None = None) -> Board:
    """What the second page says, and what has happened a second since the first; with the site, why it waits too."""
    queue = tuple(sorted(_queue(now, site), key=lambda row: -row.oldest_s))
    return Board(
        rates=_rates(before, now),
        lines=tuple(_lines(before, now, queue)),
        links=tuple(_links(before, now)),
        queue=queue,
        wrong=(*_wrong(now), *_standing(now, queue, site)),
    )


def _since(before: Page, now: Page, metric: Described) -> dict[Labels, float]:
    """How much of a counter came a second, by its labels; a server that has begun anew has counted from 0."""
    span_s = max(now.at_s - before.at_s, 0.001)
    was = before.of(metric)
    return {
        labels: (count - was.get(labels, 0.0) if count >= was.get(labels, 0.0) else count) / span_s
        for labels, count in now.of(metric).items()
    }


def _sum(counts: Mapping[Labels, float], wanted: Iterable[Labels] | None = None) -> float:
    return sum(counts.values() if wanted is None else (counts.get(labels, 0.0) for labels in wanted))


def _rates(before: Page, now: Page) -> Rates:
    answers, changes = _since(before, now, metrics.ANSWERS), _since(before, now, metrics.STATE_CHANGES)
    accepted = sum(count for (_, code), count in answers.items() if code == _ACCEPTED)
    return Rates(
        accepted_per_s=accepted,
        refused_per_s=_sum(answers) - accepted,
        parts_per_s=_sum(_since(before, now, metrics.LINK_PARTS)),
        delivered_per_s=sum(count for (_, state), count in changes.items() if state == "delivered"),
        receipts_per_s=_sum(_since(before, now, metrics.LINK_RECEIPTS)),
        waiting=int(_sum(now.of(metrics.QUEUE_MESSAGES))),
        in_flight=int(now.one(metrics.PARTS_IN_FLIGHT) or 0),
    )


def _up(now: Page) -> dict[str, bool]:
    return {link: up == 1.0 for (link,), up in now.of(metrics.LINK_UP).items()}


def _queue(now: Page, site: Site | None) -> Iterator[QueueNow]:
    oldest, up = now.of(metrics.QUEUE_OLDEST), _up(now)
    for labels, count in now.of(metrics.QUEUE_MESSAGES).items():
        if count:
            line, lane, reason = labels
            age_s = oldest.get(labels, 0.0)
            why = "" if site is None else why_words(line, State.QUEUED, Reason(reason), site, up)
            yield QueueNow(line=line, lane=lane, reason=reason, messages=int(count), oldest_s=age_s, why=why)


def _lines(before: Page, now: Page, queue: Iterable[QueueNow]) -> Iterator[LineNow]:
    changes = _since(before, now, metrics.STATE_CHANGES)
    waits = list(queue)
    names = {line for line, _ in changes} | {line for line, *_ in now.of(metrics.QUEUE_MESSAGES)}
    for name in sorted(names):
        mine = [row for row in waits if row.line == name]
        delivered, *failed = (changes.get((name, state), 0.0) for state in _ENDS)
        yield LineNow(
            line=name,
            waiting=sum(row.messages for row in mine),
            oldest_s=max((row.oldest_s for row in mine), default=0.0),
            taken_per_s=changes.get((name, "enroute"), 0.0),
            delivered_per_s=delivered,
            failed_per_s=sum(failed),
        )


def _links(before: Page, now: Page) -> Iterator[LinkNow]:
    said, parts = _since(before, now, metrics.LINK_SAID), _since(before, now, metrics.LINK_PARTS)
    was, took = before.times(metrics.LINK_ANSWER_SECONDS), now.times(metrics.LINK_ANSWER_SECONDS)
    used, window = now.of(metrics.LINK_WINDOW_USED), now.of(metrics.LINK_WINDOW)
    for labels, up in sorted(now.of(metrics.LINK_UP).items()):
        (name,) = labels
        (count, sum_s), (count_before, sum_before_s) = took.get(labels, (0.0, 0.0)), was.get(labels, (0.0, 0.0))
        new = count - count_before
        yield LinkNow(
            link=name,
            is_up=up == 1.0,
            is_on_trial=now.of(metrics.LINK_ON_TRIAL).get(labels) == 1.0,
            window_used=int(used.get(labels, 0)),
            window=int(window.get(labels, 0)),
            waiting=int(now.of(metrics.LINK_WAITING).get(labels, 0)),
            parts_per_s=parts.get(labels, 0.0),
            throttled_per_s=said.get((name, "throttled"), 0.0),
            answer_ms=(sum_s - sum_before_s) / new * 1_000 if new > 0 else None,
        )


_MUST: Final[tuple[tuple[Described, float, Words], ...]] = (
    (metrics.STORE_WELL, 1.0, wrongs.STORE),
    (metrics.BACKGROUND_WELL, 1.0, wrongs.WORK),
    (metrics.PURSE_DRIFT, 0.0, wrongs.MONEY),
    (metrics.CLOCK_IN_DOUBT, 0.0, wrongs.CLOCK),
    (metrics.MESSAGES_RESTORED, 0.0, wrongs.RESTORED),
    (metrics.PUT_ASIDE, 0.0, wrongs.ASIDE),
    (metrics.UNREADABLE, 0.0, wrongs.UNREADABLE),
    (metrics.LOG_WELL, 1.0, wrongs.LOG),
)
"""Metrics without labels, what each must be, and what is wrong where it is not."""


def _wrong(now: Page) -> Iterator[Words]:
    """What a person should see to, the gravest first."""
    for metric, must_be, sentence in _MUST:
        if (found := now.one(metric)) is not None and found != must_be:
            yield sentence
    for (link,), up in sorted(now.of(metrics.LINK_UP).items()):
        if not up:
            yield wrongs.LINK_DOWN.filled(link=link)
    for (link,), on_trial in sorted(now.of(metrics.LINK_ON_TRIAL).items()):
        if on_trial:
            yield wrongs.LINK_ON_TRIAL.filled(link=link)
    for (link,), for_s in sorted(now.of(metrics.LINK_WINDOW_FULL).items()):
        if for_s >= FULL_FOR_LONG_S:
            yield wrongs.WINDOW_FULL.filled(link=link, for_s=for_s)
    for (kind,), for_s in sorted(now.of(metrics.POSTS_OLDEST).items()):
        if for_s >= POST_FOR_LONG_S:
            yield wrongs.POST_WAITS.filled(kind=kind, minutes=for_s / 60)


def _standing(now: Page, queue: Iterable[QueueNow], site: Site | None) -> Iterator[Words]:
    """Lines on which messages wait and from which nothing goes, each with what to do."""
    if site is not None:
        for line in sorted({row.line for row in queue}):
            if (sentence := stands_still(line, site, _up(now))) is not None:
                yield sentence
