"""Builds contrib/grafana/payamak.json, a dashboard of Grafana, from the panels below."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from payamak.http import metric_table as table
from payamak.http.metric_table import Described

FILE: Final = Path(__file__).resolve().parent.parent / "contrib" / "grafana" / "payamak.json"

SCHEMA_VERSION: Final = 39
"""Of Grafana 11; a newer one brings it up to date by itself."""

SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
CHOSEN: Final = 'instance=~"$instance"'
HEIGHT: Final = 8


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture, `width` of 24 columns wide: expressions with their legends, and the unit, in Grafana's words."""

    title: str
    targets: tuple[tuple[str, str], ...]
    unit: str = "short"
    width: int = 8
    kind: str = "timeseries"


def of(described: Described, *labels: str) -> str:
    """A metric of the chosen gateways, with these conditions on its labels."""
    return f"{described.on_the_page}{{{', '.join((CHOSEN, *labels))}}}"


def rate(described: Described, by: str = "", *labels: str) -> str:
    """How often it counts a second, by these labels."""
    return f"sum{f' by ({by})' if by else ''} (rate({of(described, *labels)}[$__rate_interval]))"


def quantile(described: Described, by: str, share: float, *labels: str) -> str:
    """Within how many seconds this share of it was."""
    buckets = f"{described.name}_bucket{{{', '.join((CHOSEN, *labels))}}}"
    return f"histogram_quantile({share}, sum by (le, {by}) (rate({buckets}[$__rate_interval])))"


def within(described: Described, by: str, *labels: str) -> tuple[tuple[str, str], ...]:
    """Within how many seconds half of them were, and all but a hundredth."""
    return tuple((quantile(described, by, share, *labels), f"{{{{{by}}}}} {share}") for share in (0.5, 0.99))


ROWS: Final[tuple[tuple[str, tuple[Panel, ...]], ...]] = (
    (
        "At a glance",
        (
            Panel("Store", ((of(table.STORE_WELL), "{{instance}}"),), width=4, kind="stat"),
            Panel("Links up", ((f"sum({of(table.LINK_UP)})", ""),), width=4, kind="stat"),
            Panel("Messages that wait", ((f"sum({of(table.QUEUE_MESSAGES)})", ""),), width=4, kind="stat"),
            Panel("The oldest of them", ((f"max({of(table.QUEUE_OLDEST)})", ""),), unit="s", width=4, kind="stat"),
            Panel("Drift of the purses (must be 0)", ((of(table.PURSE_DRIFT), "rial"),), width=4, kind="stat"),
            Panel("Last backup", ((f"time() - {of(table.BACKUP_TIME)}", ""),), unit="s", width=4, kind="stat"),
        ),
    ),
    (
        "Calls",
        (
            Panel("Answers by door", ((rate(table.ANSWERS, "door"), "{{door}}"),), unit="reqps"),
            Panel("Refusals by code", ((rate(table.ANSWERS, "code", 'code!="-1"'), "{{code}}"),), unit="reqps"),
            Panel(
                "Time to an answer",
                within(table.HTTP_SECONDS, "path"),
                unit="s",
            ),
            Panel("Passwords", ((rate(table.PASSWORDS, "result"), "{{result}}"),), unit="reqps"),
            Panel("Calls shed", ((rate(table.HTTP_SHED), "told 23"),), unit="reqps"),
            Panel(
                "Requests not whole",
                ((of(table.HTTP_UNFINISHED), "waiting"), (rate(table.HTTP_UNFINISHED_DROPPED), "dropped a second")),
            ),
        ),
    ),
    (
        "Messages",
        (
            Panel("Accepted and ended", ((rate(table.STATE_CHANGES, "state"), "{{state}}"),), unit="cps"),
            Panel("That wait, by line", ((f"sum by (line) ({of(table.QUEUE_MESSAGES)})", "{{line}}"),)),
            Panel("That wait, by reason", ((f"sum by (reason) ({of(table.QUEUE_MESSAGES)})", "{{reason}}"),)),
            *(
                Panel(
                    f"From acceptance to {title}",
                    tuple(
                        (quantile(table.MESSAGE_SECONDS, "class", p, f'stage="{stage}"'), f"{{{{class}}}} {p}")
                        for p in (0.5, 0.99)
                    ),
                    unit="s",
                )
                for stage, title in (("wire", "the wire"), ("answer", "the operator's answer"), ("end", "the end"))
            ),
        ),
    ),
    (
        "Links",
        (
            Panel("Bound", ((of(table.LINK_UP), "{{link}}"), (of(table.LINK_ON_TRIAL), "{{link}} on trial"))),
            Panel("Parts a second", ((rate(table.LINK_PARTS, "link"), "{{link}}"),), unit="cps"),
            Panel(
                "Window",
                ((of(table.LINK_WINDOW_USED), "{{link}} used"), (of(table.LINK_WINDOW), "{{link}} of")),
            ),
            Panel("Answers", ((rate(table.LINK_SAID, "link, answer"), "{{link}} {{answer}}"),), unit="cps"),
            Panel(
                "Time to the operator's answer",
                within(table.LINK_ANSWER_SECONDS, "link"),
                unit="s",
            ),
            Panel("Receipts", ((rate(table.LINK_RECEIPTS, "link, stat"), "{{link}} {{stat}}"),), unit="cps"),
            Panel("Possible copies", ((rate(table.POSSIBLE_COPIES, "link, upstream"), "{{link}}"),), unit="cps"),
            Panel("Receipts of nobody", ((of(table.RECEIPTS_UNMATCHED), "{{upstream}}"),)),
            Panel("Odd PDUs", ((rate(table.LINK_ODD, "link, what"), "{{link}} {{what}}"),), unit="cps"),
        ),
    ),
    (
        "Store and process",
        (
            Panel("Files", ((of(table.STORE_BYTES), "{{file}}"), (of(table.DISK_FREE), "free")), unit="bytes"),
            Panel("Wait for the disk", ((of(table.WRITER_WAIT), "oldest call"),), unit="s"),
            Panel("Work that waits for the disk", ((of(table.WRITER_BACKLOG), "pieces"),)),
            Panel("Posts that wait", ((of(table.POSTS_WAITING), "{{kind}}"), (of(table.POSTS_DEAD), "{{kind}} dead"))),
            Panel("The oldest of them", ((of(table.POSTS_OLDEST), "{{kind}}"),), unit="s"),
            Panel(
                "Processor and memory",
                (
                    (f"rate(process_cpu_seconds_total{{{CHOSEN}}}[$__rate_interval])", "processors"),
                    (f"process_resident_memory_bytes{{{CHOSEN}}} / 1e9", "GB"),
                ),
            ),
        ),
    ),
)


def panels() -> list[dict[str, Any]]:
    """The panels with their places, each row of them under its title."""
    made: list[dict[str, Any]] = []
    y = 0
    for title, row in ROWS:
        made.append({"id": len(made) + 1, "type": "row", "title": title, "gridPos": place(0, y, 24, 1)})
        x, y = 0, y + 1
        for panel in row:
            if x + panel.width > 24:
                x, y = 0, y + HEIGHT
            targets = [
                {"refId": chr(ord("A") + number), "expr": expression, "legendFormat": legend}
                for number, (expression, legend) in enumerate(panel.targets)
            ]
            made.append(
                {
                    "id": len(made) + 1,
                    "type": panel.kind,
                    "title": panel.title,
                    "datasource": SOURCE,
                    "gridPos": place(x, y, panel.width, HEIGHT),
                    "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
                    "targets": targets,
                }
            )
            x += panel.width
        y += HEIGHT
    return made


def place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    """Where a panel stands, in columns and rows of Grafana's grid."""
    return {"x": x, "y": y, "w": width, "h": height}


def render() -> str:
    """The whole file."""
    board = {
        "uid": "payamak",
        "title": "Payamak",
        "tags": ["sms", "smpp"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [
                {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
                {
                    "name": "instance",
                    "label": "Gateway",
                    "type": "query",
                    "datasource": SOURCE,
                    "query": f"label_values({table.BUILD_INFO}, instance)",
                    "multi": True,
                    "includeAll": True,
                    "refresh": 2,
                },
            ]
        },
        "panels": panels(),
    }
    return json.dumps(board, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
