"""What is given for Prometheus and Grafana: rules that promtool takes and tries, a dashboard that Grafana can read, and
no metric that the program does not have."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from tests.source import ROOT
from tools import dashboard

from payamak.domain.message import Lane, Reason
from payamak.http.metric_table import TABLE, MetricKind

PROMETHEUS = ROOT / "contrib" / "prometheus"
RULES = PROMETHEUS / "payamak.rules.yml"
DESCRIBED = {each.name: each for described in TABLE.values() for each in described}
NAMES = {
    *(each.on_the_page for each in DESCRIBED.values() if each.kind is not MetricKind.HISTOGRAM),
    *(
        f"{each.name}_{end}"
        for each in DESCRIBED.values()
        if each.kind is MetricKind.HISTOGRAM
        for end in ("bucket", "sum")
    ),
}
NOT_OURS = re.compile(r"process_\w+|up")

promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


@pytest.mark.debian
@promtool
@pytest.mark.parametrize(
    "arguments", [("check", "rules", "payamak.rules.yml"), ("test", "rules", "payamak.test.yml")], ids=lambda a: a[0]
)
def test_promtool(arguments: tuple[str, ...]) -> None:
    """The rules are rules, and make of each story what it says."""
    done = subprocess.run(
        ["promtool", *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def metrics_in(text: str) -> set[str]:
    """The metrics that expressions name."""
    return set(re.findall(r"\b(?:payamak|process)_[a-z_]+", text))


def test_rules_name_metrics_of_ours() -> None:
    """Each expression is about something that the page has."""
    expressions = re.findall(
        r"expr: (?:>-\n)?(.+?)(?=\n\s+(?:for|labels|- record|- alert|\n))", RULES.read_text(), re.S
    )
    assert len(expressions) > 20
    named = set().union(*map(metrics_in, expressions))
    assert {name for name in named if not NOT_OURS.fullmatch(name)} - NAMES == set()


def test_rules_name_words_of_ours() -> None:
    """Classes and reasons in the expressions are those that messages have."""
    text = RULES.read_text(encoding="utf-8")
    words = {word for said in re.findall(r'reason(?:=~|!~|!=|=)"([^"]+)"', text) for word in said.split("|")}
    assert words
    assert words <= {reason.value for reason in Reason}
    assert set(re.findall(r'class="(\w+)"', text)) <= {lane.name.lower() for lane in Lane}


def test_every_alert_says_what_to_do() -> None:
    """What happened in `summary`, what to do in `todo`, and whether somebody is woken."""
    alerts = re.split(r"^      - alert: ", RULES.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(alerts) > 15
    for alert in alerts:
        assert "{severity: page}" in alert or "{severity: ticket}" in alert, alert
        assert "summary: " in alert, alert
        assert "todo: " in alert, alert


# ------------------------------------------------------------------------------------------------ dashboard


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """A part of a dashboard: the fields that are used, and no others."""


class Source(Strict):
    type: Literal["prometheus"]
    uid: str


class Place(Strict):
    x: int
    y: int
    w: int
    h: int


class Target(Strict):
    refId: str
    expr: str
    legendFormat: str


class Defaults(Strict):
    unit: Literal["short", "s", "bytes", "reqps", "cps"]


class FieldConfig(Strict):
    defaults: Defaults
    overrides: list[Any]


class BoardPanel(Strict):
    id: int
    type: Literal["row", "timeseries", "stat"]
    title: str
    gridPos: Place
    datasource: Source | None = None
    fieldConfig: FieldConfig | None = None
    targets: list[Target] = []


class Variable(Strict):
    name: str
    label: str
    type: Literal["datasource", "query"]
    query: str
    datasource: Source | None = None
    multi: bool = False
    includeAll: bool = False
    refresh: Literal[0, 1, 2] = 0


class Templating(Strict):
    variables: list[Variable] = msgspec.field(name="list")


class Board(Strict):
    uid: str
    title: str
    tags: list[str]
    schemaVersion: int
    editable: bool
    refresh: str
    time: dict[Literal["from", "to"], str]
    templating: Templating
    panels: list[BoardPanel]


BOARD = msgspec.json.decode(dashboard.FILE.read_bytes(), type=Board)


def test_the_dashboard_is_up_to_date() -> None:
    """The file is what the tool makes of its panels now; if not, run `python -m tools.dashboard`."""
    assert dashboard.FILE.read_text(encoding="utf-8") == dashboard.render()


def test_panels_have_places_of_their_own() -> None:
    """No two lie on each other, none beyond the 24 columns; ids are unique."""
    taken: set[tuple[int, int]] = set()
    for panel in BOARD.panels:
        at = panel.gridPos
        cells = {(x, y) for x in range(at.x, at.x + at.w) for y in range(at.y, at.y + at.h)}
        assert at.x + at.w <= 24
        assert not cells & taken, panel.title
        taken |= cells
    assert len({panel.id for panel in BOARD.panels}) == len(BOARD.panels)


EXPRESSIONS = [target.expr for panel in BOARD.panels for target in panel.targets]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_panel_shows_what_there_is(expression: str) -> None:
    """Its metrics are on the page, and the labels by which it tells them apart are theirs."""
    named = metrics_in(expression)
    assert named
    assert {name for name in named if not NOT_OURS.fullmatch(name)} - NAMES == set()
    ours = [DESCRIBED[re.sub(r"_(total|bucket|sum)$", "", name)] for name in named if name.startswith("payamak")]
    known = {"le", "instance", *(label for each in ours for label in each.labels)}
    by = {label for labels in re.findall(r"by \(([^)]*)\)", expression) for label in labels.split(", ")}
    assert by <= known
    assert set(re.findall(r'(\w+)(?:=~|!=|=)"', expression)) <= known


@pytest.mark.debian
@promtool
def test_expressions_are_promql(tmp_path: Path) -> None:
    """promtool reads each of them, with Grafana's variables in place."""
    rules = "".join(
        f"  - record: 'shown:panel:{number}'\n    expr: {msgspec.json.encode(plain).decode()}\n"
        for number, expression in enumerate(EXPRESSIONS)
        if (plain := expression.replace("$__rate_interval", "5m").replace("$instance", ".*"))
    )
    file = tmp_path / "panels.yml"
    file.write_text(f"groups:\n- name: panels\n  rules:\n{rules}", encoding="utf-8")
    done = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(EXPRESSIONS)} rules found" in done.stdout
