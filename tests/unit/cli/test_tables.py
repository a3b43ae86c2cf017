"""Tables at every width: what is shown of them, and that nothing is ever broken to make room."""

import io
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from payamak.cli.shell import fill, grid
from payamak.cli.tables import NO_EDGE, wrapped

INSTANT = "2026-11-26 16:28:23"
COLUMNS = ("id", "accepted", "account", "recipient", "line", "state", "reason", "code", "rial")
ROW = ("1003", INSTANT, "shop", "989120009002", "9830003300", "undeliverable", "receipt", "", "2,100")


def printed(width: int, *columns: str, rows: Sequence[tuple[str, ...]], below: str | None = None) -> list[str]:
    """What a table looks like at this width, line by line, the empty one at its end left out."""
    out = Console(width=width, record=True, file=io.StringIO())
    out.print(fill(grid(*columns, right=("id", "rial"), below=below), rows))
    return out.export_text().split("\n")[:-2]


def test_a_table_with_room_stays_as_it_is() -> None:
    """Nothing is left out where everything has a place; numbers stand at the right."""
    assert printed(
        80, "id", "accepted", "code", "rial", rows=[("1001", INSTANT, "", "5"), ("9", INSTANT, "", "20")]
    ) == [
        "  id   accepted              code   rial",
        "────────────────────────────────────────",
        "1001   2026-11-26 16:28:23             5",
        "   9   2026-11-26 16:28:23            20",
    ]


def test_a_pipe_has_no_edge() -> None:
    """A row is a line, whatever stands in it, and no line ends with blanks."""
    said = "a sentence of many words, " * 40
    heads, _, row = printed(NO_EDGE, "id", "why", "", rows=[("1001", said.strip(), "")])
    assert (heads, row) == ("  id   why", "1001   " + said.strip())


def test_columns_without_anything_go_first() -> None:
    """And the others stand closer; no word is broken for a column."""
    heads, _, row = printed(95, *COLUMNS, rows=[ROW])
    assert heads.split() == [name for name in COLUMNS if name != "code"]
    assert row.split() == [*ROW[:1], *INSTANT.split(), *ROW[2:7], "2,100"]


def test_a_sentence_may_stand_below_its_row() -> None:
    """Where beside the others it would be a pillar."""
    why = "It waits until `payamak resume line 9830003305`, or until its deadline."
    columns, rows = ("line", "state", "oldest", "why"), [("9830003300", "queued", "4m 2s", why)]
    assert printed(50, *columns, rows=rows, below="why") == [
        "line        state   oldest",
        "──────────────────────────",
        "9830003300  queued  4m 2s",
        "    It waits until `payamak resume line",
        "    9830003305`, or until its deadline.",
    ]
    assert printed(70, *columns, rows=rows, below="why")[2:] == [
        "9830003300   queued   4m 2s    It waits until `payamak resume line",
        "                               9830003305`, or until its deadline.",
    ]


def test_what_has_no_room_as_a_table_is_told_row_by_row() -> None:
    """A block for each row, a line for each value that there is; what is longer than a line goes on below itself."""
    columns = ("id", "received", "line", "sender", "keyword", "note")
    rows = [
        ("1002", INSTANT, "9830003300", "989130009090", "", "the variable that relay_secret names is not set"),
        ("1001", INSTANT, "9830003300", "989130009099", "", ""),
    ]
    assert printed(44, *columns, rows=rows) == [
        "id        1002",
        f"received  {INSTANT}",
        "line      9830003300",
        "sender    989130009090",
        "note      the variable that relay_secret",
        "          names is not set",
        "",
        "id        1001",
        f"received  {INSTANT}",
        "line      9830003300",
        "sender    989130009099",
    ]


def test_a_long_path_goes_on_behind_a_slash() -> None:
    """And only where it has no line of its own; what has no slash is whole as long as a line has room for it."""
    assert wrapped("store /var/lib/payamak/archive/of/the/year/payamak.sqlite", 30) == [
        "store",
        "/var/lib/payamak/archive/of/",
        "the/year/payamak.sqlite",
    ]
    assert wrapped("id 0123456789abcdef0123456789abcdef01234567", 42) == [
        "id",
        "0123456789abcdef0123456789abcdef01234567",
    ]


@given(
    st.integers(min_value=24, max_value=240),
    st.lists(
        st.tuples(*[st.from_regex(r"[0-9a-f]{0,20}", fullmatch=True)] * 4, st.text("ab cdسلام./", max_size=90)),
        min_size=1,
        max_size=4,
    ),
)
def test_no_number_is_ever_broken(width: int, rows: list[tuple[str, ...]]) -> None:
    """At any width every cell without blanks stands whole in one line, and no line is wider than the terminal."""
    lines = printed(width, "a", "b", "c", "d", "says", rows=rows, below="says")
    assert all(cell_len(line) <= width for line in lines)
    words = " ".join(lines).split()
    for row in rows:
        assert all(cell in words for cell in row[:4] if cell)
