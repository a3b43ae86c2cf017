"""Which known opt-outs cover which steps (contract §3: what is learned is never widened)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain.message import Step
from payamak.errors import Refused

EVERY_LINE = "*"
"""The `line` of an operator-wide opt-out (27): it covers every advertising line and nothing else."""


OPT_OUT_WORDS = ("11", "لغو", "لغو11", "off", "stop")
OPT_IN_WORDS = ("12", "on", "start")
"""What a handset sends to a line to stop it and to have it back (contract §8), compared by `mo.fold`."""


def opted_out_code(step: Step, facts: Mapping[str, Code]) -> Code | None:
    """The opt-out that covers this step among what is known of the recipient (line → code), if any."""
    own = facts.get(step.line)
    if own is None and step.advertising:
        return facts.get(EVERY_LINE)
    return own


def mark_opted_out(plan: tuple[Step, ...], facts: Mapping[str, Code], start: int = 0) -> tuple[Step, ...]:
    """Mark the steps from `start` on that need not be tried, with the code that says why."""
    if not facts:
        return plan
    return tuple(
        replace(step, skip=opted_out_code(step, facts)) if i >= start and step.skip is None else step
        for i, step in enumerate(plan)
    )


def with_known_opt_outs(plan: tuple[Step, ...], facts: Mapping[str, Code]) -> tuple[Step, ...]:
    """Mark the plan of a fresh message. Raises Refused with the last step's 27 or 33 when no step is left."""
    marked = mark_opted_out(plan, facts)
    if all(step.skip is not None for step in marked):
        raise Refused(marked[-1].skip or Code.OPTED_OUT, "the recipient has opted out of every line of the plan")
    return marked
