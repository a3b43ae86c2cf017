"""Keeps the upstreams as the configuration names them: starts, stops and restarts links when it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from payamak.delivery.worker import Worker
from payamak.domain.site import Link, Site
from payamak.upstreams.base import Upstream


class LinkKeeper:
    """The upstreams that run, by the name of their link."""

    def __init__(self, worker: Worker, make: Callable[[Link], Upstream], log: Callable[..., object]) -> None:
        self._worker = worker
        self._make = make
        self._log = log
        self._links: dict[str, Link] = {}
        self._upstreams: dict[str, Upstream] = {}
        self._stopping: dict[asyncio.Task[None], Upstream] = {}

    @property
    def upstreams(self) -> dict[str, Upstream]:
        """What runs now."""
        return self._upstreams

    def follow(self, site: Site) -> None:
        """Bring what runs to what the site says. A link whose settings changed is closed cleanly and opened anew.

        Suspending a link does not unbind it: receipts still come, only nothing is sent.
        """
        for name in list(self._links):
            wanted = site.links.get(name)
            if wanted is None or _connection(wanted) != _connection(self._links[name]):
                self._close(name)
        for name, link in site.links.items():
            if name not in self._links:
                self._open(link)
            elif self._links[name].is_suspended != link.is_suspended:
                self._worker.link_changed(name)
            self._links[name] = link
        self._worker.refresh_lines()

    def _open(self, link: Link) -> None:
        try:
            upstream = self._make(link)
        except (ValueError, OSError) as error:  # a secret that is not set, a certificate that is not there
            self._log("link_not_opened", link=link.name, reason=str(error))
            return
        self._upstreams[link.name] = upstream
        self._worker.open_desk(upstream, link.parts_per_second)
        upstream.start()

    def _close(self, name: str) -> None:
        del self._links[name]
        self._worker.close_desk(name)
        upstream = self._upstreams.pop(name, None)
        if upstream is None:
            return
        task = asyncio.create_task(upstream.stop(5.0))
        self._stopping[task] = upstream
        task.add_done_callback(self._stopping.pop)

    async def stop(self, timeout_s: float) -> None:
        """Let outstanding answers come, then unbind all links at once; also those that a change is closing already."""
        stops = [upstream.stop(timeout_s) for upstream in (*self._upstreams.values(), *self._stopping.values())]
        await asyncio.gather(*stops, *self._stopping)


def _connection(link: Link) -> Link:
    return replace(link, is_suspended=False)
