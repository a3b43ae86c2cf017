"""`payamak send`: options and rows become what the client library takes."""

from pathlib import Path
from typing import Any

import pytest

from payamak.cli.bulk import _read, _rows
from payamak.cli.shell import Failed
from payamak.cli.wanted import Wanted
from payamak.client import Chelcheleh, SecondLine, ServiceLine

COMMON = Wanted(to="", text="", line="3000")


def rows_of(file: Path) -> list[tuple[int, Wanted]]:
    """What the rows of a file ask for."""
    with _read(file) as sheet:
        return _rows(file, sheet, COMMON)


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        ({}, {"line": None, "fallback": None}),
        ({"line": "1"}, {"line": "1", "fallback": None}),
        ({"line2": "2"}, {"line": "2", "fallback": None}),
        ({"line": "1", "line2": "2"}, {"line": "1", "fallback": [SecondLine("2")]}),
        ({"send_type": 1}, {"line": None, "via": Chelcheleh()}),
        ({"send_type": 2, "template": 3}, {"line": None, "via": ServiceLine(3)}),
        ({"line": "1", "send_type": 2}, {"line": "1", "fallback": [ServiceLine(0)]}),
        ({"line": "1", "line2": "2", "send_type": 1}, {"line": "1", "fallback": [SecondLine("2"), Chelcheleh()]}),
    ],
)
def test_every_scenario_of_the_contract_can_be_asked_for(given: dict[str, Any], arguments: dict[str, Any]) -> None:
    """The options of wsSend become the client's words, row by row of contract §1."""
    assert Wanted(to="x", text="y", **given).arguments() == {"life_time_minutes": None, **arguments}


def test_an_unknown_type_is_refused() -> None:
    """A type outside the table is told before anything is sent."""
    with pytest.raises(ValueError, match="type is 0, 1"):
        Wanted(to="x", text="y", send_type=3).arguments()


def test_rows_fall_back_to_the_options(tmp_path: Path) -> None:
    """What a row leaves empty is taken from the options; digits may be Persian, the file may have a BOM."""
    file = tmp_path / "m.csv"
    file.write_text('\ufeffMobile,message,line,type\n0912,"سلام, دنیا",,۲\n0913,b,3001,\n', encoding="utf-8")
    (first, one), (second, two) = rows_of(file)
    assert (first, second) == (2, 3)
    assert (one.to, one.text, one.line, one.send_type) == ("0912", "سلام, دنیا", "3000", 2)
    assert (two.line, two.send_type) == ("3001", 0)


def test_rows_that_are_read(tmp_path: Path) -> None:
    """Quoted commas, quotes and line breaks, lines of nothing, three kinds of line ends, a row that ends early."""
    file = tmp_path / "m.csv"
    file.write_bytes(b'mobile,message,line\r\n1,"a, ""b""\nc\r\n09 d",\n\n  \r2,b\n3,x')
    assert [(line, each.to, each.text) for line, each in rows_of(file)] == [
        (2, "1", 'a, "b"\nc\r\n09 d'),
        (7, "2", "b"),
        (8, "3", "x"),
    ]


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"to,text\n1,2\n", "m.csv: there is no column 'mobile'; the columns are to, text; nothing was sent"),
        (b"mobile,text\n1,2\n", "m.csv: the columns are mobile, message"),
        (b"mobile,message,colour\n1,2,3\n", "m.csv: the columns are mobile, message, line"),
        (b"mobile,message,type\n1,2,x\n", "line 2: type is a number"),
        (b"mobile,message,line2\n1,a\n2\n", "line 3: message is empty"),
        (b"mobile,message\n ,a\n", "line 2: mobile is empty"),
        (b"mobile,message,type\r\n1,a,0\r\n1,a,7\r\n", "line 3: type is 0, 1"),
        (b"mobile,message\n\n1,hello, world\n", "line 3: 3 fields for 2 columns"),
        (b'mobile,message\n1,a\n2,"b\n3,c\n', "line 3: a quote is opened and never closed"),
        (b"mobile,message,mobile\n1,a,2\n", "m.csv: the column 'mobile' is there twice; nothing was sent"),
        (b"", "there is no row below the names of the columns"),
    ],
)
def test_a_wrong_file_is_refused(octets: bytes, told: str, tmp_path: Path) -> None:
    """A file that cannot be followed is told with its line, before anything is sent."""
    file = tmp_path / "m.csv"
    file.write_bytes(octets)
    with pytest.raises(Failed, match=told):
        rows_of(file)
