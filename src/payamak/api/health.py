"""/healthz: the process lives. /readyz: it takes messages. /metrics: what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from payamak.api.app import READ, Request, Response, Route

_TEXT = "text/plain; charset=utf-8"
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


REST: Final = 20
"""A page is shown again for so many times as long as it took to make: whoever asks without a pause gets one that is
some 50 ms old, and takes a twentieth of the processor."""


class Sparing:
    """Makes a page anew only if the last one is old, measured by what it cost."""

    def __init__(self, make: Callable[[], bytes], monotonic: Callable[[], float]) -> None:
        self._make = make
        self._monotonic = monotonic
        self._page = b""
        self._good_until_s = float("-inf")

    def __call__(self) -> bytes:
        """The page."""
        began_s = self._monotonic()
        if began_s >= self._good_until_s:
            self._page = self._make()
            ended_s = self._monotonic()
            self._good_until_s = ended_s + REST * (ended_s - began_s)
        return self._page


def health_routes(
    is_ready: Callable[[], bool],
    metrics: Callable[[], bytes],
    trouble: Callable[[], str | None] = lambda: None,
    asks: Callable[[], str] = lambda: "",
) -> Mapping[str, Route]:
    """The three pages that machines read; none needs a password, none tells anything of a customer.

    `trouble` says what is wrong with the store, `asks` what a person has to decide, for the person who looks.
    """

    async def healthz(_: Request) -> Response:
        return Response(status=200, content_type=_TEXT, body=b"alive\n")

    async def readyz(_: Request) -> Response:
        if is_ready():
            asked = asks()
            body = f"ready\n{asked}\n" if asked else "ready\n"
            return Response(status=200, content_type=_TEXT, body=body.encode())
        why = trouble()
        body = f"not taking: {why}\n" if why else "not taking\n"
        return Response(status=503, content_type=_TEXT, body=body.encode())

    async def metrics_page(_: Request) -> Response:
        return Response(status=200, content_type=_PROMETHEUS, body=metrics())

    return {
        "/healthz": Route(methods=READ, handler=healthz),
        "/readyz": Route(methods=READ, handler=readyz),
        "/metrics": Route(methods=READ, handler=metrics_page),
    }
