"""The transactions of many messages at once, and each caller's id once.

What is asked of the rows is asked once for all of the messages: own ids, opt-outs, the purse. Money refuses the whole
batch (`accept_batch`) or each message for itself (`accept_each`).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain.message import Lane, Message, Reason, State
from payamak.domain.own_ids import OwnId, OwnIdKind, OwnKey, has_same_body
from payamak.domain.site import Account, Site
from payamak.store.desk import Desk
from payamak.store.feed import Feed
from payamak.store.reader import Reader, array
from payamak.store.records import Act, Batched, NewMessage, OutboxRow, Standing
from payamak.store.rules import audit, messages, money
from payamak.store.rules.housekeeping import put_documents


class _TakenId(Struct, frozen=True, kw_only=True):
    """A caller's own id that was taken: by which message, and the digest of its body, if one was kept."""

    kind: OwnIdKind
    key: str
    message_id: int
    digest: bytes | None


class _Outbox(Struct, frozen=True, kw_only=True):
    """What was accepted under a caller's own id; a message that is too old to be kept has no state."""

    key: str
    message_id: int
    accepted_at: int
    state: State | None
    reason: Reason | None
    was_taken: bool | None

    @property
    def standing(self) -> Standing | None:
        """Where it stands."""
        if self.state is None or self.reason is None:
            return None
        return Standing(state=self.state, reason=self.reason, was_taken=bool(self.was_taken))


async def accept_batch(
    desk: Desk, account_id: int, items: Sequence[NewMessage | Code], own_ids: Sequence[OwnId] | None, now: int
) -> list[Batched | Code]:
    """See Store.accept_batch. Raises Refused with 14 before anything is written."""
    told = {} if own_ids is None else await _accepted_before(desk, account_id, own_ids)
    fresh: dict[int, messages.Priced] = {}
    first_place: dict[OwnKey, int] = {}  # of each own id that is taken in this call
    for place, item in enumerate(await _priced(desk, items, now)):
        if place in told or (own_ids is not None and own_ids[place].name in first_place):
            continue
        if isinstance(item, Code):
            told[place] = item
            continue
        fresh[place] = item
        if own_ids is not None:
            first_place[own_ids[place].name] = place
    kept = await _keep(desk, account_id, list(fresh.values()), now)
    for place, message in zip(fresh, kept, strict=True):
        step = message.current
        told[place] = Batched(message_id=message.id, line=step.line, parts=step.parts, reserved=message.reserved)
    if own_ids is not None:
        taken = ((own_ids[place], message.id) for place, message in zip(fresh, kept, strict=True))
        desk.many("insert_own_id", [(account_id, own.kind, own.key, id_, now, own.digest) for own, id_ in taken])
    for place, own in enumerate(own_ids or ()):
        if own_ids is not None and place not in told:
            first = first_place[own.name]
            told[place] = _met_again(told[first], own_ids[first].digest, own)
    return [told[place] for place in range(len(items))]


async def accept_each(
    desk: Desk, account_id: int, items: Sequence[NewMessage | Code], now: int
) -> list[Message | Code]:
    """See Store.accept_each."""
    told: list[Message | Code] = []
    fresh: dict[int, messages.Priced] = {}
    available = await desk.value("balance", (account_id,))
    left = available or 0
    for place, item in enumerate(await _priced(desk, items, now)):
        if isinstance(item, Code):
            told.append(item)
            continue
        _, amount = item
        told.append(Code.NO_CREDIT)
        if available is not None and (not amount or amount <= left):  # what costs nothing goes on a debt too
            fresh[place] = item
            left -= amount
    for place, message in (
        zip(fresh, await _keep(desk, account_id, list(fresh.values()), now), strict=True) if fresh else ()
    ):
        told[place] = message
    return told


def lane_of(items: Sequence[NewMessage | Code]) -> Lane:
    """The class of a batch: the most urgent of its messages'."""
    return min((new.lane for new in items if isinstance(new, NewMessage)), default=Lane.BULK)


def begin(feed: Feed, tickets: Sequence[int], told: Sequence[Message | Code]) -> None:
    """Listen for what becomes of those that are kept; none where nothing of the batch is."""
    for ticket, each in zip(tickets, told, strict=bool(told)):
        if isinstance(each, Message):
            feed.kept(ticket, each)


async def revoke_each(desk: Desk, told: Sequence[Message | Code], now: int) -> None:
    """Undo what `accept_each` has kept: its caller was told that it is not."""
    await messages.revoke(desk, [each.id for each in told if isinstance(each, Message)], now)


def ids_told(told: Sequence[Batched | Code]) -> list[int]:
    """The messages that the caller of a batch is told of, fresh or not; with an own id of another body too."""
    return [each.message_id for each in told if isinstance(each, Batched)]


async def revoke_batch(
    desk: Desk, account_id: int, own_ids: Sequence[OwnId] | None, told: Sequence[Batched | Code], now: int
) -> None:
    """Undo a batch whose caller was told that it is not accepted; his ids are free again, for he will repeat it."""
    for place, each in enumerate(told):
        if isinstance(each, Batched) and not each.is_repeated:
            await messages.revoke(desk, [each.message_id], now)
            if own_ids is not None:
                desk.execute("forget_own_id", (account_id, *own_ids[place].name, each.message_id))


async def _accepted_before(desk: Desk, account_id: int, own_ids: Sequence[OwnId]) -> dict[int, Batched | Code]:
    """What is told in the places whose own ids were taken by earlier calls."""
    taken: dict[OwnKey, _TakenId] = {}
    for kind in dict.fromkeys(own.kind for own in own_ids):
        keys = array({own.key for own in own_ids if own.kind is kind})
        found = await desk.rows("messages_of_own_ids", _TakenId, (keys, account_id, kind))
        taken |= {(each.kind, each.key): each for each in found}
    return {
        place: _met_again(Batched(message_id=row.message_id, is_repeated=True), row.digest, own)
        for place, own in enumerate(own_ids)
        if (row := taken.get(own.name)) is not None
    }


def _met_again(accepted: Batched | Code, digest: bytes | None, own: OwnId) -> Batched | Code:
    """What is told where an own id is met again: the same as before if it comes with the same body."""
    if has_same_body(digest, own.digest):
        return accepted
    assert isinstance(accepted, Batched)
    return Batched(message_id=accepted.message_id, is_repeated=True, has_other_body=True)


async def _priced(desk: Desk, items: Sequence[NewMessage | Code], now: int) -> list[messages.Priced | Code]:
    """Each message with its plan as the recipient's opt-outs leave it, and what is to be reserved; or 27, 33."""
    known = await messages.opt_outs_of_many(desk, (item.recipient for item in items if not isinstance(item, Code)), now)
    amounts: dict[int, int] = {}  # of each plan that no opt-out touches, by its identity
    return [
        item if isinstance(item, Code) else messages.priced(item, known.get(item.recipient), amounts) for item in items
    ]


async def _keep(desk: Desk, account_id: int, fresh: Sequence[messages.Priced], now: int) -> list[Message]:
    """Reserve for all of them, then keep them. Raises Refused with 14 before anything is written."""
    await money.reserve(desk, account_id, sum(amount for _, amount in fresh))
    return messages.accept_priced(desk, fresh, now)


class PasswordSet(Struct, frozen=True, kw_only=True):
    """What a new password has left: the site, and the account as it was before; `act`: whose it was."""

    site: Site
    before: Account
    act: Act | None

    @property
    def after(self) -> Account:
        """The account with its new password."""
        return self.site.accounts[self.before.username]


async def set_password(
    desk: Desk, username: str, password_hash: str, version: int, act: Act | None = None
) -> PasswordSet:
    """See Store.set_password."""
    account = desk.site.accounts.get(username)
    if account is None or account.credential_version != version:
        raise LookupError(f"account {username!r} is gone, or has another password by now")
    site = await put_documents(desk, [replace(account, password_hash=password_hash)], [])
    if act is not None:
        audit.enter(desk, act)
    return PasswordSet(site=site, before=account, act=act)


async def take_password_back(desk: Desk, done: PasswordSet) -> None:
    """The old password again, for its owner was told that there is no new one; unless somebody has set another."""
    now = desk.site.accounts.get(done.before.username)
    if now is not None and now.credential_version == done.after.credential_version:
        await put_documents(desk, [replace(now, password_hash=done.before.password_hash)], [])
        if done.act is not None:
            audit.enter(
                desk, replace(done.act, what=f"{done.act.what}: undone", before=done.act.after, after=done.act.before)
            )


# --------------------------------------------------------------------------------------------- reading


def outbox(db: Reader, account_id: int, kind: OwnIdKind, keys: Sequence[str]) -> dict[str, OutboxRow]:
    """See Store.outbox; one statement, the ids travel as one JSON array."""
    return {
        row.key: OutboxRow(message_id=row.message_id, accepted_at=row.accepted_at, standing=row.standing)
        for row in db.rows("outbox", _Outbox, (array(keys), account_id, kind))
    }


def available(db: Reader, account_id: int) -> int:
    """See Store.available."""
    return int(db.value("balance", (account_id,)) or 0)
