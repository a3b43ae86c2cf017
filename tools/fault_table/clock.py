"""Faults of the two clocks: a jump that is believed, a doubt that is forgotten, a store that is not set back."""

from __future__ import annotations

from tools.fault_table.fault import Fault

_CLOCKS = "src/payamak/domain/clocks.py"
_DAYS = "tests/simulation/test_a_clock_that_jumps.py"

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="a jump is believed at once",
        breaks="P7: a clock that is a day ahead for four seconds lets everything expire",
        file=_CLOCKS,
        old="        jumped, since, jumps = offset, boot, jumps + 1\n",
        new="        held, jumped, since, jumps = offset, offset, None, jumps + 1\n",
        tests=("tests/unit/domain/test_clocks.py", _DAYS),
    ),
    Fault(
        name="the earlier reading decides what may go",
        breaks="P7: what is past its deadline by the wall clock goes out",
        file=_CLOCKS,
        old="    later = max(clocks.offset, clocks.held)\n",
        new="    later = min(clocks.offset, clocks.held)\n",
        tests=("tests/unit/domain/test_clocks.py",),
    ),
    Fault(
        name="the later reading ends a message",
        breaks="P7: past its deadline by one clock only, a message expires for good",
        file="src/payamak/domain/states.py",
        old="    return earliest(now) >= m.deadline_at\n",
        new="    return now >= m.deadline_at\n",
        tests=("tests/unit/domain/test_states.py", _DAYS),
    ),
    Fault(
        name="a restart ends the doubt",
        breaks="P7: the clock jumps, the gateway is restarted, everything expires",
        file="src/payamak/delivery/timekeeping.py",
        old="            seen = look(kept, wall, boot)\n",
        new="            seen = first_look(wall, boot)\n",
        tests=("tests/unit/delivery/test_timekeeping.py", _DAYS),
    ),
    Fault(
        name="deadlines of a wrong clock stay",
        breaks="P7: accepted while the clock was ahead, a message goes out long after its validity",
        file="src/payamak/domain/states.py",
        old="    by = event.by if m.accepted_at > now else 0\n",
        new="    by = 0\n",
        tests=("tests/unit/domain/test_states.py", "tests/store/test_clocks.py"),
    ),
    Fault(
        name="turns of a wrong clock stay",
        breaks="a SIM card waits an hour because the clock went back by one",
        file="src/payamak/delivery/worker.py",
        old="        self._turns.set_back(self._clock.now())\n",
        new="",
        tests=(_DAYS,),
    ),
    Fault(
        name="a window that one clock opens",
        breaks="contract §8: a clock that is set back from night to day lets advertising go",
        file="src/payamak/domain/hours.py",
        old="        return self.is_open(now) and self.is_open(earliest(now))\n",
        new="        return self.is_open(earliest(now))\n",
        tests=("tests/unit/domain/test_hours.py",),
    ),
)
