"""The clients of a run: plain HTTP over sockets, and a book of what they were promised."""

from __future__ import annotations

import asyncio
import json
import time
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
    def key(self) -> tuple[str, str]:
        """What tells it from every other message of a run: recipient and text."""
        return self.recipient, self.text

    @property
    def fields(self) -> dict[str, str]:
        """The form."""
        more = {"line2": self.next_line} if self.next_line else {}
        login = {"username": self.username, "password": PASSWORD}
        fields = {**login, "mobile": self.recipient, "message": self.text, "line": self.line, **more}
        traces.know_request(b"", urlencode(fields).encode())
        return fields


Key = tuple[str, str]


@dataclass
class Book:
    """What the clients were told, by recipient and text."""

    asked: dict[Key, Sent] = field(default_factory=dict)
    promised: dict[Key, int] = field(default_factory=dict)
    refused: dict[Key, int] = field(default_factory=dict)
    unanswered: set[Key] = field(default_factory=set)
    deaths: list[int] = field(default_factory=list)
    """When the gateway was seen dead, in milliseconds of the epoch; it was started again only after that."""

    def note_death(self) -> None:
        """The gateway is dead, and not started again yet."""
        self.deaths.append(time.time_ns() // 1_000_000)

    def note(self, sent: Sent, answer: Mapping[str, object] | None) -> None:
        """Write down an answer; None is a call that got none."""
        self.asked[sent.key] = sent
        if answer is None:
            self.unanswered.add(sent.key)
        elif answer["status"] == -1:
            data = answer["data"]
            assert isinstance(data, dict)
            self.promised[sent.key] = int(data["message_id"])
        else:
            self.refused[sent.key] = int(str(answer["status"]))


def message(number: int, patient_every: int = 9) -> Sent:
    """The n-th message of a run. On each line every second is in two or three parts, every third has no next step."""
    line = list(NEXT)[number % 2]
    text = f"پیام شماره {number} " if number % 5 else f"Message {number} "
    username = PATIENT if number % patient_every == 4 else POOR if number % 13 == 7 else PROMPT
    return Sent(
        recipient=f"98912{number:07d}",
        line=line,
        text=text * ((1, 6, 1, 10)[number // 2 % 4] if number % 5 else 1),
        username=username,
        next_line=NEXT[line] if number // 2 % 3 else "",
    )


def message_of_a_pair(number: int, first: int) -> Sent:
    """A message to the recipient of message `first`, by the same line as every other message to it, in 1 to 3 parts.

    Each part, however the text is cut, holds the number: so a copy tells whose it is.
    """
    line = list(NEXT)[first // 2 % 2]
    return Sent(
        recipient=f"98913{first:07d}",
        line=line,
        text=f"پیام شماره {number:07d} " * (1, 5, 9)[first // 7 % 3],
        next_line=NEXT[line] if first // 3 % 3 else "",
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
