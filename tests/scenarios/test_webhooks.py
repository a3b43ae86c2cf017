"""What a customer's webhook is told, through the whole program: in order, signed, until it has arrived."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests import traces
from tests.scenarios.house import Change, House, house
from tests.site import LINE, LINE2, OTHER_LINE, PASSWORD, SERVICE_LINE, SIM_LINE
from tests.store.sqlite.support import at_desk, raw
from tests.target import Call, Say, Target, target
from tests.webhook_receiver import SECRET, read

from payamak.domain.message import State
from payamak.domain.posting import PostState
from payamak.domain.site import Account, Document
from payamak.domain.webhooks import Notice, NoticeSearch

ONE_STEP = ["queued", "sending", "enroute", "delivered"]
AT_ONCE = ["queued", "sending", "queued", "sending", "enroute", "delivered"]
LATE = ["queued", "sending", "enroute", "queued", "sending", "enroute", "delivered"]

SCENARIOS: dict[str, dict[str, str]] = {
    "one": {"line": LINE},
    "two": {"type": "2"},
    "three": {"line": LINE, "line2": LINE2},
    "four": {"line": LINE, "type": "1"},
    "five": {"line": LINE, "type": "2", "template": "0"},
}
SECOND = {"three": LINE2, "four": SIM_LINE, "five": SERVICE_LINE}


def with_hooks(**urls: str) -> Change:
    """Accounts with webhooks, by username."""

    def change(document: Document) -> Document:
        if not isinstance(document, Account) or document.username not in urls:
            return document
        hook = {"webhook_url": urls[document.username], "webhook_secret": "env:HOOK", "webhook_timeout_s": 2.0}
        return msgspec.structs.replace(document, **hook, webhook_allow_private_target=True, verdict_wait_ms=0)

    return change


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program finds the secret in its environment."""
    monkeypatch.setenv("HOOK", SECRET)


async def accepted(home: House, **fields: str) -> int:
    """Send; the message's id."""
    answer = await home.send(message="کد ورود: ۱۲۳۴", **fields)
    data = answer["data"]
    assert isinstance(data, dict), answer
    return int(data["message_id"])


def of_message(calls: Sequence[Call], message_id: int) -> list[dict[str, Any]]:
    """What was told of a message, in the order of its coming, every signature checked."""
    return [event["data"] for event in map(read, calls) if event["data"]["message_id"] == message_id]


def ended(shop: Target, *message_ids: int) -> bool:
    """Whether the end of each message has come."""
    return all(any(data["is_final"] for data in of_message(shop.calls, one)) for one in message_ids)


async def notices(home: House, post: PostState | None = None) -> list[Notice]:
    """What is kept of it, newest message first."""
    async with home.store() as store:
        return await store.search_notices(NoticeSearch(post=post, limit=10_000))


async def command(home: House, *arguments: str, code: int = 0) -> dict[str, Any]:
    """The command line beside the server, in JSON."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "payamak", *arguments, "--json", "--data", str(home.database)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, said = await process.communicate()
    traces.kept_text(said.decode(), traces.Trace.COMMAND)
    assert process.returncode == code
    answer = json.loads(output)
    assert isinstance(answer, dict)
    return answer


# ---------------------------------------------------------------------------------------------------------


async def test_the_five_scenarios_are_told_in_order(tmp_path: Path) -> None:
    """Each change of state comes once, signed, numbered 1, 2, 3 … and in this order, with its line and its price."""
    async with target() as shop, house(tmp_path, with_hooks(demo=shop.url("/states"))) as home:
        expected: dict[int, tuple[list[str], str]] = {}
        for number, (name, fields) in enumerate(SCENARIOS.items()):
            first = SERVICE_LINE if name == "two" else LINE
            expected[await accepted(home, mobile=f"9891200{number}9000", **fields)] = (ONE_STEP, first)
            if second := SECOND.get(name):
                at_once = await accepted(home, mobile=f"9891201{number}9033", **fields)
                late = await accepted(home, mobile=f"9891202{number}9133", **fields)
                expected |= {at_once: (AT_ONCE, second), late: (LATE, second)}
        await shop.until(lambda: ended(shop, *expected))
        for message_id, (states, line) in expected.items():
            told = of_message(shop.calls, message_id)
            assert [data["state"] for data in told] == states
            assert [data["sequence"] for data in told] == list(range(1, len(states) + 1))
            assert (told[0]["state_code"], told[-1]["state_code"]) == (-1, 1)
            assert told[-1]["line"] == line
            assert [data["is_final"] for data in told] == [False] * (len(states) - 1) + [True]
            message = (await home.story(message_id)).message
            assert (told[-1]["charged_rial"], told[-1]["recipient"]) == (message.charged, message.recipient)
        assert len({call.headers["webhook-id"] for call in shop.calls}) == len(shop.calls)
        assert await home.terminate() == 0
        assert {notice.post for notice in await notices(home)} == {PostState.DONE}
    log = (tmp_path / "serve.log").read_text()
    assert "webhook_done" in log
    assert [secret for secret in ("989120", SECRET, "ورود", PASSWORD, "/states") if secret in log] == []


async def test_a_dead_target_delays_no_other(tmp_path: Path) -> None:
    """While one account's target swallows every post, the other's events arrive; the dead one's wait for it."""

    async def swallow(call: Call) -> Say:
        await asyncio.sleep(3_600)
        return Say()

    async with target(swallow) as dead, target() as shop:
        hooks = with_hooks(demo=dead.url(), other=shop.url())
        async with house(tmp_path, hooks) as home:
            lost = [await accepted(home, mobile=f"9891210{n:02}000", line=LINE) for n in range(20)]
            told = [
                await accepted(home, mobile=f"9891211{n:02}000", line=OTHER_LINE, username="other") for n in range(20)
            ]
            await shop.until(lambda: ended(shop, *told))
            assert {data["message_id"] for data in (read(call)["data"] for call in shop.calls)} == set(told)
            assert dead.connections >= 8
            assert {n.message_id for n in await notices(home, PostState.WAITING)} == set(lost)
            page = await home.http.get(f"{home.base_url}/metrics")
            assert "payamak_posts_total" in page.text


async def test_stop_means_stop(tmp_path: Path) -> None:
    """After a 410 nothing more is posted, not even after a restart; replayed by hand all of it comes, in order."""
    answers = [Say(status=410)]

    async def script(call: Call) -> Say:
        return answers[0]

    async with target(script) as shop, house(tmp_path, with_hooks(demo=shop.url())) as home:
        first = await accepted(home, mobile="989120009000", line=LINE)
        await home.final_state(first)
        await _until(home, PostState.DEAD, 4)
        await home.kill()
        await home.serve()
        second = await accepted(home, mobile="989120019000", line=LINE)
        await home.final_state(second)
        await _until(home, PostState.DEAD, 8)
        assert len(shop.calls) == 1
        listed = await command(home, "webhook", "list", "--account", "demo", "--state", "dead")
        assert [event["event"] for event in listed["events"]] == [
            f"evt-{message_id}-{n}" for message_id in (second, first) for n in (4, 3, 2, 1)
        ]
        answers[0] = Say()
        assert await command(home, "webhook", "replay", "--account", "demo", "--yes") == {"replayed": 8, "hurried": 0}
        await shop.until(lambda: ended(shop, first, second))
        for message_id in (first, second):
            assert [d["state"] for d in of_message(shop.calls[1:], message_id)] == ONE_STEP
        shown = await command(home, "show", str(first))
        assert next((n["event"], n["post"]) for n in shown["notices"]) == (f"evt-{first}-1", "done")


async def _until(home: House, post: PostState, count: int) -> None:
    async with asyncio.timeout(60):
        while len(await notices(home, post)) < count:  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.05)


async def test_retry_after_is_obeyed(tmp_path: Path) -> None:
    """A busy target is left alone for as long as it says, whatever else waits for it, and then gets everything."""
    instants: list[float] = []

    async def script(call: Call) -> Say:
        instants.append(asyncio.get_running_loop().time())
        return Say(status=429, headers=("Retry-After: 7",)) if len(instants) == 1 else Say(status=202)

    async with target(script) as shop, house(tmp_path, with_hooks(demo=shop.url())) as home:
        first = await accepted(home, mobile="989120009000", line=LINE)
        async with asyncio.timeout(
            60
        ):  # until the 429 has been heard: what was on its way then would be no disobedience
            while not any(n.tries for n in await notices(home)):  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(0.02)
        others = [await accepted(home, mobile=f"98912001{n}000", line=LINE) for n in range(3)]
        await shop.until(lambda: ended(shop, first, *others))
        assert instants[1] - instants[0] >= 6.9
        ids = [call.headers["webhook-id"] for call in shop.calls if f"-{first}-" in call.headers["webhook-id"]]
        assert ids == [f"evt-{first}-{n}" for n in (1, 1, 2, 3, 4)]


async def test_killed_in_the_middle_of_a_post(tmp_path: Path) -> None:
    """SIGKILL while the customer works on it: after the restart the same id comes with the same octets."""
    hangs = asyncio.Event()

    async def script(call: Call) -> Say:
        if not hangs.is_set():
            hangs.set()
            seen.append(call)
            await asyncio.sleep(3_600)
        return Say()

    seen: list[Call] = []
    async with target(script) as shop, house(tmp_path, with_hooks(demo=shop.url())) as home:
        message_id = await accepted(home, mobile="989120009000", line=LINE)
        async with asyncio.timeout(60):
            await hangs.wait()
        await home.final_state(message_id)
        await home.kill()
        await home.serve()
        await shop.until(lambda: ended(shop, message_id))
        assert [data["state"] for data in of_message(shop.calls, message_id)] == ONE_STEP
        again = next(call for call in shop.calls if call.headers["webhook-id"] == f"evt-{message_id}-1")
        assert (seen[0].headers["webhook-id"], seen[0].body) == (again.headers["webhook-id"], again.body)


async def test_three_days_later(tmp_path: Path) -> None:
    """What was tried for three days is dead and stays listed; replayed it arrives under its id, and only it."""
    async with target() as shop, house(tmp_path, with_hooks(demo=shop.url()), serve=False) as home:
        await shop.die()
        await home.serve()
        message_id = await accepted(home, mobile="989120009000", line=LINE)
        await home.final_state(message_id)
        await home.terminate()
        async with home.store() as store:  # three days pass
            await store.writer.submit(
                at_desk(
                    lambda desk: raw(desk).execute(
                        "UPDATE notice SET waiting_since = waiting_since - 259200000, tries = 16, "
                        "next_at = CASE WHEN next_at IS NULL THEN NULL ELSE 0 END"
                    )
                )
            )
        await home.serve()
        await _until(home, PostState.DEAD, 4)
        await shop.start()
        event = f"evt-{message_id}-4"
        assert await command(home, "webhook", "replay", event) == {"replayed": 1, "hurried": 0}
        await shop.until(lambda: ended(shop, message_id))
        assert [call.headers["webhook-id"] for call in shop.calls] == [event]
        assert await command(home, "webhook", "replay", "evt-1-1", code=1) == {"replayed": 0, "hurried": 0}


async def test_only_the_states_asked_for(tmp_path: Path) -> None:
    """`webhook_states` of a site file names those that are told; a wrong one is refused by apply, with its line."""
    async with target() as shop, house(tmp_path, with_hooks(demo=shop.url())) as home:
        answer = await command(home, "account", "change", "demo", "--set", "webhook_states=delivered,rejected")
        assert answer["webhook_states"] == ["delivered", "rejected"]
        await asyncio.sleep(0)
        message_id = await accepted(home, mobile="989120009000", line=LINE)
        await shop.until(lambda: ended(shop, message_id))
        told = of_message(shop.calls, message_id)
        assert [(data["state"], data["sequence"]) for data in told] == [(State.DELIVERED.value, 1)]


async def test_a_test_post(tmp_path: Path) -> None:
    """`payamak webhook test` posts one signed event and says what came back; refused is exit code 1."""
    answers = [Say(status=200, body="خوش آمدید".encode()), Say(status=500, body=b"Traceback: KeyError")]

    async def script(call: Call) -> Say:
        return answers[min(len(shop.calls), 1)]

    async with target(script) as shop, house(tmp_path, with_hooks(demo=shop.url())) as home:
        told = await command(home, "webhook", "test", "demo")
        assert (told["has_arrived"], told["status"], told["body"]) == (True, 200, "خوش آمدید")
        told = await command(home, "webhook", "test", "demo", code=1)
        assert (told["has_arrived"], told["status"], told["body"]) == (False, 500, "Traceback: KeyError")
        events = [read(call) for call in shop.calls]
        assert {event["type"] for event in events} == {"webhook.test"}
        assert await notices(home) == []


@pytest.mark.slow
async def test_a_crowd_through_a_moody_target(tmp_path: Path) -> None:
    """Some posts fail, some are cut, the power is cut twice: each event arrives, each message's in order."""
    seen: dict[str, int] = defaultdict(int)
    arrived: list[Call] = []
    final: set[int] = set()

    async def moody(call: Call) -> Say:
        event = call.headers["webhook-id"]
        seen[event] += 1
        if seen[event] == 1 and len(seen) % 9 == 4:
            return Say(status=500)
        if seen[event] == 1 and len(seen) % 13 == 5:
            return Say(octets=b"HTTP/1.1 2")
        arrived.append(call)
        if (data := read(call)["data"])["is_final"]:
            final.add(data["message_id"])
        return Say()

    async with target(moody) as shop, house(tmp_path, with_hooks(demo=shop.url())) as home:
        ids: list[int] = []
        for part in range(3):
            sends = (accepted(home, mobile=f"98913{part}{n:03}000", line=LINE) for n in range(40))
            ids += await asyncio.gather(*sends)
            await shop.until(lambda: len(arrived) > 40 * (part + 1))  # noqa: B023 - used at once
            if part < 2:
                await home.kill()
                await home.serve()
        await home.drained()
        await shop.until(lambda: final >= set(ids))
        by_message: dict[int, list[int]] = defaultdict(list)
        for call in arrived:
            data = read(call)["data"]
            by_message[data["message_id"]].append(data["sequence"])
        assert set(by_message) == set(ids)
        for sequences in by_message.values():
            assert sorted(set(sequences)) == list(range(1, max(sequences) + 1)), "none is missing"
            assert sequences == sorted(sequences), "repeated perhaps, but never before what came earlier"
