"""The pages that machines read: who sees what, and that the page of metrics is made anew only so often."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from tests.unit.http.memory import call

from payamak.http.app import Application
from payamak.http.health import REST, HealthPages, Sparing
from payamak.http.request import READ, Route

OURS = "10.0.0.0/8"
TRUSTED = "127.0.0.1/32"


def application(*, is_ready: bool = False) -> Application:
    """The pages, shown to this machine and to 10.0.0.0/8; a proxy runs beside us."""
    pages = HealthPages(
        lambda: is_ready, lambda: b"metrics", lambda: "the disk", lambda: "asks", networks=[ip_network(OURS)]
    )
    routes = [
        Route("/healthz", methods=READ, handler=pages.healthz),
        Route("/readyz", methods=READ, handler=pages.readyz),
        Route("/metrics", methods=READ, handler=pages.metrics),
    ]
    return Application(routes, trusted_proxies=[ip_network(TRUSTED)])


@pytest.mark.parametrize(
    ("peer", "headers", "is_inside"),
    [
        ("127.0.0.1", {}, True),
        ("127.0.0.9", {}, True),
        ("::1", {}, True),
        ("::ffff:127.0.0.1", {}, True),
        ("10.1.2.3", {}, True),
        ("203.0.113.9", {}, False),
        ("2001:db8::1", {}, False),
        ("", {}, False),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.9"}, False),
        ("127.0.0.1", {"x-forwarded-for": "10.1.2.3"}, True),
        ("127.0.0.1", {"x-forwarded-for": "10.1.2.3, 203.0.113.9"}, False),
        ("127.0.0.1", {"x-forwarded-for": "unknown"}, False),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.9, 127.0.0.1"}, False),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, False),
        ("127.0.0.1", {"x-real-ip": "203.0.113.9"}, False),
        ("127.0.0.1", {"forwarded": "for=203.0.113.9"}, False),
        ("127.0.0.1", {"via": "1.1 proxy"}, False),
        ("127.0.0.1", {"cf-connecting-ip": "203.0.113.9"}, False),
        ("127.0.0.1", {"true-client-ip": "203.0.113.9"}, False),
        ("127.0.0.1", {"x-forwarded-scheme": "https"}, False),
        ("127.0.0.2", {"x-forwarded-for": "10.1.2.3"}, False),
        ("10.1.2.3", {"x-forwarded-for": "127.0.0.1"}, False),
        ("203.0.113.9", {"x-forwarded-for": "127.0.0.1"}, False),
    ],
)
async def test_metrics_and_reasons_are_for_this_machine_and_the_list(
    peer: str, headers: dict[str, str], is_inside: bool
) -> None:
    """Whoever speaks for somebody unknown is not this machine, wherever he runs; that we take nothing all may know."""
    octets = [(name.encode(), value.encode()) for name, value in headers.items()]
    told = await call(application(), "/metrics", method="GET", peer=peer, headers=octets)
    assert (told.status, told.body == b"metrics") == ((200, True) if is_inside else (403, False))
    told = await call(application(), "/readyz", method="GET", peer=peer, headers=octets)
    assert (told.status, told.body) == (503, b"not taking: the disk\n" if is_inside else b"not taking\n")
    told = await call(application(is_ready=True), "/readyz", method="GET", peer=peer, headers=octets)
    assert (told.status, told.body) == (200, b"ready\nasks\n" if is_inside else b"ready\n")
    told = await call(application(), "/healthz", method="GET", peer=peer, headers=octets)
    assert (told.status, told.body) == (200, b"alive\n")


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
