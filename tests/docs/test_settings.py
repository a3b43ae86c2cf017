"""The page of settings is the settings."""

from tools.settings_page import PAGE, render


def test_the_page_is_up_to_date() -> None:
    """The page is what the tool makes of the definitions now; if not, run `python -m tools.settings_page`."""
    assert PAGE.read_text(encoding="utf-8") == render()
