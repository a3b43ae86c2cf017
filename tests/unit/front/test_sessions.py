"""Sessions of the panel: who gets in, for how long, and whose account a session speaks for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.unit.house import ACCOUNT, NOW, House

from payamak.codes import Code
from payamak.domain.people import ACCOUNT_IDLE_MS, HOUSE_IDLE_MS, LONGEST_SESSION_MS, User, UserRole, name_key
from payamak.errors import Refused
from payamak.front.callers import BySession
from payamak.front.guesses import ProofKind
from payamak.front.passwords import Credential
from payamak.front.sessions import USE_KEPT_MS
from payamak.store.records import Search

ADDRESS = "203.0.113.9"
asked: list[tuple[str, ProofKind, bool]] = []


async def verify(username: str, password: str, credential: Credential | None, address: str, kind: ProofKind) -> bool:
    """Everybody's password is "سلام بر همه", and what is asked is written down."""
    asked.append((username, kind, credential is not None))
    return credential is not None and password == "سلام بر همه"


async def add(house: House, name: str = "Sara", role: UserRole = UserRole.OWNER, account: str | None = "shop") -> User:
    """A person of the house of unit tests."""
    account_id = None if account is None else house.store.site.accounts[account].id
    user = User(name=name, key=name_key(name), password_hash="h", account_id=account_id, role=role, made_at=NOW)
    return await house.store.people.add(user)


async def enter(house: House, name: str = "Sara", password: str = "سلام بر همه") -> str | None:
    """Sign in."""
    return await house.front.sessions.sign_in(verify, name, password, ADDRESS)


async def test_who_gets_in(house: House) -> None:
    """By the name in any letters, with a password composed in either way; as a person's credential, not a program's."""
    await house.put()
    await add(house)
    asked.clear()
    token = await enter(house, " sara ")
    assert token is not None
    person = await house.front.sessions.person(token)
    assert person is not None
    assert (person.user.name, person.account) == ("Sara", house.store.site.accounts["shop"])
    assert asked == [("sara", ProofKind.PANEL, True)]
    assert len(person.form_token) == 32
    assert token not in repr(BySession(token=token))


@pytest.mark.parametrize("name", ["Sara", "nobody", "gone"])
async def test_who_does_not(house: House, name: str) -> None:
    """A wrong password, a name that nobody has and one that may not come in are told alike, and all are verified."""
    await house.put()
    await add(house)
    gone = await add(house, "gone")
    await house.store.people.change(gone.id, is_active=False)
    asked.clear()
    assert await enter(house, name, "سلام بر همه" if name == "gone" else "wrong") is None
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("role", "account", "idle_ms"),
    [(UserRole.VIEWER, "shop", ACCOUNT_IDLE_MS), (UserRole.CLERK, None, HOUSE_IDLE_MS)],
)
async def test_an_idle_session_ends(house: House, role: UserRole, account: str | None, idle_ms: int) -> None:
    """After half an hour in the house and eight of an account; what a page asks by itself is no use of it."""
    await house.put()
    await add(house, role=role, account=account)
    token = await enter(house) or ""
    house.clock.now_ms += idle_ms - 1
    assert await house.front.sessions.person(token, is_use=False) is not None
    house.clock.now_ms += 1
    assert await house.front.sessions.person(token, is_use=True) is None


async def test_a_used_session_goes_on_for_a_day(house: House) -> None:
    """And no longer, whatever it is used for."""
    await house.put()
    await add(house, role=UserRole.CLERK, account=None)
    token = await enter(house) or ""
    for _ in range(LONGEST_SESSION_MS // (HOUSE_IDLE_MS - USE_KEPT_MS)):
        house.clock.now_ms += HOUSE_IDLE_MS - USE_KEPT_MS
        assert await house.front.sessions.person(token, is_use=True) is not None
    house.clock.now_ms = NOW + LONGEST_SESSION_MS
    assert await house.front.sessions.person(token, is_use=True) is None


async def test_a_session_speaks_for_its_account_alone(house: House) -> None:
    """Its messages and their stories are told; another account's are not there, nor anything of a closed one."""
    await house.put()
    await house.store.put_documents([replace(ACCOUNT, username="bank")], [], NOW)
    await add(house)
    await add(house, "Omid", account="bank")
    mine, other = BySession(token=await enter(house) or ""), BySession(token=await enter(house, "Omid") or "")
    from tests.unit.house import SUBMISSION

    sent = await house.send(SUBMISSION)
    asking = house.front.asking
    _, page = await asking.message_page(mine, Search())
    assert [m.id for m in page.messages] == [sent.message_id]
    assert (await asking.story(mine, sent.message_id))[1] is not None
    _, page = await asking.message_page(other, Search(account_id=house.store.site.accounts["shop"].id))
    assert page.messages == ()
    assert (await asking.story(other, sent.message_id))[1] is None
    await house.store.put_documents([replace(house.store.site.accounts["shop"], is_active=False)], [], NOW)
    with pytest.raises(Refused) as refused:
        await asking.purse(mine)
    assert refused.value.code is Code.ACCOUNT_INACTIVE


@pytest.mark.parametrize("token", ["", "x" * 22, "x" * 100, "سلام"])
async def test_what_is_no_session(house: House, token: str) -> None:
    """It speaks for nobody."""
    await house.put()
    with pytest.raises(Refused) as refused:
        await house.front.asking.purse(BySession(token=token))
    assert refused.value.code is Code.CREDENTIALS


async def test_the_house_has_no_account(house: House) -> None:
    """Its people are told nothing in an account's name."""
    await house.put()
    await add(house, role=UserRole.ADMINISTRATOR, account=None)
    with pytest.raises(Refused):
        await house.front.asking.purse(BySession(token=await enter(house) or ""))


async def test_out(house: House) -> None:
    """Here, or everywhere else."""
    await house.put()
    await add(house)
    first, second = await enter(house) or "", await enter(house) or ""
    person = await house.front.sessions.person(first)
    assert person is not None
    assert len(await house.front.sessions.of(person)) == 2
    assert await house.front.sessions.end_others(person) == 1
    assert await house.front.sessions.person(second) is None
    await house.front.sessions.sign_out(first)
    assert await house.front.sessions.person(first) is None
