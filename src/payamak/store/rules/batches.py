"""The transactions of many messages at once: all that can be accepted is, or nothing; and each caller's id once."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
from msgspec import Struct
from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain.message import Reason, State
from payamak.domain.optout import with_known_opt_outs
from payamak.domain.own_ids import OwnId, has_same_body
from payamak.domain.plan import reservation
from payamak.domain.site import Account, Site
from payamak.errors import Refused
from payamak.store.base import Batched, NewMessage, OutboxRow, Standing
from payamak.store.rules import messages
from payamak.store.rules.housekeeping import put_documents
from payamak.store.rules.transaction import Transaction
from payamak.store.statements import load_statements


def accept_batch(
    tx: Transaction, account_id: int, items: Sequence[NewMessage | Code], own_ids: Sequence[OwnId] | None, now: int
) -> list[Batched | Code]:
    """See Store.accept_batch. Raises Refused with 14 before anything is written."""
    told = {} if own_ids is None else _accepted_before(tx, account_id, own_ids)
    fresh: dict[int, NewMessage] = {}
    first_place: dict[int, int] = {}  # of each own id that is taken in this call
    total = 0
    for place, item in enumerate(items):
        if place in told or (own_ids is not None and own_ids[place].number in first_place):
            continue
        if isinstance(item, Code):
            told[place] = item
            continue
        try:
            total += _amount(tx, item, now)
        except Refused as refused:
            told[place] = refused.code
            continue
        fresh[place] = item
        if own_ids is not None:
            first_place[own_ids[place].number] = place
    _check_credit(tx, account_id, total)
    for place, new in fresh.items():
        message = messages.accept(tx, new, now).message
        if own_ids is not None:
            own = own_ids[place]
            tx.execute("insert_check_id", (account_id, own.number, message.id, now, own.digest))
        told[place] = Batched(message_id=message.id, parts=message.current.parts, reserved=message.reserved)
    for place, own in enumerate(own_ids or ()):
        if own_ids is not None and place not in told:
            first = first_place[own.number]
            told[place] = _met_again(told[first], own_ids[first].digest, own)
    return [told[place] for place in range(len(items))]


def ids_told(told: Sequence[Batched | Code]) -> list[int]:
    """The messages that the caller of a batch is told of, fresh or not; with an own id of another body too."""
    return [each.message_id for each in told if isinstance(each, Batched)]


def revoke_batch(
    tx: Transaction, account_id: int, own_ids: Sequence[OwnId] | None, told: Sequence[Batched | Code], now: int
) -> None:
    """Undo a batch whose caller was told that it is not accepted; his ids are free again, for he will repeat it."""
    for place, each in enumerate(told):
        if isinstance(each, Batched) and not each.is_repeated:
            messages.revoke(tx, [each.message_id], now)
            if own_ids is not None:
                tx.execute("forget_check_id", (account_id, own_ids[place].number, each.message_id))


def _accepted_before(tx: Transaction, account_id: int, own_ids: Sequence[OwnId]) -> dict[int, Batched | Code]:
    """What is told in the places whose own ids were taken by earlier calls."""
    rows = [tx.one("message_of_check_id", (account_id, own.number)) for own in own_ids]
    return {
        place: _met_again(Batched(message_id=row[0], is_repeated=True), row[1], own)
        for place, (own, row) in enumerate(zip(own_ids, rows, strict=True))
        if row is not None
    }


def _met_again(accepted: Batched | Code, digest: bytes | None, own: OwnId) -> Batched | Code:
    """What is told where an own id is met again: the same as before if it comes with the same body."""
    if has_same_body(digest, own.digest):
        return accepted
    assert isinstance(accepted, Batched)
    return Batched(message_id=accepted.message_id, is_repeated=True, has_other_body=True)


def _amount(tx: Transaction, new: NewMessage, now: int) -> int:
    """What `messages.accept` will reserve. Raises Refused with 27 or 33."""
    return reservation(with_known_opt_outs(new.plan, messages.known_opt_outs(tx, new.recipient, now)))


def _check_credit(tx: Transaction, account_id: int, total: int) -> None:
    """All of the batch or none: the sum is looked at before the first message is kept."""
    purses = tx.one("balance", (account_id,))
    if purses is None or (total and purses[0] < total):
        raise Refused(Code.NO_CREDIT, "the credit does not cover the whole batch")


class PasswordSet(Struct, frozen=True, kw_only=True):
    """What a new password has left: the site, and the account as it was before."""

    site: Site
    before: Account

    @property
    def after(self) -> Account:
        """The account with its new password."""
        return self.site.accounts[self.before.username]


def set_password(tx: Transaction, username: str, password_hash: str, version: int) -> PasswordSet:
    """See Store.set_password."""
    account = tx.site.accounts.get(username)
    if account is None or account.credential_version != version:
        raise LookupError(f"account {username!r} is gone, or has another password by now")
    return PasswordSet(site=put_documents(tx, [replace(account, password_hash=password_hash)], []), before=account)


def take_password_back(tx: Transaction, done: PasswordSet) -> None:
    """The old password again, for its owner was told that there is no new one; unless somebody has set another."""
    now = tx.site.accounts.get(done.before.username)
    if now is not None and now.credential_version == done.after.credential_version:
        put_documents(tx, [replace(now, password_hash=done.before.password_hash)], [])


# --------------------------------------------------------------------------------------------- reading


def outbox(db: apsw.Connection, account_id: int, check_ids: Sequence[int]) -> dict[int, OutboxRow]:
    """See Store.outbox; one statement, the ids travel as one JSON array."""
    wanted = "[" + ",".join(map(str, check_ids)) + "]"
    rows = db.execute(load_statements()["outbox"], (wanted, account_id))
    return {
        check_id: OutboxRow(
            message_id=message_id,
            accepted_at=accepted_at,
            standing=None
            if state is None
            else Standing(state=State(state), reason=Reason(reason), was_taken=bool(was_taken)),
        )
        for check_id, message_id, accepted_at, state, reason, was_taken in rows
    }


def available(db: apsw.Connection, account_id: int) -> int:
    """See Store.available."""
    for row in db.execute(load_statements()["balance"], (account_id,)):
        return int(row[0])
    return 0
