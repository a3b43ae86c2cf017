"""Kannel from the distribution as a house: the same operator, the same receiver, the same load.

It keeps its messages in memory, which is its fastest way and not ours, and tells of each receipt by a call-back, so
that its message has ended when that has come.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from bench.house import READY_S, House
from bench.outside import NotMeasured, running
from bench.requests import MOBILE, TEXT

ACCEPTED: Final = "Accepted for delivery"
_PLACES: Final = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"

_CONFIGURATION: Final = """
group = core
admin-port = {admin}
admin-password = bench
admin-interface = 127.0.0.1
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
log-file = "{folder}/log"
log-level = 2
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = operator
host = 127.0.0.1
port = {operator}
transceiver-mode = true
smsc-username = bench
smsc-password = bench
system-type = ""
interface-version = 34
max-pending-submits = {window}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {port}
sendsms-interface = 127.0.0.1
global-sender = 100
log-file = "{folder}/smsbox.log"
log-level = 2

group = sendsms-user
username = bench
password = bench
max-messages = 10
concatenation = true

group = sms-service
keyword = default
text = ""
max-messages = 0
"""


def installed() -> tuple[str, str] | None:
    """Kannel's two programs, None if one is not here."""
    boxes = [shutil.which(name, path=_PLACES) for name in ("bearerbox", "smsbox")]
    return (boxes[0], boxes[1]) if boxes[0] and boxes[1] else None


def request(receiver_port: int) -> bytes:
    """One message, with a call-back when its receipt comes."""
    fields = {"username": "bench", "password": "bench", "text": TEXT, "dlr-mask": "3"}
    query = urlencode(fields | {"dlr-url": f"http://127.0.0.1:{receiver_port}/receipt"})
    return f"GET /cgi-bin/sendsms?{query}&to={MOBILE} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


@contextmanager
def house(window: int) -> Iterator[House]:
    """Both its boxes, ready, until the block ends. Raises `NotMeasured` if they are not here or do not start."""
    boxes = installed()
    if boxes is None:
        raise NotMeasured("Kannel is not installed (Debian: apt-get install kannel)")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="payamak-bench-")))
        operator = stack.enter_context(running("operator", "--quick-ack"))  # it does not set TCP_NODELAY
        receiver = stack.enter_context(running("receiver"))
        admin, box_port, port = _free_ports(3)
        configuration = folder / "kannel.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                admin=admin, boxes=box_port, port=port, operator=operator.port, folder=folder, window=window
            )
        )
        pids = []
        for box, listens in zip(boxes, (box_port, port), strict=True):
            pids.append(stack.enter_context(_box(box, configuration)).pid)
            _await_port(listens)
        yield House(
            name="Kannel", port=port, pids=tuple(pids), log=folder / "log", operator=operator, receiver=receiver
        )


@contextmanager
def _box(program: str, configuration: Path) -> Iterator[subprocess.Popen[bytes]]:
    quiet = subprocess.DEVNULL
    with subprocess.Popen([program, "-v", "4", str(configuration)], stdin=quiet, stdout=quiet, stderr=quiet) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _await_port(port: int) -> None:
    until_s = time.monotonic() + READY_S
    while time.monotonic() < until_s:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise NotMeasured(f"nothing listens on port {port} after {READY_S:.0f} s")
