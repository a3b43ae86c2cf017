"""Builds CHANGELOG.md from the notes in changes/ (their form: changes/README.md).

A release has its place there when its notes name it; what no release has yet stands in changes/ alone.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("security", "removed", "changed", "added", "fixed")
NOTE = re.compile(r"kind: (?P<kind>\w+)\n(?:release: (?P<release>\S+)\n)?\n(?P<text>.+)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """One change as its author described it; `release` is None until it is released."""

    number: int
    kind: str
    release: str | None
    text: str


def read_note(path: Path) -> Note:
    """Read one note. Raises ValueError, naming the file, if it has another form than README.md asks for."""
    found = NOTE.fullmatch(path.read_text(encoding="utf-8").strip())
    number = path.name.partition("-")[0]
    if found is None or found["kind"] not in KINDS or not number.isdigit():
        raise ValueError(f"{path.name}: expected NNNN-title.md with 'kind: {'|'.join(KINDS)}', a blank line, a text")
    return Note(number=int(number), kind=found["kind"], release=found["release"], text=found["text"])


def read_notes(folder: Path) -> list[Note]:
    """Read every note of a folder, oldest first."""
    return [read_note(path) for path in sorted(folder.glob("*.md")) if path.name != "README.md"]


def release_key(release: str) -> tuple[int, ...]:
    """Order releases by their numbers."""
    return tuple(int(number) for number in re.findall(r"\d+", release))


def releases_of(notes: list[Note]) -> list[str]:
    """The releases that notes name, newest first."""
    return sorted({note.release for note in notes if note.release}, key=release_key, reverse=True)


def render(notes: list[Note]) -> str:
    """Return the whole of CHANGELOG.md, newest release first."""
    lines = [
        "# Changelog",
        "",
        "Built by `make changelog` from the notes in `changes/`; change those, not this page.",
        "",
    ]
    for release in releases_of(notes):
        lines += [f"## {release}", ""]
        for kind in KINDS:
            chosen = [note for note in notes if (note.release, note.kind) == (release, kind)]
            if chosen:
                lines += [f"### {kind.capitalize()}", ""]
                lines += ["- " + note.text.replace("\n", "\n  ").replace("\n  \n", "\n\n") for note in chosen]
                lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    (ROOT / "CHANGELOG.md").write_text(render(read_notes(ROOT / "changes")), encoding="utf-8")
