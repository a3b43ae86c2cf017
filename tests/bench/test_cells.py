"""The calls of the load, and that a round which went wrong gives no figures."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

import pytest
from bench.cells import BY_NAME, CELLS, FIGURES, Cell, chosen, measure
from bench.house import House
from bench.outside import Call, Load, Loaded, NotMeasured, Shed
from bench.requests import recipient
from bench.usage import Usage


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_request(cell: Cell) -> None:
    """A call is one whole HTTP request, its length as it says, with a place for each recipient's number."""
    head, _, body = cell.load.request.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")
    assert cell.load.request.count(b"#######") == cell.load.recipients


def test_names() -> None:
    """Cells are chosen by name; one that is none is refused, and the names are told."""
    assert chosen("webhook,full-64") == [BY_NAME["webhook"], BY_NAME["full-64"]]
    with pytest.raises(NotMeasured, match="full-64"):
        chosen("full-65")


@dataclass(kw_only=True)
class Operator:
    """An operator's side as it would be told."""

    submits: dict[int, int]
    receipts: int = 2
    acknowledged: int = 2
    orders: list[str] = field(default_factory=list)

    def order(self, order: str) -> dict[str, int]:
        self.orders.append(order)
        told = {"submits": sum(self.submits.values()), "receipts": self.receipts, "acknowledged": self.acknowledged}
        return told | {"first_ns": 1_000, "last_ns": 2_000, "acknowledged_ns": 1_000_000_000, "posts": 0}

    def recipients(self) -> dict[int, tuple[int, int]]:
        return {recipient(number): (times, 1_000) for number, times in self.submits.items()}


@dataclass(kw_only=True)
class Played:
    """A house in which two calls were made."""

    operator: Operator
    accepted: int = 2
    used: int = 0

    @property
    def receiver(self) -> Operator:
        return self.operator

    def usage(self) -> Usage:
        self.used += 1
        return Usage(cpu_ns=600_000 * self.used, switches=10 * self.used, at_ns=0)

    def log_octets(self) -> int:
        return 1_000 * self.used

    def counts(self) -> None:
        return None

    @contextmanager
    def loading(self, load: Load) -> Iterator["Played"]:
        yield self

    def ended(self) -> Loaded:
        calls = [
            Call(due_ns=0, answered_ns=500_000_000, number=number, is_accepted=number <= self.accepted)
            for number in (1, 2)
        ]
        return Loaded(calls=calls, next_number=3, began_ns=0, ended_ns=500_000_000, p50_ms=500.0, p99_ms=500.0)


def played(house: Played, cell: str = "full-64") -> dict[str, float]:
    """One round of a cell in such a house."""
    return measure(cast(House, house), BY_NAME[cell])


def test_figures() -> None:
    """Two messages in a second, the calls in half of it; 600 µs, 10 switches and 1,000 octets of log for both."""
    found = played(Played(operator=Operator(submits={1: 1, 2: 1})))
    assert found == {
        "messages_per_s": 2.0,
        "accepted_per_s": 4.0,
        "cpu_us": 300.0,
        "switches": 5.0,
        "log_octets": 500.0,
        "call_p50_ms": 500.0,
        "call_p99_ms": 500.0,
    }
    assert set(found) <= set(FIGURES)


@pytest.mark.parametrize(
    "operator",
    [
        Operator(submits={1: 1}),
        Operator(submits={1: 1, 2: 2}),
        Operator(submits={1: 1, 2: 1, 3: 1}),
        Operator(submits={1: 1, 2: 1}, acknowledged=1),
    ],
    ids=["lost", "sent twice", "never accepted", "receipt not acknowledged"],
)
def test_broken(operator: Operator) -> None:
    """A message lost, doubled or made up, or a receipt that is not acknowledged: no figures."""
    with pytest.raises(NotMeasured):
        played(Played(operator=operator))


def test_not_told() -> None:
    """A message of whose end the customer is not told: no figures."""
    with pytest.raises(NotMeasured, match="told"):
        played(Played(operator=Operator(submits={1: 1, 2: 1})), "webhook")


def test_shed() -> None:
    """Calls that are refused are another matter: the round may be tried again, once nothing comes any more."""
    operator = Operator(submits={1: 1})
    with pytest.raises(Shed):
        played(Played(operator=operator, accepted=1))
    assert operator.orders[-1].startswith("await")
