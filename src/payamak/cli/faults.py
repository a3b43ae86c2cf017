"""`payamak unreadable`: what operators brought and we could not read or handle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from payamak.cli.bounds import MOST_ID, Limit, bounded
from payamak.cli.consent import Consent, agrees, undone
from payamak.cli.shell import Acting, ExitCode, Failed, counted, fill, grid, instant_text, now_ms, open_store, say, tell

if TYPE_CHECKING:
    from payamak.hands.values import Store

MOST_UNREADABLE = 100_000
"""More than are kept (store/rules/aside.py)."""


async def unreadable(
    piece_id: Annotated[
        int | None, bounded(1, MOST_ID), Parameter(help="One of them, with its octets in hex: they hold what came.")
    ] = None,
    *,
    forget: Annotated[bool, Parameter(negative="", help="Remove it, or all: a person has seen them.")] = False,
    limit: Limit = 50,
    consent: Consent = Consent(),
    common: Acting = Acting(),
) -> int:
    """List what operators brought and nobody could read, or what failed in our hands three times; it was acknowledged.

    `Unread`: the octets end before the text does; where, stands beside it. Any other error is a bug of ours, or of what
    the store holds. See docs/guide/operations.md. Before all are removed you are told how many and asked; what comes
    meanwhile stays.

    Example: `payamak unreadable`, `payamak unreadable 7`, `payamak unreadable 7 --forget`
    """
    async with open_store(common) as store:
        if forget:
            return await _forget(store, piece_id, consent, common)
        if consent != Consent():
            raise Failed("--yes and --dry-run go with --forget", ExitCode.USAGE)
        found = await store.unreadable(piece_id, limit)
    if piece_id is not None and not found:
        raise Failed(f"there is no unreadable piece {piece_id}")
    answer: list[dict[str, Any]] = [
        {
            "id": piece.id,
            "kind": piece.kind,
            "link": piece.link,
            "message_id": piece.message_id,
            "came_at": piece.came_at,
            "size": len(piece.octets),
            "error": piece.error,
            "place": piece.place,
            **({"octets": piece.octets.hex()} if piece_id is not None else {}),
        }
        for piece in found
    ]
    columns = ("id", "came", "kind", "link", "message", "octets", "error", "where")
    rows = (
        (p.id, instant_text(p.came_at), p.kind, p.link, p.message_id or "", len(p.octets), p.error, p.place)
        for p in found
    )
    made = fill(grid(*columns, right=("octets",)), rows)
    tell(common, answer, lambda console: console.print(made) if found else say("Nothing is unreadable."))
    if piece_id is not None and not common.json:
        say(found[0].octets.hex())
    return ExitCode.DONE


async def _forget(store: Store, piece_id: int | None, consent: Consent, common: Acting) -> int:
    """Whoever names one has seen it; all are counted, and those that were are removed."""
    from payamak.hands.operators import forget_unreadable

    found = await store.unreadable(piece_id, MOST_UNREADABLE)
    if piece_id is not None and not found:
        raise Failed(f"there is no unreadable piece {piece_id}")
    answer: dict[str, object] = {"promised": len(found), "forgotten": 0}
    if found and (piece_id is None or consent.dry_run):
        promise = f"{counted(len(found), 'unreadable piece')} will be removed, octets and all."
        if not agrees(consent, common, promise):
            return undone(consent, common, answer)
    by = common.by("unreadable --forget")
    count = await forget_unreadable(store, piece_id, found[0].id, by, now_ms()) if found else 0
    tell(common, answer | {"forgotten": count}, lambda _: say(f"{count} forgotten."))
    return ExitCode.DONE
