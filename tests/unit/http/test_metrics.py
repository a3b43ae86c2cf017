"""The page of metrics: each sign has the value of what it is about."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from tests.unit.house import NOW

from payamak.cli.doctor import links_on_trial, log_told
from payamak.codes import Code
from payamak.domain.events import Effect, LearnOptOut, Submit
from payamak.domain.message import Message, State, Step
from payamak.encoding.parts import Encoding
from payamak.http.app import READ, Request, Response, Route
from payamak.http.metrics import ANSWER_BUCKETS_S, Metrics
from payamak.store.feed import Change, Feed
from payamak.store.records import FaultCounts


def metrics(*, is_well: bool) -> dict[str, float]:
    """What the page says when all is well, or nothing is."""
    page = Metrics(Feed(), lambda: 7)
    page.watch_store(lambda: is_well)
    page.watch_log(lambda: is_well, lambda: 8)
    page.watch_restore(lambda: 9)
    page.watch_faults(lambda: is_well, lambda: FaultCounts(aside=10, unreadable=11, unreadable_ever=12))
    page.watch_admission(lambda: 13)
    page.watch_unfinished(lambda: 14, lambda: 15)
    page.watch_links(lambda: {"north": is_well}, lambda: {"north": not is_well}, lambda: {"north": 16})
    page.watch_parts(lambda: 17, lambda: 18)
    text = page.render().decode()
    assert bool(links_on_trial(text)) is not is_well
    assert [finding.is_well for finding in log_told(text)] == [is_well]
    return {name: float(value) for name, value in re.findall(r'^(payamak_\w+)(?:\{link="north"\})? (\S+)$', text, re.M)}


@pytest.mark.parametrize("is_well", [True, False])
def test_every_sign_has_its_value(is_well: bool) -> None:
    """1 while all is well, 0 while it is not; what is counted is told as counted."""
    signs = metrics(is_well=is_well)
    for name in ("store_well", "log_well", "background_well", "link_up"):
        assert signs[f"payamak_{name}"] == float(is_well), name
    assert signs["payamak_link_on_trial"] == float(not is_well)
    counts = {
        "writer_backlog": 7,
        "log_lines_dropped_total": 8,
        "messages_restored": 9,
        "put_aside": 10,
        "unreadable": 11,
        "unreadable_kept_total": 12,
        "http_shed_total": 13,
        "http_unfinished": 14,
        "http_unfinished_dropped_total": 15,
        "link_suspects": 16,
        "parts_in_flight": 17,
        "messages_held": 18,
    }
    assert {name: signs[f"payamak_{name}"] for name in counts} == counts


def test_a_page_without_a_log_says_nothing_of_it() -> None:
    """A server of an earlier version has no such sign: the doctor makes nothing of that."""
    assert log_told(Metrics(Feed(), lambda: 0).render().decode()) == []


#: Seconds that answers take: below, at, between and beyond the bounds.
TOOK_S: Final = (0.0, 0.0005, 0.001, 0.002, 0.03, 1.0, 10.0, 12.5)
PATHS: Final = ("/api/wssend.ashx", "/api/wsstates.aspx", "/never")


@dataclass
class Library:
    """The same counters as the library has them, with a lock and an object for each."""

    registry: CollectorRegistry

    def __post_init__(self) -> None:
        def counter(name: str, says: str, *labels: str) -> Counter:
            return Counter(name, says, labels, registry=self.registry)

        self.changes = counter(
            "payamak_state_changes_total", "Messages that came to a state, by line and state.", "line", "state"
        )
        self.opt_outs = counter("payamak_opt_outs_learned_total", "Opt-out verdicts met, by line.", "line")
        self.copies = counter(
            "payamak_possible_copies_total",
            "Parts sent again after a lost answer, by line and upstream.",
            *("line", "upstream"),
        )
        self.requests = counter("payamak_http_requests_total", "Requests, by path and HTTP status.", "path", "status")
        self.seconds = Histogram(
            "payamak_http_seconds",
            "Seconds from a request's last octet to its answer, by path.",
            ["path"],
            buckets=ANSWER_BUCKETS_S,
            registry=self.registry,
        )


def page_of(text: bytes) -> list[str]:
    """The lines of a page; without the instants since when something is counted."""
    lines = [re.sub(r"(_created(?:\{.*\})?) \S+$", r"\1 then", line) for line in text.decode().splitlines()]
    return [line for line in lines if "payamak_writer_backlog" not in line]


def change(line: str, before: State | None, state: State, *effects: Effect) -> Change:
    """A change of a message on this line."""
    step = Step(line=line, text="x", encoding=Encoding.GSM7, parts=1, price=0)
    message = Message(
        id=1,
        account_id=1,
        recipient="989121234567",
        plan=(step,),
        state=state,
        accepted_at=NOW,
        deadline_at=NOW,
        due_at=NOW,
        changed_at=NOW,
    )
    return Change(message=message, event="any", before=before, effects=effects)


async def ask_route(route: Route, request: Request) -> Response:
    """One request."""
    return await route.handler(request)


def feed_both(page: Metrics, feed: Feed, library: Library) -> None:
    """Changes of two lines, one of them with what a page must escape; an opt-out; copies of two upstreams."""
    page.name_upstreams(lambda link: f"operator of {link}")
    odd = 'a"b\\c\nd'
    sent_again = [
        Submit(link=link, step=0, try_no=2, parts=(1, 2), copies=copies)
        for link, copies in (("north", 2), ("south", 1), ("south", 0))
    ]
    learnt = LearnOptOut(line="1000", code=Code.OPTED_OUT, until=NOW)
    feed.publish([change("1000", None, State.QUEUED), change(odd, None, State.QUEUED)])
    feed.publish([change("1000", State.QUEUED, State.SENDING, *sent_again)])
    feed.publish([change("1000", State.SENDING, State.SENDING, learnt), change("1000", None, State.QUEUED)])
    library.changes.labels("1000", "queued").inc(2)
    library.changes.labels(odd, "queued").inc()
    library.changes.labels("1000", "sending").inc()
    library.copies.labels("1000", "operator of north").inc(2)
    library.copies.labels("1000", "operator of south").inc()
    library.opt_outs.labels("1000").inc()


def ask_both(page: Metrics, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that take as long as it says, to two of three paths; one of them fails."""
    clock = iter([instant for took in (*TOOK_S, 0.25) for instant in (0.0, took)])
    statuses = iter([200, 200, 403, 200, 200, 503, 200, 200])

    async def answer(request: Request) -> Response:
        if request.path == PATHS[1]:
            raise RuntimeError
        return Response(status=next(statuses), content_type="", body=b"")

    routes = page.counted({path: Route(methods=READ, handler=answer) for path in PATHS})

    def ask(path: str) -> None:
        request = Request(
            method="GET", path=path, query=b"", content_type="", body=b"", client_address="", forwarded_for=None
        )
        asyncio.run(ask_route(routes[path], request))

    with monkeypatch.context() as patched:
        patched.setattr("time.perf_counter", lambda: next(clock))
        for _ in TOOK_S:
            ask(PATHS[0])
        with pytest.raises(RuntimeError):
            ask(PATHS[1])
    for path in PATHS:
        library.seconds.labels(path)
    for took in TOOK_S:
        library.seconds.labels(PATHS[0]).observe(took)
    library.seconds.labels(PATHS[1]).observe(0.25)
    for status, times in ((200, 6), (403, 1), (503, 1)):
        library.requests.labels(PATHS[0], str(status)).inc(times)


def test_plain_integers_make_the_librarys_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, types, labels, order and values are the library's own, before and after anything is counted."""
    feed = Feed()
    page, library = Metrics(feed, lambda: 0), Library(CollectorRegistry())
    assert page_of(page.render()) == page_of(generate_latest(library.registry))
    feed_both(page, feed, library)
    ask_both(page, library, monkeypatch)
    expected = page_of(generate_latest(library.registry))
    assert 'payamak_http_seconds_bucket{le="0.001",path="/api/wssend.ashx"} 3.0' in expected
    assert 'payamak_http_requests_total{path="/api/wssend.ashx",status="200"} 6.0' in expected
    assert page_of(page.render()) == expected
