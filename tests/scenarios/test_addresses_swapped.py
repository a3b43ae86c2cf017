"""A centre that swaps the two addresses of a message from a handset: no whole number comes into the log by that."""

from __future__ import annotations

import json
from pathlib import Path

from tests.scenarios.house import house
from tests.site import ADVERTISING_LOGIN, LINE

HANDSETS = {
    "989121112233": "98912***2233",
    "00989121112244": "98912***2244",
    "09121112255": "***",
    "+989121112266": "98912***2266",
    "491771234567890": "49177***7890",
    "20001": "***",
}


async def test_a_number_is_masked_whatever_role_it_plays(tmp_path: Path) -> None:
    """The handset where the line should stand, in any spelling, from any country; our own line is told whole."""
    async with house(tmp_path) as home:
        operator, login = home.advertising, ADVERTISING_LOGIN[0]
        for handset in HANDSETS:
            await operator.send_mo(handset, LINE, "swapped", system_id=login)
        await operator.send_mo(LINE, next(iter(HANDSETS)), "as it should be", system_id=login)
        assert await home.terminate() == 0
    log = (tmp_path / "serve.log").read_text(encoding="utf-8")
    told = [row for row in map(json.loads, log.splitlines()) if row["event"].startswith("mo_")]
    assert [row["line"] for row in told] == [*HANDSETS.values(), LINE]
    assert [handset for handset in HANDSETS if len(handset) > 5 and handset in log] == []
