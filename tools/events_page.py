"""Builds docs/reference/events.md from the table of the log's events."""

from __future__ import annotations

from pathlib import Path

from tools.settings_page import row

from payamak.log_events import SECTIONS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "events.md"

INTRODUCTION = """\
# Events of the log

Built by `python -m tools.events_page` from the table of events (`src/payamak/log_events.py`); change that, not this
page.

`payamak serve` writes one line of JSON for each event on standard error: `event`, `level`, `timestamp` (UTC), `part`
(of the program), and what belongs to it: `account` by its name, `link`, `line`, `message_id`, `code` (of the contract),
`reason` (in words). No text, no password and no whole number is in it; a recipient is `recipient_masked`, a caller's
address `address_masked` (its network), a name that nobody has `name_masked` (its beginning: it may be a password in the
wrong field). At a terminal the same comes in columns.

Levels: **error**, something is wrong that a person has to see to, or a bug of ours; **warning**, something should be
put right soon, or ends by itself and is worth knowing; **info**, what happens; **debug**, what helps to understand a
connection. The setting `log_level` says from which on lines are written.
"""


def render() -> str:
    """Return the whole page."""
    page = INTRODUCTION
    for title, events in SECTIONS.items():
        page += f"\n## {title}\n\n| event | level | says | what to do | برچسب |\n|---|---|---|---|---|\n"
        page += "".join(
            f"{row(f'`{name}`', told.level, told.says, told.todo, told.fa)}\n" for name, told in events.items()
        )
    return page


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
