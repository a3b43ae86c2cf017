"""What commands share: instants and durations as people write and read them."""

import asyncio
import json
import signal
from contextvars import copy_context

import pytest
from rich.console import Console

from payamak.cli.shell import (
    Common,
    Failed,
    complain,
    counted,
    fill,
    grid,
    instant_text,
    is_agreed,
    parse_instant,
    say,
    show_block,
    tell_json,
)
from payamak.domain.instants import duration_text

NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2h", NOW - 7_200_000),
        ("30s", NOW - 30_000),
        ("1d", NOW - 86_400_000),
        ("2027-01-15T08:00:00Z", NOW),
        ("2027-01-15T11:30:00+03:30", NOW),
        ("1405/10/25 11:30", NOW),
        ("jalali:1405-10-25T11:30", NOW),
    ],
)
def test_an_instant_is_read(text: str, at: int) -> None:
    """So long ago, or an instant of ISO 8601."""
    assert parse_instant(text, NOW) == at


def test_an_instant_shown_is_read_again() -> None:
    """What a table shows can be given back to an option."""
    assert parse_instant(instant_text(NOW), 0) == NOW


def test_what_is_no_instant_is_refused() -> None:
    """The refusal says how to write it."""
    with pytest.raises(Failed, match="write 2h"):
        parse_instant("tomorrow", NOW)
    with pytest.raises(Failed, match="before 2000"):
        parse_instant("1999-01-01", NOW)


def test_instants_are_shown_in_the_calendar_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the option, else by the setting, which is read with the others."""

    def shown(common: Common) -> str:
        common.settings()
        return instant_text(NOW)

    iso = copy_context().run(shown, Common())
    assert parse_instant(iso, 0) == NOW
    assert copy_context().run(shown, Common(calendar="jalali")) == "1405/10/25 11:30:00"
    monkeypatch.setenv("PAYAMAK_CALENDAR", "jalali")
    assert copy_context().run(shown, Common()) == "1405/10/25 11:30:00"
    assert copy_context().run(shown, Common(calendar="iso")) == iso


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0.0s"), (40, "40ms"), (1_250, "1.2s"), (200_000, "3m 20s"), (93_600_000, "1d 2h"), (3_600_000, "1h")],
)
def test_a_duration_is_told(ms: int, text: str) -> None:
    """Two units at most."""
    assert duration_text(ms) == text


def test_a_count_is_told() -> None:
    """One is one."""
    assert (counted(1, "line"), counted(2_000, "line")) == ("1 line", "2,000 lines")


EVIL = "سلام\x1b]0;title\x07\x1b[2J\x9b31m\x7f\r\n\tend\u202eend\u2066\u2028payamak: done\npayamak: done"


def test_a_terminal_is_not_commanded(capsys: pytest.CaptureFixture[str]) -> None:
    """A text that a handset sent may hold what a terminal obeys: tables, sentences and JSON show it instead."""
    console = Console(width=200)
    with console.capture() as captured:
        console.print(fill(grid("text"), [[EVIL]]))
    tell_json({"text": EVIL})
    told = capsys.readouterr().out
    assert json.loads(told) == {"text": EVIL}
    say(EVIL)
    show_block(Console(), EVIL)
    complain(EVIL)
    said = capsys.readouterr()
    for shown in (captured.get(), told, said.out, said.err):
        assert "سلام" in shown
        assert not set(shown) & {*map(chr, (*range(10), *range(11, 32), *range(127, 160))), *"\u202e\u2066\u2028"}


def test_a_text_does_not_write_lines_like_ours(capsys: pytest.CaptureFixture[str]) -> None:
    """A row of a table stays a row, a sentence one line, and further lines stand behind a bar."""
    console = Console(width=200)
    with console.capture() as captured:
        console.print(fill(grid("text", "state"), [["a\nb  delivered", "queued"]]))
    (row,) = [line for line in captured.get().splitlines() if "queued" in line or "delivered" in line]
    assert row.split() == ["a␊b", "delivered", "queued"]
    say("a\npayamak: done")
    show_block(Console(), "a\npayamak: done")
    complain("a\npayamak: done")
    said = capsys.readouterr()
    assert said.out.splitlines() == ["a␊payamak: done", "│ a", "│ payamak: done"]
    assert said.err.splitlines() == ["payamak: a", "payamak: │ payamak: done"]


def test_nor_where_a_terminal_wraps() -> None:
    """A text that is as wide as the terminal does not put its rest where our lines begin; nothing of it is lost."""
    console = Console(width=20, force_terminal=True, color_system=None)
    with console.capture() as captured:
        show_block(console, "a" * 17 + " payamak: done\n\nسلام " + "x" * 40)
    told = captured.get().splitlines()
    assert all(line.startswith("│ ") and len(line) <= 20 for line in told)
    assert (
        "".join(line.removeprefix("│ ") for line in told).replace(" ", "") == "a" * 17 + "payamak:doneسلام" + "x" * 40
    )
    assert "│ " in told, "the empty line is there"


def test_lines_of_ours_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Several texts are several lines; a line end within one is shown and not obeyed."""
    say("one", "two\nthree")
    assert capsys.readouterr().out == "one\ntwo␊three\n"


def test_ctrl_c_at_a_question_is_no(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends the question at once; a yes that is typed after it is not heard."""

    class Person:
        def readline(self) -> str:
            signal.raise_signal(signal.SIGINT)
            return "yes\n"

    agreed: list[bool] = []

    async def command() -> None:
        agreed.append(is_agreed("Everything goes."))

    monkeypatch.setattr("sys.stdin", Person())
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(command())
    assert agreed == []
    assert capsys.readouterr().err.endswith("[y/N] \nnothing was changed\n")
