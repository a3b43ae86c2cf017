"""What is wrong with the documents of a site, as values; their English is in fault.py.

`faults_of` looks at a whole site: each document by itself, by the settings of its fields, and what one says of another.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from payamak.domain.jalali import check_year
from payamak.domain.mo import fold
from payamak.domain.numbers import line_key
from payamak.domain.posting import TARGET
from payamak.domain.site.accounts import Account
from payamak.domain.site.fault import Fault, FaultKind
from payamak.domain.site.kinds import HIDDEN, Document, name_of
from payamak.domain.site.lines import Line
from payamak.domain.site.links import Link, LinkKind
from payamak.domain.site.secrets import UnfitSecret, is_missing, is_named, resolve, signing_key
from payamak.language import Words, words_of
from payamak.setting import Misfit, Octets, misfits_of, shown

if TYPE_CHECKING:
    from payamak.domain.site.snapshot import Site


_STATUS = re.compile(r"0x[0-9a-f]{1,8}|[0-9a-f]{1,8}h|0|[1-9][0-9]{0,9}", re.IGNORECASE)
"""The ways to write a command_status (32 bits, SMPP 3.4 §3.2) in a link's table; upstreams/verdicts.py reads them."""

_SERVER = re.compile(r"https?://[^/?#@\s]+(/[^?#@\s]*)?\Z")

SMPP_OCTETS = {"system_id": Octets(15), "password": Octets(8)}
"""SMPP 3.4 §5.2.1 and §5.2.2, without the NUL that ends them; a link of kind negin may have longer ones."""


WHAT_IT_IS = Words("what it is", "آنچه هست")
"""In place of a value that may be a secret."""


class _Told:
    """Makes the faults of one document."""

    def __init__(self, kind: str, name: str) -> None:
        self._kind = kind
        self._name = name

    def __call__(self, field: str, why: FaultKind, **arguments: str) -> Fault:
        return Fault(kind=self._kind, name=self._name, field=field, why=why, arguments=arguments)


def faults_of(site: Site) -> list[Fault]:
    """What is wrong in and between the documents of a site; empty if all is well."""
    spellings = Counter(line_key(number) for number in site.lines)
    faults: list[Fault] = []
    for account in site.accounts.values():
        faults += [*document_faults(account), *_account_faults(site, account)]
    for line in site.lines.values():
        faults += document_faults(line)
        if spellings[line_key(line.number)] > 1:
            faults.append(_Told("line", line.number)("number", FaultKind.TWO_SPELLINGS))
        faults += [*_line_faults(site, line), *_received_faults(site, line)]
    for link in site.links.values():
        faults += [*document_faults(link), *_link_faults(site, link)]
    return faults


def document_faults(document: Document) -> Iterable[Fault]:
    """The values of a document that the settings of its fields do not allow."""
    kind, name = name_of(document)
    for misfit in misfits_of(document):
        yield misfit_fault(kind, name, misfit)


def misfit_fault(kind: str, name: str, misfit: Misfit, *, counts: str = "") -> Fault:
    """A value that is not allowed, as a fault; a secret is not repeated in it. `counts`: what holds in its place."""
    value = WHAT_IT_IS if misfit.place in HIDDEN else misfit.shown
    more = {"counts": counts} if counts else {}
    return _Told(kind, name)(misfit.place, FaultKind.NOT_ALLOWED, value=value, allowed=misfit.allowed, **more)


def _account_faults(site: Site, account: Account) -> Iterable[Fault]:
    told = _Told("account", account.username)
    for field_name, numbers in (
        ("lines", account.lines),
        *((name, (getattr(account, name),)) for name in ("default_line", "service_line", "sim_line")),
    ):
        for number in numbers:
            if number is not None and site.line(number) is None:
                yield told(field_name, FaultKind.NO_LINE, line=shown_name(number))
    for net in account.allowed_addresses:
        try:
            ipaddress.ip_network(net, strict=False)
        except ValueError:
            yield told("allowed_addresses", FaultKind.NO_NETWORK, value=shown(net))
    if account.webhook_url and not TARGET.fullmatch(account.webhook_url):
        yield told("webhook_url", FaultKind.NO_URL, value=shown(account.webhook_url))
    if account.webhook_secret and not is_named(account.webhook_secret):
        yield told("webhook_secret", FaultKind.NOT_NAMED)
    if account.webhook_url and not account.webhook_secret:
        yield told("webhook_url", FaultKind.UNSIGNED)
    if account.expires_at is not None:
        try:
            check_year(account.expires_at)
        except ValueError as error:
            yield told("expires_at", FaultKind.YEAR, said=words_of(error))
    for document in account.templates:
        try:
            document.template.check()
        except ValueError as error:
            yield told("templates", FaultKind.TEMPLATE, number=str(document.number), said=words_of(error))


def _line_faults(site: Site, line: Line) -> Iterable[Fault]:
    told = _Told("line", line.number)
    known = [site.links[use.link] for use in line.links if use.link in site.links]
    for use in line.links:
        if use.link not in site.links:
            yield told("links", FaultKind.NO_LINK, link=shown_name(use.link))
    if len({link.wire_split for link in known}) > 1:
        yield told("links", FaultKind.SPLITS_DIFFER)
        if any(link.kind is LinkKind.NEGIN for link in known):
            yield told("links", FaultKind.SPLIT_OF_NEGIN)
    if len({link.wire_alphabet for link in known}) > 1:
        yield told("links", FaultKind.ALPHABETS_DIFFER)
    try:
        _ = line.window
    except ValueError as error:
        yield told("hours", FaultKind.HOURS, said=words_of(error))
    if not line_key(line.number):
        yield told("number", FaultKind.NO_NUMBER)


def _received_faults(site: Site, line: Line) -> Iterable[Fault]:
    """What is wrong with the settings for messages from handsets."""
    told = _Told("line", line.number)
    for place, url in (("relay_url", line.relay_url), *(("keywords", k.url) for k in line.keywords)):
        if url and not TARGET.fullmatch(url):
            yield told(place, FaultKind.NO_URL, value=shown(url))
    if line.relay_secret and not is_named(line.relay_secret):
        yield told("relay_secret", FaultKind.NOT_NAMED)
    seen = Counter(fold(keyword.keyword) for keyword in line.keywords)
    for keyword in line.keywords:
        word = shown(keyword.keyword)
        if len(keyword.keyword.split()) != 1 or not fold(keyword.keyword) or seen[fold(keyword.keyword)] > 1:
            yield told("keywords", FaultKind.KEYWORD, keyword=word)
        if not keyword.url:
            yield told("keywords", FaultKind.KEYWORD_URL, keyword=word)
        if keyword.account not in site.accounts:
            yield told("keywords", FaultKind.NO_ACCOUNT, keyword=word, account=shown_name(keyword.account))


def _link_faults(site: Site, link: Link) -> Iterable[Fault]:
    told = _Told("link", link.name)
    for number in link.receives_for:
        if site.line(number) is None:
            yield told("receives_for", FaultKind.NO_LINE, line=shown_name(number))
    if link.kind is LinkKind.NEGIN:
        if not _SERVER.match(link.url):
            yield told("url", FaultKind.NO_SERVER)
        if not link.system_id:
            yield told("system_id", FaultKind.NO_USER)
    else:
        yield from login_faults(link, {})
    yield from _status_faults(told, link)


def _status_faults(told: _Told, link: Link) -> Iterable[Fault]:
    """Statuses that nobody can read, that a table cannot turn, or that it names twice in two spellings."""
    seen: set[int] = set()
    for key in link.status_verdicts:
        text = key.strip().lower()
        if not _STATUS.fullmatch(text):
            yield told("status_verdicts", FaultKind.STATUS, key=shown(key))
            continue
        status = int(text[:-1], 16) if text.endswith("h") else int(text, 0)
        if not status and link.kind is LinkKind.SMPP:
            yield told("status_verdicts", FaultKind.STATUS_OF_TAKEN, key=shown(key))
        elif status in seen:
            yield told("status_verdicts", FaultKind.STATUS_TWICE, key=shown(key))
        seen.add(status)


def login_faults(link: Link, environment: Mapping[str, str]) -> Iterable[Fault]:
    """What no bind of SMPP 3.4 can hold of a link's login; a password in a variable is judged where that is set."""
    if link.kind is not LinkKind.SMPP:
        return
    password = link.password
    if is_named(password):
        password = "" if is_missing(password, environment) else resolve(password, environment, "a link's password")
    for place, value in (("system_id", link.system_id), ("password", password)):
        allowed = SMPP_OCTETS[place]
        if not allowed.fits(value):
            yield misfit_fault("link", link.name, Misfit(place, shown(value), allowed.words))


def signing_faults(document: Document, environment: Mapping[str, str]) -> Iterable[Fault]:
    """Why what a document names to sign posts with signs nothing; judged where its variable is set."""
    for field in ("webhook_secret", "relay_secret"):
        secret = getattr(document, field, "")
        if not is_named(secret) or is_missing(secret, environment):
            continue
        try:
            signing_key(resolve(secret, environment, field))
        except UnfitSecret as error:
            kind, name = name_of(document)
            yield Fault(
                kind=kind, name=name, field=field, why=FaultKind.UNFIT_SECRET, arguments={"said": words_of(error)}
            )


def shown_name(name: str) -> str:
    """A name that somebody wrote, plainly if it is short."""
    return name if len(name) <= 64 and name.isprintable() else shown(name)
