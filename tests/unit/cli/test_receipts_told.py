"""What the command line tells of receipts: those that wait, and what was learned of the operators' ids."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.store.world import HOLD, World, lost, step

from payamak.cli.program import run
from payamak.cli.shell import ExitCode
from payamak.domain.mo import MoPart
from payamak.domain.receipts import Unmatched
from payamak.encoding.alphabets import Alphabet
from payamak.hands.explain import waiting_words
from payamak.store.sqlite.store import SqliteStore

FIRST = 0x4A000000


@pytest.mark.parametrize("why", Unmatched)
def test_every_why_has_a_sentence(why: Unmatched) -> None:
    """No receipt waits without a reason in words."""
    assert waiting_words(why) != waiting_words("")
    assert waiting_words(why).endswith(".")


def site_with(path: Path, play: Callable[[World], Awaitable[object]]) -> list[str]:
    """A store on which something has happened; the option that names it."""

    async def build() -> None:
        store = SqliteStore(path)
        try:
            await play(await World(store).build())
        finally:
            await store.close()

    asyncio.run(build())
    return ["--data", str(path)]


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = ExitCode.DONE) -> str:
    """What a command prints."""
    assert run(arguments) == code
    return capsys.readouterr().out


async def _conflict(world: World) -> None:
    await world.enroute("10")
    await world.enroute("16")
    await world.receipt("16")


def test_a_conflict_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`unmatched`, `link ids` and the doctor tell of a receipt that fits two messages, and what was tried."""
    data = site_with(tmp_path / "store.sqlite", _conflict)
    (waiting,) = json.loads(told(capsys, "unmatched", "--json", *data))
    assert (waiting["operator_id"], waiting["tried"], waiting["why"]) == ("16", ["16", "10", "22"], "two_readings")
    assert waiting_words("two_readings") in told(capsys, "unmatched", *data)
    (report,) = json.loads(told(capsys, "link", "ids", "--json", *data))
    assert (report["upstream"], report["waiting"]) == ("operator", {"two_readings": 1})
    assert "north (auto), south (auto)" in told(capsys, "link", "ids", *data)
    findings = json.loads(told(capsys, "doctor", "--json", *data, code=ExitCode.PROBLEM))["findings"]
    finding = next(f for f in findings if f["name"] == "ids operator")
    assert not finding["is_well"]
    assert "docs/guide/receipts.md" in finding["todo"]


async def _learned(world: World) -> None:
    for number in range(FIRST, FIRST + 20):
        await world.enroute(f"{number:x}")
        await world.receipt(str(number))


def test_a_habit_is_told_and_forgotten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`link ids` and the doctor tell what was learned; `link forget-ids` forgets it, once."""
    data = site_with(tmp_path / "store.sqlite", _learned)
    assert "hex in the answer, decimal in the receipt, learned of 20 receipts" in told(capsys, "link", "ids", *data)
    findings = json.loads(told(capsys, "doctor", "--json", *data, code=ExitCode.PROBLEM))["findings"]
    assert next(f for f in findings if f["name"] == "ids operator")["is_well"]
    assert told(capsys, "link", "forget-ids", "operator", "--yes", *data)
    told(capsys, "link", "forget-ids", "operator", *data, code=ExitCode.PROBLEM)
    (report,) = json.loads(told(capsys, "link", "ids", "--json", *data))
    assert report["habit"] == {}


async def _settled_without_its_answer(world: World) -> None:
    await world.answer(await world.sending(step(HOLD)), lost())
    await world.receipt("a", line=HOLD)


async def _settled_by_its_id(world: World) -> None:
    await world.enroute("a")
    await world.receipt("a")


@pytest.mark.parametrize(
    ("play", "is_said"), [(_settled_without_its_answer, True), (_settled_by_its_id, False)], ids=["lost", "answered"]
)
def test_what_was_settled_without_an_id_is_told(
    play: Callable[[World], Awaitable[None]], is_said: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`show` says of a part whose answer is lost that its receipt was found by recipient and line, and only of such."""
    said = told(capsys, "show", "1001", *site_with(tmp_path / "store.sqlite", play))
    assert "delivered" in said
    assert ("settled by recipient and line, not by id" in " ".join(said.split())) is is_said


async def _of_another_prefix(world: World) -> None:
    for sender in ("989520000007", "9830003301"):
        part = MoPart(
            upstream="operator", link="north", line="9830003300", sender=sender, alphabet=Alphabet.GSM7, octets=b"hi"
        )
        await world.store.receive_mo(part, "s", {"s"}, world.now)


@pytest.mark.parametrize("sender", ["09520000007", "+98 952 000 0007", "9830003301"])
def test_a_sender_is_found_as_it_was_kept(
    sender: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`received list --sender` reads a number by the site's `recipient_prefixes`, as the upstream does."""
    monkeypatch.setenv("PAYAMAK_RECIPIENT_PREFIXES", "91,95")
    data = site_with(tmp_path / "store.sqlite", _of_another_prefix)
    (found,) = json.loads(told(capsys, "received", "list", "--sender", sender, "--json", *data))["received"]
    assert found["sender"] == ("989520000007" if "952" in sender else sender)
