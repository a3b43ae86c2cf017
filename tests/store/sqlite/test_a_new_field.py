"""A new field of a message is one line in its Struct and one migration: nothing else names its columns."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.source import ROOT

LINE = "    breaks: int = 0\n"
PROGRAM = """
import asyncio
import sys
from pathlib import Path

from msgspec.structs import replace
from tests.store.world import World, taken

import payamak
from payamak.domain.message import Message
from payamak.store.records import Search
from payamak.store.rules import messages
from payamak.store.sqlite.store import SqliteStore

assert Path(payamak.__file__).is_relative_to(sys.argv[1]), payamak.__file__


async def main() -> None:
    store = SqliteStore(Path(sys.argv[1]) / "store.sqlite", inline=True)
    world = await World(store).build()
    message = await world.accept()
    assert message.mood is None

    async def write(desk):
        before = await desk.message(message.id)
        desk.put(before, replace(before, mood="calm", version=before.version + 1))

    await store.writer.submit(write)
    told = (await store.story(message.id)).message
    assert told.mood == "calm", told
    sent = await world.on_wire(told)
    assert sent.mood == "calm", sent
    await world.answer(sent, taken("7"))
    assert [each.mood for each in await store.search(Search())] == ["calm"]
    await store.close()


asyncio.run(main())
"""


def test_one_line_and_one_migration(tmp_path: Path) -> None:
    """With these two the program keeps, changes, finds and shows the field."""
    package = tmp_path / "payamak"
    shutil.copytree(ROOT / "src" / "payamak", package, ignore=shutil.ignore_patterns("__pycache__"))
    file = package / "domain" / "message.py"
    text = file.read_text(encoding="utf-8")
    assert text.count(LINE) == 1
    file.write_text(text.replace(LINE, LINE + "    mood: str | None = None\n"), encoding="utf-8")
    migrations = package / "store" / "sqlite" / "migrations"
    (migrations / "9999_mood.sql").write_text("ALTER TABLE message ADD COLUMN mood TEXT;\n", encoding="utf-8")

    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert run.returncode == 0, run.stderr
