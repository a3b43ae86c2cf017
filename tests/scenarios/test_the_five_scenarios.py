"""The manual's five scenarios, each with four kinds of recipient, through HTTP and SMPP."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.scenarios.house import accounts_changed, house
from tests.site import LINE, LINE2, SERVICE_LINE, SIM_LINE

DELIVERED, REJECTED = 1, 16

ACCEPTS, AT_ONCE, LATE, EVERYWHERE = "9000", "9033", "9133", "9027"

SCENARIOS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "one": ({"line": LINE}, (LINE,)),
    "two": ({"type": "۲"}, (SERVICE_LINE,)),
    "three": ({"line": LINE, "line2": LINE2}, (LINE, LINE2)),
    "four": ({"line": LINE, "type": "1"}, (LINE, SIM_LINE)),
    "five": ({"line": LINE, "type": "2", "template": "0"}, (LINE, SERVICE_LINE)),
}

Expected = tuple[str | int, int | None, list[str]]
"""The code wsSend refuses with or the line it answers; the final state; the lines on which the operators took it."""


def _with_second(second: str) -> dict[str, Expected]:
    return {
        ACCEPTS: (LINE, DELIVERED, [LINE]),
        AT_ONCE: (second, DELIVERED, [second]),
        LATE: (LINE, DELIVERED, [LINE, second]),
        EVERYWHERE: (27, None, []),
    }


EXPECTED: dict[str, dict[str, Expected]] = {
    "one": {
        ACCEPTS: (LINE, DELIVERED, [LINE]),
        AT_ONCE: (33, None, []),
        LATE: (LINE, REJECTED, [LINE]),
        EVERYWHERE: (27, None, []),
    },
    "two": {
        **dict.fromkeys((ACCEPTS, AT_ONCE, LATE), (SERVICE_LINE, DELIVERED, [SERVICE_LINE])),
        EVERYWHERE: (27, None, []),
    },
    "three": _with_second(LINE2),
    "four": _with_second(SIM_LINE),
    "five": _with_second(SERVICE_LINE),
}


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_scenario_comes_out_as_the_manual_says(scenario: str, tmp_path: Path) -> None:
    """Answer, final state, the lines that the operators saw, and the money, for each kind of recipient."""
    fields, _plan = SCENARIOS[scenario]
    async with house(tmp_path, accounts_changed(verdict_wait_ms=5_000)) as home:
        for number, kind in enumerate((ACCEPTS, AT_ONCE, LATE, EVERYWHERE)):
            recipient = f"9891200{number}{kind}"
            answer = await home.send(mobile=recipient, message="کد ورود: ۱۲۳۴", **fields)
            said, final, seen = EXPECTED[scenario][kind]
            if isinstance(said, int):
                assert (answer["data"], answer["status"]) == (None, said)
            else:
                data = answer["data"]
                assert isinstance(data, dict)
                assert (data["line"], data["mobile"], answer["status"]) == (int(said), recipient, -1)
                assert await home.final_state(data["message_id"]) == final
                story = await home.story(data["message_id"])
                taken = {part.operator_id for part in story.parts if part.answer == "taken"}
                ids = {i for whole in home.received() if whole.recipient == recipient for i in whole.operator_ids}
                assert taken == ids  # the operator's ledger and ours name the same messages
            assert [whole.line for whole in home.received() if whole.recipient == recipient] == seen
        assert all(balance.is_balanced for balance in await home.balances())
        demo = next(balance for balance in await home.balances() if balance.username == "demo")
        assert demo.reserved == 0


async def test_an_opt_out_that_is_known_skips_the_step(tmp_path: Path) -> None:
    """The second message to the same recipient does not try the line again, and says why."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=5_000)) as home:
        mobile = f"98912000{AT_ONCE}"
        for _ in range(2):
            answer = await home.send(mobile=mobile, message="سلام", line=LINE, line2=LINE2)
            assert isinstance(answer["data"], dict)
            assert answer["data"]["line"] == int(LINE2)
            message_id = answer["data"]["message_id"]
        story = await home.story(message_id)
        assert [step.skip for step in story.message.plan] == [33, None]
        tried = [entry for entry in home.advertising.ledger.entries if entry.line == LINE]
        assert len(tried) == 1
        refused = await home.send(mobile=mobile, message="سلام", line=LINE)
        assert (refused["data"], refused["status"]) == (None, 33)
