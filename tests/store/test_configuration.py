"""The operator's hands on the site: documents, money, opt-outs, the intake; seen by every process on the store."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from tests.store.world import ALI, DAY, LINE, LINE2, NOW, SARA, SERVICE, SITE, MakeStore, World, gone, opted_out, step

from payamak.codes import Code
from payamak.domain.site import Account, Document, Line, Link
from payamak.errors import Refused
from payamak.store.records import OptOut, Search

# --------------------------------------------------------------------------------------------- documents


async def test_put(make_store: MakeStore) -> None:
    """Documents are kept as they are, but for accounts' numbers and credentials' versions, which the store gives."""
    store = await make_store()
    before = store.site.version
    site = await store.put_documents(SITE, [], NOW)
    assert site is store.site
    assert site.version == before + 1
    kept = {**site.links, **site.lines, **{n: replace(a, id=0, credential_version=1) for n, a in site.accounts.items()}}
    given = {getattr(d, "name", "") or getattr(d, "number", "") or getattr(d, "username", ""): d for d in SITE}
    assert kept == given
    assert len({account.id for account in site.accounts.values()}) == 3
    assert (await (await make_store()).refresh()) == site


async def test_faults_refuse_everything(world: World) -> None:
    """All faults are told at once, of puts and removals; then nothing changes, not even the version."""
    before = world.store.site
    puts: list[Document] = [
        Link(name="west"),
        Line(number="983000999", gsm7_rial=-1),
        Account(username="x", lines=("983000555",)),
    ]
    with pytest.raises(ValueError, match="gsm7_rial cannot be -1") as failure:
        await world.store.put_documents(puts, [("link", "north"), ("line", "nothing")], NOW)
    told = str(failure.value)
    for fault in ("983000555", f"line {LINE}: link north", "there is no line nothing"):
        assert fault in told
    assert await world.store.refresh() == before
    assert [b.username for b in await world.store.balances()] == ["bank", "clinic", "shop"]


async def test_replace_and_remove(world: World) -> None:
    """A put replaces the document of its name, a removal takes it away, in one step of the version."""
    await world.pay_out("clinic")
    before = world.store.site
    bank = before.accounts["bank"]
    site = await world.store.put_documents([replace(bank, is_active=False)], [("account", "clinic")], NOW)
    assert site.version == before.version + 1
    assert sorted(site.accounts) == ["bank", "shop"]
    assert site.accounts["bank"] == replace(bank, is_active=False)


async def test_numbers_of_accounts_are_stable(world: World) -> None:
    """An account keeps its number and its purse when it is changed, and when it is gone and put again."""
    shop = world.store.site.accounts["shop"]
    assert (await world.store.put_documents([replace(shop, id=77)], [], NOW)).accounts["shop"] == shop
    await gone(world.store, "account", "shop")
    assert (await world.balance()).available == 10_000
    again = (await world.store.put_documents([replace(shop, id=0)], [], NOW)).accounts["shop"]
    assert again == replace(shop, credential_version=again.credential_version)


async def test_versions_of_credentials_never_come_again(world: World) -> None:
    """Each new password has one of its own, so has each new account; all else leaves it; nobody outside gives one."""
    seen = [world.store.site.accounts["shop"].credential_version]

    async def put(*removals: tuple[str, str], **fields: object) -> int:
        account = replace(Account(username="shop", lines=(LINE,), credential_version=seen[0]), **fields)
        site = await world.store.put_documents([account], removals, NOW)
        return site.accounts["shop"].credential_version

    for password_hash in ("first", "second", "first", ""):
        seen.append(await put(password_hash=password_hash))
        assert await put(password_hash=password_hash, is_active=False, keep_days=9) == seen[-1]
        assert await put(password_hash=password_hash, credential_version=7) == seen[-1]
    seen.append(await put(("account", "shop")))  # in one change
    await gone(world.store, "account", "shop")
    seen.append(await put())
    assert len(set(seen)) == len(seen)
    assert min(seen) > 1_000_000  # none of the counts that older versions gave
    assert max(seen) < 2**53


async def test_seen_by_others(world: World, make_store: MakeStore) -> None:
    """Another process sees a change when it refreshes, and its transactions see it before."""
    other = await make_store()
    assert other.site == world.store.site
    site = await world.store.put_documents([replace(world.store.site.lines[LINE], opt_out_memory_days=1)], [], NOW)
    assert other.site.version == site.version - 1
    theirs = World(other)
    await theirs.answer(await theirs.sending(step(), step(LINE2)), opted_out())
    (learned,) = await other.opt_outs(ALI, LINE, "", 9)
    assert learned.expires_at == NOW + DAY
    assert await other.refresh() == site == other.site


async def test_refresh_without_a_change(world: World) -> None:
    """To refresh when nothing has changed gives the same snapshot, not a copy."""
    assert await world.store.refresh() is world.store.site


async def test_versions_only_grow(world: World) -> None:
    """Refreshing and changing at the same time never ends with the older of two snapshots."""
    bank = world.store.site.accounts["bank"]
    for number in range(20):
        refreshed, put = await asyncio.gather(
            world.store.refresh(), world.store.put_documents([replace(bank, max_parts=number + 1)], [], NOW)
        )
        assert refreshed.version <= put.version == world.store.site.version
        assert world.store.site.accounts["bank"].max_parts == number + 1


async def test_intake(world: World, make_store: MakeStore) -> None:
    """The intake is suspended by hand for every process, and stays so over a restart."""
    await world.store.set_intake(True)
    assert world.store.site.intake_is_suspended
    assert (await make_store()).site.intake_is_suspended
    await world.store.set_intake(False)
    assert not world.store.site.intake_is_suspended


# ------------------------------------------------------------------------------------------------- money


async def test_credit(world: World) -> None:
    """Credit is given and taken away by entries; the new balance is told."""
    assert await world.store.credit("bank", 700, "cash", NOW) == 700
    assert await world.store.credit("bank", -200, "back", NOW) == 500
    assert await world.store.credit("bank", 0, "nothing", NOW) == 500
    assert (await world.balance("bank")).available_by_entries == 500
    await world.accept(world.new(step(price=500), account="bank"))


async def test_credit_of_nobody(world: World) -> None:
    """An account that does not exist cannot be credited."""
    with pytest.raises(LookupError, match="nobody"):
        await world.store.credit("nobody", 700, "cash", NOW)


# ---------------------------------------------------------------------------------------------- opt-outs


def opt_out(recipient: str = ALI, line: str = LINE, source: str = "imported", **more: object) -> OptOut:
    """An opt-out that never expires, unless said otherwise."""
    fields: dict[str, object] = {"code": 33, "learned_at": NOW, "expires_at": None, **more}
    return OptOut(recipient=recipient, line=line, source=source, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ["imported", "hand"])
@pytest.mark.parametrize("expires_at", [None, NOW + 30 * DAY])
async def test_not_shortened(world: World, source: str, expires_at: int | None) -> None:
    """What was imported or put by hand is not shortened by what is learned."""
    sending = await world.sending()
    given = opt_out(source=source, expires_at=expires_at)
    await world.store.put_opt_outs([given])
    await world.answer(sending, opted_out())
    assert await world.store.opt_outs(ALI, None, "", 9) == [given]


async def test_learned_again(world: World) -> None:
    """What is learned again lasts from then on, also where an imported one has come to its end."""
    sendings = [await world.sending() for _ in range(2)]
    await world.store.put_opt_outs([opt_out(expires_at=NOW + 5)])
    for world.now in (NOW + 5, NOW + DAY):
        await world.answer(sendings.pop(), opted_out())
        (known,) = await world.store.opt_outs(ALI, None, "", 9)
        assert (known.source, known.expires_at) == ("learned", world.now + 7 * DAY)


async def test_imported_over_learned(world: World) -> None:
    """What a person says replaces what was learned."""
    await world.answer(await world.sending(), opted_out())
    await world.store.put_opt_outs([opt_out(code=27)])
    assert await world.store.opt_outs(ALI, None, "", 9) == [opt_out(code=27)]


async def test_long_list(world: World) -> None:
    """A list of thousands is taken in, counted as given, and read in pages."""
    numbers = [f"98935{n:07d}" for n in range(2_500)]
    assert await world.store.put_opt_outs(opt_out(n, "*", code=27) for n in numbers) == 2_500
    first = await world.store.opt_outs(None, "*", "", 1_000)
    second = await world.store.opt_outs(None, None, first[-1].recipient, 2_000)
    assert [o.recipient for o in (*first, *second)] == numbers
    assert await world.store.put_opt_outs([]) == 0


async def test_forget(world: World) -> None:
    """One line's opt-out or all of a recipient's are forgotten on demand, and counted."""
    await world.store.put_opt_outs([opt_out(), opt_out(line=LINE2), opt_out(line=SERVICE), opt_out(SARA)])
    with pytest.raises(Refused) as refusal:
        await world.accept()
    assert refusal.value.code == Code.OPTED_OUT_OF_LINE
    assert await world.store.forget_opt_outs(ALI, LINE) == 1
    assert (await world.accept()).step == 0
    assert await world.store.forget_opt_outs(ALI, None) == 2
    assert await world.store.forget_opt_outs(ALI, None) == 0
    assert [o.recipient for o in await world.store.opt_outs(None, None, "", 9)] == [SARA]
    assert len(await world.store.search(Search())) == 1
