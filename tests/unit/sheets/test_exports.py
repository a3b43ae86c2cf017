"""Files for spreadsheets: no cell is obeyed, numbers stay as they are, no half of a file is left."""

from __future__ import annotations

import csv
import io
import os
import stat
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from payamak.sheets.exports import LONGEST_CELL, Cell, NotWritten, Sheeting, export
from payamak.sheets.scribe import write_workbook
from payamak.sheets.sheet import read_sheet

SHEETING = Sheeting(columns=("mobile", "متن", "rial"), title="پیام‌ها", from_right=True)

HOSTILE = (
    "=1+1",
    '=HYPERLINK("http://example.org","x")',
    "+98912",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "http://example.org",
    "{=1}",
    "_x0041_",
    "a\x01b",
    'پیام با «نقل قول» و , و ; و "\nو سطر دوم',
    "x" * (LONGEST_CELL + 10),
    "half \ud83d of a pair",
    "09121234567",
    "9.12E+09",
    "",
)


async def as_they_come(rows: Iterable[Sequence[Cell]]) -> AsyncIterator[Sequence[Cell]]:
    """Rows, one by one."""
    for row in rows:
        yield row


def rows_of_hostile() -> list[Sequence[Cell]]:
    """A row for each hostile text, with a number and an amount below zero."""
    return [("989121234567", text, -50) for text in HOSTILE]


def whole(text: str) -> str:
    """What of a text a cell has."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")[:LONGEST_CELL]


async def test_a_workbook_has_only_texts(tmp_path: Path) -> None:
    """No formula, no link and no number is in it; each text is read back as it was, from right to left."""
    file = tmp_path / "out.xlsx"
    assert await export(file, SHEETING, as_they_come(rows_of_hostile())) == len(HOSTILE)
    with ZipFile(file) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "<f " not in sheet
        assert "hyperlink" not in sheet
        assert 'rightToLeft="1"' in sheet
        cells = sheet.count("<c ")
        assert cells == sheet.count('t="inlineStr"') > 3 * len(HOSTILE) - 3
    book = CalamineWorkbook.from_path(file)
    assert book.sheet_names == ["پیام‌ها"]
    head, *rows = book.get_sheet_by_index(0).to_python()
    assert head == list(SHEETING.columns)
    told = [[str(cell) for cell in row] for row in rows]
    assert [row[0] for row in told] == ["989121234567"] * len(HOSTILE)
    assert [row[2] for row in told] == ["-50"] * len(HOSTILE)
    clean = [(one, row[1]) for one, row in zip(HOSTILE, told, strict=True) if one.isprintable() and one != "_x0041_"]
    assert all(whole(one) == cell for one, cell in clean)


async def test_csv_has_its_mark_and_no_formula(tmp_path: Path) -> None:
    """Words that would be obeyed have an apostrophe, an amount below zero has none; our own reader reads it again."""
    file = tmp_path / "out.csv"
    await export(file, SHEETING, as_they_come(rows_of_hostile()))
    text = file.read_bytes().decode()
    assert text.startswith("\ufeffmobile")
    head, *rows = csv.reader(io.StringIO(text[1:], newline=""))
    assert head == list(SHEETING.columns)
    assert [row for row in rows if row[1].startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert [row[1] for row in rows][:3] == ["'=1+1", "'" + HOSTILE[1], "'+98912"]
    assert {row[2] for row in rows} == {"-50"}
    plain = tmp_path / "plain.csv"
    await export(plain, SHEETING, as_they_come([("09121234567", "سلام", 5)]))
    sheet = read_sheet(plain)
    assert [row.texts for row in sheet.rows()] == [("09121234567", "سلام", "5")]
    sheet.close()


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
async def test_a_file_is_its_owners_and_whole_or_not_there(tmp_path: Path, name: str) -> None:
    """It is for its owner alone, takes no other file's place, and if the rows end badly nothing is left of it."""
    file = tmp_path / name
    await export(file, SHEETING, as_they_come([]))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == [name]
    with pytest.raises(NotWritten, match="exists"):
        await export(file, SHEETING, as_they_come([]))

    async def breaking() -> AsyncIterator[Sequence[Cell]]:
        for number in range(2_000):
            yield ("a", "b", number)
        raise LookupError("the store is gone")

    file.unlink()
    with pytest.raises(LookupError):
        await export(file, SHEETING, breaking())
    assert os.listdir(tmp_path) == []


async def test_another_name_is_refused(tmp_path: Path) -> None:
    """What kind of file it is, its name says."""
    with pytest.raises(NotWritten, match=r"\.csv or \.xlsx"):
        await export(tmp_path / "out.pdf", SHEETING, as_they_come([]))


def test_more_rows_than_a_sheet_has_go_on_in_another(tmp_path: Path) -> None:
    """Each sheet has the head, and at most as many rows as a program reads."""
    file = tmp_path / "out.xlsx"
    rows = [b'["%d"]' % number for number in range(5)]
    with file.open("wb") as out:
        write_workbook(iter([b'{"columns":["n"],"title":"t"}', *rows]), out, str(tmp_path), most_rows=3)
    book = CalamineWorkbook.from_path(file)
    found = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    assert found == {"t": [["n"], ["0"], ["1"]], "t 2": [["n"], ["2"], ["3"]], "t 3": [["n"], ["4"]]}
