"""The log's lines of refused calls: whose, with which code, from where, and never so many that they are a harm."""

from __future__ import annotations

from typing import Any

import pytest

from payamak.codes import SUCCESS, Code
from payamak.domain.neighbourhood import masked_address
from payamak.http.exchange import Exchange, Peer
from payamak.http.refusals import MINUTE_S, MOST_REMEMBERED, OF_ALL, OF_ONE, Refusals, masked_name
from payamak.http.request import READ, Request, Response, Route, refusal


async def nobody(_request: Request) -> Response:
    """A handler that is not asked."""
    raise AssertionError


ROUTE = Route("/api/wssend.ashx", methods=READ, handler=nobody)


class Scene:
    """What is told of calls, under a clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.lines: list[dict[str, Any]] = []
        self.refusals = Refusals({"Shop": "shop", "shop": "shop"}.get, self._log, lambda: self.now_s)

    def _log(self, event: str, **fields: object) -> None:
        self.lines.append({"event": event, **fields})

    def answer(self, response: Response, name: str | None = "shop", address: str = "192.0.2.77") -> None:
        """A call has this answer."""
        exchange = Exchange("GET", b"", b"", ({}, False), Peer(address=address, asked="", server=""))
        exchange.route, exchange.asked_by = ROUTE, name
        self.refusals.answered(exchange, response)


def answer(*codes: int) -> Response:
    """One with these codes."""
    return Response(status=200, content_type="", body=b"", codes=codes)


@pytest.mark.parametrize(
    ("code", "event"),
    [
        (Code.CREDENTIALS, "login_refused"),
        (Code.ACCOUNT_INACTIVE, "login_refused"),
        (Code.ACCOUNT_EXPIRED, "login_refused"),
        (Code.ADDRESS_NOT_ALLOWED, "login_refused"),
        (Code.NO_CREDIT, "call_refused"),
        (Code.BUSY, "call_refused"),
    ],
)
def test_a_line(code: Code, event: str) -> None:
    """The account by its own name, however it was written; the door; the code; the address without its end."""
    scene = Scene()
    scene.answer(refusal(code), "Shop")
    assert scene.lines == [
        {"event": event, "door": "wssend", "code": code, "address_masked": "192.0.2.*", "account": "shop"}
    ]


def test_a_name_that_nobody_has() -> None:
    """Its beginning only: people write passwords into the wrong field."""
    scene = Scene()
    scene.answer(refusal(Code.CREDENTIALS), "s3cret-p@ss")
    scene.answer(refusal(Code.MALFORMED), None)
    assert scene.lines[0]["name_masked"] == "s3c*** (11)"
    assert {"account", "name_masked"} & set(scene.lines[1]) == set()


@pytest.mark.parametrize("codes", [(), (SUCCESS,), (SUCCESS, 1), (1, SUCCESS)])
def test_what_is_no_refused_call(codes: tuple[int, ...]) -> None:
    """A page, or a call of which something was accepted, is none."""
    scene = Scene()
    scene.answer(answer(*codes))
    assert scene.lines == []


def test_all_recipients_refused() -> None:
    """A call for several is refused if all of them are; the first code is told."""
    scene = Scene()
    scene.answer(answer(27, 1))
    assert [line["code"] for line in scene.lines] == [27]


def test_one_that_calls_in_a_circle() -> None:
    """So many lines a minute; the first of the next minute says how many were left out. Others are told meanwhile."""
    scene = Scene()
    for _ in range(OF_ONE + 5):
        scene.answer(refusal(Code.NO_CREDIT))
    assert len(scene.lines) == OF_ONE
    scene.answer(refusal(Code.BUSY))
    scene.answer(refusal(Code.NO_CREDIT), "another")
    assert len(scene.lines) == OF_ONE + 2
    scene.now_s = MINUTE_S
    scene.answer(refusal(Code.NO_CREDIT))
    scene.answer(refusal(Code.NO_CREDIT))
    assert [line.get("untold") for line in scene.lines[-2:]] == [5, None]


def test_a_flood_from_everywhere() -> None:
    """Of all together so many lines a minute, and a bound on what is remembered."""
    scene = Scene()
    for number in range(MOST_REMEMBERED * 2):
        scene.answer(refusal(Code.CREDENTIALS), "nobody", f"10.{number // 250}.{number % 250}.1")
    assert len(scene.lines) == OF_ALL
    assert len(scene.refusals._each) == MOST_REMEMBERED
    scene.now_s = MINUTE_S
    scene.answer(refusal(Code.CREDENTIALS))
    assert len(scene.lines) == OF_ALL + 1


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("192.0.2.77", "192.0.2.*"),
        ("::ffff:192.0.2.77", "192.0.2.*"),
        ("2001:db8:1:2::3", "2001:0db8:0001:*"),
        ("", "***"),
        ("unix", "***"),
    ],
)
def test_addresses(address: str, shown: str) -> None:
    """The network is enough to know a customer's by; it is no person's."""
    assert masked_address(address) == shown


def test_short_names() -> None:
    """How long it is says the rest."""
    assert masked_name("ab") == "ab*** (2)"
