"""Who calls: web-service passwords, argon2id behind a cache of verified credentials.

A verification costs 27 ms and 19 MiB by intent, so that a stolen database is of little use. Nobody may turn that cost
against us, nor the limits that guard it against the owner of a name: verified credentials are remembered under a keyed
digest (1.4 µs); few verifications run at once, in threads of their own: that is the one budget. It is dealt by
neighbourhood (guesses.py): those from which the name got in lately go first, then who has failed and asks least. What
is over a limit is not read and told 23, which says "again later" and nothing of the password.
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

from payamak.codes import Code
from payamak.domain.neighbourhood import neighbourhood
from payamak.errors import Refused
from payamak.front.guesses import AuthLimits, Guesses, ProofKind, Rank, Standing, Try

LONGEST_OCTETS: Final = 1_024
"""Of a user name or a password: longer ones are nobody's, and are neither hashed nor counted."""

Identity = tuple[int, str]
"""A credential's version and hash."""

_Asked = tuple[bytes, Identity | None, str]
"""A try under way: what is proven, of which credential, from which neighbourhood."""

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
"""The first of OWASP's equal choices for argon2id; 27 ms on the reference machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What somebody proves himself with. `version` is another for each password, and never given twice."""

    username: str
    password_hash: str
    version: int
    kind: ProofKind = ProofKind.WEB_SERVICE

    @property
    def identity(self) -> "Identity":
        """What a proof is bound to: it says nothing of any other credential, whatever name or number that has.

        The hash is in it because a hash has a salt of its own: what a proof says of a hash is true for ever, also where
        a version came from another hand than the store's.
        """
        return self.version, self.password_hash


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
        self._guesses = Guesses(self._limits)
        self.counts: Counter[tuple[str, str]] = Counter()
        """Tries by kind and result: `right`, `wrong`, `limited` (unread, 23)."""
        self._under_way: dict[_Asked, asyncio.Task[bool]] = {}
        self._turns = _Turns(self._limits, self._guesses, clock_monotonic)
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

    async def verify(
        self,
        username: str,
        password: str,
        credential: Credential | None,
        address: str,
        kind: ProofKind = ProofKind.WEB_SERVICE,
    ) -> bool:
        """Say whether the password is the credential's; `credential` is None for a name that nobody has.

        The same try made many times at once from one neighbourhood, as a busy client does after our start, is one
        verification. Raises Refused(BUSY) for a try over a limit, and if too many wait.
        """
        # The same steps for a known and an unknown name, the length first: time tells nobody who exists.
        if len(username.encode()) > LONGEST_OCTETS or len(password.encode()) > LONGEST_OCTETS:
            return False
        one = Try(kind=kind, username=username, place=neighbourhood(address))
        digest = self._digest(one, password)
        if self._stands(digest, credential):
            self._guesses.entered(one, self._clock())
            return True
        self._check(one)
        key = (digest, credential.identity if credential else None, one.place)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._verify(one, password, credential, digest))
            self._under_way[key] = task
            task.add_done_callback(partial(self._has_ended, key))
        # Shielded: a caller that hangs up must not take the result from the others.
        return await asyncio.shield(task)

    def _has_ended(self, key: _Asked, task: asyncio.Task[bool]) -> None:
        self._under_way.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at: all who asked may have hung up

    def close(self) -> None:
        """Stop the threads; verifications that wait are given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _verify(self, one: Try, password: str, credential: Credential | None, digest: bytes) -> bool:
        async with self._turns.of(one):
            self._check(one)
            password_hash = credential.password_hash if credential else self._nobody
            matches = await asyncio.get_running_loop().run_in_executor(self._threads, _matches, password_hash, password)
        now_s = self._clock()
        if credential is None or not matches:
            self.counts[one.kind, "wrong"] += 1
            self._guesses.failed(one, now_s)
            return False
        self.counts[one.kind, "right"] += 1
        self._guesses.entered(one, now_s)
        self._verified[digest] = (credential.identity, now_s)
        self._verified.move_to_end(digest)
        if len(self._verified) > self._limits.cached_credentials:
            self._verified.popitem(last=False)
        return True

    def _check(self, one: Try) -> None:
        """Raises Refused(BUSY) if this neighbourhood has used up what it may fail: no word of the password."""
        if self._guesses.is_limited(one, self._clock()):
            self.counts[one.kind, "limited"] += 1
            raise Refused(Code.BUSY, "too many wrong passwords")

    def _digest(self, one: Try, password: str) -> bytes:
        # The length stands between the two: ("ab", "c") and ("a", "bc") must differ; and so must kinds.
        name = one.username.encode()
        written = b"%b:%d:%b%b" % (one.kind.encode(), len(name), name, password.encode())
        return hashlib.blake2b(written, key=self._key).digest()


class _Turns:
    """Who verifies now, and who waits: the first in rank goes first, and the last has to leave where too many wait.

    So a flood from few neighbourhoods delays itself alone, and one from many has one early try for each of them. Among
    equals the last to come goes first: where not all can be served in time, some are at once, instead of all too late.
    """

    def __init__(self, limits: AuthLimits, guesses: Guesses, clock_monotonic: Callable[[], float]) -> None:
        self._limits = limits
        self._guesses = guesses
        self._clock = clock_monotonic
        self._running = 0
        self._waiting: dict[int, tuple[Standing, asyncio.Future[None]]] = {}
        self._arrivals = itertools.count()

    @asynccontextmanager
    async def of(self, one: Try) -> AsyncIterator[None]:
        """Wait for a turn. Raises Refused(BUSY) if too many wait and this one, now or later, is the last of them."""
        standing = self._guesses.begin(one, self._clock())
        try:
            await self._wait(standing)
            try:
                yield
            finally:
                self._pass_on()
        finally:
            self._guesses.end(one)

    async def _wait(self, standing: Standing) -> None:
        if self._running < self._limits.concurrent:
            self._running += 1
            return
        arrival = next(self._arrivals)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[arrival] = standing, turn
        if len(self._waiting) > self._limits.waiting:
            _, last = self._waiting.pop(max(self._waiting, key=self._order()))
            last.set_exception(Refused(Code.BUSY, "too many passwords wait to be verified"))
        try:
            await turn
        except asyncio.CancelledError:
            if self._waiting.pop(arrival, None) is None and not turn.cancelled() and turn.exception() is None:
                self._pass_on()  # the turn came, but nobody is here to take it
            raise

    def _order(self) -> Callable[[int], tuple[Rank, int]]:
        """What those who wait are ordered by now."""
        rank, waiting = self._guesses.ranks(self._clock()), self._waiting
        return lambda arrival: (rank(waiting[arrival][0]), -arrival)

    def _pass_on(self) -> None:
        """A turn is free: the first of those who wait has it."""
        while self._waiting:
            _, turn = self._waiting.pop(min(self._waiting, key=self._order()))
            if not turn.done():
                turn.set_result(None)
                return
        self._running -= 1


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError, Argon2Error):
        return False
