"""The rules of a batch: which arrays fit, whose fault refuses what, and what else only the SOAP door asks."""

import asyncio
import datetime as dt
from collections.abc import Sequence

import pytest
from msgspec.structs import replace as changed
from tests.store.world import gone
from tests.unit.batches import ALI, BATCH, REZA, SARA, Desk, kept, refusal, send_batch
from tests.unit.house import ACCOUNT, CALLER, CREDIT, NOW, A, B, T

from payamak.codes import Code
from payamak.dialects.soap.arrays import MOST_MESSAGES, ToldBatch
from payamak.domain.events import Cancelled
from payamak.domain.message import Lane, State
from payamak.domain.own_ids import OwnIdKind
from payamak.domain.site import LaneName
from payamak.errors import Refused, StoreFailed
from payamak.front import accept
from payamak.front.accept import BATCHES_WAITING, MESSAGES_AT_ONCE
from payamak.store.records import Batched, NewMessage, Search

# -------------------------------------------------------------------------------------------- arrays


async def test_one_text_to_many(desk: Desk) -> None:
    """1:N; the ids come in the order of the recipients, with count, parts and price of the whole."""
    house, front = desk
    sent = await send_batch(front, BATCH)
    assert await kept(house) == [("989120000001", A, "hello"), ("989120000002", A, "hello")]
    newest, oldest = await house.store.search(Search())
    assert sent == ToldBatch(outcomes=(oldest.id, newest.id), count=2, parts=2, cost_rial=200)
    assert (oldest.source, oldest.lane, oldest.deadline_at) == ("soap", Lane.BULK, NOW + 86_400_000)


async def test_many_texts_to_many(desk: Desk) -> None:
    """N:N; each has its own text, its own encodings, classes and headers beside it."""
    house, front = desk
    batch = changed(BATCH, texts=["a", "b"], encodings=["2", "1"], classes=["1", ""], udhs=["", "0"])
    await send_batch(front, batch)
    assert [text for _, _, text in await kept(house)] == ["a", "b"]


LENGTHS: list[tuple[int, int, dict[str, object], int]] = [
    (1, 0, {}, 106),
    (0, 0, {}, 106),
    (1, MOST_MESSAGES + 1, {}, 107),
    (0, 2, {}, 101),
    (2, 3, {}, 101),
    (3, 2, {}, 103),
    (2, 1, {}, 103),
    (1, 3, {"udhs": ["", ""]}, 104),
    (1, 3, {"encodings": ["2", "2"]}, 100),
    (1, 3, {"classes": ["1"] * 4}, 102),
    (1, 3, {"check_ids": [1]}, 109),
    (1, 3, {"check_ids": []}, 109),
    (1, 3, {"udhs": ["", ""], "encodings": ["2", "2"], "classes": ["1", "1"]}, 104),
]


@pytest.mark.parametrize(("texts", "recipients", "further", "code"), LENGTHS)
async def test_arrays_that_do_not_fit(
    desk: Desk, texts: int, recipients: int, further: dict[str, object], code: int
) -> None:
    """The whole call is refused and nothing is sent."""
    house, front = desk
    batch = changed(BATCH, texts=["x"] * texts, recipients=[ALI] * recipients, **further)
    assert await refusal(front, batch) == code
    assert await kept(house) == []


@pytest.mark.parametrize("length", [0, 1, 3])
async def test_arrays_that_fit(desk: Desk, length: int) -> None:
    """Absent, one for all, or one for each."""
    _, front = desk
    batch = changed(
        BATCH,
        recipients=[ALI, SARA, REZA],
        udhs=[""] * length,
        encodings=["۲"] * length,
        classes=["1"] * length,
    )
    assert (await send_batch(front, batch)).count == 3


async def test_fifty_messages(desk: Desk) -> None:
    """The most that a call takes, one message to each."""
    _, front = desk
    recipients = [f"0912{n:07}" for n in range(MOST_MESSAGES)]
    sent = await send_batch(front, changed(BATCH, recipients=recipients))
    assert len(set(sent.outcomes)) == sent.count == MOST_MESSAGES


# ------------------------------------------------------------------------------- one message's fault


async def test_the_same_recipient_twice_in_one_call(desk: Desk) -> None:
    """As it ever was both go; with `dedupe` one does, its id in both places; another text is another message."""
    house, front = desk
    twice = [ALI, SARA, "+98" + ALI[1:]]
    assert len(set((await send_batch(front, changed(BATCH, recipients=twice))).outcomes)) == 3
    await house.put(changed(ACCOUNT, dedupe=True))
    sent = await send_batch(front, changed(BATCH, recipients=twice))
    assert sent.outcomes[0] == sent.outcomes[2] != sent.outcomes[1]
    assert (sent.count, sent.parts, sent.cost_rial) == (2, 2, 200)
    others = await send_batch(front, changed(BATCH, recipients=[ALI, ALI, "12", "12"], texts=["a", "b", "c", "c"]))
    assert len(set(others.outcomes[:2])) == 2
    assert others.outcomes[2:] == (1, 1)
    own = await send_batch(front, changed(BATCH, recipients=[ALI, ALI], check_ids=[1, 2]))
    assert len(set(own.outcomes)) == 2, "own ids say what is the same"


async def test_a_bad_recipient_has_its_code(desk: Desk) -> None:
    """The others go."""
    house, front = desk
    sent = await send_batch(front, changed(BATCH, recipients=["1234", ALI, "", SARA]))
    assert [outcome if outcome < 1_000 else "id" for outcome in sent.outcomes] == [1, "id", 1, "id"]
    assert (sent.count, sent.parts, sent.cost_rial) == (2, 2, 200)
    assert len(await kept(house)) == 2


@pytest.mark.parametrize(
    ("faulty", "code"),
    [
        ({"texts": ["", "b"]}, 13),
        ({"texts": ["x" * 1_531, "b"]}, 30),
        ({"encodings": ["two", "2"]}, 3),
        ({"encodings": ["-1", "2"]}, 3),
        ({"classes": ["4", "1"]}, 4),
        ({"classes": ["flash", "1"]}, 4),
        ({"udhs": ["0500030A0201", ""]}, 6),
        ({"udhs": ["x", ""]}, 6),
        ({"recipients": ["1", SARA], "texts": ["", "b"]}, 1),
        ({"texts": ["", "b"], "encodings": ["two", "2"]}, 13),
    ],
)
async def test_a_message_of_a_batch_is_refused_alone(desk: Desk, faulty: dict[str, object], code: int) -> None:
    """Its code stands in its place; of several the first in the order of contract §1."""
    house, front = desk
    first, second = (await send_batch(front, changed(BATCH, **faulty))).outcomes
    assert first == code
    assert second > 1_000
    assert len(await kept(house)) == 1


async def test_a_known_opt_out_is_the_recipients_own(desk: Desk) -> None:
    """It gets 33 and is not charged; the other goes."""
    house, front = desk
    await house.know(A, Code.OPTED_OUT_OF_LINE)
    sent = await send_batch(front, changed(BATCH, recipients=["09121234567", ALI]))
    assert (sent.outcomes[0], sent.count, sent.cost_rial) == (33, 1, 100)


@pytest.mark.parametrize(
    ("faulty", "told"),
    [
        ({"recipients": ["1", "2"]}, (1, 1)),
        ({"recipients": ["1"]}, (1,)),
        ({"recipients": ["1", SARA], "texts": ["a", ""]}, (1, 13)),
    ],
)
async def test_nothing_accepted_may_still_be_a_valid_batch(
    desk: Desk, faulty: dict[str, object], told: tuple[int, ...]
) -> None:
    """What is wrong with recipients is told for each, also when it is wrong with all."""
    house, front = desk
    assert await send_batch(front, changed(BATCH, **faulty)) == ToldBatch(
        outcomes=told, count=0, parts=0, cost_rial=0
    )  # fmt: skip
    assert await kept(house) == []


@pytest.mark.parametrize(
    ("faulty", "code"),
    [
        ({"texts": [""]}, 13),
        ({"texts": ["", ""]}, 13),
        ({"texts": ["x" * 1_531]}, 30),
        ({"udhs": ["0500030A0201"]}, 6),
        ({"line": T, "texts": ["no such text"]}, 2),
    ],
)
async def test_a_fault_of_all_refuses_the_call(desk: Desk, faulty: dict[str, object], code: int) -> None:
    """A program that looks at the result alone must not take it for sent."""
    house, front = desk
    if code == 2:
        await house.put(changed(ACCOUNT, service_line=None), 0)
    assert await refusal(front, changed(BATCH, **faulty)) == code
    assert await kept(house) == []


# ---------------------------------------------------------------------------------- the whole's fault


@pytest.mark.parametrize(
    ("account", "asked", "code"),
    [
        ({}, {"caller": changed(CALLER, password="wrong")}, 18),
        ({}, {"caller": changed(CALLER, username=None)}, 18),
        ({"is_active": False}, {}, 16),
        ({"expires_at": dt.datetime(2023, 1, 1, tzinfo=dt.UTC)}, {}, 17),
        ({"allowed_addresses": ("10.0.0.0/8",)}, {}, 29),
        ({}, {"line": "983000999"}, 2),
        ({}, {"line": "abc"}, 2),
        ({"default_line": None}, {"line": None}, 2),
        ({"is_active": False}, {"recipients": []}, 16),
        ({}, {"line": "abc", "recipients": []}, 106),
        ({}, {"line": "abc", "recipients": ["1", "2"]}, 2),
    ],
)
async def test_what_refuses_the_whole(
    desk: Desk, account: dict[str, object], asked: dict[str, object], code: int
) -> None:
    """Who calls, then the arrays, then the line; nothing is kept."""
    house, front = desk
    await house.put(changed(ACCOUNT, **account), 0)
    assert await refusal(front, changed(BATCH, **asked)) == code
    assert await kept(house) == []


async def test_credit_refuses_the_whole(desk: Desk) -> None:
    """14 when the sum is not covered, though the first message would be."""
    house, front = desk
    await house.store.credit("shop", 199 - CREDIT, "test", NOW)
    assert await refusal(front, BATCH) is Code.NO_CREDIT
    assert await kept(house) == []
    assert (await front.asking.purse(CALLER))[1] == 199


async def test_one_batch_is_one_request(desk: Desk) -> None:
    """The least interval is between calls, not between messages."""
    house, front = desk
    await house.put(changed(ACCOUNT, min_interval_ms=1_000), 0)
    assert (await send_batch(front, BATCH)).count == 2
    assert await refusal(front, BATCH) is Code.TOO_SOON
    house.clock.now_ms += 1_000
    assert (await send_batch(front, BATCH)).count == 2


async def test_a_closed_intake_takes_no_batch(desk: Desk) -> None:
    """23, while states and credit are still told."""
    house, front = desk
    await house.store.set_intake(True)
    assert await refusal(front, BATCH) is Code.BUSY
    assert (await front.asking.purse(CALLER))[1] == CREDIT


async def test_a_store_that_fails_is_busy(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """P1: what cannot be kept is never called done."""
    house, front = desk

    async def fail(*_: object) -> None:
        raise StoreFailed("the disk is full")

    for name in ("accept_batch", "available", "outbox", "set_password"):
        monkeypatch.setattr(house.store, name, fail)
    assert await refusal(front, BATCH) is Code.BUSY
    for asked in (
        front.asking.purse(CALLER),
        front.asking.outbox(CALLER, OwnIdKind.CHECK_ID, ["1"]),
        front.acting.change_password(CALLER, "new password", hashed),
    ):
        with pytest.raises(Refused) as caught:
            await asked
        assert caught.value.code is Code.BUSY


async def test_a_flood_of_batches_waits_outside_the_writer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few are in the store at once, many may wait, more are refused with 23."""
    house, front = desk
    monkeypatch.setattr(accept, "TURN_WITHIN_S", 600.0)  # how long one waits is another test's
    inside: list[int] = []
    may_go = asyncio.Event()

    async def slow(account_id: int, items: Sequence[NewMessage | Code], *_: object) -> list[Batched | Code]:
        inside.append(len(items))
        await may_go.wait()
        return [Batched(message_id=2_000 + n) for n in range(len(items))]

    monkeypatch.setattr(house.store, "accept_batch", slow)
    most = MESSAGES_AT_ONCE // 2 + BATCHES_WAITING
    calls = [asyncio.ensure_future(send_batch(front, BATCH)) for _ in range(most + 1)]
    (refused, *_), _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    with pytest.raises(Refused) as caught:
        await refused
    assert (caught.value.code, sum(inside)) == (Code.BUSY, MESSAGES_AT_ONCE)
    may_go.set()
    told = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(each, ToldBatch) for each in told) == most
    assert (await send_batch(front, BATCH)).outcomes == (2_000, 2_001)


# ---------------------------------------------------------------------------------------------- lanes


@pytest.mark.parametrize(
    ("account", "line", "lane"),
    [({}, A, Lane.BULK), ({}, B, Lane.OTP), ({"lane": LaneName.NORMAL}, A, Lane.NORMAL), ({}, None, Lane.OTP)],
)
async def test_the_class_of_a_batch(desk: Desk, account: dict[str, object], line: str | None, lane: Lane) -> None:
    """Bulk, unless the account or the line says otherwise; without a line it goes by the account's default one."""
    house, front = desk
    await house.put(changed(ACCOUNT, **account), 0)
    await send_batch(front, changed(BATCH, line=line))
    messages = await house.store.search(Search())
    assert {(m.lane, m.current.line) for m in messages} == {(lane, line or B)}


# --------------------------------------------------------------------------------------- the own ids


async def test_the_outbox_tells_states(desk: Desk) -> None:
    """By key, ids never taken, of another kind or of another account left out."""
    house, front = desk
    first, second = (await send_batch(front, changed(BATCH, check_ids=[11, 12]))).outcomes
    await house.store.advance(second, Cancelled(), NOW)
    account, told = await front.asking.outbox(CALLER, OwnIdKind.CHECK_ID, ["12", "99", "11", "12"])
    assert account.username == "shop"
    assert {
        key: (row.message_id, row.accepted_at, row.standing and row.standing.state) for key, row in told.items()
    } == {
        "11": (first, NOW, State.QUEUED),
        "12": (second, NOW, State.CANCELLED),
    }
    assert (await front.asking.outbox(CALLER, OwnIdKind.REFERENCE, ["11"]))[1] == {}
    assert (await front.asking.outbox(CALLER, OwnIdKind.CHECK_ID, []))[1] == {}
    await house.put(changed(ACCOUNT, username="other"), 0)
    other = changed(CALLER, username="other")
    assert (await front.asking.outbox(other, OwnIdKind.CHECK_ID, ["11", "12"]))[1] == {}
    assert await house.states() == [State.CANCELLED, State.QUEUED]


# ------------------------------------------------------------------------------------------ the rest


async def hashed(password: str) -> str:
    """A hash that shows what it was made of."""
    return f"hash of {password}"


async def test_a_new_password(desk: Desk) -> None:
    """The account's hash is the new one's, under a version of its own, so that no cached proof outlives it."""
    house, front = desk
    before = house.store.site.accounts["shop"]
    await front.acting.change_password(CALLER, " n€w رمز ", hashed)
    account = house.store.site.accounts["shop"]
    assert account.password_hash == "hash of  n€w رمز "
    assert account.credential_version != before.credential_version


async def test_a_new_password_for_somebody_else(desk: Desk) -> None:
    """Who has the account's name by the time that the new password is made keeps his own; the caller is told 18."""
    house, front = desk

    async def replaced_meanwhile(password: str) -> str:
        await gone(house.store, "account", "shop")
        await house.store.put_documents([changed(ACCOUNT, password_hash="the new owner's")], [], NOW)
        return f"hash of {password}"

    with pytest.raises(Refused) as caught:
        await front.acting.change_password(CALLER, "new password", replaced_meanwhile)
    assert caught.value.code is Code.CREDENTIALS
    assert house.store.site.accounts["shop"].password_hash == "the new owner's"


@pytest.mark.parametrize("password", [None, "", "x", "seven77", "رمز۱۲۳۴", "x" * 1_025, "ی" * 513])
async def test_no_password_at_all(desk: Desk, password: str | None) -> None:
    """Of less than eight characters, or longer than could ever be verified: refused, and the old one stays."""
    house, front = desk
    before = house.store.site.accounts["shop"]
    with pytest.raises(Refused) as caught:
        await front.acting.change_password(CALLER, password, hashed)
    assert caught.value.code is Code.MALFORMED
    assert house.store.site.accounts["shop"] == before


async def test_only_the_owner_asks(desk: Desk) -> None:
    """A wrong password is told before anything, and nothing is hashed for it."""
    _, front = desk
    stranger = changed(CALLER, password="wrong")

    async def never(_: str) -> str:
        raise AssertionError("hashed for a stranger")

    for asked in (
        front.asking.purse(stranger),
        front.asking.outbox(stranger, OwnIdKind.CHECK_ID, ["1"]),
        front.acting.change_password(stranger, "x", never),
    ):
        with pytest.raises(Refused) as caught:
            await asked
        assert caught.value.code is Code.CREDENTIALS


def test_secrets_are_not_shown() -> None:
    """What a log or a trace shows of a batch holds no text, number or password."""
    assert repr(BATCH) == "Arrays(recipients=2)"
