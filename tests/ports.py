"""Ports for tests: none is assumed to be free or closed because of its number, anybody may listen anywhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port(host: str = "127.0.0.1") -> Iterator[int]:
    """A port that refuses connections as long as nobody of ours listens there, and that nobody else is given meanwhile.

    Bound here and never listening; the system gives it to nobody who asks for any free port. Whoever names it and
    sets SO_REUSEADDR, as servers do, may listen at it, as often as he likes.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, 0))
        yield int(bound.getsockname()[1])
