"""The desk for messages from handsets: which binds are up, and what a slow or failing store means."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from tests.unit.house import HandClock, House

from payamak.delivery.inbound import DOUBT_S, InboundDesk
from payamak.domain.mo import KeptAs, MoPart
from payamak.encoding.alphabets import Alphabet
from payamak.errors import StoreFailed
from payamak.store.records import ReceivedSearch

PART = MoPart(upstream="o", link="north", line="983000123", sender="989120000001", alphabet=Alphabet.GSM7, octets=b"1")


def quiet(event: str, **fields: object) -> None:
    """Log nothing."""


async def kept(house: House) -> int:
    """How many messages there are."""
    return len(await house.store.search_received(ReceivedSearch()))


async def test_who_may_repeat(house: House) -> None:
    """On a bind that is up the same words are a new message; after it broke they are a repetition."""
    told: list[None] = []
    desk = InboundDesk(house.store, house.clock, quiet, lambda: told.append(None))
    await desk.mo(PART)
    await desk.mo(PART)
    await desk.mo(replace(PART, link="south"))
    assert (await kept(house), len(told)) == (3, 3)
    desk.link_changed("south")
    await desk.mo(PART)
    assert (await kept(house), len(told)) == (3, 3), "it may be the one that south brought last"
    desk.link_changed("south")
    await desk.mo(replace(PART, link="south", octets=b"2"))
    assert await kept(house) == 4


async def test_repeated_before_the_loss_is_known(house: House) -> None:
    """An operator that breaks a bind and repeats over another at once may be quicker than the news of the break."""
    told: list[None] = []
    desk = InboundDesk(house.store, house.clock, quiet, lambda: told.append(None))
    await desk.mo(PART)
    await desk.mo(replace(PART, link="south", octets=b"2"))
    repeated = asyncio.create_task(desk.mo(replace(PART, link="south")))
    await asyncio.sleep(DOUBT_S / 5)
    assert not repeated.done()
    desk.link_changed("west")
    desk.link_changed(PART.link)
    await repeated
    assert (await kept(house), len(told)) == (2, 2)


async def test_a_new_process_repeats_nothing(house: House) -> None:
    """What another process stored and could not acknowledge is known to this one."""
    await InboundDesk(house.store, house.clock, quiet).mo(PART)
    await InboundDesk(house.store, house.clock, quiet).mo(PART)
    assert await kept(house) == 1


async def test_repeated_while_it_is_stored(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes longer than the operator waits makes no second message: both get the one answer."""
    clock = HandClock()
    desk = InboundDesk(house.store, clock, quiet)
    slow: list[asyncio.Future[KeptAs]] = []

    def receive_mo(*args: object, is_sure: bool) -> asyncio.Future[KeptAs]:
        slow.append(asyncio.get_running_loop().create_future())
        return slow[-1]

    monkeypatch.setattr(house.store, "receive_mo", receive_mo)
    first = asyncio.create_task(desk.mo(PART))
    second = asyncio.create_task(desk.mo(PART))
    await asyncio.sleep(0)
    clock.now_ms += 6_000
    third = asyncio.create_task(desk.mo(PART))
    await asyncio.sleep(0)
    assert len(slow) == 2, "sent twice at once it is two messages, after the response timer it is one"
    for future in slow:
        future.set_result(KeptAs.WHOLE)
    await asyncio.gather(first, second, third)


async def test_a_store_that_fails(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be stored raises, so that it is not acknowledged, and is new when it comes again."""
    desk = InboundDesk(house.store, house.clock, quiet)

    async def failing(*args: object, **options: object) -> KeptAs:
        raise StoreFailed("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(house.store, "receive_mo", failing)
        with pytest.raises(StoreFailed):
            await desk.mo(PART)
    await desk.mo(PART)
    assert await kept(house) == 1
