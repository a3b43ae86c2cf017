"""The kill-points: where the process may be struck, each before and after, and how each is found in the program.

Nothing in the program knows of this. A seam wraps a function or method of the very code that serves, by its name; a
name that is gone raises LookupError at once, so that a point cannot quietly cease to exist. Most points are commits,
told apart by the work that was done in the transaction: a row of COMMITS names the function of the store that does it.

    one more point at a commit (say the mark of a webhook):  a row in COMMITS
    one more point at a call (say the post of a webhook):    a row in CALLS
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from msgspec import Struct

Hit = Callable[[str], None]
"""Called with the full name of a point, such as "mark/before", whenever the program passes it."""

SUBMIT_SM, SUBMIT_SM_RESP, DELIVER_SM_RESP = 0x00000004, 0x80000004, 0x80000005


class Scene(Enum):
    """What a run needs besides clients and operators, so that its point is passed."""

    PLAIN = "messages are sent while the links are up"
    BACKLOG = "half of the messages wait in the store before a link comes up"
    ANSWERED = "more messages come, one by one, when the operator has spoken"
    WEBHOOKS = "the accounts have webhooks"
    HANDSETS = "handsets send too, and what they send is posted on"
    RECOVERY = "the process dies on the wire first, and at the point when it starts again"
    CAMPAIGN = "the rows of a campaign are fed beside what clients send"


class Commit(Struct, frozen=True):
    """A point around a commit: `function` of `module` does the work; `counts` tells whether this was such a work."""

    name: str
    says: str
    module: str
    function: str
    counts: Callable[[Sequence[Any], Any], bool]
    scene: Scene = Scene.PLAIN


class Call(Struct, frozen=True):
    """A point around a call of `function`, "Class.method" or a name of `module`; `counts` tells which calls."""

    name: str
    says: str
    module: str
    function: str
    counts: Callable[[Sequence[Any]], bool]
    scene: Scene = Scene.PLAIN


class Wire(Struct, frozen=True):
    """A point around octets of an operator's link that hold a PDU of this command."""

    name: str
    says: str
    command: int
    scene: Scene = Scene.PLAIN


def _always(*_: Any) -> bool:
    return True


def _answers(arguments: Sequence[Any], result: Any) -> bool:
    return type(arguments[2]).__name__ == "Answered" and bool(result)


def _moves_on(_: Sequence[Any], result: Any) -> bool:
    learned = any(type(effect).__name__ == "LearnOptOut" for effect in result.effects)
    return learned and result.message.state == "queued"


COMMITS = (
    Commit("accept", "commit of the accept", "payamak.store.rules.messages", "accept", _always),
    Commit(
        "accept with mark",
        'commit of an accept that is "on the wire" with it',
        "payamak.store.rules.messages",
        "accept",
        lambda _, change: bool(change.effects),
        Scene.ANSWERED,
    ),
    Commit(
        "claim",
        "commit of a claim",
        "payamak.store.rules.housekeeping",
        "claim",
        lambda _, claimed: bool(claimed.messages),
        Scene.BACKLOG,
    ),
    Commit(
        "mark",
        'commit of "on the wire"',
        "payamak.store.rules.messages",
        "put_on_wire",
        lambda _, changes: bool(changes),
        Scene.BACKLOG,
    ),
    Commit("result", "commit of the result", "payamak.store.rules.receipts", "advance", _answers),
    Commit("fallback", "commit of the fallback", "payamak.store.rules.messages", "advance", _moves_on),
    Commit("receipt", "commit of a receipt", "payamak.store.rules.receipts", "receive", _always),
    Commit(
        "handset", "commit of a received message", "payamak.store.rules.received", "receive_mo", _always, Scene.HANDSETS
    ),
    Commit(
        "post mark",
        "mark of the relay's post",
        "payamak.store.rules.received",
        "conclude_post",
        lambda _, received: received is not None,
        Scene.HANDSETS,
    ),
    Commit(
        "webhook mark",
        "mark of a webhook's post",
        "payamak.store.rules.webhooks",
        "conclude",
        lambda _, did_wait: bool(did_wait),
        Scene.WEBHOOKS,
    ),
    Commit(
        "feed",
        "commit of a campaign's rows that became messages",
        "payamak.store.rules.campaigns",
        "feed",
        lambda _, fed: fed > 0,
        Scene.CAMPAIGN,
    ),
    Commit(
        "store mark", "commit of the store's own mark", "payamak.store.sqlite.store", "move", lambda _, mark: bool(mark)
    ),
    Commit(
        "recovery",
        "commit of the recovery at start",
        "payamak.store.rules.housekeeping",
        "recover",
        lambda _, found: found > 0,
        Scene.RECOVERY,
    ),
)

CALLS = (
    Call(
        "hand-over",
        "the worker takes a message that waits",
        "payamak.delivery.worker",
        "Worker._take",
        _always,
        Scene.BACKLOG,
    ),
    Call(
        "go",
        "a message that its accept has marked goes to its link",
        "payamak.delivery.places",
        "Places.go",
        _always,
        Scene.ANSWERED,
    ),
    Call(
        "decision",
        "fallback decision, inside the transaction",
        "payamak.store.desk",
        "Desk.put",
        lambda arguments: arguments[2].step > arguments[1].step,
    ),
    Call(
        "next rows",
        "the feeder takes up a campaign's next rows, between two of its commits",
        "payamak.front.feeder",
        "Feeder._feed",
        _always,
        Scene.CAMPAIGN,
    ),
    Call("beside", "the mark is written beside the store", "payamak.store.sqlite.mark", "MarkFile.write", _always),
    Call("ledger", "entry of the ledger, inside the transaction", "payamak.store.rules.money", "enter", _always),
    Call(
        "post",
        "the relay's post",
        "payamak.posts.post",
        "Poster.post",
        lambda arguments: str(arguments[1].id).startswith("mo-"),
        Scene.HANDSETS,
    ),
    Call(
        "webhook",
        "a webhook's post",
        "payamak.posts.post",
        "Poster.post",
        lambda arguments: not str(arguments[1].id).startswith("mo-"),
        Scene.WEBHOOKS,
    ),
)

WIRES = (
    Wire("write", "socket write of submit_sm", SUBMIT_SM),
    Wire("read", "socket read of submit_sm_resp", SUBMIT_SM_RESP),
    Wire("receipt answer", "socket write of deliver_sm_resp", DELIVER_SM_RESP),
)

SYNC = "sync"
"""The point around a sync of the log of the store; disk.py calls it."""

POINTS: dict[str, tuple[str, Scene]] = {
    **{seam.name: (seam.says, seam.scene) for seam in (*COMMITS, *CALLS, *WIRES)},
    SYNC: ("sync of the store's log", Scene.PLAIN),
}
"""Every point: what it is and what a run needs to pass it."""

SIDES = ("before", "after")


def full_names() -> list[str]:
    """The kill-points, each side one."""
    return [f"{name}/{side}" for name in POINTS for side in SIDES]


def scene_of(full_name: str) -> Scene:
    """What a run needs so that a point is passed."""
    return POINTS[full_name.partition("/")[0]][1]
