"""What centres bring and do not write as the standards have it, through the whole program: nothing of it is lost."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from tests.scenarios.house import POLL_S, House, changed, house
from tests.site import LINE

from payamak.domain.message import State
from payamak.simulator.behaviour import ODDITIES, REPLIES, TABLE, Behaviour
from payamak.store.records import ReceivedSearch

MOBILES = {e.behaviour: f"98912000{e.digits}" for e in TABLE if e.behaviour in {*ODDITIES, *REPLIES}}
READ = {one: mobile for one, mobile in MOBILES.items() if one is not Behaviour.CUT_BODY}
SAID = {
    Behaviour.REPLIES_TURKISH: "Şişli ğ",
    Behaviour.REPLIES_TURKISH_LOCKING: "aıb",
    Behaviour.REPLIES_URDU: "سلام ۱",
    Behaviour.REPLIES_HINDI: "[national table 6, not readable: 35 28]",
    Behaviour.REPLIES_BARE_HEADER_BIT: "Hello, is the price still 5000?",
    Behaviour.REPLIES_PACKED: "Ðe6û\r",  # the link does not say that septets are packed
    Behaviour.REPLIES_LITTLE_ENDIAN: "سلام",
    Behaviour.REPLIES_WAITING: "a@b",
    Behaviour.REPLIES_COMPRESSED: "[compressed text, not readable: 1f 8b 00]",
    Behaviour.REPLIES_OPT_OUT: "\u200fلغو\u200f",
}
ODD = {
    *("nuls_behind", "text_behind", "text_short", "cut_parameter"),
    *("no_header", "national_table", "compressed", "no_septets"),
}


async def _ended(home: House, answer: dict[str, object]) -> State:
    """The state of a message of which the receipt has come."""
    data = answer["data"]
    assert isinstance(data, dict), answer
    async with asyncio.timeout(60):
        while not (message := (await home.story(int(data["message_id"]))).message).is_final:  # noqa: ASYNC110 - another
            await asyncio.sleep(POLL_S)
    return message.state


async def test_nothing_is_lost(tmp_path: Path) -> None:
    """Receipts settle their messages, texts are read or marked, octets are kept; what was odd is told by its word."""
    async with house(tmp_path, changed(hours="always")) as home:
        answers = {one: await home.send(mobile=mobile, message="Salam", line=LINE) for one, mobile in MOBILES.items()}
        assert {one: await _ended(home, answers[one]) for one in READ} == dict.fromkeys(READ, State.DELIVERED)
        async with home.store() as store, asyncio.timeout(60):
            while len(await store.search_received(ReceivedSearch())) < len(SAID):  # noqa: ASYNC110 - another process
                await asyncio.sleep(POLL_S)
            while len(pieces := await store.unreadable(None, 9)) < 2:  # noqa: ASYNC110 - the same
                await asyncio.sleep(POLL_S)
            texts = {received.sender: received.text for received in await store.search_received(ReceivedSearch())}
        assert texts == {MOBILES[one]: text for one, text in SAID.items()}
        assert {(piece.error, piece.place) for piece in pieces} == {("Unread", "body ends at registered_delivery")}
        assert {mobile for piece in pieces for mobile in MOBILES.values() if mobile.encode() in piece.octets} == {
            MOBILES[Behaviour.CUT_BODY],
            MOBILES[Behaviour.REPLIES_CUT_BODY],
        }
        refused = await home.send(mobile=MOBILES[Behaviour.REPLIES_OPT_OUT], message="Salam", line=LINE)
        assert refused["status"] == 33
        page = (await home.http.get(f"{home.base_url}/metrics")).text
        assert set(re.findall(r'^payamak_link_odd_total{link="[^"]+",what="(\w+)"} [1-9]', page, re.MULTILINE)) == ODD
        assert home.advertising.counters.receipts_refused == 0
        assert home.advertising.kept_receipts == 0
