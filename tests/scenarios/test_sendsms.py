"""The old door of the panel, through a real server: GET and POST, many recipients, one wait."""

from __future__ import annotations

import time
from pathlib import Path

from tests.scenarios.house import FAST, House, accounts_changed, house
from tests.site import CREDIT_RIAL, LINE, LINE2, PASSWORD, QUOTING_PASSWORD

from payamak.simulator import SimulatorConfig, Timing

WAIT_S = 1.0
SLOW = SimulatorConfig(timing=Timing(answer_ms=60_000))


async def _get(home: House, path: str = "/sendsms.ashx", **fields: str) -> str:
    answer = await home.http.get(f"{home.base_url}{path}", params={"user": "demo", "pass": PASSWORD, **fields})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    return answer.text


async def test_the_old_door_as_the_field_calls_it(tmp_path: Path) -> None:
    """Both paths, both methods, quoting passwords, Persian texts: ids in order, refusals as codes among them."""
    config = SimulatorConfig(refuse_lines=frozenset({LINE}), timing=FAST)
    async with house(tmp_path, accounts_changed(verdict_wait_ms=5_000), config) as home:
        one = await _get(home, to="09120009000", text="سلام", line=LINE)
        two = await _get(home, "//SendSMS.ashx", to="9130009000", text="بی خط")
        form = {"user": "quoting", "pass": QUOTING_PASSWORD, "to": "۰۹۱۲۰۰۰۹۰۰۰", "text": "100%", "line": LINE2}
        three = (await home.http.post(f"{home.base_url}/sendsms.ashx", data=form)).text
        assert await home.final_state(int(one)) == await home.final_state(int(two)) == 1
        assert (await home.story(int(three))).message.current.text == "100%"
        assert (await home.story(int(two))).message.source == "sendsms"

        several = await _get(home, to="09120009000,12,09120009033,09130009000,", text="سلام", line=LINE)
        first, invalid, opted_out, last = several.split(",")
        assert (invalid, opted_out) == ("1", "33")
        assert 1_000 < int(first) < int(last)
        assert [await home.final_state(int(i)) for i in (first, last)] == [1, 1]
        await home.drained()
        assert all(balance.is_balanced for balance in await home.balances())


async def test_refusals_of_the_whole_call(tmp_path: Path) -> None:
    """A bare code, once, whatever the number of recipients; nothing is sent and nothing charged."""
    async with house(tmp_path) as home:
        to, text = "09120009000,09130009000", "سلام"
        assert await _get(home, **{"pass": "wrong"}, to=to, text=text) == "18"
        assert await _get(home, user="inactive", to=to, text=text) == "16"
        assert await _get(home, user="expired", to=to, text=text) == "17"
        assert await _get(home, user="poor", to=to, text=text) == "14"
        assert await _get(home, to=to, text=text, line="3000999") == "2"
        assert await _get(home, to=to) == "13"
        assert await _get(home, text=text) == "1"
        assert await _get(home, to=",".join(["09120009000"] * 101), text=text) == "107"
        assert (await home.http.get(f"{home.base_url}/sendsms.ashx?to=%FF")).text == "31"
        assert home.received() == []
        demo = next(balance for balance in await home.balances() if balance.username == "demo")
        assert (demo.available, demo.reserved) == (CREDIT_RIAL, 0)


async def test_the_wait_for_verdicts_does_not_add_up(tmp_path: Path) -> None:
    """Twenty recipients whose operator is slow: all are answered within one wait, none of them lost."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=int(WAIT_S * 1_000)), SLOW) as home:
        await _get(home, to="1", text="warm")  # the password is verified once
        began_s = time.monotonic()
        ids = (await _get(home, to=",".join(f"98912{i:03d}9000" for i in range(20)), text="سلام")).split(",")
        assert WAIT_S * 0.9 < time.monotonic() - began_s < WAIT_S * 15, "one after another they would take twenty"
        assert len(set(ids)) == 20
        assert [await home.state(int(i)) for i in ids] == [-1] * 20
