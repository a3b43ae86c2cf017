"""Files whose names hold their digests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.unit.http.doors import serving

from payamak.http.static import StaticFiles

END = b" HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def files(tmp_path: Path) -> StaticFiles:
    """Two files and what is told of them."""
    (tmp_path / "app.css").write_text("p { margin: 0 }")
    (tmp_path / "panel.js").write_text("let a")
    (tmp_path / "vendor.toml").write_text("")
    return StaticFiles(tmp_path, "/panel/static")


async def test_a_file_is_kept_for_ever(files: StaticFiles) -> None:
    """Under the name of its digest, with its type; who has it is told 304; HEAD tells its length."""
    path = files.url("app.css")
    assert re.fullmatch(r"/panel/static/app\.[0-9a-f]{16}\.css", path)
    async with serving(files.route) as home:
        status, headers, body = await home.ask(b"GET " + path.encode() + END + b"\r\n")
        assert (status, body, headers["content-type"]) == (200, b"p { margin: 0 }", "text/css; charset=utf-8")
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        asked = f"If-None-Match: {headers['etag']}\r\n\r\n".encode()
        assert (await home.ask(b"GET " + path.encode() + END + asked))[0] == 304
        head = await home.say(b"HEAD " + path.encode() + END + b"Connection: close\r\n\r\n")
        assert b"content-length: 15\r\n" in head
        assert head.endswith(b"\r\n\r\n")


async def test_no_other_name_leads_to_a_file(files: StaticFiles) -> None:
    """Not the plain name, nor another digest, nor a way out of the folder, nor what is not for callers."""
    paths = ["app.css", "app.0000000000000000.css", "..%2Fapp.css", "vendor.toml", "%2e%2e/static/app.css"]
    async with serving(files.route) as home:
        for path in paths:
            assert (await home.ask(b"GET /panel/static/" + path.encode() + END + b"\r\n"))[0] == 404
        assert (await home.ask(b"POST " + files.url("panel.js").encode() + END + b"\r\n"))[0] == 405
    with pytest.raises(KeyError):
        files.url("vendor.toml")


def test_a_change_is_another_name(files: StaticFiles, tmp_path: Path) -> None:
    """Nobody who has kept the old one meets the new page with it."""
    before = files.url("app.css")
    (tmp_path / "app.css").write_text("p { margin: 1px }")
    assert StaticFiles(tmp_path, "/panel/static").url("app.css") != before


async def test_a_style_names_a_file_beside_it(tmp_path: Path) -> None:
    """By the name that it has here; one that is not there is a fault at once."""
    (tmp_path / "app.css").write_text('@font-face { src: url("a.woff2") }')
    with pytest.raises(KeyError):
        StaticFiles(tmp_path, "/panel/static")
    (tmp_path / "a.woff2").write_bytes(b"font")
    files = StaticFiles(tmp_path, "/panel/static")
    async with serving(files.route) as home:
        _, _, body = await home.ask(b"GET " + files.url("app.css").encode() + END + b"\r\n")
    name = files.url("a.woff2").rpartition("/")[2]
    assert body.decode() == f'@font-face {{ src: url("{name}") }}'
