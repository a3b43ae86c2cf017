"""The page of states is the table of states."""

from tools.state_diagram import PAGE, render

from payamak.domain.states import TABLE


def test_the_page_is_up_to_date() -> None:
    """The page is what the tool makes of the table now; if not, run `python tools/state_diagram.py`."""
    assert PAGE.read_text(encoding="utf-8") == render()


def test_every_move_is_on_the_page() -> None:
    """Each pair of state and event has its row."""
    rows = [line for line in render().partition("## Moves")[2].partition("## Events")[0].splitlines() if line]
    assert len(rows) - 2 == len(TABLE)
