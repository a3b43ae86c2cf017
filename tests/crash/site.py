"""The site of a crash test: a line that resends, a line that holds, and for each one like it to fall back to."""

from __future__ import annotations

import shutil
from pathlib import Path

import argon2
from msgspec.structs import replace

from payamak.clock import SystemClock
from payamak.domain.events import OnAmbiguous
from payamak.domain.site import Account, Document, Keyword, Line, LineKind, Link, LinkUse
from payamak.store.sqlite.store import SqliteStore

RESEND_LINE, RESEND_NEXT = "9830003300", "9820003300"
HOLD_LINE, HOLD_NEXT = "9830003301", "9820003301"
HOLDING = frozenset({HOLD_LINE, HOLD_NEXT})
NEXT = {RESEND_LINE: RESEND_NEXT, HOLD_LINE: HOLD_NEXT}

LOGIN = ("payamak", "op-pass")
PASSWORD = "crash-3300"
PROMPT, PATIENT, POOR = "prompt", "patient", "poor"
"""Accounts: answered as soon as it is on disk; answered when the operator has spoken; without money."""

CREDIT_RIAL = 1_000_000
KEYWORD = "قیمت"
RESPONSE_TIMEOUT_S = 1.0
WINDOW = 20
PRICES = {RESEND_LINE: (210, 90), RESEND_NEXT: (301, 143), HOLD_LINE: (220, 91), HOLD_NEXT: (302, 147)}
"""Rial a part: GSM-7, UCS-2. All different, so that a wrong step shows in the balance."""


def _links(port: int, window: int = WINDOW) -> list[Link]:
    common = Link(
        name="",
        port=port,
        system_id=LOGIN[0],
        password=LOGIN[1],
        upstream="operator",
        window=window,
        response_timeout_s=RESPONSE_TIMEOUT_S,
        status_verdicts={"0x0427": 27, "0x0433": 33},
        receipt_verdicts={"027": 27, "033": 33},
    )
    return [replace(common, name="first"), replace(common, name="second")]


def _lines(target_url: str) -> list[Line]:
    lines = []
    for number, (gsm7_rial, ucs2_rial) in PRICES.items():
        holds = number in HOLDING
        lines.append(
            Line(
                number=number,
                kind=LineKind.ADVERTISING if number in NEXT else LineKind.SERVICE,
                hours="always",
                links=(LinkUse(link="second" if holds else "first"),),
                gsm7_rial=gsm7_rial,
                ucs2_rial=ucs2_rial,
                on_ambiguous=OnAmbiguous.HOLD if holds else OnAmbiguous.RESEND,
            )
        )
    relayed = replace(
        lines[0],
        relay_url=f"{target_url}/relay",
        allow_private_target=True,
        keywords=(Keyword(keyword=KEYWORD, url=f"{target_url}/price", account=PROMPT),),
    )
    return [relayed, *lines[1:]]


def _accounts() -> list[Account]:
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # each life of a process checks it once
    prompt = Account(
        username=PROMPT,
        password_hash=cheap.hash(PASSWORD),
        lines=tuple(PRICES),
        default_line=RESEND_LINE,
        verdict_wait_ms=0,
    )
    return [prompt, replace(prompt, username=PATIENT, verdict_wait_ms=1_500), replace(prompt, username=POOR)]


def documents(port: int, target_url: str, window: int = WINDOW) -> list[Document]:
    """The whole site, its links leading to `port`, its received messages to `target_url`."""
    return [*_links(port, window), *_lines(target_url), *_accounts()]


async def furnish(path: Path, port: int, target_url: str, credit_rial: int = CREDIT_RIAL, window: int = WINDOW) -> None:
    """A new store with the site and the credit."""
    store = SqliteStore(path)
    now = SystemClock().now()
    await store.put_documents(documents(port, target_url, window), [], now)
    for username in (PROMPT, PATIENT):
        await store.credit(username, credit_rial, "test", now)
    await store.close()


WEBHOOK_SECRET = {"CRASH_WEBHOOK_SECRET": "whsec_" + "c2VjcmV0IG9mIHRoZSBjcmFzaCB0ZXN0cw=="}
"""The environment that the program finds the secret in."""


async def furnish_like(pattern: Path, path: Path, port: int, target_url: str, *, has_webhooks: bool) -> None:
    """A copy of a furnished store with the links and lines of this run: cheaper than a new one."""
    shutil.copyfile(pattern, path)
    store = SqliteStore(path)
    hooked = [
        replace(
            account,
            webhook_url=f"{target_url}/webhook",
            webhook_secret=f"env:{next(iter(WEBHOOK_SECRET))}",
            webhook_allow_private_target=True,
        )
        for account in (_accounts() if has_webhooks else ())
    ]
    await store.put_documents([*_links(port), *_lines(target_url), *hooked], [], SystemClock().now())
    await store.close()
