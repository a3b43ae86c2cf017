"""An administrator's first day: a site of one's own, served behind nginx, watched, copied, upgraded."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests import traces
from tests.journeys.person import DEADLINE_S, Person, commands, section
from tests.journeys.test_a_developer import free_port

README, COMMANDS, GUIDE = "README.md", "docs/guide/commands.md", "docs/guide/production.md"
REAL, TRY, COPIES = "Run it for real", "Try it without an operator", "Copies, and whether they are any good"
PASSWORD = "a-long-one"
HAS_NGINX = all(shutil.which(name) for name in ("nginx", "openssl", "curl")) or bool(os.environ.get("CI"))


def answers(operator: str) -> list[tuple[str, str]]:
    """What `payamak init` asks, and what this person types."""
    return [
        ("operator's address", f"127.0.0.1:{operator}\n"),
        ("(system_id)", "shop\n"),
        ("sender number", "9830003300\n"),
        ("first customer", "shop\n"),
        ("Persian text", "900\n"),
        ("credit", "1000000\n"),
        ("test message", "\n"),  # at night no advertising line may send
        ("operator's login", "pw\n"),
        ("New web-service", f"{PASSWORD}\n"),
        ("Once more", f"{PASSWORD}\n"),
    ]


@contextmanager
def proxy(person: Person, port: str) -> Iterator[str]:
    """The nginx of the page, with a certificate of its own, as this user, in front of a gateway; its URL."""
    folder, at = person.folder / "nginx", free_port()
    folder.mkdir()
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=sms.example.ir")
    files = ("-keyout", str(folder / "key"), "-out", str(folder / "cert"))
    subprocess.run([*made, *files], check=True, capture_output=True, timeout=DEADLINE_S)
    example = section(GUIDE, "nginx and TLS").partition("```nginx\n")[2].partition("```")[0]
    certificate = f"ssl_certificate {folder}/cert; ssl_certificate_key {folder}/key;"
    for theirs, ours in {
        "listen 443 ssl;": f"listen 127.0.0.1:{at} ssl; {certificate}",
        "/var/log/nginx/sms.log": str(folder / "sms.log"),
        "http://127.0.0.1:8080": f"http://127.0.0.1:{port}",
    }.items():
        assert theirs in example
        example = example.replace(theirs, ours)
    paths = "".join(f"{kind}_temp_path {folder};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    whole = f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
    (folder / "conf").write_text(f"{whole}events {{}}\nhttp {{\n{paths}{example}}}\n", encoding="utf-8")
    with subprocess.Popen(["nginx", "-c", str(folder / "conf"), "-e", str(folder / "error.log")]) as process:
        try:
            yield f"https://127.0.0.1:{at}"
        finally:
            process.terminate()


def walk(person: Person, heading: str) -> str:
    """All blocks for a shell of a section of the guide, one after the other; what they said."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", section(GUIDE, heading), re.MULTILINE | re.DOTALL)
    assert blocks
    return "".join(person.type(block.strip(), page=GUIDE) for block in blocks)


@pytest.mark.slow
def test_an_administrator(somebody: Callable[[str], Person]) -> None:
    """Every command is one of the README's or of a guide's, and does what stands beside it."""
    traces.know(traces.Kind.PASSWORD, PASSWORD)
    person = somebody("an administrator")
    person.step(README, REAL, "make runtime")
    person.step(README, REAL, "export PATH")
    port, operator = free_port(), free_port()
    person.export("PAYAMAK_PORT", port)  # 8080 may be somebody's here
    simulated = {"--port 2775": f"--port {operator}"}
    with person.terminal(COMMANDS, TRY, "payamak simulate --port", simulated, until='"port"'):
        shown = person.dialogue(README, REAL, "payamak init", answers(operator))
        assert "The link is bound" in shown
        assert PASSWORD not in shown
        person.step(README, REAL, "set -a")
        serve_for_a_day(person, port)
        person.step(GUIDE, "Upgrade it", "payamak migrate")
        with person.terminal(README, REAL, "payamak serve", until="ready") as serving:
            assert "delivered" in person.step(README, REAL, "payamak show 1001")
            serving.interrupt()
    walked = {step.command.split("#")[0].strip() for step in person.steps if step.page == README}
    assert {line.split("#")[0].strip() for line in commands(README, REAL) if not line.startswith("make")} <= walked


def serve_for_a_day(person: Person, port: str) -> None:
    """The gateway serves: the site is changed, a message goes, everything is looked at, copies are made."""
    with person.terminal(README, REAL, "payamak serve", until="ready"):
        site = Path(person.home / "payamak" / "site.toml")
        told = site.read_text(encoding="utf-8")
        changed, times = re.subn(r"^# hours = .*$", 'hours = "always"', told, flags=re.MULTILINE)
        assert times == 1
        site.write_text(changed, encoding="utf-8")
        assert "always" in person.dialogue(README, REAL, "payamak apply", [("[y/N]", "y\n")])
        person.step(COMMANDS, TRY, "export PAYAMAK_USERNAME")
        person.step(COMMANDS, TRY, "payamak send --to")
        person.step(README, REAL, "payamak show 1001", until="delivered since")
        person.step(README, REAL, "payamak queue")
        person.dialogue(README, REAL, "payamak top", [("quit", "q")])
        assert "درگاه پیام کوتاه" in person.step(README, REAL, "payamak --lang fa --help")
        backups = person.folder / "backups"
        backups.mkdir()
        folders = {"/etc/payamak": str(person.home / "payamak"), "/var/backups/payamak": str(backups)}
        person.step(GUIDE, "In production", "export SITE", folders)
        assert "every account balances" in walk(person, COPIES)
        person.step(GUIDE, "Upgrade it", "payamak backup")
        person.step(README, REAL, "payamak doctor")
        for path in ("/healthz", "/readyz"):
            person.type(f"curl -fsS http://127.0.0.1:{port}{path}", page=GUIDE)
        if HAS_NGINX:
            with proxy(person, port) as url:
                asked = (
                    f"curl -ksS --retry 9 --retry-connrefused --retry-delay 1 -o /dev/null -w '%{{http_code}}' {url}"
                )
                assert person.type(f"{asked}/healthz", page=GUIDE).startswith("200")
                assert person.type(f"{asked}/metrics", page=GUIDE).startswith("403")
