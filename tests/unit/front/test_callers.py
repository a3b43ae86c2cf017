"""Web-service passwords: argon2 for real, the cache, and the limits that guard argon2's work."""

import asyncio
from collections.abc import Iterator

import pytest
from argon2 import extract_parameters

from payamak.codes import Code
from payamak.errors import Refused
from payamak.front import callers
from payamak.front.callers import Authenticator, Credential, hash_password
from payamak.front.guesses import AuthLimits, ProofKind, Try

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
        self._real = callers._matches
        monkeypatch.setattr(callers, "_matches", self)

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
    one = Try(kind=ProofKind.WEB_SERVICE, username=username, place=HOME)
    return authenticator._stands(authenticator._digest(one, password), credential)


async def is_busy(authenticator: Authenticator, *arguments: object) -> bool:
    """Whether a try is told 23, which says nothing of its password."""
    try:
        await authenticator.verify(*arguments)  # type: ignore[arg-type]
    except Refused as refused:
        return refused.code is Code.BUSY
    return False


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
        cached_credentials=2,
        failures_per_account=3,
        strange_failures=1,
        failures_per_address=5,
        tracked_failures=100,
        waiting=4,
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

    def digest(one: Try, password: str) -> bytes:
        digested.append(len(password))
        return digest_of(one, password)

    monkeypatch.setattr(callers, "_matches", matches)
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


@pytest.mark.parametrize("is_there", [True, False], ids=["known name", "unknown name"])
async def test_failures_of_a_name_hold_those_who_fail(
    authenticator: Authenticator, credential: Credential, runs: Verifications, clock: Clock, is_there: bool
) -> None:
    """When a name's failures are spent, a neighbourhood has one try for it, then 23 unread; known or not, the same."""
    known = credential if is_there else None
    for attempt in range(3):
        assert not await authenticator.verify("u", f"wrong{attempt}", known, f"192.0.2.{attempt}")
    for address in ("192.0.2.1", "198.51.100.1"):
        told = [await is_busy(authenticator, "u", f"more{number}", known, address) for number in range(3)]
        assert told == [address != "198.51.100.1", True, True]
    assert runs.count == 4
    clock.now_s += 61
    assert not await is_busy(authenticator, "u", "wrong once more", known, "192.0.2.1")


async def test_whoever_fails_locks_nobody_out(
    authenticator: Authenticator, credential: Credential, runs: Verifications
) -> None:
    """The right password passes from elsewhere at the first try, however often others fail with the name: also when
    nothing is remembered, as after a start."""
    for attempt in range(30):
        await is_busy(authenticator, "u", f"wrong{attempt}", credential, f"198.51.{attempt}.1")
    assert await authenticator.verify("u", PASSWORD, credential, HOME)


async def test_a_new_password_passes_while_somebody_fails_beside_its_owner(
    authenticator: Authenticator, credential: Credential, runs: Verifications
) -> None:
    """Where the name got in lately, failures with other names count for nothing, and a new password is verified."""
    assert await authenticator.verify("u", PASSWORD, credential, HOME)
    for attempt in range(9):
        await is_busy(authenticator, f"other{attempt}", "wrong", None, HOME)
        await is_busy(authenticator, "u", f"wrong{attempt}", credential, "198.51.100.1")
    assert await is_busy(authenticator, "other", "wrong", None, HOME)
    changed = Credential(username="u", password_hash=hash_password("new"), version=2)
    assert await authenticator.verify("u", "new", changed, HOME)


async def test_a_neighbourhood_that_is_known_may_not_guess_for_ever(
    authenticator: Authenticator, credential: Credential, runs: Verifications
) -> None:
    """Where the name got in lately it has the failures of a name, for itself."""
    assert await authenticator.verify("u", PASSWORD, credential, HOME)
    told = [await is_busy(authenticator, "u", f"wrong{number}", credential, HOME) for number in range(5)]
    assert told == [False, False, False, True, True]
    assert authenticator.counts == {
        (ProofKind.WEB_SERVICE, "right"): 1,
        (ProofKind.WEB_SERVICE, "wrong"): 3,
        (ProofKind.WEB_SERVICE, "limited"): 2,
    }


@pytest.mark.parametrize("addresses", [[HOME] * 9, [f"2001:db8::{n}" for n in range(9)]])
async def test_failures_of_an_address_are_limited_before_argon2(
    authenticator: Authenticator, runs: Verifications, addresses: list[str]
) -> None:
    """After five failures an address, of IPv6 a /64, costs no argon2, whatever the names, and is told 23."""
    told = [await is_busy(authenticator, f"user{n}", "wrong", None, address) for n, address in enumerate(addresses)]
    assert told == [False] * 5 + [True] * 4
    assert runs.count == 5


async def test_cached_credential_always_passes(
    authenticator: Authenticator, credential: Credential, runs: Verifications
) -> None:
    """Somebody else's failures never lock out a caller who was verified."""
    assert await authenticator.verify("u", PASSWORD, credential, HOME)
    for attempt in range(9):
        await is_busy(authenticator, "u", f"wrong{attempt}", credential, HOME)
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
