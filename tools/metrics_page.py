"""Builds docs/reference/metrics.md from the descriptions of the metrics, which /metrics is made of too."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tools.settings_page import row

from payamak.http.metric_table import TABLE, Described

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "metrics.md"

INTRODUCTION = """\
# Metrics

Built by `python -m tools.metrics_page` from the metrics' own descriptions (`src/payamak/http/metric_table.py`); change
those, not this page.

`GET /metrics` answers in Prometheus' text format. Who may read it is said in
[the HTTP reference](http.md#metrics). Times are seconds, sizes bytes, money rial. A counter begins at 0 with each
start; of a link, when it is opened. A link that is gone has no values any more. No label holds a person's number, a
text or a query string; an account's name is there only with the setting `metrics_balances`.

A page costs what is on it, and never a look into the store: what has to be counted there is counted in the background,
the queue every 10 s and the proof of the purses every 10 minutes, or more rarely where that takes long: a count rests
twenty times as long as it took, the proof two hundred times. The disk is looked at every minute.

`contrib/prometheus` has rules that wake somebody, `contrib/grafana` a dashboard. Beside what stands here the page has
`process_*` as everywhere: processor time, memory, open files, start.
"""


def rows(described: Iterable[Described]) -> Iterable[str]:
    """Yield the table of some metrics."""
    yield from ("| metric | kind | labels | meaning | برچسب |", "|---|---|---|---|---|")
    for each in described:
        labels = ", ".join(f"`{label}`" for label in each.labels)
        yield row(f"`{each.on_the_page}`", each.kind.value, labels, each.says, each.fa)


def render() -> str:
    """Return the whole page."""
    parts = [f"\n## {title}\n\n" + "\n".join(rows(described)) + "\n" for title, described in TABLE.items()]
    return INTRODUCTION + "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
