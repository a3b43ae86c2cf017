"""The operator's book and its file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from payamak.simulator.ledger import Counters, Entry, Ledger, Whole, read_ledger
from payamak.simulator.report import format_table, to_dict, to_json

RECIPIENT, LINE = "989121112233", "983000111"


def entry(serial: int, text: str = "سلام", **other: object) -> Entry:
    """An entry with defaults where a test does not care."""
    fields: dict[str, object] = {
        "serial": serial,
        "received_at": 1_700_000_000_000 + serial,
        "connection": 1,
        "system_id": "payamak",
        "operator_id": str(100 + serial),
        "line": LINE,
        "recipient": RECIPIENT,
        "text": text,
    }
    return Entry(**(fields | other))  # type: ignore[arg-type]


def part(serial: int, number: int, *, reference: int = 7) -> Entry:
    """One part of a long text; its text is its number."""
    return entry(serial, f"[{number}]", part=number, total=2, reference=reference)


def wholes(*entries: Entry, taken_only: bool = True) -> list[Whole]:
    """What a ledger of these entries joins."""
    ledger = Ledger()
    for one in entries:
        ledger.record_submit(one)
    return ledger.messages(taken_only=taken_only)


def test_messages_join_parts() -> None:
    """Parts are joined by line, recipient and reference, in order of their numbers."""
    found = wholes(part(1, 2), part(2, 1, reference=8), entry(3), part(4, 1), part(5, 2, reference=8))
    assert [one.text for one in found] == ["[1][2]", "[1][2]", "سلام"]
    assert found[0].operator_ids == ("104", "101")
    assert all(one.is_complete for one in found)


@pytest.mark.parametrize("other", [{"line": "983000222"}, {"recipient": "989350000000"}])
def test_messages_keep_apart(other: dict[str, str]) -> None:
    """The same reference on another line or to another recipient is another text."""
    found = wholes(part(1, 1), replace(part(2, 2), **other))  # type: ignore[arg-type]
    assert [one.is_complete for one in found] == [False, False]


def test_messages_count_copies() -> None:
    """A part that comes again before its text is complete is a copy."""
    (found,) = wholes(part(1, 1), part(2, 1), part(3, 2))
    assert (found.text, found.copies, found.parts) == ("[1][2]", 1, 2)


def test_messages_reference_recurs() -> None:
    """Once a text is complete, its reference begins a new one."""
    found = wholes(part(1, 1), part(2, 2), part(3, 1), part(4, 2))
    assert [one.copies for one in found] == [0, 0]


def test_messages_taken_only() -> None:
    """Refused parts belong to no text unless asked for; an unanswered part was taken."""
    entries = (entry(1, status=0x433), entry(2, status=None), entry(3))
    assert [one.operator_ids for one in wholes(*entries)] == [("102",), ("103",)]
    assert len(wholes(*entries, taken_only=False)) == 3


def filled(ledger: Ledger) -> Ledger:
    """A ledger with a bind, a delivered submit, a refused one and a received message."""
    first, second = entry(ledger.next_serial()), entry(ledger.next_serial(), status=0x58)
    ledger.record_bind("payamak", "transceiver", 1, 0, 5)
    ledger.record_bind("payamak", "transceiver", 2, 0x0E, 5)
    for one in (first, second):
        ledger.record_submit(one)
        ledger.record_answer(one, one.status or 0, 6)
    ledger.record_receipt(first, "DELIVRD", "000", 7, 1)
    ledger.record_acknowledged(first, 0x08, 8)
    ledger.record_receipt(first, "DELIVRD", "000", 9, 2)
    ledger.record_acknowledged(first, 0, 10)
    ledger.record_mo(LINE, RECIPIENT, 11)
    ledger.record_mo_acknowledged(LINE, RECIPIENT, 0, 12)
    return ledger


def test_file_holds_all(tmp_path: Path) -> None:
    """What the file tells is what memory holds, readable while the simulator is still writing."""
    path = tmp_path / "ledger.jsonl"
    ledger = filled(Ledger(path=path))
    assert ledger.entries == read_ledger(path)
    events = [json.loads(line)["event"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert events == [
        *("bind", "bind", "submit", "answer", "submit", "answer"),
        *("receipt", "acknowledged", "receipt", "acknowledged", "mo", "mo_acknowledged"),
    ]
    ledger.close()


def test_torn_line(tmp_path: Path) -> None:
    """A line that a kill left torn is passed over, and a new simulator goes on below it."""
    path = tmp_path / "ledger.jsonl"
    filled(Ledger(path=path)).close()
    with path.open("a", encoding="utf-8") as file:
        file.write('{"event": "subm')
    assert len(read_ledger(path)) == 2
    filled(Ledger(path=path)).close()
    assert [one.serial for one in read_ledger(path)] == [1, 2, 1, 2]


def test_counters_only() -> None:
    """With keep=False nothing grows but the counters."""
    ledger = filled(Ledger(keep=False))
    assert ledger.is_brief
    assert ledger.entries == []
    assert ledger.counters == filled(Ledger()).counters


def test_counters() -> None:
    """Every event is counted under its name."""
    counters = filled(Ledger()).counters
    assert to_dict(counters) == {
        "submits": 2,
        "taken": 1,
        "receipts_sent": 2,
        "receipts_acknowledged": 1,
        "receipts_refused": 1,
        "receipts_dropped": 0,
        "mo_sent": 1,
        "mo_acknowledged": 1,
        "binds": 1,
        "binds_refused": 1,
        "connections_closed": 0,
        "statuses": {"0x00000000": 1, "0x00000058": 1},
        "behaviours": {"delivers": 2},
    }
    assert json.loads(to_json(counters)) == to_dict(counters)


def test_table_shows_counters() -> None:
    """The table has a line for each counter and each status answered."""
    text = format_table(filled(Ledger()).counters)
    assert "receipts acknowledged" in text
    assert "answered 0x00000058 ESME_RTHROTTLED" in text
    assert "met delivers" in text
    assert "submits" in format_table(Counters())
