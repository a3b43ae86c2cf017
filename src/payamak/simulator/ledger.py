"""What the simulated operator received and what it told, so that the gateway's promises can be checked.

Every submit_sm becomes an `Entry`, written before its answer leaves; answers, receipts and their
acknowledgements are added to it. With a path, each of these events is also one line of JSON, flushed at
once: whoever reads the file after either process was killed sees all that was on the wire. Events are
linked by `serial`, the number of the submit:

    {"event": "submit", "serial": 1, "at": 1700000000000, "operator_id": "…", "text": "…", …}
    {"event": "answer", "serial": 1, "at": …, "status": 0}
    {"event": "receipt", "serial": 1, "at": …, "stat": "DELIVRD", "err": "000", "delivery": 1}
    {"event": "acknowledged", "serial": 1, "at": …, "status": 0}
    {"event": "troubles", "at": …, "what": ["loses", "cuts"]}
    {"event": "bind", "at": …, "system_id": "…", "kind": "transceiver", "connection": 1, "status": 0}

So a checker knows of every copy which receipt was sent for it (`Entry.verdict`) and whether it was acknowledged.
`serial` 0 in a receipt's events stands for a received message (MO). With `keep=False` only the counters are
kept.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from payamak.visible import visible_json


@dataclass(kw_only=True, slots=True)
class Entry:
    """One submit_sm as it came, and what became of it; the lists grow.

    `status` is the verdict of the plan: 0 taken, None taken but never answered, else refused. `reference`
    is the UDH reference, or sar_msg_ref_num, None for a text of one part. Instants are whole milliseconds
    since 1970 UTC.
    """

    serial: int
    received_at: int
    connection: int
    system_id: str
    operator_id: str
    line: str
    recipient: str
    text: str
    reference: int | None = None
    part: int = 1
    total: int = 1
    data_coding: int = 0
    registered_delivery: int = 0
    user_message_reference: int | None = None
    behaviour: str = "delivers"
    status: int | None = 0
    answers: list[int] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)

    @property
    def is_taken(self) -> bool:
        """Whether the operator kept this part: it did not refuse it."""
        return not self.status

    @property
    def verdict(self) -> str:
        """The stat word of the last receipt that was sent for this copy, "" if none was."""
        return self.receipts[-1] if self.receipts else ""

    @property
    def is_acknowledged(self) -> bool:
        """Whether a receipt for this copy was acknowledged."""
        return 0 in self.acknowledged


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """A whole text, joined from its parts; `copies` counts parts that came more than once."""

    line: str
    recipient: str
    text: str
    operator_ids: tuple[str, ...]
    parts: int
    total: int
    received_at: int
    copies: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every part came."""
        return self.parts == self.total


@dataclass(kw_only=True, slots=True)
class Counters:
    """What happened so far, in numbers; `statuses` counts answers by command_status."""

    submits: int = 0
    taken: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    behaviours: Counter[str] = field(default_factory=Counter)
    receipts_sent: int = 0
    receipts_acknowledged: int = 0
    receipts_refused: int = 0
    receipts_dropped: int = 0
    mo_sent: int = 0
    mo_acknowledged: int = 0
    binds: int = 0
    binds_refused: int = 0
    connections_closed: int = 0


class Ledger:
    """The operator's book. Not safe for threads; one event loop writes it."""

    def __init__(self, *, path: Path | None = None, keep: bool = True) -> None:
        """Open `path` for appending, if given. Raises OSError."""
        self.counters = Counters()
        self.entries: list[Entry] = []
        self._keep = keep
        self._serial = 0
        self._path = path
        self._file: TextIO | None = None
        self._watchers: list[tuple[Callable[[Ledger], bool], asyncio.Future[None]]] = []
        self.open()

    def open(self) -> None:
        """Open the file again after `close()`; nothing to do if it is open. Raises OSError."""
        if self._path is not None and self._file is None:
            self._file = self._path.open("a", encoding="utf-8")
            self._mend(self._path)

    async def until(self, holds: Callable[[Ledger], bool]) -> None:
        """Return once `holds(ledger)` is true; asked again after every event. Wrap it in a time-out."""
        if not holds(self):
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            watcher = (holds, waiter)
            self._watchers.append(watcher)
            try:
                await waiter
            finally:
                self._watchers.remove(watcher)

    @property
    def is_brief(self) -> bool:
        """Whether only numbers are kept, so that nobody needs to decode texts."""
        return not self._keep and self._file is None

    def next_serial(self) -> int:
        """The number of the next submit, from 1."""
        self._serial += 1
        return self._serial

    def count_submit(self, behaviour: str, *, is_taken: bool) -> None:
        """Count a submit; all that is needed of it when the ledger is brief."""
        counters = self.counters
        counters.submits += 1
        counters.taken += is_taken
        counters.behaviours[behaviour] += 1
        self._tell()

    def record_submit(self, entry: Entry) -> None:
        """Enter a submit before it is answered. On file when this returns, if there is a file."""
        if self._keep:
            self.entries.append(entry)
        if self._file is not None:
            row = {name: getattr(entry, name) for name in _SUBMIT_FIELDS}
            self._write({"event": "submit", "at": row.pop("received_at")} | row)
        self.count_submit(entry.behaviour, is_taken=entry.is_taken)

    def record_answer(self, entry: Entry | None, status: int, at: int) -> None:
        """An answer leaves with this status."""
        self.counters.statuses[status] += 1
        if entry is not None:
            entry.answers.append(status)
            if self._file is not None:
                self._write({"event": "answer", "serial": entry.serial, "at": at, "status": status})
        self._tell()

    def record_receipt(self, entry: Entry | None, stat: str, err: str, at: int, delivery: int) -> None:
        """A receipt leaves; `delivery` counts how often this one was sent, from 1."""
        self.counters.receipts_sent += 1
        if entry is not None:
            entry.receipts.append(stat)
            if self._file is not None:
                row = {"event": "receipt", "serial": entry.serial, "at": at, "stat": stat, "err": err}
                self._write(row | {"delivery": delivery})
        self._tell()

    def record_acknowledged(self, entry: Entry | None, status: int, at: int) -> None:
        """The deliver_sm_resp of a receipt came, with this status."""
        if status:
            self.counters.receipts_refused += 1
        else:
            self.counters.receipts_acknowledged += 1
        if entry is not None:
            entry.acknowledged.append(status)
            if self._file is not None:
                self._write({"event": "acknowledged", "serial": entry.serial, "at": at, "status": status})
        self._tell()

    def record_mo(self, line: str, sender: str, at: int) -> None:
        """A part of a received message leaves towards the gateway."""
        self.counters.mo_sent += 1
        self._write({"event": "mo", "serial": 0, "at": at, "line": line, "sender": sender})
        self._tell()

    def record_mo_acknowledged(self, line: str, sender: str, status: int, at: int) -> None:
        """The gateway answered a part of a received message."""
        self.counters.mo_acknowledged += status == 0
        row = {"event": "mo_acknowledged", "serial": 0, "at": at, "line": line, "sender": sender}
        self._write(row | {"status": status})
        self._tell()

    def record_dropped(self) -> None:
        """A receipt or a received message was given up."""
        self.counters.receipts_dropped += 1
        self._tell()

    def record_bind(self, system_id: str, kind: str, connection: int, status: int, at: int) -> None:
        """A bind was asked for; status 0 = granted."""
        if status:
            self.counters.binds_refused += 1
        else:
            self.counters.binds += 1
        row = {"event": "bind", "at": at, "system_id": system_id, "kind": kind, "connection": connection}
        self._write(row | {"status": status})
        self._tell()

    def record_troubles(self, what: list[str], at: int) -> None:
        """The operator has these troubles from now on, and no others."""
        if what:
            self._write({"event": "troubles", "at": at, "what": what})

    def record_closed(self) -> None:
        """A connection ended, whoever ended it."""
        self.counters.connections_closed += 1
        self._tell()

    def messages(self, *, taken_only: bool = True) -> list[Whole]:
        """Whole texts in order of their first part; refused parts only with `taken_only=False`."""
        return join_parts(entry for entry in self.entries if entry.is_taken or not taken_only)

    def close(self) -> None:
        """Close the file; the entries stay."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _tell(self) -> None:
        """Let those who wait in `until` look again."""
        for holds, waiter in self._watchers:
            if not waiter.done() and holds(self):
                waiter.set_result(None)

    def _mend(self, path: Path) -> None:
        """End a line that a killed simulator left torn, so that ours begins a new one."""
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            self._write_line("")

    def _write(self, row: dict[str, object]) -> None:
        if self._file is not None:
            self._write_line(visible_json(json.dumps(row, ensure_ascii=False, separators=(",", ":"))))

    def _write_line(self, line: str) -> None:
        if self._file is not None:
            self._file.write(line + "\n")
            self._file.flush()


_SUBMIT_FIELDS = (
    "serial",
    "received_at",
    "system_id",
    "connection",
    "operator_id",
    "line",
    "recipient",
    "text",
    "reference",
    "part",
    "total",
    "data_coding",
    "registered_delivery",
    "user_message_reference",
    "behaviour",
    "status",
)


def join_parts(entries: Iterable[Entry]) -> list[Whole]:
    """Join parts by (line, recipient, reference, total) into whole texts, in order of their first part.

    A part that repeats while its text is still incomplete is a copy; once the text is complete the same
    reference begins a new one, since references recur.
    """
    groups: list[list[Entry]] = []
    open_groups: dict[tuple[str, str, int, int], list[Entry]] = {}
    for entry in entries:
        if entry.reference is None or entry.total < 2:
            groups.append([entry])
            continue
        key = (entry.line, entry.recipient, entry.reference, entry.total)
        group = open_groups.get(key)
        if group is None:
            group = open_groups[key] = []
            groups.append(group)
        group.append(entry)
        if len({one.part for one in group}) == entry.total:
            del open_groups[key]
    return [_join(group) for group in groups]


def _join(group: list[Entry]) -> Whole:
    by_part: dict[int, Entry] = {}
    for entry in group:
        by_part.setdefault(entry.part, entry)
    parts = [by_part[number] for number in sorted(by_part)]
    first = group[0]
    return Whole(
        line=first.line,
        recipient=first.recipient,
        text="".join(part.text for part in parts),
        operator_ids=tuple(part.operator_id for part in parts),
        parts=len(parts),
        total=first.total,
        received_at=first.received_at,
        copies=len(group) - len(parts),
    )


def read_ledger(path: Path) -> list[Entry]:
    """The entries of a ledger file, also of one that is still being written; torn lines are left out.

    Serials begin at 1 again after a restart on the same file; events then belong to the newest submit of
    that number.
    """
    entries: list[Entry] = []
    by_serial: dict[int, Entry] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:  # torn: its writer was killed, or is writing it now
                continue
            _replay(row, entries, by_serial)
    return entries


def _replay(row: dict[str, object], entries: list[Entry], by_serial: dict[int, Entry]) -> None:
    match row:
        case {"event": "submit", "at": int(at)}:
            fields = {name: row[name] for name in _SUBMIT_FIELDS if name != "received_at"}
            entry = Entry(received_at=at, **fields)  # type: ignore[arg-type]  # our own file's fields
            entries.append(entry)
            by_serial[entry.serial] = entry
        case {"event": "answer", "serial": int(serial), "status": int(status)}:
            by_serial[serial].answers.append(status)
        case {"event": "receipt", "serial": int(serial), "stat": str(stat)}:
            by_serial[serial].receipts.append(stat)
        case {"event": "acknowledged", "serial": int(serial), "status": int(status)}:
            by_serial[serial].acknowledged.append(status)
        case _:  # binds and received messages belong to no submit
            pass
