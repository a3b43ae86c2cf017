"""The examples: a page and two JSON calls, each a face of at most 60 lines on `front` and `hands`."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from examples import json_call, payment
from examples.page import Page
from tests.source import name_of, parsed, python_files
from tests.unit.batches import Desk
from tests.unit.house import CREDIT, NOW, A, B, House

from payamak.domain.message import State
from payamak.hands.values import AuditSearch
from payamak.http.request import Request, Response

EXAMPLES = python_files("examples")
LAYERS = {"codes", "domain", "errors", "front", "hands", "http"}


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_a_face_is_short_and_knows_no_store(path: Path) -> None:
    """60 lines, on the front and the hands; neither a store nor a dialect."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60
    imported = {node.module for node in parsed(path).body if hasattr(node, "module")}
    ours = {module.split(".")[1] for module in imported if module and module.startswith("payamak.")}
    assert ours <= LAYERS


def request(body: bytes, content_type: str, method: str = "POST", **headers: str) -> Request:
    """A request of one address."""
    return Request(
        method=method,
        path="/",
        query=b"",
        body=body,
        client_address="192.0.2.1",
        headers={"content-type": content_type, **headers},
    )


async def page(front: Any, body: str, method: str = "POST") -> str:
    """What the page says."""
    (route,) = Page(front).routes
    response = await route.handler(request(body.encode(), "application/x-www-form-urlencoded", method))
    assert response.status == 200
    return response.body.decode()


async def test_the_page(desk: Desk) -> None:
    """It asks who one is, shows what one has, sends, and shows what was sent; a wrong password shows nothing."""
    house, front = desk
    assert "Who are you?" in await page(front, "", "GET")
    shown = await page(front, "name=shop&password=secret")
    assert f"shop has {CREDIT} rial." in shown
    shown = await page(front, "name=shop&password=secret&to=09121234567&text=hello")
    sent = re.search(r"Sent: message (\d+)\.", shown)
    assert sent is not None
    assert f"<tr><td>{sent[1]}<td>989121234567<td>queued" in shown
    assert "is empty or is not plain text" in await page(front, "name=shop&password=secret&to=09121234567&text=")
    shown = await page(front, "name=shop&password=%3Cb%3E")
    assert "989121234567" not in shown
    assert await house.states() == [State.QUEUED]


def told(response: Response) -> tuple[int, dict[str, Any]]:
    """Status and answer of a JSON call."""
    return response.status, json.loads(response.body)


async def call(front: Any, password: str = "secret", **fields: str) -> tuple[int, dict[str, Any]]:
    """POST /v1/messages."""
    login = base64.b64encode(f"shop:{password}".encode()).decode()
    body = json.dumps(fields).encode()
    return told(await json_call.send(request(body, "application/json", authorization=f"Basic {login}"), front))


async def test_a_message_under_a_reference(desk: Desk) -> None:
    """The same call again is told the same id; another message under the reference is 24; refusals have their codes."""
    house, front = desk
    asked = {"to": "09121234567", "text": "hello", "reference": "order 7", "line": A}
    status, first = await call(front, **asked)
    assert (status, first["is_repeated"]) == (202, False)
    assert await call(front, **asked) == (202, {"id": first["id"], "is_repeated": True})
    for change, code in (
        ({"text": "another"}, 24),
        ({"line": B}, 24),
        ({"reference": "8", "to": "12"}, 1),
        ({"reference": "8", "line": "999"}, 2),
        ({"password": "wrong"}, 18),
    ):
        status, refused = await call(front, **(asked | change))
        assert (status, refused["code"]) == (422, code)
    assert (await call(front, to="09121234567"))[0] == 400
    assert await house.states() == [State.QUEUED]


async def pay(house: House, token: str = "t", **fields: Any) -> tuple[int, dict[str, Any]]:
    """POST /v1/payments."""
    body = request(json.dumps(fields).encode(), "application/json", authorization=f"Bearer {token}")
    return told(await payment.pay(body, house.store.path, "t", NOW))


async def test_a_payment_by_the_house(desk: Desk) -> None:
    """Entered once under its reference, with a row in the audit; not by a stranger, nor for nobody."""
    house, _ = desk
    paid: dict[str, Any] = {"username": "shop", "amount": 500, "reference": "bank 1"}
    assert await pay(house, **paid) == (200, {"available": CREDIT + 500, "is_repeated": False})
    assert await pay(house, **paid) == (200, {"available": CREDIT + 500, "is_repeated": True})
    assert (await pay(house, "x", **paid))[0] == 401
    assert (await pay(house, **(paid | {"username": "nobody", "reference": "bank 2"})))[0] == 409
    rows = await house.store.audit(AuditSearch())
    assert ("the shop's payments", "account shop") in {(row.who, row.about) for row in rows}
