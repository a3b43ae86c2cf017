"""What the rounds share between posts: entries read ahead, ends stored together; and the bounds of both."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.house import House
from tests.unit.posts.test_webhooks import BUSY, OK, URL, Scene, scene

from payamak.domain.posting import PostState
from payamak.domain.webhooks import NoticeResult, NoticeSearch
from payamak.errors import StoreFailed
from payamak.posts import rounds as rounds_module
from payamak.posts.post import Posted
from payamak.posts.rounds import PLACES

__all__ = ["scene"]

MANY = 60


class Concluding:
    """The store's conclusions: how many came at a time, and a gate before them."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        self.began, self.may_go = asyncio.Event(), asyncio.Event()
        self.bad: set[int] = set()
        self.fails = 0
        self._conclude = house.store.conclude_notices
        monkeypatch.setattr(house.store, "conclude_notices", self)
        monkeypatch.setattr(rounds_module, "STORE_REST_S", 0.001)

    async def __call__(self, results: Sequence[NoticeResult], now: int) -> list[bool]:
        self.sizes.append(len(results))
        self.began.set()
        await self.may_go.wait()
        if self.fails:
            self.fails -= 1
            raise StoreFailed("the disk is full")
        if any(result.message_id in self.bad and result.post is PostState.DONE for result in results):
            raise KeyError("a bug")
        return await self._conclude(results, now)


@pytest.fixture
def concluding(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Concluding:
    """In place of the store's."""
    return Concluding(scene.house, monkeypatch)


async def until(scene: Scene, count: int) -> None:
    """Wait until so many posts were made."""
    async with asyncio.timeout(20):
        while len(scene.shop.posts) < count:  # noqa: ASYNC110 - the next turn of the loop tells
            await asyncio.sleep(0)


async def settled() -> None:
    """Let everything happen that can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_ends_are_stored_together(scene: Scene, concluding: Concluding) -> None:
    """While the store works, posts go on; what ended meanwhile is stored in one transaction, told after it."""
    for _ in range(MANY):
        await scene.accept()
    async with scene.webhooks() as hooks:
        await until(scene, MANY)
        assert scene.logged == []
        assert hooks.posts == {}
        concluding.may_go.set()
        await scene.until(lambda: scene.count("webhook_done") == MANY)
        assert hooks.posts == {"done": MANY}
    assert sum(concluding.sizes) == MANY
    assert len(concluding.sizes) <= 3
    assert len(set(scene.shop.ids)) == len(scene.shop.ids) == MANY


async def test_a_store_that_stands_still_stops_the_posts(
    scene: Scene, concluding: Concluding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process that dies would post again is bounded: so many ends, and what is in the places."""
    monkeypatch.setattr(rounds_module, "UNSTORED", 16)
    concluding.fails = 3
    for _ in range(MANY):
        await scene.accept()
    async with scene.webhooks() as hooks:
        await concluding.began.wait()
        for _ in range(5):
            hooks.wake()
            await settled()
        assert len(scene.shop.posts) <= 16 + PLACES
        concluding.may_go.set()
        await scene.until(lambda: scene.count("webhook_done") == MANY)
    assert len(scene.shop.ids) == MANY, "and nothing was posted twice"


async def test_an_end_that_fails_alone(scene: Scene, concluding: Concluding) -> None:
    """A bug with one end in a transaction is that one's: the others are stored, it is told and put off."""
    messages = [await scene.accept() for _ in range(20)]
    concluding.bad = {messages[3].id}
    concluding.may_go.set()
    async with scene.webhooks() as hooks:
        await scene.until(lambda: scene.count("webhook_done") == 19 and scene.count("webhook_failed") == 1)
        await settled()
        assert hooks.posts == {"done": 19}
    (waiting,) = await scene.store.search_notices(NoticeSearch(post=PostState.WAITING))
    assert waiting.message_id == messages[3].id
    assert "KeyError" in waiting.note
    assert waiting.next_at is not None
    assert waiting.next_at > scene.house.clock.now()


async def test_what_was_read_ahead_rests_too(scene: Scene) -> None:
    """`Retry-After` holds for entries that were read before it came: of a crowd no more than the places are posted."""
    for _ in range(MANY):
        await scene.accept()
    scene.shop.says(URL, replace(BUSY, retry_after_ms=60_000))
    async with scene.webhooks() as hooks:
        await scene.until(lambda: scene.count("webhook_waiting") >= 1)
        for _ in range(5):
            hooks.wake()
            await settled()
        assert len(scene.shop.posts) <= PLACES
        scene.shop.says(URL, OK)
        scene.house.clock.now_ms += 120_000
        hooks.wake()
        await scene.until(lambda: scene.count("webhook_done") == MANY)


async def test_what_was_read_ahead_goes_to_the_new_url(scene: Scene) -> None:
    """A change of the URL holds for entries that were read before it."""
    hold = asyncio.Event()

    async def slow() -> Posted:
        await hold.wait()
        return OK

    scene.shop.answers[URL] = slow
    for _ in range(MANY):
        await scene.accept()
    async with scene.webhooks():
        await until(scene, PLACES)
        await scene.put(webhook_url=URL + "/new")
        hold.set()
        await scene.until(lambda: scene.count("webhook_done") == MANY)
    assert {post.url for post in scene.shop.posts[PLACES:]} == {URL + "/new"}


async def test_a_clock_that_falls(scene: Scene) -> None:
    """What was read ahead is read again: its instants in the store are others now. Nothing is posted twice."""
    hold = asyncio.Event()

    async def slow() -> Posted:
        await hold.wait()
        return OK

    scene.shop.answers[URL] = slow
    for _ in range(MANY):
        await scene.accept()
    async with scene.webhooks() as hooks:
        await until(scene, PLACES)
        hooks.set_back()
        hold.set()
        await scene.until(lambda: scene.count("webhook_done") == MANY)
    assert len(set(scene.shop.ids)) == len(scene.shop.ids) == MANY


async def test_a_stop_stores_what_ended(scene: Scene, concluding: Concluding) -> None:
    """A clean stop waits for ends that are being stored: they are not posted again by the next start."""
    await scene.accept()
    task: asyncio.Task[Any] | None = None
    async with scene.webhooks() as hooks:
        await concluding.began.wait()
        task = asyncio.create_task(hooks.stop(20))
        await settled()
        assert not task.done()
        concluding.may_go.set()
        await task
    (notice,) = await scene.notices()
    assert notice.post is PostState.DONE
