"""The Negin dialect: fields to what is wanted, answers and refusals octet for octet."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed
from tests.unit.http.doors import all_doors
from tests.unit.http.memory import call

from payamak.codes import Code
from payamak.dialects.negin import LARGEST_IDS, life_time_minutes, parse_ids, ws_send, ws_states
from payamak.domain.message import Reason, State, StepKind
from payamak.domain.site import Account, AnswerTypes
from payamak.errors import Refused
from payamak.front.accept import Accepted, Front, Policy
from payamak.front.asking import Asking
from payamak.front.callers import ByPassword, Caller
from payamak.front.wanted import UnreadableField, WantedMessage
from payamak.http.app import Application
from payamak.http.forms import Malformed
from payamak.http.request import JSON_CONTENT_TYPE, Request, Response
from payamak.store.records import Standing

FORM = "application/x-www-form-urlencoded"
CALLER = ByPassword(username="u", password="p", address="192.0.2.1")
ACCOUNT = Account(username="u")
SENT = Accepted(account=ACCOUNT, message_id=3403, line="9830003300", recipient="989395213300", parts=1, cost_rial=100)


class FakeFront(Front):
    """Remembers what it was asked; answers or refuses as told, as the caller's fault or as the message's."""

    def __init__(
        self, sent: Accepted = SENT, refuses: Code | None = None, intake_open: bool = True, *, is_callers: bool = False
    ) -> None:
        self.sent = sent
        self.refuses = refuses
        self.is_callers = is_callers
        self.is_open = intake_open
        self.account = ACCOUNT
        self.wanted: list[WantedMessage] = []
        self.callers_seen: list[Caller] = []
        self.asked: list[tuple[Caller, set[int]]] = []
        self.asking = FakeAsking(self)

    @property
    def intake_open(self) -> bool:
        return self.is_open

    async def accept(
        self, caller: Caller, wanted: Sequence[WantedMessage] | UnreadableField, policy: Policy = Policy.EACH
    ) -> list[Accepted | Code]:
        assert not isinstance(wanted, UnreadableField)
        assert policy is Policy.EACH
        self.callers_seen.append(caller)
        self.wanted += wanted
        if self.refuses is not None and self.is_callers:
            raise Refused(self.refuses, "secret detail")
        return [self.sent if self.refuses is None else self.refuses]


class FakeAsking(Asking):
    """Knows of three messages."""

    def __init__(self, front: FakeFront) -> None:
        self.front = front

    async def standings(self, caller: Caller, ids: Collection[int]) -> tuple[Account, dict[int, Standing]]:
        self.front.asked.append((caller, set(ids)))
        if self.front.refuses is not None:
            raise Refused(self.front.refuses, "secret detail")
        known = {6062: State.DELIVERED, 6063: State.UNKNOWN, 6064: State.ENROUTE}
        found = {i: Standing(state=known[i], reason=Reason.ACCEPTED, was_taken=True) for i in ids if i in known}
        return self.front.account, found


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
    sent = changed(SENT, account=changed(ACCOUNT, answer_types=answer_types))
    response = await ws_send(request(b"username=u"), FakeFront(sent))
    assert response == Response(
        status=200,
        content_type="application/json; charset=utf-8",
        body=b'{"data":' + data + b',"status":-1,"msg":"success"}',
        codes=(-1,),
    )


async def test_all_fields_are_wanted() -> None:
    """Every parameter of the manual, in any letter case, reaches the front as written."""
    front = FakeFront()
    body = (
        b"USERNAME=u&Password=p&mobile=09395213300&Message=hi&line=30003300&line2=3000"
        b"&type=%DB%B2&template=0&life_time=60&unknown=x"
    )
    await ws_send(request(body), front)
    assert front.callers_seen == [CALLER]
    assert front.wanted == [
        WantedMessage(
            recipient="09395213300",
            text="hi",
            source="wsSend",
            ways=("30003300", "3000", StepKind.TEMPLATE),
            template=0,
            valid_for_ms=3_600_000,
        )
    ]


@pytest.mark.parametrize(
    ("fields", "ways", "template"),
    [
        ({"type": "0"}, (), None),
        ({"type": 1, "line2": 5}, ("5", StepKind.SIM), None),
        ({"line": 7, "line2": 5, "type": "2.0", "template": "۷"}, ("7", "5", StepKind.TEMPLATE), 7),
        ({"type": "3"}, (UnreadableField(code=Code.SERVICE_TYPE_INVALID),), None),
        ({"type": "two", "line": 5}, ("5", UnreadableField(code=Code.SERVICE_TYPE_INVALID)), None),
        ({"template": "x"}, (), UnreadableField(code=Code.NO_TEMPLATE)),
    ],
)
async def test_ways_and_templates(fields: dict[str, object], ways: tuple[object, ...], template: object) -> None:
    """`line`, `line2`, then the route of `type`; what is no type and no number is handed on, to be told in its turn."""
    front = FakeFront()
    await ws_send(as_json(**fields), front)
    assert [(wanted.ways, wanted.template) for wanted in front.wanted] == [(ways, template)]


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        (None, 1_440),
        ("", 1_440),
        ("1", 1),
        ("۶۰", 60),
        (" 60 ", 60),
        ("10080", 10_080),
        ("10081", 1_440),
        ("0", 1_440),
        ("-5", 1_440),
        ("1.5", 1_440),
        ("an hour", 1_440),
        ("9" * 5_000, 1_440),
    ],
)
def test_the_validity(written: str | None, minutes: int) -> None:
    """1 to 10,080 minutes; anything else is ignored for the default of a day."""
    assert life_time_minutes(written) == minutes


async def test_missing_and_empty_fields_are_not_given() -> None:
    """An empty string is a field not given; what that means is the front's to say."""
    front = FakeFront()
    await ws_send(request(b"username=&line=&message="), front)
    assert front.callers_seen == [ByPassword(username=None, password=None, address="192.0.2.1")]
    assert front.wanted == [WantedMessage(recipient="", text="", source="wsSend")]


@pytest.mark.parametrize("message", ['{"code": 1}', "'; DROP TABLE x; --", {"code": "1"}])
async def test_message_is_text_or_object(message: str | Mapping[str, str]) -> None:
    """Text that looks like JSON or SQL stays text; a JSON object is handed on as one."""
    front = FakeFront()
    await ws_send(as_json(message=message), front)
    assert front.wanted[0].text == message


@pytest.mark.parametrize("code", list(Code))
async def test_refusals_are_200_with_the_code_and_its_text(code: Code) -> None:
    """Every refusal is HTTP 200 in the contract's shape; the detail, which may be personal, stays inside."""
    for is_callers in (True, False):
        response = await ws_send(request(), FakeFront(refuses=code, is_callers=is_callers))
        assert (response.status, refused(response)) == (200, code)
    response = await ws_states(request(b"message_ids=1"), FakeFront(refuses=code))
    assert (response.status, refused(response)) == (200, code)


async def test_only_busy_while_intake_is_closed_is_503() -> None:
    """503 is for 23 while we stop or intake is suspended, and for nothing else."""
    for is_callers in (True, False):
        closed = FakeFront(refuses=Code.BUSY, intake_open=False, is_callers=is_callers)
        response = await ws_send(request(), closed)
        assert (response.status, refused(response)) == (503, 23)
    other = await ws_send(request(), FakeFront(refuses=Code.CREDENTIALS, intake_open=False))
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
    """What cannot be read is 31 under HTTP 200, and never reaches the front."""
    front = FakeFront()
    for response in (await ws_send(bad, front), await ws_states(bad, front)):
        assert (response.status, refused(response)) == (200, 31)
    assert front.wanted == []
    assert front.asked == []


@pytest.mark.parametrize("field", ["mobile", "message", "line", "line2", "type", "template", "life_time"])
@pytest.mark.parametrize("value", [True, [1], {"a": 1}])
async def test_wrong_types_are_31(field: str, value: object) -> None:
    """A field of wsSend that is no scalar is 31; only a message may be an object."""
    front = FakeFront()
    response = await ws_send(as_json(**{field: value}), front)
    if field == "message" and isinstance(value, dict):
        assert front.wanted[0].text == {"a": "1"}
    else:
        assert refused(response) == Code.MALFORMED
        assert front.wanted == []


@pytest.mark.parametrize("value", [True, [6062], {"a": 1}])
async def test_message_ids_of_wrong_type_are_31(value: object) -> None:
    """Ids come as text or as one number."""
    assert refused(await ws_states(as_json(message_ids=value), FakeFront())) == Code.MALFORMED


async def test_states_sample_octet_for_octet() -> None:
    """The manual's sample, as strict JSON."""
    front = FakeFront()
    front.account = changed(ACCOUNT, unknown_state=0)
    response = await ws_states(request(b"username=u&password=p&message_ids=6062%2C6063,6064"), front)
    assert response == Response(
        status=200,
        content_type="application/json; charset=utf-8",
        body=b'{"data":{"msgIds":"6062,6063,6064","states":"1,0,8"},"status":-1,"msg":"success"}',
        codes=(-1,),
    )
    assert front.asked == [(CALLER, {6062, 6063, 6064})]


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
        assert refused(await ws_states(as_json(message_ids=text), FakeFront())) == Code.MESSAGE_ID_INVALID


@given(st.text(alphabet="0۱٢, \"'x\u200c", max_size=12) | st.text(max_size=12))
def test_any_text_is_ids_or_none(text: str) -> None:
    """Whatever comes, the ids are Latin digits, or there are none."""
    ids = parse_ids(text)
    assert ids is None or (len(ids) > 0 and all(each.isascii() and each.isdigit() for each in ids))


async def test_number_beyond_2_53_is_unknown() -> None:
    """A number that no id can be is not asked for, echoed as given, and answered as unknown."""
    front = FakeFront()
    texts = [str(2**53 - 1), str(2**53), "9" * 5_000, "0" * 20 + "6062", "0"]
    response = await ws_states(as_json(message_ids=",".join(texts)), front)
    assert front.asked[0][1] == {2**53 - 1, 6062, 0}
    assert json.loads(response.body)["data"] == {"msgIds": ",".join(texts), "states": "4,4,4,1,4"}


async def test_number_as_message_ids() -> None:
    """One id may come as a JSON number."""
    response = await ws_states(as_json(message_ids=6062), FakeFront())
    assert b'"msgIds":"6062","states":"1"' in response.body


async def test_bad_ids_are_told_only_to_who_may_ask() -> None:
    """A wrong password comes before a bad id."""
    for message_ids in ("abc", None):
        response = await ws_states(as_json(message_ids=message_ids), FakeFront(refuses=Code.CREDENTIALS))
        assert refused(response) == Code.CREDENTIALS
        response = await ws_states(as_json(message_ids=message_ids), FakeFront())
        assert refused(response) == Code.MESSAGE_ID_INVALID


async def test_ten_thousand_ids_fit_a_call() -> None:
    """10,000 ids of full length, each digit a percent-escaped Persian one, are one call."""
    ids = [str(2**53 - 1 - n) for n in range(10_000)]
    persian = ",".join(ids).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    body = "message_ids=" + "".join(c if c == "," else f"%{c.encode()[0]:X}%{c.encode()[1]:X}" for c in persian)
    assert len(body) < 1 << 20
    response = await ws_states(request(body.encode()), FakeFront())
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
    app = Application(all_doors(FakeFront(), allow_get=allow_get))
    statuses = [
        (await call(app, path, method=method, query=b"message_ids=1")).status for method in ("POST", "GET", "HEAD")
    ]
    assert statuses == [200, status, 405]
