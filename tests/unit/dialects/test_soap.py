"""The SOAP door: what each operation hands to the front, and how what comes back is told."""

import asyncio
import datetime as dt
import re
from collections.abc import Awaitable, Callable, Collection, Sequence

import pytest
from lxml import etree
from msgspec.structs import replace as changed
from tests.unit.http.doors import door_of

from payamak.codes import Code
from payamak.dialects.soap.arrays import Arrays, wanted_of
from payamak.dialects.soap.door import MOST_RECEIVED
from payamak.dialects.soap.envelope import STRANGERS_OCTETS, CallReader, SoapCall
from payamak.dialects.soap.schema import NAMESPACE, OPERATIONS, Operation
from payamak.domain.message import Reason, State
from payamak.domain.mo import Received
from payamak.domain.own_ids import OwnIdKind
from payamak.domain.posting import PostState
from payamak.domain.site import Account
from payamak.errors import Refused
from payamak.front.accept import Accepted, Front, Policy
from payamak.front.acting import OwnActs
from payamak.front.asking import Asking
from payamak.front.callers import ByPassword, Caller, Callers
from payamak.front.wanted import UnreadableField, WantedMessage
from payamak.http.request import Request, Response
from payamak.store.records import OutboxRow, Standing

CALLER = ByPassword(username="u", password="p", address="192.0.2.1")
LOGIN = "<pUsername>u</pUsername><pPassword>p</pPassword>"
V11, V12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
ACCEPTED_AT = 1_700_000_000_000
ACCOUNT = Account(username="u", id=7, lines=("983000123", "1000456"), default_line="1000456")
RECEIVED = Received(
    id=2_001,
    upstream="operator",
    link="north",
    line="983000123",
    sender="989121234567",
    text="سلام & <b>",
    received_at=ACCEPTED_AT,
    is_complete=True,
    read_at=None,
    relay=PostState.NONE,
    keyword="",
    target="",
    tries=0,
    waiting_since=0,
    next_at=None,
    note="",
    reply_id=None,
)


class FakeFront(Front):
    """Answers as told; `fails` is raised by whatever is called."""

    def __init__(self, outcomes: Sequence[int] = (2_001,), fails: Exception | None = None) -> None:
        self.outcomes = tuple(outcomes)
        self.fails = fails
        self.account = ACCOUNT
        self.calls: list[Sequence[WantedMessage] | UnreadableField] = []
        self.asked: list[tuple[object, ...]] = []
        self.callers = self.proofs = FakeCallers()
        self.asking = FakeAsking(self)
        self.acting = FakeActing(self)

    def ask(self, *what: object) -> None:
        """Remember what was asked."""
        self.asked.append(what)
        if self.fails is not None:
            raise self.fails

    async def accept(
        self, caller: Caller, wanted: Sequence[WantedMessage] | UnreadableField, policy: Policy = Policy.EACH
    ) -> list[Accepted | Code]:
        assert policy is Policy.WHOLE
        self.calls.append(wanted)
        self.ask("accept", caller)
        return [self.told(outcome) for outcome in self.outcomes]

    def told(self, outcome: int) -> Accepted | Code:
        """An id, or the code of a refusal."""
        if outcome < 1_000:
            return Code(outcome)
        return Accepted(
            account=self.account, message_id=outcome, line="983000123", recipient="1", parts=3, cost_rial=2_700
        )


class FakeCallers(Callers):
    """Remembers who had to prove himself."""

    def __init__(self) -> None:
        self.proven: list[Caller] = []
        self.fails: Refused | None = None

    async def account_of(self, caller: Caller) -> Account:
        self.proven.append(caller)
        if self.fails is not None:
            raise self.fails
        return ACCOUNT


class FakeAsking(Asking):
    """The last digit of a message's id says where it stands."""

    def __init__(self, front: FakeFront) -> None:
        self.front = front

    async def standings(self, caller: Caller, ids: Collection[int]) -> tuple[Account, dict[int, Standing]]:
        self.front.ask("standings", caller, set(ids))
        states = {1: State.DELIVERED, 8: State.ENROUTE}
        return self.front.account, {i: standing(states.get(i % 10, State.UNKNOWN)) for i in ids}

    async def purse(self, caller: Caller) -> tuple[Account, int]:
        self.front.ask("purse", caller)
        return self.front.account, 12_345

    async def outbox(
        self, caller: Caller, kind: OwnIdKind, keys: Collection[str]
    ) -> tuple[Account, dict[str, OutboxRow]]:
        assert kind is OwnIdKind.CHECK_ID
        self.front.ask("outbox", caller, set(keys))
        row = OutboxRow(message_id=2_001, accepted_at=ACCEPTED_AT, standing=standing(State.ENROUTE))
        found = {key: row for key in keys if key != "9"}
        return self.front.account, found | ({"8": changed(row, standing=None)} if "8" in keys else {})


class FakeActing(OwnActs):
    """Remembers what was done."""

    def __init__(self, front: FakeFront) -> None:
        self.front = front

    async def read_received(self, caller: Caller, limit: int = 1_000) -> list[Received]:
        self.front.ask("read_received", caller, limit)
        return [RECEIVED, changed(RECEIVED, id=2_002, text="\x0b")]

    async def change_password(
        self, caller: Caller, password: str | None, hash_password: Callable[[str], Awaitable[str]]
    ) -> None:
        self.front.ask("change_password", caller, password, await hash_password(password or ""))


def standing(state: State) -> Standing:
    """A message that stands so."""
    return Standing(state=state, reason=Reason.ACCEPTED, was_taken=True)


async def post(front: FakeFront, call: str, *, namespace: str = V11, content_type: str = "text/xml") -> Response:
    """The door's answer to an envelope around the call."""
    body = f'<s:Envelope xmlns:s="{namespace}"><s:Body>{call}</s:Body></s:Envelope>'.encode()
    return await send(front, body, content_type)


async def send(front: FakeFront, body: bytes, content_type: str = "text/xml", method: str = "POST") -> Response:
    """The door's answer to these octets."""
    route = door_of("/almassms.asmx", front)
    request = Request(
        method=method,
        path="/almassms.asmx",
        query=b"",
        body=body,
        client_address="192.0.2.1",
        headers={"content-type": content_type} if content_type else {},
    )
    return await route.handler(request)


async def told(front: FakeFront, operation: str, parameters: str = "") -> str:
    """What the body of the answer holds, without the outer element."""
    response = await post(front, f"<{operation}>{LOGIN}{parameters}</{operation}>")
    assert (response.status, response.content_type) == (200, "text/xml; charset=utf-8")
    name = f"{operation}Response"
    inside = re.fullmatch(
        rf'.*<soap:Body><{name} xmlns="{NAMESPACE}">(.*)</{name}></soap:Body></soap:Envelope>',
        response.body.decode(),
        re.DOTALL,
    )
    assert inside is not None, response.body.decode()
    return inside[1]


ARRAYS = """<messages><string>a</string></messages><mobiles><string>1</string><string>2</string></mobiles>
<UDH><string/></UDH><encodings><int>2</int></encodings><mclass><int>1</int></mclass>"""
ONE = Arrays(texts=["a"], recipients=["1"])
PLAIN = Arrays(texts=["a"], recipients=["1", "2"], udhs=[], encodings=[], classes=[])
ENCODED = changed(PLAIN, udhs=[""], encodings=["2"], classes=["1"])
RESULT = (
    "<result><MessageIds><long>2001</long><long>1</long></MessageIds><SendId>2001</SendId><SendCost>2700</SendCost>"
    "<SmsCount>3</SmsCount><ReceiversCount>1</ReceiversCount><State>0</State></result>"
)
IDS = "<pMessageIds><long>2001</long><long>1</long></pMessageIds>"


@pytest.mark.parametrize(
    ("operation", "parameters", "arrays", "answer"),
    [
        ("SendSms", ARRAYS, PLAIN, IDS),
        ("SendSms2", ARRAYS, ENCODED, IDS),
        ("SendSms3", ARRAYS, ENCODED, RESULT),
        ("Send", f"<line>3000123</line>{ARRAYS}", changed(ENCODED, line="3000123"), RESULT),
        ("Send", f"<line>0</line>{ARRAYS}", ENCODED, RESULT),
        ("Send", f"<line> ۰ </line>{ARRAYS}", ENCODED, RESULT),
        ("Send", f"<line/>{ARRAYS}", ENCODED, RESULT),
        ("SendSms2", f"<line>3000123</line>{ARRAYS}", ENCODED, IDS),
        (
            "SendSmsByCheckId",
            f"<line>3</line>{ARRAYS}<tempCheckIds><long>5</long><long> -۶ </long></tempCheckIds>",
            changed(PLAIN, line="3", check_ids=[5, -6]),
            IDS,
        ),
        ("SendSmsByCheckId", f"{ARRAYS}<tempCheckIds/>", PLAIN, IDS),
    ],
)
async def test_sending(operation: str, parameters: str, arrays: Arrays, answer: str) -> None:
    """Only the operation's own fields reach the front; ids and codes come back in their places under -2."""
    front = FakeFront([2_001, 1])
    assert await told(front, operation, parameters) == f"<{operation}Result>-2</{operation}Result>{answer}"
    assert front.calls == [wanted_of(arrays)]


async def test_sending_one() -> None:
    """Send1Sms: the id, or the code as the result, since there is nothing to keep a place in."""
    fields = "<message>a</message><mobile>1</mobile>"
    front = FakeFront([2_001])
    answer = await told(front, "Send1Sms", fields)
    assert answer == "<Send1SmsResult>-2</Send1SmsResult><pMessageId>2001</pMessageId>"
    assert front.calls == [wanted_of(ONE)]
    answer = await told(FakeFront([33]), "Send1Sms", fields)
    assert answer == "<Send1SmsResult>33</Send1SmsResult><pMessageId>0</pMessageId>"


async def test_a_send_id_is_an_int() -> None:
    """Ids beyond 31 bits do not break a program that reads the schema."""
    answer = await told(FakeFront([1, 2**40 + 5]), "SendSms3", ARRAYS)
    assert f"<long>{2**40 + 5}</long></MessageIds><SendId>5</SendId>" in answer


METHOD_CODES = {
    Code.INTERNAL: 0,
    Code.ACCOUNT_INACTIVE: 15,
    Code.ACCOUNT_EXPIRED: 16,
    Code.SERVICE_NOT_ENABLED: 17,
    Code.NOT_YOURS: 20,
    Code.MESSAGE_ID_INVALID: 20,
}


@pytest.mark.parametrize("code", Code, ids=lambda code: str(code.value))
async def test_a_refusal_is_a_positive_result(code: Code) -> None:
    """Under HTTP 200, without arrays; five numbers mean something else as a result than in an array."""
    answer = await told(FakeFront(fails=Refused(code)), "SendSms", ARRAYS)
    assert answer == f"<SendSmsResult>{METHOD_CODES.get(code, code.value)}</SendSmsResult>"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_every_operation_can_be_refused(operation: Operation) -> None:
    """Each has its result, and required fields beside it; a bug is 0, and says nothing of what was written."""
    ids = "<pMessageIds><long>1</long></pMessageIds>"
    for error, result in ((Refused(Code.CREDENTIALS), 18), (RuntimeError("a bug"), 0)):
        answer = await told(FakeFront(fails=error), operation.name, ids)
        assert answer.startswith(f"<{operation.result.name}>{result}</{operation.result.name}>")
        names = re.findall(r"<(\w+)>", answer)
        assert names == [
            field.name for field in operation.outputs if field is operation.result or not field.is_optional
        ]


async def test_who_calls_is_handed_on() -> None:
    """Missing credentials are the front's to refuse; the address is the client's own."""
    front = FakeFront()
    await post(front, "<GetCredit/>")
    assert front.asked == [("purse", ByPassword(username=None, password=None, address="192.0.2.1"))]


# --------------------------------------------------------------------------------------------- asking


@pytest.mark.parametrize("operation", ["GetMessageStatus", "GetMessageStatus2", "GetRealMessageStatuses"])
async def test_states(operation: str) -> None:
    """The numbers of wsStates, in the order asked, repeats kept; what no id can be is unknown."""
    front = FakeFront()
    asked = f"<long>2001</long><long> ۲۰۰۸ </long><long>{2**53}</long><long>2001</long>"
    answer = await told(front, operation, f"<pMessageIds>{asked}</pMessageIds>")
    assert answer.startswith(
        f"<{operation}Result>-2</{operation}Result><pStatuses><int>1</int><int>8</int><int>4</int>"
    )
    echoed = f"<pMsgIds><long>2001</long><long>2008</long><long>{2**53}</long><long>2001</long></pMsgIds>"
    assert (echoed in answer) == (operation == "GetMessageStatus2")
    assert front.asked == [("standings", CALLER, {2_001, 2_008})]


@pytest.mark.parametrize("ids", ["", "<pMessageIds/>", "<pMessageIds><long>x</long></pMessageIds>"])
async def test_bad_ids(ids: str) -> None:
    """20, but only to who may ask."""
    assert await told(FakeFront(), "GetMessageStatus", ids) == "<GetMessageStatusResult>20</GetMessageStatusResult>"
    stranger = FakeFront(fails=Refused(Code.CREDENTIALS))
    assert "<GetMessageStatusResult>18<" in await told(stranger, "GetMessageStatus", ids)


async def test_the_outbox() -> None:
    """One record for each that was found, in the order asked, repeats kept; times are Tehran's.

    Once its message is removed for its age an id is unknown.
    """
    front = FakeFront()
    answer = await told(front, "GetOutboxByCheckId", "<pTempCheckIds><long>5</long></pTempCheckIds>")
    assert answer == (
        "<GetOutboxByCheckIdResult>-2</GetOutboxByCheckIdResult><outboxes><OutboxResult><CheckId>5</CheckId>"
        "<MessageId>2001</MessageId><Status>8</Status><SendDate>2023-11-15T01:43:20+03:30</SendDate></OutboxResult>"
        "</outboxes>"
    )
    assert front.asked == [("outbox", CALLER, {"5"})]
    ids = "".join(f"<long>{number}</long>" for number in (5, 9, 8, 5))
    answer = await told(front, "GetOutboxByCheckId", f"<pTempCheckIds>{ids}</pTempCheckIds>")
    assert re.findall("<CheckId>([0-9]+)</CheckId>.*?<Status>([0-9]+)</Status>", answer) == [
        ("5", "8"),
        ("8", "4"),
        ("5", "8"),
    ]
    assert "<outboxes></outboxes>" in await told(front, "GetOutboxByCheckId")


@pytest.mark.parametrize("check_id", ["x", "", "1.5", str(2**63), "9" * 5_000])
async def test_bad_own_ids(check_id: str) -> None:
    """31, and the front hears nothing."""
    front = FakeFront()
    answer = await told(front, "GetOutboxByCheckId", f"<pTempCheckIds><long>{check_id}</long></pTempCheckIds>")
    assert answer == "<GetOutboxByCheckIdResult>31</GetOutboxByCheckIdResult>"
    answer = await told(
        front, "SendSmsByCheckId", f"{ARRAYS}<tempCheckIds><long>1</long><long>{check_id}</long></tempCheckIds>"
    )
    assert answer == "<SendSmsByCheckIdResult>31</SendSmsByCheckIdResult>"
    assert front.asked == []


INFO = "<pSmsNumber>1000456</pSmsNumber><pCredit>12345</pCredit><pName>u</pName><pRole>0</pRole><pUserId>7</pUserId>"


@pytest.mark.parametrize(
    ("expires_at", "end"),
    [
        (None, "9999-12-31T23:59:59"),
        (dt.datetime(2026, 3, 20, 20, 30, tzinfo=dt.UTC), "2026-03-21T00:00:00+03:30"),
        (dt.datetime(9999, 12, 31, 23, 59, tzinfo=dt.UTC), "9999-12-31T23:59:59"),
    ],
)
async def test_the_account(expires_at: dt.datetime | None, end: str) -> None:
    """Credit in rial, the default line, the name, and when it ends."""
    front = FakeFront()
    front.account = changed(ACCOUNT, expires_at=expires_at)
    assert await told(front, "GetCredit") == "<GetCreditResult>-2</GetCreditResult><pCredit>12345</pCredit>"
    assert await told(front, "GetInfo") == f"<GetInfoResult>-2</GetInfoResult>{INFO}"
    answer = await told(front, "GetInfo2")
    assert answer == f"<GetInfo2Result>-2</GetInfo2Result>{INFO}<pEndDate>{end}</pEndDate><pMobile></pMobile>"


async def test_an_account_without_a_default_line() -> None:
    """Its first line is told, or none."""
    front = FakeFront()
    front.account = changed(ACCOUNT, default_line=None)
    assert "<pSmsNumber>983000123</pSmsNumber>" in await told(front, "GetInfo")
    front.account = changed(ACCOUNT, default_line=None, lines=())
    assert "<pSmsNumber></pSmsNumber>" in await told(front, "GetInfo")


async def test_received_messages() -> None:
    """Five arrays of one length; what was told is marked as read."""
    front = FakeFront()
    assert await told(front, "GetReceivedSms2") == (
        "<GetReceivedSms2Result>-2</GetReceivedSms2Result>"
        "<pMessages><string>سلام &amp; &lt;b&gt;</string><string>\ufffd</string></pMessages>"
        "<pFroms><string>989121234567</string><string>989121234567</string></pFroms>"
        "<pSmsc><string>983000123</string><string>983000123</string></pSmsc>"
        "<pMessageIds><string>2001</string><string>2002</string></pMessageIds>"
        "<pEnteredDate><dateTime>2023-11-15T01:43:20+03:30</dateTime><dateTime>2023-11-15T01:43:20+03:30</dateTime>"
        "</pEnteredDate>"
    )
    assert front.asked == [("read_received", CALLER, MOST_RECEIVED)]


@pytest.mark.parametrize(("asked", "has_schema"), [("true", True), ("1", True), ("false", False), ("", False)])
async def test_received_messages_as_a_table(asked: str, has_schema: bool) -> None:
    """One text that is XML in itself, with its schema if that is asked for."""
    answer = await told(FakeFront(), "GetReceivedSms", f"<pWithSchema>{asked}</pWithSchema>")
    outer = etree.fromstring(f"<a>{answer}</a>".encode())
    table = etree.fromstring(outer.findtext("pRecieved") or "")
    rows = [[str(cell.text) for cell in row] for row in table.findall("Table")]
    assert rows[0] == ["سلام & <b>", "989121234567", "983000123", "2001", "2023-11-15T01:43:20+03:30"]
    assert [cell.tag for cell in table.findall("Table")[1]] == ["Message", "From", "Smsc", "MessageId", "EnteredDate"]
    schemas = table.findall("{http://www.w3.org/2001/XMLSchema}schema")
    assert len(schemas) == has_schema
    for schema in schemas:
        columns = [each.get("name") for each in schema.iter("{http://www.w3.org/2001/XMLSchema}element")]
        assert columns == ["NewDataSet", "Table", "Message", "From", "Smsc", "MessageId", "EnteredDate"]


async def test_a_new_password() -> None:
    """Hashed with argon2id before it goes on."""
    front = FakeFront()
    answer = await told(front, "ChangePassword", "<pNewPassword> n€w </pNewPassword>")
    assert answer == "<ChangePasswordResult>-2</ChangePasswordResult>"
    ((*_, password, password_hash),) = front.asked
    assert password == " n€w "
    assert str(password_hash).startswith("$argon2id$")


# --------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(("namespace", "kind"), [(V11, "text/xml"), (V12, "application/soap+xml")])
async def test_the_answer_is_of_the_calls_version(namespace: str, kind: str) -> None:
    """The envelope tells, whatever the content type says."""
    response = await post(FakeFront(), "<GetCredit/>", namespace=namespace, content_type="")
    assert (response.status, response.content_type) == (200, f"{kind}; charset=utf-8")
    assert f'<soap:Envelope xmlns:soap="{namespace}"' in response.body.decode()
    response = await post(FakeFront(), "<Delete/>", namespace=namespace, content_type="")
    assert (response.status, response.content_type) == (500, f"{kind}; charset=utf-8")
    assert etree.fromstring(response.body)[0][0].tag == f"{{{namespace}}}Fault"


@pytest.mark.parametrize(("content_type", "namespace"), [("", V11), ("text/xml", V11), ("Application/SOAP+xml", V12)])
@pytest.mark.parametrize("body", [b"", b"{}", b"<!DOCTYPE a><a/>", b"secret=1", b"<a>" * 100_000])
async def test_what_is_no_call_is_a_fault(body: bytes, content_type: str, namespace: str) -> None:
    """HTTP 500, in the version that the content type names; nothing of what came is repeated."""
    response = await send(FakeFront(), body, content_type)
    assert response.status == 500
    assert etree.fromstring(response.body)[0][0].tag == f"{{{namespace}}}Fault"
    assert b"secret" not in response.body


async def test_a_large_envelope_does_not_hold_up_the_loop() -> None:
    """Ten thousand ids are read beside the loop, and answered."""
    front = FakeFront()
    ids = "".join(f"<long>{n}</long>" for n in range(10_000))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.ensure_future(count())
    answer = await told(front, "GetMessageStatus", f"<pMessageIds>{ids}</pMessageIds>")
    counting.cancel()
    assert answer.count("<int>") == 10_000
    assert turns > 0


async def test_a_get_is_told_where_the_description_is() -> None:
    """A person who opens the address in a browser."""
    response = await send(FakeFront(), b"", method="GET")
    assert response.status == 200
    assert b"?wsdl" in response.body


# ------------------------------------------------------------------------------------------- strangers

LOGIN = "<pUsername>u</pUsername><pPassword>p</pPassword>"
LONG = "<string>x</string>" * 11_000


@pytest.mark.parametrize("rest", ["<broken", LONG, "<x " + " ".join(f'a{n}=""' for n in range(90_000)) + "/>"])
async def test_of_a_stranger_only_the_beginning_is_read(monkeypatch: pytest.MonkeyPatch, rest: str) -> None:
    """Until the password is proven a call is read no further than that; what is behind it is not even looked at."""

    def never(reader: CallReader) -> SoapCall:
        raise AssertionError("read for a stranger")

    monkeypatch.setattr(CallReader, "rest", never)
    front = FakeFront()
    front.proofs.fails = Refused(Code.CREDENTIALS)
    call = f"<SendSms>{LOGIN}{' ' * 2_000}<messages>{rest}</messages></SendSms>"
    answer = await post(front, call)
    assert (answer.status, b"<SendSmsResult>18</SendSmsResult>" in answer.body) == (200, True)
    assert front.asked == []


@pytest.mark.parametrize(
    "beginning",
    [
        "<x " + " ".join(f'a{n}=""' for n in range(90_000)) + "/>",
        "<x/>" * 11_000,
        "y" * 900_000,
        f"<messages>{LONG}</messages>{LOGIN}",
    ],
    ids=["attributes", "elements", "text", "the password last"],
)
async def test_a_stranger_has_a_bound(monkeypatch: pytest.MonkeyPatch, beginning: str) -> None:
    """Without a password at its beginning a long call is no call: 16 KiB and some 300 elements of it are read."""
    fed: list[int] = []
    feed = CallReader._feed

    def counted(reader: CallReader, octets: int) -> None:
        fed.append(octets)
        feed(reader, octets)

    monkeypatch.setattr(CallReader, "_feed", counted)
    front = FakeFront()
    answer = await post(front, f"<SendSms>{beginning}</SendSms>")
    assert answer.status == 500
    assert b"come first" in answer.body
    assert sum(fed) <= STRANGERS_OCTETS
    assert (front.proofs.proven, front.asked) == ([], [])


async def test_the_password_of_a_short_call_may_stand_anywhere() -> None:
    """The order of parameters is the caller's own where all of them are read at once."""
    front = FakeFront()
    call = f"<SendSms><messages><string>x</string></messages><mobiles><string>9</string></mobiles>{LOGIN}</SendSms>"
    assert b"<SendSmsResult>-2</SendSmsResult>" in (await post(front, call)).body
    assert front.asked == [("accept", CALLER)]


async def test_a_tag_has_a_bound_for_everybody() -> None:
    """Who has proven himself sends no tag of a megabyte either: its attributes are compared with each other."""
    attributes = " ".join(f'a{n}=""' for n in range(50_000))
    answer = await post(FakeFront(), f"<SendSms>{LOGIN}<messages><string {attributes}>x</string></messages></SendSms>")
    assert (answer.status, b"a tag too long" in answer.body) == (500, True)


async def test_a_short_call_without_its_end_is_a_fault() -> None:
    """Also where the password stands in it: what is cut off is no call."""
    body = f'<s:Envelope xmlns:s="{V11}"><s:Body><GetCredit>{LOGIN}</GetCredit></s:Body>'.encode()
    front = FakeFront()
    assert (await send(front, body, "text/xml")).status == 500
    assert front.asked == []
