"""docs/reference/http.md says what the code says: every code, parameter, state and sample."""

from __future__ import annotations

import json
import re

import pytest
from tests.golden.http.samples import read_sample
from tests.source import ROOT
from tests.unit.http.doors import all_doors

from payamak.codes import REFUSAL_ORDER, Code, StateCode
from payamak.dialects.negin import LARGEST_IDS

PAGE = (ROOT / "docs" / "reference" / "http.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|$", PAGE.partition("\n## Codes\n")[2], re.MULTILINE)
CODES = {int(number): (english, persian) for number, english, persian in ROWS}


def test_codes() -> None:
    """Every code stands in a table with its own texts, those of the contract's order in that order."""
    assert {code.value: (code.english, code.persian) for code in Code} == CODES
    told = [code for code in CODES if code in REFUSAL_ORDER]
    told = told[: told.index(Code.BUSY) + 1]
    assert told == [code for code in REFUSAL_ORDER if code in told]


@pytest.mark.parametrize("code", StateCode)
def test_states(code: StateCode) -> None:
    """Every state that wsStates may tell has a row."""
    assert re.search(rf"^\| (\d or )?{code.value}( or \d)? \| {re.escape(code.english)} \|", PAGE, re.MULTILINE)


PATHS = [route.path for route in all_doors(None) if not route.path.startswith("/almassms.asmx")]
"""Of the SOAP door there is a page of its own."""


@pytest.mark.parametrize("path", PATHS)
def test_paths(path: str) -> None:
    """Every path that is served is named."""
    assert f"`{path}`" in PAGE.lower()


def test_parameters() -> None:
    """Every parameter of the manual has a row, and life_time of the field."""
    request = read_sample("send_all_fields").request.rpartition("\n")[2]
    names = {pair.partition("=")[0] for pair in request.split("&")} | {"life_time", "message_ids"}
    rows = " ".join(re.findall(r"^\| (`[^|]+`) \|", PAGE, re.MULTILINE))
    assert [name for name in names if f"`{name}`" not in rows] == []
    assert f"{LARGEST_IDS:,} ids" in PAGE


def test_samples() -> None:
    """The JSON of the page is JSON, and has the keys of the golden answers."""
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.+?)\n```", PAGE, re.DOTALL)]
    answers = [block for block in blocks if "status" in block]
    assert len(answers) == 3
    for block, name in zip(answers, ("send_without_credentials", "send_all_fields", "states_sample"), strict=True):
        golden = json.loads(re.sub(r"\{\w+\}", "1", read_sample(name).answer.rpartition("\n")[2]))
        assert list(block) == list(golden)
        assert type(block["data"]) is type(golden["data"])
        assert list(block["data"] or ()) == list(golden["data"] or ())
