"""Every page in a browser: judged by axe, no request elsewhere, with a script and without, by the keyboard alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from importlib.metadata import version

import pytest
import pytest_asyncio
from playwright.async_api import Page
from tests.panel.house import CHROMIUM, PASSWORD, PICTURES, TEXTS, PanelTour, installed_axe, panel_tour
from tests.site import MOBILES

from payamak.domain.people import RIGHTS, UserRole
from payamak.panel.pages import PAGES, ROOT, Access, PanelPage

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.debian,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (Debian: chromium)"),
]

WIDE, NARROW, NARROWEST = 1440, 360, 320
FIRST_PAGE_OCTETS, LATER_PAGE_OCTETS = 220_000, 70_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tour(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PanelTour]:
    """One gateway and one browser for all of it."""
    axe = await installed_axe(tmp_path_factory.mktemp("axe"))
    if axe is None:
        pytest.skip("npm is not installed, or could not install axe-core")
    async with panel_tour(tmp_path_factory.mktemp("panel"), axe) as made:
        yield made


def who_may(page: PanelPage) -> UserRole:
    """Somebody who may come to a page."""
    return next(role for role in UserRole if page.is_for(RIGHTS[role]))


SHOWN = [page for page in PAGES if "GET" in page.methods and "{draft}" not in page.path]
"""That of a draft is judged where one is made."""


def path_of(page: PanelPage, tour: PanelTour) -> str:
    """Where it is, of a message that is there."""
    return f"{tour.house.base_url}{page.path.replace('{id}', str(tour.message_id))}"


def name_of(page: PanelPage) -> str:
    """Its name in files."""
    return page.path.removeprefix(ROOT).removeprefix("/").replace("/", "-").replace("{", "").replace("}", "") or "home"


async def test_versions(tour: PanelTour) -> None:
    """Which browser and which driver this was."""
    print(f"playwright {version('playwright')}, chromium {tour.browser.version}")
    assert int(tour.browser.version.partition(".")[0]) >= 120


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", SHOWN, ids=name_of)
async def test_a_page_has_nothing_against_it(tour: PanelTour, page: PanelPage, theme: str) -> None:
    """No violation of axe's rules, none of its policy, no sideways scroll; its pictures at both widths."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    who = None if page.access is Access.ANYBODY else who_may(page)
    async with tour.visit(who, color_scheme=theme) as shown:
        await shown.goto(path_of(page, tour))
        for width in (WIDE, NARROW):
            await shown.set_viewport_size({"width": width, "height": 900})
            wrong, unsure = await tour.judged(shown)
            assert wrong == [], f"{width}"
            if theme == "light" or page.path == f"{ROOT}/messages/{{id}}":
                await shown.screenshot(path=PICTURES / f"{name_of(page)}-{theme}-{width}.png", full_page=True)
            (PICTURES / f"{name_of(page)}-{theme}-{width}.unsure.json").write_text(json.dumps(unsure, indent=1))
        await shown.set_viewport_size({"width": NARROWEST, "height": 900})
        assert await shown.evaluate("document.documentElement.scrollWidth") <= NARROWEST
        assert await tour.violations(shown) == []


async def test_refusals_have_nothing_against_them(tour: PanelTour) -> None:
    """A page that is not shown is a page too."""
    async with tour.visit(UserRole.CLERK) as shown:
        for path in ("messages", "nothing-here"):
            await shown.goto(f"{tour.url}/{path}")
            assert (await tour.judged(shown))[0] == [] or path == "nothing-here"
            assert await tour.violations(shown) == []


async def walk(page: Page, tour: PanelTour) -> None:
    """In, a list narrowed and searched, a story, out: each step by its form or link."""
    await page.goto(tour.url)
    await tour.sign_in(page, UserRole.OWNER)
    await page.goto(f"{tour.url}/messages")
    assert await page.locator("tbody tr").count() >= 3
    await page.select_option("#state", "delivered")
    await page.click("form.filters >> nth=0 >> button")
    await page.wait_for_url("**state=delivered**")
    await page.goto(f"{tour.url}/messages")
    await page.fill("#recipient", f"0{MOBILES['ok2'][2:]}")
    await page.click("form[action$=search] button")
    await page.wait_for_url("**view=**")
    assert await page.locator("tbody tr").count() == 1
    await page.click("tbody th a")
    await page.wait_for_selector(".happenings")
    assert "<script>alert('x')</script> <U+202E>elif" in (await page.locator(".bubble").inner_text())
    await page.click(".who form button")
    await page.wait_for_selector("#password")


@pytest.mark.parametrize("has_script", [True, False])
async def test_the_walk(tour: PanelTour, has_script: bool) -> None:
    """The same with a script and without one."""
    async with tour.visit(java_script_enabled=has_script) as page:
        await walk(page, tour)


@pytest.mark.parametrize("has_script", [True, False])
async def test_a_message_is_sent(tour: PanelTour, has_script: bool) -> None:
    """Filled in, seen while it is written if there is a script, checked, changed, sent; sent again it is the same."""
    async with tour.visit(java_script_enabled=has_script) as page:
        await page.goto(tour.url)
        await tour.sign_in(page, UserRole.SENDER)
        await page.click("nav.menu a[href$=send]")
        await page.fill("#recipients", MOBILES["ok"])
        await page.fill("#text", TEXTS[2] * 2)
        if has_script:
            await page.locator("#preview .bubble").nth(2).wait_for()
        await page.click("form.sending button")
        await page.wait_for_selector("form[action$=go]")
        if has_script:
            assert (await tour.judged(page))[0] == []
            for width in (WIDE, NARROW):
                await page.set_viewport_size({"width": width, "height": 900})
                await page.screenshot(path=PICTURES / f"check-light-{width}.png", full_page=True)
        await page.click("main .pages a")
        assert (await page.input_value("#text")).startswith("مشترک گرامی")
        await page.fill("#text", "سلام")
        await page.click("form.sending button")
        await page.click("form[action$=go] button")
        await page.wait_for_selector(".happenings")
        where = page.url
        await page.go_back()
        await page.click("form[action$=go] button")
        await page.wait_for_selector(".happenings")
        assert page.url == where
        if has_script:
            assert await tour.violations(page) == []


async def test_a_wrong_password_gets_the_focus(tour: PanelTour) -> None:
    """The summary of what is wrong has it, and leads to the field; what was written is still there."""
    async with tour.visit() as page:
        await page.goto(tour.url)
        await page.fill("#name", "owner")
        await page.fill("#password", "not the one")
        await page.click("main button")
        await page.wait_for_selector("#faults")
        assert await page.evaluate("document.activeElement.id") == "faults"
        await page.click("#faults a")
        assert await page.evaluate("document.activeElement.id") == "name"
        assert await page.input_value("#name") == "owner"
        assert await page.input_value("#password") == ""
        assert (await tour.judged(page))[0] == []


async def test_by_the_keyboard_alone(tour: PanelTour) -> None:
    """In, to the content, to the search and to a message; what has the focus is seen and not hidden."""
    async with tour.visit() as page:
        await page.goto(tour.url)
        await page.focus("#name")
        await page.keyboard.type("owner")
        await page.keyboard.press("Tab")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".who")
        await page.goto(f"{tour.url}/messages")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        await page.keyboard.press("/")
        assert await page.evaluate("document.activeElement.id") == "recipient"
        for _ in range(2):
            await page.keyboard.press("Tab")
        seen = """() => {
            const box = document.activeElement.getBoundingClientRect();
            const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            const style = getComputedStyle(document.activeElement);
            return document.activeElement.contains(top) && style.outlineStyle !== "none";
        }"""
        assert await page.evaluate(seen)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".happenings")


async def test_a_list_is_live(tour: PanelTour) -> None:
    """A message that is sent meanwhile stands in it without anybody's doing."""
    async with tour.visit(UserRole.OWNER) as page:
        await page.goto(f"{tour.url}/messages")
        before = await page.locator("tbody tr").count()
        await tour.house.send(mobile=MOBILES["ok"], message="salam")
        await page.locator("tbody tr").nth(before).wait_for()
        assert await tour.violations(page) == []


async def test_what_a_page_weighs(tour: PanelTour) -> None:
    """The first with font, style and script, and a later one alone."""
    async with tour.visit() as page:
        sizes: dict[str, int] = {}

        async def weigh(url: str) -> int:
            await page.goto(url, wait_until="networkidle")
            found: int = await page.evaluate(
                "[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]"
                ".reduce((sum, each) => sum + (each.transferSize ? each.decodedBodySize : 0), 0)"
            )
            return found

        sizes["first"] = await weigh(tour.url)
        await tour.sign_in(page, UserRole.OWNER)
        sizes["later"] = await weigh(f"{tour.url}/messages")
    assert 100_000 < sizes["first"] <= FIRST_PAGE_OCTETS, "the font is in it"
    assert sizes["later"] <= LATER_PAGE_OCTETS


async def test_nothing_was_asked_elsewhere_and_no_url_tells(tour: PanelTour) -> None:
    """All requests of the tests above: to the gateway alone, no number and no password in any; no complaints."""
    async with tour.visit(UserRole.OWNER) as page:
        await page.goto(f"{tour.url}/messages")
    assert tour.seen.urls
    assert {url for url in tour.seen.urls if not url.startswith((tour.house.base_url, "data:"))} == set()
    for secret in (PASSWORD, *(number[2:] for number in MOBILES.values())):
        assert [url for url in tour.seen.urls if secret in url] == []
    assert tour.seen.complaints == []
