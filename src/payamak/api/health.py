"""/healthz: the process lives. /readyz: it takes messages. /metrics: what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from payamak.api.app import READ, Request, Response, Route

_TEXT = "text/plain; charset=utf-8"
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def health_routes(is_ready: Callable[[], bool], metrics: Callable[[], bytes]) -> Mapping[str, Route]:
    """The three pages that machines read; none needs a password, none tells anything of a customer."""

    async def healthz(_: Request) -> Response:
        return Response(status=200, content_type=_TEXT, body=b"alive\n")

    async def readyz(_: Request) -> Response:
        ready = is_ready()
        return Response(status=200 if ready else 503, content_type=_TEXT, body=b"ready\n" if ready else b"not taking\n")

    async def metrics_page(_: Request) -> Response:
        return Response(status=200, content_type=_PROMETHEUS, body=metrics())

    return {
        "/healthz": Route(methods=READ, handler=healthz),
        "/readyz": Route(methods=READ, handler=readyz),
        "/metrics": Route(methods=READ, handler=metrics_page),
    }
