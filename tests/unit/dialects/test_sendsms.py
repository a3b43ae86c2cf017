"""The old door /sendsms.ashx: what goes to the front, and how its answers are told."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.unit.http.doors import door_of

from payamak.codes import Code
from payamak.dialects.sendsms import MOST_RECIPIENTS, send_sms
from payamak.domain.site import Account
from payamak.errors import Refused
from payamak.front.accept import Accepted, Front, Policy
from payamak.front.callers import ByPassword, Caller
from payamak.front.wanted import UnreadableField, WantedMessage
from payamak.http.request import Request, refusal

CALLER = ByPassword(username="u", password="p", address="192.0.2.1")
OK = "user=u&pass=p&text=hi&line=30003300&to="


class FakeFront(Front):
    """Gives ids from 2001 in the order of the recipients; refuses as told, by recipient ("*": the caller).

    "bug": what the whole batch meets.
    """

    def __init__(self, refuses: Mapping[str, Code | Exception] | None = None, *, is_open: bool = True) -> None:
        self.refuses = refuses or {}
        self.is_open = is_open
        self.calls: list[list[WantedMessage]] = []

    @property
    def intake_open(self) -> bool:
        return self.is_open

    async def accept(
        self, caller: Caller, wanted: Sequence[WantedMessage] | UnreadableField, policy: Policy = Policy.EACH
    ) -> list[Accepted | Code]:
        assert policy is Policy.EACH
        if isinstance(code := self.refuses.get("*"), Code):
            raise Refused(code)
        if isinstance(wanted, UnreadableField):
            raise Refused(wanted.code)
        assert caller == CALLER
        self.calls.append(list(wanted))
        if isinstance(error := self.refuses.get("bug"), Exception):
            raise error
        return [self.told(number, each.recipient) for number, each in enumerate(wanted, start=2_001)]

    def told(self, message_id: int, recipient: str) -> Accepted | Code:
        """What becomes of one."""
        refusal = self.refuses.get(recipient, self.refuses.get("any"))
        if isinstance(refusal, Code):
            return refusal
        account = Account(username="u")
        return Accepted(
            account=account, message_id=message_id, line="9830003300", recipient=recipient, parts=1, cost_rial=100
        )


def request(query: str = "", body: bytes = b"", content_type: str = "") -> Request:
    """A request of the caller at 192.0.2.1."""
    return Request(
        method="GET",
        path="/sendsms.ashx",
        query=query.encode(),
        body=body,
        client_address="192.0.2.1",
        headers={"content-type": content_type} if content_type else {},
    )


async def told(front: FakeFront, to: str) -> str:
    """The answer's text for these recipients."""
    response = await send_sms(request(OK + to), front)
    assert (response.status, response.content_type) == (200, "text/plain; charset=utf-8")
    return response.body.decode()


def wanted(*recipients: str, line: str | None = "30003300") -> list[WantedMessage]:
    """What a call with the text "hi" asks for."""
    ways = () if line is None else (line,)
    return [WantedMessage(recipient=each, text="hi", source="sendsms", ways=ways) for each in recipients]


async def test_the_recipients_are_one_batch() -> None:
    """What was written reaches the front, all recipients at once, and the ids come back in their order."""
    front = FakeFront()
    assert await told(front, "0912,%200913%20,9914") == "2001,2002,2003"
    assert front.calls == [wanted("0912", "0913", "9914")]


async def test_a_post_is_read_alike() -> None:
    """Form or query, names in any case, the line left out."""
    front = FakeFront()
    form = request(body=b"USER=u&Pass=p&To=0912&TEXT=hi", content_type="application/x-www-form-urlencoded")
    assert (await send_sms(form, front)).body == b"2001"
    assert front.calls == [wanted("0912", line=None)]


async def test_an_object_is_no_text() -> None:
    """A JSON object as text reaches the front as what it is: for a template it is one, else 13 (contract §4)."""
    front = FakeFront()
    body = b'{"user": "u", "pass": "p", "to": "0912", "text": {"code": 5}}'
    assert (await send_sms(request(body=body, content_type="application/json"), front)).body == b"2001"
    assert [each.text for each in front.calls[0]] == [{"code": "5"}]


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
    assert await told(FakeFront(refuses), to) == answer


async def test_too_many_recipients_send_nothing() -> None:
    """More than 100 are refused whole with 107, but only to who may ask."""
    many = ",".join("9" * (MOST_RECIPIENTS + 1))
    front = FakeFront()
    assert await told(front, many) == "107"
    assert front.calls == []
    assert await told(FakeFront({"*": Code.CREDENTIALS}), many) == "18"
    assert (await told(FakeFront(), many[2:])).count(",") == MOST_RECIPIENTS - 1


async def test_of_too_many_recipients_few_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a stranger's half a million recipients nothing is made but their number."""
    made: list[WantedMessage] = []

    def counted(**fields: Any) -> WantedMessage:
        made.append(WantedMessage(**fields))
        return made[-1]

    monkeypatch.setattr("payamak.dialects.sendsms.WantedMessage", counted)
    many = ",".join(["1"] * 200_000)
    assert await told(FakeFront({"*": Code.CREDENTIALS}), many) == "18"
    assert made == []
    assert await told(FakeFront(), "1,2") == "2001,2002"
    assert made == wanted("1", "2")


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
    front = FakeFront()
    response = await send_sms(request(query, body, content_type), front)
    assert (response.status, response.body, front.calls) == (200, b"31", [])


async def test_503_while_intake_is_closed() -> None:
    """23 under HTTP 503 tells a balancer to go elsewhere; while intake is open 23 stays under 200."""
    refuses: dict[str, Code | Exception] = {"any": Code.BUSY}
    response = await send_sms(request(OK + "1"), FakeFront(refuses, is_open=False))
    assert (response.status, response.body) == (503, b"23")
    assert await told(FakeFront(refuses), "1") == "23"


def test_get_can_be_turned_off() -> None:
    """The door stands at its folded path; a setting leaves only POST."""
    assert set(door_of("/sendsms.ashx", FakeFront()).methods) == {"GET", "POST"}
    assert set(door_of("/sendsms.ashx", FakeFront(), allow_get=False).methods) == {"POST"}


def test_what_the_server_refuses_is_the_bare_code() -> None:
    """Too many at once, and a body that cannot be read; what has an HTTP status of its own is told as at every door."""
    route = door_of("/sendsms.ashx", FakeFront())
    for code in (Code.BUSY, Code.MALFORMED):
        told = route.family(code, 200)
        assert (told.status, told.content_type, told.body) == (200, "text/plain; charset=utf-8", b"%d" % code)
    assert route.family(Code.MALFORMED, 413) == refusal(Code.MALFORMED, 413)
