"""Builds docs/reference/states.md, diagram and tables, from the table of states (payamak.domain.states.TABLE)."""

import inspect
import re
from pathlib import Path

from payamak.codes import StateCode
from payamak.domain.message import FINAL_STATES, State
from payamak.domain.standing import state_code
from payamak.domain.states import TABLE
from payamak.texts.reasons import STATES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "states.md"

INTRODUCTION = """\
# The life of a message

Built by `python tools/state_diagram.py` from the one table of states, `TABLE` in `src/payamak/domain/states.py`;
change that, not this page. A message has a state and a reason; `advance()` is the only function that moves it, and an
event that a state does not list is an error that changes nothing.
"""


def words(event: type) -> str:
    """Return an event's name as words: `ReceiptOverdue` is "receipt overdue"."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", event.__name__).lower()


def first_sentence(thing: type) -> str:
    """Return the first sentence of a docstring on one line."""
    text = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    return text.replace("|", "\\|")


def diagram() -> list[str]:
    """Return the arrows between different states as a Mermaid diagram, the events of an arrow joined."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (state, event), move in TABLE.items():
        for to in move.to:
            if to is not state:
                arrows.setdefault((state, to), []).append(words(event))
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> queued: accepted"]
    lines += [f"    {state} --> {to}: {', '.join(events)}" for (state, to), events in arrows.items()]
    lines += [f"    {state} --> [*]" for state in State if state in FINAL_STATES]
    return [*lines, "```"]


def moves() -> list[str]:
    """Return the table itself: what each state makes of each event."""
    lines = ["| state | event | leads to |", "|---|---|---|"]
    for (state, event), move in sorted(TABLE.items(), key=lambda item: list(State).index(item[0][0])):
        to = ", ".join("stays" if other is state else other.value for other in move.to)
        lines.append(f"| {state} | {words(event)} | {to} |")
    return lines


def events() -> list[str]:
    """Return every event with what it says."""
    known = dict.fromkeys(event for _, event in TABLE)
    return ["| event | meaning |", "|---|---|", *(f"| {words(event)} | {first_sentence(event)} |" for event in known)]


def codes() -> list[str]:
    """Return what wsStates tells of each state."""

    def told(state: State, was_taken: bool) -> str:
        code = StateCode(state_code(state, was_taken))
        return f"{code.value} {code.persian}"

    lines = ["| state | final | no operator ever took it | an operator did | برچسب |", "|---|---|---|---|---|"]
    for state in State:
        final = "yes" if state in FINAL_STATES else ""
        lines.append(f"| {state} | {final} | {told(state, False)} | {told(state, True)} | {STATES[state].fa} |")
    return lines


def render() -> str:
    """Return the whole page."""
    sections = {
        "Diagram": ["Events that leave a message where it stands are in the table only.", "", *diagram()],
        "Moves": moves(),
        "Events": events(),
        "What wsStates tells": [
            "An account may be set to hear 0 in place of 4. A link that gives no receipts leaves its messages enroute,",
            "marked so; that is their end.",
            "",
            *codes(),
        ],
    }
    body = "\n".join(f"\n## {title}\n\n" + "\n".join(lines) for title, lines in sections.items())
    return f"{INTRODUCTION}{body}\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
