"""Which link of a line takes a message: recipient prefix, rank (failover), share. Pure."""

from __future__ import annotations

from collections.abc import Callable

from payamak.domain.site import Line, LinkUse


def choose_link(line: Line, recipient: str, message_id: int, is_open: Callable[[str], bool]) -> str | None:
    """The open link of the lowest rank that takes this recipient; among equals by share; None if all are closed.

    Where any link of the line names a prefix of the recipient, only those that do are considered: the longest
    prefix wins. The share is dealt by message id, so that the same message finds the same link again.
    """
    best = _best(line, recipient, is_open)
    return _by_share(best, message_id) if best else None


def only_link(line: Line, recipient: str, is_open: Callable[[str], bool]) -> str | None:
    """The same for a message that has no id yet: None also where shares would decide."""
    best = _best(line, recipient, is_open)
    return best[0].link if len(best) == 1 else None


def _best(line: Line, recipient: str, is_open: Callable[[str], bool]) -> list[LinkUse]:
    """The open links of the lowest rank that has any."""
    uses = _matching(line, recipient)
    for rank in sorted({rank for rank, _ in uses}):
        if ranked := [use for r, use in uses if r == rank and is_open(use.link)]:
            return ranked
    return []


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
