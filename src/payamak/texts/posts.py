"""Posts: what becomes of what we tell customers by HTTP."""

from __future__ import annotations

from typing import Final

from payamak.domain.mo import RelayState
from payamak.domain.posting import PostState
from payamak.language import Words

POSTS: Final[dict[PostState, Words]] = {
    PostState.WAITING: Words("waiting", "در انتظار"),
    PostState.DONE: Words("done", "رسیده"),
    PostState.DEAD: Words("dead", "رهاشده"),
}

RELAYS: Final[dict[RelayState, Words]] = {
    RelayState.NONE: Words("none", "ندارد"),
    RelayState.WAITING: Words("waiting", "در انتظار"),
    RelayState.DONE: Words("done", "رسیده"),
    RelayState.DEAD: Words("dead", "رهاشده"),
}
