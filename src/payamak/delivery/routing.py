"""Which link of a line takes a message: recipient prefix, rank (failover), share. Pure."""

from __future__ import annotations

from collections.abc import Callable

from payamak.domain.site import Line, LinkUse


def choose_link(line: Line, recipient: str, message_id: int, is_open: Callable[[str], bool]) -> str | None:
    """The open link of the lowest rank that takes this recipient; among equals by share; None if all are closed.

    Where any link of the line names a prefix of the recipient, only those that do are considered: the longest
    prefix wins. The share is dealt by message id, so that the same message finds the same link again.
    """
    uses = _matching(line, recipient)
    ranks = sorted({rank for rank, _ in uses})
    for rank in ranks:
        ranked = [use for r, use in uses if r == rank and is_open(use.link)]
        if ranked:
            return _by_share(ranked, message_id)
    return None


def _matching(line: Line, recipient: str) -> list[tuple[int, LinkUse]]:
    ranked = [(use.rank if use.rank is not None else place, use) for place, use in enumerate(line.links)]
    longest = max((_match(use, recipient) for _, use in ranked), default=-1)
    return [(rank, use) for rank, use in ranked if _match(use, recipient) == longest and longest >= 0]


def _match(use: LinkUse, recipient: str) -> int:
    if not use.prefixes:
        return 0
    return max((len(prefix) for prefix in use.prefixes if recipient.startswith(prefix)), default=-1)


def _by_share(uses: list[LinkUse], message_id: int) -> str:
    total = sum(max(use.share, 0) for use in uses)
    if len(uses) == 1 or total == 0:
        return uses[0].link
    place = (message_id * 2_654_435_761 >> 7) % total
    for use in uses:
        place -= max(use.share, 0)
        if place < 0:
            return use.link
    raise AssertionError("shares add up")


def is_routable(line: Line, is_open: Callable[[str], bool]) -> bool:
    """True if any link of the line may take a message now and nobody has suspended the line."""
    return not line.is_suspended and any(is_open(use.link) for use in line.links)
