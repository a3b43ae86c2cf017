"""A front that takes batches, and the words in which its tests tell of them."""

from __future__ import annotations

import pytest
from tests.unit.house import CALLER, A, House

from payamak.codes import Code
from payamak.dialects.soap.arrays import Arrays, ToldBatch, told_of, wanted_of
from payamak.errors import Refused
from payamak.front.accept import Front, Policy
from payamak.front.callers import Caller
from payamak.store.records import Search

ALI, SARA, REZA = "09120000001", "09120000002", "09120000003"


class Batch(Arrays, frozen=True, kw_only=True):
    """The arrays of a call, and who calls."""

    caller: Caller


BATCH = Batch(caller=CALLER, texts=["hello"], recipients=[ALI, SARA], line=A)

Desk = tuple[House, Front]


async def send_batch(front: Front, batch: Batch) -> ToldBatch:
    """What became of a batch, as the SOAP door reads and tells it. Raises Refused."""
    return told_of(await front.accept(batch.caller, wanted_of(batch), Policy.WHOLE))


async def refusal(front: Front, batch: Batch) -> Code:
    """The code that refuses the whole."""
    with pytest.raises(Refused) as caught:
        await send_batch(front, batch)
    return caught.value.code


async def kept(house: House) -> list[tuple[str, str, str]]:
    """Recipient, line and text of what the store has, the oldest first."""
    return [(m.recipient, m.current.line, m.current.text) for m in (await house.store.search(Search()))[::-1]]
