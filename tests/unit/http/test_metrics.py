"""The page of metrics: what is described and nothing else, by the conventions of Prometheus."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from tests.unit.house import NOW

from payamak.cli.page import heard_of, read_page
from payamak.codes import Code
from payamak.domain.durations import Durations
from payamak.domain.events import Effect, LearnOptOut, Submit
from payamak.domain.message import Lane, Message, Reason, State, Step
from payamak.encoding.parts import Encoding
from payamak.hands.doctor.server import log
from payamak.http import metric_table
from payamak.http.exchange import Exchange, Peer
from payamak.http.metric_table import LOG_DROPPED, LOG_WELL, TABLE, Described, MetricKind
from payamak.http.metrics import ANSWER_BOUNDS_S, Metrics, Values
from payamak.http.request import READ, Request, Response, Route, door_of, refusal
from payamak.store.feed import Change, LocalFeed

DESCRIBED: Final = [each for described in TABLE.values() for each in described]

#: What the page counts by itself; all else is told by the parts at work.
OWN: Final = frozenset(
    {
        *(metric_table.ANSWERS, metric_table.HTTP_REQUESTS, metric_table.HTTP_SECONDS, metric_table.STATE_CHANGES),
        *(metric_table.MESSAGE_SECONDS, metric_table.OPT_OUTS_LEARNED, metric_table.POSSIBLE_COPIES),
    }
)

#: Seconds that answers take: below, at, between and beyond the bounds.
TOOK_S: Final = (0.0, 0.0005, 0.001, 0.002, 0.03, 1.0, 10.0, 12.5)


def test_every_description_is_in_the_table() -> None:
    """What the module describes has its place among the sections, once."""
    named = [value for value in vars(metric_table).values() if isinstance(value, Described)]
    assert sorted(map(str, named)) == sorted(map(str, DESCRIBED))
    assert len(set(map(str, DESCRIBED))) == len(DESCRIBED)


@pytest.mark.parametrize("described", DESCRIBED, ids=str)
def test_names_keep_the_conventions(described: Described) -> None:
    """Base units at the end of the name, `_total` of counters alone, a sentence, words as labels."""
    assert re.fullmatch(r"payamak(_[a-z]+)+", described.name)
    assert (
        re.search(r"_(total|created|count|sum|bucket|milliseconds|ms|minutes|kilobytes|percent)$", described.name)
        is None
    )
    assert described.on_the_page.endswith("_total") == (described.kind is MetricKind.COUNTER)
    assert described.kind is not MetricKind.HISTOGRAM or described.name.endswith("_seconds")
    assert described.says[0].isupper() or described.says[0].isdigit()
    assert described.says.endswith(".")
    assert all(re.fullmatch(r"[a-z]+", label) for label in described.labels)


def values_of(described: Described) -> Values:
    """Something that such a metric may say."""
    value = Durations((0.5,)) if described.kind is MetricKind.HISTOGRAM else 7
    match len(described.labels):
        case 0:
            return value
        case 1:
            return {'a "b"': value}
        case count:
            return {("a",) * count: value}


def library_page(described: Described) -> str:
    """The same as the library's own counters write it, without the instants since when it counts."""
    registry = CollectorRegistry()
    value = values_of(described)
    labels = next(iter(value)) if isinstance(value, dict) else ()
    texts = (labels,) if isinstance(labels, str) else labels
    if described.kind is MetricKind.GAUGE:
        gauge = Gauge(described.name, described.says, described.labels, registry=registry)
        (gauge.labels(*texts) if texts else gauge).set(7)
    elif described.kind is MetricKind.COUNTER:
        counter = Counter(described.name, described.says, described.labels, registry=registry)
        (counter.labels(*texts) if texts else counter).inc(7)
    else:
        histogram = Histogram(described.name, described.says, described.labels, buckets=(0.5,), registry=registry)
        _ = histogram.labels(*texts) if texts else histogram
    return without_created(generate_latest(registry))


def without_created(page: bytes) -> str:
    """The library says of each counter since when it counts; we do not."""
    return "".join(line for line in page.decode().splitlines(keepends=True) if "_created" not in line)


@pytest.mark.parametrize("described", [each for each in DESCRIBED if each not in OWN], ids=str)
def test_a_value_is_written_as_the_library_does(described: Described) -> None:
    """Name, type, help, labels and value; nothing says since when."""
    page = Metrics(LocalFeed())
    page.show(described, lambda: values_of(described))
    assert library_page(described) in page.render().decode()


def test_nothing_says_since_when() -> None:
    """No series ends in `_created`, whatever was counted."""
    page, feed = counted()
    assert feed
    assert "_created" not in page.render().decode()


def test_what_is_not_known_is_left_out() -> None:
    """A value that nobody can tell yet is no 0."""
    page = Metrics(LocalFeed())
    page.show(metric_table.PURSE_DRIFT, lambda: None)
    assert metric_table.PURSE_DRIFT.name not in page.render().decode()


def test_a_metric_is_shown_by_one() -> None:
    """Two that tell the same metric would both be on the page."""
    page = Metrics(LocalFeed())
    page.show(LOG_WELL, lambda: 1)
    with pytest.raises(ValueError, match="shown already"):
        page.show(LOG_WELL, lambda: 0)


@pytest.mark.parametrize("is_well", [True, False])
def test_the_doctor_reads_the_log_of_it(is_well: bool) -> None:
    """1 while its lines are taken; a server of an earlier version has no such sign: nothing is made of that."""
    page = Metrics(LocalFeed())
    assert list(log(heard_of(read_page(page.render().decode(), 0.0)))) == []
    page.show(LOG_WELL, lambda: is_well)
    page.show(LOG_DROPPED, lambda: 8)
    (finding,) = log(heard_of(read_page(page.render().decode(), 0.0)))
    assert (finding.is_well, "8 lines" in finding.says) == (is_well, True)


def change(
    line: str,
    before: State | None,
    state: State,
    *effects: Effect,
    event: str = "any",
    after_ms: int = 0,
    reason: Reason = Reason.ACCEPTED,
    tries: int = 0,
    was_settled_late: bool = False,
) -> Change:
    """A change of a message on this line, so long after its acceptance."""
    step = Step(line=line, text="x", encoding=Encoding.GSM7, parts=1, price=0)
    message = Message(
        id=1,
        account_id=1,
        recipient="989121234567",
        plan=(step,),
        state=state,
        reason=reason,
        tries=tries,
        was_settled_late=was_settled_late,
        accepted_at=NOW,
        deadline_at=NOW,
        due_at=NOW,
        changed_at=NOW + after_ms,
    )
    return Change(message=message, event=event, before=before, effects=effects)


def counted() -> tuple[Metrics, LocalFeed]:
    """A page that has heard of two lines, one with what a page must escape; of an opt-out; of copies by two links."""
    feed = LocalFeed()
    page = Metrics(feed)
    page.name_upstreams(lambda link: f"operator of {link}")
    sent_again = [
        Submit(link=link, step=0, try_no=2, parts=(1, 2), copies=copies)
        for link, copies in (("north", 2), ("south", 1), ("south", 0))
    ]
    learnt = LearnOptOut(line="1000", code=Code.OPTED_OUT, until=NOW)
    feed.publish([change("1000", None, State.QUEUED), change('a"b\\c\nd', None, State.QUEUED)])
    feed.publish([change("1000", State.QUEUED, State.SENDING, *sent_again)])
    feed.publish([change("1000", State.SENDING, State.SENDING, learnt), change("1000", None, State.QUEUED)])
    return page, feed


def test_an_accept_that_is_on_the_wire_with_it() -> None:
    """One change by which a message is accepted and goes counts for both states."""
    feed = LocalFeed()
    page = Metrics(feed)
    feed.publish([change("1000", None, State.SENDING)])
    lines = page.render().decode().splitlines()
    for state in ("queued", "sending"):
        assert f'payamak_state_changes_total{{line="1000",state="{state}"}} 1.0' in lines


def test_changes_are_counted() -> None:
    """Messages by the state that they come to, opt-outs by line, copies by link and operator."""
    lines = counted()[0].render().decode().splitlines()
    for expected in (
        'payamak_state_changes_total{line="1000",state="queued"} 2.0',
        'payamak_state_changes_total{line="a\\"b\\\\c\\nd",state="queued"} 1.0',
        'payamak_state_changes_total{line="1000",state="sending"} 1.0',
        'payamak_opt_outs_learned_total{line="1000"} 1.0',
        'payamak_possible_copies_total{line="1000",link="north",upstream="operator of north"} 2.0',
        'payamak_possible_copies_total{line="1000",link="south",upstream="operator of south"} 1.0',
    ):
        assert expected in lines


#: What happens to a message, and which stages it comes to by that.
LIFE: Final[Sequence[tuple[Change, list[str]]]] = (
    (change("1", None, State.QUEUED), []),
    (change("1", State.QUEUED, State.SENDING, tries=1), ["wire"]),
    (change("1", State.QUEUED, State.SENDING, tries=2), []),
    (change("1", State.SENDING, State.QUEUED, event="Answered"), []),
    (change("1", State.SENDING, State.ENROUTE, event="Answered", reason=Reason.TAKEN), ["answer"]),
    (change("1", State.SENDING, State.ENROUTE, event="Answered", reason=Reason.NO_RECEIPTS), ["answer", "end"]),
    (change("1", State.SENDING, State.REJECTED, event="Answered", reason=Reason.REFUSED), ["answer", "end"]),
    (change("1", State.ENROUTE, State.DELIVERED, event="Receipted", reason=Reason.RECEIPT), ["end"]),
    (change("1", State.QUEUED, State.EXPIRED, event="DeadlinePassed", reason=Reason.DEADLINE), ["end"]),
    (change("1", State.UNKNOWN, State.DELIVERED, event="Receipted", was_settled_late=True), []),
)


@pytest.mark.parametrize(("happened", "stages"), LIFE)
def test_stages(happened: Change, stages: list[str]) -> None:
    """A message is timed when it is first on the wire, when the operator has answered, at its end; each from the
    acceptance on."""
    feed = LocalFeed()
    page = Metrics(feed)
    happened = change_at(happened, 3_000)
    feed.publish([happened])
    told = re.findall(
        r'^payamak_message_seconds_sum\{class="normal",stage="(\w+)"\} 3\.0$', page.render().decode(), re.M
    )
    assert sorted(told) == sorted(stages)


def change_at(happened: Change, after_ms: int) -> Change:
    """The same, so long after the acceptance."""
    from msgspec.structs import replace

    return replace(happened, message=replace(happened.message, changed_at=NOW + after_ms))


def test_stages_are_told_by_class() -> None:
    """A class that has no message yet is there: its rate is 0, not unknown."""
    page = Metrics(LocalFeed()).render().decode()
    for lane in Lane:
        assert f'payamak_message_seconds_count{{class="{lane.name.lower()}",stage="end"}} 0.0' in page


async def nobody(_request: Request) -> Response:
    """A handler that is not asked."""
    raise AssertionError


def exchange_of(path: str) -> Exchange:
    """A request to a listed path; of none for an empty one."""
    exchange = Exchange("GET", path.encode(), b"", ({}, False), Peer(address="", asked="", server=""))
    if path:
        exchange.route = Route(path, methods=READ, handler=nobody)
    return exchange


def test_answers_are_counted_and_timed() -> None:
    """By path and status, by door and code; timed as the library's histogram does it."""
    page = Metrics(LocalFeed())
    page.listed([Route("/never.ashx", methods=READ, handler=nobody)])
    several = Response(status=200, content_type="", body=b"", codes=(-1, 1, 1))
    for took_s in TOOK_S:
        page.answered(exchange_of("/api/wssend.ashx"), several, took_s)
    page.answered(exchange_of("/services/wssend.ashx"), refusal(Code.BUSY), None)
    page.answered(exchange_of(""), refusal(Code.MALFORMED, 404), 0.5)
    text = page.render().decode()
    registry = CollectorRegistry()
    library = Histogram(
        "payamak_http_seconds", metric_table.HTTP_SECONDS.says, ["path"], buckets=ANSWER_BOUNDS_S, registry=registry
    )
    library.labels("/never.ashx")
    for took_s in TOOK_S:
        library.labels("/api/wssend.ashx").observe(took_s)
    assert without_created(generate_latest(registry)) in text
    for expected in (
        'payamak_http_requests_total{path="/api/wssend.ashx",status="200"} 8.0',
        'payamak_http_requests_total{path="/services/wssend.ashx",status="200"} 1.0',
        'payamak_http_requests_total{path="none",status="404"} 1.0',
        'payamak_answers_total{code="-1",door="wssend"} 8.0',
        'payamak_answers_total{code="1",door="wssend"} 16.0',
        'payamak_answers_total{code="23",door="wssend"} 1.0',
        'payamak_answers_total{code="31",door="none"} 1.0',
    ):
        assert expected in text.splitlines()


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/api/wssend.ashx", "wssend"),
        ("/services/wsstates.ashx", "wsstates"),
        ("/almassms.asmx?wsdl", "almassms"),
        ("/metrics", "metrics"),
        ("", "none"),
    ],
)
def test_a_door_has_one_name(path: str, door: str) -> None:
    """Under whatever path it stands."""
    assert door_of(path) == door
