"""Paths as the field writes them."""

import pytest

from payamak.http.request import Request, Response, Route
from payamak.http.url import Routes, fold_path

GET = frozenset({"GET"})


async def tell(_: Request) -> Response:
    """Nothing is asked here."""
    raise AssertionError


def route(path: str, *, is_folded: bool = False) -> Route:
    """A route of this path."""
    return Route(path, methods=GET, handler=tell, is_folded=is_folded)


ROUTES = Routes(
    [
        route("/api/wssend.ashx", is_folded=True),
        route("/metrics"),
        route("/metrics?raw"),
        route("/panel/messages/{id}"),
        route("/panel/messages/new"),
        route("/panel/static/{name}"),
        route("/panel/{kind}/{id}/text"),
    ]
)


def found(raw: bytes, query: bytes = b"", method: str = "GET") -> tuple[str, dict[str, str]] | None:
    """The path of the route, and what stands in the place of its names."""
    it = ROUTES.find(method, raw, query)
    return None if it is None else (it[0].path, dict(it[1]))


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
    assert found(raw) == ("/api/wssend.ashx", {})


@pytest.mark.parametrize(
    "raw", [b"/METRICS", b"//metrics", b"/%6detrics", b"/metrics%20", b"/metric%73", b"/Metrics", b"/metrics\xff"]
)
def test_what_is_ours_has_one_spelling(raw: bytes) -> None:
    """A proxy that closes it by its spelling has closed it."""
    assert found(raw) is None
    assert found(b"/metrics") == ("/metrics", {})


@pytest.mark.parametrize(
    ("raw", "path", "parameters"),
    [
        (b"/panel/messages/1001", "/panel/messages/{id}", {"id": "1001"}),
        (b"/panel/messages/%D8%B3", "/panel/messages/{id}", {"id": "س"}),
        (b"/panel/messages/a%2Fb", "/panel/messages/{id}", {"id": "a/b"}),
        (b"/panel/messages/new", "/panel/messages/new", {}),
        (b"/panel/static/a.1f.css", "/panel/static/{name}", {"name": "a.1f.css"}),
        (b"/panel/messages/7/text", "/panel/{kind}/{id}/text", {"kind": "messages", "id": "7"}),
        (b"/panel/messages/", "", {}),
        (b"/panel/messages/%FF", "", {}),
        (b"/panel/messages/a%00", "", {}),
        (b"/panel/messages/7/", "", {}),
        (b"/PANEL/messages/7", "", {}),
        (b"/panel//messages/7", "", {}),
    ],
)
def test_names_stand_for_one_segment(raw: bytes, path: str, parameters: dict[str, str]) -> None:
    """Text of UTF-8 that can be shown and is not empty; what is listed as it stands goes before."""
    assert found(raw) == ((path, parameters) if path else None)


def test_a_name_in_the_query() -> None:
    """A route may be asked by a name in the query, in any letter case and place, if it takes the method."""
    for query in (b"raw", b"RAW=1", b"a=b&%72aw"):
        assert found(b"/metrics", query) == ("/metrics?raw", {})
        assert found(b"/metrics", query, "POST") == ("/metrics", {})
    for query in (b"", b"x=raw", b"rawer"):
        assert found(b"/metrics", query) == ("/metrics", {})


def test_no_path_is_listed_twice() -> None:
    """Whichever of the two were taken, nobody would look for the other."""
    for path in ("/a", "/a?b"):
        with pytest.raises(ValueError, match=r"two routes of /a"):
            Routes([route(path), route(path)])
