"""The Negin dialect: fields to a submission, answers and refusals octet for octet."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.http.doors import all_doors
from tests.unit.http.memory import call

from payamak.codes import Code
from payamak.dialects.negin import LARGEST_IDS, parse_ids, ws_send, ws_states
from payamak.domain.site import AnswerTypes
from payamak.errors import Refused
from payamak.front.accept import Caller, Sent, Service, Submission
from payamak.http.app import Application
from payamak.http.forms import Malformed
from payamak.http.request import JSON_CONTENT_TYPE, Request, Response

FORM = "application/x-www-form-urlencoded"
CALLER = Caller(username="u", password="p", address="192.0.2.1")
SENT = Sent(message_id=3403, line="9830003300", recipient="989395213300", answer_types=AnswerTypes.DOCUMENT)


class FakeService(Service):
    """Remembers what it was asked; answers or refuses as told."""

    def __init__(self, sent: Sent = SENT, refuses: Code | None = None, intake_open: bool = True) -> None:
        self.sent = sent
        self.refuses = refuses
        self.is_open = intake_open
        self.submissions: list[Submission] = []
        self.asked: list[tuple[Caller, list[int | None]]] = []

    @property
    def intake_open(self) -> bool:
        return self.is_open

    async def send(self, submission: Submission) -> Sent:
        self.submissions.append(submission)
        if self.refuses is not None:
            raise Refused(self.refuses, "secret detail")
        return self.sent

    async def states(self, caller: Caller, ids: list[int | None]) -> list[int]:
        self.asked.append((caller, ids))
        if self.refuses is not None:
            raise Refused(self.refuses, "secret detail")
        return [{6062: 1, 6063: 0, 6064: 8}.get(number or 0, 4) for number in ids]


def request(body: bytes = b"", *, query: bytes = b"", content_type: str = FORM) -> Request:
    """A request of the caller at 192.0.2.1."""
    return Request(
        method="POST",
        path="/api/wssend.ashx",
        query=query,
        body=body,
        client_address="192.0.2.1",
        headers={"content-type": content_type} if content_type else {},
    )


def as_json(**fields: Any) -> Request:
    """A request with a JSON body."""
    return request(json.dumps(fields).encode(), content_type="application/json")


def refused(response: Response) -> int:
    """The code of a refusal, whose shape is checked."""
    told = json.loads(response.body)
    assert list(told) == ["data", "status", "msg"]
    assert told["data"] is None
    assert told["msg"] == Code(told["status"]).english
    assert response.content_type == JSON_CONTENT_TYPE
    return int(told["status"])


@pytest.mark.parametrize(
    ("answer_types", "data"),
    [
        (AnswerTypes.DOCUMENT, b'{"message_id":3403,"line":9830003300,"mobile":"989395213300"}'),
        (AnswerTypes.NUMERIC, b'{"message_id":3403,"line":9830003300,"mobile":989395213300}'),
        (AnswerTypes.STRING, b'{"message_id":"3403","line":"9830003300","mobile":"989395213300"}'),
    ],
)
async def test_answer_is_the_manuals_octet_for_octet(answer_types: AnswerTypes, data: bytes) -> None:
    """The answer has the contract's shape, key order and types, or those set for the account."""
    sent = Sent(message_id=3403, line="9830003300", recipient="989395213300", answer_types=answer_types)
    response = await ws_send(request(b"username=u"), FakeService(sent))
    assert response == Response(
        status=200,
        content_type="application/json; charset=utf-8",
        body=b'{"data":' + data + b',"status":-1,"msg":"success"}',
        codes=(-1,),
    )


async def test_all_fields_become_a_submission() -> None:
    """Every parameter of the manual, in any letter case, reaches the service as written."""
    service = FakeService()
    body = (
        b"USERNAME=u&Password=p&mobile=09395213300&Message=hi&line=30003300&line2=3000"
        b"&type=%DB%B2&template=0&life_time=60&unknown=x"
    )
    await ws_send(request(body), service)
    assert service.submissions == [
        Submission(
            caller=CALLER,
            recipient="09395213300",
            message="hi",
            line="30003300",
            line2="3000",
            type="۲",
            template="0",
            life_time="60",
        )
    ]


async def test_missing_and_empty_fields_are_not_given() -> None:
    """An empty string is a field not given; what that means is the service's to say."""
    service = FakeService()
    await ws_send(request(b"username=&line=&message="), service)
    expected = Submission(
        caller=Caller(username=None, password=None, address="192.0.2.1"),
        recipient=None,
        message=None,
        line=None,
        line2=None,
        type=None,
        template=None,
        life_time=None,
    )
    assert service.submissions == [expected]


@pytest.mark.parametrize("message", ['{"code": 1}', "'; DROP TABLE x; --", {"code": "1"}])
async def test_message_is_text_or_object(message: str | Mapping[str, str]) -> None:
    """Text that looks like JSON or SQL stays text; a JSON object is handed on as one."""
    service = FakeService()
    await ws_send(as_json(message=message), service)
    assert service.submissions[0].message == message


@pytest.mark.parametrize("code", list(Code))
async def test_refusals_are_200_with_the_code_and_its_text(code: Code) -> None:
    """Every refusal is HTTP 200 in the contract's shape; the detail, which may be personal, stays inside."""
    response = await ws_send(request(), FakeService(refuses=code))
    assert (response.status, refused(response)) == (200, code)
    response = await ws_states(request(b"message_ids=1"), FakeService(refuses=code))
    assert (response.status, refused(response)) == (200, code)


async def test_only_busy_while_intake_is_closed_is_503() -> None:
    """503 is for 23 while we stop or intake is suspended, and for nothing else."""
    closed = FakeService(refuses=Code.BUSY, intake_open=False)
    response = await ws_send(request(), closed)
    assert (response.status, refused(response)) == (503, 23)
    other = await ws_send(request(), FakeService(refuses=Code.CREDENTIALS, intake_open=False))
    assert other.status == 200


@pytest.mark.parametrize(
    "bad",
    [
        as_json(username={"$gt": ""}),
        as_json(username="a\0b"),
        request(b"username=%FF"),
        request(b"<x/>", content_type="text/xml"),
        request(b'{"username":', content_type="application/json"),
    ],
)
async def test_unreadable_requests_are_31(bad: Request) -> None:
    """What cannot be read is 31 under HTTP 200, and never reaches the service."""
    service = FakeService()
    for response in (await ws_send(bad, service), await ws_states(bad, service)):
        assert (response.status, refused(response)) == (200, 31)
    assert service.submissions == []
    assert service.asked == []


@pytest.mark.parametrize("field", ["mobile", "message", "line", "line2", "type", "template", "life_time"])
@pytest.mark.parametrize("value", [True, [1], {"a": 1}])
async def test_wrong_types_are_31(field: str, value: object) -> None:
    """A field of wsSend that is no scalar is 31; only a message may be an object."""
    service = FakeService()
    response = await ws_send(as_json(**{field: value}), service)
    if field == "message" and isinstance(value, dict):
        assert service.submissions[0].message == {"a": "1"}
    else:
        assert refused(response) == Code.MALFORMED
        assert service.submissions == []


@pytest.mark.parametrize("value", [True, [6062], {"a": 1}])
async def test_message_ids_of_wrong_type_are_31(value: object) -> None:
    """Ids come as text or as one number."""
    assert refused(await ws_states(as_json(message_ids=value), FakeService())) == Code.MALFORMED


async def test_states_sample_octet_for_octet() -> None:
    """The manual's sample, as strict JSON."""
    service = FakeService()
    response = await ws_states(request(b"username=u&password=p&message_ids=6062%2C6063,6064"), service)
    assert response == Response(
        status=200,
        content_type="application/json; charset=utf-8",
        body=b'{"data":{"msgIds":"6062,6063,6064","states":"1,0,8"},"status":-1,"msg":"success"}',
        codes=(-1,),
    )
    assert service.asked == [(CALLER, [6062, 6063, 6064])]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("6062", ["6062"]),
        ("6062,6063,6064", ["6062", "6063", "6064"]),
        ('"6062,6063"', ["6062", "6063"]),
        ("'6062,6063'", ["6062", "6063"]),
        (' " 6062 , 6063 " ', ["6062", "6063"]),
        ('"6062","6063"', ["6062", "6063"]),
        ("'6062', '6063'", ["6062", "6063"]),
        ('"6062"', ["6062"]),
        (" 6062\t,\r\n6063 ", ["6062", "6063"]),
        ("۶۰۶۲,٦٠٦٣", ["6062", "6063"]),
        ("6063,6062,6063", ["6063", "6062", "6063"]),
        ("0006062,0", ["0006062", "0"]),
        ("9" * 5_000, ["9" * 5_000]),
        ("", None),
        (" ", None),
        ('""', None),
        (",", None),
        ("6062,", ["6062"]),
        ("6062، 6063،", ["6062", "6063"]),
        ("'6062','6063', ,,", ["6062", "6063"]),
        ('"6062,6063,"', ["6062", "6063"]),
        ("\u200e6062\u200f,\u202a6063\u00a0", ["6062", "6063"]),
        (",,", None),
        ('"",', None),
        (",6062", None),
        ("6062,,6063", None),
        ("60 62", None),
        ("60\u200c62", ["6062"]),
        ("6062;6063", None),
        ("6062 6063", None),
        ("-1", None),
        ("+1", None),
        ("1.0", None),
        ("1e3", None),
        ("0x10", None),
        ("²", None),
        ("६", None),
        ('"6062', None),
        ('6062"', None),
        ("'6062\"", None),
        ("abc", None),
        ("6062 OR 1=1", None),
        ("6062'; DROP TABLE x; --", None),
    ],
)
async def test_message_ids(text: str, ids: list[str] | None) -> None:
    """Quotes, blanks around ids and marks fall away, digits are made Latin; what is no number then is 24."""
    assert parse_ids(text) == ids
    if ids is None:
        assert refused(await ws_states(as_json(message_ids=text), FakeService())) == Code.MESSAGE_ID_INVALID


@given(st.text(alphabet="0۱٢, \"'x\u200c", max_size=12) | st.text(max_size=12))
def test_any_text_is_ids_or_none(text: str) -> None:
    """Whatever comes, the ids are Latin digits, or there are none."""
    ids = parse_ids(text)
    assert ids is None or (len(ids) > 0 and all(each.isascii() and each.isdigit() for each in ids))


async def test_number_beyond_2_53_is_unknown() -> None:
    """A number that no id can be is asked as None, echoed as given, and answered as unknown."""
    service = FakeService()
    texts = [str(2**53 - 1), str(2**53), "9" * 5_000, "0" * 20 + "6062", "0"]
    response = await ws_states(as_json(message_ids=",".join(texts)), service)
    assert service.asked[0][1] == [2**53 - 1, None, None, 6062, 0]
    assert json.loads(response.body)["data"] == {"msgIds": ",".join(texts), "states": "4,4,4,1,4"}


async def test_number_as_message_ids() -> None:
    """One id may come as a JSON number."""
    response = await ws_states(as_json(message_ids=6062), FakeService())
    assert b'"msgIds":"6062","states":"1"' in response.body


async def test_bad_ids_are_told_only_to_who_may_ask() -> None:
    """A wrong password comes before a bad id."""
    for message_ids in ("abc", None):
        response = await ws_states(as_json(message_ids=message_ids), FakeService(refuses=Code.CREDENTIALS))
        assert refused(response) == Code.CREDENTIALS
        response = await ws_states(as_json(message_ids=message_ids), FakeService())
        assert refused(response) == Code.MESSAGE_ID_INVALID


async def test_ten_thousand_ids_fit_a_call() -> None:
    """10,000 ids of full length, each digit a percent-escaped Persian one, are one call."""
    ids = [str(2**53 - 1 - n) for n in range(10_000)]
    persian = ",".join(ids).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    body = "message_ids=" + "".join(c if c == "," else f"%{c.encode()[0]:X}%{c.encode()[1]:X}" for c in persian)
    assert len(body) < 1 << 20
    response = await ws_states(request(body.encode()), FakeService())
    assert json.loads(response.body)["data"]["msgIds"] == ",".join(ids)


def test_ids_are_bounded() -> None:
    """More ids than anyone needs are malformed."""
    with pytest.raises(Malformed):
        parse_ids("1," * LARGEST_IDS + "1")


PATHS = [
    "/api/wsSend.ashx",
    "//services///WSSEND.ashx",
    "/api/wsStates.aspx",
    "/API/wsstates.ASHX",
    "/services/wsStates.ashx",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("allow_get", "status"), [(True, 200), (False, 405)])
async def test_paths_and_methods(path: str, allow_get: bool, status: int) -> None:
    """Each path of the field is served by POST, and by GET if the setting says so; never redirected."""
    app = Application(all_doors(FakeService(), allow_get=allow_get))
    statuses = [
        (await call(app, path, method=method, query=b"message_ids=1")).status for method in ("POST", "GET", "HEAD")
    ]
    assert statuses == [200, status, 405]
