"""A receiver of what Payamak posts, to write a program against: shows each post, says whether its signature is right,
keeps it, passes it on, and can pass it on again.

For a developer's own machine: it listens on loopback, a thread a connection, and trusts nobody's length.
"""

from __future__ import annotations

import base64
import hmac
import http.client
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, TextIO
from urllib.parse import parse_qsl, urlsplit

from payamak.language import Words, joined, words_of
from payamak.posts.post import signature
from payamak.texts.posts import (
    EVENT,
    FROM_HANDSET,
    NO_TIME,
    NONE_OF_OURS,
    NOT_SIGNED,
    SIGNED,
    SIGNED_BUT_OLD,
    UNREACHED,
    UNSIGNED,
    UNVERIFIED,
    WRONG_SIGNATURE,
)

MOST_OCTETS: Final = 1 << 20
"""Of a body; what Payamak posts has a few hundred."""

FRESH_S: Final = 300
"""How far the time of a post may be from ours: as the guide's receivers have it (docs/guide/webhooks.md)."""

FORWARD_TIMEOUT_S: Final = 10.0

_KEPT: Final = ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature", "payamak-incomplete")
"""The headers that belong to a post."""


@dataclass(frozen=True, kw_only=True)
class KeptPost:
    """A post as it came: the path, its own headers in small letters, the octets."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    def line(self) -> str:
        """As one line of JSON, to be kept."""
        said = {"path": self.path, "headers": dict(self.headers), "body": base64.b64encode(self.body).decode()}
        return json.dumps(said)

    @property
    def says(self) -> Words:
        """What it tells, in a line: of a state's event its message and state, of a handset's message all of it."""
        try:
            if self.headers.get("content-type", "").startswith("application/json"):
                event = json.loads(self.body)
                data = event["data"]
                head = f"{event['id']}  {event['type']}"
                if "message_id" not in data:
                    return Words(head, head)
                return joined((head, EVENT.filled(id=data["message_id"], state=data["state"])), "  ")
            form = dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))
            said = FROM_HANDSET.filled(sender=form["from"], line=form["to"], text=form["text"])
            return joined((self.headers.get("webhook-id", ""), said), "  ")
        except (ValueError, KeyError, TypeError):
            return NONE_OF_OURS.filled(octets=len(self.body))


def read_kept(line: str) -> KeptPost:
    """What `KeptPost.line` wrote. Raises ValueError."""
    try:
        said = json.loads(line)
        return KeptPost(
            path=said["path"], headers=dict(said["headers"]), body=base64.b64decode(said["body"], validate=True)
        )
    except (KeyError, TypeError) as error:
        raise ValueError(
            Words("this is no post that `payamak listen` kept", "این ارسالی نیست که `payamak listen` نگه داشته باشد")
        ) from error


def verdict(came: KeptPost, secret: str, now_s: float) -> Words:
    """Whether a post is Payamak's, as a receiver has to ask it: `signed`, or what is wrong."""
    given = came.headers.get("webhook-signature", "")
    if not secret:
        return UNVERIFIED if given else UNSIGNED
    if not given:
        return NOT_SIGNED
    try:
        written_s = int(came.headers.get("webhook-timestamp", ""))
    except ValueError:
        return NO_TIME
    right = signature(secret, came.headers.get("webhook-id", ""), written_s, came.body)
    if not any(hmac.compare_digest(one.encode(), right.encode()) for one in given.split()):
        return WRONG_SIGNATURE
    return SIGNED if abs(now_s - written_s) <= FRESH_S else SIGNED_BUT_OLD


def signed_anew(came: KeptPost, secret: str, now_s: float) -> KeptPost:
    """The same post as of now: a receiver refuses an old one, however rightly it is signed."""
    post_id, at_s = came.headers.get("webhook-id", ""), int(now_s)
    fresh = {"webhook-timestamp": str(at_s), "webhook-signature": signature(secret, post_id, at_s, came.body)}
    return KeptPost(path=came.path, headers={**came.headers, **fresh}, body=came.body)


def forward(came: KeptPost, url: str) -> tuple[int, bytes]:
    """Post the same octets to a URL; its status and the beginning of its answer. Raises OSError, HTTPException."""
    where = urlsplit(url)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = kind(where.hostname or "", where.port, timeout=FORWARD_TIMEOUT_S)
    try:
        path = (where.path or "/") + (f"?{where.query}" if where.query else "")
        connection.request("POST", path, body=came.body, headers=dict(came.headers))
        answer = connection.getresponse()
        return answer.status, answer.read(MOST_OCTETS)
    finally:
        connection.close()


@dataclass(frozen=True, kw_only=True)
class Listener:
    """What is done with each post: `tell` it, keep it, pass it on."""

    tell: Callable[[str], None]
    secret: str = ""
    forward_to: str = ""
    keep: TextIO | None = None

    def take(self, came: KeptPost) -> tuple[int, bytes]:
        """One post; what is answered: what the target says, or 200."""
        told = joined((came.says, joined(("[", verdict(came, self.secret, time.time()), "]"))), "  ")
        if self.keep is not None:
            self.keep.write(came.line() + "\n")
            self.keep.flush()
        status, body = 200, b""
        if self.forward_to:
            try:
                status, body = forward(came, self.forward_to)
                told = joined((told, f"  → {status}"))
            except (OSError, http.client.HTTPException) as error:
                status, told = 502, joined((told, UNREACHED.filled(url=self.forward_to, error=str(error))), "  → ")
        self.tell(told)
        return status, body

    def server(self, host: str, port: int) -> ThreadingHTTPServer:
        """Listens; `serve_forever` answers. Raises OSError."""
        take = self.take

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def do_POST(self) -> None:
                length = self.headers.get("Content-Length", "")
                if not length.isascii() or not length.isdecimal() or int(length) > MOST_OCTETS:
                    self.close_connection = True
                    self._answer(413 if length.isdecimal() else 411, b"")
                    return
                self._answer(
                    *take(KeptPost(path=self.path, headers=_own(self.headers), body=self.rfile.read(int(length))))
                )

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: each post is told once, by us."""

        return ThreadingHTTPServer((host, port), Handler)

    def replay(self, file: Path) -> Iterator[int]:
        """Pass every post of a file on again, in its order, signed anew where there is a secret; each one's status.

        What is added meanwhile is not read: whoever is passed on to may be one of us that keeps into the same file.
        Raises ValueError with the line of what is none, OSError.
        """
        with file.open("rb") as lines:
            left = os.fstat(lines.fileno()).st_size
            for number, line in enumerate(lines, 1):
                if left <= 0:
                    return
                left -= len(line)
                try:
                    came = read_kept(line.decode())
                except ValueError as error:
                    wrong = words_of(error)
                    raise ValueError(
                        Words(f"{file}, line {number}: {wrong}", f"{file}، سطر {number}: {wrong.fa}")
                    ) from error
                yield self.take(signed_anew(came, self.secret, time.time()) if self.secret else came)[0]


def open_kept(file: Path) -> TextIO:
    """A file that posts are added to; it holds numbers and texts, so it is made for its owner alone. Raises OSError."""
    return open(file, "a", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600))


def _own(headers: Message) -> dict[str, str]:
    return {name: headers[name] for name in _KEPT if headers[name] is not None}
