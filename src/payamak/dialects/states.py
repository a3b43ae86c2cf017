"""The states of messages as the numbers of contract §2, in which every door of the panel tells them."""

from __future__ import annotations

from collections.abc import Sequence

from payamak.domain.standing import state_code
from payamak.front.accept import Front
from payamak.front.callers import Caller


async def states_of(front: Front, caller: Caller, ids: Sequence[int | None]) -> list[int]:
    """The numbers for these ids, in their order; None is no id that there can be. Raises Refused."""
    account, standings = await front.asking.standings(caller, {i for i in ids if i is not None})
    unknown = account.unknown_state
    told = {i: state_code(each.state, each.was_taken, unknown) for i, each in standings.items()}
    return [unknown if i is None else told.get(i, unknown) for i in ids]
