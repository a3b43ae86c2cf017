"""Paths as the field writes them."""

import pytest

from payamak.http.url import find_route, fold_path


class Door:
    """What stands behind a path."""

    def __init__(self, *, is_folded: bool) -> None:
        self.is_folded = is_folded


ROUTES = {"/api/wssend.ashx": Door(is_folded=True), "/metrics": Door(is_folded=False)}


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        (b"/api/wsSend.ashx", "/api/wssend.ashx"),
        (b"/API/WSSEND.ASHX", "/api/wssend.ashx"),
        (b"//api///wsSend.ashx", "/api/wssend.ashx"),
        (b"/api/ws%53end%2Eashx", "/api/wssend.ashx"),
        (b"/api%2FwsSend.ashx", "/api/wssend.ashx"),
        (b"/api/%2FwsSend.ashx", "/api/wssend.ashx"),
        (b"/api/ws%2553end.ashx", "/api/ws%53end.ashx"),
        (b"/api/100%", "/api/100%"),
        (b"/", "/"),
        (b"/api/wsSend.ashx%00", None),
        (b"/api/wsSend.ashx%0d%0a", None),
        (b"/healthz%E2%84%AA", None),
        (b"/%FF", None),
    ],
)
def test_path_is_folded(raw: bytes, folded: str | None) -> None:
    """Letter case and doubled slashes make no difference, escapes are read once, foreign octets name nothing."""
    assert fold_path(raw) == folded


@pytest.mark.parametrize("raw", [b"/api/wsSend.ashx", b"//API/wssend.ASHX", b"/api/ws%53end.ashx"])
def test_a_door_of_the_old_panel_has_every_spelling(raw: bytes) -> None:
    """The field writes them so."""
    assert find_route(ROUTES, raw) == ("/api/wssend.ashx", ROUTES["/api/wssend.ashx"])


@pytest.mark.parametrize(
    "raw", [b"/METRICS", b"//metrics", b"/%6detrics", b"/metrics%20", b"/metric%73", b"/Metrics", b"/metrics\xff"]
)
def test_what_is_ours_has_one_spelling(raw: bytes) -> None:
    """A proxy that closes it by its spelling has closed it."""
    assert find_route(ROUTES, raw) is None
    assert find_route(ROUTES, b"/metrics") == ("/metrics", ROUTES["/metrics"])
