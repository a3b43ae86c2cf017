"""Envelopes: what is read in whatever dress it comes, what is refused, and how answers are written."""

import re
import resource
import time
from collections.abc import Callable

import pytest
from lxml import etree

from payamak.dialects.soap.envelope import (
    LARGEST_DEPTH,
    LARGEST_OCTETS,
    MOST_ELEMENTS,
    NotReadable,
    SoapCall,
    SoapVersion,
    Value,
    read_call,
    write_answer,
    write_fault,
)
from payamak.dialects.soap.schema import NAMESPACE, OPERATIONS, Array, Element, Operation, RecordType, Scalar

V11, V12 = SoapVersion.V11.namespace, SoapVersion.V12.namespace
XSI = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'


def envelope(call: str, *, namespace: str = V11) -> bytes:
    """An envelope around a call."""
    return f'<s:Envelope xmlns:s="{namespace}"><s:Body>{call}</s:Body></s:Envelope>'.encode()


def read(parameters: str, operation: str = "SendSms2") -> SoapCall:
    """A call of these parameters, in no namespace."""
    return read_call(envelope(f"<{operation}>{parameters}</{operation}>"))


# --------------------------------------------------------------------------------------------- reading

DRESSES = {
    "the vendor's namespace": f'<SendSms xmlns="{NAMESPACE}"><pUsername>u</pUsername></SendSms>',
    "tempuri": '<SendSms xmlns="http://tempuri.org/"><pUsername>u</pUsername></SendSms>',
    "a prefix": f'<ns1:SendSms xmlns:ns1="{NAMESPACE}"><ns1:pUsername>u</ns1:pUsername></ns1:SendSms>',
    "a prefix on the call alone": '<n:SendSms xmlns:n="urn:x"><pUsername>u</pUsername></n:SendSms>',
    "a prefix that is not declared": "<x:SendSms><x:pUsername>u</x:pUsername></x:SendSms>",
    "no namespace": "<SendSms><pUsername>u</pUsername></SendSms>",
    "capital names": "<SENDSMS><PUSERNAME>u</PUSERNAME></SENDSMS>",
    "small names": "<sendsms><pusername>u</pusername></sendsms>",
    "typed values": '<SendSms xmlns:t="urn:t" t:type="x"><pUsername t:type="xsd:string">u</pUsername></SendSms>',
    "CDATA": "<SendSms><pUsername><![CDATA[u]]></pUsername></SendSms>",
    "remarks": "<!-- one --><SendSms><?two ?><pUsername><!-- three -->u</pUsername></SendSms>",
    "line breaks": "\n\t<SendSms>\r\n  <pUsername>u</pUsername>\r\n</SendSms>\n",
    "unknown fields": "<SendSms><a><b>1</b></a><pUsername>u</pUsername><line>3</line></SendSms>",
    "doubled fields": "<SendSms><pUsername>u</pUsername><pUsername>v</pUsername></SendSms>",
}


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("version", SoapVersion)
def test_a_call_in_any_dress(dress: str, version: SoapVersion) -> None:
    """Operations and fields are found by their local names in any letter case; the first of doubled ones counts."""
    call = read_call(envelope(DRESSES[dress], namespace=version.namespace))
    assert (call.operation.name, call.version, call.text("pUsername")) == ("SendSms", version, "u")
    assert call.text("line") is None, "SendSms has no such field"


WHOLE = {
    "a declaration": b'<?xml version="1.0" encoding="utf-8"?>' + envelope("<GetCredit/>"),
    "a line break before it": b'\r\n  <?xml version="1.0"?>' + envelope("<GetCredit/>"),
    "a byte order mark": b"\xef\xbb\xbf" + envelope("<GetCredit/>"),
    "UTF-16": envelope("<GetCredit/>").decode().encode("utf-16"),
    "a header": envelope("<GetCredit/>").replace(b"<s:Body>", b"<s:Header><a/></s:Header><s:Body>"),
    "an envelope of no namespace": b"<Envelope><Body><GetCredit/></Body></Envelope>",
    "rpc style": envelope("<GetCredit/>").replace(b"><s:Body>", b' s:encodingStyle="urn:x"><s:Body>'),
}


@pytest.mark.parametrize("body", WHOLE.values(), ids=WHOLE)
def test_envelopes_of_hand_written_programs(body: bytes) -> None:
    """What stands around the call does not matter."""
    assert read_call(body).operation.name == "GetCredit"


def _call(declared: str) -> str:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    return declaration + envelope("<GetCredit><pUsername>سلام</pUsername></GetCredit>").decode()


CHARSETS = {
    "nothing said": (_call("").encode(), "", "سلام"),
    "the Content-Type wins": (_call("windows-1256").encode(), "utf-8", "سلام"),
    "also over nonsense": (_call("nonsense").encode(), "UTF-8", "سلام"),
    "and for another than UTF-8": (_call("utf-8").encode("cp1256"), "windows-1256", "سلام"),
    "the declaration where nothing else is said": (_call("windows-1256").encode("cp1256"), "", "سلام"),
    "a mark wins over both": (_call("windows-1256").encode("utf-8-sig"), "iso-8859-1", "سلام"),
    "a mark of UTF-16": (_call("utf-8").encode("utf-16"), "utf-8", "سلام"),
    ".NET's utf-16 over UTF-8, said otherwise": (_call("utf-16").encode(), "utf-8", "سلام"),
    ".NET's utf-16 over UTF-8, alone": (_call("utf-16").encode(), "", "سلام"),
    ".NET's utf-16 over UTF-8, twice": (_call("utf-16").encode(), "utf-16", "سلام"),
    "UTF-16 without a mark": (_call("utf-16").encode("utf-16-le"), "utf-16", "سلام"),
    "UTF-16 the other way": (_call("").encode("utf-16-be"), "", "سلام"),
    "us-ascii over UTF-8": (_call("us-ascii").encode(), "us-ascii", "سلام"),
    "Latin-1 that is believed": (_call("utf-8").encode(), "iso-8859-1", "سلام".encode().decode("latin-1")),
    "a label that nobody knows": (_call("utf-8").encode(), "x-user-defined", "سلام"),
}


@pytest.mark.parametrize(("body", "charset", "text"), CHARSETS.values(), ids=CHARSETS)
def test_the_charset_of_a_call(body: bytes, charset: str, text: str) -> None:
    """RFC 7303: the mark, the Content-Type, the declaration; what cannot be UTF-16 is not."""
    assert read_call(body, charset).text("pUsername") == text


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (_call("utf-8").encode("cp1256"), ""),
        (_call("utf-8").encode("cp1256"), "utf-8"),
        (_call("koi8-r").encode(), ""),
        (_call("windows-1256").encode("iso-8859-6"), "iso-8859-6"),
        (_call("").encode("utf-16-le")[:-1], "utf-16"),
    ],
)
def test_octets_that_are_not_what_is_said(body: bytes, charset: str) -> None:
    """They are refused, never repaired."""
    with pytest.raises(NotReadable, match="not well-formed"):
        read_call(body, charset)


@pytest.mark.parametrize(
    ("written", "items"),
    [
        ("", []),
        ("<messages/>", []),
        ("<messages>\n  </messages>", []),
        ("<messages><string>a</string></messages>", ["a"]),
        ("<messages><string> a </string><string/><string>b&amp;&lt;</string></messages>", [" a ", "", "b&<"]),
        ("<Messages><String>a</String></Messages>", ["a"]),
        ("<messages><item>a</item><item>b</item></messages>", ["a", "b"]),
        ("<messages><ArrayOfString><string>a</string></ArrayOfString></messages>", ["a"]),
        ("<messages>سلام</messages>", ["سلام"]),
        ("<messages><string>a</string></messages><messages><string>b</string></messages>", ["a", "b"]),
        ("<messages>a</messages><messages>b</messages>", ["a", "b"]),
        (f'<messages {XSI}><string i:nil="true"/><string>b</string></messages>', ["", "b"]),
        (f'<messages {XSI} i:nil="1"/>', []),
    ],
)
def test_arrays(written: str, items: list[str]) -> None:
    """Items keep their order and their blanks, whatever they are named; written by hand they may be bare."""
    assert read(written).texts("messages") == items


def test_nil_and_empty_are_not_given() -> None:
    """An empty or nil scalar is a field that was not given; blanks are kept."""
    nil = f'<pUsername {XSI} i:nil="true">u</pUsername>'
    call = read(f"{nil}<pPassword/>", "Send1Sms")
    assert (call.text("pUsername"), call.text("pPassword"), call.text("mobile")) == (None, None, None)
    assert read("<pPassword> p </pPassword>").text("pPassword") == " p "


def test_ten_thousand_ids_are_read() -> None:
    """As many as wsStates takes."""
    ids = "".join(f"<long>{n}</long>" for n in range(10_000))
    assert len(read(f"<pMessageIds>{ids}</pMessageIds>", "GetMessageStatus").texts("pMessageIds")) == 10_000


def test_a_call_shows_no_secrets() -> None:
    """What a log or a trace shows of a call is its operation."""
    assert repr(read("<pPassword>secret</pPassword>")) == "Call(operation='SendSms2')"


# ---------------------------------------------------------------------------------- what is not read


def entity(declaration: str, use: str) -> bytes:
    """An envelope that uses an entity of its own."""
    return f"<!DOCTYPE x [{declaration}]>".encode() + envelope(f"<GetCredit><pUsername>{use}</pUsername></GetCredit>")


LAUGHS = '<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'  # ten of the one before
    for n in range(9)
)
FILLING = "A" * 10_000_000

HOSTILE: dict[str, Callable[[], bytes]] = {
    "billion laughs": lambda: entity(LAUGHS, "&j;"),
    "quadratic": lambda: entity(f'<!ENTITY a "{"A" * 50_000}">', "&a;" * 10_000),
    "external entity": lambda: entity('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"),
    "external parameter entity": lambda: entity('<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;', ""),
    "external subset": lambda: b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + envelope("<GetCredit/>"),
    "bare doctype": lambda: b"<!DOCTYPE x>" + envelope("<GetCredit/>"),
    "doctype in UTF-16": lambda: entity('<!ENTITY a "x">', "&a;").decode().encode("utf-16"),
    "undeclared entity": lambda: envelope("<GetCredit><pUsername>&nbsp;</pUsername></GetCredit>"),
    "10 MB": lambda: envelope(f"<GetCredit><pUsername>{FILLING}</pUsername></GetCredit>"),
    "10,000 levels": lambda: envelope("<a>" * 10_000 + "</a>" * 10_000),
    "10,000 levels in a field": lambda: envelope(f"<GetCredit>{'<a>' * 10_000}{'</a>' * 10_000}</GetCredit>"),
    "levels left open": lambda: envelope("")[:-30] + b"<a>" * 300_000,
    "many elements": lambda: envelope(f"<GetCredit>{'<a/>' * 250_000}</GetCredit>"),
    "a name of 1 MB": lambda: envelope(f"<{'a' * 1_000_000}/>"),
    "200 namespaces deep": lambda: envelope("".join(f'<a xmlns:p{n}="u{n}">' for n in range(200))),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml(name: str, record_property: Callable[[str, object], None]) -> None:
    """Refused at once and without memory to speak of; the figures are printed, the bounds are generous."""
    body = HOSTILE[name]()
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started_s = time.thread_time()
    with pytest.raises(NotReadable):
        read_call(body)
    taken_ms = (time.thread_time() - started_s) * 1_000
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    record_property("milliseconds", round(taken_ms, 2))
    record_property("grown_kib", grown_kib)
    print(f"{name}: {len(body)} octets refused in {taken_ms:.2f} ms, peak memory +{grown_kib} KiB")
    assert taken_ms < 5_000
    assert grown_kib < 64 << 10


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"\0",
        b"username=u&password=p",
        b'{"a": 1}',
        b"<html><body><p>hello</p></body></html>",
        b"<a/>",
        b"<a/><b/>",
        f'<s:Envelope xmlns:s="{V11}"/>'.encode(),
        envelope(""),
        envelope("GetCredit"),
        envelope("<GetCredit/>")[:-5],
        envelope("<GetCredit><pUsername>u</GetCredit>"),
        envelope("<GetCredit a='1' a='2'/>"),
        envelope("<GetCredit>&#0;</GetCredit>"),
        envelope("<GetCredit>\x0b</GetCredit>"),
        b'<?xml version="1.0" encoding="nonsense"?>' + envelope("<GetCredit/>"),
        envelope("<GetCredit><pUsername>@</pUsername></GetCredit>").replace(b"@", b"\xff\xfe"),
        envelope("<GetCredit><pUsername>@</pUsername></GetCredit>").replace(b"@", b"\xed\xa0\x80"),
        envelope("<Delete/>"),
        envelope("<SendSmsResponse/>"),
        envelope("<fault/>", namespace=V12),
    ],
)
def test_what_is_no_call(body: bytes) -> None:
    """Not XML, no envelope, no such operation, octets that are no text: one error, whose words hold nothing of it."""
    with pytest.raises(NotReadable) as caught:
        read_call(body)
    assert str(caught.value) in {
        "not well-formed XML",
        "no SOAP envelope with a body",
        "no operation of this service",
    }


def test_an_unknown_operation_tells_the_version() -> None:
    """The fault goes back in the version that the envelope names."""
    with pytest.raises(NotReadable) as caught:
        read_call(envelope("<Delete/>", namespace=V12))
    assert caught.value.version is SoapVersion.V12


def test_the_limits_are_where_they_are_said_to_be() -> None:
    """One element within the last allowed one is too many, one element fewer is not."""
    inside = LARGEST_DEPTH - 4  # Envelope, Body, the operation, the field
    assert read(f"<messages>{'<a>' * inside}{'</a>' * inside}</messages>").texts("messages") == [""]
    with pytest.raises(NotReadable):
        read(f"<messages>{'<a>' * (inside + 1)}{'</a>' * (inside + 1)}</messages>")
    read("<a/>" * (MOST_ELEMENTS - 3))
    with pytest.raises(NotReadable):
        read("<a/>" * (MOST_ELEMENTS - 2))
    around = len(envelope("<GetCredit></GetCredit>"))
    read("A" * (LARGEST_OCTETS - around), "GetCredit")
    with pytest.raises(NotReadable):
        read("A" * (LARGEST_OCTETS - around + 1), "GetCredit")


# --------------------------------------------------------------------------------------------- answers


def sample(field: Element, seed: int) -> Value:
    """A value for a field."""
    kind = field.kind
    match kind:
        case Array():
            item = Element("", kind.item)
            return [sample(item, seed), sample(item, seed + 1)]
        case RecordType():
            return {each.name: sample(each, seed) for each in kind.fields}
        case Scalar.STRING:
            return f"متن <{seed}> & \r\n"
        case Scalar.DATE_TIME:
            return "2026-01-02T03:04:05+03:30"
        case Scalar.BOOLEAN:
            return True
        case Scalar.LONG | Scalar.INT:
            return seed


def told(element: etree._Element, field: Element) -> Value:
    """What the element tells as a value for the field; names, order and namespace are checked on the way."""
    assert element.tag == f"{{{NAMESPACE}}}{field.name}"
    kind = field.kind
    match kind:
        case Array():
            return [told(child, Element(kind.item_name, kind.item)) for child in element]
        case RecordType():
            return {each.name: told(child, each) for child, each in zip(element, kind.fields, strict=True)}
        case Scalar.STRING | Scalar.DATE_TIME:
            return element.text or ""
        case Scalar.BOOLEAN:
            return element.text == "true"
        case Scalar.LONG | Scalar.INT:
            return int(element.text or "")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize("version", SoapVersion)
def test_every_answer_is_read_back(operation: Operation, version: SoapVersion) -> None:
    """Each answer has all its fields, in order, in the vendor's namespace, without a prefix."""
    call = read_call(envelope(f"<{operation.name}/>", namespace=version.namespace))
    values = {field.name: sample(field, 7) for field in operation.outputs}
    body = write_answer(call, values)
    (answer,) = etree.fromstring(body)[0]
    assert answer.tag == f"{{{NAMESPACE}}}{operation.response_name}"
    assert {f.name: told(child, f) for child, f in zip(answer, operation.outputs, strict=True)} == values
    inside = body.decode().partition("<soap:Body>")[2].partition("</soap:Body>")[0]
    assert inside.startswith(f'<{operation.response_name} xmlns="{NAMESPACE}"><{operation.result.name}>')
    assert re.findall(r"</?\w+:", inside) == []


def test_what_has_no_value() -> None:
    """Optional fields are left out, required ones are there: 0 or the year 1; an empty array is an empty element."""
    body = write_answer(read("", "GetInfo2"), {"GetInfo2Result": 18, "pName": ""}).decode()
    assert body.endswith(
        "<GetInfo2Result>18</GetInfo2Result><pCredit>0</pCredit><pName></pName><pRole>0</pRole><pUserId>0</pUserId>"
        "<pEndDate>0001-01-01T00:00:00</pEndDate></GetInfo2Response></soap:Body></soap:Envelope>"
    )
    assert "<pMessageIds></pMessageIds>" in write_answer(read("", "SendSms"), {"pMessageIds": []}).decode()


def test_text_that_xml_cannot_hold() -> None:
    """A handset's control characters become U+FFFD; the answer stays well-formed."""
    values: dict[str, Value] = {"pMessages": ["a\0\x0b\ud800\uffff\U0001f600\r"]}
    body = write_answer(read("", "GetReceivedSms2"), values)
    (text,) = etree.fromstring(body).iter(f"{{{NAMESPACE}}}string")
    assert text.text == "a\ufffd\ufffd\ufffd\ufffd\U0001f600\r"


@pytest.mark.parametrize("version", SoapVersion)
def test_faults(version: SoapVersion) -> None:
    """A fault is the caller's, in the form of its version."""
    (fault,) = etree.fromstring(write_fault(version, "no <call>"))[0]
    assert fault.tag == f"{{{version.namespace}}}Fault"
    text = "".join(str(each) for each in fault.itertext())
    assert text == ("soap:Senderno <call>" if version is SoapVersion.V12 else "soap:Clientno <call>")
