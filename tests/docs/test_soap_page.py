"""The page of the SOAP operations is the table that serves them, and its examples are calls."""

import pytest
from tools.soap_page import ABOUT, PAGE, example, render

from payamak.dialects.soap.envelope import read_call
from payamak.dialects.soap.schema import OPERATIONS, Operation


def test_the_page_is_up_to_date() -> None:
    """The page is what the tool makes of the table now; if not, run `python -m tools.soap_page`."""
    assert PAGE.read_text(encoding="utf-8") == render()
    assert list(ABOUT) == [operation.name for operation in OPERATIONS]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: str(operation.name))
def test_an_example_is_a_call(operation: Operation) -> None:
    """Each example is read as a call of its operation, with all that may not be left out."""
    call = read_call(example(operation))
    assert call.operation is operation
    for field in operation.inputs:
        assert field.is_optional or call.text(field.name)
