"""No test takes a port for free, or for closed, because of its number."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from tests.ports import reserved_port
from tests.source import name_of, python_files

FIXED = re.compile(r"\bport=[1-9]\d*\b|127\.0\.0\.1:[1-9]|\[::1\]:[1-9]|\"--port\", \"[1-9]")
PROCESSES = ("clients", "faults", "hostile", "interop", "php", "scenarios")

NEVER_REACHED = {
    "tests/scenarios/test_a_payment_is_credited_once.py": {"port=2775"},  # no server runs
    "tests/scenarios/test_a_first_site.py": {"127.0.0.1:2"},  # of an answer that is refused
    "tests/scenarios/test_cli_site_and_settings.py": {'"--port", "2'},  # a link that is added and removed, never used
}


@pytest.mark.parametrize("path", [path for path in python_files("tests") if path.parent.name in PROCESSES], ids=name_of)
def test_no_port_is_known_by_its_number(path: Path) -> None:
    """Where processes run and connect, a port is a free one (0) or a reserved one: anybody may listen at 1 or 2775."""
    found = set(FIXED.findall(path.read_text(encoding="utf-8")))
    assert found == NEVER_REACHED.get(name_of(path), set())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_reserved_port_refuses_until_it_is_used(host: str) -> None:
    """Nobody is reached there; a server may begin, end and begin again; after it nobody is reached any more."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with reserved_port(host) as port:
        for _ in range(3):
            with socket.socket(family) as caller:
                assert caller.connect_ex((host, port)) != 0
            with socket.create_server((host, port), family=family), socket.create_connection((host, port), 60):
                pass
