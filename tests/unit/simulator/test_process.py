"""The simulator as a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest
from tests.unit.simulator.esme import LINE, Esme

from payamak.simulator.__main__ import arguments, configured, main
from payamak.simulator.behaviour import TABLE, Behaviour
from payamak.simulator.config import SimulatorConfig
from payamak.simulator.ledger import read_ledger
from payamak.simulator.receipts import IdFormat, ReceiptStyle
from payamak.simulator.server import Simulator
from payamak.simulator.trouble import Trouble, What

REJECTED = "989120000077"


async def test_process(tmp_path: Path) -> None:
    """It tells its port, follows its script, writes its ledger, and tells its counters when stopped."""
    rules, ledger = tmp_path / "rules.json", tmp_path / "ledger.jsonl"
    rules.write_text(json.dumps([{"recipient": REJECTED, "behaviour": "rejected"}]), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "payamak.simulator"),
        *("--rules", str(rules), "--ledger", str(ledger), "--account", "payamak:secret", "--refuse-line", LINE),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            told = json.loads(await process.stdout.readline())
            # The client only needs to know where: a simulator of our own that never starts says it.
            async with Esme(Simulator(SimulatorConfig(port=told["port"]))) as esme:
                assert (await esme.submit("989120000001", "سلام"))[0].status == 0
                assert (await esme.submit(REJECTED))[0].status == 0x0B
                await esme.until(lambda: len(esme.receipts) == 1)
                assert [entry.text for entry in read_ledger(ledger)] == ["سلام", "سلام"]
            process.send_signal(signal.SIGTERM)
            counters = json.loads(await process.stdout.readline())
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert told["host"] == "127.0.0.1"
    assert counters["statuses"] == {"0x00000000": 1, "0x0000000B": 1}
    assert [entry.answers for entry in read_ledger(ledger)] == [[0], [0x0B]]


def test_options() -> None:
    """Every option ends in the setting it names."""
    given = [
        *("--port", "2775", "--account", "a:b:c", "--no-digits", "--counters-only", "--binds", "2"),
        *("--answer-ids", "uuid", "--receipt-ids", "hex", "--receipt-style", "short", "--late-ms", "9"),
        *("--advertising-line", LINE, "--submits-per-s", "30"),
        *("--trouble", "loses=30@10..70", "--trouble", "cuts=5", "--seed", "7"),
    ]
    config = configured(arguments().parse_args(given))
    assert (config.port, config.accounts, config.digits, config.keep) == (2775, {"a": "b:c"}, False, False)
    assert (config.answer_ids, config.receipt_ids) == (IdFormat.UUID, IdFormat.HEX)
    assert (config.receipt_style, config.timing.late_ms) == (ReceiptStyle.SHORT, 9)
    assert config.advertising_lines == {LINE}
    assert config.troubles == (
        Trouble(what=What.LOSES, value=30, from_s=10, to_s=70),
        Trouble(what=What.CUTS, value=5),
    )
    assert config.seed == 7
    assert (config.limits.binds, config.limits.submits_per_s) == (2, 30)


@pytest.mark.parametrize("given", [["--account", "nobody"], ["--rules", "missing.toml"], ["--trouble", "x"]])
def test_wrong_options(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Options that cannot be followed end the program with 2 and a word on what is wrong."""
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_the_table_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """`--behaviours` shows the table and ends."""
    assert main(["--behaviours"]) == 0
    text = capsys.readouterr().out
    assert all(f"{entry.digits}  {entry.behaviour.value}" in text for entry in TABLE)


def test_help_shows_table(capsys: pytest.CaptureFixture[str]) -> None:
    """The help text holds the table of behaviours."""
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(entry.digits in text for entry in TABLE)
    assert Behaviour.SILENCE.value in text
