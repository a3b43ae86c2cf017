"""Webhooks on a real store: order, places, pauses, a target that is gone, and what dying or failing leaves behind."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace
from tests.target import Call, Say, target
from tests.unit.house import ACCOUNT, NOW, RECIPIENT, A, House

from payamak.domain.events import Answered, Outcome, OutcomeKind
from payamak.domain.message import Lane, Message, Step
from payamak.domain.posting import GIVE_UP_MS, PostState
from payamak.domain.site import Account
from payamak.domain.webhooks import Notice, NoticeSearch
from payamak.encoding.parts import Encoding
from payamak.errors import StoreFailed
from payamak.posts.post import Post, Posted, Poster, signature
from payamak.posts.rounds import PLACES
from payamak.posts.webhooks import Webhooks, make_ping
from payamak.store.records import Claim, NewMessage

OK = Posted(status=200, note="HTTP 200")
BUSY = Posted(status=503, note="HTTP 503")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://shop.example.ir/states"
OTHER = Account(username="other", webhook_url="https://dead.example.ir/states", webhook_secret="env:HOOK")


class Shop(Poster):
    """A customer: `answer` decides, and may wait; every post is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[Post] = []
        self.answers: dict[str, Callable[[], Awaitable[Posted]]] = {}

    def says(self, name: str, *answers: Posted) -> None:
        """Answer the posts to this URL, or of this event, so: one after the other, the last one for good."""
        left = list(answers)

        async def answer() -> Posted:
            return left.pop(0) if len(left) > 1 else left[0]

        self.answers[name] = answer

    async def post(self, post: Post, now: int) -> Posted:
        """See Poster.post."""
        self.posts.append(post)
        answer = self.answers.get(post.id) or self.answers.get(post.url)
        return OK if answer is None else await answer()

    @property
    def ids(self) -> list[str]:
        """The events that were posted, in order."""
        return [post.id for post in self.posts]


class Scene:
    """A house whose account has a webhook, and a shop behind it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.store = house.store
        self.shop = Shop()
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self.told = asyncio.Event()

    def log(self, event: str, **fields: Any) -> None:
        """Keep what is logged."""
        self.logged.append((event, fields))
        self.told.set()

    async def accept(self, account: str = "shop") -> Message:
        """A message is accepted: one notice."""
        step = Step(line=A, text="x", encoding=Encoding.GSM7, parts=1, price=0)
        now = self.house.clock.now()
        new = NewMessage(
            account_id=self.store.site.accounts[account].id,
            recipient=RECIPIENT,
            plan=(step,),
            deadline_at=now + 86_400_000,
            lane=Lane.NORMAL,
            source="wsSend",
        )
        return (await self.store.accept(new, now)).message

    async def sent(self, account: str = "shop") -> Message:
        """A message that the operator has taken: three notices."""
        message, now = await self.accept(account), self.house.clock.now()
        (change,) = await self.store.put_on_wire([Claim(message_id=message.id, version=0, link="l", owner=1)], now)
        outcome = Outcome(part=1, kind=OutcomeKind.TAKEN, operator_id=str(message.id))
        await self.store.advance(message.id, Answered(step=0, try_no=1, outcomes=(outcome,)), now)
        return change.message

    @asynccontextmanager
    async def webhooks(self, poster: Poster | None = None) -> AsyncIterator[Webhooks]:
        """They run, and listen, and are stopped at the end."""
        hooks = Webhooks(self.store, self.house.clock, self.log, poster or self.shop)
        unlisten = self.store.feed.listen(hooks.hear)
        task = asyncio.create_task(hooks.run())
        try:
            yield hooks
        finally:
            unlisten()
            await hooks.stop(1)
            await task

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what is logged until it holds."""
        async with asyncio.timeout(20):
            while not holds():
                self.told.clear()
                await self.told.wait()

    def count(self, event: str) -> int:
        """How often something was logged."""
        return sum(name == event for name, _ in self.logged)

    async def notices(self) -> list[Notice]:
        """All that is kept, oldest first."""
        return (await self.store.search_notices(NoticeSearch(limit=1_000)))[::-1]

    async def put(self, **fields: Any) -> None:
        """Change the account."""
        account = replace(self.store.site.accounts["shop"], **fields)
        await self.store.put_documents([account], [], NOW)


@pytest.fixture
async def scene(house: House, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Two accounts with webhooks."""
    monkeypatch.setenv("HOOK", SECRET)
    await house.put(replace(ACCOUNT, webhook_url=URL, webhook_secret="env:HOOK"))
    await house.store.put_documents([OTHER], [], NOW)
    return Scene(house)


async def test_posted_in_order(scene: Scene) -> None:
    """Every change is posted once, in order; one that happens later is heard of by the Feed, at once."""
    message = await scene.sent()
    async with scene.webhooks() as hooks:
        await scene.until(lambda: scene.count("webhook_done") == 3)
        assert scene.shop.ids == [f"evt-{message.id}-{n}" for n in (1, 2, 3)]
        await scene.accept()
        await scene.until(lambda: scene.count("webhook_done") == 4)
        assert hooks.posts == {"done": 4}
    bodies = [json.loads(post.json or b"") for post in scene.shop.posts]
    assert [b["data"]["state"] for b in bodies] == ["queued", "sending", "enroute", "queued"]
    assert [b["id"] for b in bodies] == scene.shop.ids
    post = scene.shop.posts[0]
    assert (post.url, post.secret, post.timeout_s, post.private_is_allowed) == (URL, SECRET, 10, False)
    assert {n.post for n in await scene.notices()} == {PostState.DONE}


async def test_a_failed_one_holds_up_its_message_alone(scene: Scene) -> None:
    """What follows waits for it and comes after it; other messages go on."""
    first, second = await scene.sent(), await scene.accept()
    scene.shop.says(f"evt-{first.id}-1", BUSY, OK)
    async with scene.webhooks() as hooks:
        await scene.until(lambda: len(scene.logged) == 2)
        assert sorted(scene.shop.ids) == sorted([f"evt-{first.id}-1", f"evt-{second.id}-1"])
        scene.house.clock.now_ms += 7_000
        hooks.wake()
        await scene.until(lambda: scene.count("webhook_done") == 4)
    mine = [event for event in scene.shop.ids if event.startswith(f"evt-{first.id}-")]
    assert mine == [f"evt-{first.id}-{n}" for n in (1, 1, 2, 3)]


async def test_one_dead_target_delays_no_other(scene: Scene) -> None:
    """While every place of one target hangs, another account's events arrive, more than there are places."""
    release, hanging = asyncio.Event(), list[Posted]()

    async def hang() -> Posted:
        hanging.append(Posted(note="no answer within 10 s"))
        scene.told.set()
        await release.wait()
        return hanging[0]

    scene.shop.answers[OTHER.webhook_url] = hang
    for _ in range(2 * PLACES):
        await scene.accept("other")
    for _ in range(3 * PLACES):
        await scene.accept()
    async with scene.webhooks() as hooks:
        await scene.until(lambda: scene.count("webhook_done") == 3 * PLACES and len(hanging) >= PLACES)
        assert hooks.posting == PLACES, "all places of the dead one are taken, and no more"
        assert scene.count("webhook_waiting") == 0
        release.set()
        await scene.until(lambda: scene.count("webhook_waiting") >= PLACES)


async def test_a_dead_name_server_delays_no_other(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one target's name server says nothing, however many posts wait for it, other names are found."""
    release, asked = threading.Event(), []

    def getaddrinfo(host: str, port: int | None, **more: Any) -> list[Any]:
        asked.append(host)
        if host == "dead.example.ir":
            release.wait(60)
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for _ in range(20):
        await scene.accept("other")
    async with target() as server:
        url = f"http://shop.example.ir:{server.port}/"
        await scene.put(webhook_url=url, webhook_allow_private_target=True)
        for _ in range(20):
            await scene.accept()
        try:
            async with scene.webhooks(Poster()):
                await scene.until(lambda: scene.count("webhook_done") == 20)
                assert asked.count("dead.example.ir") == 1, "one look-up for all that wait for it"
                release.set()
                await scene.until(lambda: scene.count("webhook_waiting") >= PLACES)
        finally:
            release.set()


async def test_gone(scene: Scene) -> None:
    """410: this URL gets no post any more, also after a restart; all is kept, and a new URL, or a replay, goes on."""
    scene.shop.says(URL, Posted(status=410, note="HTTP 410"))
    message = await scene.sent()
    async with scene.webhooks():
        await scene.until(lambda: scene.count("webhook_dead") == 3)
    assert scene.shop.ids == [f"evt-{message.id}-1"]
    second = await scene.accept()
    async with scene.webhooks():
        await scene.until(lambda: scene.count("webhook_dead") == 4)
        assert len(scene.shop.posts) == 1
        assert "410" in (await scene.notices())[-1].note
        await scene.put(webhook_url=URL + "/2")
        third = await scene.accept()
        await scene.until(lambda: scene.count("webhook_done") == 1)
        assert scene.shop.ids[1:] == [f"evt-{third.id}-1"]
        await scene.put(webhook_url=URL)
        scene.shop.says(URL, OK)
        dead = await scene.store.search_notices(NoticeSearch(post=PostState.DEAD))
        events = [(n.message_id, n.sequence) for n in dead]
        assert await scene.store.replay_notices(events, scene.house.clock.now()) == 4
        await scene.until(lambda: scene.count("webhook_done") == 5)
    replayed = scene.shop.ids[2:]
    assert sorted(replayed) == sorted([*(f"evt-{message.id}-{n}" for n in (1, 2, 3)), f"evt-{second.id}-1"])


async def test_gone_while_the_store_is_asked(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of the store that is older than the 410 lets nothing through."""
    targets, asked, told = scene.store.webhook_targets, asyncio.Event(), asyncio.Event()
    answers = asyncio.Event()

    async def hang() -> Posted:
        await answers.wait()
        return Posted(status=410, note="HTTP 410")

    async def late() -> Any:
        found = await targets()
        asked.set()
        await told.wait()
        return found

    scene.shop.answers[URL] = hang
    message = await scene.sent()
    async with asyncio.timeout(20), scene.webhooks() as hooks:
        while not scene.shop.posts:  # noqa: ASYNC110 - the shop has no signal
            await asyncio.sleep(0.001)
        monkeypatch.setattr(scene.store, "webhook_targets", late)
        hooks.wake()
        await asked.wait()
        answers.set()
        await scene.until(lambda: scene.count("webhook_dead") == 1)
        told.set()
        await scene.until(lambda: scene.count("webhook_dead") == 3)
    assert scene.shop.ids == [f"evt-{message.id}-1"]


async def test_retry_after_is_the_targets(scene: Scene) -> None:
    """`Retry-After` rests the whole target, up to 24 h, and no other one."""
    first = await scene.accept()
    scene.shop.says(f"evt-{first.id}-1", replace(BUSY, retry_after_ms=3_600_000), OK)
    async with scene.webhooks() as hooks:
        await scene.until(lambda: scene.count("webhook_waiting") == 1)
        await scene.accept()
        await scene.accept("other")
        await scene.until(lambda: scene.count("webhook_done") == 1)
        scene.house.clock.now_ms += 3_599_000
        await scene.accept("other")
        await scene.until(lambda: scene.count("webhook_done") == 2)
        assert [p.url for p in scene.shop.posts[1:]] == [OTHER.webhook_url] * 2
        scene.house.clock.now_ms += 1_000
        hooks.wake()
        await scene.until(lambda: scene.count("webhook_done") == 4)


async def test_three_days_then_replayed(scene: Scene) -> None:
    """Seventeen tries or so in three days, then it is kept; replayed it comes with the same id and the same octets."""
    scene.shop.says(URL, Posted(note="ConnectError"))
    message = await scene.accept()
    async with scene.webhooks() as hooks:
        while not scene.count("webhook_dead"):
            before = len(scene.logged)
            hooks.wake()
            await scene.until(lambda: len(scene.logged) > before)  # noqa: B023 - used at once
            (notice,) = await scene.notices()
            scene.house.clock.now_ms = max(notice.next_at or 0, scene.house.clock.now_ms)
        assert 14 <= len(scene.shop.posts) <= 18
        assert scene.house.clock.now_ms - NOW <= GIVE_UP_MS
        scene.shop.says(URL, OK)
        assert await scene.store.replay_notices([(message.id, 1)], scene.house.clock.now()) == 1
        hooks.wake()
        await scene.until(lambda: scene.count("webhook_done") == 1)
    assert {(post.id, post.json) for post in scene.shop.posts} == {(f"evt-{message.id}-1", scene.shop.posts[0].json)}


async def test_dying_posts_again(scene: Scene) -> None:
    """What was being posted at the end is posted at the next start, with the same id and octets."""
    began = asyncio.Event()

    async def hang() -> Posted:
        began.set()
        await asyncio.sleep(3_600)
        return OK

    scene.shop.answers[URL] = hang
    await scene.accept()
    hooks = Webhooks(scene.store, scene.house.clock, scene.log, scene.shop)
    task = asyncio.create_task(hooks.run())
    async with asyncio.timeout(10):
        await began.wait()
    await hooks.stop(0)
    await task
    assert scene.logged == []
    del scene.shop.answers[URL]
    async with scene.webhooks():
        await scene.until(lambda: scene.count("webhook_done") == 1)
    first, second = scene.shop.posts
    assert first == second


async def test_a_store_that_fails(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came of a post is stored as soon as the store can; the post is not made again for that."""
    monkeypatch.setattr("payamak.posts.rounds.STORE_REST_S", 0.001)
    conclude, failures = scene.store.conclude_notices, iter(range(3))

    def failing(*arguments: Any) -> Any:
        if next(failures, None) is not None:
            raise StoreFailed("disk full")
        return conclude(*arguments)

    monkeypatch.setattr(scene.store, "conclude_notices", failing)
    await scene.accept()
    async with scene.webhooks():
        await scene.until(lambda: scene.count("webhook_done") == 1)
    assert len(scene.shop.posts) == 1


@pytest.mark.parametrize(
    ("fields", "says", "event"),
    [
        ({"webhook_secret": "env:NOT_SET"}, "is not set", "webhook_unset"),
        ({"webhook_url": "", "webhook_secret": ""}, "no webhook any more", "webhook_waiting"),
    ],
)
async def test_nothing_leaves(scene: Scene, fields: dict[str, Any], says: str, event: str) -> None:
    """Without its secret, or without a URL, nothing is posted; the event waits as for a target that fails."""
    await scene.accept()
    await scene.put(**fields)
    async with scene.webhooks():
        await scene.until(lambda: scene.count(event) == 1)
    assert scene.shop.posts == []
    assert says in (await scene.notices())[0].note


# ------------------------------------------------------------------------------------ over real sockets


async def one(scene: Scene, say: Say, **fields: Any) -> tuple[list[Call], Notice]:
    """Post one event to a server that says so; the calls and what is kept."""

    async def script(call: Call) -> Say:
        return say

    async with target(script) as server:
        await scene.put(webhook_url=server.url("/states?key=k3y"), webhook_allow_private_target=True, **fields)
        await scene.accept()
        async with scene.webhooks(Poster()):
            await scene.until(lambda: len(scene.logged) == 1)
        return server.calls, (await scene.notices())[0]


async def test_the_request(scene: Scene) -> None:
    """JSON, with id, time and a signature over both and the body, under the secret's octets."""
    (call,), notice = await one(scene, Say(status=204))
    assert notice.post is PostState.DONE
    assert call.request_line == "POST /states?key=k3y HTTP/1.1"
    headers = call.headers
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == json.loads(call.body)["id"] == notice.id
    assert headers["webhook-timestamp"] == str(NOW // 1_000)
    assert headers["webhook-signature"] == signature(SECRET, notice.id, NOW // 1_000, call.body)


@pytest.mark.parametrize(
    ("say", "post", "says"),
    [
        (Say(body=b"\x00\xff" * 100_000), PostState.DONE, "HTTP 200"),
        (Say(status=202, body=b"{broken json"), PostState.DONE, "HTTP 202"),
        (Say(status=302, headers=("Location: http://127.0.0.1:1/",)), PostState.WAITING, "HTTP 302"),
        (Say(status=429, headers=("Retry-After: never",)), PostState.WAITING, "HTTP 429"),
        (Say(status=410), PostState.DEAD, "HTTP 410"),
        (Say(octets=b""), PostState.WAITING, "RemoteProtocolError"),
        (Say(octets=b"SSH-2.0-OpenSSH\r\n\r\n"), PostState.WAITING, "RemoteProtocolError"),
        (Say(octets=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n"), PostState.WAITING, "ProtocolError"),
    ],
    ids=["rubbish", "bad-json", "redirect", "retry-after-never", "gone", "cut", "no-http", "header-flood"],
)
async def test_answers(scene: Scene, say: Say, post: PostState, says: str) -> None:
    """The status is the answer; its body is ignored, whatever it is, and what is no HTTP comes again."""
    calls, notice = await one(scene, say)
    assert len(calls) == 1
    assert (notice.post, says in notice.note) == (post, True), notice.note


async def test_no_answer_in_time(scene: Scene) -> None:
    """After `webhook_timeout_s` it counts as not arrived."""

    async def script(call: Call) -> Say:
        await asyncio.sleep(3_600)
        return Say()

    async with target(script) as server:
        await scene.put(webhook_url=server.url(), webhook_allow_private_target=True, webhook_timeout_s=0.05)
        await scene.accept()
        async with scene.webhooks(Poster()):
            await scene.until(lambda: scene.count("webhook_waiting") == 1)
    assert (await scene.notices())[0].note == "no answer within 0.05 s"


async def test_private_only_if_permitted(scene: Scene) -> None:
    """Nothing connects to an address of our own network unless the account says so."""
    async with target() as server:
        await scene.put(webhook_url=server.url())
        await scene.accept()
        async with scene.webhooks(Poster()):
            await scene.until(lambda: scene.count("webhook_waiting") == 1)
        assert server.connections == 0
    assert "private" in (await scene.notices())[0].note


async def test_a_broken_secret(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no base64 after whsec_ signs nothing, and the secret is not told."""
    monkeypatch.setenv("HOOK", "whsec_not*base64")
    calls, notice = await one(scene, Say())
    assert calls == []
    assert "no base64 after whsec_" in notice.note
    assert "not*base64" not in notice.note


async def test_the_log_knows_nobody(scene: Scene) -> None:
    """No number, no URL, no secret in what is logged."""
    await one(scene, Say(status=500))
    told = repr(scene.logged)
    assert RECIPIENT not in told
    assert "k3y" not in told
    assert SECRET not in told


def test_a_ping_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test goes to the same URL, signed with the same secret; without one it says so."""
    ping = make_ping(OTHER, NOW, {"HOOK": SECRET})
    assert isinstance(ping, Post)
    assert (ping.url, ping.secret) == (OTHER.webhook_url, SECRET)
    assert json.loads(ping.json or b"")["type"] == "webhook.test"
    assert make_ping(OTHER, NOW, {}) == "the variable that webhook_secret names is not set"
