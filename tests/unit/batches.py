"""A service that takes batches, and the words in which its tests tell of them."""

from __future__ import annotations

import pytest
from tests.unit.house import CALLER, A, House

from payamak.codes import Code
from payamak.errors import Refused
from payamak.front.batch import Batch, BatchService
from payamak.store.records import Search

ALI, SARA, REZA = "09120000001", "09120000002", "09120000003"
BATCH = Batch(caller=CALLER, texts=["hello"], recipients=[ALI, SARA], line=A)

Desk = tuple[House, BatchService]


async def refusal(service: BatchService, batch: Batch) -> Code:
    """The code that refuses the whole."""
    with pytest.raises(Refused) as caught:
        await service.send_batch(batch)
    return caught.value.code


async def kept(house: House) -> list[tuple[str, str, str]]:
    """Recipient, line and text of what the store has, the oldest first."""
    return [(m.recipient, m.current.line, m.current.text) for m in (await house.store.search(Search()))[::-1]]
