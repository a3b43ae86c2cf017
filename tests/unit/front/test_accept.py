"""The front: who may send what, in which order reasons are told, and what states are told (contract §§1–3)."""

import datetime as dt
from collections.abc import Sequence
from itertools import combinations

import pytest
from msgspec import Struct
from msgspec.structs import replace as changed
from tests.unit.house import (
    ACCOUNT,
    CALLER,
    CREDIT,
    NOW,
    RECIPIENT,
    SUBMISSION,
    A,
    B,
    C,
    Gate,
    House,
    Submission,
    T,
    send,
)

from payamak.codes import REFUSAL_ORDER, Code
from payamak.dialects.states import states_of
from payamak.domain import events as ev
from payamak.domain.mo import MoPart
from payamak.domain.site import Link
from payamak.encoding.alphabets import Alphabet
from payamak.errors import Refused, StoreFailed
from payamak.front.accept import Accepted, Front
from payamak.store.records import Search

# ------------------------------------------------------------------------------ what is accepted


async def test_accepted_is_on_disk(house: House) -> None:
    """The answer names the message that the store has, its line and recipient; the dearest step is reserved."""
    await house.put()
    sent = await house.send(changed(SUBMISSION, line2="981000456"))
    (message,) = await house.store.search(Search())
    account = house.store.site.accounts["shop"]
    assert sent == Accepted(account=account, message_id=message.id, line=A, recipient=RECIPIENT, parts=1, cost_rial=200)
    assert message.id > 1000
    assert [step.line for step in message.plan] == [A, B]
    assert (message.reserved, message.source, message.accepted_at) == (200, "wsSend", NOW)
    assert message.deadline_at == NOW + 1_440 * 60_000
    (balance,) = await house.store.balances()
    assert (balance.available, balance.reserved, balance.is_balanced) == (CREDIT - 200, 200, True)


async def test_a_prefix_that_no_mobile_has(house: House) -> None:
    """9830003300 is no recipient, though it has nine digits behind a 9: refused with 1, with a reason of its own."""
    await house.put()
    logged: list[dict[str, object]] = []
    front = Front(
        house.store, house.clock, Gate().admits, log=lambda name, **fields: logged.append({"name": name} | fields)
    )
    for wrong in ("9830003300", "989512345678", "12", None):
        with pytest.raises(Refused) as caught:
            await send(front, changed(SUBMISSION, recipient=wrong))
        assert caught.value.code is Code.RECIPIENT_INVALID
    assert front.recipients_refused == {"form": 2, "prefix": 2}
    told = {"name": "recipient_refused", "reason": "prefix", "account": "shop"}
    assert logged == [told | {"prefix": "9898"}, told | {"prefix": "9895"}]
    wider = Front(house.store, house.clock, Gate().admits, recipient_prefixes=("95",))
    assert (await send(wider, changed(SUBMISSION, recipient="0951 2345 678"))).recipient == "989512345678"


async def test_a_reply_to_a_line_is_refused(house: House) -> None:
    """The answer of a web request does not go, charged, to a sender that is no mobile."""
    await house.put()
    for sender in ("9830003301", "+9830003301", "Bank"):
        with pytest.raises(Refused) as caught:
            house.front.plan_reply("shop", A, sender, "thanks")
        assert caught.value.code is Code.RECIPIENT_INVALID


async def test_marks_in_what_a_caller_wrote(house: House) -> None:
    """Marks in the name, the numbers and the type do not count; another account's marks do not make it this one."""
    await house.put()
    marked = Submission(
        caller=changed(CALLER, username="\ufeff shop\u200f"),
        recipient="0912\u2009123\u20604567",
        message="1234",
        line="\u202a" + A + "\u202c",
        type="\u200e0.0\u00ad",
    )
    sent = await house.send(marked)
    assert (sent.recipient, sent.line) == (RECIPIENT, A)
    await house.store.put_documents([changed(ACCOUNT, username="sh\u200cop", id=0)], [], NOW)
    assert await house.refusal(marked) is Code.CREDENTIALS, (
        "two names that differ by marks alone: only exact ones count"
    )
    assert (await house.send(SUBMISSION)).line == A


async def test_a_known_opt_out_is_skipped_at_once(house: House) -> None:
    """The answer tells the line that the message stands on."""
    await house.put()
    await house.know(A, Code.OPTED_OUT_OF_LINE)
    assert (await house.send(changed(SUBMISSION, line2=B))).line == B


async def test_the_validity_counts_from_acceptance(house: House) -> None:
    """In whole minutes."""
    await house.put()
    await house.send(changed(SUBMISSION, life_time="۶۰"))
    (message,) = await house.store.search(Search())
    assert message.deadline_at == NOW + 3_600_000


# ----------------------------------------------------------------------- the order of the reasons


class Fault(Struct, frozen=True):
    """One way to be refused: what is wrong with the caller, the account, the submission, or the house."""

    caller: dict[str, object] = {}
    account: dict[str, object] = {}
    asked: dict[str, object] = {}
    credit: int | None = None
    opt_out: Code | None = None
    intake: bool = True
    called_before: bool = False


FAULTS: dict[Code, Fault] = {
    Code.CREDENTIALS: Fault(caller={"password": "wrong"}),
    Code.ACCOUNT_INACTIVE: Fault(account={"is_active": False}),
    Code.ACCOUNT_EXPIRED: Fault(account={"expires_at": dt.datetime(2023, 1, 1, tzinfo=dt.UTC)}),
    Code.ADDRESS_NOT_ALLOWED: Fault(account={"allowed_addresses": ("10.0.0.0/8",)}),
    Code.TOO_SOON: Fault(account={"min_interval_ms": 1_000}, called_before=True),
    Code.SERVICE_NOT_ENABLED: Fault(account={"sim_line": None}, asked={"type": "1"}),
    Code.SERVICE_TYPE_INVALID: Fault(asked={"type": "9"}),
    Code.RECIPIENT_INVALID: Fault(asked={"recipient": "12345"}),
    Code.LINE_INVALID: Fault(asked={"line2": "983000999"}),
    Code.TEXT_EMPTY: Fault(asked={"message": ""}),
    Code.ENCODING: Fault(asked={"message": "\ud800"}),
    Code.TOO_MANY_PARTS: Fault(asked={"message": "x" * 1_531}),
    Code.NO_TEMPLATE: Fault(account={"templates": ()}, asked={"type": "2"}),
    Code.OPTED_OUT: Fault(opt_out=Code.OPTED_OUT),
    Code.OPTED_OUT_OF_LINE: Fault(opt_out=Code.OPTED_OUT_OF_LINE),
    Code.NO_CREDIT: Fault(credit=0),
    Code.BUSY: Fault(intake=False),
}
# A closed intake asks the store nothing, so it cannot know of opt-outs and credit.
UNKNOWN_TO_A_CLOSED_INTAKE = {Code.OPTED_OUT, Code.OPTED_OUT_OF_LINE, Code.NO_CREDIT}


def can_hold_together(one: Code, other: Code) -> bool:
    """True unless both need the same field, or the contract gives them one rank."""
    if Code.BUSY in (one, other) and UNKNOWN_TO_A_CLOSED_INTAKE & {one, other}:
        return False
    first, second = FAULTS[one], FAULTS[other]
    return not (first.asked.keys() & second.asked.keys() or (first.opt_out and second.opt_out))


PAIRS = [pair for pair in combinations(FAULTS, 2) if can_hold_together(*pair)]


async def arranged(house: House, faults: Sequence[Fault]) -> Submission:
    """A submission that each of these faults would have refused."""
    account, caller, submission = ACCOUNT, CALLER, SUBMISSION
    for fault in faults:
        account = changed(account, **fault.account)
        caller = changed(caller, **fault.caller)
        submission = changed(submission, **fault.asked)
    await house.put(account, min(CREDIT if fault.credit is None else fault.credit for fault in faults))
    for fault in faults:
        if fault.opt_out:
            for line in (A, B, T, C):
                await house.know(line, fault.opt_out)
    if any(fault.called_before for fault in faults):
        house.front._last_call_s[house.store.site.accounts["shop"].id] = house.clock.monotonic()
    await house.store.set_intake(not all(fault.intake for fault in faults))
    return changed(submission, caller=caller)


@pytest.mark.parametrize("code", FAULTS, ids=lambda code: str(code.value))
async def test_each_reason_alone(house: House, code: Code) -> None:
    """Every reason is told by its code; nothing is kept and nothing is reserved."""
    submission = await arranged(house, [FAULTS[code]])
    assert await house.refusal(submission) is code
    assert await house.states() == []
    (balance,) = await house.store.balances()
    assert (balance.reserved, balance.is_balanced) == (0, True)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0].value}-{pair[1].value}")
async def test_of_two_reasons_the_first_is_told(house: House, pair: tuple[Code, Code]) -> None:
    """Contract §1: 18, 16, 17, 29, 409, 22/25, 1, 2, 13, 3, 30, 34, 27/33, 14, 23."""
    submission = await arranged(house, [FAULTS[code] for code in pair])
    assert await house.refusal(submission) is min(pair, key=REFUSAL_ORDER.index)


def test_the_pairs_are_most_of_the_order() -> None:
    """Each neighbour that can hold beside the next is among them."""
    told = [code for code in REFUSAL_ORDER if code in FAULTS]
    assert set(told) == set(FAULTS)
    assert len(PAIRS) > 110


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"caller": changed(CALLER, username=None)}, 18),
        ({"caller": changed(CALLER, password=None)}, 18),
        ({"caller": changed(CALLER, username="nobody")}, 18),
        ({"type": "two"}, 25),
        ({"type": "-1"}, 25),
        ({"type": "3"}, 25),
        ({"type": "9" * 5_000}, 25),
        ({"recipient": None}, 1),
        ({"recipient": ""}, 1),
        ({"recipient": "98912123456"}, 1),
        ({"recipient": "1 OR 1=1"}, 1),
        ({"message": None}, 13),
        ({"message": {"code": "1"}}, 13),
        ({"message": "\ud800" + "س" * 700}, 3),
        ({"type": "۲", "line": None, "template": "7"}, 34),
        ({"line": "983000999"}, 2),
        ({"line": "abc"}, 2),
    ],
)
async def test_further_refusals(house: House, asked: dict[str, object], code: int) -> None:
    """Missing, empty and senseless values each have their code."""
    await house.put()
    assert await house.refusal(changed(SUBMISSION, **asked)) == code
    assert await house.states() == []


async def test_an_invalid_type_is_told_before_a_missing_service(house: House) -> None:
    """22 and 25 have one rank: an unknown type names no service."""
    await house.put(changed(ACCOUNT, sim_line=None, service_line=None))
    assert await house.refusal(changed(SUBMISSION, type="1", recipient="x")) is Code.SERVICE_NOT_ENABLED
    assert await house.refusal(changed(SUBMISSION, type="5", recipient="x")) is Code.SERVICE_TYPE_INVALID


async def test_requests_too_close_together(house: House) -> None:
    """Only where the account has a limit, for each account by itself, and time heals it."""
    await house.put(changed(ACCOUNT, username="other"))
    await house.put(changed(ACCOUNT, min_interval_ms=1_000))
    await house.send(SUBMISSION)
    assert await house.refusal(SUBMISSION) is Code.TOO_SOON
    await house.send(changed(SUBMISSION, caller=changed(CALLER, username="other")))
    house.clock.now_ms += 1_000
    await house.send(SUBMISSION)


async def test_a_stopping_service_is_busy(house: House) -> None:
    """While we stop nothing is accepted, but states are told."""
    await house.put()
    house.front.is_stopping = True
    assert not house.front.intake_open
    assert await house.refusal(SUBMISSION) is Code.BUSY
    assert await states_of(house.front, CALLER, [5]) == [4]


async def test_a_store_that_fails_is_busy(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """P1: what cannot be kept is never called accepted, and nobody goes on waiting for it."""

    async def fail(*_: object) -> None:
        raise StoreFailed("the disk is full")

    await house.put(changed(ACCOUNT, verdict_wait_ms=60_000))
    monkeypatch.setattr(house.store, "accept", fail)
    monkeypatch.setattr(house.store, "standings", fail)
    assert await house.refusal(SUBMISSION) is Code.BUSY
    with pytest.raises(Refused) as caught:
        await states_of(house.front, CALLER, [5])
    assert caught.value.code is Code.BUSY


# ----------------------------------------------------------------------------------------- states


async def test_states_keep_order_and_count(house: House) -> None:
    """Repeats are kept; unknown ids, ids too great and another account's are told alike."""
    await house.put()
    await house.put(changed(ACCOUNT, username="other", unknown_state=0))
    other = changed(CALLER, username="other")
    mine = (await house.send(SUBMISSION)).message_id
    theirs = (await house.send(changed(SUBMISSION, caller=other))).message_id
    await house.store.advance(mine, ev.Cancelled(), NOW)
    asked = [theirs, mine, None, 5, mine, 2**53]
    assert await states_of(house.front, CALLER, asked) == [4, -1, 4, 4, -1, 4]
    assert await states_of(house.front, other, asked) == [-1, 0, 0, 0, 0, 0]
    assert await states_of(house.front, CALLER, []) == []
    assert await states_of(house.front, CALLER, [None]) == [4]


async def test_states_of_ten_thousand_ids(house: House) -> None:
    """A call may name ten thousand."""
    await house.put()
    mine = (await house.send(SUBMISSION)).message_id
    asked: list[int | None] = [mine, *range(2_000, 12_000), mine]
    assert await states_of(house.front, CALLER, asked) == [-1, *[4] * 10_000, -1]


@pytest.mark.parametrize(
    "code", [Code.CREDENTIALS, Code.ACCOUNT_INACTIVE, Code.ACCOUNT_EXPIRED, Code.ADDRESS_NOT_ALLOWED]
)
async def test_who_may_not_send_may_not_ask(house: House, code: Code) -> None:
    """States are told to the account's own caller only."""
    submission = await arranged(house, [FAULTS[code]])
    with pytest.raises(Refused) as caught:
        await states_of(house.front, submission.caller, [1])
    assert caught.value.code is code


def test_secrets_are_not_shown() -> None:
    """What a log or a trace shows of a call holds no password, text or number."""
    shown = repr(SUBMISSION.wanted) + repr(CALLER)
    assert not any(secret in shown for secret in ("secret", "1234", "shop"))


async def test_received(house: House) -> None:
    """An account reads what came to its own lines, once; a wrong password reads nothing."""
    await house.put()
    await house.store.put_documents([Link(name="l", receives_for=(A, B, T))], [], NOW)
    for line in (A, B, T):
        part = MoPart(upstream="l", link="l", line=line, sender=RECIPIENT, alphabet=Alphabet.GSM7, octets=b"hi")
        await house.store.receive_mo(part, "s", (), NOW)
    with pytest.raises(Refused) as refusal:
        await house.front.acting.read_received(changed(CALLER, password="wrong"))
    assert refusal.value.code == Code.CREDENTIALS
    _, shown = await house.front.asking.received(CALLER)
    assert [(r.line, r.read_at) for r in shown] == [(A, None), (B, None)]
    assert [r.line for r in await house.front.acting.read_received(CALLER, 1)] == [A]
    assert [r.line for r in await house.front.acting.read_received(CALLER)] == [B]
    assert await house.front.acting.read_received(CALLER) == []
