"""wsStates (contract §2): order, repeats, spellings, whose ids, and the code of every state."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.golden.http.tenants import further_line, tenant, tenanted_house
from tests.golden.http.wire import JSON, STATES, build, call
from tests.ports import reserved_port
from tests.scenarios.house import POLL_S, House
from tests.site import LINE, LINE2, PASSWORD, SERVICE_LINE

from payamak.domain.events import Cancelled, DeadlinePassed, Event
from payamak.domain.site import AnswerTypes, Link
from payamak.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOWHERE, ONE_WAY = "9830003309", "9830003310"
"""A line whose link reaches nobody; a line whose link is suspended, and later gives no receipts."""
DELIVERED, UNDELIVERED, UNKNOWN, ENROUTE, REJECTED, NOT_SENT = 1, 2, 4, 8, 16, -1
FINAL = (DELIVERED, UNDELIVERED, UNKNOWN, REJECTED)

Furnished = tuple[House, SqliteStore]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def furnished(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Furnished]:
    """A house with a link to nowhere, and an account that is told 0 for unknown."""
    own_lines = (LINE, LINE2, NOWHERE, ONE_WAY)
    with reserved_port() as port:
        documents = (
            Link(name="nowhere", port=port, system_id="x"),
            Link(name="one_way", port=port, system_id="x", is_suspended=True),
            further_line(NOWHERE, "nowhere"),
            further_line(ONE_WAY, "one_way"),
            tenant("demo", lines=own_lines),
            tenant("legacy", unknown_state=0, lines=own_lines),
            tenant("numbers", answer_types=AnswerTypes.NUMERIC),
            tenant("at_once", verdict_wait_ms=0, lines=own_lines),
        )
        async with tenanted_house(tmp_path_factory.mktemp("states"), *documents) as (home, store):
            yield home, store


@pytest.fixture
def home(furnished: Furnished) -> House:
    """The house alone."""
    return furnished[0]


async def send(home: House, mobile: str, username: str = "at_once", **fields: str) -> int:
    """Send; the id."""
    answer = await home.send(username=username, mobile=mobile, message="سلام", **fields)
    data = answer["data"]
    assert isinstance(data, dict), answer
    return int(data["message_id"])


async def ask(home: House, ids: str, username: str = "at_once") -> tuple[str, str]:
    """The two lists of the answer, whose shape is checked."""
    body = await home.post(STATES, username=username, message_ids=ids)
    data = body["data"]
    assert isinstance(data, dict), body
    assert (list(body), list(data)) == (["data", "status", "msg"], ["msgIds", "states"])
    assert (body["status"], body["msg"]) == (-1, "success")
    return data["msgIds"], data["states"]


async def settled(home: House, message_id: int, code: int, username: str = "at_once") -> None:
    """Wait until wsStates says this code; one that is final and another fails at once."""
    async with asyncio.timeout(20):
        while (told := int((await ask(home, str(message_id), username))[1])) != code:
            assert told not in FINAL, f"{told} instead of {code}"
            await asyncio.sleep(POLL_S)


CODES = {
    "9000": DELIVERED,
    "9001": DELIVERED,
    "9002": UNDELIVERED,
    "9003": UNDELIVERED,
    "9004": ENROUTE,
    "9104": UNKNOWN,
    "9005": ENROUTE,
    "9006": REJECTED,
    "9106": REJECTED,
    "9027": REJECTED,
    "9033": REJECTED,
    "9127": REJECTED,
    "9133": REJECTED,
    "9042": DELIVERED,
    "9043": DELIVERED,
    "9044": DELIVERED,
    "9045": DELIVERED,
}


@pytest.mark.parametrize("digits", CODES)
async def test_code_of_a_state(digits: str, home: House) -> None:
    """What the operator says becomes the manual's code: refused at once or late 16, expired there 2, and so on."""
    message_id = await send(home, f"98912100{digits}", line=LINE)
    await settled(home, message_id, CODES[digits])


async def test_unknown_is_0_where_the_account_says_so(home: House) -> None:
    """`unknown_state` 0: for a message whose fate is unknown, another's id, and an id that never was."""
    message_id = await send(home, "989122009104", "legacy", line=LINE)
    await settled(home, message_id, 0, "legacy")
    foreign = await send(home, "989122009000")
    ids = f"{message_id},{foreign},99999999,{2**70}"
    assert await ask(home, ids, "legacy") == (ids, "0,0,0,0")


async def test_not_sent_while_the_link_is_down(home: House) -> None:
    """No link reaches the operator: -1, answered at once with the line the message stands on."""
    mobile = "989123009000"
    body = await home.send(username="demo", mobile=mobile, message="سلام", line=NOWHERE)
    data = body["data"]
    assert isinstance(data, dict)
    assert data["line"] == int(NOWHERE)
    assert await home.state(data["message_id"]) == NOT_SENT


async def test_not_sent_while_the_link_is_suspended(home: House) -> None:
    """A suspended link likewise."""
    assert (await ask(home, str(await send(home, "989123009001", line=ONE_WAY))))[1] == "-1"


async def test_received_by_the_operator_stays_8_while_a_later_step_waits(home: House) -> None:
    """An operator took the first step; it is opted out late, and the next step waits: 8, not -1."""
    message_id = await send(home, "989124009133", line=LINE, line2=NOWHERE)
    async with asyncio.timeout(20):
        while (await home.story(message_id)).message.step == 0:  # noqa: ASYNC110 - another process moves it
            await asyncio.sleep(POLL_S)
    story = await home.story(message_id)
    assert (story.message.current.line, story.message.state) == (NOWHERE, "queued")
    assert (await ask(home, str(message_id)))[1] == "8"


async def test_not_sent_while_a_later_step_waits_that_nobody_took(home: House) -> None:
    """The first step was refused at once, the next one waits: no operator ever took it, -1."""
    message_id = await send(home, "989124009033", line=LINE, line2=NOWHERE)
    async with asyncio.timeout(20):
        while (await home.story(message_id)).message.step == 0:  # noqa: ASYNC110 - another process moves it
            await asyncio.sleep(POLL_S)
    assert (await home.story(message_id)).message.current.line == NOWHERE
    assert (await ask(home, str(message_id)))[1] == "-1"


async def test_order_repeats_and_spellings(home: House) -> None:
    """Same order, same count, repeats kept; quotes, blanks, Persian digits and leading zeros are understood."""
    delivered, enroute = await send(home, "989125009000"), await send(home, "989125009005")
    await settled(home, delivered, DELIVERED)
    await settled(home, enroute, ENROUTE)
    ids = f"{enroute},{delivered},{enroute},7,{delivered}"
    persian = ids.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    arabic = ids.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    spellings = (
        ids,
        f'"{ids}"',
        f"'{ids}'",
        f'" {ids} "',
        ids.replace(",", " , "),
        f"\t{ids}\r\n",
        ",".join(f'"{one}"' for one in ids.split(",")),
        ", ".join(f"'{one}'" for one in ids.split(",")),
        persian,
        arabic,
        f'"{persian}"',
    )
    for written in spellings:
        assert await ask(home, written) == (ids, "8,1,8,4,1")


async def test_answer_types_never_change_this_call(home: House) -> None:
    """Both lists are strings for every account; one id may come as a JSON number."""
    message_id = await send(home, "989125009001", "numbers")
    body = f'{{"username":"numbers","password":"{PASSWORD}","message_ids":{message_id}}}'.encode()
    data = (await call(home.base_url, build(STATES, body, JSON))).json["data"]
    assert isinstance(data, dict)
    assert data["msgIds"] == str(message_id)
    assert isinstance(data["states"], str)


async def test_anothers_id_and_one_that_never_was_are_told_alike(home: House) -> None:
    """The answers are equal but for the id, octet for octet; so is everything in their heads."""
    foreign = await send(home, "989126009000")
    await settled(home, foreign, DELIVERED)
    never = foreign + 5_000_000
    answers = []
    for message_id in (foreign, never):
        fields = f"username=other&password={PASSWORD}&message_ids={message_id}".encode()
        answer = await call(home.base_url, build(STATES, fields))
        head = {name: value for name, value in answer.headers.items() if name not in ("date", "content-length")}
        answers.append((answer.status, head, answer.body.replace(str(message_id).encode(), b"{id}")))
    assert answers[0] == answers[1]
    assert b'"states":"4"' in answers[0][2]


async def test_ten_thousand_ids(home: House) -> None:
    """Ten thousand ids in one call, own ones among strangers, each at its place."""
    own = [await send(home, f"989127{n}9000") for n in range(10, 20)]
    for message_id in own:
        await settled(home, message_id, DELIVERED)
    ids = [*own * 100, *range(50_000_000, 50_009_000)]
    random.Random(1).shuffle(ids)
    joined = ",".join(map(str, ids))
    told_ids, states = await ask(home, joined)
    assert told_ids == joined
    assert states.split(",") == ["1" if one in own else "4" for one in ids]
    assert (await ask(home, ",".join(["9007199254740991"] * 10_000)))[1] == ",".join(["4"] * 10_000)


async def test_beyond_2_to_the_53(home: House) -> None:
    """A number that JSON cannot hold is unknown and comes back as written; zero and its like too."""
    ids = f"{2**53 - 1},{2**53},{2**53 + 1},{2**63},{2**64},{10**300},0,1,0007"
    assert await ask(home, ids) == (ids, ",".join(["4"] * 9))


async def test_service_line_and_late_fallback_end_as_delivered(home: House) -> None:
    """A late opt-out moves on under the same id; the end is the last step's."""
    message_id = await send(home, "989128009133", line=LINE, type="2")
    await settled(home, message_id, DELIVERED)
    assert (await home.story(message_id)).message.current.line == SERVICE_LINE


async def test_one_way_links_end_as_8(furnished: Furnished) -> None:
    """A link that gives no receipts: what the operator took ends as 8."""
    home, store = furnished
    advertising = store.site.links["advertising"]
    values = {name: getattr(advertising, name) for name in ("port", "system_id", "password")}
    now = (await home.story(await send(home, "989128009000"))).message.accepted_at
    await store.put_documents([Link(name="one_way", gives_receipts=False, **values)], [], now)
    message_id = await send(home, "989128009001", line=ONE_WAY)
    await settled(home, message_id, ENROUTE)
    assert (await home.story(message_id)).message.reason == "no_receipts"


@pytest.mark.parametrize("event", [Cancelled(), DeadlinePassed()], ids=["cancelled", "expired"])
async def test_given_up_before_any_operator_took_it(event: Event, furnished: Furnished) -> None:
    """Cancelled, and past its deadline, while it waited: -1 for good."""
    home, store = furnished
    message_id = await send(home, "989129009000", line=NOWHERE)
    message = (await home.story(message_id)).message
    now = message.accepted_at if isinstance(event, Cancelled) else message.deadline_at
    await store.advance(message_id, event, now)
    assert (await home.story(message_id)).message.is_final
    assert (await ask(home, str(message_id)))[1] == "-1"
