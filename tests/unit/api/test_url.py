"""Paths as the field writes them."""

import pytest

from payamak.api.url import fold_path


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
