"""Who calls: web-service passwords, argon2id behind a cache of verified credentials.

A verification costs 27 ms and 19 MiB by intent, so that a stolen database is of little use. Nobody may turn
that cost against us: verified credentials are remembered under a keyed digest (1.4 µs), failures are limited
per account and per address before argon2 runs, few verifications run at once, in threads of their own, and those who
must wait are taken in the order of what their addresses have cost: whoever floods us waits behind everybody else.
"""

import asyncio
import hashlib
import itertools
import secrets
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError, VerificationError

from payamak.api.neighbourhood import neighbourhood
from payamak.codes import Code
from payamak.errors import Refused

LONGEST_OCTETS: Final = 1_024
"""Of a user name or a password: longer ones are nobody's, and are neither hashed nor counted."""

Identity = tuple[int, str]
"""A credential's version and hash."""

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
"""The first of OWASP's equal choices for argon2id; 27 ms on the reference machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What an account proves itself with. `version` is another for each password, and never given twice."""

    username: str
    password_hash: str
    version: int

    @property
    def identity(self) -> "Identity":
        """What a proof is bound to: it says nothing of any other credential, whatever name or number that has.

        The hash is in it because a hash has a salt of its own: what a proof says of a hash is true for ever, also where
        a version came from another hand than the store's.
        """
        return self.version, self.password_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthLimits:
    """How much verification work is done, and for how long its results stand."""

    cached_credentials: int = 10_000
    """Verified credentials that are remembered at most."""
    cache_idle_s: float = 3_600.0
    """A verified credential is forgotten if it was not used for so long."""
    failures_per_account: int = 20
    """Wrong passwords for one account before further ones are refused unread."""
    failures_per_address: int = 60
    """Wrong passwords from one address (IPv6: one /64) before further ones are refused unread."""
    failure_window_s: float = 60.0
    """Time in which the whole allowance of failures grows back, evenly."""
    tracked_failures: int = 10_000
    """Accounts, and addresses, whose failures are counted at most; the longest untouched is dropped first."""
    concurrent: int = 2
    """Verifications that run at once."""
    waiting: int = 200
    """Verifications that may wait (at 27 ms, two at once: under 3 s); beyond it the last in turn is refused with 23."""


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, to be kept with the account. Takes 27 ms: not on the loop."""
    return _HASHER.hash(password)


class Authenticator:
    """Verifies passwords; one for the process, used from its event loop only."""

    def __init__(self, clock_monotonic: Callable[[], float], limits: AuthLimits | None = None) -> None:
        self._clock = clock_monotonic
        self._limits = limits or AuthLimits()
        self._key = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, tuple[Identity, float]] = OrderedDict()
        self._account_failures = _Allowance(self._limits.failures_per_account, self._limits)
        self._address_failures = _Allowance(self._limits.failures_per_address, self._limits)
        self._under_way: dict[tuple[bytes, Identity | None], asyncio.Task[bool]] = {}
        self._turns = _Turns(self._limits)
        self._threads = ThreadPoolExecutor(self._limits.concurrent, thread_name_prefix="payamak-argon2")
        # An unknown account is verified against this, so that the time taken does not tell who exists.
        self._nobody = hash_password(secrets.token_hex())

    def _stands(self, digest: bytes, credential: Credential | None) -> bool:
        """Whether this was verified before, for this version of the credential."""
        found = self._verified.get(digest)
        if found is None or credential is None:
            return False
        identity, used_s = found
        now_s = self._clock()
        if identity != credential.identity or now_s - used_s > self._limits.cache_idle_s:
            del self._verified[digest]
            return False
        self._verified[digest] = (identity, now_s)
        self._verified.move_to_end(digest)
        return True

    async def verify(self, username: str, password: str, credential: Credential | None, address: str) -> bool:
        """Say whether the password is the credential's; `credential` is None for an unknown account.

        False also for an attempt over the limits of failures. The same attempt made many times at once, as a
        busy client does after our start, is one verification. Raises Refused(BUSY) if too many wait.
        """
        # The same steps for a known and an unknown name, the length first: time tells nobody who exists.
        if len(username.encode()) > LONGEST_OCTETS or len(password.encode()) > LONGEST_OCTETS:
            return False
        digest = self._digest(username, password)
        if self._stands(digest, credential):
            return True
        if self._is_limited(username, address):
            return False
        key = (digest, credential.identity if credential else None)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._verify(username, password, credential, address, digest))
            self._under_way[key] = task
            task.add_done_callback(partial(self._has_ended, key))
        # Shielded: a caller that hangs up must not take the result from the others.
        return await asyncio.shield(task)

    def _has_ended(self, key: tuple[bytes, Identity | None], task: asyncio.Task[bool]) -> None:
        self._under_way.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at: all who asked may have hung up

    def close(self) -> None:
        """Stop the threads; verifications that wait are given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _verify(
        self, username: str, password: str, credential: Credential | None, address: str, digest: bytes
    ) -> bool:
        place = neighbourhood(address)
        async with self._turns.of(place, self._address_failures.spent_of(place, self._clock())):
            if self._is_limited(username, address):
                return False
            password_hash = credential.password_hash if credential else self._nobody
            matches = await asyncio.get_running_loop().run_in_executor(self._threads, _matches, password_hash, password)
        now_s = self._clock()
        if credential is None or not matches:
            self._account_failures.spend(username, now_s)
            self._address_failures.spend(place, now_s)
            return False
        self._verified[digest] = (credential.identity, now_s)
        self._verified.move_to_end(digest)
        if len(self._verified) > self._limits.cached_credentials:
            self._verified.popitem(last=False)
        return True

    def _is_limited(self, username: str, address: str) -> bool:
        now_s = self._clock()
        return self._account_failures.is_spent(username, now_s) or self._address_failures.is_spent(
            neighbourhood(address), now_s
        )

    def _digest(self, username: str, password: str) -> bytes:
        # The length stands between the two: ("ab", "c") and ("a", "bc") must differ.
        name = username.encode()
        return hashlib.blake2b(b"%d:%b%b" % (len(name), name, password.encode()), key=self._key).digest()


class _Turns:
    """Who may verify now, and who waits: the address with the fewest failures and attempts before goes first.

    So a flood from few addresses delays itself alone, and one from many has one early attempt for each of them. Among
    equals the last to come goes first: where not all can be served in time, some are at once, instead of all too late.
    """

    def __init__(self, limits: AuthLimits) -> None:
        self._limits = limits
        self._running = 0
        self._waiting: dict[tuple[float, int], asyncio.Future[None]] = {}
        self._asking: Counter[str] = Counter()
        self._arrivals = itertools.count()

    @asynccontextmanager
    async def of(self, place: str, failures: float) -> AsyncIterator[None]:
        """Wait for a turn. Raises Refused(BUSY) if too many wait and this one, now or later, is the last of them."""
        self._asking[place] += 1
        try:
            await self._wait((failures + self._asking[place], -next(self._arrivals)))
            try:
                yield
            finally:
                self._pass_on()
        finally:
            self._asking[place] -= 1
            if not self._asking[place]:
                del self._asking[place]

    async def _wait(self, rank: tuple[float, int]) -> None:
        if self._running < self._limits.concurrent:
            self._running += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[rank] = turn
        if len(self._waiting) > self._limits.waiting:
            last = self._waiting.pop(max(self._waiting))
            last.set_exception(Refused(Code.BUSY, "too many passwords wait to be verified"))
        try:
            await turn
        except asyncio.CancelledError:
            if self._waiting.pop(rank, None) is None and not turn.cancelled() and turn.exception() is None:
                self._pass_on()  # the turn came, but nobody is here to take it
            raise

    def _pass_on(self) -> None:
        """A turn is free: the first of those who wait has it."""
        while self._waiting:
            turn = self._waiting.pop(min(self._waiting))
            if not turn.done():
                turn.set_result(None)
                return
        self._running -= 1


class _Allowance:
    """Failures that a name may still have; grows back evenly, is bounded in names."""

    def __init__(self, most: int, limits: AuthLimits) -> None:
        self._most = float(most)
        self._growth_per_s = most / limits.failure_window_s
        self._names = limits.tracked_failures
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def is_spent(self, name: str, now_s: float) -> bool:
        return self._left_of(name, now_s) < 1

    def spent_of(self, name: str, now_s: float) -> float:
        """How many failures of this name have not grown back."""
        return self._most - self._left_of(name, now_s)

    def spend(self, name: str, now_s: float) -> None:
        self._left[name] = (max(self._left_of(name, now_s) - 1, 0.0), now_s)
        self._left.move_to_end(name)
        if len(self._left) > self._names:
            self._left.popitem(last=False)

    def _left_of(self, name: str, now_s: float) -> float:
        left, at_s = self._left.get(name, (self._most, now_s))
        return min(self._most, left + (now_s - at_s) * self._growth_per_s)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError, Argon2Error):
        return False
