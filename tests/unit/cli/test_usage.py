"""`payamak stats`, `payamak account statement`, `payamak account ledger`, `--out`: what is told of sums of days."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from tests.store.world import LINE, LINE2, SARA, World, step, taken
from tests.unit.cli.test_acts import data, refused, told, work

from payamak.cli.program import run
from payamak.cli.shell import ExitCode, now_ms
from payamak.domain.jalali import TEHRAN, to_jalali
from payamak.domain.message import PartState
from payamak.domain.usage import date_of, day_of

__all__ = ["data"]


def this_month() -> str:
    """As a person writes it."""
    year, month, _ = to_jalali(dt.datetime.fromtimestamp(now_ms() / 1_000, TEHRAN).date())
    return f"{year}/{month:02d}"


@pytest.fixture
def sent(data: Path) -> Path:
    """One message went, was refused by its recipient and went by another line; one more was taken back."""

    async def send(world: World) -> None:
        await world.enroute("77", step(), step(LINE2, 90))
        fallen_back = (await world.receipt("77", PartState.OPTED_OUT))[-1].message
        await world.answer(await world.on_wire(fallen_back), taken("78"))
        await world.receipt("78", line=LINE2)
        await world.store.cancel([(await world.accept(world.new(recipient=SARA))).id], world.now)

    work(data, send)
    return data


def test_stats_by_line_and_account(sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """How messages ended and what was charged and paid back; of another account, or another day, nothing."""
    answer = told(capsys, "stats", "--by", "line", "--by", "account", "--by", "language")
    assert answer["whole_from"] is None
    lines = [(s["line"], s["delivered"], s["cancelled"], s["charged"], s["refunded"]) for s in answer["sums"]]
    assert lines == [(LINE, 0, 1, 100, 100), (LINE2, 1, 0, 90, 0)]
    assert {s["encoding"] for s in answer["sums"]} == {"ucs2"}
    assert told(capsys, "stats", "--account", "clinic")["sums"] == []
    assert told(capsys, "stats", "--since", "3d", "--until", "2d")["sums"] == []
    assert run(["stats", "--by", "day", "--by", "operator"]) == ExitCode.DONE
    shown = capsys.readouterr().out
    assert date_of(day_of(now_ms())).isoformat() in shown
    assert "MCI" in shown
    assert "there is no account nobody" in refused(capsys, "stats", "--account", "nobody")
    assert "the last is before the first" in refused(capsys, "stats", "--since", "1d", "--until", "9d", code=2)


def test_a_statement(sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was paid in, charged and paid back make the closing balance; tax is said to be none of it."""
    answer = told(capsys, "account", "statement", "shop", "--tax-percent", "10")
    assert (answer["opening"], answer["paid_in"], answer["charged"], answer["refunded"]) == (0, 10_000, 190, 100)
    assert (answer["closing"], answer["tax"]) == (9_910, 9)
    assert [(line["kind"], line["rial"], line["balance"]) for line in answer["lines"]] == [
        ("opening", 0, 0),
        ("paid in", 10_000, 10_000),
        ("charged", -100, 9_900),
        ("charged", -90, 9_810),
        ("refunded", 100, 9_910),
        ("closing", 0, 9_910),
    ]
    assert run(["account", "statement", "shop", "--month", this_month()]) == ExitCode.DONE
    shown = capsys.readouterr().out
    assert f"shop, {this_month()}" in shown
    assert "Tax is not in it." in shown
    assert "The month is not over" in shown
    assert told(capsys, "account", "statement", "shop", "--month", "1404/01")["closing"] == 0
    assert "is no Jalali month" in refused(capsys, "account", "statement", "shop", "--month", "1405/13", code=2)
    assert "0 to 100" in refused(capsys, "account", "statement", "shop", "--tax-percent", "101", code=2)
    assert "there is no account x" in refused(capsys, "account", "statement", "x")


def test_a_ledger_day_by_day(sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Payments with their references, then what the day charged and paid back, each with what was left."""
    work(sent, lambda world: world.store.credit_once("shop", 500, "1042", "bank", world.now))
    answer = told(capsys, "account", "ledger", "shop", "--since", "2d")
    assert [(line["kind"], line["balance"], line["reference"]) for line in answer["lines"]] == [
        ("opening", 0, ""),
        ("paid in", 10_000, ""),
        ("paid in", 10_500, "1042"),
        ("charged", 10_310, ""),
        ("refunded", 10_410, ""),
        ("closing", 10_410, ""),
    ]
    assert run(["account", "ledger", "shop"]) == ExitCode.DONE
    assert "1042" in capsys.readouterr().out


def test_sums_of_before_say_from_when_they_are_whole(sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who asks for days before is told what is missing there."""
    from payamak.store.desk import Desk

    async def begin_late(world: World) -> None:
        async def write(desk: Desk) -> None:
            desk.execute("set_meta", ("usage_from", day_of(world.now) + 1))

        await world.store.writer.submit(write)  # type: ignore[attr-defined]

    work(sent, begin_late)
    assert run(["stats"]) == ExitCode.DONE
    assert "only what the store still had when the sums began" in capsys.readouterr().out
    assert told(capsys, "stats")["whole_from"] == date_of(day_of(now_ms()) + 1).isoformat()


def rows_of(file: Path) -> list[list[str]]:
    """What a file for spreadsheets has in its cells."""
    if file.suffix == ".csv":
        return list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")))
    return [[str(cell) for cell in row] for row in CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()]


@pytest.mark.parametrize("command", ["stats --by line", "account statement shop", "account ledger shop", "messages"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_into_a_file(sent: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, kind: str) -> None:
    """The same rows in a file, in Persian read from the right; an existing one is left alone."""
    file = tmp_path / f"out.{kind}"
    assert run([*command.split(), "--out", str(file)]) == ExitCode.DONE
    assert f"{file}: " in capsys.readouterr().out
    head, *rows = rows_of(file)
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(head)}
    assert "exists; nothing was written" in refused(capsys, *command.split(), "--out", str(file), code=2)
    wrong = tmp_path / "out.ods"
    assert "ends in .csv or .xlsx" in refused(capsys, *command.split(), "--out", str(wrong), code=2)


def test_all_messages_into_a_file(sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page, newest first, all that there are unless a limit is given; texts only if they are asked for."""
    monkeypatch.setattr("payamak.cli.messages._PAGE", 2)

    async def accept(world: World) -> None:
        for _ in range(5):
            await world.accept(world.new(recipient=SARA))

    work(sent, accept)
    for number, (more, count) in enumerate([([], 7), (["--limit", "3", "--text"], 3)]):
        file = tmp_path / f"{number}.csv"
        assert run(["messages", *more, "--out", str(file)]) == ExitCode.DONE
        head, *rows = rows_of(file)
        ids = [int(row[0]) for row in rows]
        assert ids == sorted(ids, reverse=True)
        assert len(ids) == len(set(ids)) == count
        assert ("text" in head) is (count == 3)
