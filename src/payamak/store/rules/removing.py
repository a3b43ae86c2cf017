"""What stands in the way of a removal: money that belongs to somebody, messages that would never leave or end.

What has either is not removed, whichever way the removal comes (a command, a site file with --prune, another program):
`put_documents` asks here inside its own transaction. Each sentence says what to do first.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from payamak.store.reader import Reader, counts
from payamak.store.records import Holdings

_ON_WIRE: Final = "wait until the operator has answered, or the response timer has ended"


def holdings(db: Reader, kind: str, name: str) -> Holdings:
    """See Store.holdings; by the name under which the document is kept."""
    return _KINDS[kind](db, name)


def _account(db: Reader, name: str) -> Holdings:
    account_id = db.value("account_of_name", (name,))
    if account_id is None:
        return Holdings()
    states = counts(db, "open_of_account", (account_id,))
    waiting = states.pop("queued", 0)
    open_ = sum(states.values())
    bars = []
    if waiting:
        bars.append(
            f"{_messages(waiting)} of it {_verb(waiting, 'waits', 'wait')}: `payamak cancel --account {name}` first"
        )
    if open_:
        bars.append(
            f"{_messages(open_)} of it {_verb(open_, 'is', 'are')} on the wire or waiting for receipts, and may be "
            f"charged or paid back: wait for the end (`payamak messages --account {name} --state enroute`)"
        )
    if campaigns := db.values("open_campaigns", (account_id,)):
        word = "campaign" if len(campaigns) == 1 else "campaigns"
        bars.append(
            f"{len(campaigns):,} {word} of it {_verb(len(campaigns), 'has', 'have')} not ended: "
            f"`payamak campaign cancel {min(campaigns)}` first"
        )
    available = int(db.value("balance", (account_id,)))
    if available > 0:
        bars.append(f"it has {available:,} rial: `payamak account credit {name} -{available} --note …` pays them out")
    elif available < 0:
        bars.append(
            f"it owes {-available:,} rial: `payamak account credit {name} {-available} --note …` when it has paid"
        )
    return Holdings(bars=tuple(bars), notes=("Its past messages and its ledger stay in the store.",))


def _line(db: Reader, name: str) -> Holdings:
    states = counts(db, "open_on_line", (name,))
    bars, notes = [], []
    if waiting := states.get("queued", 0):
        verb = _verb(waiting, "waits", "wait")
        bars.append(
            f"{_messages(waiting)} {verb} on it: `payamak move {name} OTHER` or `payamak cancel --line {name}` first"
        )
    if sending := states.get("sending", 0):
        bars.append(f"{_messages(sending)} {_verb(sending, 'is', 'are')} on the wire by it: {_ON_WIRE}")
    if enroute := states.get("enroute", 0):
        notes.append(f"{_messages(enroute)} that went by it still wait for their receipts.")
    named = f'"line":{json.dumps(name, ensure_ascii=False)}'
    if later := db.value("may_fall_back_to", (name, named)):
        notes.append(
            f"{_messages(later)} of other lines name it in their plan: what falls back to it waits there "
            "until `payamak move`, `payamak cancel`, or its deadline."
        )
    return Holdings(bars=tuple(bars), notes=tuple(notes))


def _link(db: Reader, name: str) -> Holdings:
    states = counts(db, "open_by_link", (name,))
    bars, notes = [], []
    if sending := states.get("sending", 0):
        bars.append(f"{_messages(sending)} {_verb(sending, 'is', 'are')} on the wire by it: {_ON_WIRE}")
    if enroute := states.get("enroute", 0):
        notes.append(f"{_messages(enroute)} that went by it still wait for their receipts, which may come by it alone.")
    return Holdings(bars=tuple(bars), notes=tuple(notes))


def _messages(count: int) -> str:
    return f"{count:,} message{'' if count == 1 else 's'}"


def _verb(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


_KINDS: Final[dict[str, Callable[[Reader, str], Holdings]]] = {
    "account": _account,
    "line": _line,
    "link": _link,
}
