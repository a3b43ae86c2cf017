"""`payamak doctor`: look for problems, and say what to do about each."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlsplit

from cyclopts import Parameter

from payamak.cli.shell import Common, ExitCode, clock_of, counted, duration_text, fill, grid, tell
from payamak.config import Settings
from payamak.domain.message import State
from payamak.errors import StoreFailed

if TYPE_CHECKING:
    from rich.table import Table

    from payamak.delivery.timekeeping import KeptClock
    from payamak.domain.receipts import IdReport
    from payamak.domain.restoring import Restore
    from payamak.domain.site import Document, Link, Site
    from payamak.hands.values import ProvenAccount, QueueRow, Store, TextReceipts

FEW_FILES: Final = 4_096
"""Open files below which a busy server may run out: a socket for every client and link."""

LITTLE_SPACE_OCTETS: Final = 1_000_000_000
"""Free space below which we speak up: about a million messages with their attempts."""

SAFE_SQLITE: Final = (3, 51, 3)
"""From this on several writers of one WAL file cannot corrupt it; versions since 3.7.0 could."""

SAFE_BACKPORTS: Final = ((3, 44, 6), (3, 50, 7))
"""Older series that got the same correction."""

FOREIGN_TOLD_MS: Final = 7 * 86_400_000
"""How long a message is told of that did not count for its line. Taste."""

UNTOLD_MS: Final = 600_000
"""How long an event may wait before it is said: the first pauses of a target that is away are over by then. Taste."""

LONGEST_PAUSE_MS: Final = 86_400_000
"""Between two posts of an event."""

BUILT_AT_S: Final = 1_767_225_600
"""2026-01-01: a clock that shows an earlier time is wrong."""

CONNECT_TIMEOUT_S: Final = 3.0

FULL_FOR_LONG_S: Final = 10.0
"""How long messages may wait for a place in a window before it is said: bursts pass sooner. Taste."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at; `todo` says what to do where it is not well."""

    name: str
    is_well: bool
    says: str
    todo: str = ""


class Reached(Finding):
    """How a link that should be bound looks from here: a server that runs knows better."""


async def doctor(
    *,
    ledger: Annotated[
        bool, Parameter(negative="", help="Also prove every account's money from the entries; slow on a big store.")
    ] = False,
    common: Common = Common(),
) -> int:
    """Look at the store, the links, the clock, the machine's limits; say what to do. Exit code 1 if anything is wrong.

    Example: `payamak doctor --ledger`
    """
    from rich.text import Text

    settings = common.settings()
    books: list[ProvenAccount] = []
    findings = [*_machine(settings), *_folder(Path(settings.database))]
    findings += await _store(Path(settings.database), books if ledger else None)
    findings.append(await _server(settings))
    page = await _page(settings)
    findings = [*links_told(page, findings), *await _trials(page, Path(settings.database))]
    rows = (
        (Text("well", style="green") if f.is_well else Text("PROBLEM", style="bold red"), f.name, f.says, f.todo)
        for f in findings
    )
    made = fill(grid("", "what", "found", "what to do"), rows)
    is_well = all(f.is_well for f in findings)
    answer: dict[str, Any] = {"is_well": is_well, "findings": [vars(f) for f in findings]}
    if ledger:
        answer["ledger"] = books
    tell(common, answer, lambda console: console.print(made, *([_books(books)] if books else [])))
    return ExitCode.DONE if is_well else ExitCode.PROBLEM


# --------------------------------------------------------------------------------------------- the machine


def _machine(settings: Settings) -> Iterator[Finding]:
    import resource

    from payamak.hands.opening import library_version

    todo = "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer"
    yield Finding(name="python", is_well=not todo, says=sys.version.split()[0], todo=todo)
    version = tuple(int(part) for part in library_version().split("."))
    safe = version >= SAFE_SQLITE or any(version[:2] == fixed[:2] and version >= fixed for fixed in SAFE_BACKPORTS)
    todo = "" if safe else "install the apsw wheel, which brings its own: before 3.51.3 a WAL file may be corrupted"
    yield Finding(name="sqlite", is_well=safe, says=library_version(), todo=todo)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = hard == resource.RLIM_INFINITY or hard >= FEW_FILES
    todo = "" if enough else f"raise it to {FEW_FILES} or more: LimitNOFILE= of the service, or ulimit -n"
    yield Finding(name="open files", is_well=enough, says=f"at most {hard}", todo=todo)
    now_s = time.time()
    todo = "" if now_s >= BUILT_AT_S else "set the clock and keep it by NTP: deadlines and receipts depend on it"
    yield Finding(name="clock", is_well=not todo, says=time.strftime("%Y-%m-%d %H:%M:%S %z"), todo=todo)
    yield Finding(name="settings", is_well=True, says=f"store {settings.database}, {settings.host}:{settings.port}")


def _folder(path: Path) -> Iterator[Finding]:
    from payamak.hands.opening import resolved

    try:
        path = resolved(path.absolute())
    except StoreFailed as error:
        yield Finding(name="names", is_well=False, says=str(error), todo="remove the names that are not used")
    folder = path.parent
    if not folder.is_dir():
        yield Finding(name="folder", is_well=False, says=f"{folder} is not there", todo="make it, or correct --data")
        return
    writable = os.access(folder, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))
    todo = "" if writable else "let the user who runs Payamak write the folder, the store and the files beside it"
    says = f"{folder} {'can' if writable else 'cannot'} be written"
    yield Finding(name="folder", is_well=writable, says=says, todo=todo)
    yield from _rights(path)
    free = shutil.disk_usage(folder).free
    enough = free >= LITTLE_SPACE_OCTETS
    todo = "" if enough else "make room: without it new messages are refused with 23"
    yield Finding(name="disk", is_well=enough, says=f"{free / 1e9:,.1f} GB free", todo=todo)


def _rights(path: Path) -> Iterator[Finding]:
    """Who may read the store beside its owner; a group may be meant, everybody never."""
    files = [f for f in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))) if f.exists()]
    if files:
        is_well = not any(f.stat().st_mode & 0o007 for f in files)
        todo = (
            "" if is_well else f"chmod o-rwx {' '.join(map(str, files))}: texts, numbers and password hashes are in it"
        )
        says = f"the store is {'not ' if is_well else ''}open to every user of this machine"
        yield Finding(name="rights", is_well=is_well, says=says, todo=todo)


# ----------------------------------------------------------------------------------------------- the store


async def _store(path: Path, books: list[ProvenAccount] | None) -> list[Finding]:
    from payamak.hands.opening import Mode, open_store

    try:
        findings = _integrity(path)
        if not all(f.is_well for f in findings):
            return findings
        store = open_store(path, Mode.LOOK)
    except StoreFailed as error:
        return [Finding(name="store", is_well=False, says=str(error), todo="use a backup, or correct the path")]
    try:
        findings += _site(store)
        findings += _stranded(await store.queue(), store.site)
        findings += _clock(await clock_of(store))
        findings += _restored(await store.last_restore(), path)
        findings += [finding for report in await store.id_reports() for finding in _receipts(report)]
        findings += texts_of(store.site, await store.receipts_of_texts(int(time.time() * 1_000)))
        findings += await _faults(store)
        findings += await _foreign(store)
        findings += await _refusing(store)
        findings += await untold(store, int(time.time() * 1_000))
        if books is not None:
            findings += await _ledger(store, books)
        findings += await asyncio.gather(*(_link(link) for link in store.site.links.values()))
    finally:
        await store.close()
    return findings


def _integrity(path: Path) -> list[Finding]:
    from payamak.hands.opening import look_over, resolved

    if not path.exists():
        todo = "name it with --data, or make one with `payamak apply`"
        return [Finding(name="store", is_well=False, says=f"{path} is not there", todo=todo)]
    todo = "stop the server, then `payamak restore COPY --data STORE --replace`, which keeps what lies there"
    try:
        path = resolved(path)
        looked = look_over(path)
    except StoreFailed as error:
        return [Finding(name="store", is_well=False, says=str(error), todo=todo)]
    says, schema, known = looked.says, looked.schema, looked.known
    other = "" if schema == known else "use a newer Payamak: this one does not know the schema"
    if schema < known:
        other = "start the server of this version, or `payamak migrate`; first a backup by the old one"
    size = sum(file.stat().st_size for file in (path, path.with_name(f"{path.name}-wal")) if file.exists())
    is_whole = says == "ok"
    found = f"quick_check says {says}; {size:,} octets, journal {looked.journal}"
    return [
        Finding(name="store", is_well=is_whole, says=found, todo="" if is_whole else todo),
        Finding(name="schema", is_well=not other, says=f"{schema} of {known}", todo=other),
    ]


def _site(store: Store) -> Iterator[Finding]:
    from payamak.domain.site import faults_of
    from payamak.domain.site.faults import login_faults, signing_faults

    site = store.site
    logins = (fault for link in site.links.values() for fault in login_faults(link, os.environ))
    signers: tuple[Document, ...] = (*site.lines.values(), *site.accounts.values())
    unsigned = (fault for document in signers for fault in signing_faults(document, os.environ))
    for fault in dict.fromkeys(map(str, (*site.mended, *faults_of(site), *logins, *unsigned))):
        todo = "correct it: `payamak apply`, or the groups' change"
        yield Finding(name="site", is_well=False, says=fault, todo=todo)
    tables = ((site.accounts, "account"), (site.lines, "line"), (site.links, "link"))
    says = ", ".join(counted(len(table), word) for table, word in tables)
    yield Finding(name="site", is_well=True, says=says)
    if site.intake_is_suspended:
        yield Finding(name="intake", is_well=False, says="suspended by hand", todo="`payamak resume intake`")
    for kind, name, suspended in (
        *(("line", line.number, line.is_suspended) for line in site.lines.values()),
        *(("link", link.name, link.is_suspended) for link in site.links.values()),
    ):
        if suspended:
            yield Finding(
                name=f"{kind} {name}", is_well=False, says="suspended by hand", todo=f"`payamak resume {kind} {name}`"
            )
    for account in site.accounts.values():
        if not account.password_hash:
            todo = f"`payamak account password {account.username}`"
            yield Finding(name=f"account {account.username}", is_well=False, says="has no password", todo=todo)


def _stranded(queue: Iterable[QueueRow], site: Site) -> Iterator[Finding]:
    """Messages that wait on a line that is not configured (any more), or has no links: nothing takes them."""
    counts: Counter[str] = Counter()
    for row in queue:
        if row.state is State.QUEUED and ((line := site.lines.get(row.line)) is None or not line.links):
            counts[row.line] += row.count
    for number, count in sorted(counts.items()):
        is_gone = number not in site.lines
        says = f"{counted_of(count, 'message waits', 'messages wait')} on it, and it " + (
            "is not configured any more" if is_gone else "has no links"
        )
        first = "configure it" if is_gone else "give it a link"
        todo = f"{first}, or `payamak move {number} OTHER`, or `payamak cancel --line {number}`"
        yield Finding(name=f"line {number}", is_well=False, says=says, todo=todo)


def _restored(restore: Restore | None, path: Path) -> Iterator[Finding]:
    """What a copy that was put back still holds; and whether the mark that would show one is there."""
    from payamak.cli.shell import instant_text
    from payamak.delivery.marking import todo
    from payamak.hands.opening import mark_fault

    if says := mark_fault(path):
        yield Finding(name="mark", is_well=False, says=says, todo="a running server writes it anew within a second")
    if restore is None or not restore.is_open or not (restore.held or restore.posts):
        return
    since = f"put back, noticed {instant_text(restore.noticed_at)}; known until {instant_text(restore.known_until_at)}"
    says = f"{since}: {restore.held:,} messages are held; ids go on above {restore.ids_above}"
    if restore.posts:
        says += f"; {restore.posts:,} messages from handsets wait to be posted, answers to them are held"
    yield Finding(name="restored", is_well=False, says=says, todo=todo(restore))


def _clock(clock: KeptClock) -> Iterator[Finding]:
    """Whether the machine's clock has jumped since the store was last served, or while it is."""
    from payamak.delivery.timekeeping import TODO, jump_text

    if says := jump_text(clock.clocks):
        yield Finding(name="clock jumped", is_well=False, says=says, todo=TODO)


def _receipts(report: IdReport) -> Iterator[Finding]:
    """What was learned of an upstream's ids; a problem while receipts wait that fit a message."""
    from payamak.cli.explain import conflicts_of, ids_text

    name, conflicts = f"ids {report.upstream}", conflicts_of(report)
    says = f"{ids_text(report)}; {sum(report.waiting.values()):,} receipts wait"
    if report.removed:
        says += f", {report.removed:,} were removed for age"
    if conflicts:
        says += f", {conflicts:,} of them fit messages, but under two readings or another one than is in use"
    todo = "`payamak unmatched` shows them; set `id_base` of its links, or wait: docs/guide/receipts.md"
    yield Finding(name=name, is_well=not conflicts, says=says, todo=todo if conflicts else "")


ENOUGH_TEXTS: Final = 50
"""Long texts with exactly one receipt each, and none with more, that show how an operator counts. Taste."""


def texts_of(site: Site, counts: Iterable[TextReceipts]) -> Iterator[Finding]:
    """Links whose long texts get one receipt each, where nothing is said of it: it is proposed, and never learned."""
    for texts in counts:
        link = site.links.get(texts.link)
        is_alike = texts.with_one >= ENOUGH_TEXTS and not texts.with_more
        if link is not None and link.receipts_per is None and is_alike:
            says = f"{texts.with_one:,} texts of several parts got exactly one receipt each: they end as unknown"
            todo = f"if the operator says so too: `payamak link change {link.name} --set receipts_per=message`"
            yield Finding(name=f"receipts {link.name}", is_well=False, says=says, todo=todo)


async def _faults(store: Store) -> list[Finding]:
    """Rows whose handling fails by a bug of ours, each by its name, and pieces that could not be read or handled."""
    counts = await store.fault_counts()
    told = [f"{row.work} {row.key}: {row.error}, {row.times} times" for row in await store.aside(5)]
    says = f"{counts.aside:,} rows fail and are passed by" + (f": {'; '.join(told)}" if told else "")
    todo = (
        "`payamak show ID`; correct what it names (`payamak apply`), or report it: they are tried again by themselves"
    )
    kept = f"{counts.unreadable:,} pieces of operators could not be read or handled"
    see = "`payamak unreadable` shows them; report them, then `payamak unreadable --forget`"
    return [
        Finding(name="rows aside", is_well=not counts.aside, says=says, todo=todo if counts.aside else ""),
        Finding(name="unreadable", is_well=not counts.unreadable, says=kept, todo=see if counts.unreadable else ""),
    ]


async def _foreign(store: Store) -> list[Finding]:
    """Messages of handsets that came by a link which does not count for their line, as the site says now."""
    from payamak.cli.shell import instant_text, now_ms

    found = await store.foreign_received(now_ms() - FOREIGN_TOLD_MS, 10_000)
    open_ = [f for f in found if not store.site.counts(f.line, f.upstream, f.link)][:20]
    findings = [
        Finding(
            name=f"link {f.link}",
            is_well=False,
            says=f"has brought {counted_of(f.count, 'message', 'messages')} of handsets for line {f.line}, which no "
            f"link of its operator serves, the last {instant_text(f.last_at)}: kept, not read, not relayed",
            todo=f"ask the operator; if it may, receives_for of link {f.link} names the line, then `payamak received "
            f"replay --foreign --line {f.line}`",
        )
        for f in open_
    ]
    if open_ and (doubtful := await store.doubtful_opt_outs()):
        says = f"{counted_of(doubtful, 'opt-out', 'opt-outs')} came by such messages; they hold"
        todo = "`payamak optout list` marks them; `payamak optout forget` takes back what was nobody's wish"
        findings.append(Finding(name="opt-outs", is_well=False, says=says, todo=todo))
    return findings


async def _refusing(store: Store) -> list[Finding]:
    """Operators that refuse all for one reason: then it is a setting, not a message."""
    from payamak.cli.refusing import habits_of

    habits = habits_of(await store.status_counts())
    return [Finding(name=f"link {habit.link}", is_well=False, says=habit.says, todo=habit.todo) for habit in habits]


async def untold(store: Store, now: int) -> list[Finding]:
    """Accounts whose webhook has taken nothing for long: nobody else says so before the customer asks."""
    from payamak.domain.posting import PostState

    findings, names = [], {account.id: name for name, account in store.site.accounts.items()}
    for waiting in await store.notice_counts():
        if waiting.post is not PostState.WAITING or now - waiting.oldest_at < UNTOLD_MS:
            continue
        name = names.get(waiting.account_id, f"number {waiting.account_id}")
        firsts = await store.notices_due(waiting.account_id, now + LONGEST_PAUSE_MS, 20)
        notes = [f"; the last post: {one.note}" for one in firsts if one.note]
        says = f"{counted(waiting.count, 'event')} of messages not told yet, the oldest for "
        says += duration_text(now - waiting.oldest_at) + "".join(notes[:1])
        todo = f"`payamak webhook test {name}`, with the server's environment, shows what comes back"
        findings.append(Finding(name=f"webhook {name}", is_well=False, says=says, todo=todo))
    return findings


async def _ledger(store: Store, books: list[ProvenAccount]) -> list[Finding]:
    """Prove every account from its entries; `books` is filled with them."""
    proof = await store.prove_ledger()
    books.extend(proof.accounts)
    counted = f"{counted_of(proof.entries, 'entry', 'entries')} and {counted_of(proof.messages, 'message', 'messages')}"
    wrong = [account for account in proof.accounts if account.faults]
    if not wrong:
        return [Finding(name="ledger", is_well=True, says=f"every account balances: {counted} counted")]
    todo = "this must not happen: keep a backup of the store and report it"
    return [
        Finding(name=f"ledger {account.username or account.account_id}", is_well=False, says=fault, todo=todo)
        for account in wrong
        for fault in account.faults
    ]


def counted_of(count: int, one: str, many: str) -> str:
    """`1 entry`, `2 entries`."""
    return f"{count:,} {one if count == 1 else many}"


def _books(books: Iterable[ProvenAccount]) -> Table:
    """What was paid in is charged, set aside, or left: a line for each account, in rial."""
    numbers = ("paid in", "charged", "set aside", "left")
    made = grid(
        "account", *numbers, "proof", right=numbers, title="Ledger in rial: paid in = charged + set aside + left"
    )
    rows = (
        (
            account.username or f"number {account.account_id}",
            *(f"{sum_:,}" for sum_ in (account.paid_in, account.charged, account.reserved, account.available)),
            "WRONG, see above" if account.faults else "balances",
        )
        for account in books
    )
    return fill(made, rows)


# ----------------------------------------------------------------------------------- what is reached by TCP


def _address(link: Link) -> tuple[str, int]:
    """Where the operator listens: host and port of an SMPP link, those of the URL of a negin link."""
    if not link.url:
        return link.host, link.port
    url = urlsplit(link.url)
    return url.hostname or "", url.port or (443 if url.scheme == "https" else 80)


async def _link(link: Link) -> Finding:
    """A connection to the operator's port, closed at once: it takes no bind away."""
    from payamak.domain.site.secrets import is_missing, variable_of

    name, told = f"link {link.name}", Finding if link.is_suspended or link.bind_mode == "receiver" else Reached
    if is_missing(link.password, os.environ):
        says = f"its password names {variable_of(link.password)}, which is not set here"
        return told(name=name, is_well=False, says=says, todo="set it where `payamak serve` runs")
    host, port = _address(link)
    where = f"{host}:{port}"
    began_s = time.monotonic()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        says = f"{where} is not reached: {error or 'no answer'}"
        return told(
            name=name, is_well=False, says=says, todo="check address, port, route and the operator's allow list"
        )
    writer.close()
    took_ms = (time.monotonic() - began_s) * 1_000
    return told(name=name, is_well=True, says=f"{where} takes connections ({took_ms:.0f} ms); the log tells of binds")


def _url(settings: Settings, path: str) -> str:
    """A page of the server of this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}{path}" if ":" in host else f"http://{host}:{settings.port}{path}"


async def _server(settings: Settings) -> Finding:
    import httpx2

    url = _url(settings, "/readyz")
    try:
        async with httpx2.AsyncClient(timeout=CONNECT_TIMEOUT_S, trust_env=False) as client:
            answer = await client.get(url)
    except httpx2.HTTPError:
        says = f"nobody answers on {urlsplit(url).netloc}: it is not running"
        return Finding(name="server", is_well=True, says=says)
    ready = answer.status_code == 200
    says = f"{url} answers {answer.status_code}: {answer.text.strip()}"
    if answer.text.startswith("not taking: background work"):
        todo = "this must not happen: the log has the error and its place; correct what it names, or report it"
    elif answer.text.startswith("not taking: "):
        todo = "see to what it says; after a disk that was full or hung it goes on by itself (docs/guide/operations.md)"
    else:
        todo = "" if ready else "it stops, or the intake is suspended: `payamak resume intake`"
    return Finding(name="server", is_well=ready, says=says, todo=todo)


async def _page(settings: Settings) -> str:
    """The metrics of the running server; empty if there is none."""
    import httpx2

    try:
        async with httpx2.AsyncClient(timeout=CONNECT_TIMEOUT_S, trust_env=False) as client:
            return (await client.get(_url(settings, "/metrics"))).text
    except httpx2.HTTPError:
        return ""


def links_told(page: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The same findings; of each link what the running server's metrics say of it, which knows better than we do.

    A port that takes connections is no bind, and a password that is not set in this shell may be set where it matters.
    """
    from payamak.http.metrics import LINK_UP

    up = dict(re.findall(rf'^{LINK_UP}{{link="(.+)"}} (\S+)$', page, re.MULTILINE))
    for finding in findings:
        stands = up.get(finding.name.removeprefix("link ")) if isinstance(finding, Reached) else None
        if stands is None:
            yield finding
        elif float(stands) == 1.0:
            yield Finding(name=finding.name, is_well=True, says="up, says the running server")
        else:
            todo = finding.todo or "correct system_id, password, system_type, or what the operator has"
            todo += "; `link_down` in the log has the operator's answer"
            says = f"not bound, says the running server; from here: {finding.says}"
            yield Finding(name=finding.name, is_well=False, says=says, todo=todo)


async def _trials(page: str, path: Path) -> list[Finding]:
    """What only the running server knows, and its metrics tell: links that answer nothing, what was odd of what links
    brought, a log that nobody reads.
    """
    trials = [
        Finding(
            name=f"link {name}",
            is_well=False,
            says="on trial: it is bound and answers no submit, so it is sent one at a time",
            todo="ask the operator; nothing is lost meanwhile (docs/guide/operations.md)",
        )
        for name in links_on_trial(page)
    ]
    odd = [
        Finding(name=f"link {name}", is_well=True, says=f"odd in what it has brought, and read all the same: {says}")
        for name, says in oddities_of(page).items()
    ]
    windows = await _windows(full_windows(page), path)
    return [*trials, *odd, *windows, *log_told(page)]


def log_told(page: str) -> list[Finding]:
    """What a page of metrics says of the log: a problem while nobody reads it; what was lost is told ever after."""
    from payamak.http.metrics import LOG_DROPPED, LOG_WELL

    told = dict(re.findall(rf"^({LOG_WELL}|{LOG_DROPPED}_total) (\S+)$", page, re.MULTILINE))
    if LOG_WELL not in told:
        return []
    is_well, lost = float(told[LOG_WELL]) == 1.0, float(told[f"{LOG_DROPPED}_total"])
    says = f"{'its lines are taken' if is_well else 'nobody reads it'}; {lost:,.0f} lines were lost since the start"
    todo = "" if is_well else "see to what standard error goes to: a pipe, a terminal, a disk; the gateway goes on"
    return [Finding(name="log", is_well=is_well, says=says, todo=todo)]


def oddities_of(page: str) -> dict[str, str]:
    """What a page of metrics says was odd of each link: `nuls_behind 12, no_header 1`, and where that is explained."""
    from payamak.http.metrics import LINK_ODD

    found: dict[str, list[str]] = {}
    for name, what, count in re.findall(rf'^{LINK_ODD}_total{{link="(.+)",what="(\w+)"}} (\S+)$', page, re.MULTILINE):
        found.setdefault(name, []).append(f"{what} {float(count):.0f}")
    return {name: f"{', '.join(says)} (docs/guide/received.md)" for name, says in found.items()}


async def _windows(full: Mapping[str, float], path: Path) -> list[Finding]:
    """Links whose window has been full for long: what waits for them in the store, and since when."""
    from payamak.cli.shell import now_ms
    from payamak.hands.opening import Mode, open_store

    if not full:
        return []
    store = open_store(path, Mode.LOOK)
    try:
        site, queue = store.site, [row for row in await store.queue() if row.state is State.QUEUED]
    finally:
        await store.close()
    findings = []
    for name, for_s in full.items():
        lines = [line.number for line in site.lines.values() if any(use.link == name for use in line.links)]
        rows = [row for row in queue if row.line in lines]
        count, oldest_at = sum(row.count for row in rows), min((row.oldest_accepted_at for row in rows), default=0)
        window = site.links[name].window if name in site.links else 0
        says = f"its window of {window} has been full for {duration_text(int(for_s * 1_000))}"
        if count:
            oldest = duration_text(now_ms() - oldest_at)
            says += f"; {count:,} messages wait on its lines ({', '.join(lines)}), the oldest for {oldest}"
        todo = (
            "the operator answers more slowly than messages come: agree on a larger window and "
            f"`payamak link change {name} --window N`, or give the lines another link"
        )
        findings.append(Finding(name=f"link {name}", is_well=False, says=says, todo=todo))
    return findings


def links_on_trial(page: str) -> list[str]:
    """The links that a page of metrics says are on trial."""
    from payamak.http.metrics import LINK_ON_TRIAL

    return re.findall(rf'^{LINK_ON_TRIAL}{{link="(.+)"}} 1\.0$', page, re.MULTILINE)


def full_windows(page: str) -> dict[str, float]:
    """The links that a page of metrics says have had a full window for so many seconds, if for long."""
    from payamak.http.metrics import LINK_WINDOW_FULL

    found = re.findall(rf'^{LINK_WINDOW_FULL}{{link="(.+)"}} ([0-9.e+]+)$', page, re.MULTILINE)
    return {name: float(seconds) for name, seconds in found if float(seconds) >= FULL_FOR_LONG_S}
