"""The doctor at the links: reached from here, bound as the server says, on trial, odd, with a full window."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from payamak.domain.instants import duration_text
from payamak.domain.message import State
from payamak.domain.site import Link, Site
from payamak.domain.site.secrets import is_missing, variable_of
from payamak.hands.doctor.finding import Finding, well, wrong
from payamak.hands.doctor.patient import Heard
from payamak.store.records import QueueRow
from payamak.texts import signs

CONNECT_TIMEOUT_S: Final = 3.0

FULL_FOR_LONG_S: Final = 10.0
"""How long messages may wait for a place in a window before it is said: bursts pass sooner. Taste."""


async def links(site: Site, environment: Mapping[str, str], heard: Heard | None) -> list[Finding]:
    """How each link looks from here, and what the running server says of it."""
    found = await asyncio.gather(*(reached(link, environment) for link in site.links.values()))
    up = {} if heard is None else heard.up
    return [bound(link, one, up.get(link.name)) for link, one in zip(site.links.values(), found, strict=True)]


async def reached(link: Link, environment: Mapping[str, str]) -> Finding:
    """A connection to the operator's port, closed at once: it takes no bind away."""
    if is_missing(link.password, environment):
        return wrong(signs.PASSWORD_UNSET, link=link.name, variable=variable_of(link.password))
    host, port = _address(link)
    where, began_s = f"{host}:{port}", time.monotonic()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        return wrong(signs.UNREACHED, link=link.name, where=where, error=str(error) or signs.NO_ANSWER)
    writer.close()
    return well(signs.REACHED, link=link.name, where=where, took=(time.monotonic() - began_s) * 1_000)


def bound(link: Link, here: Finding, is_up: bool | None) -> Finding:
    """The same; of a link that should be bound what the running server says, which knows better than we do.

    A port that takes connections is no bind, and a password that is not set in this shell may be set where it matters.
    `is_up` is None where no server says it.
    """
    if is_up is None or link.is_suspended or link.bind_mode == "receiver":
        return here
    if is_up:
        return well(signs.LINK_UP, link=link.name)
    return wrong(signs.LINK_DOWN, link=link.name, here=here.says, todo=here.todo or signs.REACHED.todo)


def _address(link: Link) -> tuple[str, int]:
    """Where the operator listens: host and port of an SMPP link, those of the URL of a negin link."""
    if not link.url:
        return link.host, link.port
    url = urlsplit(link.url)
    return url.hostname or "", url.port or (443 if url.scheme == "https" else 80)


def told(heard: Heard) -> Iterator[Finding]:
    """What only the running server knows: links that answer nothing, and what was odd of what links brought."""
    for link in heard.on_trial:
        yield wrong(signs.ON_TRIAL, link=link)
    for link, counts in heard.odd.items():
        yield well(signs.ODD, link=link, oddities=", ".join(f"{what} {count}" for what, count in counts.items()))


def windows(heard: Heard, site: Site, queue: Iterable[QueueRow], now: int) -> Iterator[Finding]:
    """Links whose window has been full for long: what waits for them in the store, and since when."""
    waiting = [row for row in queue if row.state is State.QUEUED]
    for name, for_s in heard.window_full_s.items():
        if for_s < FULL_FOR_LONG_S:
            continue
        lines = [line.number for line in site.lines.values() if any(use.link == name for use in line.links)]
        rows = [row for row in waiting if row.line in lines]
        waits = signs.WINDOW_WAITS.filled(
            count=sum(row.count for row in rows),
            lines=", ".join(lines),
            age=duration_text(now - min((row.oldest_accepted_at for row in rows), default=now)),
        )
        yield wrong(
            signs.WINDOW_FULL,
            link=name,
            window=site.links[name].window if name in site.links else 0,
            age=duration_text(int(for_s * 1_000)),
            waits=waits if rows else "",
        )
