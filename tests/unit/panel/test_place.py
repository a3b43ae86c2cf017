"""Where the panel is reached: what is safe, what is not, and how its cookie is called."""

from __future__ import annotations

import pytest

from payamak.panel.place import place_of


@pytest.mark.parametrize(
    ("url", "origin", "cookie"),
    [
        ("", "http://127.0.0.1:8080", "payamak-8080"),
        ("http://localhost:9000/", "http://localhost:9000", "payamak-9000"),
        ("http://[::1]:80", "http://[::1]", "payamak-80"),
        ("https://Panel.Example.ir", "https://panel.example.ir", "__Host-payamak"),
        ("https://panel.example.ir:8443", "https://panel.example.ir:8443", "__Host-payamak"),
    ],
)
def test_a_place(url: str, origin: str, cookie: str) -> None:
    """As browsers write it."""
    place = place_of(url, 8080, over_http=False)
    assert (place.origin, place.cookie, place.is_open) == (origin, cookie, False)


@pytest.mark.parametrize(
    "url", ["ftp://a", "panel.example.ir", "https://a/panel", "https://u@a", "https://a:x", "https://"]
)
def test_what_is_none(url: str) -> None:
    """Is refused, with what to write."""
    with pytest.raises(ValueError, match="panel_url"):
        place_of(url, 8080, over_http=True)


def test_plain_http_in_a_network() -> None:
    """Is refused with the three ways out, unless the risk is taken; then it is known to be open."""
    with pytest.raises(ValueError, match="panel_over_http"):
        place_of("http://10.0.0.5:8080", 8080, over_http=False)
    assert place_of("http://10.0.0.5:8080", 8080, over_http=True).is_open
