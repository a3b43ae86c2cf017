"""The dashboard and the statement: what the sums of days say, and nothing of another account."""

from __future__ import annotations

import re

import pytest
from tests.unit.house import NOW, A
from tests.unit.panel.conftest import PanelHouse, text_of
from tests.unit.panel.test_send import FIELDS, kept

from payamak.domain import events as ev
from payamak.domain.people import UserRole
from payamak.panel.pages import ROOT
from payamak.store.records import Act, By, Search


async def test_a_month(home: PanelHouse) -> None:
    """What was paid in, by whom it is called, what there was before and after; of another month nothing moved."""
    await home.house.store.credit_once("shop", 5_000, "b-7", "فاکتور ۷", NOW)
    page = text_of(await home.get(f"{ROOT}/money", await home.person(UserRole.VIEWER)))
    assert "صورت‌حساب آبان ۱۴۰۲" in page
    assert "۱۵٬۰۰۰" in page
    assert "فاکتور ۷" in page
    assert "b-7" in page
    other = text_of(await home.get(f"{ROOT}/money", await home.person(UserRole.OWNER, "bank")))
    assert "۱۵٬۰۰۰" not in other
    assert "b-7" not in other
    before = text_of(await home.get(f"{ROOT}/money?month=1402-07", await home.person(UserRole.OWNER)))
    assert "صورت‌حساب مهر ۱۴۰۲" in before
    assert "در این ماه گردشی نبوده است" in before


@pytest.mark.parametrize("month", ["", "1402-13", "99", "x", "1402-8"])
async def test_what_is_no_month(home: PanelHouse, month: str) -> None:
    """Is this one."""
    page = text_of(await home.get(f"{ROOT}/money?month={month}", await home.person(UserRole.OWNER)))
    assert "صورت‌حساب آبان ۱۴۰۲" in page


async def test_the_dashboard(home: PanelHouse) -> None:
    """First how to begin; then how messages ended, by line and by day, in the days that are asked for."""
    token = await home.person(UserRole.OWNER)
    assert "فرستادن پیام" in text_of(await home.get(ROOT, token))
    assert "فرستادن پیام" not in text_of(await home.get(ROOT, await home.person(UserRole.VIEWER)))
    await home.post(f"{await kept(home, token, **FIELDS)}/go", token)
    (message,) = await home.house.store.search(Search())
    await home.house.store.advance(message.id, ev.Cancelled(), NOW)
    page = text_of(await home.get(ROOT, token))
    assert A in page
    assert page.count("<rect ") == 7
    assert text_of(await home.get(f"{ROOT}?days=30", token)).count("<rect ") == 30
    assert "<rect " not in text_of(await home.get(f"{ROOT}?days=1", token))
    assert "فرستادن پیام" in text_of(await home.get(ROOT, await home.person(UserRole.OWNER, "bank")))


async def test_who_did_what(home: PanelHouse) -> None:
    """The latest first, narrowed by who and about what; a page goes on below the last of the one before."""
    for n in range(53):
        by = By(who=f"omid{n % 2}", command="x", act=n + 1)
        await home.house.store.enter(Act(by=by, at=NOW, what="change", about=f"line 98300{n:03d}", after="<b>"))
    token = await home.person(UserRole.ADMINISTRATOR)
    page = text_of(await home.get(f"{ROOT}/audit", token))
    assert page.count('<th scope="row">') == 50
    assert "98300052" in page
    assert "&lt;b&gt;" in page
    following = re.search(r'href="(/panel/audit\?before=\d+)"', page)
    assert following is not None
    assert text_of(await home.get(following[1], token)).count('<th scope="row">') == 3
    assert text_of(await home.get(f"{ROOT}/audit?who=omid1&about=98300001", token)).count('<th scope="row">') == 1
    assert "کسی چنین کاری نکرده است" in text_of(await home.get(f"{ROOT}/audit?who=nobody", token))
