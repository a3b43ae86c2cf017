"""The page of metrics is made anew only so often."""

from __future__ import annotations

from payamak.api.health import REST, Sparing


class Page:
    """A page that takes a second to make, by a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.made = 0

    def make(self) -> bytes:
        """One more."""
        self.made += 1
        self.now_s += 1.0
        return b"%d" % self.made


def test_a_page_is_shown_again_for_as_long_as_it_was_dear() -> None:
    """Asked without a pause it is made once; asked later, anew."""
    page = Page()
    shown = Sparing(page.make, lambda: page.now_s)
    assert [shown(), shown()] == [b"1", b"1"]
    page.now_s += REST - 0.1
    assert shown() == b"1"
    page.now_s += 0.2
    assert [shown(), shown()] == [b"2", b"2"]
