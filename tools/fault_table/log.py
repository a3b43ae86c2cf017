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
        old="                self._lines.append(octets)\n                self._octets += len(octets)\n",
        new="                os.write(self._descriptor, octets)\n                return True\n",
        tests=("tests/unit/test_log_output.py", "tests/scenarios/test_a_log_that_nobody_reads.py"),
    ),
    Fault(
        name="lines are held without a bound",
        breaks="whatever is remembered has a bound",
        file=_OUTPUT,
        old="(room := self._most_octets - self._octets)",
        new="(room := len(octets))",
        tests=("tests/unit/test_log_output.py",),
    ),
    Fault(
        name="lines of a commit are lost without a count",
        breaks="what the log loses is counted and told",
        file=_OUTPUT,
        old='                self._dropped += octets.count(b"\\n", end)\n',
        new="                self._dropped += 1\n",
        tests=("tests/unit/test_log_output.py",),
    ),
    Fault(
        name="the end of a message is not logged",
        breaks="by default the log has the acceptance and the end of every message",
        file="src/payamak/delivery/journal.py",
        old="change.before and change.message.is_final)",
        new="change.before and change.message.is_leased)",
        tests=("tests/unit/delivery/test_journal.py",),
    ),
    Fault(
        name="an answer at a bound counts beyond it",
        breaks="what the page of metrics says is what happened",
        file="src/payamak/domain/durations.py",
        old="        self.counts[bisect_left(self.bounds_s, seconds)] += 1\n",
        new="        self.counts[sum(bound <= seconds for bound in self.bounds_s)] += 1\n",
        tests=("tests/unit/http/test_metrics.py",),
    ),
    Fault(
        name="types of bodies are remembered without a bound",
        breaks="whatever is remembered has a bound",
        file="src/payamak/http/forms.py",
        old="@lru_cache(maxsize=32)",
        new="@lru_cache(maxsize=None)",
        tests=("tests/unit/http/test_forms.py",),
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
        old="number if is_own_line(number) else _cut(number)",
        new="number",
        tests=(
            "tests/unit/test_log.py",
            "tests/unit/delivery/test_journal.py",
            "tests/scenarios/test_addresses_swapped.py",
        ),
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
