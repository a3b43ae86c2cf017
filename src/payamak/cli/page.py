"""The page of metrics of a running server, as the doctor and `payamak top` read it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from payamak.config import Settings
    from payamak.hands.doctor.patient import Heard
    from payamak.http.metric_table import Described

WITHIN_S: Final = 3.0
"""How long a server of this machine may take to answer. Taste."""

Labels = tuple[str, ...]
"""The values of a metric's labels, in the order of its names."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """Every number of one page; `at_s` is when it was read, by the monotonic clock."""

    at_s: float
    numbers: Mapping[str, Mapping[Labels, float]]

    def of(self, metric: Described) -> Mapping[Labels, float]:
        """Each number of a metric by its labels; none if the page does not have it."""
        return self.numbers.get(metric.on_the_page, {})

    def one(self, metric: Described) -> float | None:
        """The number of a metric without labels."""
        return self.of(metric).get(())

    def times(self, metric: Described) -> Mapping[Labels, tuple[float, float]]:
        """Of a histogram by its labels: how many there were, and the sum of their seconds."""
        counts, sums = (self.numbers.get(f"{metric.name}_{end}", {}) for end in ("count", "sum"))
        return {labels: (count, sums.get(labels, 0.0)) for labels, count in counts.items()}


def read_page(text: str, at_s: float) -> Page:
    """A page in Prometheus' text format; what is no metric of ours is kept too, and nobody asks for it."""
    from prometheus_client.parser import text_string_to_metric_families

    from payamak.http.metric_table import TABLE, MetricKind

    names: dict[str, tuple[str, ...]] = {}
    for metric in chain.from_iterable(TABLE.values()):
        ends = ("_count", "_sum") if metric.kind is MetricKind.HISTOGRAM else ("",)
        names |= {f"{metric.on_the_page}{end}": metric.labels for end in ends}
    numbers: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(sample.labels.get(name, "") for name in names.get(sample.name, ()))
            numbers.setdefault(sample.name, {})[labels] = sample.value
    return Page(at_s=at_s, numbers=numbers)


def heard_of(page: Page) -> Heard:
    """What a server says of itself on its page, for the doctor."""
    from payamak.hands.doctor.patient import Heard
    from payamak.http import metric_table as metrics

    odd: dict[str, dict[str, int]] = {}
    for (link, what), count in page.of(metrics.LINK_ODD).items():
        odd.setdefault(link, {})[what] = int(count)
    log_is_read = page.one(metrics.LOG_WELL)
    return Heard(
        up={link: up == 1.0 for (link,), up in page.of(metrics.LINK_UP).items()},
        on_trial=tuple(link for (link,), is_so in page.of(metrics.LINK_ON_TRIAL).items() if is_so == 1.0),
        odd=odd,
        window_full_s={link: for_s for (link,), for_s in page.of(metrics.LINK_WINDOW_FULL).items()},
        log_is_read=None if log_is_read is None else log_is_read == 1.0,
        log_lost=int(page.one(metrics.LOG_DROPPED) or 0),
        does_work=page.one(metrics.BACKGROUND_WELL) != 0.0,
        drift_rial=page.one(metrics.PURSE_DRIFT) or 0.0,
    )


def url_of(settings: Settings, path: str) -> str:
    """A page of the server of this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}{path}" if ":" in host else f"http://{host}:{settings.port}{path}"


async def links_up(settings: Settings) -> dict[str, bool]:
    """Of each link by name whether it is bound, as the running server says; empty without one."""
    from payamak.http.metric_table import LINK_UP

    text = await text_of(settings) or ""
    found = re.findall(rf'^{LINK_UP}{{link="(.+)"}} (\S+)$', text, re.MULTILINE)
    return {name: float(up) == 1.0 for name, up in found}


async def text_of(settings: Settings, path: str = "/metrics") -> str | None:
    """What the running server says there; None if it is not reached, or says no.

    Asked in so many words, for a client library takes longer to import than the whole of `payamak queue` takes.
    """
    where = urlsplit(url_of(settings, path))
    request = f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(WITHIN_S):
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
            try:
                writer.write(request.encode())
                answer = await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    return body.decode("utf-8", "replace") if head.startswith(b"HTTP/1.1 200 ") else None
