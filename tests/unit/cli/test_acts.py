"""Acts of consequence: counted, asked for, and done to what was counted; money that is whole; what is not removed."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import pytest
from cyclopts import Parameter
from msgspec.structs import replace
from tests import traces
from tests.store.sqlite.support import at_desk
from tests.store.world import ALI, HOLD, LINE, LINE2, NOW, SARA, SERVICE, World, gone, step
from tests.unit.cli.test_bounds import flat, functions, hints_of

from payamak.cli import consent, hands
from payamak.cli.bounds import whole
from payamak.cli.program import run
from payamak.cli.shell import ExitCode
from payamak.domain.site import Line
from payamak.store.sqlite.store import SqliteStore

T = TypeVar("T")


def now() -> int:
    """This instant: the commands ask the machine's clock."""
    from payamak.clock import SystemClock

    return SystemClock().now()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with the site of world.py."""
    path = tmp_path / "store.sqlite"
    monkeypatch.setenv("PAYAMAK_DATABASE", str(path))
    monkeypatch.setattr("sys.stdin", io.StringIO())  # nobody is there
    work(path, lambda world: world.build())
    return path


def work(path: Path, what: Callable[[World], Awaitable[T]]) -> T:
    """Something done to the store by another process, at this instant."""

    async def inside() -> T:
        world = World(SqliteStore(path))
        world.now = now()
        try:
            return await what(world)
        finally:
            await world.store.close()

    return asyncio.run(inside())


def waiting(path: Path, count: int = 3, line: str = LINE, recipient: str = ALI) -> list[int]:
    """So many messages that wait; their ids."""

    async def accept(world: World) -> list[int]:
        return [(await world.accept(world.new(step(line), recipient=recipient))).id for _ in range(count)]

    return work(path, accept)


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = ExitCode.DONE) -> Any:
    """What a command answers in JSON."""
    capsys.readouterr()
    assert run([*arguments, "--json"]) == code, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = ExitCode.PROBLEM) -> str:
    """What a command says that does nothing."""
    capsys.readouterr()
    assert run(arguments) == code
    return " ".join(capsys.readouterr().err.split())


def where(path: Path) -> list[tuple[str, str]]:
    """State and line of each message, the oldest first."""

    async def look(world: World) -> list[tuple[str, str]]:
        from payamak.store.records import Search

        return [(m.state.value, m.current.line) for m in await world.store.search(Search())][::-1]

    return work(path, look)


# ------------------------------------------------------------------------------------------- being asked

ASKING = [
    ["cancel", "--line", LINE],
    ["cancel", "--account", "shop"],
    ["move", LINE, LINE2],
    ["account", "remove", "bank"],
    ["line", "remove", HOLD],
    ["link", "remove", "spare"],
    ["template", "remove", "shop", "1"],
    ["optout", "forget", ALI],
    ["unreadable", "--forget"],
    ["resume", "restored"],
    ["received", "replay", "--line", LINE],
    ["webhook", "replay", "--account", "shop"],
    ["link", "forget-ids", "operator"],
]


async def full(world: World) -> None:
    """Something for each of these commands to be about."""
    from payamak.domain.ids import IdBase, IdHabit
    from payamak.domain.site import Link, TemplateDocument
    from payamak.store.records import OptOut

    site, store = world.store.site, world.store
    shop = replace(site.accounts["shop"], templates=(TemplateDocument(number=1, text="x"),), lines=(LINE, LINE2))
    clinic = replace(site.accounts["clinic"], lines=(LINE,))
    await store.put_documents([shop, clinic, Link(name="spare")], [], NOW)
    await world.accept()
    await world.accept()
    await store.put_opt_outs([OptOut(recipient=ALI, line="1", code=33, source="hand", learned_at=NOW, expires_at=None)])
    assert isinstance(store, SqliteStore)
    habit = IdHabit(judged=20, same=20, settled=IdBase.SAME)
    await store.writer.submit(at_desk(lambda desk: desk.put_habit("operator", habit)))


def contents(path: Path) -> list[Any]:
    """Every row of the tables that a person's acts change."""
    import apsw

    db = apsw.Connection(str(path))
    try:
        tables = ("config", "message", "optout", "unreadable", "received", "notice", "id_habit", "ledger", "restored")
        return [list(db.execute(f"SELECT * FROM {table}")) for table in tables]
    finally:
        db.close()


@pytest.mark.parametrize("arguments", ASKING, ids=" ".join)
def test_nobody_is_there_to_ask(data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Without --yes and without a person nothing is done; with --dry-run nothing either, and that is no fault."""
    work(data, full)
    before = contents(data)
    capsys.readouterr()
    code = run(arguments)
    assert code in (ExitCode.USAGE, ExitCode.DONE)  # DONE: there was nothing to do
    assert ("--yes" in capsys.readouterr().err) is (code == ExitCode.USAGE)
    assert run([*arguments, "--dry-run"]) == ExitCode.DONE
    assert contents(data) == before


def test_most_of_them_have_something_to_ask_about(data: Path) -> None:
    """The test above is not about empty stores."""
    work(data, full)
    assert sum(run(arguments) == ExitCode.USAGE for arguments in ASKING) >= 9


@pytest.mark.parametrize(("answer", "becomes"), [("y\n", "cancelled"), ("n\n", "queued"), ("", "queued")])
def test_a_person_answers(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, answer: str, becomes: str
) -> None:
    """The count is shown, then asked; anything but yes is no, and is told by the exit code."""
    waiting(data)
    asked = io.StringIO(answer)
    asked.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", asked)
    assert run(["cancel", "--line", LINE]) == (ExitCode.DONE if answer == "y\n" else ExitCode.PROBLEM)
    assert f"3 messages wait on line {LINE}" in capsys.readouterr().out
    assert [state for state, _ in where(data)] == [becomes] * 3


# ------------------------------------------------------------------------- the ids chosen at the promise


def between(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen after the count was shown and before the act."""
    before = consent.agrees

    def agrees(*arguments: Any) -> bool:
        is_agreed = before(*arguments)
        other = threading.Thread(target=happens)  # another process: a loop of its own
        other.start()
        other.join()
        return is_agreed

    monkeypatch.setattr(hands, "agrees", agrees)


def test_cancel_takes_what_was_counted(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came meanwhile stays, what was sent meanwhile is gone and no fault: done and gone are what was promised."""
    first, second, third = waiting(data)
    fresh: list[int] = []

    async def happens(world: World) -> None:
        story = await world.store.story(second)
        assert story is not None
        await world.mark(story.message)
        fresh.append((await world.accept()).id)

    between(monkeypatch, lambda: work(data, happens))
    answer = told(capsys, "cancel", "--line", LINE, "--yes")
    assert answer == {"promised": 3, "cancelled": [first, third], "gone": 1, "not_cancelled": 0}
    assert [state for state, _ in where(data)] == ["cancelled", "sending", "cancelled", "queued"]


def test_move_takes_what_was_counted(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Likewise; who opts out meanwhile stays, as one that is gone."""
    waiting(data, 1, recipient=SARA)
    waiting(data, 1)

    async def happens(world: World) -> None:
        from payamak.store.records import OptOut

        await world.accept()
        known = OptOut(recipient=SARA, line=LINE2, code=33, source="hand", learned_at=NOW, expires_at=None)
        await world.store.put_opt_outs([known])

    between(monkeypatch, lambda: work(data, happens))
    answer = told(capsys, "move", LINE, LINE2, "--yes", "--at-old-price")
    assert answer == {"promised": 2, "moved": 1, "gone": 1, "skipped": {}}
    assert [line for _, line in where(data)] == [LINE, LINE2, LINE]


def test_what_may_not_move_is_counted(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A service line takes no text that is not approved: it waits on, the reason is told, and the exit code is 1."""
    waiting(data, 2)
    answer = told(capsys, "move", LINE, SERVICE, "--yes", code=ExitCode.PROBLEM)
    assert answer == {"promised": 0, "moved": 0, "gone": 0, "skipped": {"template": 2}}
    assert where(data) == [("queued", LINE)] * 2
    assert run(["move", LINE, SERVICE, "--yes"]) == ExitCode.PROBLEM
    assert "skipped: 2 messages, because the line takes approved texts only" in capsys.readouterr().out


def test_named_messages_are_their_own_count(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever names messages is not asked; one that does not wait is a fault that he hears of."""
    first, second = waiting(data, 2)
    assert told(capsys, "cancel", str(first), str(first), "--dry-run") == {
        "promised": 1,
        "cancelled": [],
        "dry_run": True,
    }
    answer = told(capsys, "cancel", str(first), str(first), "77", code=ExitCode.PROBLEM)
    assert answer == {"promised": 2, "cancelled": [first], "not_cancelled": 1}
    assert where(data) == [("cancelled", LINE), ("queued", LINE)]
    assert second


# ---------------------------------------------------------------------------------------- what is not removed


def test_an_account_with_money(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It stays, with what to do first: the messages, then the money; then it goes, and its past stays."""
    waiting(data, 1)
    said = refused(capsys, "account", "remove", "shop", "--yes")
    assert "1 message of it waits: `payamak cancel --account shop` first" in said
    assert "it has 9,900 rial: `payamak account credit shop -9900" in said
    assert refused(capsys, "account", "remove", "shop", "--dry-run")
    told(capsys, "cancel", "--account", "shop", "--yes")
    told(capsys, "account", "credit", "shop", "-10001", "--allow-negative")
    assert "it owes 1 rial" in refused(capsys, "account", "remove", "shop", "--yes")
    told(capsys, "account", "credit", "shop", "1")
    assert told(capsys, "account", "remove", "shop", "--yes")["removed"] == "shop"
    assert where(data) == [("cancelled", LINE)]


def test_a_refusal_is_read_line_by_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each thing that stands in the way of a removal is told once, on a line of its own as all our sentences."""

    async def name_twice(world: World) -> None:
        accounts = [replace(a, lines=(LINE,), default_line=LINE) for a in world.store.site.accounts.values()]
        await world.store.put_documents(accounts, [], NOW)

    waiting(data, 1)
    work(data, name_twice)
    capsys.readouterr()
    assert run(("line", "remove", LINE, "--yes")) == ExitCode.PROBLEM
    *named, last = capsys.readouterr().err.splitlines()
    assert named == [
        f"payamak: line {LINE} is not removed, for account {name} needs it: change that first"
        for name in ("bank", "clinic", "shop")
    ]
    assert last.startswith(f"payamak: line {LINE} is not removed: 1 message waits on it: `payamak move {LINE} OTHER`")


def test_a_site_file_prunes_no_money(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`apply --prune` is a removal like any other, also as a dry run."""
    (tmp_path / "site.toml").write_text("", encoding="utf-8")
    for how in ("--yes", "--dry-run"):
        said = refused(capsys, "apply", str(tmp_path / "site.toml"), "--prune", how)
        assert "account shop is not removed: it has 10,000 rial" in said
    assert "shop" in told(capsys, "account", "list")[0]["username"] + told(capsys, "account", "list")[2]["username"]


def test_a_line_on_which_messages_wait(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It stays, with how many and what to do; a link stays while a message is on the wire by it."""

    async def free(world: World) -> None:
        accounts = [replace(a, lines=(LINE2,)) for a in world.store.site.accounts.values()]
        lines = [replace(line, links=()) for line in world.store.site.lines.values()]
        await world.store.put_documents([*accounts, *lines], [], NOW)
        await world.sending(step(LINE2))
        await world.accept(world.new(step(HOLD), step(LINE)))

    waiting(data, 2)
    work(data, free)
    said = refused(capsys, "line", "remove", LINE, "--yes")
    assert f"2 messages wait on it: `payamak move {LINE} OTHER` or `payamak cancel --line {LINE}` first" in said
    assert "1 message is on the wire by it: wait" in refused(capsys, "link", "remove", "north", "--yes")
    told(capsys, "move", LINE, LINE2, "--yes")
    (note,) = told(capsys, "line", "remove", LINE, "--yes")["notes"]
    assert "1 message of other lines name it in their plan" in note


def test_what_waits_on_a_line_that_is_gone(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`queue` and `doctor` say so and what to do; `move` and `cancel` still find it."""
    waiting(data, 2)
    work(data, lambda world: gone(world.store, "line", LINE))
    (row,) = told(capsys, "queue")
    assert "is not configured any more" in row["why"]
    findings = told(capsys, "doctor", code=ExitCode.PROBLEM)["findings"]
    (finding,) = (f for f in findings if f["name"] == f"line {LINE}")
    assert finding["says"] == "2 messages wait on it, and it is not configured any more"
    assert f"payamak move {LINE} OTHER" in finding["todo"]
    work(data, lambda world: world.store.put_documents([Line(number=LINE)], [], NOW))
    findings = told(capsys, "doctor", code=ExitCode.PROBLEM)["findings"]
    assert "2 messages wait on it, and it has no links" in [f["says"] for f in findings]
    assert told(capsys, "move", LINE, LINE2, "--yes")["moved"] == 2


@pytest.mark.parametrize("arguments", [("cancel", "--line", "98300099"), ("move", "98300099", LINE)])
def test_a_line_that_was_mistyped(data: Path, capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> None:
    """Where nothing waits and no line is, nothing was done, and the exit code says so."""
    assert "there is no line 98300099" in refused(capsys, *arguments, "--yes")


@pytest.mark.parametrize("what", ["line", "link"])
def test_the_queue_says_why_a_line_stands_still(data: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    """A suspended line, or all of its links suspended: how to let it go on."""
    waiting(data, 1)
    for name in (LINE,) if what == "line" else ("north", "south"):
        told(capsys, "suspend", what, name)
    assert f"payamak resume {what} " in told(capsys, "queue")[0]["why"]
    assert told(capsys, "queue")[0]["reason"] == "accepted"


# ------------------------------------------------------------------------------------------------- money


@pytest.mark.parametrize("text", ["10.5", "1500.9", "10.0", "1e3", "1_000", "1,000", "0x10", "ten", "", "--5", "1 0"])
def test_an_amount_that_is_not_whole(data: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Whole rial or a refusal; nothing is rounded, and nothing is guessed."""
    refused(capsys, "account", "credit", "shop", "--", text, code=ExitCode.USAGE)
    assert told(capsys, "account", "show", "shop")["available"] == 10_000


@pytest.mark.parametrize(("text", "number"), [("5000", 5_000), ("-5", -5), ("+5", 5), ("۵۰۰", 500), (" 7 ", 7)])
def test_an_amount_that_is_whole(text: str, number: int) -> None:
    """Digits of any script."""
    assert whole(text) == number


@pytest.mark.parametrize(
    ("place", "arguments"),
    [
        ("option", ("line", "change", LINE, "--ucs2-rial", "10.5")),
        ("set", ("line", "change", LINE, "--set", "ucs2_rial=10.5")),
        ("set whole", ("line", "change", LINE, "--set", "ucs2_rial=900.0000000000000001")),
        ("id", ("cancel", "1001.4")),
        ("limit", ("messages", "--limit", "2.5")),
    ],
)
def test_no_number_is_rounded(
    data: Path, capsys: pytest.CaptureFixture[str], place: str, arguments: Sequence[str]
) -> None:
    """Prices, ids and counts likewise, wherever a command takes them."""
    refused(capsys, *arguments, code=ExitCode.USAGE)
    assert told(capsys, "line", "show", LINE)["ucs2_rial"] == 0


@pytest.mark.parametrize("price", ["10.5", "900.0", "1e3", "nan", "true", '"900"'])
def test_a_site_file_has_whole_prices(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], price: str
) -> None:
    """A price of a site file is a whole number, or the file is refused with its line."""
    (tmp_path / "site.toml").write_text(f'[[line]]\nnumber = "{LINE}"\nucs2_rial = {price}\n', encoding="utf-8")
    assert "line 3" in refused(capsys, "apply", str(tmp_path / "site.toml"), "--yes", code=ExitCode.USAGE)


def test_every_whole_number_is_read_as_written() -> None:
    """Each parameter of a command that takes whole numbers has our reader: the library's own rounds."""
    missing = []
    for name, function in functions():
        for parameter, bare, extras in hints_of(function, with_options=True):
            is_read = any(isinstance(e, Parameter) and e.converter for e in extras)
            if int in set(flat(bare)) and bool not in get_args(bare) and bare is not bool and not is_read:
                missing.append(f"{name} {parameter}")
    assert missing == []


def test_a_reference_is_entered_once(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given again it changes nothing and says so; with another amount, or of another account, it is not the same."""
    credit = ("account", "credit", "shop", "500", "--reference", " bank-77 ")
    assert told(capsys, *credit) == {
        "username": "shop",
        "available": 10_500,
        "reference": "bank-77",
        "is_repeated": False,
    }
    again = told(capsys, *credit, "--note", "other words")
    assert (again["available"], again["is_repeated"]) == (10_500, True)
    assert run(credit) == ExitCode.DONE
    assert "nothing was changed: bank-77 was entered already" in capsys.readouterr().out
    for amount in ("501", "-500", "0"):
        said = refused(capsys, "account", "credit", "shop", amount, "--reference", "bank-77")
        assert "was given 500 rial under the reference bank-77" in said
    assert told(capsys, "account", "credit", "clinic", "500", "--reference", "bank-77")["available"] == 10_500
    assert told(capsys, "account", "show", "shop")["available"] == 10_500
    assert "has an amount" in refused(capsys, "account", "credit", "shop", "0", "--reference", "none")
    for bad in ("", "  ", "x" * 65, "a\nb"):
        refused(capsys, "account", "credit", "shop", "1", "--reference", bad, code=ExitCode.USAGE)


def test_a_reference_takes_back_once(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Money that is taken back under a reference is taken once; more than there is leaves the reference free."""
    refused(capsys, "account", "credit", "shop", "-20000", "--reference", "r")
    for is_repeated in (False, True):
        told_now = told(capsys, "account", "credit", "shop", "-2000", "--reference", "r")
        assert (told_now["available"], told_now["is_repeated"]) == (8_000, is_repeated)


# ------------------------------------------------------------------------------------------------ the rest


def test_an_account_shows_its_money(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Available, and reserved for what is under way."""
    waiting(data, 1)
    shown = told(capsys, "account", "show", "shop")
    assert (shown["available"], shown["reserved"]) == (9_900, 100)
    assert run(["account", "show", "shop"]) == ExitCode.DONE
    assert "9,900" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["account", "line", "link"])
def test_keys_stand_where_they_are_taken(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    """The keys of --set stand in the help of add and change, and of no command that takes none."""
    taking = []
    for command in ("add", "change", "list", "show", "remove", *(["credit", "password"] if kind == "account" else [])):
        run([kind, command, "--help"])
        if "Keys for --set" in capsys.readouterr().out.replace("`", ""):
            taking.append(command)
    assert taking == ["add", "change"]


def test_the_reader_of_a_pipe_goes(data: Path) -> None:
    """`payamak … | head`: no noise, and the exit code is that of the work; so is that of an act."""
    ids = waiting(data, 3)
    for arguments in (["messages"], ["messages", "--json"], ["cancel", "--line", LINE, "--yes"]):
        read, write = os.pipe()
        os.close(read)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "payamak", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=write,
                stderr=subprocess.PIPE,
                check=False,
                timeout=60,
            )
        finally:
            os.close(write)
        traces.kept_text(done.stderr.decode(), traces.Trace.COMMAND)
        assert (done.returncode, done.stderr) == (ExitCode.DONE, b"")
    assert [state for state, _ in where(data)] == ["cancelled"] * len(ids)


def test_copies_by_line_and_upstream(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`payamak link traffic`: a part that went again after a lost answer is a copy, of the line and operator of it."""
    from tests.store.world import lost, taken

    async def send(world: World) -> None:
        message = await world.sending(step(LINE))
        message = await world.answer(message, lost())
        world.now += 600_000
        message = await world.on_wire(message)
        await world.answer(message, taken("7"))
        await world.answer(await world.sending(step(LINE2)), taken("8"))

    work(data, send)
    rows = told(capsys, "link", "traffic")
    assert [(r["line"], r["upstream"], r["parts"], r["taken"], r["copies"]) for r in rows] == [
        (LINE, "operator", 2, 1, 1),
        (LINE2, "operator", 1, 1, 0),
    ]
    assert told(capsys, "link", "traffic", "--until", "1d", "--since", "2d") == []


def test_every_such_command_asks() -> None:
    """What removes, forgets, takes back, moves, replays or lets go has --yes and --dry-run, whoever adds it."""
    acts = {"remove", "forget", "forget-ids", "cancel", "move", "replay", "resume", "unreadable"}
    found = {
        name: any(bare is consent.Consent for _, bare, _ in hints_of(function, with_options=True))
        for name, function in functions()
        if name.split()[-1] in acts and name != "campaign resume"  # its start was asked for, and what it may cost
    }
    assert len(found) == 14
    assert all(found.values()), found
