"""5,000 messages from handsets while their targets fail, dawdle and die, and the power is cut once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from tests.scenarios.house import House, house
from tests.site import ADVERTISING_LOGIN, LINE, LINE2, LINE_1000
from tests.target import Call, Say, Target, target

from payamak.domain.posting import PostState
from payamak.domain.site import Document, Line, Link
from payamak.store.records import ReceivedSearch

EACH = 25
SENDERS = {LINE: 100, LINE_1000: 90, LINE2: 10}
COUNT = EACH * sum(SENDERS.values())
TIMEOUT_S = 1.0


class Moody(Target):
    """Fails one post in 25 and does not answer one in 200 in time, the first time; is slow with all of them."""

    def __init__(self) -> None:
        super().__init__(self.moods)
        self.seen: set[str] = set()
        self.read: list[Call] = []

    async def moods(self, call: Call) -> Say:
        """See Target.script."""
        post_id, is_new = call.headers["webhook-id"], call.headers["webhook-id"] not in self.seen
        number = len(self.seen)
        self.seen.add(post_id)
        if is_new and number % 25 == 7:
            return Say(status=500)
        self.read.append(call)  # before it dawdles: the caller may be dead or tired of waiting when it is through
        await asyncio.sleep(TIMEOUT_S * 2 if is_new and number % 200 == 11 else 0.002 if number % 10 else 0.02)
        return Say()


def assert_all_in_order(calls: Sequence[Call], line: str) -> None:
    """Each message was read at least once, under one id, each sender's in order."""
    orders: dict[str, list[int]] = defaultdict(list)
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    for call in calls:
        form = call.form
        assert form["to"] == line
        orders[form["from"]].append(int(form["text"].split()[1]))
        ids[form["from"], form["text"]].add(call.headers["webhook-id"])
    assert len(orders) == SENDERS[line]
    for order in orders.values():
        assert sorted(set(order)) == list(range(EACH))
        assert order == sorted(order), "repeated perhaps, but never before what came earlier"
    assert {len(of_one) for of_one in ids.values()} == {1}, "what the operator repeated is no second message"


async def talk(home: House, line: str, place: int) -> None:
    """One handset: a message after the other, each when the one before has been acknowledged."""
    sender = f"98912{int(line[-4:]):04d}{place:03d}"
    for number in range(EACH):
        assert await home.advertising.send_mo(line, sender, f"پیام {number}", system_id=ADVERTISING_LOGIN[0])


@pytest.mark.slow
async def test_each_is_read_in_order_and_none_is_stuck(tmp_path: Path) -> None:
    """Failing, slow and dying targets, SIGKILL in between: all read, in order, past a target that is dead."""
    moody, dead = Moody(), Target(lambda call: asyncio.sleep(0, Say()))
    await moody.start()
    await dead.start()
    await dead.die()
    async with target() as well:
        urls = {LINE: moody.url(), LINE_1000: well.url(), LINE2: dead.url()}

        def change(document: Document) -> Document:
            if isinstance(document, Link):  # what a link may bring is not what this is about
                return msgspec.structs.replace(document, received_per_second=10_000)
            if not isinstance(document, Line) or document.number not in urls:
                return document
            url = urls[document.number]
            return msgspec.structs.replace(
                document, relay_url=url, relay_timeout_s=TIMEOUT_S, allow_private_target=True
            )

        async with house(tmp_path, change) as home:
            talking = [asyncio.create_task(talk(home, line, n)) for line, many in SENDERS.items() for n in range(many)]
            await moody.until(lambda: len(moody.read) > 500)
            await home.kill()
            await home.serve()
            await moody.until(lambda: len(moody.read) > 1_000)
            await moody.die()
            await well.until(lambda: len(well.calls) >= EACH * SENDERS[LINE_1000])
            await moody.start()
            await asyncio.gather(*talking)
            await moody.until(lambda: len({call.headers["webhook-id"] for call in moody.read}) == EACH * SENDERS[LINE])
            assert dead.calls == []
            await dead.start()
            await dead.until(lambda: len(dead.calls) >= EACH * SENDERS[LINE2])
            assert await home.terminate() == 0
            async with home.store() as store:
                found = await store.search_received(ReceivedSearch(limit=COUNT + 1))
            assert len(found) == COUNT
            assert {received.relay for received in found} == {PostState.DONE}
            assert all(received.read_at for received in found)
    await moody.die()
    await dead.die()
    assert_all_in_order(moody.read, LINE)
    assert_all_in_order(well.calls, LINE_1000)
    assert_all_in_order(dead.calls, LINE2)
