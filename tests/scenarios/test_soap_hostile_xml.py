"""Hostile XML against a running gateway: refused at once, without memory, and everyone else is served meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from tests.scenarios.house import House, house

SOAP = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><GetCredit><pUsername>'
END = "</pUsername></GetCredit></s:Body></s:Envelope>"
LAUGHS = '<!ENTITY a "lol">' + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))

BODIES = {
    "billion laughs": f"<!DOCTYPE x [{LAUGHS}]>{SOAP}&j;{END}",
    "external entity": f'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>{SOAP}&x;{END}',
    "10,000 levels": f"{SOAP}{'<a>' * 10_000}{'</a>' * 10_000}{END}",
    "250,000 elements": f"{SOAP}{'<a/>' * 250_000}{END}",
    "5 MB": f"{SOAP}{'A' * 5_000_000}{END}",
    "10 MB": f"{SOAP}{'A' * 10_000_000}{END}",
}
REFUSALS = {"5 MB": {413}, "10 MB": {413, 0}}
"""HTTP 500 for the others. What is beyond 8 MiB is not read to its end, so the answer (413) may not arrive."""


def peak_kib(home: House) -> int:
    """The most memory that the process has had."""
    assert home.process is not None
    lines = Path(f"/proc/{home.process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


async def post(home: House, octets: bytes) -> tuple[int, str]:
    """The answer's status and text; 0 if the connection was closed in mid-body."""
    try:
        answer = await home.http.post(f"{home.base_url}/almassms.asmx", content=octets)
    except httpx2.TransportError:
        return 0, ""
    return answer.status_code, answer.text


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
async def test_hostile_xml(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """The figures are printed; the bounds are generous, for the machine may be busy."""
    async with house(tmp_path) as home:
        await post(home, f"{SOAP}u{END}".encode())
        before_kib = peak_kib(home)
        for name, body in BODIES.items():
            octets = body.encode()
            for _ in range(3):
                started_s = time.perf_counter()
                status, text = await post(home, octets)
                taken_ms = (time.perf_counter() - started_s) * 1_000
                assert status in REFUSALS.get(name, {500}), name
                assert "root:" not in text
                assert taken_ms < 30_000
            print(f"{name}: {len(octets)} octets refused in {taken_ms:.1f} ms")
            record_property(name, round(taken_ms, 1))
        grown_kib = peak_kib(home) - before_kib
        print(f"peak memory +{grown_kib} KiB")
        record_property("grown_kib", grown_kib)
        assert grown_kib < 64 << 10
        _, text = await post(home, f"{SOAP}u{END}".encode())
        assert "<GetCreditResult>18</GetCreditResult>" in text
