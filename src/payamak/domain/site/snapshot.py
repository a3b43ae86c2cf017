"""The snapshot of a site: all its documents, with the look-ups that a message needs.

The database keeps each document as JSON, `payamak apply` reads the same shapes from site.toml. A Site never changes; a
change makes a new one with a higher version. Money in rial, times in UTC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from payamak.domain.events import Rules
from payamak.domain.hours import Hours
from payamak.domain.marks import without_marks
from payamak.domain.numbers import line_key
from payamak.domain.site.accounts import Account
from payamak.domain.site.fault import Fault
from payamak.domain.site.kinds import Document
from payamak.domain.site.lines import Line
from payamak.domain.site.links import Link, LinkKind
from payamak.domain.templates import Template
from payamak.encoding.parts import Encoding, SplitMethod


class Bringers(Struct, frozen=True, kw_only=True):
    """Who may bring messages from handsets for one line: upstreams by their links that serve it, and links by name."""

    upstreams: frozenset[str]
    links: frozenset[str]


class Site(Struct, frozen=True, kw_only=True):
    """An immutable snapshot of the configuration, with the look-ups that a message needs.

    `mended`: what stood in the store's documents and is not allowed (any more), so that another value counts in its
    place; see stored.py.
    """

    version: int = 0
    accounts: Mapping[str, Account] = field(default_factory=dict)
    lines: Mapping[str, Line] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    intake_is_suspended: bool = False
    accounts_by_key: Mapping[str, Account] = field(default_factory=dict)
    accounts_by_id: Mapping[int, Account] = field(default_factory=dict)
    lines_by_key: Mapping[str, Line] = field(default_factory=dict)
    rules_by_line: Mapping[str, Rules] = field(default_factory=dict)
    windows_by_line: Mapping[str, Hours] = field(default_factory=dict)
    intervals_by_line: Mapping[str, int] = field(default_factory=dict)
    bringers_by_line: Mapping[str, Bringers] = field(default_factory=dict)
    templates_by_account: Mapping[int, Mapping[int, Template]] = field(default_factory=dict)
    mended: tuple[Fault, ...] = ()
    upstreams: Mapping[str, str] = field(default_factory=dict)

    def upstream_of(self, link: Link) -> str:
        """The operator's name: links of one upstream share its message ids and receipts.

        Links with one host, port and login are one operator, unless they say otherwise: the name that one of them
        says, if only one is said, else that of the first of them.
        """
        return link.upstream or self.upstreams.get(link.name, link.name)

    @property
    def missing_kinds(self) -> tuple[str, ...]:
        """The kinds of which there is no document, as KINDS names them; with any of them nobody can send."""
        kinds = {"link": self.links, "line": self.lines, "account": self.accounts}
        return tuple(kind for kind, documents in kinds.items() if not documents)

    def account(self, text: str) -> Account | None:
        """The account of this name, marks in it and blanks around it not counted (contract §5)."""
        return self.accounts.get(text) or self.accounts_by_key.get(without_marks(text))

    def line(self, text: str) -> Line | None:
        """The line registered under this number, in either spelling (contract §5)."""
        return self.lines.get(text) or self.lines_by_key.get(line_key(text))

    def rules(self, number: str) -> Rules:
        """The rules of a line; the defaults for one that is no longer configured."""
        return self.rules_by_line.get(number) or _DEFAULT_RULES

    def counts(self, number: str, upstream: str, link: str) -> bool:
        """Whether what this link of this upstream brings from handsets counts for a registered line.

        A link of the same upstream serves the line, or the link itself names it (`receives_for`).
        """
        bringers = self.bringers_by_line.get(number)
        return bringers is not None and (upstream in bringers.upstreams or link in bringers.links)

    def split_of(self, line: Line) -> SplitMethod:
        """How texts of this line are cut: as its first link says (validated: all its links say the same)."""
        for use in line.links:
            if link := self.links.get(use.link):
                return link.wire_split
        return SplitMethod.UDH8

    def alphabet_of(self, line: Line) -> Encoding:
        """How texts of this line are written where they need no UCS-2: as its first link says, like the cut."""
        for use in line.links:
            if link := self.links.get(use.link):
                return link.wire_alphabet
        return Encoding.GSM7


_DEFAULT_RULES = Rules()


def build_site(
    documents: Iterable[Document], version: int, *, intake_is_suspended: bool = False, mended: tuple[Fault, ...] = ()
) -> Site:
    """Put documents together to a snapshot. References between them are checked by `faults_of`, not here."""
    accounts: dict[str, Account] = {}
    lines: dict[str, Line] = {}
    links: dict[str, Link] = {}
    for document in documents:
        match document:
            case Account():
                accounts[document.username] = document
            case Line():
                lines[document.number] = document
            case Link():
                links[document.name] = document
    shared = _shared_upstreams(links.values())
    return Site(
        version=version,
        accounts=accounts,
        lines=lines,
        links=links,
        intake_is_suspended=intake_is_suspended,
        mended=mended,
        accounts_by_key=_by_key(accounts),
        upstreams=shared,
        accounts_by_id={a.id: a for a in accounts.values()},
        lines_by_key={line_key(number): line for number, line in lines.items()},
        intervals_by_line={number: line.interval_ms for number, line in lines.items() if line.interval_ms},
        windows_by_line={number: window for number, line in lines.items() if (window := _window_of(line))},
        rules_by_line={number: line.rules for number, line in lines.items()},
        bringers_by_line=_bringers(lines, links, shared),
        templates_by_account={
            a.id: {t.number: t.template for t in a.templates} for a in accounts.values() if a.templates
        },
    )


def _bringers(lines: Mapping[str, Line], links: Mapping[str, Link], shared: Mapping[str, str]) -> dict[str, Bringers]:
    named: dict[str, set[str]] = {}
    for link in links.values():
        for number in link.receives_for:
            named.setdefault(line_key(number), set()).add(link.name)
    found = {}
    for number, line in lines.items():
        uses = {use.link for use in line.links}
        upstreams = frozenset(links[use].upstream or shared.get(use, use) for use in uses if use in links)
        found[number] = Bringers(upstreams=upstreams, links=frozenset(uses | named.get(line_key(number), set())))
    return found


def _by_key(accounts: Mapping[str, Account]) -> dict[str, Account]:
    """By their names without marks; two that differ by nothing else are found by their exact names only."""
    keys = Counter(without_marks(name) for name in accounts)
    return {key: account for name, account in accounts.items() if keys[key := without_marks(name)] == 1}


def is_one_login(one: Link, other: Link) -> bool:
    """Whether two links are binds of one login at one operator."""
    login = _login_of(one)
    return login is not None and login == _login_of(other)


def _login_of(link: Link) -> tuple[str, int, str] | None:
    """By what an operator knows a link; None where that says nothing."""
    is_told = link.kind is LinkKind.SMPP and link.system_id
    return (link.host.casefold(), link.port, link.system_id) if is_told else None


def _shared_upstreams(links: Iterable[Link]) -> dict[str, str]:
    """The operator of each link that names none and has its login in common with others."""
    logins: dict[tuple[str, int, str], list[Link]] = {}
    for link in links:
        if (login := _login_of(link)) is not None:
            logins.setdefault(login, []).append(link)
    found: dict[str, str] = {}
    for alike in logins.values():
        said = {link.upstream for link in alike if link.upstream}
        silent = [link.name for link in alike if not link.upstream]
        if silent:
            found |= dict.fromkeys(silent, said.pop() if len(said) == 1 else min(silent))
    return found


def _window_of(line: Line) -> Hours | None:
    """The window as far as it can be read: what cannot be is told by `faults_of`, and never gets into a store."""
    try:
        return line.window
    except ValueError:
        return None
