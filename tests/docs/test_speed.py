"""The page of speed is what its figures say."""

import msgspec
from bench.cells import FIGURES
from bench.page import FOLDER, Kept, page

KEPT = msgspec.json.decode((FOLDER / "speed.json").read_bytes(), type=Kept)


def test_the_page_is_up_to_date() -> None:
    """The page is made of the figures beside it; if not, run `python -m bench.page --only none`."""
    assert (FOLDER / "speed.md").read_text(encoding="utf-8") == page(KEPT)


def test_figures_are_known() -> None:
    """Every figure that was kept has a name that the page shows."""
    reports = [KEPT.now, *(KEPT.before or ()), *(KEPT.growth or ()), *(KEPT.peers or ())]
    shown = {name for report in reports if report for figures in report.cells.values() for name in figures}
    assert shown <= set(FIGURES)
