"""What a link was given and what came of it, counted."""

from __future__ import annotations

import pytest
from tests.unit.delivery.test_outlet import Scene, scene

from payamak.codes import Code
from payamak.delivery.tally import OTHER, ReceiptTally, Said, Tally
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import Reason

__all__ = ["scene"]


@pytest.mark.parametrize(
    ("outcome", "said", "is_answer"),
    [
        (Outcome(part=1, kind=OutcomeKind.TAKEN), Said.TAKEN, True),
        (Outcome(part=1, kind=OutcomeKind.LATER, status=0x58, reason=Reason.THROTTLED), Said.THROTTLED, True),
        (Outcome(part=1, kind=OutcomeKind.LATER, reason=Reason.LINK_DOWN), Said.LATER, False),
        (Outcome(part=1, kind=OutcomeKind.OPTED_OUT, status=0x400, code=Code.OPTED_OUT), Said.OPTED_OUT, True),
        (Outcome(part=1, kind=OutcomeKind.REFUSED, status=0x0B), Said.REFUSED, True),
        (Outcome(part=1, kind=OutcomeKind.AMBIGUOUS), Said.OVERDUE, False),
    ],
)
def test_what_came_of_a_part(outcome: Outcome, said: Said, is_answer: bool) -> None:
    """One word for each; timed only where the operator has answered."""
    tally = Tally()
    tally.ended(outcome, 0.25)
    assert tally.said == {**dict.fromkeys(Said, 0), said: 1}
    assert (sum(tally.answers.counts), tally.answers.sum_s) == ((1, 0.25) if is_answer else (0, 0.0))


def test_words_of_operators() -> None:
    """The standard's in any letters; whatever else one writes is one word, or a label could be anything."""
    tally = ReceiptTally()
    for stat in ("DELIVRD", "delivrd", "UNDELIV", "09121234567", ""):
        tally.add("north", stat)
    assert tally.counts == {("north", "DELIVRD"): 2, ("north", "UNDELIV"): 1, ("north", OTHER): 2}


async def test_a_link_is_counted(scene: Scene) -> None:
    """Parts when they are handed over, answers when they come; a late one is not counted twice."""
    await scene.begin("north", window=4)
    await scene.send(3)
    tally = scene.worker.desks["north"].tally
    assert (tally.parts, sum(tally.said.values())) == (3, 0)
    scene.links["north"].answer()
    await scene.settle()
    assert (tally.said[Said.TAKEN], sum(tally.answers.counts)) == (1, 1)
