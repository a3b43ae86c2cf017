"""Faults in what leaves the process for people: the log, its numbers, texts of others."""

from __future__ import annotations

from tools.fault_table.fault import Fault

_LOG = "src/payamak/log.py"
_OUTPUT = "src/payamak/log_output.py"

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="whoever logs waits for the reader",
        breaks="P2: a log that nobody reads makes the whole gateway stand still",
        file=_OUTPUT,
        old="            self._lines.append(octets)\n            self._octets += size\n",
        new="            os.write(self._descriptor, octets)\n            return True\n",
        tests=("tests/unit/test_log_output.py", "tests/scenarios/test_a_log_that_nobody_reads.py"),
    ),
    Fault(
        name="lines are held without a bound",
        breaks="whatever is remembered has a bound",
        file=_OUTPUT,
        old="            if self._octets + size > self._most_octets:\n",
        new="            if False:\n",
        tests=("tests/unit/test_log_output.py",),
    ),
    Fault(
        name="a hang-up ends the gateway",
        breaks="SIGHUP reads the settings again and ends nothing",
        file="src/payamak/cli/serve.py",
        old="    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, Rereading(gateway.reread, read).ask)\n",
        new="    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, stop.set)\n",
        tests=("tests/scenarios/test_a_log_that_nobody_reads.py",),
    ),
    Fault(
        name="a line is never masked",
        breaks="no whole number in the log, whatever role a centre gives it",
        file=_LOG,
        old="value if is_own_line(value) else _cut(value)",
        new="value",
        tests=("tests/unit/test_log.py", "tests/scenarios/test_addresses_swapped.py"),
    ),
    Fault(
        name="marks of direction reach the terminal",
        breaks="texts of others are shown, not obeyed",
        file="src/payamak/visible.py",
        old="\\u2028-\\u202e\\u2060-\\u206f",
        new="",
        tests=("tests/unit/test_visible.py", "tests/unit/cli/test_shell.py"),
    ),
)
