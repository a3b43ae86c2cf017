"""What a caller may read and do is always his own: of any two accounts neither sees nor changes what is the other's."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict
from msgspec.structs import replace as changed
from tests.unit.house import ACCOUNT, CALLER, NOW, Gate, HandClock

from payamak.codes import Code
from payamak.domain.message import State
from payamak.domain.mo import MoPart
from payamak.domain.own_ids import OwnIdKind
from payamak.domain.site import Line, Link
from payamak.domain.usage import UsageBy
from payamak.encoding.alphabets import Alphabet
from payamak.errors import Refused
from payamak.front.accept import Accepted, Front, Policy
from payamak.front.acting import MOST_TAKEN_BACK, OwnActs
from payamak.front.asking import Asking
from payamak.front.callers import Caller
from payamak.front.wanted import WantedMessage
from payamak.store.records import AuditSearch, Search
from payamak.store.sqlite.store import SqliteStore

NAMES = ("north", "south")
NUMBERS = {"north": "983000111", "south": "983000222"}
TO = "989121234567"


def caller(name: str) -> Caller:
    """Whoever has the account's password."""
    return changed(CALLER, username=name)


async def hashed(password: str) -> str:
    """A hash that shows what it was made of."""
    return f"hash of {password}"


def functions(of: type) -> dict[str, Any]:
    """What a face may call."""
    return {name: each for name, each in vars(of).items() if inspect.iscoroutinefunction(each) and name[0] != "_"}


@pytest.mark.parametrize("of", [Asking, OwnActs])
def test_a_caller_is_all_that_names_an_account(of: type) -> None:
    """Each function takes a Caller first, and nothing by which somebody else's account could be meant."""
    assert functions(of)
    for name, function in functions(of).items():
        parameters = list(inspect.signature(function).parameters)[1:]
        assert parameters[0] == "caller", name
        assert get_type_hints(function)["caller"] is Caller
        assert not {"account", "account_id", "username", "search"} & set(parameters), name


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Front, SqliteStore]]:
    """Two accounts with a line each, and what came to both."""
    store = SqliteStore(tmp_path / "payamak.db")
    await store.take_over(NOW)
    lines = [Line(number=number, gsm7_rial=100, hours="always") for number in NUMBERS.values()]
    bare = changed(ACCOUNT, service_line=None, sim_line=None, templates=())
    accounts = [changed(bare, username=name, lines=(NUMBERS[name],), default_line=NUMBERS[name]) for name in NAMES]
    link = Link(name="l", receives_for=tuple(NUMBERS.values()))
    await store.put_documents([*lines, *accounts, link], [], NOW)
    for name in NAMES:
        await store.credit(name, 1_000_000, "test", NOW)
    yield Front(store, HandClock(), Gate().admits), store
    await store.close()


async def rows(store: SqliteStore, name: str) -> dict[str, Any]:
    """All that is an account's: its messages, money, opt-outs, received messages, and what it proves itself with."""
    account, line = store.site.accounts[name], NUMBERS[name]
    balance = next(each for each in await store.balances() if each.username == name)
    return {
        "account": asdict(account),
        "messages": [asdict(each) for each in await store.search(Search(account_id=account.id, limit=500))],
        "money": asdict(balance),
        "opt-outs": [asdict(each) for each in await store.opt_outs(None, line, "", 500)],
        "received": [asdict(each) for each in await store.received([line], NOW, only_unread=False)],
    }


class Life:
    """What two accounts do and ask in turn, each also of what is the other's.

    Each function of `OwnActs` has a `do_` of its name, each of `Asking` an `ask_`; one that has none fails.
    """

    def __init__(self, front: Front, store: SqliteStore) -> None:
        self.front, self.store = front, store
        self.ids: dict[str, list[int]] = {name: [] for name in NAMES}

    @property
    def all_ids(self) -> list[int]:
        """Those of both."""
        return [message_id for ids in self.ids.values() for message_id in ids]

    @staticmethod
    def steps(prefix: str) -> dict[str, Any]:
        """What this life has under a prefix, by the rest of its name."""
        return {name.removeprefix(prefix): each for name, each in vars(Life).items() if name.startswith(prefix)}

    async def send(self, name: str) -> None:
        """The way in, under a reference of the account's own."""
        key = (OwnIdKind.REFERENCE, f"r{len(self.ids[name])}")
        wanted = WantedMessage(recipient=TO, text="hi", source="test", own_id=key)
        (told,) = await self.front.accept(caller(name), [wanted], Policy.WHOLE)
        if isinstance(told, Accepted):  # else he has opted out
            self.ids[name].append(told.message_id)

    async def hear(self, name: str) -> None:
        """A handset sends something to the account's line."""
        line = NUMBERS[name]
        part = MoPart(upstream="l", link="l", line=line, sender=TO, alphabet=Alphabet.GSM7, octets=b"hello")
        await self.store.receive_mo(part, "s", (), NOW)

    async def do_take_back(self, name: str) -> None:
        """All ids that there are."""
        cancelled = await self.front.acting.take_back(caller(name), self.all_ids)
        assert set(cancelled.done) <= set(self.ids[name])
        assert all(cancelled.left[i] is None for i in self.all_ids if i not in self.ids[name])

    async def do_read_received(self, name: str) -> None:
        """What came to the account."""
        assert {each.line for each in await self.front.acting.read_received(caller(name))} <= {NUMBERS[name]}

    async def do_opt_out(self, name: str) -> None:
        """Of both lines."""
        for number in NUMBERS.values():
            if number == NUMBERS[name]:
                assert (await self.front.acting.opt_out(caller(name), number, TO)).line == number
            else:
                await self.is_line_invalid(self.front.acting.opt_out(caller(name), number, TO))

    async def do_change_password(self, name: str) -> None:
        """Another one."""
        await self.front.acting.change_password(caller(name), f"a new password of {name}", hashed)

    async def ask_standings(self, name: str) -> None:
        """Of all ids that there are."""
        account, standings = await self.front.asking.standings(caller(name), self.all_ids)
        assert (account.username, set(standings)) == (name, set(self.ids[name]))

    async def ask_messages(self, name: str) -> None:
        """All that it is given."""
        _, found = await self.front.asking.messages(caller(name), limit=500)
        assert {each.id for each in found} == set(self.ids[name])

    async def ask_outbox(self, name: str) -> None:
        """Under the keys that both have used, and under another kind."""
        keys = [f"r{number}" for number in range(500)]
        _, outbox = await self.front.asking.outbox(caller(name), OwnIdKind.REFERENCE, keys)
        assert {row.message_id for row in outbox.values()} == set(self.ids[name])
        assert (await self.front.asking.outbox(caller(name), OwnIdKind.CHECK_ID, keys))[1] == {}

    async def ask_message_page(self, name: str) -> None:
        """Its own, whichever account is asked for; by the numbers that both write to."""
        for account_id in (None, 1, 2):
            account, page = await self.front.asking.message_page(caller(name), Search(account_id=account_id, limit=500))
            assert {each.account_id for each in page.messages} <= {account.id}
            assert {each.id for each in page.messages} == set(self.ids[name])

    async def ask_story(self, name: str) -> None:
        """Of its own messages; another's is as one that never was."""
        for owner in NAMES:
            for message_id in self.ids[owner][:3]:
                _, story = await self.front.asking.story(caller(name), message_id)
                assert (story is not None) == (owner == name)

    async def ask_purse(self, name: str) -> None:
        """Its own rial."""
        balance = next(each for each in await self.store.balances() if each.username == name)
        assert (await self.front.asking.purse(caller(name)))[1] == balance.available

    async def ask_usage(self, name: str) -> None:
        """Of all days, told apart by account."""
        account, sums = await self.front.asking.usage(caller(name), range(30_000), (UsageBy.ACCOUNT,))
        assert {each.account_id for each in sums} <= {account.id}

    async def ask_statement(self, name: str) -> None:
        """Of all days: what it ends with is what the account has."""
        balance = next(each for each in await self.store.balances() if each.username == name)
        _, statement = await self.front.asking.statement(caller(name), range(30_000))
        assert statement.closing == balance.available + balance.reserved

    async def ask_received(self, name: str) -> None:
        """What came to its own line."""
        assert {each.line for each in (await self.front.asking.received(caller(name)))[1]} <= {NUMBERS[name]}

    async def ask_opt_outs(self, name: str) -> None:
        """Of both lines."""
        for number in NUMBERS.values():
            if number == NUMBERS[name]:
                assert {each.line for each in (await self.front.asking.opt_outs(caller(name), number))[1]} <= {number}
            else:
                await self.is_line_invalid(self.front.asking.opt_outs(caller(name), number))

    @staticmethod
    async def is_line_invalid(asked: Awaitable[object]) -> None:
        """Whose line it is nobody learns."""
        with pytest.raises(Refused) as caught:
            await asked
        assert caught.value.code is Code.LINE_INVALID


#: What an act leaves in the audit; what a received message was read by stands in itself.
AUDITED = {"take_back": "take back", "opt_out": "opt out", "change_password": "change password", "read_received": None}

DOES = {"send": Life.send, "hear": Life.hear, **Life.steps("do_")}


def test_every_function_is_lived_through() -> None:
    """A new function of the two without its step, or an act without a word on its audit, fails here."""
    assert Life.steps("do_").keys() == functions(OwnActs).keys() == AUDITED.keys()
    assert Life.steps("ask_").keys() == functions(Asking).keys()
    assert functions(Front).keys() == {"accept"}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(sorted(DOES))), min_size=2, max_size=12))
async def test_nothing_of_the_others_comes_back_or_changes(
    pair: tuple[Front, SqliteStore], acts: list[tuple[str, str]]
) -> None:
    """Whatever the two do and ask in turn, with all ids and lines that there are, each sees and changes his own."""
    front, store = pair
    life = Life(front, store)
    for name in NAMES:  # what the examples before have left
        life.ids[name] = [m.id for m in (await front.asking.messages(caller(name), limit=500))[1]]
        for line in NUMBERS.values():
            await store.forget_opt_outs(TO, line)
    for name, act in acts:
        other = NAMES[name == NAMES[0]]
        before = await rows(store, other)
        await DOES[act](life, name)
        for ask in Life.steps("ask_").values():
            await ask(life, name)
        assert await rows(store, other) == before, (name, act)


@pytest.mark.parametrize("name", sorted(AUDITED))
async def test_an_act_leaves_its_row(pair: tuple[Front, SqliteStore], name: str) -> None:
    """Who did it, in whose name, and what; and no secret of it."""
    front, store = pair
    life = Life(front, store)
    await life.send("north")
    await Life.steps("do_")[name](life, "north")
    found = await store.audit(AuditSearch())
    assert [(row.who, row.what) for row in found] == [("account north", AUDITED[name])] * (AUDITED[name] is not None)
    assert "a new password" not in str(found)


async def test_taking_back(pair: tuple[Front, SqliteStore]) -> None:
    """What waits is taken back and paid back; what has gone on stays, and is told where it stands."""
    front, store = pair
    told = await front.accept(caller("north"), [WantedMessage(recipient=TO, text="hi", source="test")] * 2)
    first, second = (each.message_id for each in told if isinstance(each, Accepted))
    assert (await front.acting.take_back(caller("north"), [first])).done == (first,)
    cancelled = await front.acting.take_back(caller("north"), [first, second, 987])
    assert (cancelled.done, cancelled.left) == ((second,), {first: State.CANCELLED, 987: None})
    assert (await front.asking.purse(caller("north")))[1] == 1_000_000
    with pytest.raises(Refused) as caught:
        await front.acting.take_back(caller("north"), [first] * (MOST_TAKEN_BACK + 1))
    assert caught.value.code is Code.MESSAGE_ID_INVALID
    assert [message.state for message in await store.search(Search())] == [State.CANCELLED] * 2
    rows_of = {(row.who, row.what, row.about, row.count) for row in await store.audit(AuditSearch())}
    assert rows_of == {("account north", "take back", "messages", 2)}


async def test_an_opt_out_that_was_entered(pair: tuple[Front, SqliteStore]) -> None:
    """From then on the line refuses the recipient with 33, for good; a number that is none is 1."""
    front, store = pair
    entered = await front.acting.opt_out(caller("north"), "3000111", "0912 123 4567")
    assert (entered.recipient, entered.line, entered.expires_at) == (TO, NUMBERS["north"], None)
    assert (await front.asking.opt_outs(caller("north"), "3000111"))[1] == [entered]
    (row,) = await store.audit(AuditSearch())
    assert (row.who, row.what, row.about) == ("account north", "opt out", "line 983000111")
    wanted = [WantedMessage(recipient=TO, text="hi", source="test")]
    assert await front.accept(caller("north"), wanted) == [Code.OPTED_OUT_OF_LINE]
    assert isinstance((await front.accept(caller("south"), wanted))[0], Accepted)
    with pytest.raises(Refused) as caught:
        await front.acting.opt_out(caller("north"), "3000111", "12")
    assert caught.value.code is Code.RECIPIENT_INVALID
