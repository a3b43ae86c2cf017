"""The table of seeded faults stays true: each can still be made, and names tests that exist (see `make faults`)."""

import ast

import pytest
from tests.source import ROOT
from tools.fault_table import FAULTS, Fault


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_can_be_made(fault: Fault) -> None:
    """Its text stands exactly once in its file, it changes something, and what comes of it is still a program."""
    text = (ROOT / fault.file).read_text(encoding="utf-8")
    assert text.count(fault.old) == 1
    assert fault.old != fault.new
    if fault.file.endswith(".py"):
        ast.parse(text.replace(fault.old, fault.new))  # one that cannot even be imported turns no test red


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_has_its_tests(fault: Fault) -> None:
    """It says what it breaks and which tests must notice; at least one of them is there."""
    assert fault.breaks
    assert any((ROOT / test).exists() for test in fault.tests)


def test_names_are_names() -> None:
    """No two faults have one name."""
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
