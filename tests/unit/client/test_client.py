"""Both clients against a real HTTP server on loopback that answers by script."""

import asyncio
import inspect
import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from payamak.client import (
    AsyncClient,
    Busy,
    Client,
    MessageState,
    NoCredit,
    OptedOut,
    Options,
    PayamakError,
    Refusal,
    SecondLine,
    Sent,
    ServiceLine,
    TransportFailed,
    UnexpectedAnswer,
)

from .scripted import (
    ACCEPTED,
    Answer,
    AsyncFace,
    BlockingFace,
    Face,
    Server,
    refused,
    refusing_address,
    serving,
)

PASSWORD = "p@ss w0rd+رمز"
TEXT = "کد ورود: 48213"
RECIPIENT = "09395213300"
SENT = Sent(message_id=3403, line="9830003300", recipient="989395213300")
QUICK = Options(read_timeout_s=0.5)
STATES = b'{"data":{"msgIds":"6062,6063","states":"1,-1",},"status":-1,"msg":"success"}'

Connect = Callable[..., Face]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that answers by script."""
    with serving() as running:
        yield running


@pytest.fixture(params=[BlockingFace, AsyncFace], ids=["blocking", "asyncio"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Make clients of either kind, closed when the test ends."""
    opened: list[Face] = []

    def open_face(base_url: str, **kwargs: Any) -> Face:
        settings: dict[str, Any] = {"username": "user", "password": PASSWORD, "line": "9830003300"}
        opened.append(request.param(base_url, **(settings | kwargs)))
        return opened[-1]

    yield open_face
    for face in opened:
        face.close()


def test_a_message_is_posted_as_a_form(server: Server, connect: Connect) -> None:
    """A send is one UTF-8 form, posted; the answer comes back typed."""
    server.will(ACCEPTED)
    fallback = [SecondLine("9830001234"), ServiceLine(template=3)]
    assert connect(server.url).send(RECIPIENT, TEXT, fallback=fallback, life_time_minutes=60) == SENT
    (heard,) = server.heard
    assert (heard.method, heard.path) == ("POST", "/api/wsSend.ashx")
    assert heard.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert heard.form == {
        "username": "user",
        "password": PASSWORD,
        "mobile": RECIPIENT,
        "message": TEXT,
        "line": "9830003300",
        "line2": "9830001234",
        "type": "2",
        "template": "3",
        "life_time": "60",
    }


def test_states_are_asked_in_batches(server: Server, connect: Connect) -> None:
    """Ids go in batches, each once; the states come back in the order asked."""
    server.will(STATES, b'{"data":{"msgIds":"6064","states":"99"},"status":"-1","msg":""}')
    found = connect(server.url, options=Options(states_per_call=2)).states([6062, 6063, 6062, 6064])
    assert list(found.items()) == [
        (6062, MessageState(1)),
        (6063, MessageState(-1)),
        (6064, MessageState(99)),
    ]
    assert [heard.form["message_ids"] for heard in server.heard] == ["6062,6063", "6064"]
    assert {heard.path for heard in server.heard} == {"/api/wsStates.aspx"}


def test_no_ids_make_no_call(server: Server, connect: Connect) -> None:
    """Asking about nothing asks nobody."""
    assert connect(server.url).states([]) == {}
    assert server.heard == []


def test_one_connection_serves_many_calls_without_cookies(server: Server, connect: Connect) -> None:
    """Connections are kept between calls, and a session cookie is not taken."""
    cookie = Answer(headers=(("Set-Cookie", "ASP.NET_SessionId=1; path=/"),))
    server.will(cookie, cookie, STATES)
    face = connect(server.url)
    face.send(RECIPIENT, TEXT)
    face.send(RECIPIENT, TEXT)
    face.states([6062, 6063])
    assert len({heard.peer for heard in server.heard}) == 1
    assert not any("cookie" in heard.headers for heard in server.heard)


@pytest.mark.parametrize("http_status", [200, 503])
def test_busy_is_asked_again(server: Server, connect: Connect, http_status: int) -> None:
    """23 accepted nothing, so a send is repeated after growing, jittered pauses."""
    busy = Answer(refused(23), http_status)
    server.will(busy, busy, ACCEPTED)
    face = connect(server.url, options=Options(first_pause_s=1))
    assert face.send(RECIPIENT, TEXT) == SENT
    first, second = face.pauses
    assert 0.5 <= first <= 1
    assert 1 <= second <= 2


def test_tries_are_limited(server: Server, connect: Connect) -> None:
    """A server that stays busy is asked `max_tries` times, with limited pauses; then it is told."""
    server.will(*[refused(23)] * 4)
    face = connect(server.url, options=Options(max_tries=4, first_pause_s=10, longest_pause_s=2))
    with pytest.raises(Busy):
        face.send(RECIPIENT, TEXT)
    assert len(server.heard) == 4
    assert len(face.pauses) == 3
    assert all(1 <= pause <= 2 for pause in face.pauses)


def test_no_connection_is_tried_again_and_nothing_was_sent(connect: Connect) -> None:
    """Where nobody listens, a send is tried anew and surely sent nothing."""
    with refusing_address() as address:
        face = connect(address)
        with pytest.raises(TransportFailed) as caught:
            face.send(RECIPIENT, TEXT)
    assert not caught.value.may_have_been_sent
    assert len(face.pauses) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(is_silent=True), TransportFailed),
        (Answer(hangs_up=True), TransportFailed),
        (Answer(b"<h1>Bad gateway</h1>", 502), UnexpectedAnswer),
        (Answer(b"", 503), UnexpectedAnswer),
        (Answer(ACCEPTED[:-9]), UnexpectedAnswer),
        (Answer(b"zipped", headers=(("Content-Encoding", "gzip"),)), TransportFailed),
    ],
    ids=["silence", "hang-up", "502", "503 without 23", "cut short", "undecodable"],
)
def test_a_send_is_never_repeated_after_an_ambiguous_failure(
    server: Server, connect: Connect, answer: Answer, error: type[PayamakError]
) -> None:
    """Whatever leaves open whether the message went out is told at once, and marked."""
    server.will(answer, ACCEPTED)
    face = connect(server.url, options=QUICK)
    with pytest.raises(error) as caught:
        face.send(RECIPIENT, TEXT)
    assert caught.value.may_have_been_sent
    assert (len(server.heard), face.pauses) == (1, [])


@pytest.mark.parametrize(
    "answer",
    [
        Answer(is_silent=True),
        Answer(hangs_up=True),
        Answer(b"<h1>", 502),
        Answer(refused(15)),
        Answer(refused(23)),
    ],
    ids=["silence", "hang-up", "502", "15", "23"],
)
def test_states_are_asked_again(server: Server, connect: Connect, answer: Answer) -> None:
    """Asking for states changes nothing, so any passing failure is tried again."""
    server.will(answer, STATES)
    face = connect(server.url, options=QUICK)
    assert face.states([6062, 6063]) == {6062: MessageState(1), 6063: MessageState(-1)}
    assert len(face.pauses) == 1


@pytest.mark.parametrize(
    ("code", "family"), [(14, NoCredit), (27, OptedOut), (33, OptedOut), (15, Refusal), (777, Refusal)]
)
def test_a_refusal_is_told_at_once(server: Server, connect: Connect, code: int, family: type[Refusal]) -> None:
    """A refusal other than 23 is not asked again; it carries its code and the server's words."""
    server.will(refused(code))
    with pytest.raises(family) as caught:
        connect(server.url).send(RECIPIENT, TEXT)
    assert (caught.value.code, caught.value.message) == (code, "no")


def test_a_redirect_is_not_followed(server: Server, connect: Connect) -> None:
    """A redirect could carry the password elsewhere; it is told instead."""
    server.will(Answer(b"", 301, (("Location", "/elsewhere"),)))
    with pytest.raises(UnexpectedAnswer, match="redirect"):
        connect(server.url).send(RECIPIENT, TEXT)
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(f"Request.Form (message={TEXT}, mobile={RECIPIENT})".encode(), 500),
        Answer(f'{{"status":18,"msg":"bad password {PASSWORD}"}}'.encode()),
        Answer(f'{{"status":1,"msg":"bad number {RECIPIENT}"}}'.encode()),
        Answer(hangs_up=True),
        Answer(is_silent=True),
    ],
    ids=["page", "refusal", "number", "hang-up", "silence"],
)
def test_nothing_private_is_ever_shown(
    server: Server, connect: Connect, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    """No password, text or number is in the exception, its causes, a repr, an address or any log."""
    caplog.set_level(logging.DEBUG)
    server.will(answer)
    face = connect(server.url, options=QUICK)
    with pytest.raises(PayamakError) as caught:
        face.send(RECIPIENT, TEXT)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    shown = "".join(traceback.format_exception_only(caught.value)) + repr(caught.value) + repr(vars(caught.value))
    shown += repr(face.client) + repr(face.client._caller) + caplog.text + server.heard[0].path
    assert "httpx2" in caplog.text or "httpcore2" in caplog.text
    for private in (PASSWORD, "w0rd", TEXT, "48213", RECIPIENT, RECIPIENT[1:]):
        assert private not in shown


def test_the_blocking_client_serves_several_threads(server: Server) -> None:
    """One client may be shared between threads."""
    server.will(*[ACCEPTED] * 20)
    got: list[Sent] = []
    with Client(server.url, username="user", password=PASSWORD) as client:
        threads = [threading.Thread(target=lambda: got.append(client.send(RECIPIENT, TEXT))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == [SENT] * 20


async def test_the_clients_are_context_managers(server: Server) -> None:
    """Both clients close themselves, and an asyncio client runs calls side by side."""
    server.will(ACCEPTED, ACCEPTED, ACCEPTED)
    async with AsyncClient(server.url, username="user", password=PASSWORD) as client:
        got = await asyncio.gather(*(client.send(RECIPIENT, TEXT) for _ in range(3)))
    assert got == [SENT] * 3


@pytest.mark.parametrize("method", ["__init__", "send", "states"])
def test_the_twins_take_the_same_arguments(method: str) -> None:
    """What one client takes the other takes, in the same order and with the same defaults."""
    ours, theirs = (inspect.signature(getattr(kind, method)).parameters for kind in (Client, AsyncClient))
    assert list(ours) == list(theirs)
    same = [name for name in ours if name != "sleep"]
    assert [ours[name] for name in same] == [theirs[name] for name in same]


@pytest.mark.parametrize("address", ["http://h:port", "http://h:99999", "http://[::1"])
def test_a_broken_address_is_told_when_the_client_is_made(connect: Connect, address: str) -> None:
    """An address that no request could reach is refused at once."""
    with pytest.raises(ValueError):
        connect(address)


def padded(body: bytes, octets: int) -> bytes:
    """The same object with a field before the others."""
    return b'{"pad": "' + b"x" * octets + b'", ' + body.lstrip()[1:]


def test_an_answer_of_any_length_is_not_read(server: Server, connect: Connect) -> None:
    """Beyond 2 MB nothing is read, nor held in memory: it is no answer of the contract."""
    server.will(padded(ACCEPTED, 3 << 20))
    face = connect(server.url)
    with pytest.raises(UnexpectedAnswer) as caught:
        face.send(RECIPIENT, TEXT)
    assert caught.value.may_have_been_sent
    server.will(padded(ACCEPTED, 1 << 20))
    assert face.send(RECIPIENT, TEXT).message_id


def test_an_answer_that_drips_ends(server: Server, connect: Connect) -> None:
    """Octet by octet is no silence, but the whole of an answer has its time too."""
    server.will(Answer(drips=True))
    face = connect(server.url, options=QUICK)
    with pytest.raises(TransportFailed) as caught:
        face.send(RECIPIENT, TEXT)
    assert caught.value.may_have_been_sent


@pytest.mark.parametrize("number", [str(2**63), str(10**300), "1e300", f'"{10**19}"', str(-(10**30))])
@pytest.mark.parametrize("field", ["message_id", "status"])
def test_a_number_that_no_column_holds(server: Server, connect: Connect, field: str, number: str) -> None:
    """An id or a code beyond 63 bits is none: it would be stored, logged and shown by its hundreds of digits."""
    body = {"message_id": '{"status":-1,"data":{"message_id":%s}}', "status": '{"status":%s,"data":null}'}[field]
    server.will((body % number).encode())
    face = connect(server.url)
    with pytest.raises(UnexpectedAnswer):
        face.send(RECIPIENT, TEXT)
