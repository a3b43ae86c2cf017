"""Workbooks, read in their child: what Excel and LibreOffice write, what they spoil, and what is made to do harm."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from payamak.sheets import books
from payamak.sheets.extent import Extent, extent_of_ods, extent_of_xlsx
from payamak.sheets.fault import BadSheet, Wrong
from payamak.sheets.sheet import Asked, read_sheet

Make = Callable[[Iterable[Iterable[Any]]], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A workbook of one sheet with these rows."""

    def write(rows: Iterable[Iterable[Any]]) -> Path:
        file = tmp_path / "list.csv"  # the name says nothing
        with xlsxwriter.Workbook(str(file)) as book:
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            sheet = book.add_worksheet()
            for at, row in enumerate(rows):
                for place, value in enumerate(row):
                    if isinstance(value, dt.datetime):
                        sheet.write_datetime(at, place, value, day)
                    elif value is not None:
                        sheet.write(at, place, value)
        return file

    return write


DAY = dt.datetime(2026, 11, 26)  # noqa: DTZ001 - cells have no time zone


def texts_of(file: Path, asked: Asked | None = None) -> list[tuple[str, ...]]:
    """The rows of a file, without their lines."""
    with closing(read_sheet(file, asked)) as sheet:
        return [row.texts for row in sheet.rows()]


def test_cells_become_texts(make: Make) -> None:
    """A whole number has no fraction, a number that lost its zero has it again, a date is one, a text stays."""
    rows: list[list[Any]] = [
        ["موبایل", "سال", "مبلغ", "روز", "متن"],
        [9120000001, 1405, 12.5, DAY, "=1+1 نه"],
        ["09120000002", 0, -3, DAY.replace(hour=9, minute=5), True],
        [None, None, None, None, None],
        [989120000003, None, None, None, "۱۲"],
    ]
    assert texts_of(make(rows)) == [
        ("09120000001", "1405", "12.5", "2026-11-26", "0"),
        ("09120000002", "0", "-3", "2026-11-26 09:05", "TRUE"),
        ("989120000003", "", "", "", "۱۲"),
    ]


def test_lines_are_those_that_the_program_shows(make: Make) -> None:
    """A list that begins in the third row, with a row of nothing in it."""
    with closing(read_sheet(make([[], [], ["mobile"], ["0912"], [], ["0935"]]))) as sheet:
        assert [(row.line, row.texts) for row in sheet.rows()] == [(4, ("0912",)), (6, ("0935",))]


@pytest.mark.parametrize(
    ("rows", "wrong", "line"),
    [
        ([["mobile", "name"]], Wrong.NO_ROWS, None),
        ([["colour"], ["1"]], Wrong.NO_NUMBERS, None),
        ([["mobile", "a", "A"], ["1", "2", "3"]], Wrong.TWICE, None),
        ([["mobile", "a"], ["1", "2", "3"]], Wrong.MORE_FIELDS, 2),
        ([["mobile"], ["9.12E+09"]], Wrong.SPOILED, None),
    ],
)
def test_the_first_fault(make: Make, rows: list[list[Any]], wrong: Wrong, line: int | None) -> None:
    """As of a text file."""
    with pytest.raises(BadSheet) as raised:
        read_sheet(make(rows))
    assert (raised.value.wrong, raised.value.line) == (wrong, line)


def test_a_hidden_sheet_is_passed_over(tmp_path: Path) -> None:
    """The list is the first sheet that people see."""
    file = tmp_path / "two.xlsx"
    with xlsxwriter.Workbook(str(file)) as book:
        hidden, shown = book.add_worksheet("lists"), book.add_worksheet()
        hidden.write_column(0, 0, ["mobile", "0935"])
        shown.write_column(0, 0, ["mobile", "0912"])
        shown.activate()
        shown.set_first_sheet()
        hidden.hide()
    assert texts_of(file) == [("0912",)]


def test_one_far_cell(make: Make, tmp_path: Path) -> None:
    """A small file that would be a table of seventeen thousand million cells is refused with the cell that is far."""
    file = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(str(file)) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "mobile")
        sheet.write(1_048_575, 16_383, "x")
    assert file.stat().st_size < 10_000
    with pytest.raises(BadSheet, match="XFD1048576") as raised:
        read_sheet(file)
    assert raised.value.wrong is Wrong.TOO_MANY_CELLS


def test_sixteen_thousand_empty_columns(tmp_path: Path) -> None:
    """Cells that are only coloured are not there."""
    file = tmp_path / "wide.xlsx"
    with xlsxwriter.Workbook(str(file)) as book:
        colour = book.add_format({"bg_color": "yellow"})
        sheet = book.add_worksheet()
        sheet.write_column(0, 0, ["mobile", "0912"])
        for row in range(2):
            for place in range(1, 16_384):
                sheet.write_blank(row, place, None, colour)
    assert texts_of(file) == [("0912",)]


def test_too_many_columns_and_rows(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are counted before a table is made of them."""
    with pytest.raises(BadSheet) as raised:
        read_sheet(make([["mobile", *map(str, range(200))], ["1"]]))
    assert raised.value.wrong is Wrong.TOO_MANY_COLUMNS
    with pytest.raises(BadSheet) as raised:
        Extent(first_row=1, last_row=200_002, first_column=1, last_column=2).check(books.Book.XLSX)
    assert raised.value.wrong is Wrong.TOO_MANY_ROWS
    Extent(first_row=1, last_row=200_001, first_column=1, last_column=2).check(books.Book.XLSX)


def packed(parts: dict[str, bytes | str]) -> io.BytesIO:
    """A ZIP file of these parts, each packed as small as it gets."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as into:
        for name, octets in parts.items():
            into.writestr(name, octets)
    made.seek(0)
    return made


NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def workbook(sheet: str, shared: str = "") -> io.BytesIO:
    """A workbook in which the XML of the one sheet, and of the texts that its cells share, are these."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        book.add_worksheet().write(0, 0, "a text")
    with zipfile.ZipFile(made) as parts:
        kept: dict[str, bytes | str] = {name: parts.read(name) for name in parts.namelist()}
    kept["xl/worksheets/sheet1.xml"] = f"<worksheet {NAMESPACE}><sheetData>{sheet}</sheetData></worksheet>"
    kept["xl/sharedStrings.xml"] = f"<sst {NAMESPACE}>{shared}</sst>"
    return packed(kept)


def test_a_bomb(tmp_path: Path) -> None:
    """A part that unpacks to more than is read is refused by what the file says, or by what comes out of it."""
    file = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as into:
        into.writestr("xl/workbook.xml", "<workbook/>")
        with into.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            zeros = b" " * (1 << 24)
            for _ in range(33):
                part.write(zeros)
    with pytest.raises(BadSheet) as raised:
        read_sheet(file)
    assert raised.value.wrong is Wrong.TOO_LARGE


def test_a_million_shared_strings(tmp_path: Path) -> None:
    """They are read, or the child ends by its limits: one sentence, and nothing happens to us."""
    file = tmp_path / "strings.xlsx"
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>{row - 1}</v></c></row>' for row in (1, 2))
    shared = "<si><t>mobile</t></si><si><t>0912</t></si>" + "<si><t>x</t></si>" * 1_000_000
    file.write_bytes(workbook(cells, shared).read())
    assert texts_of(file) == [("0912",)]


def test_a_child_that_needs_too_much(make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A child that dies is a sentence, and so is one that takes too long."""
    file = make([["mobile"], ["0912"]])
    monkeypatch.setattr(books, "SECONDS", 0.001)
    with pytest.raises(BadSheet) as raised:
        read_sheet(file)
    assert raised.value.wrong is Wrong.CHILD_SLOW
    monkeypatch.setattr(books, "SECONDS", 60)
    broken = bytearray(file.read_bytes())
    at = broken.index(b"PK\x01\x02") // 2
    broken[at : at + 200] = b"\xff" * 200
    file.write_bytes(broken)
    with pytest.raises(BadSheet) as raised:
        read_sheet(file)
    assert raised.value.wrong is Wrong.CHILD_DIED


@pytest.mark.parametrize(
    ("octets", "wrong"),
    [
        (b"PK\x03\x04 not a zip", Wrong.CHILD_DIED),
        (packed({"word/document.xml": "x"}).read(), Wrong.NO_SHEET),
        (books._OLE + b"\0" * 600 + books._ENCRYPTED, Wrong.LOCKED),
        (books._OLE + b"\0" * 600, Wrong.NO_SHEET),
        (books._OLE + b"\0" * 600 + "Workbook".encode("utf-16-le"), Wrong.CHILD_DIED),
    ],
)
def test_what_is_no_workbook(tmp_path: Path, octets: bytes, wrong: Wrong) -> None:
    """Told by its octets."""
    file = tmp_path / "list.xlsx"
    file.write_bytes(octets)
    with pytest.raises(BadSheet) as raised:
        read_sheet(file)
    assert raised.value.wrong is wrong


def ods(table: str) -> io.BytesIO:
    """A workbook of LibreOffice around the rows of one table."""
    return packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:'
            'manifest:1.0"/>',
            "content.xml": '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
            'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
            'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
            f'<table:table table:name="a">{table}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        }
    )


def cell(text: str, repeated: str = "") -> str:
    """A cell of a table that holds a text."""
    return f'<table:table-cell office:value-type="string"{repeated}><text:p>{text}</text:p></table:table-cell>'


NOTHING = (
    '<table:table-cell table:number-columns-repeated="16382"/></table:table-row>'
    '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/>'
)


def test_a_workbook_of_libreoffice(tmp_path: Path) -> None:
    """With the million of empty rows that such a table always ends in."""
    file = tmp_path / "list.ods"
    rows = "".join(f"<table:table-row>{cell(text)}{NOTHING}</table:table-row>" for text in ("mobile", "09120000001"))
    file.write_bytes(ods(rows).read())
    assert texts_of(file, Asked(number="mobile"))[:1] == [("09120000001",)]


def test_a_cell_that_is_repeated_a_million_times(tmp_path: Path) -> None:
    """Some octets of XML are a table of a thousand million cells."""
    file = tmp_path / "far.ods"
    repeated = ' table:number-columns-repeated="1024"'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell("x", repeated)}</table:table-row>'
    file.write_bytes(ods(row).read())
    with pytest.raises(BadSheet) as raised:
        read_sheet(file)
    assert raised.value.wrong is Wrong.TOO_MANY_CELLS


def test_extents() -> None:
    """Cells without a reference stand behind the one before; empty ones do not count; a border of chunks is no gap."""
    cells = '<row r="3"><c><v>1</v></c><c r="E3" s="1"/><c t="inlineStr"><is><t>x</t></is></c></row>'
    cells += "<row><c/><c><f>1+1</f></c></row>"
    with zipfile.ZipFile(workbook(cells)) as book:
        assert extent_of_xlsx(book) == (0, Extent(first_row=3, last_row=4, first_column=1, last_column=6))
    many = "".join(f'<row r="{row}"><c r="B{row}"><v>{row}</v></c></row>' for row in range(1, 60_001))
    with zipfile.ZipFile(workbook(many)) as book:
        assert extent_of_xlsx(book) == (0, Extent(first_row=1, last_row=60_000, first_column=2, last_column=2))
    with zipfile.ZipFile(ods(f"<table:table-row>{cell('a')}{NOTHING}</table:table-row>")) as book:
        assert extent_of_ods(book) == Extent(first_row=1, last_row=1, first_column=1, last_column=1)
