"""A line of another account, which exists: nobody else sends by it, through any door, or reads what came to it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.golden.http.tenants import snapshot
from tests.scenarios.house import House, house
from tests.site import ADVERTISING_LOGIN, CREDIT_RIAL, LINE, LINE2, OTHER_LINE, PASSWORD

MOBILE, SENDER = "989120009000", "989130009000"
OWNERS = {"demo": (LINE, OTHER_LINE), "other": (OTHER_LINE, LINE)}
"""Account: a line of its own, and one that is another account's."""


async def soap(home: House, username: str, operation: str, body: str = "") -> str:
    """The answer to a call of the SOAP door."""
    envelope = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f"<{operation}><pUsername>{username}</pUsername><pPassword>{PASSWORD}</pPassword>{body}</{operation}>"
        "</s:Body></s:Envelope>"
    )
    url, headers = f"{home.base_url}/almassms.asmx", {"content-type": "text/xml; charset=utf-8"}
    return (await home.http.post(url, content=envelope.encode(), headers=headers)).text


async def answers(home: House, username: str, line: str) -> list[object]:
    """What each way of sending by a line answers."""
    texts = f"<messages><string>x</string></messages><mobiles><string>{MOBILE}</string></mobiles>"
    ids = "<tempCheckIds><long>7</long></tempCheckIds>"
    told: list[object] = []
    for fields in ({"line": line}, {"line": OWNERS[username][0], "line2": line}, {"line2": line}):
        told.append((await home.send(username=username, mobile=MOBILE, message="x", **fields))["status"])
    query = {"user": username, "pass": PASSWORD, "to": MOBILE, "text": "x", "line": line}
    told.append((await home.http.get(f"{home.base_url}/sendsms.ashx", params=query)).text)
    for operation, more in (("Send", ""), ("SendSmsByCheckId", ids)):
        answer = await soap(home, username, operation, f"<line>{line}</line>{texts}{more}")
        told.append(re.findall(rf"<{operation}Result>(-?\d+)<", answer))
    return told


async def test_no_door_sends_by_it(tmp_path: Path) -> None:
    """2 by every door, wherever it stands in the plan, and nothing changes; its owner sends by it."""
    async with house(tmp_path) as home, home.store() as store:
        for username, (own, anothers) in OWNERS.items():
            before = await snapshot(home, store)
            assert await answers(home, username, anothers) == [2, 2, 2, "2", ["2"], ["2"]]
            assert await snapshot(home, store) == before
            sent = await home.send(username=username, mobile=MOBILE, message="x", line=own)
            assert sent["status"] == -1, username
        await home.drained()
        left = {balance.username: balance.available for balance in await home.balances()}
        assert left["other"] == left["demo"] == CREDIT_RIAL - 2_100


async def test_what_came_to_it_is_its_owners_alone(tmp_path: Path) -> None:
    """A received message is read by the account of its line, and stays unread when another one asks first."""
    async with house(tmp_path) as home:
        for line, text in ((OTHER_LINE, "to other"), (LINE2, "to demo")):
            assert await home.advertising.send_mo(line, SENDER, text, system_id=ADVERTISING_LOGIN[0])
        for username, text in (("demo", "to demo"), ("other", "to other")):
            answer = await soap(home, username, "GetReceivedSms2")
            assert re.findall(r"<string>(to \w+)</string>", answer) == [text]
