"""A file becomes a sheet, or is refused with its first fault: text files in every alphabet and with every separator."""

import string
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from payamak.language import words_of
from payamak.sheets.fault import SENTENCES, BadSheet, Wrong
from payamak.sheets.sheet import Asked, Row, Sheet, read_sheet

Put = Callable[[bytes], Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write octets into a file whose name says nothing."""

    def write(octets: bytes) -> Path:
        file = tmp_path / "list"
        file.write_bytes(octets)
        return file

    return write


def rows_of(sheet: Sheet) -> list[tuple[int, tuple[str, ...]]]:
    """All of a sheet that is closed afterwards."""
    with closing(sheet):
        return [(row.line, row.texts) for row in sheet.rows()]


LIST = "شماره موبایل,نام\n09120000001,علی\n09120000002,سارا\n"
TWO = [(2, ("09120000001", "علی")), (3, ("09120000002", "سارا"))]


@pytest.mark.parametrize("alphabet", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_alphabets(put: Put, alphabet: str) -> None:
    """The same list in every alphabet that Excel and others write."""
    assert rows_of(read_sheet(put(LIST.encode(alphabet)))) == TWO


def test_the_alphabet_of_windows(put: Put) -> None:
    """windows-1256 has no Persian yeh: the Arabic one stands in the names, and finds its columns all the same."""
    arabic = LIST.replace("ی", "ي")
    sheet = read_sheet(put(arabic.encode("cp1256")), Asked(fields=("نام",)))
    assert sheet.number == 0
    assert rows_of(sheet) == [(2, ("09120000001", "علي")), (3, ("09120000002", "سارا"))]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_ends_of_lines(put: Put, separator: str, end: str) -> None:
    """What stands between columns is told by the first line."""
    text = LIST.replace(",", separator).replace("\n", end)
    assert rows_of(read_sheet(put(text.encode()))) == TWO


def test_a_line_that_names_the_separator(put: Put) -> None:
    """Excel's own line of `sep=` is no row, and counts as a line."""
    assert rows_of(read_sheet(put(b"sep=;\nmobile;a,b,c\n0912;x\n"))) == [(3, ("0912", "x"))]


def test_a_list_of_nothing_but_numbers(put: Put) -> None:
    """One column of numbers needs no name."""
    sheet = read_sheet(put("۰۹۱۲۰۰۰۰۰۰۱\n09120000002\n".encode()))
    assert (sheet.columns, sheet.count) == (("mobile",), 2)
    assert rows_of(sheet) == [(1, ("۰۹۱۲۰۰۰۰۰۰۱",)), (2, ("09120000002",))]


def test_rows_can_be_read_again(put: Put) -> None:
    """The rows are those of the first reading, whatever becomes of the file."""
    file = put(b"mobile\n0912\n")
    with closing(read_sheet(file)) as sheet:
        file.write_bytes(b"mobile\n0935\n0936\n")
        assert list(sheet.rows()) == list(sheet.rows()) == [Row(2, ("0912",))]


def test_a_lost_zero_is_put_back_and_counted(put: Put) -> None:
    """A number of ten digits that begins with 9 has lost its zero to a program of numbers; other columns stay."""
    sheet = read_sheet(put(b"id,mobile\n9120000009,9120000001\n1,+989120000002\n"))
    assert sheet.zeros == 1
    assert rows_of(sheet) == [(2, ("9120000009", "09120000001")), (3, ("1", "+989120000002"))]


@pytest.mark.parametrize(
    ("header", "place"),
    [
        ("name,Mobile", 1),
        ("نام,شماره‌ موبایل", 1),
        ("شماره,همراه", 1),
        ("number,to", 1),
        ("Cell-Phone", 0),
        ("گيرنده,x", 0),
        ("شمارهٔ فاکتور,شماره", 1),
    ],
)
def test_the_column_of_numbers(put: Put, header: str, place: int) -> None:
    """Found by its name in either language, however it is spelled; the surest name first."""
    with closing(read_sheet(put(f"{header}\n{','.join('1' for _ in header.split(','))}\n".encode()))) as sheet:
        assert sheet.number == place


def test_fields_are_found_however_they_are_spelled(put: Put) -> None:
    """Arabic letters, digits of three scripts, joiners, blanks and capitals do not tell two names apart."""
    with closing(
        read_sheet(put("mobile,كد ۲,Full_Name\n1,2,3\n".encode()), Asked(fields=("کد2", "fullname")))
    ) as sheet:
        assert (sheet.place_of("کد ٢"), sheet.place_of("full name"), sheet.place_of("other")) == (1, 2, None)


def test_columns_that_nobody_named_are_left_out(put: Put) -> None:
    """What Excel leaves of a wider table: separators behind the last column, and rows of nothing."""
    assert rows_of(read_sheet(put(b"mobile,a,,\n1,2,,\n,,,\n3,4,,\n"))) == [(2, ("1", "2")), (4, ("3", "4"))]


@pytest.mark.parametrize(
    ("octets", "wrong", "line"),
    [
        (b"", Wrong.NO_ROWS, None),
        (b"\n\n", Wrong.NO_ROWS, None),
        (b"mobile,name\n\n,\n", Wrong.NO_ROWS, None),
        (b"colour,name\n1,2\n", Wrong.NO_NUMBERS, None),
        (b"colour,colour\n1,2\n", Wrong.NO_NUMBERS, None),
        (b"mobile,name,Name\n1,2,3\n", Wrong.TWICE, None),
        ("mobile,\u200emobile\n1,2\n".encode(), Wrong.TWICE, None),
        (b"mobile\n1\n2,3\n", Wrong.NO_FIELD, None),
        (b"mobile,name\n1,2\n3,4\n5,6,7\n8,9\n10,11\n", Wrong.TOO_MANY_ROWS, None),
        (b"mobile,name\n1,2\n9.12E+09,4\n5,6,7\n", Wrong.SPOILED, None),
        ("mobile,name\n۹٫۱۲E+۰۹,4\n".encode(), Wrong.SPOILED, None),
        (b"mobile,name\n1,2\n5,6,7\n", Wrong.MORE_FIELDS, 3),
        (b'mobile,name\n1,"a\nb\n2,"c"\n', Wrong.AFTER_QUOTE, 4),
        (b'mobile,name\n1,"a"b\n', Wrong.AFTER_QUOTE, 2),
        (b'mobile,name\n09120000001,"a\n09120000002,b"\n', Wrong.ROWS_INSIDE, 2),
        (b'name,mobile\n"a\nx,09120000002\ny",09120000001\n', Wrong.ROWS_INSIDE, 2),
        (b'mobile,name\n1, "hello, you"\n', Wrong.BEFORE_QUOTE, 2),
        ('mobile,name\n1,\u200f"hello"\n'.encode(), Wrong.BEFORE_QUOTE, 2),
        (b'mobile, "name"\n', Wrong.BEFORE_QUOTE, 1),
        (b'mobile,name\n1,5" pipe\n', Wrong.QUOTE_INSIDE, 2),
        (b'mobile,name\n1,a\n2,"b\n3,c\n', Wrong.OPEN_QUOTE, 3),
        (b"mobile,name\n1,\x00\n", Wrong.NO_SHEET, 2),
        (b"<html><table>", Wrong.NO_SHEET, None),
        (b"mobile,name\n" + b"\x90\x00\x81" * 40, Wrong.NO_SHEET, 2),
    ],
)
def test_the_first_fault(put: Put, octets: bytes, wrong: Wrong, line: int | None) -> None:
    """Those of the whole file come first, in the order that the page says; then the first row's, with its line."""
    fields = ("name",) if b"colour" not in octets else ()
    with pytest.raises(BadSheet) as raised:
        read_sheet(put(octets), Asked(fields=fields, most_rows=4))
    assert (raised.value.wrong, raised.value.line) == (wrong, line)
    assert "{" not in str(raised.value)


def test_a_quote_that_never_closes_does_not_take_the_whole_file(put: Put) -> None:
    """It ends after so many characters: a file of a million rows is not one field first."""
    rows = b"".join(b"0912%07d,text\n" % number for number in range(20_000))
    with pytest.raises(BadSheet) as raised:
        read_sheet(put(b'mobile,name\n1,"open\n' + rows))
    assert (raised.value.wrong, raised.value.line) == (Wrong.OPEN_QUOTE, 2)


def places_of(sentence: str) -> set[str]:
    """The names of what is filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("wrong", Wrong)
def test_every_fault_has_a_sentence_in_both_languages(wrong: Wrong) -> None:
    """With the same places."""
    sentence = SENTENCES[wrong]
    assert sentence != sentence.fa
    assert places_of(sentence) == places_of(sentence.fa)


def test_a_fault_speaks_persian(put: Put) -> None:
    """What it names in words of ours as well."""
    with pytest.raises(BadSheet) as raised:
        read_sheet(put(b"<html>"))
    assert words_of(raised.value).fa.startswith("این فهرستی از سطرها نیست، صفحه یا سندی به XML است")
