"""People: users by names that are compared, sessions that die with their password, views of one's own."""

from __future__ import annotations

import pytest
from tests.store.world import NOW, World

from payamak.domain.people import LONGEST_SESSION_MS, PanelSession, PanelView, User, UserRole
from payamak.store.people import People
from payamak.store.records import Act, AuditSearch, By
from payamak.store.rules.people import MOST_SESSIONS, MOST_VIEWS, VIEWS_KEPT_MS

DAY_MS = 86_400_000


def user(name: str = "sara", role: UserRole = UserRole.ADMINISTRATOR, account_id: int | None = None) -> User:
    """A person who is not kept yet."""
    return User(name=name, key=name, password_hash="h1", account_id=account_id, role=role, made_at=NOW)


def session(of: User, digest: bytes = b"1" * 32, begun_at: int = NOW) -> PanelSession:
    """That one has signed in."""
    return PanelSession(
        digest=digest,
        user_id=of.id,
        credential_version=of.credential_version,
        begun_at=begun_at,
        used_at=begun_at,
    )


@pytest.fixture
def people(world: World) -> People:
    """Those of a store."""
    return world.store.people


async def test_a_user_is_found_by_name(people: People) -> None:
    """With a number and a version that nobody had; a second one of that name is refused, and nothing changes."""
    assert not await people.is_anybody_there()
    sara = await people.add(user())
    assert await people.is_anybody_there()
    assert await people.user("sara") == sara
    assert await people.user("omid") is None
    with pytest.raises(ValueError, match="already"):
        await people.add(user())
    omid = await people.add(user("omid", UserRole.OWNER, 1))
    assert sara.id != omid.id
    assert sara.credential_version != omid.credential_version
    assert {each.name for each in await people.users()} == {"sara", "omid"}


async def test_a_session_is_its_users(people: People) -> None:
    """It is found by its digest alone, with whose it is and when it was used; ended, it is gone."""
    sara = await people.add(user())
    assert await people.begin_session(session(sara), NOW)
    found = await people.session(b"1" * 32)
    assert found is not None
    assert found[0] == session(sara)
    assert found[1].last_login_at == NOW
    assert await people.session(b"2" * 32) is None
    await people.use_session(b"1" * 32, NOW + 5)
    await people.use_session(b"1" * 32, NOW + 3)
    (kept,) = await people.sessions(sara.id)
    assert kept.used_at == NOW + 5
    assert await people.end_session(b"1" * 32)
    assert not await people.end_session(b"1" * 32)
    assert await people.session(b"1" * 32) is None


async def test_a_new_password_ends_the_others(people: People) -> None:
    """The session by which it was given goes on, bound to it; a sign-in by the old one that comes late is none."""
    sara = await people.add(user())
    for digest in (b"1" * 32, b"2" * 32):
        await people.begin_session(session(sara, digest), NOW)
    changed = await people.change(sara.id, password_hash="h2", keep=b"1" * 32)
    assert changed.credential_version != sara.credential_version
    assert await people.session(b"1" * 32) is not None
    assert await people.session(b"2" * 32) is None
    assert not await people.begin_session(session(sara, b"3" * 32), NOW)


@pytest.mark.parametrize("change", [{"role": UserRole.CLERK}, {"is_active": False}])
async def test_who_may_less_is_out(people: People, change: dict[str, object]) -> None:
    """Another role and no access end every session."""
    sara = await people.add(user())
    await people.begin_session(session(sara), NOW)
    await people.change(sara.id, **change)  # type: ignore[arg-type]
    assert await people.sessions(sara.id) == []


async def test_nobody_changes_sides(people: People) -> None:
    """A person of an account becomes none of the house; nothing is changed."""
    omid = await people.add(user("omid", UserRole.OWNER, 1))
    with pytest.raises(ValueError, match="house"):
        await people.change(omid.id, role=UserRole.ADMINISTRATOR)
    assert await people.user("omid") == omid
    with pytest.raises(LookupError):
        await people.change(77, is_active=False)


async def test_who_is_removed_is_out(people: People) -> None:
    """With all sessions and views; twice is no fault."""
    sara = await people.add(user())
    await people.begin_session(session(sara), NOW)
    await people.keep_view(PanelView(name="v", user_id=sara.id, filters="{}", made_at=NOW))
    assert await people.remove(sara.id)
    assert not await people.remove(sara.id)
    assert await people.session(b"1" * 32) is None
    assert await people.view("v", sara.id) is None


async def test_sessions_and_views_are_bounded(people: People) -> None:
    """Of one person the oldest go; another's stay."""
    sara, omid = await people.add(user()), await people.add(user("omid"))
    await people.begin_session(session(omid, b"o" * 32), NOW)
    for number in range(MOST_SESSIONS + 3):
        await people.begin_session(session(sara, bytes([number]) * 32, NOW + number), NOW)
    kept = await people.sessions(sara.id)
    assert [each.begun_at - NOW for each in kept] == [*range(MOST_SESSIONS + 2, 2, -1)]
    assert len(await people.sessions(omid.id)) == 1
    for number in range(MOST_VIEWS + 2):
        await people.keep_view(PanelView(name=str(number), user_id=sara.id, filters="{}", made_at=NOW + number))
    assert await people.view("1", sara.id) is None
    assert await people.view("2", sara.id) is not None
    assert await people.view("2", omid.id) is None, "a view is its maker's"


async def test_what_is_over_is_forgotten(world: World, people: People) -> None:
    """The house forgets sessions after a day and views after thirty."""
    sara = await people.add(user())
    await people.begin_session(session(sara), NOW)
    await people.keep_view(PanelView(name="v", user_id=sara.id, filters="{}", made_at=NOW))
    await world.store.retire(NOW + LONGEST_SESSION_MS, 10)
    assert await people.sessions(sara.id) == []
    assert await people.view("v", sara.id) is not None
    await world.store.retire(NOW + VIEWS_KEPT_MS, 10)
    assert await people.view("v", sara.id) is None


async def test_acts_leave_a_row(world: World, people: People) -> None:
    """By the transaction that does it."""
    by = By(who="omid", command="user add", act=7)
    await people.add(user(), Act(by=by, at=NOW, what="add", about="user sara"))
    (row,) = await world.store.audit(AuditSearch())
    assert (row.what, row.about, row.count) == ("add", "user sara", 1)
