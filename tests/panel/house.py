"""A gateway as a process with people and messages, a browser that looks at its panel, and what both leave behind."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from tests import traces
from tests.scenarios.house import FAST, House
from tests.site import LINE, LINE2, MOBILES
from tests.source import ROOT

from payamak.domain.people import HOUSE, User, UserRole
from payamak.front.passwords import hash_password
from payamak.panel.pages import ROOT as PANEL
from payamak.simulator import SimulatorConfig

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
AXE: Final = Path(__file__).parent / "axe"
PICTURES: Final = ROOT / "build" / "panel"
INSTALL_S: Final = 120.0
WAIT_MS: Final = 120_000
PASSWORD: Final = "four-words-apart-9"
TEXTS: Final = (
    "کد ورود شما: ۴۸۲۹۱۳",
    "<script>alert('x')</script> \u202eelif =HYPERLINK(\"http://evil.example\") ۱۲۳ 123 😀",
    "مشترک گرامی، نوبت شما برای روز چهارشنبه ساعت ده و نیم صبح ثبت شد.\n"
    "لطفاً پانزده دقیقه پیش از نوبت در محل حاضر باشید.",
)

SPY: Final = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
    violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""


@dataclass
class Seen:
    """What a browser has asked for and complained of."""

    urls: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    octets: dict[str, int] = field(default_factory=dict)


class PanelTour:
    """The house, the browser, and who may come in."""

    def __init__(self, house: House, browser: Browser, axe: str) -> None:
        self.house = house
        self.browser = browser
        self.axe = axe
        self.url = f"{house.base_url}{PANEL}"
        self.seen = Seen()
        self.message_id = 0

    async def send(self) -> None:
        """A message of each kind."""
        for mobile, text in zip((MOBILES["ok"], MOBILES["ok2"], MOBILES["opted_out"]), TEXTS, strict=True):
            answer = await self.house.send(mobile=mobile, message=text, line=LINE, line2=LINE2)
            data = answer["data"]
            assert isinstance(data, dict)
            self.message_id = int(data["message_id"])
            await self.house.final_state(self.message_id)

    @asynccontextmanager
    async def visit(self, who: UserRole | None = None, **more: Any) -> AsyncIterator[Page]:
        """A page of a browser of one's own; signed in as one of this role. Complaints of any kind fail at the end."""
        context: BrowserContext = await self.browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **more})
        context.set_default_timeout(WAIT_MS)
        await context.add_init_script(SPY)
        page = await context.new_page()
        page.on("request", lambda request: self.seen.urls.append(request.url))
        page.on("pageerror", lambda error: self.seen.complaints.append(f"error: {error}"))
        page.on("console", lambda said: self._said(said.type, said.text))
        try:
            if who is not None:
                await page.goto(self.url)
                await self.sign_in(page, who)
            yield page
        finally:
            await context.close()

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "status of 4" not in text:  # a refused form is one of ours
            self.seen.complaints.append(f"{kind}: {text}")

    async def sign_in(self, page: Page, who: UserRole) -> None:
        """By the form."""
        await page.fill("#name", who.value)
        await page.fill("#password", PASSWORD)
        await page.click("main button")
        await page.wait_for_selector(".who")

    async def violations(self, page: Page) -> list[str]:
        """What the page's own policy has forbidden it."""
        found: list[str] = await page.evaluate("window.violations")
        return found

    async def judged(self, page: Page) -> tuple[list[str], list[str]]:
        """What axe finds wrong, and what it cannot judge."""
        await page.evaluate(self.axe)
        found = await page.evaluate("axe.run(document, {resultTypes: ['violations', 'incomplete']})")

        def told(kind: str) -> list[str]:
            return [f"{each['id']}: {node['html'][:200]}" for each in found[kind] for node in each["nodes"]]

        return told("violations"), told("incomplete")


async def installed_axe(folder: Path) -> str | None:
    """axe-core in the locked version; None if it cannot be installed."""
    if shutil.which("npm") is None:
        return None
    for name in ("package.json", "package-lock.json"):
        shutil.copy(AXE / name, folder)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1", "--silent")
    process = await asyncio.create_subprocess_exec("npm", "ci", *options, "--prefix", str(folder))
    async with asyncio.timeout(INSTALL_S):
        status = await process.wait()
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8") if status == 0 else None


@asynccontextmanager
async def panel_tour(folder: Path, axe: str) -> AsyncIterator[PanelTour]:
    """All of it, begun and ended."""
    house = House(folder, SimulatorConfig(refuse_lines=frozenset({LINE}), timing=FAST))
    ports = [await operator.start() for operator in (house.advertising, house.service)]
    await house.furnish(ports)
    traces.know(traces.Kind.PASSWORD, PASSWORD)
    async with house.store() as store:
        hashed = await asyncio.to_thread(hash_password, PASSWORD)
        for role in UserRole:
            account_id = None if role in HOUSE else store.site.accounts["demo"].id
            user = User(
                name=role.value, key=role.value, password_hash=hashed, account_id=account_id, role=role, made_at=1
            )
            await store.people.add(user)
    await house.serve()
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox"], env={**os.environ, "LANG": "C.UTF-8"}
            )
            tour = PanelTour(house, browser, axe)
            await tour.send()
            yield tour
            await browser.close()
        await house.leave_traces()
    finally:
        await house.terminate()
        await house.http.aclose()
        for operator in (house.advertising, house.service):
            await operator.stop(timeout_s=0.5)
