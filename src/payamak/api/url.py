"""Paths as the field writes them (contract §5): any letter case, doubled slashes, percent escapes. Pure."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

_SLASHES: Final = re.compile(rb"/{2,}")


def fold_path(raw_path: bytes) -> str | None:
    """Return the one spelling under which a route is listed, or None if no route can have such a path.

    Percent escapes are decoded once, letters become lower case, runs of slashes become one. A path with
    octets beyond ASCII, or with control characters, names nothing of ours.
    """
    path = unquote_to_bytes(raw_path) if b"%" in raw_path else raw_path
    if not path.isascii():
        return None
    if b"//" in path:
        path = _SLASHES.sub(b"/", path)
    folded = path.lower().decode("ascii")
    return folded if folded.isprintable() else None
