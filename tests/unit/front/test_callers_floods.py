"""Floods of passwords: who floods waits behind everybody else, and what may be asked of argon2 is bounded."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from payamak.codes import Code
from payamak.errors import Refused
from payamak.front import callers
from payamak.front.callers import Authenticator, Credential, hash_password
from payamak.front.guesses import AuthLimits, Guesses, ProofKind, Try

FLOOD, HOME = "198.51.100.1", "192.0.2.1"
PASSWORD = "right"


class Verifications:
    """The passwords that argon2 was asked for, in order; nothing is really hashed."""

    def __init__(self) -> None:
        self.passwords: list[str] = []
        self.may_go = threading.Event()
        self.may_go.set()

    def __call__(self, password_hash: str, password: str) -> bool:
        assert self.may_go.wait(60)
        self.passwords.append(password)
        return password == PASSWORD


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Verifications:
    """Instead of argon2."""
    runs = Verifications()
    monkeypatch.setattr(callers, "_matches", runs)
    return runs


@pytest.fixture
def authenticator() -> Iterator[Authenticator]:
    """One with a single thread, whose clock stands still."""
    limits = AuthLimits(concurrent=1, waiting=10, failures_per_address=1_000, failures_per_account=1_000)
    built = Authenticator(lambda: 1_000.0, limits)
    yield built
    built.close()


CREDENTIAL = Credential(username="u", password_hash=hash_password(PASSWORD), version=1)


async def asked(authenticator: Authenticator, count: int, address: str = FLOOD) -> list[asyncio.Task[bool]]:
    """So many attempts with different wrong passwords, all under way."""
    attempts = [authenticator.verify("u", f"{address} {n}", CREDENTIAL, address) for n in range(count)]
    tasks = [asyncio.create_task(attempt) for attempt in attempts]
    await asyncio.sleep(0)
    return tasks


async def right(authenticator: Authenticator, runs: Verifications) -> bool:
    """The right password from elsewhere, asked while all that was asked before is still under way."""
    asking = asyncio.create_task(authenticator.verify("u", PASSWORD, CREDENTIAL, HOME))
    await asyncio.sleep(0)
    runs.may_go.set()
    return await asking


def busy(results: list[bool | BaseException]) -> int:
    """How many were refused with 23; the others were wrong."""
    refused = [one for one in results if isinstance(one, Refused) and one.code is Code.BUSY]
    assert results.count(False) + len(refused) == len(results)
    return len(refused)


async def test_another_address_goes_first(authenticator: Authenticator, runs: Verifications) -> None:
    """An attempt from elsewhere overtakes all that one address has waiting."""
    runs.may_go.clear()
    flood = await asked(authenticator, 8)
    assert await right(authenticator, runs)
    assert runs.passwords.index(PASSWORD) <= 2
    assert busy(await asyncio.gather(*flood, return_exceptions=True)) == 0


async def test_a_full_house_is_full_for_who_filled_it(authenticator: Authenticator, runs: Verifications) -> None:
    """Where too many wait, the flood's last one is refused and not the newcomer from elsewhere."""
    runs.may_go.clear()
    flood = await asked(authenticator, 30)
    assert await right(authenticator, runs)
    assert busy(await asyncio.gather(*flood, return_exceptions=True)) == 20
    assert len(runs.passwords) == 11


async def test_past_failures_count(authenticator: Authenticator, runs: Verifications) -> None:
    """An address whose passwords were wrong waits behind one without failures that came later."""
    await asyncio.gather(*await asked(authenticator, 3))
    runs.passwords.clear()
    runs.may_go.clear()
    first = await asked(authenticator, 2)
    second = await asked(authenticator, 2, HOME)
    runs.may_go.set()
    await asyncio.gather(*first, *second)
    assert [words.split()[0] for words in runs.passwords] == [FLOOD, HOME, HOME, FLOOD]


async def test_among_equals_the_last_goes_first(authenticator: Authenticator) -> None:
    """Of many addresses with one attempt each the newest is taken: it does not wait for a whole flood."""
    entered = await order_of(authenticator, "first", "second", "third")
    assert entered == ["third", "second", "first"]


def a_try(place: str, username: str = "u", kind: ProofKind = ProofKind.WEB_SERVICE) -> Try:
    """A try from there."""
    return Try(kind=kind, username=username, place=place)


async def order_of(authenticator: Authenticator, *places: str, given_up: str = "") -> list[str]:
    """Who has a turn when, if all these wait when one becomes free; one of them is cancelled in that moment."""
    entered: list[str] = []

    async def wait(place: str) -> None:
        async with authenticator._turns.of(a_try(place)):
            entered.append(place)

    async with authenticator._turns.of(a_try("before")):
        tasks = {place: asyncio.create_task(wait(place)) for place in places}
        await asyncio.sleep(0)
    if given_up:
        tasks[given_up].cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)
    return entered


async def test_callers_that_hang_up_leave_no_turn_behind(authenticator: Authenticator, runs: Verifications) -> None:
    """Attempts that are given up, waiting or not, take no place from those that come later."""
    runs.may_go.clear()
    flood = await asked(authenticator, 30)
    for task in flood:
        task.cancel()
    runs.may_go.set()
    await asyncio.gather(*flood, return_exceptions=True)
    assert await authenticator.verify("u", PASSWORD, CREDENTIAL, HOME)
    assert await authenticator.verify("v", PASSWORD, None, HOME) in (True, False)
    turns = authenticator._turns
    async with asyncio.timeout(10):
        while turns._running:  # noqa: ASYNC110 - the tasks behind the cancelled callers
            await asyncio.sleep(0.01)
    assert not turns._waiting
    assert not authenticator._guesses._asking
    assert not authenticator._under_way


async def test_a_turn_given_to_who_is_cancelled_is_passed_on(authenticator: Authenticator) -> None:
    """A turn that came to one who was cancelled in the same moment is not lost."""
    assert await order_of(authenticator, "first", "second", given_up="second") == ["first"]
    assert authenticator._turns._running == 0


@pytest.mark.parametrize("credential", [CREDENTIAL, None], ids=["wrong password", "unknown name"])
async def test_both_cost_argon2_once(
    authenticator: Authenticator, runs: Verifications, credential: Credential | None
) -> None:
    """A wrong password and an unknown name are verified alike: once, by the same function, at the same cost."""
    assert not await authenticator.verify("u", "wrong", credential, HOME)
    assert runs.passwords == ["wrong"]
    head = CREDENTIAL.password_hash.rsplit("$", 2)[0]
    assert authenticator._nobody.startswith(head)


async def test_where_the_name_got_in_lately_goes_first(authenticator: Authenticator) -> None:
    """Before neighbourhoods that never failed, and in however many of them others ask."""
    authenticator._guesses.entered(a_try("192.0.2.7"), 1_000.0)
    fresh = [f"198.{number}.100.1" for number in range(8)]
    assert (await order_of(authenticator, "192.0.2.7", *fresh))[0] == "192.0.2.7"


async def test_many_neighbourhoods_of_one_network_have_no_more_turns(authenticator: Authenticator) -> None:
    """Who has a /48, and so 65,536 neighbourhoods, waits behind him who has one elsewhere, though none has failed."""
    many = [f"20010db80001{number:04x}" for number in range(8)]
    for mine in ("20010db900010000", "20010db800020000"):  # in another /32, and in the same
        assert (await order_of(authenticator, *many[:4], mine, *many[4:]))[0] == mine
        assert (await order_of(authenticator, mine, *many))[0] == mine
    fourth = [f"198.51.100.{number}" for number in range(6)]
    assert set((await order_of(authenticator, "192.0.2.7", *fourth, "192.0.2.8"))[:2]) == {"192.0.2.7", "192.0.2.8"}


async def test_an_order_is_of_now(authenticator: Authenticator) -> None:
    """Who asked before his network had failed does not go before a newcomer because of that."""
    flood = [f"198.51.{number % 4}.{number}" for number in range(60)]
    entered: list[str] = []

    async def wait(place: str, failures: int) -> None:
        async with authenticator._turns.of(a_try(place)):
            entered.append(place)
        for number in range(failures):
            authenticator._guesses.failed(a_try(place, f"user{number}"), 1_000.0)

    authenticator._limits = AuthLimits(concurrent=1, waiting=100)
    authenticator._turns._limits = authenticator._limits
    async with authenticator._turns.of(a_try("before")):
        tasks = [asyncio.create_task(wait(place, 3)) for place in flood]
        await asyncio.sleep(0)
    while len(entered) < 20:  # noqa: ASYNC110 - each step of the loop lets one in
        await asyncio.sleep(0)
    await asyncio.gather(asyncio.create_task(wait("198.51.77.1", 0)), *tasks)
    assert entered.index("198.51.77.1") <= 22


def test_what_is_remembered_has_a_bound() -> None:
    """Of names, of neighbourhoods of a name, of failures; the longest untouched goes."""
    guesses = Guesses(AuthLimits(tracked_failures=3))
    for number in range(40):
        guesses.entered(a_try(f"192.0.2.{number}"), float(number))
        guesses.entered(a_try("192.0.2.1", f"user{number}"), float(number))
        guesses.failed(a_try(f"198.51.{number}.1", f"user{number}"), float(number))
    assert len(guesses._known) == 3
    assert not guesses.is_known(a_try("192.0.2.1"), 40.0)
    assert guesses.is_known(a_try("192.0.2.39"), 40.0)
    assert not guesses.is_known(a_try("192.0.2.39"), 39.0 + 8 * 86_400)
    kept = (guesses._of_names, guesses._of_places, guesses._of_strangers, guesses._of_the_known)
    assert [len(one._left) for one in kept] == [3, 3, 3, 0]


def test_kinds_are_counted_apart() -> None:
    """Who fails with a name's other kind of credential locks nobody out of this one, and is not known for it."""
    guesses = Guesses(AuthLimits(failures_per_account=1, strange_failures=1))
    one, other = a_try("192.0.2.1"), a_try("192.0.2.1", kind=ProofKind.PANEL)
    guesses.failed(other, 0.0)
    assert (guesses.is_limited(other, 0.0), guesses.is_limited(one, 0.0)) == (True, False)
    guesses.entered(other, 0.0)
    assert (guesses.is_known(other, 0.0), guesses.is_known(one, 0.0)) == (True, False)


async def test_a_kind_proves_nothing_of_another(authenticator: Authenticator, runs: Verifications) -> None:
    """The same name and password of the other kind are verified by themselves."""
    assert await authenticator.verify("u", PASSWORD, CREDENTIAL, HOME)
    assert await authenticator.verify("u", PASSWORD, CREDENTIAL, HOME, ProofKind.PANEL)
    assert len(runs.passwords) == 2
