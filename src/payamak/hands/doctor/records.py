"""The doctor at the store: is it whole, is its site sound, and what has gathered in it that a person should see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

from payamak.domain.clocks import Clocks
from payamak.domain.instants import duration_text
from payamak.domain.message import State
from payamak.domain.pauses import WEBHOOKS
from payamak.domain.posting import PostState
from payamak.domain.receipts import IdReport
from payamak.domain.restoring import Restore
from payamak.domain.site import Document, Site, faults_of
from payamak.domain.site.faults import login_faults, signing_faults
from payamak.errors import StoreFailed
from payamak.hands.doctor.finding import Finding, grave, judged, well, wrong
from payamak.hands.doctor.patient import Patient
from payamak.hands.explain import conflicts_of, ids_words
from payamak.hands.opening import look_over, mark_fault, resolved
from payamak.language import counted, joined
from payamak.store.base import Store
from payamak.store.records import ProvenAccount, QueueRow, StatusCount, TextReceipts
from payamak.texts import signs
from payamak.texts.faults import KIND_WORDS, fault_words

FOREIGN_TOLD_MS: Final = 7 * 86_400_000
"""How long a message is told of that did not count for its line. Taste."""

UNTOLD_MS: Final = 600_000
"""How long an event may wait before it is said: the first pauses of a target that is away are over by then. Taste."""

ENOUGH_TEXTS: Final = 50
"""Long texts with exactly one receipt each, and none with more, that show how an operator counts. Taste."""

FEWEST_REFUSALS: Final = 10
"""Refusals that make a habit; of fewer each may be its own message's fault (taste)."""


def integrity(path: Path) -> list[Finding]:
    """Whether the file is there, whole, and of this program's schema."""
    if not path.exists():
        return [grave(signs.STORE_GONE, path=path)]
    try:
        path = resolved(path)
        looked = look_over(path)
    except StoreFailed as error:
        return [grave(signs.STORE_SPOILT, error=str(error))]
    size = sum(file.stat().st_size for file in (path, path.with_name(f"{path.name}-wal")) if file.exists())
    is_whole, schemas = looked.says == "ok", {"schema": looked.schema, "known": looked.known}
    found = Finding(
        sign=signs.STORE,
        is_well=is_whole,
        is_grave=not is_whole,
        given={"check": looked.says, "size": size, "journal": looked.journal},
    )
    if looked.schema == looked.known:
        return [found, well(signs.SCHEMA, **schemas)]
    return [found, wrong(signs.SCHEMA_OLDER if looked.schema < looked.known else signs.SCHEMA_NEWER, **schemas)]


async def records(store: Store, patient: Patient) -> list[Finding]:
    """All that the store shows, in the order in which it is told."""
    return [
        *site(store.site, patient),
        *stranded(await store.queue(), store.site),
        *jumped(await patient.clocks_of(store)),
        *restored(await store.last_restore(), patient),
        *(receipts(report) for report in await store.id_reports()),
        *texts_of(store.site, await store.receipts_of_texts(patient.now)),
        *await faults(store),
        *await foreign(store, patient),
        *refusing(await store.status_counts()),
        *await untold(store, patient.now),
    ]


def site(site: Site, patient: Patient) -> Iterator[Finding]:
    """Whether the documents agree with each other and with what they name, and what is switched off."""
    environment = patient.environment
    signers: tuple[Document, ...] = (*site.lines.values(), *site.accounts.values())
    found = [
        *(*site.mended, *faults_of(site)),
        *(fault for link in site.links.values() for fault in login_faults(link, environment)),
        *(fault for document in signers for fault in signing_faults(document, environment)),
    ]
    for fault in dict.fromkeys(map(fault_words, found)):
        yield wrong(signs.SITE_FAULT, fault=fault)
    yield well(
        signs.SITE,
        accounts=counted(len(site.accounts), "account", "حساب"),
        lines=counted(len(site.lines), "line", "خط"),
        links=counted(len(site.links), "link", "لینک"),
    )
    if site.intake_is_suspended:
        yield wrong(signs.INTAKE)
    for key, name, is_suspended in (
        *(("line", line.number, line.is_suspended) for line in site.lines.values()),
        *(("link", link.name, link.is_suspended) for link in site.links.values()),
    ):
        if is_suspended:
            yield wrong(signs.SUSPENDED, kind=KIND_WORDS[key], key=key, name=name)
    for account in site.accounts.values():
        if not account.password_hash:
            yield wrong(signs.NO_PASSWORD, name=account.username)


def stranded(queue: Iterable[QueueRow], site: Site) -> Iterator[Finding]:
    """Messages that wait on a line that is not configured (any more), or has no links: nothing takes them."""
    counts: Counter[str] = Counter()
    for row in queue:
        if row.state is State.QUEUED and ((line := site.lines.get(row.line)) is None or not line.links):
            counts[row.line] += row.count
    for number, count in sorted(counts.items()):
        sign = signs.STRANDED if number in site.lines else signs.STRANDED_GONE
        yield wrong(sign, line=number, count=counted(count, "message waits", "پیام", "messages wait"))


def restored(restore: Restore | None, patient: Patient) -> Iterator[Finding]:
    """What a copy that was put back still holds; and whether the mark that would show one is there."""
    if fault := mark_fault(patient.path):
        yield wrong(signs.MARK, fault=fault)
    if restore is None or not restore.is_open or not (restore.held or restore.posts):
        return
    yield wrong(
        signs.RESTORED,
        noticed=patient.shown(restore.noticed_at),
        known=patient.shown(restore.known_until_at),
        held=restore.held,
        above=restore.ids_above,
        posts=signs.RESTORED_POSTS.filled(posts=restore.posts) if restore.posts else "",
        todo=signs.RESTORED_TODO[restore.why],
    )


def jumped(clocks: Clocks) -> Iterator[Finding]:
    """Whether the machine's clock has jumped since the store was last served, or while it is."""
    if jump := signs.jump_words(clocks):
        yield wrong(signs.CLOCK_JUMPED, jump=jump)


def receipts(report: IdReport) -> Finding:
    """What was learned of an upstream's ids; a problem while receipts wait that fit a message."""
    conflicts = conflicts_of(report)
    return judged(
        not conflicts,
        signs.IDS,
        upstream=report.upstream,
        learned=ids_words(report),
        waiting=sum(report.waiting.values()),
        removed=signs.IDS_REMOVED.filled(count=report.removed) if report.removed else "",
        conflicts=signs.IDS_IN_CONFLICT.filled(count=conflicts) if conflicts else "",
    )


def texts_of(site: Site, counts: Iterable[TextReceipts]) -> Iterator[Finding]:
    """Links whose long texts get one receipt each, where nothing is said of it: it is proposed, and never learned."""
    for texts in counts:
        link = site.links.get(texts.link)
        is_alike = texts.with_one >= ENOUGH_TEXTS and not texts.with_more
        if link is not None and link.receipts_per is None and is_alike:
            yield wrong(signs.ONE_RECEIPT_EACH, link=link.name, count=texts.with_one)


async def faults(store: Store) -> list[Finding]:
    """Rows whose handling fails by a bug of ours, each by its name, and pieces that could not be read or handled."""
    counts = await store.fault_counts()
    rows = [
        signs.ASIDE_ROW.filled(work=row.work, key=row.key, error=row.error, times=row.times)
        for row in await store.aside(5)
    ]
    told = joined((": ", joined(rows, "; "))) if rows else ""
    return [
        judged(not counts.aside, signs.ASIDE, count=counts.aside, told=told),
        judged(not counts.unreadable, signs.UNREADABLE, count=counts.unreadable),
    ]


async def foreign(store: Store, patient: Patient) -> list[Finding]:
    """Messages of handsets that came by a link which does not count for their line, as the site says now."""
    found = await store.foreign_received(patient.now - FOREIGN_TOLD_MS, 10_000)
    open_ = [f for f in found if not store.site.counts(f.line, f.upstream, f.link)][:20]
    findings = [
        wrong(
            signs.FOREIGN,
            link=f.link,
            count=counted(f.count, "message", "پیام"),
            line=f.line,
            at=patient.shown(f.last_at),
        )
        for f in open_
    ]
    if open_ and (doubtful := await store.doubtful_opt_outs()):
        findings.append(wrong(signs.DOUBTFUL_OPT_OUTS, count=counted(doubtful, "opt-out", "انصراف")))
    return findings


def refusing(counts: Iterable[StatusCount]) -> Iterator[Finding]:
    """Operators that refuse all for one reason: then it is a setting, not a message."""
    for link, rows in groupby(sorted(counts, key=lambda row: row.link), key=lambda row: row.link):
        told = list(rows)
        if len(told) == 1 and told[0].status in signs.REFUSED_STATUS and told[0].count >= FEWEST_REFUSALS:
            habit, todo = signs.REFUSED_STATUS[told[0].status]
            yield wrong(signs.REFUSES_ALL, link=link, habit=habit, todo=todo, count=told[0].count)


async def untold(store: Store, now: int) -> list[Finding]:
    """Accounts whose webhook has taken nothing for long: nobody else says so before the customer asks."""
    findings, names = [], {account.id: name for name, account in store.site.accounts.items()}
    for waiting in await store.notice_counts():
        if waiting.post is not PostState.WAITING or now - waiting.oldest_at < UNTOLD_MS:
            continue
        firsts = await store.notices_due(waiting.account_id, now + WEBHOOKS.longest_ms, 20)
        notes = [signs.LAST_POST.filled(note=one.note) for one in firsts if one.note]
        findings.append(
            wrong(
                signs.UNTOLD,
                name=names.get(waiting.account_id, f"#{waiting.account_id}"),
                count=counted(waiting.count, "event", "رویداد"),
                age=duration_text(now - waiting.oldest_at),
                note=notes[0] if notes else "",
            )
        )
    return findings


async def ledger(store: Store) -> tuple[list[Finding], tuple[ProvenAccount, ...]]:
    """Every account proven from its entries, and the books that this was seen in."""
    proof = await store.prove_ledger()
    entries = counted(proof.entries, "entry", "سطر", "entries")
    findings = [
        wrong(signs.UNBALANCED, name=account.username or account.account_id, fault=fault)
        for account in proof.accounts
        for fault in account.faults
    ] or [well(signs.BALANCED, entries=entries, messages=counted(proof.messages, "message", "پیام"))]
    return findings, proof.accounts
