"""What holds for every test: how Hypothesis searches, which skips CI does not accept, what no trace may hold."""

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings
from tests import traces

from payamak.store import queued

# A loaded two-core machine makes single examples slow without anything being wrong. CI repeats the same
# examples, so that a red run can be repeated; by hand each run looks somewhere else.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

FINDS = pytest.StashKey[tuple[list[str], list[traces.Found]]]()
"""What was found in the traces of the run (tests/traces.py)."""


def pytest_configure() -> None:
    """Begin to keep the traces of a run. No store of a test's own process gives up on a disk that is only slow.

    Thousands of accepts at once, or a disk that syncs for a second, are a machine's speed; what a store does when its
    disk hangs is asked with a bound of the test's own (tests/store/sqlite/test_patience.py).
    """
    traces.begin()
    queued.STALL_S = 60.0


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """The last test is done, in every worker: search the traces. A find fails the run."""
    if hasattr(session.config, "workerinput"):
        traces.close()
    else:
        _, finds = session.config.stash[FINDS] = traces.end(session.config.rootpath / "build" / "traces")
        if finds and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was searched, and each find; of each journey its steps and their times."""
    searched, finds = config.stash.get(FINDS, ([], []))
    for found in finds:
        terminalreporter.write_line(f"FOUND in the traces: {traces.words_of(found)}", red=True)
    for sentence in searched:
        terminalreporter.write_line(f"traces: {sentence}; {sum(found.times for found in finds)} found")
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    for report in [one for one in reports if isinstance(one, pytest.TestReport) and one.when == "teardown"]:
        for told in [told for name, told in report.user_properties if name == "journey"]:
            terminalreporter.write_line(str(told))


MUST_RUN_IN_CI = ("interop", "debian")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip that CI must not have into a failure: a peer that is not there has proved nothing."""
    report = yield
    marked = any(item.get_closest_marker(name) for name in MUST_RUN_IN_CI)
    if report.skipped and marked and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} must not be skipped in CI: {report.longrepr}"
    return report
