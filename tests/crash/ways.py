"""What the operator does in a run, and which cells of the matrix cannot occur."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from tests.crash.points import full_names
from tests.crash.site import HOLD_LINE, RESEND_LINE

from payamak.simulator import Behaviour, Rule, Simulator, SimulatorConfig, Timing
from payamak.simulator.behaviour import Action
from payamak.simulator.server import _Case

USUAL = Timing(answer_ms=5, receipt_ms=25, late_ms=200)
LATE = Timing(answer_ms=1_300, receipt_ms=50)
"""Later than the link's response timer (site.RESPONSE_TIMEOUT_S), sooner than the copy that would follow."""

RECEIPT_TIMEOUT_S = 30.0
"""A deliver_sm without an answer is repeated after so long, or on the next bind. On one bind what comes again is a
person who sends the same words twice, so a machine that is slow beyond this timer would look like a fault of ours."""

_REFUSED = frozenset({RESEND_LINE, HOLD_LINE})


class Way(Struct, frozen=True, kw_only=True):
    """One column of the matrix. `is_gated`: whatever the operator would say is held back until we are dead."""

    name: str
    says: str
    rules: tuple[Rule, ...] = ()
    timing: Timing = USUAL
    is_gated: bool = False
    opts_out: bool = False
    cuts: bool = False


def _rule(behaviour: Behaviour, **more: object) -> Rule:
    return Rule(recipient="*", behaviour=behaviour, **more)  # type: ignore[arg-type]  # the fields of Rule


WAYS = (
    Way(name="at once", says="answers at once"),
    Way(name="late", says="answers after our response timer", timing=LATE),
    Way(
        name="never",
        says="takes it and never answers; answers the copy, if one comes",
        rules=tuple(_rule(Behaviour.NEVER_ANSWERS, part=part, times=1) for part in (1, 2)),
    ),
    Way(name="after death", says="answers only after we died: to nobody", is_gated=True),
    Way(
        name="cut",
        says="cuts the link after our write, twice",
        rules=(_rule(Behaviour.DISCONNECTS, times=2, shared=True),),
        cuts=True,
    ),
    Way(
        name="throttled",
        says="ESME_RTHROTTLED, six times",
        rules=(_rule(Behaviour.THROTTLED, times=6, shared=True),),
    ),
    Way(name="queue full", says="ESME_RMSGQFUL, six times", rules=(_rule(Behaviour.QUEUE_FULL, times=6, shared=True),)),
    Way(
        name="opt-out",
        says="the recipient has opted out: in the answer",
        rules=(_rule(Behaviour.OPTED_OUT, lines=_REFUSED),),
        opts_out=True,
    ),
    Way(
        name="late opt-out",
        says="the recipient has opted out: in the receipt",
        rules=(_rule(Behaviour.OPTED_OUT_LATE, lines=_REFUSED),),
        opts_out=True,
    ),
    Way(name="receipt first", says="the receipt comes before the answer", rules=(_rule(Behaviour.RECEIPT_FIRST),)),
    Way(name="receipt twice", says="the receipt comes twice", rules=(_rule(Behaviour.RECEIPT_TWICE),)),
)

BY_NAME = {way.name: way for way in WAYS}

Cell = tuple[str, str]
"""The full name of a point, the name of a way."""


class _Never(Struct, frozen=True):
    points: tuple[str, ...]
    in_ways: Callable[[Way], bool]
    reason: str


_IMPOSSIBLE = (
    _Never(
        ("decision", "fallback"),
        lambda way: not way.opts_out,
        "nobody has opted out, so no message goes on to its next step",
    ),
    _Never(
        ("accept with mark", "go"),
        lambda way: way.is_gated,
        "a link that has not answered since its bind takes nothing that is not marked by a commit of its own",
    ),
    _Never(
        ("read", "receipt", "receipt answer"),
        lambda way: way.is_gated,
        "the operator says nothing before we are dead",
    ),
)


def impossible() -> dict[Cell, str]:
    """The cells that cannot occur, each with its reason. A run in one of them fails if the point is passed."""
    cells: dict[Cell, str] = {}
    for point in full_names():
        for never in _IMPOSSIBLE:
            if point.partition("/")[0] in never.points:
                cells.update({(point, way.name): never.reason for way in WAYS if never.in_ways(way)})
    return cells


class Operator(Simulator):
    """A simulated operator that can be told to hold its tongue."""

    def __init__(self, config: SimulatorConfig, *, is_gated: bool) -> None:
        super().__init__(config)
        self._held: list[tuple[_Case, Action]] | None = [] if is_gated else None

    def open(self) -> None:
        """Say what was held back; what is an answer finds nobody if its link is gone."""
        held, self._held = self._held or [], None
        for case, action in held:
            super()._act(case, action)

    def _act(self, case: _Case, action: Action) -> None:
        if self._held is not None:
            self._held.append((case, action))
        else:
            super()._act(case, action)


def operator(way: Way, login: tuple[str, str]) -> Operator:
    """The operator of one run."""
    config = SimulatorConfig(
        accounts=dict([login]),
        rules=way.rules,
        digits=False,
        timing=way.timing,
        receipt_retry_ms=200,
        receipt_timeout_s=RECEIPT_TIMEOUT_S,
    )
    return Operator(config, is_gated=way.is_gated)
