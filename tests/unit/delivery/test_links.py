"""The links that run, as the site names them."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from payamak.delivery.links import LinkKeeper
from payamak.domain.site import Link, build_site
from payamak.upstreams.base import Parcel, Report, Upstream


class Slow:
    """A link that lets go only when it is told to be quick about it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_up = True
        self.down_reason = ""
        self.window = 1
        self.asked = asyncio.Event()
        self.is_quick = asyncio.Event()

    def start(self) -> None:
        """See Upstream."""

    async def stop(self, timeout_s: float) -> None:
        """See Upstream."""
        self.asked.set()
        if timeout_s < 2:
            self.is_quick.set()
        await self.is_quick.wait()

    def submit(self, parcel: Parcel, report: Report) -> None:
        """See Upstream."""


class NoWorker:
    """What a keeper asks of a worker."""

    def open_desk(self, upstream: Upstream, parts_per_second: float) -> None:
        """See Worker."""

    def close_desk(self, name: str) -> None:
        """See Worker."""

    def refresh_lines(self) -> None:
        """See Worker."""


async def test_a_stop_hurries_a_link_that_a_change_is_closing() -> None:
    """What has its own five seconds to let go is asked again, with the time that the stop has."""
    made: list[Slow] = []

    def make(link: Link) -> Slow:
        made.append(Slow(link.name))
        return made[-1]

    keeper = LinkKeeper(NoWorker(), make, lambda event, **fields: None)  # type: ignore[arg-type]  # all it asks of one
    link = Link(name="north")
    keeper.follow(build_site([link], 1))
    keeper.follow(build_site([replace(link, window=11)], 2))
    async with asyncio.timeout(10):
        await made[0].asked.wait()
        assert not made[0].is_quick.is_set()
        await keeper.stop(1.5)
    assert [one.is_quick.is_set() for one in made] == [True, True]
