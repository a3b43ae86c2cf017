"""The transactions that nobody waits for: claims, recovery, deadlines, retention; and the operator's hands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec
from msgspec import Struct

from payamak.domain import events as ev
from payamak.domain.clocks import earliest
from payamak.domain.message import Lane, Message, State
from payamak.domain.site import DAY_MS, Account, BadDocuments, Document, Fault, Site, build_site, faults_of, name_of
from payamak.errors import StoreFailed
from payamak.language import Words
from payamak.store.columns import Spoilt
from payamak.store.desk import Desk
from payamak.store.records import Claimed, OptOut
from payamak.store.rules import audit, campaigns, money, people, receipts
from payamak.store.rules.aside import AsideKind, apart, is_aside, put_aside, put_message_aside, retry_lost, where_of
from payamak.store.rules.credentials import with_version
from payamak.store.rules.messages import advance
from payamak.store.rules.removing import holdings


async def claim(desk: Desk, line: str, rooms: Sequence[int], now: int, owner: int) -> Claimed:
    """Lease due messages of a line to an owner: classes in order, the accounts of a class in equal shares.

    None to one that was ended: nobody would give them back.
    """
    if desk.memory.is_ended(owner):
        return Claimed(messages=(), next_due_at=(None,) * len(Lane))
    claimed: list[Message] = []
    next_due: list[int | None] = []
    for lane in Lane:
        accounts = await desk.values("waiting_accounts", (line, lane.value))
        if rooms[lane] > 0:
            claimed += await _claim_of_lane(
                desk, line, lane, desk.in_turn(line, lane, accounts), rooms[lane], now, owner
            )
        due = [await desk.value("next_due", (line, lane.value, account_id)) for account_id in accounts]
        next_due.append(min((due_at for due_at in due if due_at is not None), default=None))
    return Claimed(messages=tuple(claimed), next_due_at=tuple(next_due))


async def _claim_of_lane(
    desk: Desk, line: str, lane: Lane, account_ids: list[int], room: int, now: int, owner: int
) -> list[Message]:
    """Deal out `room` in rounds: what an account leaves of its share goes to those that have more."""
    claimed: list[Message] = []
    while account_ids and room:
        share = max(1, room // len(account_ids))
        served, account_ids = account_ids[:room], account_ids[room:]
        for account_id in served:
            rows = await desk.readable("ready_messages", Message, (line, lane.value, account_id, now, share))
            for message in rows:
                if isinstance(message, Spoilt):  # by a bug, perhaps an older one: the others still go
                    error = message.error
                    await put_message_aside(desk, message.key, type(error).__name__, where_of(error), now)
                    continue
                desk.execute("lease_message", (message.id, message.version, owner))
                if desk.memory.has_aside:
                    desk.execute("take_from_aside", (AsideKind.CLAIM.value, message.id))
                claimed.append(msgspec.structs.replace(message, owner=owner))
            room -= len(rows)
            if rows:
                desk.had_turn(line, lane, account_id)
            if len(rows) == share:
                account_ids.append(account_id)
    return claimed


async def release(desk: Desk, message_ids: Sequence[int], owner: int) -> None:
    """Give an owner's leases back unchanged."""
    for message_id in message_ids:
        desk.execute("release_lease", (message_id, owner))


async def take_over(desk: Desk, now: int) -> tuple[int, list[int]]:
    """Begin to deliver: the number of the new owner, and those before it that have not been ended."""
    owner = await desk.insert("take_over", (now,))
    desk.memory.ids.want()
    before = await desk.values("owners_before", (owner,))
    desk.memory.owners = frozenset((*before, owner))
    return owner, before


async def give_ids_back(desk: Desk) -> None:
    """Before a clean stop: the next start gives what this process has taken of ids and not used."""
    if (unused := desk.memory.ids.give_back()) is not None:
        desk.execute("give_ids_back", unused)


async def recover(desk: Desk, owner: int, now: int, limit: int) -> int:
    """A dead owner holds no leases, and what it had on the wire is ambiguous (P3); how many messages moved.

    Nobody else's are touched. When nothing is left of what it had, the owner is ended.

    Raises StoreFailed if there are some and none can be moved: to look again would find the same ones for ever.
    """
    desk.execute("release_leases", (owner,))
    ids = await _sending(desk, owner, now, limit)
    for message_id in ids:
        await apart(desk, AsideKind.LOST, message_id, now, partial(receipts.lose_answers, desk, message_id, now))
    for message_id in ids:
        await apart(desk, AsideKind.LOST, message_id, now, partial(receipts.recover, desk, message_id, now))
    moved = len(ids.keys() - (await _sending(desk, owner, now, limit)).keys()) if ids else 0
    if ids and not moved:
        raise StoreFailed(
            f"the store is malformed: it names {len(ids)} messages on the wire that are not there or cannot be moved, "
            f"the first {next(iter(ids))}; keep the file and put a backup in its place (docs/guide/operations.md)"
        )
    if not ids:
        desk.execute("end_owner", (owner,))
        await desk.owners_changed()
    return moved


async def _sending(desk: Desk, owner: int, now: int, limit: int) -> dict[int, None]:
    """Messages that an owner has on the wire, in the order of the store; but for those that are put aside."""
    return dict.fromkeys(await desk.values("sending_ids", (owner, now, limit)))


async def _happen_to(desk: Desk, message_id: int, event: ev.Event, now: int) -> bool:
    """Whether the message has moved; not one that an index names and no table holds."""
    message = await desk.message(message_id)
    return message is not None and (await advance(desk, message, event, now)).message.version != message.version


async def sweep(desk: Desk, now: int, limit: int) -> int:
    """What is past its deadline expires; what waits too long for a receipt is unknown (P7). Receipts are retried.

    Answers how much has moved, or is put aside and passed by for a while: whoever comes again at once for `limit` of
    them must not find the same ones.
    """
    past = earliest(now)
    expired = await _open_ids(desk, State.QUEUED, "past_deadline_ids", lambda line: past, now, limit)
    overdue = await _open_ids(
        desk, State.ENROUTE, "overdue_ids", lambda line: past - desk.site.rules(line).grace_ms, now, limit
    )
    work: tuple[tuple[list[int], ev.Event], ...] = ((expired, ev.DeadlinePassed()), (overdue, ev.ReceiptOverdue()))
    moved = 0
    for ids, event in work:
        for message_id in ids:
            done = await apart(
                desk, AsideKind.DEADLINE, message_id, now, partial(_happen_to, desk, message_id, event, now)
            )
            moved += done is not False
    forgotten = await desk.change("forget_expired_opt_outs", (past, limit))
    return moved + forgotten + await retry_lost(desk, now, limit) + await receipts.retry(desk, now, limit)


async def _open_ids(
    desk: Desk, state: State, query: str, until: Callable[[str], int], now: int, limit: int
) -> list[int]:
    """Up to `limit` messages of a state whose deadline is at or before `until(line)`, line by line.

    Asked for each line, because each has its own grace: one with a long grace must not hide the others' messages.
    """
    ids: list[int] = []
    for line in await desk.values("lines_in_state", (state.value,)):
        if len(ids) < limit and not await is_aside(desk, AsideKind.LINE, line, now):
            ids += (
                await apart(
                    desk, AsideKind.LINE, line, now, partial(_of_line, desk, query, line, until, now, limit - len(ids))
                )
                or []
            )
    return ids


async def _of_line(desk: Desk, query: str, line: str, until: Callable[[str], int], now: int, limit: int) -> list[int]:
    return await desk.values(query, (line, until(line), now, limit))


SETTLE_TIME_MS = 7 * DAY_MS
"""Nothing is removed before deadline, grace and this time: until then a late receipt may still come (P8)."""

LOOK_AHEAD = 20
"""Messages that `retire` looks at for each that it may remove (about 1 µs each): most are kept for another reason."""


RECEIPTS_FOR_A_MESSAGE = 10
"""Unmatched receipts that go in the time of one message: a flood of them must not come faster than they are removed."""


_KEEP_UNKNOWN_MS = int(Account(username="").keep_days * DAY_MS)
"""How long the messages of an account that was removed are kept."""


class _Old(Struct, frozen=True, kw_only=True):
    """What `retire` looks at of a message."""

    id: int
    account_id: int
    line: str
    accepted_at: int
    deadline_at: int
    is_final: bool


async def retire(desk: Desk, after_id: int, now: int, limit: int) -> tuple[int, int]:
    """Remove up to `limit` old final messages after `after_id`, or receipts older than any account keeps messages.

    Answers how many were removed and where to go on; 0 when the end is reached, or where all that is looked at is too
    young for every account. One alone says nothing: its id may be of a block that was begun late (memory.py).
    """
    now = earliest(now)
    audit.forget_old(desk, now)
    people.forget_old(desk, now)
    if await campaigns.retire(desk, now, campaigns.ROWS_GO_AT_ONCE):
        return limit, after_id
    await receipts.forget_names(desk, now)
    limits = {account_id: int(account.keep_days * DAY_MS) for account_id, account in desk.site.accounts_by_id.items()}
    shortest = min((*limits.values(), _KEEP_UNKNOWN_MS))
    old_at = now - max(*limits.values(), _KEEP_UNKNOWN_MS)
    removed = await receipts.retire_unmatched(desk, old_at, limit * RECEIPTS_FOR_A_MESSAGE)
    if removed >= limit:
        return removed, after_id
    rows = await desk.rows("messages_after", _Old, (after_id, limit * LOOK_AHEAD))
    looked_at = [old for old in rows if old.accepted_at <= now - shortest]
    for old in looked_at:
        try:
            settled_at = old.deadline_at + desk.site.rules(old.line).grace_ms + SETTLE_TIME_MS
        except Exception as error:
            await put_aside(desk, AsideKind.RETIRE, old.id, type(error).__name__, where_of(error), now)
            continue
        old_at = max(old.accepted_at + limits.get(old.account_id, _KEEP_UNKNOWN_MS), settled_at)
        if not old.is_final or now < old_at or await desk.value("notice_waits", (old.id,)) is not None:
            continue
        removed += (
            await apart(desk, AsideKind.RETIRE, old.id, now, partial(_remove, desk, old.account_id, old.id, now)) or 0
        )
        if removed == limit:
            return removed, old.id
    return removed, (rows[-1].id if looked_at and len(rows) == limit * LOOK_AHEAD else 0)


async def _remove(desk: Desk, account_id: int, message_id: int, now: int) -> int:
    """How many messages went: none where an index names one that no table holds."""
    await money.fold_entries(desk, account_id, message_id, now)
    for statement in ("delete_parts", "delete_receipts", "delete_notices"):
        desk.execute(statement, (message_id,))
    return await desk.change("delete_message", (message_id,))


# --------------------------------------------------------------------------------------- configuration


async def put_documents(desk: Desk, puts: Iterable[Document], removals: Iterable[tuple[str, str]]) -> Site:
    """Change the configuration. Raises ValueError, having changed nothing, with every fault that this would bring.

    What has money or messages is not removed (removing.py).

    What was wrong before does not stand in the way of another change: an older program may have let it in, and a line
    must be suspended in a hurry all the same.

    What the store gives an account, its number and its credential's version, is given here, whatever the puts say.
    """
    site = desk.site
    kept: dict[tuple[str, str], Document] = {
        name_of(document): document for table in (site.accounts, site.lines, site.links) for document in table.values()
    }
    puts = tuple(puts)
    removals = tuple(removals)
    unreadable = {(fault.kind, fault.name) for fault in site.mended if (fault.kind, fault.name) not in kept}
    faults: list[Fault | Words] = [
        Words(f"there is no {kind} {name}", f"{kind} {name} وجود ندارد")
        for kind, name in removals
        if (kind, name) not in {*kept, *unreadable}
    ]
    put_again = {name_of(document) for document in puts}
    for kind, name in removals:
        if (kind, name) not in put_again:
            faults += [
                Words(f"{kind} {name} is not removed: {bar}", f"{kind} {name} حذف نشد: {bar}")
                for bar in (await desk.gather(holdings, kind, name)).bars
            ]
    for key in removals:
        kept.pop(key, None)
    kept.update({name_of(document): document for document in puts})
    known = faults_of(site)
    faults += [fault for fault in faults_of(build_site(kept.values(), 0)) if fault not in known]
    if faults:
        raise BadDocuments(faults)
    for key in removals:
        desk.execute("remove_document", key)
    for document in puts:
        if isinstance(document, Account):
            before = None if ("account", document.username) in removals else site.accounts.get(document.username)
            document = with_version(document, before)
            document = msgspec.structs.replace(document, id=await _account_id(desk, document.username))
        kind, name = name_of(document)
        desk.execute("put_document", (kind, name, msgspec.json.encode(document).decode()))
    await desk.config_changed()
    return desk.site


async def _account_id(desk: Desk, username: str) -> int:
    account_id: int | None = await desk.value("account_of_name", (username,))
    return await desk.insert("insert_account", (username,)) if account_id is None else account_id


async def set_intake(desk: Desk, is_suspended: bool) -> None:
    """The switch that a person turns; kept over a restart."""
    desk.execute("set_meta", ("intake_is_suspended", int(is_suspended)))
    await desk.config_changed()


async def put_opt_outs(desk: Desk, opt_outs: Sequence[OptOut]) -> int:
    """Import or add; what a person or the operator says is stronger than what was learned."""
    for o in opt_outs:
        if o.is_doubtful:
            desk.execute("doubt_opt_out", (o.recipient, o.line, o.code, o.source, o.learned_at))
        else:
            desk.execute("put_opt_out", (o.recipient, o.line, o.code, o.source, o.learned_at, o.expires_at))
    return len(opt_outs)


async def forget_opt_outs(desk: Desk, recipient: str, line: str | None) -> int:
    """Forget one line's or all of a recipient's; how many there were."""
    if line is None:
        return await desk.change("forget_opt_outs", (recipient,))
    return await desk.change("forget_opt_out", (recipient, line))
