"""When a part that the operator did not take comes again.

The pauses are a matter of taste, kept within what operators ask for: a throttled link is slowed as a whole
(delivery/pacing.py), so the message itself waits only a little; a lost link heals by itself, so its messages
wait for it, not for a clock. Every pause ends at the deadline: validity is the only limit to the number of tries.
"""

from __future__ import annotations

from payamak.domain.message import Reason

_FIRST_MS: dict[Reason, int] = {
    Reason.THROTTLED: 500,
    Reason.OPERATOR_BUSY: 2_000,
    Reason.LINK_DOWN: 500,
    Reason.RESEND: 500,
}
_LONGEST_MS: dict[Reason, int] = {
    Reason.THROTTLED: 10_000,
    Reason.OPERATOR_BUSY: 300_000,
    Reason.LINK_DOWN: 10_000,
    Reason.RESEND: 30_000,
}
_OTHER_FIRST_MS = 2_000
_OTHER_LONGEST_MS = 300_000


def pause_ms(reason: Reason, tries: int, salt: int) -> int:
    """Milliseconds until the next try: doubling from the reason's first pause to its longest, plus up to a quarter.

    `tries` is the number of attempts made (1 for the first). `salt` (the message id) takes the place of chance,
    so that messages that failed together do not come back together and a replay gives the same times.
    """
    first = _FIRST_MS.get(reason, _OTHER_FIRST_MS)
    longest = _LONGEST_MS.get(reason, _OTHER_LONGEST_MS)
    pause = min(first << min(max(tries - 1, 0), 16), longest)
    spread = (salt * 2_654_435_761 + tries * 40_503) % 1_000  # Knuth's multiplicative hash
    return pause + pause * spread // 4_000
