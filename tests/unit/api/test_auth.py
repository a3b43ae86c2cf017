"""Web-service passwords: argon2 for real, the cache, and the limits that guard argon2's work."""

import asyncio
from collections.abc import Iterator

import pytest
from argon2 import extract_parameters

from payamak.api import auth
from payamak.api.auth import Authenticator, AuthLimits, Credential, hash_password
from payamak.codes import Code
from payamak.errors import Refused

PASSWORD = "p@ss#$%&+= رمز"
HOME = "192.0.2.1"


class Clock:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


class Verifications:
    """Counts the runs of argon2 and notes how many ran at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.running = 0
        self.most_running = 0
        self._real = auth._matches
        monkeypatch.setattr(auth, "_matches", self)

    def __call__(self, password_hash: str, password: str) -> bool:
        self.count += 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            return self._real(password_hash, password)
        finally:
            self.running -= 1


def stands(authenticator: Authenticator, username: str, password: str, credential: Credential) -> bool:
    """Whether the cache answers for these, without argon2."""
    return authenticator._stands(authenticator._digest(username, password), credential)


@pytest.fixture(scope="module")
def password_hash() -> str:
    """The hash of PASSWORD."""
    return hash_password(PASSWORD)


@pytest.fixture
def credential(password_hash: str) -> Credential:
    """An account's credential."""
    return Credential(username="u", password_hash=password_hash, version=1)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Verifications:
    """The argon2 runs of the test."""
    return Verifications(monkeypatch)


@pytest.fixture
def authenticator(clock: Clock) -> Iterator[Authenticator]:
    """An authenticator with small limits."""
    limits = AuthLimits(
        cached_credentials=2, failures_per_account=3, failures_per_address=5, tracked_failures=100, waiting=4
    )
    built = Authenticator(clock, limits)
    yield built
    built.close()


def test_hash_is_argon2id_as_designed(password_hash: str) -> None:
    """Passwords are kept as argon2id with t=2, 19 MiB, p=1."""
    assert password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_time_does_not_tell_who_exists(
    authenticator: Authenticator, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown name, and one without a password, cost what a wrong password costs: one argon2, equally dear."""
    tried: list[tuple[object, str]] = []
    digested: list[int] = []
    digest_of = authenticator._digest

    def matches(password_hash: str, password: str) -> bool:
        tried.append((extract_parameters(password_hash), password))
        return False

    def digest(username: str, password: str) -> bytes:
        digested.append(len(password))
        return digest_of(username, password)

    monkeypatch.setattr(auth, "_matches", matches)
    monkeypatch.setattr(authenticator, "_digest", digest)
    for username, known in (("u", credential), ("nobody", None)):
        assert not await authenticator.verify(username, "wrong", known, HOME)
        assert not await authenticator.verify(username, "w" * 1_000_000, known, HOME)
    assert len(tried) == 2
    assert tried[0] == tried[1]
    assert digested == [5, 5]


async def test_right_password_is_verified_once(
    authenticator: Authenticator, credential: Credential, runs: Verifications
) -> None:
    """A right password costs argon2 once; from then on the cache answers without waiting."""
    assert not stands(authenticator, "u", PASSWORD, credential)
    assert await authenticator.verify("u", PASSWORD, credential, HOME)
    assert stands(authenticator, "u", PASSWORD, credential)
    assert await authenticator.verify("u", PASSWORD, credential, HOME)
    assert runs.count == 1


async def test_wrong_password_is_never_remembered(
    authenticator: Authenticator, credential: Credential, runs: Verifications
) -> None:
    """A wrong password fails each time, and each time costs argon2."""
    for _ in range(2):
        assert not await authenticator.verify("u", "wrong", credential, HOME)
        assert not stands(authenticator, "u", "wrong", credential)
    assert runs.count == 2


async def test_unknown_account_takes_the_same_work(authenticator: Authenticator, runs: Verifications) -> None:
    """For an unknown account argon2 runs as for a known one, and the answer is no."""
    assert not await authenticator.verify("nobody", PASSWORD, None, HOME)
    assert runs.count == 1
    assert authenticator._nobody.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_new_password_ends_the_old_proof(authenticator: Authenticator, credential: Credential) -> None:
    """A credential in the cache is bound to its version."""
    assert await authenticator.verify("u", PASSWORD, credential, HOME)
    changed = Credential(username="u", password_hash=hash_password("new"), version=2)
    assert not stands(authenticator, "u", PASSWORD, changed)
    assert not await authenticator.verify("u", PASSWORD, changed, HOME)
    assert await authenticator.verify("u", "new", changed, HOME)


async def test_an_old_proof_says_nothing_of_another_hash(
    authenticator: Authenticator, credential: Credential, runs: Verifications
) -> None:
    """A credential that has the name and, by whatever hand, the version of an earlier one is proven by itself alone."""
    assert await authenticator.verify("u", PASSWORD, credential, HOME)
    successor = Credential(username="u", password_hash=hash_password("new"), version=credential.version)
    assert not stands(authenticator, "u", PASSWORD, successor)
    assert not await authenticator.verify("u", PASSWORD, successor, HOME)
    assert await authenticator.verify("u", "new", successor, HOME)
    assert runs.count == 3


async def test_a_verification_under_way_is_the_credentials_own(
    authenticator: Authenticator, credential: Credential, runs: Verifications
) -> None:
    """Who asks for the successor while the old one is being verified does not share its result."""
    successor = Credential(username="u", password_hash=hash_password("new"), version=credential.version)
    asked = (authenticator.verify("u", PASSWORD, each, HOME) for each in (credential, successor))
    assert await asyncio.gather(*asked) == [True, False]
    assert runs.count == 2


async def test_name_and_password_are_told_apart(authenticator: Authenticator, credential: Credential) -> None:
    """No other split of the same characters passes by the cache."""
    assert await authenticator.verify("u", PASSWORD, credential, HOME)
    assert not stands(authenticator, "u" + PASSWORD[0], PASSWORD[1:], credential)


async def test_proof_expires_when_idle(authenticator: Authenticator, credential: Credential, clock: Clock) -> None:
    """A verified credential stays while it is used and is forgotten after an idle hour."""
    assert await authenticator.verify("u", PASSWORD, credential, HOME)
    clock.now_s += 3_000
    assert stands(authenticator, "u", PASSWORD, credential)
    clock.now_s += 3_000
    assert stands(authenticator, "u", PASSWORD, credential)
    clock.now_s += 3_601
    assert not stands(authenticator, "u", PASSWORD, credential)


async def test_cache_is_bounded(authenticator: Authenticator, password_hash: str) -> None:
    """The longest unused credential makes room."""
    credentials = [Credential(username=name, password_hash=password_hash, version=1) for name in "abc"]
    for each in credentials:
        assert await authenticator.verify(each.username, PASSWORD, each, HOME)
    held = [stands(authenticator, each.username, PASSWORD, each) for each in credentials]
    assert held == [False, True, True]


async def test_failures_of_an_account_are_limited_before_argon2(
    authenticator: Authenticator, credential: Credential, runs: Verifications, clock: Clock
) -> None:
    """After three failures the account's attempts cost no argon2, from any address, until some grow back."""
    for attempt in range(6):
        assert not await authenticator.verify("u", f"wrong{attempt}", credential, f"192.0.2.{attempt}")
    assert runs.count == 3
    assert not await authenticator.verify("u", PASSWORD, credential, "198.51.100.1")
    assert runs.count == 3
    clock.now_s += 21
    assert await authenticator.verify("u", PASSWORD, credential, "198.51.100.1")


@pytest.mark.parametrize("addresses", [[HOME] * 9, [f"2001:db8::{n}" for n in range(9)]])
async def test_failures_of_an_address_are_limited_before_argon2(
    authenticator: Authenticator, runs: Verifications, addresses: list[str]
) -> None:
    """After five failures an address, of IPv6 a /64, costs no argon2, whatever the accounts."""
    for attempt, address in enumerate(addresses):
        assert not await authenticator.verify(f"user{attempt}", "wrong", None, address)
    assert runs.count == 5


async def test_cached_credential_always_passes(
    authenticator: Authenticator, credential: Credential, runs: Verifications
) -> None:
    """Somebody else's failures never lock out a caller who was verified."""
    assert await authenticator.verify("u", PASSWORD, credential, HOME)
    for attempt in range(9):
        await authenticator.verify("u", f"wrong{attempt}", credential, HOME)
    assert runs.count == 4
    assert await authenticator.verify("u", PASSWORD, credential, HOME)


async def test_successes_do_not_spend_the_allowance(authenticator: Authenticator, password_hash: str) -> None:
    """Many accounts behind one address may all come at once."""
    for number in range(9):
        credential = Credential(username=f"u{number}", password_hash=password_hash, version=1)
        assert await authenticator.verify(credential.username, PASSWORD, credential, HOME)


async def test_same_attempt_is_one_verification(
    authenticator: Authenticator, credential: Credential, runs: Verifications
) -> None:
    """A client that starts with many requests at once costs argon2 once, and all of them pass."""
    attempts = [authenticator.verify("u", PASSWORD, credential, HOME) for _ in range(50)]
    assert all(await asyncio.gather(*attempts))
    assert runs.count == 1


async def test_caller_that_leaves_takes_nothing_with_him(authenticator: Authenticator, credential: Credential) -> None:
    """A cancelled caller does not cancel the verification that others wait for."""
    first = asyncio.create_task(authenticator.verify("u", PASSWORD, credential, HOME))
    second = asyncio.create_task(authenticator.verify("u", PASSWORD, credential, HOME))
    await asyncio.sleep(0)
    first.cancel()
    assert await second


async def test_verifications_are_few_at_once_and_the_rest_is_busy(
    authenticator: Authenticator, password_hash: str, runs: Verifications
) -> None:
    """Two run, four wait, more are refused with 23."""
    credentials = [Credential(username=f"u{n}", password_hash=password_hash, version=1) for n in range(9)]
    results = await asyncio.gather(
        *(authenticator.verify(each.username, PASSWORD, each, HOME) for each in credentials),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, Refused)]
    assert results.count(True) == 6
    assert [error.code for error in refused] == [Code.BUSY] * 3
    assert runs.most_running <= 2


@pytest.mark.parametrize(("username", "password"), [("u" * 1_025, PASSWORD), ("u", "ر" * 513)])
async def test_monstrous_credentials_cost_nothing(
    authenticator: Authenticator, credential: Credential, runs: Verifications, username: str, password: str
) -> None:
    """Names and passwords beyond 1,024 octets are refused unread."""
    assert not await authenticator.verify(username, password, credential, HOME)
    assert runs.count == 0


async def test_broken_hash_is_no_password(authenticator: Authenticator) -> None:
    """An account whose hash cannot be read has no password that fits."""
    broken = Credential(username="u", password_hash="plain", version=1)
    assert not await authenticator.verify("u", "plain", broken, HOME)
