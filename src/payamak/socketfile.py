"""A socket that is a file of one user, by which programs of this machine speak with each other: lines of JSON.

Who may open the file may ask, and nobody else: no port, no password, nothing that a proxy could pass on.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from payamak.language import Words, words_of

ASK_WITHIN_S: Final = 5.0
"""Until the question must be there. Taste."""

LONGEST_LINE: Final = 1 << 20

Ask = Callable[[dict[str, Any], asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Answers one question, until whoever asked goes. Raises ValueError, with what is wrong with the question."""


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name for the socket that is short enough for the system (107 octets), wherever its folder lies."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        inside = f"/proc/self/fd/{folder}"
        yield f"{inside}/{path.name}" if os.path.isdir(inside) else str(path)
    finally:
        os.close(folder)


async def listen(path: Path, ask: Ask) -> asyncio.Server:
    """Answer at this file, its owner's alone; a socket that lies there is replaced. Raises OSError."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ASK_WITHIN_S):
                line = await reader.readline()
            await ask(_object(line), reader, writer)
        except ValueError as error:
            write(writer, {"refused": {"en": words_of(error), "fa": words_of(error).fa}})
        except (OSError, TimeoutError):
            pass  # whoever asked has gone
        finally:
            writer.close()

    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_path(path) as name:
            with suppress(FileNotFoundError):
                if stat.S_ISSOCK(os.lstat(name).st_mode):
                    os.unlink(name)
            listener.bind(name)
            os.chmod(name, 0o600)  # before it listens: until then nobody gets in
        return await asyncio.start_unix_server(answer, sock=listener)
    except OSError:
        listener.close()
        raise


async def answers(path: Path, question: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
    """What is answered at this file, an object a line, until it closes. Raises OSError if nobody listens there."""
    with short_path(path) as name:
        reader, writer = await asyncio.open_unix_connection(name, limit=LONGEST_LINE)
    try:
        write(writer, question)
        while line := await reader.readline():
            yield json.loads(line)
    finally:
        writer.close()


def refusal_of(said: Mapping[str, Any]) -> Words | None:
    """Why what was asked is not done, if that is what an answer says."""
    refused = said.get("refused")
    return None if refused is None else Words(refused["en"], refused["fa"])


def write(writer: asyncio.StreamWriter, said: Mapping[str, Any]) -> None:
    """One line; nothing if the other end has gone."""
    if not writer.is_closing():
        writer.write(json.dumps(said, ensure_ascii=False).encode() + b"\n")


def _object(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise ValueError(Words("this is no question: a line of JSON is expected", "پرسش یک سطر JSON است؛ این نیست"))
    return said
