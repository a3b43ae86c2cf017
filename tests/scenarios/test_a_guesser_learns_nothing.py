"""Who guesses names and passwords learns nothing but that a guess was wrong: not from answers, not from their time."""

from __future__ import annotations

import stat
import time
from pathlib import Path
from statistics import median

from msgspec.structs import replace
from tests import site
from tests.golden.http.tenants import tenanted_house
from tests.golden.http.wire import SEND, build, call, form

ROUNDS = 12
"""Guesses of each kind: below the failures that an account (20) and an address (60) may have."""

APART = 2.5
"""The kinds' medians may differ by this factor, on a machine that does other things too; without argon2 it is 20."""


async def test_wrong_name_and_wrong_password_are_alike(tmp_path: Path) -> None:
    """An unknown name, a wrong password, one of an inactive account, of one without any: same octets, same time."""
    bare = replace(site.accounts()[0], username="bare", password_hash="")
    took_s: dict[str, list[float]] = {kind: [] for kind in ("unknown", "demo", "inactive", "bare")}
    answers = set()
    async with tenanted_house(tmp_path, bare) as (home, _):
        for turn in range(ROUNDS):
            for kind, times in took_s.items():
                username = f"nobody{turn}" if kind == "unknown" else kind
                fields = {"username": username, "password": f"guess number {turn}", "mobile": "09120009000"}
                request = build(SEND, form({**fields, "message": "سلام"}))
                began_s = time.perf_counter()
                answer = await call(home.base_url, request)
                times.append(time.perf_counter() - began_s)
                answers.add((answer.status, answer.body))
    assert answers == {(200, b'{"data":null,"status":18,"msg":"' + answer.body.partition(b'"msg":"')[2])}
    medians = sorted(median(times) for times in took_s.values())
    assert medians[-1] < APART * medians[0], {kind: round(median(times), 4) for kind, times in took_s.items()}


async def test_who_may_not_yet_is_told_only_with_the_right_password(tmp_path: Path) -> None:
    """16 and 17 are for who knows the password; with a wrong one these accounts are like any other name."""
    async with tenanted_house(tmp_path) as (home, _):
        for username, code in (("inactive", 16), ("expired", 17), ("demo", 1)):
            told = [
                (await home.send(username=username, password=password, mobile="1"))["status"]
                for password in (site.PASSWORD, "wrong one", site.PASSWORD)
            ]
            assert told == [code, 18, code]
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.folder.glob("payamak.sqlite*")}
    assert modes == dict.fromkeys((f"payamak.sqlite{end}" for end in ("", "-wal", "-shm", "-serve", "-mark")), 0o600)
