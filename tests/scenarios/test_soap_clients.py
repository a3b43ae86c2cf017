"""The SOAP door through a real server: zeep with the WSDL that is served, and envelopes written by hand."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from xml.sax.saxutils import escape

import httpx2
import pytest
import requests
import zeep
from lxml import etree
from tests.scenarios.house import FAST, House, house
from tests.site import (
    ADVERTISING_LOGIN,
    CREDIT_RIAL,
    LINE,
    LINE2,
    PASSWORD,
    QUOTING_PASSWORD,
    SERVICE_LINE,
)

from payamak.dialects.soap.arrays import MOST_MESSAGES
from payamak.simulator import SimulatorConfig

T = TypeVar("T")

PLAIN = SimulatorConfig(timing=FAST)
PORTS = ["AlmasSmsSoap", "AlmasSmsSoap12"]
ALI, SARA, BAD = "09120009000", "09130009000", "12"
TEXT = "سلام & <ب> ۱۲۳ 😀"
NEW_PASSWORD = "  n€w & <رمز>"


class Program:
    """A program with zeep; each call on a thread, since the operators live on the test's loop."""

    def __init__(self, base_url: str, port: str) -> None:
        self.session = requests.Session()
        transport = zeep.Transport(session=self.session)  # type: ignore[no-untyped-call]
        wsdl = f"{base_url}/almassms.asmx?wsdl"
        self.client = zeep.Client(wsdl, port_name=port, transport=transport)  # type: ignore[no-untyped-call]
        self.login = {"pUsername": "demo", "pPassword": PASSWORD}

    async def call(self, operation: str, **parameters: Any) -> Any:
        """One call."""
        call: Callable[..., Any] = getattr(self.client.service, operation)
        return await asyncio.to_thread(call, **{**self.login, **parameters})


async def program(home: House, port: str = PORTS[0]) -> Program:
    """A program that has read the WSDL."""
    return await asyncio.to_thread(Program, home.base_url, port)


def strings(*items: str) -> dict[str, list[str]]:
    """An array of strings."""
    return {"string": list(items)}


def longs(*items: int) -> dict[str, list[int]]:
    """An array of longs."""
    return {"long": list(items)}


async def sent_by_every_operation(there: Program) -> list[int]:
    """A text to two recipients and a bad number by each operation that sends; the ids, in order."""
    to = {"messages": strings(TEXT), "mobiles": strings(ALI, BAD, SARA)}
    encoded = {"UDH": strings(""), "encodings": {"int": [2]}, "mclass": {"int": [1]}}
    ids: list[int] = []
    for operation, more in (("SendSms", {}), ("SendSms2", encoded), ("SendSms3", encoded), ("Send", encoded)):
        line = {"line": int(LINE2)} if operation == "Send" else {}
        answer = await there.call(operation, **to, **more, **line)
        assert answer[f"{operation}Result"] == -2
        result = getattr(answer, "result", None)
        first, refused, last = result["MessageIds"]["long"] if result else answer["pMessageIds"]["long"]
        assert refused == 1
        ids += [first, last]
        if result:
            assert (result["SendId"], result["SmsCount"], result["ReceiversCount"]) == (first, 2, 2)
            assert result["SendCost"] == (2_000 if line else 1_800)
    answer = await there.call("Send1Sms", message="hello", mobile=ALI)
    assert answer["Send1SmsResult"] == -2
    ids.append(answer["pMessageId"])
    assert ids == sorted(set(ids))
    return ids


@pytest.mark.parametrize("port", PORTS)
async def test_zeep_sends_and_asks(tmp_path: Path, port: str) -> None:
    """Ids come back in their places, states and credit follow; zeep refuses whatever differs from its schema."""
    async with house(tmp_path, config=PLAIN) as home:
        there = await program(home, port)
        ids = await sent_by_every_operation(there)
        await home.drained()
        for operation in ("GetMessageStatus", "GetMessageStatus2", "GetRealMessageStatuses"):
            answer = await there.call(operation, pMessageIds=longs(ids[0], 987_654_321, ids[-1], ids[0]))
            assert answer[f"{operation}Result"] == -2
            assert answer["pStatuses"]["int"] == [1, 4, 1, 1]
            if operation == "GetMessageStatus2":
                assert answer["pMsgIds"]["long"] == [ids[0], 987_654_321, ids[-1], ids[0]]
        credit = (await there.call("GetCredit"))["pCredit"]
        assert credit == CREDIT_RIAL - 6 * 900 - 2 * 1_000 - 2_100
        info = await there.call("GetInfo")
        assert (info["GetInfoResult"], info["pSmsNumber"], info["pCredit"], info["pName"]) == (-2, LINE, credit, "demo")
        info = await there.call("GetInfo2")
        assert (info["GetInfo2Result"], info["pEndDate"].year) == (-2, 9999)
        there.session.close()
        took = sorted((whole.recipient, whole.text) for whole in home.received())
        both = [("989120009000", TEXT), ("989130009000", TEXT)]
        assert took == sorted([*both * 4, ("989120009000", "hello")])
        assert all(balance.is_balanced for balance in await home.balances())


@pytest.mark.parametrize("port", PORTS)
async def test_zeep_sends_by_own_ids(tmp_path: Path, port: str) -> None:
    """A call that is repeated is answered alike and sends nothing, under another body 24; the outbox tells what was."""
    async with house(tmp_path, config=PLAIN) as home:
        there = await program(home, port)
        own = {"messages": strings(TEXT), "mobiles": strings(ALI, BAD, SARA), "tempCheckIds": longs(71, 72, 73)}
        first = await there.call("SendSmsByCheckId", line=int(LINE), **own)
        assert first == await there.call("SendSmsByCheckId", line=int(LINE), **own)
        for line, other in (
            (LINE2, {}),
            (LINE, {"messages": strings("other")}),
            (LINE, {"mobiles": strings(SARA, BAD, ALI)}),
        ):
            refused = await there.call("SendSmsByCheckId", line=int(line), **{**own, **other})
            assert (refused["SendSmsByCheckIdResult"], refused["pMessageIds"]["long"]) == (-2, [24, 1, 24])
        ids = first["pMessageIds"]["long"]
        assert ids[1] == 1
        outbox = await there.call("GetOutboxByCheckId", pTempCheckIds=longs(73, 99, 72, 71))
        entries = outbox["outboxes"]["OutboxResult"]
        assert [(each["CheckId"], each["MessageId"]) for each in entries] == [(73, ids[2]), (71, ids[0])]
        assert abs(entries[0]["SendDate"] - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=2)
        there.session.close()
        await home.drained()
        assert sorted((w.line, w.recipient) for w in home.received()) == [
            (LINE, "989120009000"),
            (LINE, "989130009000"),
        ]


@pytest.mark.parametrize("port", PORTS)
async def test_zeep_reads_and_changes_the_password(tmp_path: Path, port: str) -> None:
    """What a call has returned is read; the old password is no good from the answer on."""
    async with house(tmp_path, config=PLAIN) as home:
        there = await program(home, port)
        login = ADVERTISING_LOGIN[0]
        assert await home.advertising.send_mo(LINE, "989121234567", TEXT, system_id=login)
        received = await there.call("GetReceivedSms2")
        assert received["GetReceivedSms2Result"] == -2
        columns = [received[name]["string"] for name in ("pMessages", "pFroms", "pSmsc")]
        assert columns == [[TEXT], ["989121234567"], [LINE]]
        assert len(received["pMessageIds"]["string"]) == len(received["pEnteredDate"]["dateTime"]) == 1
        again = await there.call("GetReceivedSms2")
        assert (again["GetReceivedSms2Result"], again["pMessages"]) == (-2, None)
        assert await home.advertising.send_mo(LINE, "989121234567", TEXT * 9, system_id=login)
        table = await there.call("GetReceivedSms", pWithSchema=True, mergeMessages=True)
        assert etree.fromstring(table["pRecieved"]).findtext("Table/Message") == TEXT * 9

        assert await there.call("ChangePassword", pNewPassword=NEW_PASSWORD) == -2
        assert (await there.call("GetCredit"))["GetCreditResult"] == 18
        there.login["pPassword"] = NEW_PASSWORD
        assert (await there.call("GetCredit"))["GetCreditResult"] == -2
        there.session.close()


async def test_refusals_by_zeep(tmp_path: Path) -> None:
    """Positive results under HTTP 200, in the numbers that a method's result has; nothing is sent or charged."""
    async with house(tmp_path, config=PLAIN) as home:
        there = await program(home)
        to = {"messages": strings("a"), "mobiles": strings(ALI)}
        two = {"messages": strings("a", "b"), "mobiles": strings(ALI, SARA, ALI)}
        many = {"messages": strings("a"), "mobiles": strings(*[ALI] * (MOST_MESSAGES + 1))}
        for account, result in (("nobody", 18), ("inactive", 15), ("expired", 16), ("poor", 14)):
            answer = await there.call("SendSms", **to, pUsername=account)
            assert (answer["SendSmsResult"], answer["pMessageIds"]) == (result, None), account
        for parameters, result in (
            (two, 101),
            ({"messages": two["messages"], "mobiles": strings(ALI)}, 103),
            (many, 107),
            ({"messages": strings("a")}, 106),
            ({"messages": strings(""), "mobiles": strings(ALI)}, 13),
        ):
            answer = await there.call("SendSms", **parameters)
            assert answer["SendSmsResult"] == result
        for field, value, result in (
            ("UDH", strings("", "", ""), 104),
            ("encodings", {"int": [2, 2, 2]}, 100),
            ("mclass", {"int": [1, 1, 1]}, 102),
        ):
            answer = await there.call("SendSms2", messages=strings("a"), mobiles=strings(ALI, SARA), **{field: value})
            assert answer["SendSms2Result"] == result
        assert (await there.call("Send", line=983_000_999, **to))["SendResult"] == 2
        assert (await there.call("GetMessageStatus"))["GetMessageStatusResult"] == 20
        assert await there.call("ChangePassword", pNewPassword="") == 31
        there.session.close()
        assert home.received() == []
        demo = next(balance for balance in await home.balances() if balance.username == "demo")
        assert (demo.available, demo.reserved) == (CREDIT_RIAL, 0)


async def test_the_description_names_the_host_asked(tmp_path: Path) -> None:
    """In any letter case; the scheme is a proxy's to tell only if that is trusted."""
    async with house(tmp_path) as home:
        for query in ("wsdl", "WSDL", "Wsdl"):
            headers = {"Host": "sms.example.ir", "X-Forwarded-Proto": "https"}
            answer = await home.http.get(f"{home.base_url}//AlmasSms.ASMX?{query}", headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
            addresses = re.findall(r'address location="(.*?)"', answer.text)
            assert addresses == ["http://sms.example.ir/almassms.asmx"] * 2


# ------------------------------------------------------------------------------------- written by hand


def by_hand(
    operation: str, inside: str, *, namespace: str = "http://tempuri.org/", user: str = "quoting", secret: str = ""
) -> str:
    """An envelope as programs put it together from strings, indented, in a namespace that is not ours."""
    secret = secret or QUOTING_PASSWORD
    return f"""<?xml version="1.0" encoding="utf-8"?>
      <soap:Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
                     xmlns:xsd="http://www.w3.org/2001/XMLSchema"
                     xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">
        <soap:Body>
          <{operation} xmlns="{namespace}">
            <pUsername>{escape(user)}</pUsername>
            <pPassword>{escape(secret)}</pPassword>
            {inside}
          </{operation}>
        </soap:Body>
      </soap:Envelope>"""


async def post(home: House, envelope: str, **headers: str) -> httpx2.Response:
    """Post it as it is."""
    return await home.http.post(f"{home.base_url}/almassms.asmx", content=envelope.encode(), headers=headers)


ARRAYS = (
    f"<messages><string>{escape(TEXT)}</string></messages><mobiles><string>{ALI}</string><string>{BAD}</string></mobiles>"
    "<UDH><string></string></UDH><encodings><int>2</int></encodings><mclass><int>1</int></mclass>"
)
HEADERS: dict[str, dict[str, str]] = {
    "as the vendor has it": {"content-type": "text/xml; charset=utf-8", "soapaction": '"http://tempuri.org/SendSms2"'},
    "another action": {"content-type": "text/xml", "soapaction": "urn:something#else"},
    "an empty action": {"content-type": "text/xml", "soapaction": '""'},
    "no action": {"content-type": "application/xml"},
    "a form's type": {"content-type": "application/x-www-form-urlencoded"},
    "no type": {},
}


async def test_envelopes_by_hand_are_read_by_regular_expressions(tmp_path: Path) -> None:
    """Whatever the namespace, the headers and the letter case: elements without prefixes come back."""
    async with house(tmp_path, config=PLAIN) as home:
        envelopes = [by_hand("SendSms2", ARRAYS, namespace=each) for each in ("http://tempuri.org/", "", "urn:x")]
        envelopes.append(by_hand("sendsms2", ARRAYS.replace("messages", "Messages").replace("UDH", "udh")))
        sent = 0
        for envelope in envelopes:
            for headers in HEADERS.values():
                answer = await post(home, envelope, **headers)
                assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
                result = re.search(r"<SendSms2Result>(-?\d+)</SendSms2Result>", answer.text)
                assert result is not None
                assert result[1] == "-2"
                ids = re.search(r"<pMessageIds>([\s\S]*?)</pMessageIds>", answer.text)
                assert ids is not None
                first, second = re.findall(r"<long>(\d+)</long>", ids[1])
                assert int(first) > 1_000
                assert second == "1"
                sent += 1
        await home.drained()
        assert [(w.line, w.recipient, w.text) for w in home.received()] == [(LINE, "989120009000", TEXT)] * sent


SAID = {
    ".NET's StringWriter": ("utf-16", "utf-8", 'text/xml; charset="utf-8"'),
    ".NET's StringWriter, no charset said": ("utf-16", "utf-8", "text/xml"),
    ".NET's Encoding.Unicode": ("utf-16", "utf-16", "text/xml; charset=utf-16"),
    "a declaration that was copied": ("utf-8", "cp1256", "text/xml; charset=windows-1256"),
    "a declaration alone": ("windows-1256", "cp1256", "text/xml"),
    "a mark of UTF-8": ("windows-1256", "utf-8-sig", "application/soap+xml; charset=windows-1256"),
}


async def test_the_charset_that_counts(tmp_path: Path) -> None:
    """The mark, the Content-Type, the declaration: what is sent is what was written, whatever else contradicts it."""
    async with house(tmp_path, config=PLAIN) as home:
        inside = f"<messages><string>سلام</string></messages><mobiles><string>{ALI}</string></mobiles>"
        for name, (declared, codec, content_type) in SAID.items():
            written = by_hand("SendSms", inside, user="demo", secret=PASSWORD).replace("utf-8", declared, 1)
            answer = await home.http.post(
                f"{home.base_url}/almassms.asmx",
                content=written.encode(codec),
                headers={"content-type": content_type, "expect": "100-continue"},
            )
            assert "<SendSmsResult>-2</SendSmsResult>" in answer.text, name
        await home.drained()
        assert [w.text for w in home.received()] == ["سلام"] * len(SAID)


async def test_a_batch_by_the_service_line(tmp_path: Path) -> None:
    """A batch may go by the account's service line; its texts are the approved ones."""
    async with house(tmp_path, config=PLAIN) as home:
        answer = await post(home, by_hand("Send", f"<line>{SERVICE_LINE}</line>{ARRAYS}"))
        assert "<SendResult>-2</SendResult>" in answer.text
        await home.drained()
        assert [(w.line, w.text) for w in home.received()] == [(SERVICE_LINE, TEXT)]


@pytest.mark.parametrize(
    ("body", "content_type", "namespace"),
    [
        (by_hand("DeleteEverything", ""), "text/xml", "http://schemas.xmlsoap.org/soap/envelope/"),
        (by_hand("GetCredit", "")[:-9], "text/xml", "http://schemas.xmlsoap.org/soap/envelope/"),
        ("", "", "http://schemas.xmlsoap.org/soap/envelope/"),
        ('{"username": "demo"}', "application/json", "http://schemas.xmlsoap.org/soap/envelope/"),
        ("<a", "application/soap+xml; charset=utf-8", "http://www.w3.org/2003/05/soap-envelope"),
    ],
)
async def test_what_is_no_call_is_a_fault(tmp_path: Path, body: str, content_type: str, namespace: str) -> None:
    """A SOAP fault under HTTP 500, the one exception to "never a 500"; and the next call is served."""
    async with house(tmp_path) as home:
        answer = await post(home, body, **({"content-type": content_type} if content_type else {}))
        assert answer.status_code == 500
        assert etree.fromstring(answer.content)[0][0].tag == f"{{{namespace}}}Fault"
        answer = await post(home, by_hand("GetCredit", ""))
        assert f"<pCredit>{CREDIT_RIAL}</pCredit>" in answer.text


async def test_opt_outs_in_a_batch(tmp_path: Path) -> None:
    """The first time the operator says so, late; the second time it is known: that recipient's code, the others go."""
    opted_out = "09120009033"
    async with house(tmp_path) as home:  # its operator refuses LINE for recipients that end in 033
        mobiles = f"<mobiles><string>{opted_out}</string><string>{ALI}</string></mobiles>"
        to = f"<messages><string>a</string></messages>{mobiles}"
        answer = await post(home, by_hand("SendSms", to))
        first, second = re.findall(r"<long>(\d+)</long>", answer.text)
        await home.drained()
        answer = await post(home, by_hand("GetMessageStatus", f"<pMessageIds><long>{first}</long></pMessageIds>"))
        assert "<int>16</int>" in answer.text
        answer = await post(home, by_hand("SendSms", to))
        assert re.findall(r"<SendSmsResult>(.*?)</SendSmsResult>", answer.text) == ["-2"]
        code, third = re.findall(r"<long>(\d+)</long>", answer.text)
        assert code == "33"
        assert int(third) > int(second) > int(first)
