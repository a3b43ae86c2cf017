"""The audit in every store: a row is there if and only if its act has changed something, and goes after a year."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.store.world import ALI, DAY, LINE, LINE2, NOW, World, step

from payamak.domain.site import Line, Site
from payamak.hands import site as hands
from payamak.hands.refusals import NotDone
from payamak.store.records import Act, AuditRow, AuditSearch, By, SiteChange
from payamak.store.rules import audit

BY = By(who="omid", command="payamak test", act=7, reason="why")


async def rows(world: World, **search: object) -> list[AuditRow]:
    """The rows, the oldest first."""
    return (await world.store.audit(AuditSearch(**search)))[::-1]  # type: ignore[arg-type]


def suspended(site: Site) -> SiteChange:
    """A line is suspended, another one is removed, a third one comes."""
    return SiteChange(
        puts=(replace(site.lines[LINE], is_suspended=True), Line(number="98309")), removals=(("line", "98308"),)
    )


async def test_a_changed_site(world: World) -> None:
    """Each document that was put or removed is a row, as it was before and as it is after; who, when and why."""
    await world.store.put_documents([Line(number="98308", ucs2_rial=5)], [], NOW)
    site = await world.store.change_site(suspended, BY, NOW)
    assert site.lines[LINE].is_suspended
    assert [(row.what, row.about, row.before, row.after) for row in await rows(world)] == [
        ("change", f"line {LINE}", "is_suspended = false", "is_suspended = true"),
        ("add", "line 98309", "", ""),
        ("remove", "line 98308", "ucs2_rial = 5", ""),
    ]
    first, *_ = await rows(world)
    assert (first.who, first.command, first.act, first.reason, first.at) == ("omid", "payamak test", 7, "why", NOW)


async def test_a_change_that_is_refused(world: World) -> None:
    """By what it asks, what a removal has, another version than expected: nothing changes, and no row is there."""
    before = world.store.site

    def no(site: Site) -> SiteChange:
        raise NotDone(f"not with {len(site.lines)} lines")

    with pytest.raises(NotDone, match="not with 4 lines"):
        await world.store.change_site(no, BY, NOW)
    with pytest.raises(ValueError, match="it has 10,000 rial"):
        await world.store.change_site(lambda _: SiteChange(removals=(("account", "shop"),)), BY, NOW)
    with pytest.raises(ValueError, match="somebody else changed the site meanwhile"):
        await world.store.change_site(lambda _: SiteChange(), BY, NOW, before.version - 1)
    assert world.store.site is before
    assert await rows(world) == []
    await world.store.change_site(lambda _: SiteChange(puts=(before.lines[LINE],)), BY, NOW, before.version)
    assert [(row.what, row.before, row.after) for row in await rows(world)] == [("change", "", "")]


async def test_work_sees_the_site_of_its_transaction(world: World) -> None:
    """Two hands that change one document at the same time do not undo each other."""
    for field in ("ucs2_rial", "gsm7_rial"):
        await hands.change(world.store, "line", LINE, {field: 9}, {}, BY, NOW)
    line = world.store.site.lines[LINE]
    assert (line.ucs2_rial, line.gsm7_rial) == (9, 9)
    with pytest.raises(NotDone, match="there is no line 98300099; there are: "):
        await hands.change(world.store, "line", "98300099", {}, {}, BY, NOW)


async def test_transactions_of_one_act(world: World) -> None:
    """They add to one row for each thing; one that changes nothing adds none; another act has a row of its own."""
    first, second = await world.accept(), await world.accept(world.new(step(LINE2)))
    act = Act(by=BY, at=NOW, what="cancel", about="messages", before="waiting", after="cancelled")
    for message in (first, second, first):
        await world.store.cancel([message.id], NOW, act=act)
    assert [row.count for row in await rows(world)] == [2]
    third = await world.accept()
    await world.store.cancel([third.id], NOW, act=replace(act, by=replace(BY, act=8)))
    assert [(row.act, row.count) for row in await rows(world)] == [(7, 2), (8, 1)]


async def test_money(world: World) -> None:
    """The balance before and after is that of the transaction; a payment that was entered before leaves no row."""
    act = Act(by=BY, at=NOW, what="credit", about="account shop")
    for number in range(2):
        await world.store.credit_once("shop", -300, "r", "", NOW, act=replace(act, by=replace(BY, act=number)))
    with pytest.raises(ValueError, match="below zero"):
        await world.store.credit("shop", -90_000, "", NOW, act=act)
    assert [(row.before, row.after) for row in await rows(world)] == [("10,000 rial", "9,700 rial")]


async def test_nobodys_act(world: World) -> None:
    """A program that builds a store of its own leaves no row."""
    await world.store.cancel([(await world.accept()).id], NOW)
    await world.store.set_intake(True)
    await world.store.forget_opt_outs(ALI, None)
    assert await rows(world) == []


async def test_rows_go_after_a_year(world: World) -> None:
    """With the messages' retention; what is younger stays."""
    act = Act(by=BY, at=NOW, what="test", about="first")
    await world.store.enter(act)
    await world.store.enter(replace(act, about="second", at=NOW + DAY))
    for days, left in ((365, 2), (366, 1), (367, 0)):
        await world.store.retire(NOW + days * DAY, 10)
        assert len(await rows(world)) == left


async def test_rows_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go when there are too many."""
    monkeypatch.setattr(audit, "MOST_ROWS", 3)
    for number in range(5):
        await world.store.enter(Act(by=replace(BY, act=number), at=NOW, what="test", about="x"))
    assert [row.act for row in await rows(world)] == [2, 3, 4]


async def test_a_clock_that_was_wrong(world: World) -> None:
    """What was entered from the future is set back with the rest; it is kept for a year, not for longer."""
    await world.store.enter(Act(by=BY, at=NOW + 5 * DAY, what="test", about="x"))
    await world.store.set_back(4 * DAY, NOW + DAY, 0, 10)
    assert [row.at for row in await rows(world)] == [NOW + DAY]
