"""What is measured: the cells, each a load and the end that is waited for, and the figures that a round gives.

Every round also checks what it has measured: each accepted message was sent to the operator once for each of its parts,
each receipt was acknowledged, nothing else was sent. A round that breaks this gives no figures.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from bench.house import DOWN_LINE, NARROW_LINE, SILENT_LINE, House
from bench.outside import Load, Loaded, NotMeasured, Shed
from bench.requests import THREE_PARTS, recipient, sendsms, soap_send, ws_send, ws_states
from bench.usage import Usage

ACCEPTED: Final = '"status":-1,'
Figures = dict[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of figure: what it says with its unit, and whether more of it is better."""

    label: str
    more_is_better: bool = False
    places: int = 0


FIGURES: Final[Mapping[str, Kind]] = {
    "messages_per_s": Kind(label="messages/s", more_is_better=True),
    "accepted_per_s": Kind(label="accepted/s", more_is_better=True),
    "posts_per_s": Kind(label="posts/s", more_is_better=True),
    "asked_per_s": Kind(label="wsStates calls/s", more_is_better=True),
    "window_share": Kind(label="share of window/round trip, %", more_is_better=True),
    "cpu_us": Kind(label="CPU µs a message"),
    "post_cpu_us": Kind(label="CPU µs a post"),
    "call_cpu_us": Kind(label="CPU µs a call"),
    "switches": Kind(label="context switches a message", places=2),
    "call_p50_ms": Kind(label="call, p50 ms", places=1),
    "call_p99_ms": Kind(label="call, p99 ms", places=1),
    "submit_p50_ms": Kind(label="call to submit_sm, p50 ms", places=1),
    "submit_p99_ms": Kind(label="call to submit_sm, p99 ms", places=1),
    "send_p99_ms": Kind(label="sends meanwhile, p99 ms", places=1),
    "log_octets": Kind(label="log, octets a message"),
    "statements": Kind(label="SQL statements a message", places=1),
    "commits": Kind(label="commits a message", places=2),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A load, what the operator does meanwhile, and what is measured."""

    name: str
    says: str
    load: Load
    answer_ms: int = 0
    receipt_ms: int = 0
    parts: int = 1
    is_sent: bool = True
    """What is accepted goes to the operator."""

    has_receipts: bool = True

    is_posted: bool = False
    """The customer is told of each message's end."""

    window: int = 0
    """Places of the link, where their use is measured."""

    meanwhile: Load | None = None
    """Calls that go on as fast as they are answered while the load runs at its pace."""

    leaves_messages: bool = False
    """Messages wait when it has ended, so that it comes last."""


_SEND: Final = ws_send()


def _full(connections: int, calls: int) -> Load:
    return Load(request=_SEND, expected=ACCEPTED, connections=connections, calls=calls)


CELLS: Final = (
    Cell(name="full-64", says="full path, 64 connections", load=_full(64, 4_000)),
    Cell(name="full-16", says="full path, 16 connections", load=_full(16, 3_000)),
    Cell(name="receipts-300ms", says="receipts 300 ms after the answers", load=_full(64, 3_000), receipt_ms=300),
    Cell(
        name="no-receipts",
        says="an operator without receipts",
        load=Load(request=ws_send(line=SILENT_LINE), expected=ACCEPTED, connections=64, calls=4_000),
        has_receipts=False,
    ),
    Cell(
        name="verdict-wait",
        says="answered after the verdict, at most 1 s",
        load=Load(request=ws_send(account="waiting"), expected=ACCEPTED, connections=64, calls=3_000),
    ),
    Cell(
        name="parts-3",
        says="texts of 3 parts",
        load=Load(request=ws_send(text=THREE_PARTS), expected=ACCEPTED, connections=64, calls=1_500),
        parts=3,
    ),
    Cell(
        name="slow-operator",
        says="answers after 20 ms, window 10",
        load=Load(request=ws_send(line=NARROW_LINE), expected=ACCEPTED, connections=64, calls=1_200),
        answer_ms=20,
        window=10,
    ),
    Cell(
        name="soap-50",
        says="SOAP Send, 50 recipients a call",
        load=Load(request=soap_send(50), expected="<SendResult>-2<", connections=8, calls=80, recipients=50),
    ),
    Cell(
        name="sendsms-100",
        says="sendsms, 100 recipients a call",
        load=Load(request=sendsms(100), expected="ids", connections=2, calls=40, recipients=100),
    ),
    Cell(
        name="webhook",
        says="one webhook a message",
        load=Load(request=ws_send(account="told"), expected=ACCEPTED, connections=64, calls=1_500),
        is_posted=True,
    ),
    Cell(
        name="states-10",
        says="wsStates of 10 ids while 500 messages/s are sent",
        load=Load(request=_SEND, expected=ACCEPTED, connections=32, calls=2_000, rate=500),
        meanwhile=Load(
            request=ws_states(10), expected=ACCEPTED, connections=8, calls=1_000_000, recipients=0, seconds=4
        ),
    ),
    Cell(
        name="paced-50",
        says="50 messages/s",
        load=Load(request=_SEND, expected=ACCEPTED, connections=16, calls=400, rate=50),
    ),
    Cell(
        name="paced-100",
        says="100 messages/s",
        load=Load(request=_SEND, expected=ACCEPTED, connections=16, calls=500, rate=100),
    ),
    Cell(
        name="accept",
        says="accepted only: the line's operator is not there",
        load=Load(request=ws_send(line=DOWN_LINE), expected=ACCEPTED, connections=64, calls=4_000),
        is_sent=False,
        leaves_messages=True,
    ),
)
BY_NAME: Final = {cell.name: cell for cell in CELLS}


def says(name: str) -> str:
    """What a cell measures, by its name; a cell of another time is told by its name alone."""
    return BY_NAME[name].says if name in BY_NAME else name


def chosen(names: str) -> list[Cell]:
    """The cells of these names, joined by commas. Raises `NotMeasured` for a name that is none."""
    found = [BY_NAME.get(name) for name in names.split(",")]
    if None in found:
        raise NotMeasured(f"the cells are {', '.join(BY_NAME)}")
    return [cell for cell in found if cell is not None]


def warm_up(house: House) -> None:
    """What a gateway does once only, it has done; and there are messages to ask for."""
    with suppress(Shed):  # then it has done so too
        measure(house, Cell(name="warm-up", says="", load=_full(16, 500)))


def measure(house: House, cell: Cell) -> Figures:
    """One round. Raises `Shed` if calls were refused, `NotMeasured` if what was accepted did not come to its end."""
    house.operator.order("reset")
    house.operator.order(f"set {cell.answer_ms} {cell.receipt_ms}")
    house.receiver.order("reset")
    began, log_began, counts_began = house.usage(), house.log_octets(), house.counts()
    loaded, asked = _loaded(house, cell)
    told = house.operator.order("stats")
    posts: Mapping[str, int] = {}
    if loaded.accepted != len(loaded.calls):
        house.operator.order("await 1000000000 0")  # until nothing comes any more: the next round begins afresh
        raise Shed(f"{cell.name}: of {len(loaded.calls)} calls {loaded.accepted} were accepted")
    if cell.is_sent:
        sent = loaded.accepted * cell.load.recipients * cell.parts
        told = house.operator.order(f"await {sent} {sent if cell.has_receipts else 0}")
        posts = house.receiver.order(f"await {loaded.accepted}") if cell.is_posted else {}
    used, log_octets = house.usage() - began, house.log_octets() - log_began
    messages = loaded.accepted * cell.load.recipients
    first_sent = _checked(house, cell, loaded, told, posts)
    if counts_began is not None:
        return _counted(house, counts_began, messages)
    figures = {"cpu_us": used.cpu_ns / 1e3 / messages, "switches": used.switches / messages}
    figures |= {"log_octets": log_octets / messages}
    if not cell.load.rate:
        figures["accepted_per_s"] = messages / loaded.seconds
        figures |= {"call_p50_ms": loaded.p50_ms, "call_p99_ms": loaded.p99_ms}
    return figures | _ends(cell, loaded, told, posts, asked, used) | _latencies(cell, loaded, first_sent)


def _loaded(house: House, cell: Cell) -> tuple[Loaded, Loaded | None]:
    with house.loading(cell.load) as load:
        asked = None
        if cell.meanwhile is not None:
            with house.loading(cell.meanwhile) as other:
                asked = other.ended()
        return load.ended(), asked


def _checked(
    house: House, cell: Cell, loaded: Loaded, told: Mapping[str, int], posts: Mapping[str, int]
) -> Mapping[int, int]:
    """When each recipient was first sent to, in monotonic nanoseconds, once all of them are as they must be."""
    if told["acknowledged"] != told["receipts"]:
        raise NotMeasured(f"{cell.name}: of {told['receipts']} receipts {told['acknowledged']} were acknowledged")
    if cell.is_posted and posts["posts"] < loaded.accepted:
        raise NotMeasured(f"{cell.name}: of {loaded.accepted} messages {posts['posts']} were told of")
    wanted = {
        recipient(call.number + place): cell.parts
        for call in loaded.calls
        for place in range(cell.load.recipients)
        if cell.is_sent
    }
    found = house.operator.recipients()
    if {number: times for number, (times, _) in found.items()} != wanted:
        raise NotMeasured(
            f"{cell.name}: {len(wanted)} recipients were accepted, {len(found)} sent to, or not once each"
        )
    return {number: first_ns for number, (_, first_ns) in found.items()}


def _counted(house: House, began: tuple[int, int], messages: int) -> Figures:
    ended = house.counts()
    assert ended is not None
    return {"statements": (ended[0] - began[0]) / messages, "commits": (ended[1] - began[1]) / messages}


def _ends(
    cell: Cell, loaded: Loaded, told: Mapping[str, int], posts: Mapping[str, int], asked: Loaded | None, used: Usage
) -> Figures:
    """What depends on which end the messages come to."""
    figures: dict[str, float] = {}
    messages = loaded.accepted * cell.load.recipients
    if cell.is_sent and not cell.load.rate:
        last_ns = max(told["last_ns"], told["acknowledged_ns"], posts.get("last_ns", 0))
        figures["messages_per_s"] = messages / ((last_ns - loaded.began_ns) / 1e9)
    if cell.window:
        sent_s = (told["last_ns"] - told["first_ns"]) / 1e9
        figures["window_share"] = 100 * (told["submits"] / sent_s) / (cell.window / (cell.answer_ms / 1e3))
    if posts:
        figures["posts_per_s"] = posts["posts"] / ((posts["last_ns"] - posts["first_ns"]) / 1e9)
    if asked is not None:
        figures["asked_per_s"] = len(asked.calls) / asked.seconds
        figures["send_p99_ms"] = loaded.p99_ms
        figures["call_cpu_us"] = used.cpu_ns / 1e3 / (len(asked.calls) + len(loaded.calls))
    return figures


def _latencies(cell: Cell, loaded: Loaded, first_sent: Mapping[int, int]) -> Figures:
    """From the moment when a call was due to its submit_sm; at a pace only: else it is the queue that is measured."""
    if not cell.load.rate or cell.meanwhile is not None:
        return {}
    waits = [(first_sent[recipient(call.number)] - call.due_ns) / 1e6 for call in loaded.calls]
    cuts = statistics.quantiles(waits, n=100)
    return {"submit_p50_ms": cuts[49], "submit_p99_ms": cuts[98]}
