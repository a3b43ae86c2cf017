"""The last net of the logs, and what comes of errors that nobody caught."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from payamak.domain.numbers import _CLEAN, parse_recipient
from payamak.log import mask, one_line, place_of, show_harmful

SECRET = "989121234567 سلام p@ss"
OWN_LINE = "989350003300"

STRAYS = f"""
import asyncio, logging, sys, threading, warnings
from payamak.log import catch_strays, configure

SECRET = {SECRET!r}
configure()


class Holder:
    def __repr__(self):
        return SECRET

    def __del__(self):
        raise ValueError(SECRET)


def fail(*_):
    raise ValueError(SECRET)


async def never_retrieved():
    fail()


async def main():
    loop = asyncio.get_running_loop()
    catch_strays(loop)
    loop.call_soon(fail, Holder())
    task = asyncio.ensure_future(never_retrieved())
    await asyncio.sleep(0.01)
    del task
    thread = threading.Thread(target=fail, name="reader")
    thread.start()
    thread.join()
    logging.getLogger("uvicorn.error").warning("Invalid request %s", SECRET)
    try:
        fail()
    except ValueError:
        logging.getLogger("asyncio").exception(SECRET)
    warnings.warn(SECRET)
    import gc

    gc.collect()


{{run}}
fail()
"""
RUNS = {
    "asyncio": "asyncio.run(main())",
    "uvloop": "from payamak.cli.running import run_loop\nrun_loop(main())",
}


@pytest.mark.parametrize("loop", RUNS)
def test_strays(loop: str) -> None:
    """Errors of tasks, callbacks, threads, destructors, libraries and the program are told without their words."""
    script = STRAYS.format(run=RUNS[loop])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    events = [json.loads(line) for line in done.stderr.splitlines()]
    once = dict.fromkeys(("thread_failed", "uncaught", "unraisable"), 1)
    assert Counter(event["event"] for event in events) == {**once, "loop_error": 2, "library_spoke": 3}
    assert {event["error"] for event in events if event["event"] != "library_spoke"} == {"ValueError"}
    assert all(any(" fail" in place or "__del__" in place for place in e["where"]) for e in events if "error" in e)
    assert not any(part in done.stderr for part in (*SECRET.split(), r"\u0633"))


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({"text": "x", "password": "y", "sender": "z"}, {"text": "masked", "password": "masked", "sender": "masked"}),
        ({"note": "to 09121234567 and 989121234567."}, {"note": "to masked and masked."}),
        ({"line": OWN_LINE, "id": "1234989121234567"}, {"line": OWN_LINE, "id": "1234989121234567"}),
        ({"link": "operator", "count": 9121234567}, {"link": "operator", "count": 9121234567}),
        ({"line": "989121234567"}, {"line": "98912***4567"}),
        ({"line": "09121234567"}, {"line": "***"}),
        ({"line": "491771234567890"}, {"line": "49177***7890"}),
        ({"line": "30001"}, {"line": "***"}),
        ({"smsc": "c 00989121234567", "stat": "+982188776655"}, {"smsc": "c masked", "stat": "+masked"}),
        ({"reason": "no route to 491771234567, 4420712345"}, {"reason": "no route to masked, masked"}),
        ({"err": "۰۹۱۲۱۲۳۴۵۶۷", "note": "٩٨٩١٢١٢٣٤٥٦٧"}, {"err": "masked", "note": "masked"}),
        ({"reason": "to 0912 123 45 67, +98-912-123-4567"}, {"reason": "to masked, +masked"}),
        ({"reason": "answered 0x00000045 on 2026-11-26"}, {"reason": "answered 0x00000045 on 2026-11-26"}),
        ({"reason": "connect to 127.0.0.1:2775 failed"}, {"reason": "connect to 127.0.0.1:2775 failed"}),
        (
            {"key": "9007199254740991", "message_id": 9007199254740991},
            {"key": "9007199254740991", "message_id": 9007199254740991},
        ),
    ],
)
def test_mask(fields: dict[str, Any], left: dict[str, Any]) -> None:
    """Forbidden names and every number, in any spelling, field and country; only a line that is ours stays whole."""
    assert mask(dict(fields), {OWN_LINE}.__contains__) == left


@pytest.mark.parametrize("between", [chr(code) for code in sorted(_CLEAN) if _CLEAN[code] is None], ids=ascii)
def test_no_spelling_of_a_number_is_whole(between: str) -> None:
    """Whatever a caller's number may be written with, the log knows it for one."""
    number = f"0912{between}000{between}00{between}77"
    assert parse_recipient(number) == "989120000077"
    assert mask({"reason": f"to {number}"}, {OWN_LINE}.__contains__) == {"reason": "to masked"}


def test_a_terminal_is_not_commanded() -> None:
    """In columns for a person, what a terminal would obey is shown, and one line stays one."""
    told = show_harmful({"smsc": "a\x1b]0;b\x07\u202e\n2026 [error] فردا", "link": "operator", "count": 1})
    assert told == {"smsc": "a␛]0;b␇<U+202E>␊2026 [error] فردا", "link": "operator", "count": 1}


def test_an_error_is_its_type_and_place() -> None:
    """Where somebody logs an exception whole, its text is left out all the same."""
    with pytest.raises(KeyError) as caught:
        raise KeyError(SECRET)
    told = mask({"exc_info": caught.value}, bool)
    assert told == {"error": "KeyError", "where": place_of(caught.value)}
    assert told["where"][-1].endswith("test_an_error_is_its_type_and_place")


FULL_DISK = """
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
    done = subprocess.run([sys.executable, "-c", FULL_DISK], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr


ALARMS = """
import sys
from payamak.log import configure, event_logger
logs = configure(sys.argv[1])
event_logger("store")("store_failed", reason="the disk is full")
event_logger("config")("setting_not_allowed")
event_logger("gateway")("ready")
logs.set_level("info")
event_logger("gateway")("stopped")
"""


@pytest.mark.parametrize(
    ("level", "told"), [("error", ["store_failed"]), ("warning", ["store_failed", "setting_not_allowed"])]
)
def test_what_somebody_has_to_hear_is_told_at_every_level(level: str, told: list[str]) -> None:
    """An alarm is no information: no setting hides it; another level counts at once."""
    done = subprocess.run(
        [sys.executable, "-c", ALARMS, level], capture_output=True, text=True, timeout=60, check=False
    )
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [event["event"] for event in events] == [*told, "stopped"]
    assert events[0]["level"] == "error"


LOST = """
import os, sys
from payamak import log_output
log_output.LogOutput.__init__.__kwdefaults__["most_octets"] = 2_000
from payamak.log import configure, event_logger
logs = configure()
for number in range(100):
    event_logger("gateway")("recovered", count=number)
while logs.output.dropped != logs.output._told:
    pass
event_logger("gateway")("stopped")
"""


def test_what_was_lost_is_the_first_thing_said() -> None:
    """After the lines that were kept, in the place of those that were not, and however little is to be told."""
    done = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, timeout=60, check=False)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    kept = [line["count"] for line in told if line["event"] == "recovered"]
    assert kept == list(range(len(kept)))
    lost, stopped = told[len(kept) :]
    assert (lost["event"], lost["level"], lost["count"]) == ("log_lines_dropped", "error", 100 - len(kept))
    assert stopped["event"] == "stopped"


def test_a_line_without_logs() -> None:
    """Who has none yet says it in the same form: the event's level, and nothing whole that is a number."""
    told = json.loads(one_line("start_failed", part="gateway", reason=f"no {SECRET}", link=None))
    assert [told[name] for name in ("event", "level", "part")] == ["start_failed", "error", "gateway"]
    assert told["reason"] == "no masked سلام p@ss"
    assert told["timestamp"].endswith("Z")
