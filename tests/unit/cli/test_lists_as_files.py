"""Lists that go into other programs: messages as CSV, and the ids of a file."""

import csv
import io
import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.store.world import LINE, World, step
from tests.unit.cli.test_acts import data, work

from payamak.cli.ids import read_ids
from payamak.cli.program import run
from payamak.cli.shell import ExitCode, Failed
from payamak.sheets.harmless import cell_of_words

__all__ = ["data"]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+98 912", "'+98 912"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("سلام", "سلام"),
        ("a=b", "a=b"),
        (" =1", " =1"),
        ("", ""),
    ],
)
def test_a_cell_of_words(text: str, cell: str) -> None:
    """What a spreadsheet would take for a formula gets an apostrophe, and nothing else is touched."""
    assert cell_of_words(text) == cell


def test_messages_as_csv(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row each, numbers plain, texts only if they were asked for."""
    texts = ['=cmd|"/c calc"!A1', "دو خط\nو, ویرگول", "hello"]

    async def accept(world: World) -> None:
        for text in texts:
            await world.accept(world.new(replace(step(LINE), text=text)))

    work(data, accept)
    assert run(["messages", "--csv", "--text", "--since", "today"]) == ExitCode.DONE
    told = capsys.readouterr().out
    head, *rows = csv.reader(io.StringIO(told))
    assert head == ["id", "accepted", "account", "recipient", "line", "state", "reason", "code", "rial", "text"]
    assert [row[-1] for row in rows] == ["hello", texts[1], "'" + texts[0]]
    assert [(row[4], row[5], row[8]) for row in rows] == [(LINE, "queued", "0")] * 3
    assert run(["messages", "--csv"]) == ExitCode.DONE
    assert "hello" not in capsys.readouterr().out
    assert run(["messages", "--csv", "--json"]) == ExitCode.USAGE


@pytest.mark.parametrize(
    "text",
    [
        "1001 1002\n1003",
        "1001,1002،1003\r\n",
        "\ufeff۱۰۰۱; ۱۰۰۲\n\n۱۰۰۳",
        "row,mobile,status,message_id\n2,0912,accepted,1001\n3,0912,refused,\n4,0912,accepted,1002\n5,,accepted,1003\n",
    ],
)
def test_ids_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """However they are parted, with digits of any script, or as a column of `send --csv`; also from stdin."""
    file = tmp_path / "ids"
    file.write_bytes(text.encode())
    assert read_ids(file) == [1001, 1002, 1003]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert read_ids(Path("-")) == [1001, 1002, 1003]


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"1001\n10x2\n", "line 2: '10x2' is no message id"),
        (b"1001\n0\n", "line 2: '0' is no message id"),
        (b"message_id\n1001\n-5\n", "line 3: '-5' is no message id"),
        (b"1001\n\xff\n", "this is no text in UTF-8"),
    ],
)
def test_what_are_no_ids(tmp_path: Path, octets: bytes, said: str) -> None:
    """A word that is none refuses the whole file, with its line: nobody is asked about half of it."""
    file = tmp_path / "ids"
    file.write_bytes(octets)
    with pytest.raises(Failed, match=re.escape(said)):
        read_ids(file)
