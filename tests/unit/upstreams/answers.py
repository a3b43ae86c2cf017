"""The answer of an SMPP upstream to what the operator brings, in whichever way it is given."""

from __future__ import annotations

import asyncio

from payamak.smpp.link import Later
from payamak.smpp.pdu import Pdu
from payamak.upstreams.smpp import SmppUpstream


async def answered(upstream: SmppUpstream, pdu: Pdu) -> Pdu:
    """Bring a PDU; the response. Raises the bug for which there is none."""
    answer = upstream._on_asked(pdu)
    if isinstance(answer, Later):
        given: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()

        def respond(_: Later, response: Pdu | Exception) -> None:
            if isinstance(response, Exception):
                given.set_exception(response)
            else:
                given.set_result(response)

        answer.hear(respond)
        return await given
    response = answer if answer is None or isinstance(answer, Pdu) else await answer
    assert response is not None
    return response
