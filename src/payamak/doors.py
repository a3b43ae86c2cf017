"""Every door of the HTTP port, in one list: path, methods, handler, and what of it differs from the others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from payamak.dialects import negin, sendsms
from payamak.dialects.soap import door as soap
from payamak.front.accept import Front
from payamak.http.health import HealthPages
from payamak.http.request import READ, Route
from payamak.panel.door import Panel


def doors(
    front: Front,
    health: HealthPages,
    *,
    allow_get: bool = True,
    admits: Callable[[str], bool],
    panel: Panel | None = None,
) -> list[Route]:
    """The list. `allow_get` serves GET too, which puts a password into a URL (contract §5); without it GET answers 405.

    `admits` says whether a call is taken although many come; the SOAP door asks it itself.
    `panel`: its pages stand in panel/pages.py.
    """
    both = frozenset({"GET", "POST"})
    calls = both if allow_get else frozenset({"POST"})
    send, states = partial(negin.ws_send, front=front), partial(negin.ws_states, front=front)
    send_sms, soap_call = partial(sendsms.send_sms, front=front), soap.SoapDoor(front, admits).answer
    return [
        Route("/api/wssend.ashx", methods=calls, handler=send, is_gated=True, is_folded=True),
        Route("/services/wssend.ashx", methods=calls, handler=send, is_gated=True, is_folded=True),
        Route("/api/wsstates.aspx", methods=calls, handler=states, is_gated=True, is_folded=True),
        Route("/api/wsstates.ashx", methods=calls, handler=states, is_gated=True, is_folded=True),
        Route("/services/wsstates.ashx", methods=calls, handler=states, is_gated=True, is_folded=True),
        Route("/sendsms.ashx", methods=calls, handler=send_sms, family=sendsms.worded, is_gated=True, is_folded=True),
        Route("/almassms.asmx", methods=both, handler=soap_call, family=soap.worded, is_folded=True),
        Route("/almassms.asmx?wsdl", methods=READ, handler=soap.wsdl),
        Route("/healthz", methods=READ, handler=health.healthz),
        Route("/readyz", methods=READ, handler=health.readyz),
        Route("/metrics", methods=READ, handler=health.metrics),
        *([] if panel is None else panel.routes),
    ]
