"""What is wrong with the operator as a whole: read, drawn, and as a client sees it over TCP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.unit.simulator.esme import Esme
from tests.unit.simulator.test_server import ACCEPTS, DIGITS, running, until

from payamak.simulator.behaviour import Answer, Behaviour, Receipt, Timing, react
from payamak.simulator.ledger import read_ledger
from payamak.simulator.trouble import Trouble, TroubleError, Troubles, What, parse_trouble
from payamak.smpp.link import DownReason, LinkLost, ResponseTimeout

TIMING = Timing()
DELIVERS = react(Behaviour.DELIVERS, timing=TIMING, registered_delivery=1)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("silent", Trouble(what=What.SILENT)),
        ("silent@10..610", Trouble(what=What.SILENT, from_s=10, to_s=610)),
        ("silent@10..", Trouble(what=What.SILENT, from_s=10)),
        ("loses=30", Trouble(what=What.LOSES, value=30)),
        ("fails=0.5@..9", Trouble(what=What.FAILS, value=0.5, to_s=9)),
        ("unbinds=20", Trouble(what=What.UNBINDS, value=20)),
        ("slow_bind=12", Trouble(what=What.SLOW_BIND, value=12)),
        ("early@0..5", Trouble(what=What.EARLY, to_s=5)),
    ],
)
def test_read(text: str, trouble: Trouble) -> None:
    """WHAT[=VALUE][@FROM..TO] is understood."""
    assert parse_trouble(text) == trouble


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lies",
        "loses",
        "loses=0",
        "loses=101",
        "loses=x",
        "cuts=-1",
        "cuts=inf",
        "cuts=nan",
        "silent@9..9",
        "silent@x",
    ],
)
def test_not_read(text: str) -> None:
    """What means nothing is refused with what was expected."""
    with pytest.raises(TroubleError, match="expected"):
        parse_trouble(text)


def made(*texts: str, seed: int = 1) -> Troubles:
    """Troubles that begin at 100 s."""
    return Troubles([parse_trouble(text) for text in texts], TIMING, began_s=100, seed=seed)


def test_time() -> None:
    """A trouble holds in its window only, counted from when it was set."""
    troubles = made("silent@10..20")
    assert [troubles.befall(DELIVERS, now) is DELIVERS for now in (100, 109.9, 110, 119.9, 120)] == [
        *(True, True),
        *(False, False),
        True,
    ]
    assert (bool(troubles), bool(made())) == (True, False)


def test_lost_answers_and_failed_receipts() -> None:
    """The shares are about what was asked for, the receipts of lost answers stay, and a seed draws the same again."""
    troubles, again = made("loses=30", "fails=20"), made("loses=30", "fails=20")
    plans = [troubles.befall(DELIVERS, 100) for _ in range(2_000)]
    assert plans == [again.befall(DELIVERS, 100) for _ in range(2_000)]
    lost = [plan for plan in plans if not any(isinstance(action, Answer) for action in plan.actions)]
    receipts = [action for plan in plans for action in plan.actions if isinstance(action, Receipt)]
    assert len(receipts) == len(plans)
    assert 500 < len(lost) < 700
    assert {(plan.status, plan.is_taken) for plan in lost} == {(None, True)}
    assert 300 < sum(receipt.stat == "UNDELIV" for receipt in receipts) < 500
    refused = react(Behaviour.REJECTED, timing=TIMING, registered_delivery=1)
    assert all(troubles.befall(refused, 100) == refused for _ in range(100))


async def test_silent() -> None:
    """Submits are taken and not answered, enquire_link is; when it is over all is as before."""
    async with running() as simulator, Esme(simulator, response_timeout_s=0.1, enquire_link_s=0.05) as esme:
        simulator.set_troubles([Trouble(what=What.SILENT)])
        for _ in range(3):
            with pytest.raises(ResponseTimeout):
                await esme.submit(ACCEPTS)
        assert esme.count("up") == 1
        assert simulator.counters.taken == 3
        simulator.set_troubles()
        (answer,) = await esme.submit(ACCEPTS)
        assert answer.status == 0
        assert [entry.status for entry in simulator.ledger.entries] == [None, None, None, 0]


async def test_every_copy_has_its_receipt(tmp_path: Path) -> None:
    """With lost answers the book says of each copy its id, its recipient, the verdict and its acknowledgement."""
    path = tmp_path / "ledger.jsonl"
    async with running(ledger_path=path) as simulator, Esme(simulator) as esme:
        simulator.set_troubles([parse_trouble("loses=100"), parse_trouble("fails=50")])
        copies = [asyncio.ensure_future(esme.submit(ACCEPTS)) for _ in range(40)]
        await until(simulator, lambda book: sum(entry.is_acknowledged for entry in book.entries) == 40)
        for copy in copies:
            copy.cancel()
        for book in (simulator.ledger.entries, read_ledger(path)):
            told = {entry.operator_id: entry.verdict for entry in book}
            assert len(told) == 40
            assert set(told.values()) == {"DELIVRD", "UNDELIV"}
            assert {(entry.recipient, entry.part, entry.is_acknowledged) for entry in book} == {(ACCEPTS, 1, True)}
        assert told == {receipt.operator_id: receipt.stat_text for receipt in esme.receipts}
        assert '"event":"troubles"' in path.read_text(encoding="utf-8")


async def test_cuts() -> None:
    """Every connection ends after its time, again and again, until the trouble does."""
    async with running() as simulator, Esme(simulator) as esme:
        simulator.set_troubles([Trouble(what=What.CUTS, value=0.1)])
        await esme.until(lambda: esme.count("down") >= 3)
        assert {down.reason for down in esme.downs} == {DownReason.PEER_CLOSED}
        simulator.set_troubles()
        await esme.until(lambda: esme.link.is_bound)


async def test_a_slow_bind() -> None:
    """The answer to a bind comes late; whether it is waited for is the client's own setting, apart from connecting."""
    async with running() as simulator:
        simulator.set_troubles([parse_trouble("slow_bind=0.4")])
        async with Esme(simulator, bind_timeout_s=0.1, wait_for="down") as hasty:
            assert hasty.downs[0].reason is DownReason.BIND_TIMEOUT
        async with Esme(simulator, bind_timeout_s=30) as patient:
            assert patient.link.is_bound


async def test_unbinds_and_then_answers() -> None:
    """A submit that was under way when the operator said unbind is answered all the same, over the same bind."""
    async with running(timing=Timing(answer_ms=200, receipt_ms=1)) as simulator, Esme(simulator) as esme:
        asked = [asyncio.ensure_future(esme.submit(ACCEPTS)) for _ in range(5)]
        await until(simulator, lambda book: len(book.entries) == 5)
        assert (simulator.unbind_links(), simulator.unbind_links()) == (1, 0)
        for (answer,) in await asyncio.gather(*asked):
            assert answer.status == 0
        await esme.until(lambda: esme.count("up") == 2)
        assert [down.reason for down in esme.downs] == [DownReason.PEER_UNBOUND]
        await esme.until(lambda: len(esme.receipts) == 5)


async def test_unbinds_by_recipient_and_by_time() -> None:
    """The digits choose it for one submit; the trouble does it to every connection."""
    async with running() as simulator, Esme(simulator) as esme:
        (answer,) = await esme.submit(DIGITS[Behaviour.UNBINDS])
        assert answer.status == 0
        await esme.until(lambda: esme.count("up") == 2)
        simulator.set_troubles([Trouble(what=What.UNBINDS, value=0.1)])
        await esme.until(lambda: esme.count("down") >= 3)
        assert {down.reason for down in esme.downs} == {DownReason.PEER_UNBOUND}


async def test_poison() -> None:
    """The connection breaks at it every time, and only it is lost."""
    async with running() as simulator, Esme(simulator) as esme:
        for number in range(1, 4):
            with pytest.raises(LinkLost) as lost:
                await esme.submit(DIGITS[Behaviour.POISON])
            assert lost.value.alone
            await esme.until(lambda number=number: esme.count("up") == number + 1)  # type: ignore[misc]
        assert (await esme.submit(ACCEPTS))[0].status == 0
        assert simulator.counters.behaviours["poison"] == 3


async def test_early() -> None:
    """What waits comes before the bind is answered, is refused for the moment, and comes again after it."""
    async with running() as simulator:
        simulator.set_troubles([Trouble(what=What.EARLY)])
        sent = asyncio.create_task(simulator.send_mo("983000111", ACCEPTS, "late", system_id="payamak"))
        await asyncio.sleep(0)
        assert simulator.kept_receipts == 1
        async with Esme(simulator) as esme:
            assert await sent
            assert esme.events == ["up", "mo"]
            assert [pdu.short_message for pdu in esme.delivered] == [b"late"]
