"""A customer who checks what a webhook posts: by the library of Standard Webhooks, and by our guide's lines.

The library is the independent peer here: whoever misread the description would have to misread it twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from standardwebhooks.webhooks import Webhook
from tests.source import ROOT
from tests.target import Call

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
GUIDE = ROOT / "docs" / "guide" / "webhooks.md"

IsOurs = Callable[[str, Mapping[str, str], bytes], bool]


def block(language: str) -> str:
    """The guide's one example in a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert isinstance(found, str)
    return found


@cache
def is_ours() -> IsOurs:
    """The guide's Python function."""
    made: dict[str, Any] = {}
    exec(block("python"), made)
    function: IsOurs = made["is_ours"]
    return function


def read(call: Call, secret: str = SECRET) -> dict[str, Any]:
    """What a call tells, once its signature and its form have been seen to be right."""
    assert call.request_line.startswith("POST ")
    assert call.headers["content-type"] == "application/json"
    assert is_ours()(secret, call.headers, call.body)
    event: dict[str, Any] = json.loads(call.body)
    assert Webhook(secret).verify(call.body, call.headers) == event
    assert event["id"] == call.headers["webhook-id"]
    return event
