"""/healthz: the process lives. /readyz: it takes messages. /metrics: what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from payamak.api.app import READ, Request, Response, Route

_TEXT = "text/plain; charset=utf-8"
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def health_routes(
    is_ready: Callable[[], bool], metrics: Callable[[], bytes], trouble: Callable[[], str | None] = lambda: None
) -> Mapping[str, Route]:
    """The three pages that machines read; none needs a password, none tells anything of a customer.

    `trouble` says what is wrong with the store, for the person who looks.
    """

    async def healthz(_: Request) -> Response:
        return Response(status=200, content_type=_TEXT, body=b"alive\n")

    async def readyz(_: Request) -> Response:
        if is_ready():
            return Response(status=200, content_type=_TEXT, body=b"ready\n")
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
