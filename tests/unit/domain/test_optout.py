"""Which known opt-outs cover which steps (contract §3)."""

import pytest
from msgspec.structs import replace as changed
from tests.unit.domain.life import a_step

from payamak.codes import Code
from payamak.domain.optout import EVERY_LINE, mark_opted_out, opted_out_code, with_known_opt_outs
from payamak.errors import Refused

OFFER, OTHER, SERVICE = a_step("1", advertising=True), a_step("2", advertising=True), a_step("3")
BLOCKED, STOPPED = Code.OPTED_OUT, Code.OPTED_OUT_OF_LINE


@pytest.mark.parametrize(
    ("facts", "offer", "service"),
    [
        ({}, None, None),
        ({"1": STOPPED}, STOPPED, None),
        ({"1": BLOCKED}, BLOCKED, None),
        ({"3": STOPPED}, None, STOPPED),
        ({EVERY_LINE: BLOCKED}, BLOCKED, None),
        ({EVERY_LINE: BLOCKED, "1": STOPPED}, STOPPED, None),
        ({"2": BLOCKED}, None, None),
    ],
)
def test_what_is_learned_is_never_widened(facts: dict[str, Code], offer: Code | None, service: Code | None) -> None:
    """A verdict covers its line; an operator-wide one every advertising line and nothing else."""
    assert (opted_out_code(OFFER, facts), opted_out_code(SERVICE, facts)) == (offer, service)


def test_marks_from_a_step_on() -> None:
    """Steps before the start, and marks that stand already, are left as they are."""
    plan = (OFFER, changed(OTHER, skip=STOPPED), SERVICE)
    marked = mark_opted_out(plan, {EVERY_LINE: BLOCKED, "3": STOPPED}, 1)
    assert [step.skip for step in marked] == [None, STOPPED, STOPPED]
    assert mark_opted_out(plan, {}) is plan


def test_a_plan_with_a_step_left_is_kept() -> None:
    """Known steps are skipped and say why."""
    assert [s.skip for s in with_known_opt_outs((OFFER, SERVICE), {"1": STOPPED})] == [STOPPED, None]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({EVERY_LINE: BLOCKED}, BLOCKED),
        ({EVERY_LINE: BLOCKED, "2": STOPPED}, STOPPED),
        ({"1": STOPPED, "2": BLOCKED}, BLOCKED),
    ],
)
def test_a_plan_without_a_step_is_refused(facts: dict[str, Code], code: Code) -> None:
    """If every step is known to be opted out, the last one's code is told at once."""
    with pytest.raises(Refused) as caught:
        with_known_opt_outs((OFFER, OTHER), facts)
    assert caught.value.code is code
