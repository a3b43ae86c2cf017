"""The old door /sendsms.ashx: what goes to the service, and how its answers are told."""

from collections.abc import Mapping
from typing import Any

import pytest

from payamak.codes import Code
from payamak.dialects.sendsms import MOST_RECIPIENTS, routes, send_sms
from payamak.domain.site import AnswerTypes
from payamak.errors import Refused
from payamak.front.accept import Caller, Sent
from payamak.front.batch import Batch, BatchService
from payamak.http.app import Request

CALLER = Caller(username="u", password="p", address="192.0.2.1")
OK = "user=u&pass=p&text=hi&line=30003300&to="


class FakeService(BatchService):
    """Gives ids from 2001 in the order of the recipients; refuses as told, by recipient ("*": the caller).

    "bug": what the whole batch meets.
    """

    def __init__(self, refuses: Mapping[str, Code | Exception] | None = None, *, is_open: bool = True) -> None:
        self.refuses = refuses or {}
        self.is_open = is_open
        self.batches: list[Batch] = []

    @property
    def intake_open(self) -> bool:
        return self.is_open

    async def send_each(self, batch: Batch) -> list[Sent | Code]:
        self.batches.append(batch)
        if isinstance(error := self.refuses.get("bug"), Exception):
            raise error
        return [self.told(number, said) for number, said in enumerate(batch.recipients, start=2_001)]

    def told(self, message_id: int, recipient: str) -> Sent | Code:
        """What becomes of one."""
        refusal = self.refuses.get(recipient, self.refuses.get("any"))
        if isinstance(refusal, Code):
            return refusal
        return Sent(message_id=message_id, line="9830003300", recipient=recipient, answer_types=AnswerTypes.DOCUMENT)

    async def prove(self, caller: Caller) -> None:
        if isinstance(code := self.refuses.get("*"), Code):
            raise Refused(code)


def request(query: str = "", body: bytes = b"", content_type: str = "") -> Request:
    """A request of the caller at 192.0.2.1."""
    return Request(
        method="GET",
        path="/sendsms.ashx",
        query=query.encode(),
        content_type=content_type,
        body=body,
        client_address="192.0.2.1",
        forwarded_for=None,
    )


async def told(service: FakeService, to: str) -> str:
    """The answer's text for these recipients."""
    response = await send_sms(request(OK + to), service)
    assert (response.status, response.content_type) == (200, "text/plain; charset=utf-8")
    return response.body.decode()


def batch(*recipients: str, line: str | None = "30003300") -> Batch:
    """The batch of a call with the text "hi"."""
    return Batch(caller=CALLER, texts=["hi"], recipients=recipients, line=line, source="sendsms")


def same(batch: Batch, expected: Batch) -> bool:
    """Whether two batches say the same, be it in lists or tuples."""
    fields = Batch.__struct_fields__
    return all(_plain(getattr(batch, name)) == _plain(getattr(expected, name)) for name in fields)


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


async def test_the_recipients_are_one_batch() -> None:
    """What was written reaches the service, all recipients at once, and the ids come back in their order."""
    service = FakeService()
    assert await told(service, "0912,%200913%20,9914") == "2001,2002,2003"
    (sent,) = service.batches
    assert same(sent, batch("0912", "0913", "9914"))


async def test_a_post_is_read_alike() -> None:
    """Form or query, names in any case, the line left out."""
    service = FakeService()
    form = request(body=b"USER=u&Pass=p&To=0912&TEXT=hi", content_type="application/x-www-form-urlencoded")
    assert (await send_sms(form, service)).body == b"2001"
    (sent,) = service.batches
    assert same(sent, batch("0912", line=None))


async def test_an_object_is_no_text() -> None:
    """A JSON object as text reaches the service as what it is: for a template it is one, else 13 (contract §4)."""
    service = FakeService()
    body = b'{"user": "u", "pass": "p", "to": "0912", "text": {"code": 5}}'
    assert (await send_sms(request(body=body, content_type="application/json"), service)).body == b"2001"
    assert service.batches[0].texts == [{"code": "5"}]


@pytest.mark.parametrize(
    ("to", "refuses", "answer"),
    [
        ("1,", {}, "2001"),
        ("1,3%20,%20,,%E2%80%8F", {}, "2001,2002"),
        ("1%D8%8C3%D8%8C", {}, "2001,2002"),
        ("1,,3", {"": Code.RECIPIENT_INVALID}, "2001,1,2003"),
        ("", {"": Code.RECIPIENT_INVALID}, "1"),
        ("1,2,3", {"2": Code.OPTED_OUT_OF_LINE}, "2001,33,2003"),
        ("1,2", {"any": Code.OPTED_OUT}, "27,27"),
        ("1,2", {"1": Code.RECIPIENT_INVALID, "2": Code.LINE_INVALID}, "2"),
        ("1,2,3", {"any": Code.TEXT_EMPTY}, "13"),
        ("1,2,3", {"any": Code.NO_CREDIT, "1": Code.OPTED_OUT}, "27,14,14"),
        ("1,2,3", {"any": Code.NO_CREDIT}, "14"),
        ("1,2,3", {"2": Code.BUSY, "3": Code.LINE_INVALID}, "2001,23,2"),
        ("1,2", {"2": Code.INTERNAL}, "2001,15"),
        ("1,2", {"bug": RuntimeError("a bug")}, "15"),
        ("1,2", {"bug": Refused(Code.CREDENTIALS)}, "18"),
        ("1", {"*": Code.CREDENTIALS}, "18"),
        ("1,2", {"*": Code.ACCOUNT_EXPIRED}, "17"),
    ],
)
async def test_how_refusals_are_told(to: str, refuses: Mapping[str, Code | Exception], answer: str) -> None:
    """One item a recipient; one bare code when the call as a whole is refused; an accepted id is never hidden."""
    assert await told(FakeService(refuses), to) == answer


async def test_too_many_recipients_send_nothing() -> None:
    """More than 100 are refused whole with 107, but only to who may ask."""
    many = ",".join("9" * (MOST_RECIPIENTS + 1))
    service = FakeService()
    assert await told(service, many) == "107"
    assert service.batches == []
    assert await told(FakeService({"*": Code.CREDENTIALS}), many) == "18"
    assert (await told(FakeService(), many[2:])).count(",") == MOST_RECIPIENTS - 1


async def test_of_too_many_recipients_few_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a stranger's half a million recipients no more are made than show that they are too many."""
    made: list[int] = []

    def counted(*, recipients: list[str], **fields: Any) -> Batch:
        made.append(len(recipients))
        return Batch(recipients=recipients, **fields)

    monkeypatch.setattr("payamak.dialects.sendsms.Batch", counted)
    many = ",".join(["1"] * 200_000)
    assert await told(FakeService({"*": Code.CREDENTIALS}), many) == "18"
    assert made == [MOST_RECIPIENTS + 1]


@pytest.mark.parametrize(
    ("query", "body", "content_type"),
    [
        ("to=%FF", b"", ""),
        ("to=%00", b"", ""),
        ("", b'{"to": [1]}', "application/json"),
        ("", b'{"to": "1"', "application/json"),
        ("", b"<to/>", "text/xml"),
    ],
)
async def test_what_cannot_be_read_is_31(query: str, body: bytes, content_type: str) -> None:
    """A malformed request is a bare 31 and reaches nobody."""
    service = FakeService()
    response = await send_sms(request(query, body, content_type), service)
    assert (response.status, response.body, service.batches) == (200, b"31", [])


async def test_503_while_intake_is_closed() -> None:
    """23 under HTTP 503 tells a balancer to go elsewhere; while intake is open 23 stays under 200."""
    refuses: dict[str, Code | Exception] = {"any": Code.BUSY}
    response = await send_sms(request(OK + "1"), FakeService(refuses, is_open=False))
    assert (response.status, response.body) == (503, b"23")
    assert await told(FakeService(refuses), "1") == "23"


def test_get_can_be_turned_off() -> None:
    """The door stands at its folded path; a setting leaves only POST."""
    assert {path: route.methods for path, route in routes(FakeService()).items()} == {"/sendsms.ashx": {"GET", "POST"}}
    assert routes(FakeService(), allow_get=False)["/sendsms.ashx"].methods == {"POST"}
