"""A developer sees what the gateway posts, passes it on to a program, and again when that has changed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests import traces
from tests.scenarios.cli_program import Shell, site

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@contextmanager
def program(status: int) -> Iterator[tuple[str, list[bytes]]]:
    """A customer's program that answers with this status; its URL, and the bodies that came."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/sms", bodies
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def listening(shell: Shell, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`payamak listen`, and its URL."""
    command = [sys.executable, "-m", "payamak", "listen", "--secret", "env:SHOP_WEBHOOK_SECRET", *more]
    with subprocess.Popen(
        command, cwd=shell.folder, env=shell.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[2]
        finally:
            process.kill()


def test_posts_are_shown_passed_on_and_replayed(tmp_path: Path) -> None:
    """Signed rightly, as it says, to the program and its answer back; kept for its owner alone, and passed on again."""
    traces.know(traces.Kind.PASSWORD, SECRET)
    kept = tmp_path / "posts.jsonl"
    with site(tmp_path) as (shell, _):
        shell.env["SHOP_WEBHOOK_SECRET"] = SECRET
        with (
            program(204) as (target, bodies),
            listening(shell, "--forward-to", target, "--keep", str(kept)) as (process, url),
        ):
            shell.run(
                *("account", "change", "shop", "--set", f"webhook_url={url}", "--set", "allow_private_target=true"),
                *("--set", "webhook_secret=env:SHOP_WEBHOOK_SECRET"),
            )
            shell.run("webhook", "test", "shop")
            assert process.stdout is not None
            told = process.stdout.readline()
            assert "webhook.test" in told
            assert told.endswith("[signed]  → 204\n")
            assert len(bodies) == 1
            assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
            done = shell.run(
                "listen", "--replay", str(kept), "--forward-to", target, "--secret", "env:SHOP_WEBHOOK_SECRET"
            )
            assert (done.err, bodies) == ("payamak: 1 post, 1 taken\n", [bodies[0]] * 2)
            assert done.out.endswith("[signed]  → 204\n")
        with program(500) as (target, _), listening(shell, "--forward-to", target) as (_, url):
            shell.run("account", "change", "shop", "--set", f"webhook_url={url}")
            assert "500" in shell.run("webhook", "test", "shop", code=1).out, "the program's answer goes back"
        assert "clear" not in shell.run("listen", "--secret", "in-clear", code=2).out
        assert "--forward-to" in shell.run("listen", "--replay", str(kept), code=2).err
