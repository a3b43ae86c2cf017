"""The clients of a run: plain HTTP over sockets, and a book of what they were promised."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests import traces
from tests.crash.site import NEXT, PASSWORD, PATIENT, POOR, PROMPT

ANSWER_S = 20.0
SEND, STATES = "/api/wsSend.ashx", "/api/wsStates.aspx"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One call of wsSend: what was asked."""

    recipient: str
    line: str
    text: str
    username: str = PROMPT
    next_line: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """The form."""
        more = {"line2": self.next_line} if self.next_line else {}
        login = {"username": self.username, "password": PASSWORD}
        fields = {**login, "mobile": self.recipient, "message": self.text, "line": self.line, **more}
        traces.know_request(b"", urlencode(fields).encode())
        return fields


@dataclass
class Book:
    """What the clients were told, by recipient: every message has a recipient of its own."""

    asked: dict[str, Sent] = field(default_factory=dict)
    promised: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)

    def note(self, sent: Sent, answer: Mapping[str, object] | None) -> None:
        """Write down an answer; None is a call that got none."""
        self.asked[sent.recipient] = sent
        if answer is None:
            self.unanswered.add(sent.recipient)
        elif answer["status"] == -1:
            data = answer["data"]
            assert isinstance(data, dict)
            self.promised[sent.recipient] = int(data["message_id"])
        else:
            self.refused[sent.recipient] = int(str(answer["status"]))


def message(number: int, patient_every: int = 9) -> Sent:
    """The n-th message of a run. On each line every fourth is in two parts, every third has no next step."""
    line = list(NEXT)[number % 2]
    text = f"پیام شماره {number} " if number % 5 else f"Message {number} "
    username = PATIENT if number % patient_every == 4 else POOR if number % 13 == 7 else PROMPT
    return Sent(
        recipient=f"98912{number:07d}",
        line=line,
        text=text * (6 if number // 2 % 4 == 1 and number % 5 else 1),
        username=username,
        next_line=NEXT[line] if number // 2 % 3 else "",
    )


async def call(port: int, path: str, fields: Mapping[str, str]) -> dict[str, object] | None:
    """Post a form; the answer's JSON, or None if no whole answer came."""
    try:
        async with asyncio.timeout(ANSWER_S):
            return await _call(port, path, urlencode(fields).encode())
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        return None


async def _call(port: int, path: str, body: bytes) -> dict[str, object]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + body)
        return await read_answer(reader)
    finally:
        writer.close()


async def read_answer(reader: asyncio.StreamReader) -> dict[str, object]:
    """One answer with its length said, as JSON. Raises IncompleteReadError if it is cut off."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length:")[2].split("\r\n", 1)[0])
    answer = json.loads(await reader.readexactly(length))
    assert isinstance(answer, dict)
    return answer
