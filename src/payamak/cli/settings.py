"""`payamak config`: the settings of a process, explained."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from payamak.cli.shell import Common, ExitCode, fill, grid, tell
from payamak.config import table
from payamak.language import Words
from payamak.setting import UNITS


def config(*, common: Common = Common()) -> int:
    """Print every setting with its meaning, unit, what is allowed, its default, its value and where that comes from.

    Settings stand in a TOML file (`port = 8080`), named by `--config` or PAYAMAK_CONFIG, or in the environment
    (PAYAMAK_PORT=8080), which wins. Wrong ones are refused at start.
    """
    settings = common.settings()
    file = common.config or (Path(named) if (named := os.environ.get("PAYAMAK_CONFIG")) else None)
    in_file = tomllib.loads(file.read_text(encoding="utf-8-sig")) if file else {}
    rows: list[dict[str, Any]] = []
    for name, about, default in table():
        variable = f"PAYAMAK_{name.upper()}"
        source = "default"
        if name == "database" and common.data is not None:
            source = "--data"
        elif variable in os.environ:
            source = variable
        elif name in in_file:
            source = str(file)
        rows.append(
            {
                "name": name,
                "value": _plain(getattr(settings, name)),
                "from": source,
                "default": _plain(default),
                "unit": UNITS[about.setting.unit],
                "allowed": about.allowed,
                "description": Words(about.setting.meaning, about.setting.fa),
                "variable": variable,
            }
        )
    columns = ("name", "value", "from", "default", "unit", "allowed", "description")
    made = fill(grid(*columns, below="description"), ([_written(row[column]) for column in columns] for row in rows))
    tell(common, rows, lambda console: console.print(made))
    return ExitCode.DONE


def _plain(value: object) -> object:
    return ", ".join(str(item) for item in value) if isinstance(value, tuple) else value


def _written(value: object) -> object:
    """A value as a person writes it into the file of settings."""
    return str(value).lower() if isinstance(value, bool) else value
