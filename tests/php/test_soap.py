"""PHP's SoapClient and nusoap's envelopes against a running gateway."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.house import FAST, House, house
from tests.site import CREDIT_RIAL, LINE, LINE2

from payamak.simulator import SimulatorConfig

HERE = Path(__file__).parent
NEW_PASSWORD = "n€w p@ss&<رمز>"


@cache
def missing() -> str:
    """What of PHP is not there."""
    if shutil.which("php") is None:
        return "php is not installed (Debian: php-cli php-soap php-curl)"
    modules = subprocess.run(["php", "-m"], capture_output=True, text=True, check=True).stdout.lower().split()
    absent = {"soap", "curl"} - set(modules)
    return f"php is without {', '.join(sorted(absent))} (Debian: php-soap php-curl)" if absent else ""


pytestmark = [pytest.mark.debian, pytest.mark.skipif(bool(missing()), reason=missing())]


async def php(script: str, *arguments: str) -> str:
    """What the script prints; it must end well and complain of nothing."""
    process = await asyncio.create_subprocess_exec(
        *("php", "-d", "display_errors=stderr", str(HERE / script), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        output, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (0, "")
    return output.decode()


async def texts(home: House) -> list[tuple[str, str, str]]:
    """What the operators took, once nothing is under way."""
    await home.drained()
    return sorted((whole.line, whole.recipient, whole.text) for whole in home.received())


def list_of(value: Any) -> list[Any]:
    """PHP makes one item of an array with one."""
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("version", ["1.1", "1.2", "1.1-gzip"])
async def test_soap_client(tmp_path: Path, version: str) -> None:
    """The WSDL is understood; every habit of handing over arrays sends what was meant; refusals are no exceptions."""
    async with house(tmp_path, config=SimulatorConfig(timing=FAST)) as home:
        told = json.loads(await php("soap_client.php", home.base_url, version, NEW_PASSWORD))
        took = await texts(home)
    assert told["functions"] == 32  # each operation once for each port
    assert told["schema"]["SendSmsResult"] == told["list"]["SendSmsResult"] == -2
    first, refused, last = told["schema"]["pMessageIds"]["long"]
    ids = told["list"]["pMessageIds"]["long"]
    assert refused == 1
    assert 1_000 < first < last < ids[0] < ids[1]
    single = told["single"]
    assert single["SendResult"] == -2
    (single_id,) = list_of(single["result"]["MessageIds"]["long"])
    assert single["result"] | {"MessageIds": 0} == {
        "MessageIds": 0,
        "SendId": single_id,
        "SendCost": 1_000,
        "SmsCount": 1,
        "ReceiversCount": 1,
        "State": 0,
    }
    assert told["one"]["Send1SmsResult"] == -2
    assert told["one"]["pMessageId"] > single_id
    assert told["states"]["GetMessageStatus2Result"] == -2
    assert told["states"]["pMsgIds"]["long"] == ids
    assert set(told["states"]["pStatuses"]["int"]) <= {-1, 1, 8}
    spent = CREDIT_RIAL - told["credit"]["pCredit"]
    assert spent == 2 * 900 + 2 * 2_100 + 1_000 + 2_100
    assert told["info"]["pSmsNumber"] == LINE
    assert told["received"]["GetReceivedSmsResult"] == -2
    assert "<NewDataSet>" in told["received"]["pRecieved"]
    assert told["refused"] == {"SendSmsResult": 18}
    assert [told[each].popitem()[1] for each in ("changed", "old", "new")] == [-2, 0, CREDIT_RIAL]
    assert told["old"] == {"GetCreditResult": 18}
    code, reason = told["fault"]
    assert code.endswith("Client")
    assert reason == "no operation of this service"
    assert took == sorted(
        [
            (LINE, "989120009000", "سلام"),
            (LINE, "989130009000", "سلام"),
            (LINE, "989120009000", "one"),
            (LINE, "989130009000", "two"),
            (LINE2, "989120009000", "سلام & <ب>"),
            (LINE, "989120009000", "hello"),
            (LINE, "989120009000", "سلام"),
            (LINE, "989130009000", "سلام"),
        ]
    )


async def test_nusoap_envelope(tmp_path: Path) -> None:
    """An envelope as nusoap writes it, over HTTP/1.0, with a field in the wrong letter case."""
    async with house(tmp_path, config=SimulatorConfig(timing=FAST)) as home:
        status, _, answer = (await php("nusoap_envelope.php", home.base_url)).partition("\n")
        took = await texts(home)
    assert status == "200"
    assert re.search(r"<SendResult>(-?\d+)</SendResult>", answer, re.IGNORECASE) is not None
    assert "<SendResult>-2</SendResult><result><MessageIds><long>1001</long></MessageIds>" in answer
    assert took == [(LINE2, "989120009000", "سلام & <ب>")]
