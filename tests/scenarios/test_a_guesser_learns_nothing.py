"""Who guesses names and passwords learns nothing but that a guess was wrong: not from answers, not from their time."""

from __future__ import annotations

import asyncio
import stat
import time
from collections import Counter
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from msgspec.structs import replace
from tests import site, traces
from tests.golden.http.tenants import tenanted_house
from tests.golden.http.wire import SEND, build, call, exchange, form, parse

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
    beside = ("", "-wal", "-shm", "-serve", "-mark", "-door")
    assert modes == dict.fromkeys((f"payamak.sqlite{end}" for end in beside), 0o600)


NEW_PASSWORD = "a new one, رمز"
CHANGE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><ChangePassword><pUsername>demo</pUsername>'
    f"<pPassword>{site.PASSWORD}</pPassword><pNewPassword>{NEW_PASSWORD}</pNewPassword></ChangePassword></s:Body>"
    "</s:Envelope>"
)


async def test_whoever_fails_with_a_name_locks_nobody_out_of_it(tmp_path: Path) -> None:
    """Right after a start, and right after a change of password, the owner's first call passes while strangers fail.

    They are told 18 until a limit speaks, which says 23; and an unknown name says the same as a known one.
    """
    traces.know(traces.Kind.PASSWORD, NEW_PASSWORD)
    async with tenanted_house(tmp_path) as (home, _):

        async def told(address: str, username: str, password: str) -> int:
            fields = {"username": username, "password": password, "mobile": "1"}
            where = urlsplit(home.base_url)
            reader, writer = await asyncio.open_connection(where.hostname, where.port, local_addr=(address, 0))
            writer.write(build(SEND, form(fields)))
            status = parse(await asyncio.wait_for(reader.read(-1), 60)).json["status"]
            writer.close()
            return int(str(status))

        async def guesses(username: str, first: int) -> Counter[int]:
            """Forty-eight from six addresses."""
            guesses = (told(f"127.0.{first + n % 6}.9", username, f"guess {n}") for n in range(48))
            return Counter(await asyncio.gather(*guesses))

        known, unknown = await guesses("demo", 10), await guesses("nobody", 20)
        assert known.keys() == unknown.keys() == {18, 23}
        assert min(known[18], unknown[18]) >= 20
        assert await told("127.0.0.1", "demo", site.PASSWORD) == 1  # the mobile is wrong, the password is right
        changed = await home.http.post(f"{home.base_url}/almassms.asmx", content=CHANGE.encode())
        assert "<ChangePasswordResult>-2<" in changed.text
        assert 23 in await guesses("demo", 10)
        assert await told("127.0.0.1", "demo", NEW_PASSWORD) == 1
        assert await told("127.0.0.2", "demo", NEW_PASSWORD) == 1


MARK = "zxqv77"


async def test_what_a_caller_wrote_does_not_come_back(tmp_path: Path) -> None:
    """No door repeats a name, a password, a text, a path, a header or a field, well-formed or not."""
    fields = dict.fromkeys(("username", "user", "password", "pass", "message", "text", "line", "template", "x"), MARK)
    call = f"<SendSms><pUsername>{MARK}</pUsername><pPassword>{MARK}</pPassword><{MARK}>{MARK}</{MARK}></SendSms>"
    envelope = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{call}</s:Body></s:Envelope>'
    marked = (f"X-{MARK}: {MARK}", f"Cookie: {MARK}={MARK}", f"Origin: http://{MARK}")
    async with tenanted_house(tmp_path) as (home, _):
        for path in (SEND, "/api/wsStates.aspx", "/sendsms.ashx", "/almassms.asmx", f"/{MARK}", "/metrics", "/readyz"):
            for body in (form(fields), envelope.encode(), f"<{MARK}".encode(), f'{{"{MARK}":'.encode(), b""):
                told = await exchange(home.base_url, build(f"{path}?{MARK}={MARK}", body, headers=marked))
                assert MARK.encode() not in told, path
        told = await exchange(home.base_url, f"{MARK} {MARK} {MARK}\r\n\r\n".encode())
        assert MARK.encode() not in told
