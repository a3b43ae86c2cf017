"""Files of others: as vendor.toml says they came, with their licences; and what is not read while nobody looks."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib

from tests.source import ROOT

STATIC = ROOT / "src" / "payamak" / "panel" / "static"
OURS = {"panel.css", "panel.js", "mark.svg", "vendor.toml"}


def test_every_file_of_others_is_what_came() -> None:
    """With its digest, version and licence; each file there is ours or stands in the list."""
    listed = tomllib.loads((STATIC / "vendor.toml").read_text(encoding="utf-8"))["file"]
    for each in listed:
        assert hashlib.sha256((STATIC / each["name"]).read_bytes()).hexdigest() == each["sha256"], each["name"]
        assert each["version"]
        assert each["licence"]
        assert (STATIC / each["licence_file"]).read_text(encoding="utf-8")
    known = OURS | {each["name"] for each in listed} | {each["licence_file"] for each in listed}
    assert {path.name for path in STATIC.iterdir()} == known


def test_a_gateway_that_nobody_looks_at_knows_no_templates() -> None:
    """What makes pages is imported when the first is asked for."""
    code = "import sys, payamak.running; print('jinja2' in sys.modules, 'payamak.panel.templating' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
