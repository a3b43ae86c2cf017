"""Sending from the panel: what is shown before, what goes, and that it goes once."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace
from tests.unit.house import ACCOUNT, LINES, NOW, RECIPIENT, A
from tests.unit.panel.conftest import PanelHouse, header, text_of

from payamak.codes import Code
from payamak.domain.people import UserRole
from payamak.front.foreseeing import MOST_FORESEEN
from payamak.panel.pages import ROOT
from payamak.store.records import Search

FIELDS = {"number": "0123456789abcdef01234567", "recipients": "09121234567", "text": "salam", "line": A, "hours": "24"}


async def sent(home: PanelHouse) -> list[str]:
    """What the store holds, the newest first."""
    return [m.recipient for m in await home.house.store.search(Search())]


async def kept(home: PanelHouse, token: str, **fields: str) -> str:
    """Where the check of these fields is; the page itself where they are no draft yet."""
    return header(await home.post(f"{ROOT}/send/check", token, is_ours=True, **fields), "location")


async def shown(home: PanelHouse, token: str, **fields: str) -> str:
    """The page of the check."""
    return text_of(await home.get(await kept(home, token, **fields), token))


async def test_the_form_has_a_number_of_its_own(home: PanelHouse) -> None:
    """Another one each time it is opened; without a line it says whom to ask."""
    token = await home.person(UserRole.SENDER)
    numbers = {
        found[1]
        for _ in range(2)
        if (found := re.search(r'name="number" value="([0-9a-f]{24})"', text_of(await home.get(f"{ROOT}/send", token))))
    }
    assert len(numbers) == 2
    await home.house.store.put_documents([replace(ACCOUNT, lines=(), default_line=None)], [], NOW)
    assert "<textarea" not in text_of(await home.get(f"{ROOT}/send", token))


async def test_what_is_shown_before(home: PanelHouse) -> None:
    """Figures, the parts as they go, the character that makes it Persian; nothing is kept by it."""
    token = await home.person(UserRole.SENDER)
    page = await shown(home, token, **{**FIELDS, "text": "salam سلام"})
    assert "به‌خاطر نویسهٔ «س» در جای ۷" in page
    assert "ارسال ۱ پیام — حداکثر ۱۰۰ ریال" not in page, "a Persian part of this line costs nothing"
    page = await shown(home, token, **FIELDS)
    assert "ارسال ۱ پیام — حداکثر ۱۰۰ ریال" in page
    assert "۹٬۹۰۰" in page
    page = await shown(home, token, **{**FIELDS, "text": "a" * 200})
    assert "بخش ۲ از ۲" in page
    assert await sent(home) == []


async def test_a_footer_is_shown_and_counted(home: PanelHouse) -> None:
    """What the line adds stands at the end, in its own colour."""
    line = replace(LINES[0], footer="لغو۱۱")
    await home.house.store.put_documents([line], [], NOW)
    page = await shown(home, await home.person(UserRole.SENDER), **FIELDS)
    assert '<p dir="auto" class="footer">لغو۱۱</p>' in page


async def test_who_is_left_out(home: PanelHouse) -> None:
    """No mobile, and who has opted out of the only line; the others go. The same number twice is one."""
    token = await home.person(UserRole.SENDER)
    await home.house.know(A, Code.OPTED_OUT_OF_LINE)
    many = {**FIELDS, "recipients": "0912 123 4567\n+98 912 000 0001, 02144556677\n09120000001"}
    page = await shown(home, token, **many)
    assert "ارسال ۱ پیام" in page
    assert Code.RECIPIENT_INVALID.persian in page
    assert Code.OPTED_OUT_OF_LINE.persian in page
    answer = await home.post(f"{await kept(home, token, **many)}/go", token)
    assert header(answer, "location").endswith("said=sent_some")
    assert await sent(home) == ["989120000001"]


async def test_a_draft_is_its_makers(home: PanelHouse) -> None:
    """It can be reloaded and changed by whoever wrote it; to another it is not there."""
    token, other = await home.person(UserRole.SENDER), await home.person(UserRole.OWNER)
    where = await kept(home, token, **FIELDS)
    assert re.fullmatch(f"{ROOT}/send/[A-Za-z0-9_-]{{16}}", where)
    for _ in range(2):
        assert (await home.get(where, token)).status == 200
    name = where.rpartition("/")[2]
    assert "salam" in text_of(await home.get(f"{ROOT}/send?draft={name}", token))
    assert (await home.get(where, other)).status == 404
    assert (await home.post(f"{where}/go", other)).status == 404
    search = header(await home.post(f"{ROOT}/messages/search", token, recipient="09121234567"), "location")
    assert (await home.get(f"{ROOT}/send/{search.rpartition('=')[2]}", token)).status == 404, "a search is no draft"


async def test_pressed_twice_it_goes_once(home: PanelHouse) -> None:
    """By the same form: pressed again, reloaded, in another tab; another form is another message."""
    token = await home.person(UserRole.SENDER)
    answers = [await home.post(f"{await kept(home, token, **FIELDS)}/go", token) for _ in range(3)]
    assert len({header(answer, "location") for answer in answers}) == 1
    assert await sent(home) == [RECIPIENT]
    (message,) = await home.house.store.search(Search())
    assert message.source == "panel"
    await home.post(f"{await kept(home, token, **{**FIELDS, 'number': 'f' * 24})}/go", token)
    assert len(await sent(home)) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recipients": " \n,"}, "دست‌کم یک شماره"),
        ({"text": "  "}, "متن پیام را بنویسید"),
        ({"text": "a" * 20_001}, "بلند"),
        ({"recipients": "\n".join(f"0912{n:07d}" for n in range(MOST_FORESEEN + 1))}, "زیاد است"),
    ],
)
async def test_what_is_nothing_yet(home: PanelHouse, change: dict[str, str], said: str) -> None:
    """The form comes back with what was written, and what is missing; nothing goes."""
    token = await home.person(UserRole.SENDER)
    answer = await home.post(f"{ROOT}/send/check", token, is_ours=True, **{**FIELDS, **change})
    assert answer.status == 422
    assert said in text_of(answer)
    assert 'id="faults"' in text_of(answer)
    assert await sent(home) == []


async def test_too_little_credit(home: PanelHouse) -> None:
    """It says for how many it would reach, and offers no button; sent all the same, it is refused as a whole."""
    await home.house.store.credit("shop", -9_850, "test", NOW)
    token = await home.person(UserRole.SENDER)
    many = {**FIELDS, "recipients": "09120000001\n09120000002"}
    page = await shown(home, token, **many)
    assert "برای حدود ۱ پیام می‌رسد" in page
    assert "/go" not in page
    assert (await home.post(f"{await kept(home, token, **many)}/go", token)).status == 422
    assert await sent(home) == []


async def test_a_line_of_others(home: PanelHouse) -> None:
    """Is refused, and nothing goes."""
    token = await home.person(UserRole.SENDER)
    answer = await home.post(f"{await kept(home, token, **{**FIELDS, 'line': '98700700123'})}/go", token)
    assert answer.status == 422
    assert await sent(home) == []


async def test_taken_back(home: PanelHouse) -> None:
    """What waits is; what does not is said to be on its way; another account's message is not there."""
    token, other = await home.person(UserRole.SENDER), await home.person(UserRole.SENDER, "bank")
    where = header(await home.post(f"{await kept(home, token, **FIELDS)}/go", token), "location").partition("?")[0]
    assert "پس گرفتن پیام" in text_of(await home.get(where, token))
    assert (await home.post(f"{where}/take-back", other)).status == 404
    assert header(await home.post(f"{where}/take-back", token), "location") == f"{where}?said=taken_back"
    assert header(await home.post(f"{where}/take-back", token), "location") == f"{where}?said=not_taken_back"
    assert "پس گرفتن پیام" not in text_of(await home.get(where, token))


async def test_opt_outs(home: PanelHouse) -> None:
    """Those of a line are listed, one is entered for good, a wrong number is said; no URL holds one."""
    token = await home.person(UserRole.OWNER)
    await home.house.know(A, Code.OPTED_OUT_OF_LINE)
    page = text_of(await home.get(f"{ROOT}/opt-outs?line={A}", token))
    assert "09121234567" in page
    answer = await home.post(f"{ROOT}/opt-outs/add", token, line=A, recipient="۰۹۱۲۰۰۰۰۰۰۱")
    assert header(answer, "location") == f"{ROOT}/opt-outs?line={A}&said=opted_out"
    assert "09120000001" in text_of(await home.get(f"{ROOT}/opt-outs?line={A}", token))
    answer = await home.post(f"{ROOT}/opt-outs/add", token, line=A, recipient="12")
    assert (answer.status, 'id="faults"' in text_of(answer)) == (422, True)
    other = text_of(await home.get(f"{ROOT}/opt-outs?line=98700700", token))
    assert "98700700" not in other, "a line that is not the account's is not asked for"


async def test_a_long_list_of_opt_outs(home: PanelHouse) -> None:
    """Goes on by a form, after the last number of the page."""
    token = await home.person(UserRole.OWNER)
    for n in range(53):
        await home.post(f"{ROOT}/opt-outs/add", token, line=A, recipient=f"0912000{n:04d}")
    first = text_of(await home.get(f"{ROOT}/opt-outs?line={A}", token))
    after = re.search(r'name="after" value="(\d+)"', first)
    assert after is not None
    assert after[1] == "989120000049"
    rest = text_of(await home.post(f"{ROOT}/opt-outs/more", token, line=A, after=after[1]))
    assert rest.count("<tr>") == 4
    assert "09120000052" in rest
