"""`payamak unreadable`: what operators brought and we could not read or handle."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from payamak.cli.bounds import MOST_ID, Limit, bounded
from payamak.cli.shell import Common, ExitCode, Failed, fill, grid, instant_text, open_store, say, tell


async def unreadable(
    piece_id: Annotated[
        int | None, bounded(1, MOST_ID), Parameter(help="One of them, with its octets in hex: they hold what came.")
    ] = None,
    *,
    forget: Annotated[bool, Parameter(negative="", help="Remove it, or all: a person has seen them.")] = False,
    limit: Limit = 50,
    common: Common = Common(),
) -> int:
    """List what operators brought and nobody could read, or what failed in our hands three times; it was acknowledged.

    `Unread`: the octets end before the text does; where, stands beside it. Any other error is a bug of ours, or of what
    the store holds. See docs/guide/operations.md.

    Example: `payamak unreadable`, `payamak unreadable 7`, `payamak unreadable 7 --forget`
    """
    async with open_store(common) as store:
        if forget:
            count = await store.forget_unreadable(piece_id)
            tell(common, {"forgotten": count}, lambda console: console.print(f"{count} forgotten."))
            return ExitCode.DONE
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
