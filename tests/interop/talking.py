"""What both scripts of the peer share: JSON lines in and out, octets in hexadecimal. Knows no Payamak."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any, Final

import smpp34

_FIELDS: Final = (
    "service_type",
    "source_addr",
    "source_addr_ton",
    "source_addr_npi",
    "destination_addr",
    "dest_addr_ton",
    "dest_addr_npi",
    "esm_class",
    "protocol_id",
    "data_coding",
    "registered_delivery",
)


def tell(event: str, **fields: Any) -> None:
    """Write one line."""
    print(json.dumps({"event": event, **fields}), flush=True)


def fields_of(event: smpp34.SubmitSmEvent | smpp34.DeliverSmEvent) -> dict[str, Any]:
    """All fields of what came."""
    fields: dict[str, Any] = {name: getattr(event, name) for name in _FIELDS}
    fields["short_message"] = event.short_message.hex()
    fields["tlvs"] = [[one.tag, one.value.hex()] for one in event.tlvs]
    return fields


def with_tlvs(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as the library wants them."""
    tlvs = [smpp34.Tlv(tag, bytes.fromhex(value)) for tag, value in fields.pop("tlvs", [])]
    return {**fields, "short_message": bytes.fromhex(fields["short_message"]), "tlvs": tlvs}


async def hear_orders(order: Callable[[dict[str, Any]], None]) -> None:
    """Hand over every line of standard input until it ends."""
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order(json.loads(line))
