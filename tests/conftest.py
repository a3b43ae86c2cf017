"""What holds for every test: how Hypothesis searches, and which skips CI does not accept."""

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# A loaded two-core machine makes single examples slow without anything being wrong. CI repeats the same
# examples, so that a red run can be repeated; by hand each run looks somewhere else.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

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
