"""The relay on a real store: order, places, pauses, answers, and what dying or failing leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.house import ACCOUNT, CREDIT, NOW, A, B, House

from payamak.codes import Code
from payamak.domain.mo import MoPart, Received
from payamak.domain.posting import GIVE_UP_MS, PostState
from payamak.domain.site import Document, Keyword, Line, Link, LinkUse
from payamak.encoding.alphabets import Alphabet
from payamak.errors import Refused, StoreFailed
from payamak.posts.post import Post, Posted, Poster
from payamak.posts.relay import PLACES, Relay
from payamak.store.records import NewMessage, ReceivedSearch, Search

OK = Posted(status=200, note="HTTP 200")
ALI, SARA = "989120000001", "989120000002"
DEAD = "983000999"
USE = (LinkUse(link="north"),)


class Shop(Poster):
    """A customer: `answer` decides, and may wait; every post is kept, and how many there were at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[Post] = []
        self.open = 0
        self.most = 0
        self.answers: dict[str, Callable[[], Awaitable[Posted]]] = {}

    def says(self, text: str, *answers: Posted) -> None:
        """Answer the posts of this text so, one after the other; the last one for good."""
        left = list(answers)

        async def answer() -> Posted:
            return left.pop(0) if len(left) > 1 else left[0]

        self.answers[text] = answer

    async def post(self, post: Post, now: int) -> Posted:
        """See Poster.post."""
        self.posts.append(post)
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            answer = self.answers.get(post.form["text"])
            return OK if answer is None else await answer()
        finally:
            self.open -= 1

    def texts(self, line: str = A) -> list[str]:
        """What was posted of a line, in order."""
        return [post.form["text"] for post in self.posts if post.form["to"] == line]


class Scene:
    """A house with a relay and a shop."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.store = house.store
        self.shop = Shop()
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self.concluded = asyncio.Event()

    def log(self, event: str, **fields: Any) -> None:
        """Keep what is logged."""
        self.logged.append((event, fields))
        self.concluded.set()

    async def comes(self, *texts: str, sender: str = ALI, line: str = A) -> None:
        """Messages come in."""
        for text in texts:
            octets = text.encode("utf-16-be")
            part = MoPart(upstream="o", link="l", line=line, sender=sender, alphabet=Alphabet.UCS2, octets=octets)
            await self.store.receive_mo(part, "s", ["s"], self.house.clock.now())

    @asynccontextmanager
    async def relay(self) -> AsyncIterator[Relay]:
        """A running relay, stopped at the end."""
        relay = Relay(self.store, self.house.clock, self.log, self.house.front.plan_reply, self.shop)
        task = asyncio.create_task(relay.run())
        try:
            yield relay
        finally:
            await relay.stop(1)
            await task

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for conclusions until it holds."""
        async with asyncio.timeout(10):
            while not holds():
                self.concluded.clear()
                await self.concluded.wait()

    async def all(self) -> dict[str, Received]:
        """Everything kept, by text."""
        return {r.text: r for r in await self.store.search_received(ReceivedSearch(limit=1_000))}

    def count(self, event: str) -> int:
        """How often something was logged."""
        return sum(name == event for name, _ in self.logged)


@pytest.fixture
async def scene(house: House) -> Scene:
    """Two lines with targets, one with a keyword."""
    await house.put()
    win = Keyword(keyword="win", url="https://shop.example.ir/win", account=ACCOUNT.username)
    lines: list[Document] = [
        Link(name="north", upstream="o"),
        Line(
            number=A, links=USE, gsm7_rial=100, ucs2_rial=100, relay_url="https://shop.example.ir/sms", keywords=(win,)
        ),
        Line(number=DEAD, links=USE, relay_url="https://dead.example.ir/sms"),
    ]
    await house.store.put_documents(lines, [], NOW)
    return Scene(house)


async def test_posted_and_read(scene: Scene) -> None:
    """A message that waits is posted as to, from and text, and read with 200; one that comes later wakes the relay."""
    await scene.comes("سلام")
    async with scene.relay() as relay:
        await scene.until(lambda: scene.count("relay_done") == 1)
        await scene.comes("دوم")
        relay.wake()
        await scene.until(lambda: scene.count("relay_done") == 2)
    first = scene.shop.posts[0]
    assert first.form == {"to": A, "from": ALI, "text": "سلام"}
    kept = (await scene.all())["سلام"]
    assert (first.id, first.url, first.wants_body) == (f"mo-{kept.id}", "https://shop.example.ir/sms", False)
    assert (kept.relay, kept.read_at, kept.tries) == (PostState.DONE, NOW, 1)


async def test_in_order_of_each_sender(scene: Scene) -> None:
    """What fails holds up its own sender, nobody else, and goes before what came after it."""
    scene.shop.says("a1", Posted(status=500, note="HTTP 500"), OK)
    await scene.comes("a1", "a2")
    await scene.comes("s1", "s2", sender=SARA)
    async with scene.relay() as relay:
        await scene.until(lambda: len(scene.logged) == 3)
        assert sorted(scene.shop.texts()) == ["a1", "s1", "s2"]
        scene.house.clock.now_ms += 7_000
        relay.wake()
        await scene.until(lambda: scene.count("relay_done") == 4)
    assert [text for text in scene.shop.texts() if text != "s1" and text != "s2"] == ["a1", "a1", "a2"]
    ids = {post.id for post in scene.shop.posts if post.form["text"] == "a1"}
    assert len(ids) == 1, "the id is the same for every try"


async def test_a_dead_target_holds_nobody_up(scene: Scene) -> None:
    """A target that never answers has its own places, and all of them at most."""
    hold = asyncio.Event()

    async def never() -> Posted:
        await hold.wait()
        return OK

    for number in range(PLACES * 2):
        scene.shop.answers[f"d{number}"] = never
        await scene.comes(f"d{number}", sender=f"98912000{number:04d}", line=DEAD)
    await scene.comes(*(f"a{number}" for number in range(5)))
    async with scene.relay():
        await scene.until(lambda: scene.count("relay_done") == 5)
        assert len(scene.shop.texts(DEAD)) == PLACES
        hold.set()
        await scene.until(lambda: scene.count("relay_done") == 5 + PLACES * 2)
    assert scene.shop.most <= PLACES + 1


async def test_retry_after_rests_the_target(scene: Scene) -> None:
    """Who asks for a pause gets it, for all its messages."""
    scene.shop.says("a1", Posted(status=429, note="HTTP 429", retry_after_ms=60_000), OK)
    await scene.comes("a1")
    async with scene.relay() as relay:
        await scene.until(lambda: scene.count("relay_waiting") == 1)
        await scene.comes("s1", sender=SARA)
        await scene.comes("elsewhere", line=DEAD)
        scene.house.clock.now_ms += 30_000
        relay.wake()
        await scene.until(lambda: scene.count("relay_done") == 1)
        assert scene.shop.texts() == ["a1"]
        scene.house.clock.now_ms += 30_000
        relay.wake()
        await scene.until(lambda: scene.count("relay_done") == 3)


async def test_gone(scene: Scene) -> None:
    """410 ends a message, kept and unread; the next one is posted."""
    scene.shop.says("a1", Posted(status=410, note="HTTP 410"))
    await scene.comes("a1", "a2")
    async with scene.relay():
        await scene.until(lambda: scene.count("relay_done") == 1)
    kept = (await scene.all())["a1"]
    assert (kept.relay, kept.read_at, kept.note) == (PostState.DEAD, None, "HTTP 410")


async def test_three_days_then_replayed(scene: Scene) -> None:
    """After three days it is kept; replayed by hand it is posted again under its id."""
    scene.shop.says("a1", Posted(note="ConnectError"), OK)
    await scene.comes("a1")
    scene.house.clock.now_ms += GIVE_UP_MS
    async with scene.relay() as relay:
        await scene.until(lambda: scene.count("relay_dead") == 1)
        received = (await scene.all())["a1"]
        assert await scene.store.replay([received.id], scene.house.clock.now()) == 1
        relay.wake()
        await scene.until(lambda: scene.count("relay_done") == 1)
    assert {post.id for post in scene.shop.posts} == {f"mo-{received.id}"}


async def test_a_target_that_was_taken_away(scene: Scene) -> None:
    """Without a URL nothing is posted, and the message waits as for a target that fails."""
    await scene.comes("x", line=DEAD)
    await scene.store.put_documents([Line(number=DEAD)], [], NOW)
    async with scene.relay():
        await scene.until(lambda: scene.count("relay_waiting") == 1)
    assert scene.shop.posts == []
    assert "no such target" in (await scene.all())["x"].note


@pytest.mark.parametrize("value", [None, "a secret of the shop"])
async def test_secret(scene: Scene, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """The secret is read from the environment; without it nothing leaves unsigned."""
    monkeypatch.delenv("SHOP_SECRET", raising=False)
    if value:
        monkeypatch.setenv("SHOP_SECRET", value)
    line = replace(scene.store.site.lines[A], relay_secret="env:SHOP_SECRET")
    await scene.store.put_documents([line], [], NOW)
    await scene.comes("x")
    async with scene.relay():
        await scene.until(lambda: len(scene.logged) == 1)
    assert [post.secret for post in scene.shop.posts] == ([value] if value else [])


# ------------------------------------------------------------------------------------------- web requests


async def reply_of(scene: Scene, body: str | None) -> Received:
    """A web request that is answered so, concluded."""
    scene.shop.says("win 5", Posted(status=200, note="HTTP 200", body=body))
    await scene.comes("win 5")
    async with scene.relay():
        await scene.until(lambda: scene.count("relay_done") == 1)
    return (await scene.all())["win 5"]


async def test_web_request(scene: Scene) -> None:
    """The answer's text goes back to the sender on the line, at the price of the account."""
    received = await reply_of(scene, "آفرین")
    assert scene.shop.posts[0].wants_body
    assert scene.shop.posts[0].url.endswith("/win")
    assert received.reply_id is not None
    story = await scene.store.story(received.reply_id)
    assert story is not None
    message = story.message
    assert (message.recipient, message.current.line, message.current.text) == (ALI, A, "آفرین")
    assert (message.source, message.reserved) == ("reply", 100)
    (balance,) = await scene.store.balances()
    assert balance.available == CREDIT - 100


@pytest.mark.parametrize("body", ["", None])
async def test_no_answer(scene: Scene, body: str | None) -> None:
    """An empty body, or none that can be sent, is read and answers nobody."""
    assert (await reply_of(scene, body)).reply_id is None


async def test_a_web_page_is_no_answer(scene: Scene) -> None:
    """A page of errors is not sent, and not charged, to the handset; a person sees it, the log quotes nothing of it."""
    page = "<br />\n<b>Warning</b>: Undefined variable $code"
    scene.shop.says("win 5", Posted(status=200, note="HTTP 200", body=page, is_page=True))
    await scene.comes("win 5")
    async with scene.relay():
        await scene.until(lambda: scene.count("relay_done") == 1)
    kept = (await scene.all())["win 5"]
    note = "HTTP 200; the answer is a web page and was not sent"
    assert (kept.relay, kept.reply_id) == (PostState.DONE, None)
    assert kept.note == f"{note}: <br /> <b>Warning</b>: Undefined variable $code"
    assert [fields["note"] for _, fields in scene.logged] == [note]
    assert await scene.store.search(Search()) == []


async def test_too_long_an_answer(scene: Scene) -> None:
    """A body of more parts than the account may send is not sent, not even in part, and says why."""
    received = await reply_of(scene, "x" * 153 * 11)
    assert (received.reply_id, received.relay) == (None, PostState.DONE)
    assert str(Code.TOO_MANY_PARTS.value) in received.note


async def test_an_account_that_may_not(scene: Scene) -> None:
    """An account that was closed answers nobody."""
    account = replace(scene.store.site.accounts[ACCOUNT.username], is_active=False)
    await scene.store.put_documents([account], [], NOW)
    received = await reply_of(scene, "hi")
    assert received.reply_id is None
    assert "16" in received.note


# ------------------------------------------------------------------------------------------ when it fails


async def test_an_answer_of_the_store_that_is_old(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read while the store was being asked is not posted again, although the answer says it is due."""
    hold, relay_due = asyncio.Event(), scene.store.relay_due

    async def held() -> Posted:
        await hold.wait()
        return OK

    async def late(target: str, now: int, limit: int) -> list[Received]:
        rows = await relay_due(target, now, limit)
        if scene.shop.posts:
            hold.set()
            await scene.until(lambda: scene.count("relay_done") > 0)
        return rows

    monkeypatch.setattr(scene.store, "relay_due", late)
    scene.shop.answers["a1"] = held
    await scene.comes("a1", "a2")
    async with scene.relay() as relay:
        await scene.comes("s1", sender=SARA)
        relay.wake()
        await scene.until(lambda: scene.count("relay_done") == 3)
    assert sorted(scene.shop.texts()) == ["a1", "a2", "s1"]


async def test_a_store_that_fails(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a post brought is stored as soon as the store can; the customer is not asked twice."""
    monkeypatch.setattr("payamak.posts.rounds.STORE_REST_S", 0.001)
    conclude, failures = scene.store.conclude_posts, 3

    def failing(*args: Any) -> Any:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise StoreFailed("the disk is full")
        return conclude(*args)

    monkeypatch.setattr(scene.store, "conclude_posts", failing)
    await scene.comes("a1")
    async with scene.relay():
        await scene.until(lambda: scene.count("relay_done") == 1)
    assert scene.shop.texts() == ["a1"]


async def test_a_bug_is_told_and_does_not_spin(scene: Scene) -> None:
    """An error of our own rests the target instead of posting without a pause."""

    def broken(*args: str) -> NewMessage:
        raise ZeroDivisionError

    scene.shop.says("win", Posted(status=200, body="x"))
    await scene.comes("win")
    relay = Relay(scene.store, scene.house.clock, scene.log, broken, scene.shop)
    task = asyncio.create_task(relay.run())
    await scene.until(lambda: scene.count("relay_failed") == 1)
    relay.wake()
    await scene.comes("a1")
    relay.wake()
    await scene.until(lambda: scene.count("relay_done") == 1)
    await relay.stop(1)
    await task
    assert scene.shop.texts() == ["win", "a1"]


async def test_stopped_in_a_post(scene: Scene) -> None:
    """A stop waits no longer than told; what was under way is posted again by the next relay."""
    hold = asyncio.Event()

    async def never() -> Posted:
        scene.concluded.set()
        await hold.wait()
        return OK

    scene.shop.answers["a1"] = never
    await scene.comes("a1", "a2")
    relay = Relay(scene.store, scene.house.clock, scene.log, scene.house.front.plan_reply, scene.shop)
    task = asyncio.create_task(relay.run())
    await scene.until(lambda: relay.posting == 1 and len(scene.shop.posts) == 1)
    await relay.stop(0.01)
    await task
    hold.set()
    async with scene.relay():
        await scene.until(lambda: scene.count("relay_done") == 2)
    assert scene.shop.texts() == ["a1", "a1", "a2"]


def test_the_front_refuses_what_is_not_configured(scene: Scene) -> None:
    """An answer for an account that does not exist, or to what is no mobile, is refused."""
    for arguments in (("nobody", A, ALI, "x"), (ACCOUNT.username, A, "12345", "x"), (ACCOUNT.username, B, ALI, "")):
        with pytest.raises(Refused):
            scene.house.front.plan_reply(*arguments)


async def test_an_answer_outside_the_hours_waits(scene: Scene) -> None:
    """An advertising line refuses at night; an answer that it asked for waits for the morning instead."""
    received = await reply_of(scene, "hi")
    assert received.reply_id is not None
    story = await scene.store.story(received.reply_id)
    assert story is not None
    assert story.message.due_at > NOW
