"""The log tells; it never stands in the way."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import contextlib, sys
from payamak.log import configure, event_logger
sys.stderr = open("/dev/full", "w", buffering=1)
configure()
event_logger("gateway")("ready")
with contextlib.suppress(OSError):
    sys.stderr.close()
event_logger("gateway")("stopped")
print("went on", flush=True)
sys.stderr = None
"""


def test_a_full_disk_under_the_log_stops_nothing() -> None:
    """What the log tells of goes on, also when the log was closed."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr
