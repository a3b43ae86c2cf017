"""The site by hand: documents put, changed, removed and switched, each in one transaction that reads it first.

So two hands do not undo each other. Every function that changes something raises NotDone, with nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from payamak.domain.site import (
    KINDS,
    NAME_FIELDS,
    Account,
    Document,
    Link,
    Site,
    TemplateDocument,
    build_site,
    faults_of,
    name_of,
)
from payamak.domain.site.faults import login_faults, signing_faults
from payamak.hands.refusals import NotDone, no_such, told
from payamak.hands.sitefile import Plan, documents_of
from payamak.store.base import Store
from payamak.store.records import Act, By, SiteChange

Templates = tuple[TemplateDocument, ...]


def find(site: Site, kind: str, name: str) -> Document:
    """The document of this name; a line in either spelling. Raises NotDone."""
    documents = documents_of(site)
    found = site.line(name) if kind == "line" else documents.get((kind, name))
    if found is None:
        raise no_such(kind, name, (n for k, n in documents if k == kind))
    return found


def account_of(site: Site, username: str) -> Account:
    """The account of this name. Raises NotDone."""
    if username not in site.accounts:
        raise no_such("account", username, site.accounts)
    return site.accounts[username]


def line_number(site: Site, line: str) -> str:
    """The registered spelling; a line that is no longer configured may still have messages, so it is taken as it is."""
    found = site.line(line)
    return found.number if found else line


async def _change(
    store: Store, work: Callable[[Site], SiteChange], by: By, now: int, expected_version: int | None = None
) -> Site:
    with told():
        return await store.change_site(work, by, now, expected_version)


async def _replace(store: Store, kind: str, name: str, make: Callable[[Document], Document], by: By, now: int) -> Site:
    return await _change(store, lambda site: SiteChange(puts=(make(find(site, kind, name)),)), by, now)


# ----------------------------------------------------------------------------------------------- documents


async def add(
    store: Store, kind: str, name: str, given: Mapping[str, Any], environment: Mapping[str, str], by: By, now: int
) -> Document:
    """Add a document with these fields. `environment`: where the secrets that it names are looked up."""

    def work(site: Site) -> SiteChange:
        if (site.line(name) if kind == "line" else documents_of(site).get((kind, name))) is not None:
            raise NotDone(f"{kind} {name} is there already; `payamak {kind} change {name}` changes it")
        make: Callable[..., Document] = KINDS[kind]
        return SiteChange(puts=(_checked(make(**{NAME_FIELDS[kind]: name, **given}), given, environment),))

    return find(await _change(store, work, by, now), kind, name)


async def change(
    store: Store, kind: str, name: str, given: Mapping[str, Any], environment: Mapping[str, str], by: By, now: int
) -> Document:
    """Change the given fields of a document, and no other."""
    site = await _replace(
        store, kind, name, lambda document: _checked(replace(document, **given), given, environment), by, now
    )
    return find(site, kind, name)


def _checked(document: Document, given: Mapping[str, Any], environment: Mapping[str, str]) -> Document:
    """The document, if a bind can say, and a post be signed by, what it names in this environment. Raises NotDone."""
    if isinstance(document, Link) and "password" in given:
        for fault in login_faults(document, environment):
            raise NotDone(str(fault))
    for fault in signing_faults(document, environment):
        if fault.field in given:
            raise NotDone(str(fault))
    return document


async def put(store: Store, documents: Sequence[Document], by: By, now: int) -> Site:
    """Put whole documents, whatever was there under their names."""
    return await _change(store, lambda _: SiteChange(puts=tuple(documents)), by, now)


class Removal(Struct, frozen=True, kw_only=True):
    """A document that may go: the name under which it is kept, and what its removal brings."""

    kind: str
    name: str
    notes: tuple[str, ...]


async def plan_removal(store: Store, kind: str, name: str) -> Removal:
    """What a removal would be. Raises NotDone while another document names it, or while it has money or messages."""
    site = store.site
    if not any((fault.kind, fault.name) == (kind, name) for fault in site.mended):  # one that cannot be read may go
        name = name_of(find(site, kind, name))[1]
    left = (document for key, document in documents_of(site).items() if key != (kind, name))
    known = faults_of(site)
    bars = [  # an account may name a line in several fields, with the same words for each
        f"{kind} {name} is not removed, for {naming} needs it: change that first"
        for naming in dict.fromkeys(f"{f.kind} {f.name}" for f in faults_of(build_site(left, 0)) if f not in known)
    ]
    held = await store.holdings(kind, name)
    bars += [f"{kind} {name} is not removed: {bar}" for bar in held.bars]
    if bars:
        raise NotDone(*bars)
    return Removal(kind=kind, name=name, notes=held.notes)


async def remove(store: Store, removal: Removal, by: By, now: int) -> None:
    """Take a document away; what stands in its way by now is asked again."""
    await _change(store, lambda _: SiteChange(removals=((removal.kind, removal.name),)), by, now)


async def set_password_hash(store: Store, username: str, password_hash: str, by: By, now: int) -> None:
    """Give an account a new web-service password."""
    await _replace(store, "account", username, lambda account: replace(account, password_hash=password_hash), by, now)


async def change_templates(
    store: Store, username: str, work: Callable[[Templates], Templates], default: int | None, by: By, now: int
) -> None:
    """Change an account's approved texts; `default`: the one that counts where a call names none, None: as before."""

    def with_templates(site: Site) -> SiteChange:
        account = account_of(site, username)
        templates = work(account.templates)
        chosen = account.default_template if default is None else default
        kept = chosen if any(t.number == chosen for t in templates) else None
        return SiteChange(puts=(replace(account, templates=templates, default_template=kept),))

    await _change(store, with_templates, by, now)


# ------------------------------------------------------------------------------------------------ switches


async def suspend(store: Store, what: str, name: str | None, by: By, now: int) -> None:
    """Stop a line, a link, or the intake (which has no name): within half a second nothing goes by it."""
    await _switch(store, what, name, by, now, is_suspended=True)


async def resume(store: Store, what: str, name: str | None, by: By, now: int) -> None:
    """Let it go on."""
    await _switch(store, what, name, by, now, is_suspended=False)


async def _switch(store: Store, what: str, name: str | None, by: By, now: int, *, is_suspended: bool) -> None:
    if name is None:
        words = ("open", "suspended")
        before, after = words[store.site.intake_is_suspended], words[is_suspended]
        act = Act(by=by, at=now, what="change", about="intake", before=before, after=after)
        await store.set_intake(is_suspended, act)
    else:
        await _replace(store, what, name, lambda document: replace(document, is_suspended=is_suspended), by, now)


# ------------------------------------------------------------------------------------------ the site as a file


async def check_removals(store: Store, removals: Sequence[tuple[str, str]]) -> list[Removal]:
    """What a plan's removals would bring. Raises NotDone for what has money or messages."""
    found = [(kind, name, await store.holdings(kind, name)) for kind, name in removals]
    bars = [f"{kind} {name} is not removed: {bar}" for kind, name, held in found for bar in held.bars]
    if bars:
        raise NotDone(*bars, "nothing was changed")
    return [Removal(kind=kind, name=name, notes=held.notes) for kind, name, held in found]


async def apply(store: Store, plan: Plan, by: By, now: int) -> Site:
    """Bring the site to what a plan says, if it is still the site that the plan was made for."""
    change = SiteChange(puts=plan.puts, removals=plan.removals)
    return await _change(store, lambda _: change, by, now, plan.version)
