"""A link that reaches nobody tries again and again; the lines of other links do not notice."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from msgspec.structs import replace
from tests.ports import reserved_port
from tests.scenarios.house import house
from tests.site import LINE, LINE2

from payamak.domain.site import Account, Document, Line, Link

COUNT = 60


def with_a_dead_busy_link(port: int, document: Document) -> Document:
    """The demo's link `busy` reaches nobody; its line is asked for nothing."""
    match document:
        case Link(name="busy"):
            return replace(document, port=port)
        case Account():
            return replace(document, verdict_wait_ms=5_000)
        case Line() | Link():
            return document


async def test_opt_outs_at_once_are_answered_with_line2_all_the_while(tmp_path: Path) -> None:
    """Every answer over several seconds of failing connects names the second line: none had to queue."""
    with reserved_port() as port:
        await _send_beside(port, tmp_path)


async def _send_beside(port: int, tmp_path: Path) -> None:
    async with house(tmp_path, partial(with_a_dead_busy_link, port)) as home:
        for number in range(COUNT):
            answer = await home.send(mobile=f"98912{number:03d}9033", message="سلام", line=LINE, line2=LINE2)
            assert isinstance(answer["data"], dict)
            assert answer["data"]["line"] == int(LINE2)
