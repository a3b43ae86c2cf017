"""The simulator's counters for people and for machines."""

from __future__ import annotations

import json
from dataclasses import fields

from payamak.simulator.behaviour import OPTED_OUT_ALL, OPTED_OUT_LINE
from payamak.simulator.ledger import Counters
from payamak.smpp.constants import status_name

_VENDOR_NAMES = {OPTED_OUT_ALL: "opted out of all", OPTED_OUT_LINE: "opted out of the line"}


def to_dict(counters: Counters) -> dict[str, int | dict[str, int]]:
    """The counters as plain values; statuses are keyed as `0x00000058`."""
    plain: dict[str, int | dict[str, int]] = {
        one.name: getattr(counters, one.name) for one in fields(counters) if one.name not in ("statuses", "behaviours")
    }
    plain["statuses"] = {f"0x{status:08X}": count for status, count in sorted(counters.statuses.items())}
    plain["behaviours"] = dict(sorted(counters.behaviours.items()))
    return plain


def to_json(counters: Counters) -> str:
    """The counters as one line of JSON."""
    return json.dumps(to_dict(counters), separators=(",", ":"))


def format_table(counters: Counters) -> str:
    """The counters as aligned lines, one to a counter, answers by status beneath."""
    rows = [
        (one.name.replace("_", " "), getattr(counters, one.name))
        for one in fields(counters)
        if one.name not in ("statuses", "behaviours")
    ]
    for status, count in sorted(counters.statuses.items()):
        name = _VENDOR_NAMES.get(status) or status_name(status)
        rows.append((f"  answered 0x{status:08X} {name}", count))
    rows += [(f"  met {name}", count) for name, count in sorted(counters.behaviours.items())]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {count:>10,}" for name, count in rows)
