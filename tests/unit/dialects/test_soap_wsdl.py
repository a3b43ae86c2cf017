"""The WSDL against the vendor's table of operations, and the page that serves it."""

from ipaddress import ip_network

import pytest
from lxml import etree
from tests.unit.http.doors import door_of
from tests.unit.http.memory import call

from payamak.dialects.soap.schema import NAMESPACE, OPERATIONS
from payamak.dialects.soap.wsdl import render_wsdl
from payamak.http.app import Application
from payamak.http.request import Request, Response, Route

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
XS = "{http://www.w3.org/2001/XMLSchema}"
BINDINGS = {"AlmasSmsSoap": "{http://schemas.xmlsoap.org/wsdl/soap/}"}
BINDINGS["AlmasSmsSoap12"] = "{http://schemas.xmlsoap.org/wsdl/soap12/}"

# The vendor's table, written down once more: * stands for an array, the first two inputs are always the credentials.
SENT = "result: SendSmsResult"
INFO = "pSmsNumber: string, pCredit: long, pName: string, pRole: int, pUserId: int"
ENCODED = "messages: string*, mobiles: string*, UDH: string*, encodings: int*, mclass: int*"
TABLE = {
    "Send": (f"line: long, {ENCODED}", f"SendResult: long, {SENT}"),
    "SendSms": ("messages: string*, mobiles: string*", "SendSmsResult: long, pMessageIds: long*"),
    "SendSms2": (ENCODED, "SendSms2Result: long, pMessageIds: long*"),
    "SendSms3": (ENCODED, f"SendSms3Result: long, {SENT}"),
    "Send1Sms": ("message: string, mobile: string", "Send1SmsResult: long, pMessageId: long"),
    "SendSmsByCheckId": (
        "line: long, messages: string*, mobiles: string*, tempCheckIds: long*",
        "SendSmsByCheckIdResult: long, pMessageIds: long*",
    ),
    "GetOutboxByCheckId": ("pTempCheckIds: long*", "GetOutboxByCheckIdResult: long, outboxes: OutboxResult*"),
    "GetMessageStatus": ("pMessageIds: long*", "GetMessageStatusResult: long, pStatuses: int*"),
    "GetMessageStatus2": ("pMessageIds: long*", "GetMessageStatus2Result: long, pStatuses: int*, pMsgIds: long*"),
    "GetRealMessageStatuses": ("pMessageIds: long*", "GetRealMessageStatusesResult: long, pStatuses: int*"),
    "GetCredit": ("", "GetCreditResult: long, pCredit: long"),
    "GetInfo": ("", f"GetInfoResult: int, {INFO}"),
    "GetInfo2": ("", f"GetInfo2Result: int, {INFO}, pEndDate: dateTime, pMobile: string"),
    "GetReceivedSms": (
        "pWithSchema: boolean, mergeMessages: boolean",
        "GetReceivedSmsResult: long, pRecieved: string",
    ),
    "GetReceivedSms2": (
        "",
        "GetReceivedSms2Result: long, pMessages: string*, pFroms: string*, pSmsc: string*, "
        "pMessageIds: string*, pEnteredDate: dateTime*",
    ),
    "ChangePassword": ("pNewPassword: string", "ChangePasswordResult: int"),
}
RECORDS = {
    "SendSmsResult": "MessageIds: long*, SendId: int, SendCost: long, SmsCount: int, ReceiversCount: int, State: int",
    "OutboxResult": "CheckId: long, MessageId: long, Status: int, SendDate: dateTime",
}
ARRAYS = {
    "ArrayOfString": "string",
    "ArrayOfLong": "long",
    "ArrayOfInt": "int",
    "ArrayOfDateTime": "dateTime",
    "ArrayOfOutboxResult": "OutboxResult",
}
ADDRESS = "https://sms.example.ir/almassms.asmx"


@pytest.fixture(scope="module")
def document() -> etree._Element:
    """The WSDL."""
    return etree.fromstring(render_wsdl(ADDRESS))


def fields(parent: etree._Element) -> str:
    """The fields of a type or an element as the table above writes them; their occurrence is checked on the way."""
    told = []
    for element in parent.iter(f"{XS}element"):
        if element is parent:
            continue
        prefix, _, kind = str(element.get("type")).partition(":")
        assert element.nsmap[prefix] == (XS[1:-1] if prefix == "s" else NAMESPACE)
        is_required = kind in ("long", "int", "boolean", "dateTime")
        assert (element.get("minOccurs"), element.get("maxOccurs")) == ("1" if is_required else "0", "1")
        told.append(f"{element.get('name')}: {ARRAYS[kind] + '*' if kind in ARRAYS else kind}")
    return ", ".join(told)


def test_the_operations_are_the_vendors(document: etree._Element) -> None:
    """Sixteen operations; names, letter case, order, types and occurrence of every field as in the table."""
    (schema,) = document.iter(f"{XS}schema")
    assert (schema.get("elementFormDefault"), schema.get("targetNamespace")) == ("qualified", NAMESPACE)
    elements = {element.get("name"): fields(element) for element in schema.iterchildren(f"{XS}element")}
    credentials = "pUsername: string, pPassword: string"
    expected = {}
    for name, (inputs, outputs) in TABLE.items():
        expected[name] = f"{credentials}, {inputs}" if inputs else credentials
        expected[f"{name}Response"] = outputs
    assert elements == expected
    assert len(TABLE) == 16


def test_the_types_are_the_vendors(document: etree._Element) -> None:
    """Five arrays and two records."""
    (schema,) = document.iter(f"{XS}schema")
    types = {str(each.get("name")): each for each in schema.iterchildren(f"{XS}complexType")}
    assert types.keys() == {*ARRAYS, *RECORDS}
    assert {name: fields(types[name]) for name in RECORDS} == RECORDS
    for name, item in ARRAYS.items():
        (element,) = types[name].iter(f"{XS}element")
        assert (element.get("name"), str(element.get("type")).partition(":")[2]) == (item, item)
        assert (element.get("minOccurs"), element.get("maxOccurs")) == ("0", "unbounded")


@pytest.mark.parametrize(("port", "soap"), BINDINGS.items(), ids=BINDINGS)
def test_a_port_for_each_version(document: etree._Element, port: str, soap: str) -> None:
    """Document/literal, soapAction is the namespace and the name, the address is the one asked."""
    (binding,) = (each for each in document.iter(f"{WSDL}binding") if each.get("name") == port)
    operations = binding.findall(f"{WSDL}operation")
    assert [each.get("name") for each in operations] == [operation.name for operation in OPERATIONS]
    for each in operations:
        (head,) = each.findall(f"{soap}operation")
        assert (head.get("soapAction"), head.get("style")) == (f"{NAMESPACE}{each.get('name')}", "document")
        assert [body.get("use") for body in each.iter(f"{soap}body")] == ["literal", "literal"]
    (service,) = document.iter(f"{WSDL}service")
    assert service.get("name") == "AlmasSms"
    (address,) = service.iter(f"{soap}address")
    assert address.get("location") == ADDRESS


def test_every_reference_is_met(document: etree._Element) -> None:
    """Messages, elements and bindings that are named exist."""
    names = {each.get("name") for each in document.iter(f"{WSDL}message", f"{WSDL}portType", f"{WSDL}binding")}
    names |= {each.get("name") for each in document.iter(f"{XS}element", f"{XS}complexType")}
    asked = [each.get(key) for each in document.iter() for key in ("message", "element", "binding", "type")]
    wanted = {name.removeprefix("tns:") for name in asked if name is not None and name.startswith("tns:")}
    assert wanted - names == set()
    assert len(wanted) > 50


# ------------------------------------------------------------------------------------------- the page


async def ask(
    query: str = "wsdl",
    *,
    path: str = "/almassms.asmx",
    method: str = "GET",
    headers: dict[str, str] | None = None,
    client: str = "192.0.2.1",
    trusted: str = "10.0.0.0/8",
) -> str:
    """The address that the answer tells, or "below" if the page does not answer."""

    async def below(_: Request) -> Response:
        return Response(status=200, content_type="text/plain", body=b"below")

    page = door_of("/almassms.asmx?wsdl", None)
    calls = Route("/almassms.asmx", methods=frozenset({"GET", "POST"}), handler=below, is_folded=True)
    app = Application([page, calls], trusted_proxies=[ip_network(trusted)])
    octets = [(name.encode(), value.encode()) for name, value in (headers or {"host": "a.ir"}).items()]
    told = await call(app, path, method=method, query=query.encode(), headers=octets, peer=client)
    if told.status == 404 or told.body == b"below":
        return "below"
    assert (told.status, told.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    if method == "HEAD":
        assert told.body == b""
        return await ask(query, path=path, headers=headers, client=client, trusted=trusted)
    assert told.headers["content-length"] == str(len(told.body))
    addresses = {
        str(each.get("location"))
        for soap in BINDINGS.values()
        for each in etree.fromstring(told.body).iter(f"{soap}address")
    }
    (address,) = addresses
    return address.removesuffix("/almassms.asmx")


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "Wsdl", "wsdl=", "WSDL=1", "a=b&wsdl", "%77sdl"])
async def test_asked_in_any_case(query: str) -> None:
    """The query says wsdl, however it is written; the path in any letter case too."""
    assert await ask(query) == "http://a.ir"
    assert await ask(query, path="//AlmasSMS.asmx", method="HEAD") == "http://a.ir"


@pytest.mark.parametrize(
    ("query", "path", "method"),
    [
        ("", "/almassms.asmx", "GET"),
        ("x=wsdl", "/almassms.asmx", "GET"),
        ("wsdl2", "/almassms.asmx", "GET"),
        ("wsdl", "/almassms.asmx", "POST"),
        ("wsdl", "/wsdl", "GET"),
        ("wsdl", "/%ff", "GET"),
    ],
)
async def test_whatever_else_is_asked_goes_on(query: str, path: str, method: str) -> None:
    """A call by POST to the address with ?wsdl is a call."""
    assert await ask(query, path=path, method=method) == "below"


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("sms.example.ir", "http://sms.example.ir"),
        ("sms.example.ir:8080", "http://sms.example.ir:8080"),
        ("127.0.0.1:1", "http://127.0.0.1:1"),
        ("[::1]:80", "http://[::1]:80"),
        ("", "http://127.0.0.1:8080"),
        ('a"><script>', "http://127.0.0.1:8080"),
        ("a/b", "http://127.0.0.1:8080"),
        ("a@b", "http://127.0.0.1:8080"),
        ("a b", "http://127.0.0.1:8080"),
        ("a:123456", "http://127.0.0.1:8080"),
    ],
)
async def test_the_address_is_the_host_asked(host: str, told: str) -> None:
    """The Host header, if it is one; without it where the connection came in."""
    assert await ask(headers={"host": host} if host else {"accept": "*/*"}) == told


@pytest.mark.parametrize(
    ("client", "proto", "scheme"),
    [
        ("10.1.2.3", "https", "https"),
        ("::ffff:10.1.2.3", "HTTPS", "https"),
        ("10.1.2.3", "https, http", "https"),
        ("10.1.2.3", "gopher", "http"),
        ("10.1.2.3", "", "http"),
        ("192.0.2.1", "https", "http"),
        ("::1", "https", "http"),
        ("", "https", "http"),
    ],
)
async def test_the_scheme_is_told_by_a_trusted_proxy(client: str, proto: str, scheme: str) -> None:
    """X-Forwarded-Proto counts from a trusted proxy alone."""
    told = await ask(headers={"host": "a.ir", "x-forwarded-proto": proto}, client=client)
    assert told == f"{scheme}://a.ir"
