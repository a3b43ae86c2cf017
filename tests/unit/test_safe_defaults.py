"""What nobody has configured is the safe side: loopback, TLS that checks, nothing believed, nothing posted inwards."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.source import ROOT, name_of, parsed_calls, python_files

from payamak.client import Options
from payamak.config import Settings
from payamak.domain.site import Line, Link, LinkKind
from payamak.simulator import SimulatorConfig
from payamak.upstreams.negin import open_client
from payamak.upstreams.smpp import link_config, tls_context

TLS = ROOT / "tests" / "unit" / "smpp" / "link" / "tls"


def test_nothing_is_open_that_nobody_opened() -> None:
    """Gateway and simulator listen on loopback, no proxy is believed, no post goes to a private address."""
    assert Settings().host == SimulatorConfig().host == "127.0.0.1"
    assert Settings().trusted_networks == ()
    assert not Line(number="1").allow_private_target


@pytest.mark.parametrize("ca_file", ["", str(TLS / "ca.pem")])
def test_tls_of_a_bind(ca_file: str) -> None:
    """Certificate and name are checked, by the system's authorities or the link's own alone; at least TLS 1.2."""
    link = Link(name="a", host="smsc.example.ir", tls=True, tls_ca_file=ca_file, system_id="a")
    context = tls_context(link)
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    if ca_file:
        assert context.cert_store_stats()["x509_ca"] == 1
    assert link_config(link).server_hostname == "smsc.example.ir"
    assert link_config(replace(link, tls_server_name="b")).server_hostname == "b"
    assert tls_context(replace(link, tls=False)) is None


async def test_tls_of_a_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client of a negin link checks certificates, by the link's own authority if it has one."""
    told: list[Options] = []

    class Recorded:
        def __init__(self, *_: object, options: Options, **__: object) -> None:
            told.append(options)

    monkeypatch.setattr("payamak.upstreams.negin.AsyncClient", Recorded)
    link = Link(name="a", kind=LinkKind.NEGIN, url="https://panel.example.ir", system_id="a")
    open_client(link, "x")
    open_client(replace(link, tls_ca_file=str(TLS / "ca.pem")), "x")
    assert told[0].verify is Options().verify is True
    assert isinstance(told[1].verify, ssl.SSLContext)
    assert told[1].verify.verify_mode == ssl.CERT_REQUIRED


#: Nothing of these is needed to take messages from strangers.
DANGEROUS = re.compile(r"pickle|marshal|shelve|subprocess|ctypes|os\.system|os\.popen|eval|exec|__import__|mktemp")


#: What foreign binaries are read by is a process of our own, which opens nothing and may have little.
CHILDREN = {"src/payamak/sheets/books.py": ["subprocess.run", "subprocess"]}


@pytest.mark.parametrize("path", python_files("src/payamak"), ids=name_of)
def test_no_door_to_the_machine(path: Path) -> None:
    """The program starts no other program, runs no text, and reads no format that can."""
    assert [
        name for name in parsed_calls(path) if DANGEROUS.fullmatch(name.partition(".")[0]) or DANGEROUS.fullmatch(name)
    ] == CHILDREN.get(name_of(path), [])


@pytest.mark.parametrize("path", python_files("src/payamak"), ids=name_of)
def test_no_statement_is_put_together(path: Path) -> None:
    """SQL is a name or a literal: no text of a caller's can become part of it."""
    source = path.read_text(encoding="utf-8")
    assert (
        re.findall(r"\bexecute(?:many)?\(\s*(?:f[\"']|[^()\n]*(?:\.format\(|[\"'] ?%|[\"'] \+|\+ [\"']))", source) == []
    )
