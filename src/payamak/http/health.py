"""/healthz: the process lives. /readyz: it takes messages. /metrics: what it did."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from typing import Final

from payamak.http.request import Network, Request, Response

_TEXT = "text/plain; charset=utf-8"
_NOT_INSIDE: Final = b"metrics are shown to this machine and to metrics_networks, a setting; you are in neither\n"
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


LOOPBACK: Final[tuple[Network, ...]] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class HealthPages:
    """The three pages that machines read; none needs a password, none tells anything of a customer."""

    def __init__(
        self,
        is_ready: Callable[[], bool],
        metrics: Callable[[], bytes],
        trouble: Callable[[], str | None] = lambda: None,
        asks: Callable[[], str] = lambda: "",
        *,
        networks: Iterable[Network] = (),
    ) -> None:
        """`trouble` says what is wrong with the store, `asks` what a person has to decide.

        These reasons and the metrics are for this machine and for `networks`; whether we live and take messages anyone
        may ask.
        """
        self._is_ready = is_ready
        self._metrics = metrics
        self._trouble = trouble
        self._asks = asks
        self._inner = (*LOOPBACK, *networks)

    def _is_inside(self, request: Request) -> bool:
        if not request.is_own_word:
            return False
        try:
            address = ip_address(request.client_address)
        except ValueError:
            return False
        return request.is_local or any(address in network for network in self._inner)

    async def healthz(self, _: Request) -> Response:
        """The process lives."""
        return Response(status=200, content_type=_TEXT, body=b"alive\n")

    async def readyz(self, request: Request) -> Response:
        """It takes messages, or why not."""
        is_ready = self._is_ready()
        status, said, why = (200, "ready", self._asks()) if is_ready else (503, "not taking", self._trouble())
        if why and self._is_inside(request):
            said = f"{said}\n{why}" if status == 200 else f"{said}: {why}"
        return Response(status=status, content_type=_TEXT, body=f"{said}\n".encode())

    async def metrics(self, request: Request) -> Response:
        """What it did."""
        if not self._is_inside(request):
            return Response(status=403, content_type=_TEXT, body=_NOT_INSIDE)
        return Response(status=200, content_type=_PROMETHEUS, body=self._metrics())
