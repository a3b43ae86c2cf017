"""The contract's and the manual's samples, octet for octet but for ids, over HTTP/1.0 and 1.1."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from tests.golden.http.samples import NAMES, VERSIONS, read_sample
from tests.golden.http.tenants import tenant, tenanted_house
from tests.golden.http.wire import exchange
from tests.scenarios.house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEVER_EXISTED = 987_654_321


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A house, and the ids of messages that stand where the manual's sample says."""

    home: House
    ids: dict[str, int]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prepared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prepared]:
    """One house for all samples; a message of it is delivered, another stays with the operator."""
    legacy = tenant("legacy", unknown_state=0)
    async with tenanted_house(tmp_path_factory.mktemp("samples"), legacy) as (home, _):
        ids = {"unknown": NEVER_EXISTED}
        for name, mobile in (("delivered", "989120009000"), ("enroute", "989120009005")):
            data = (await home.send(username="legacy", mobile=mobile, message="سلام"))["data"]
            assert isinstance(data, dict)
            ids[name] = data["message_id"]
        delivered = ids["delivered"]
        await home.advertising.ledger.until(lambda ledger: ledger.counters.receipts_acknowledged > 0)
        assert (await home.story(delivered)).message.state == "delivered"
        yield Prepared(home=home, ids=ids)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
async def test_sample(name: str, version: str, prepared: Prepared) -> None:
    """The answer to each golden request is the one in the file, headers included."""
    sample = read_sample(name)
    octets = await exchange(prepared.home.base_url, sample.request_octets(version, prepared.ids))
    assert sample.is_answered_by(octets, prepared.ids), octets.decode()
