"""What a site is made of: accounts, lines, links and templates, as typed documents.

The database keeps each as one JSON document, `payamak apply` reads the same shapes from site.toml. A Site is an
immutable snapshot of all of them; a change makes a new one with a higher version. Money in rial, times in UTC.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct, field

from payamak.codes import Code
from payamak.domain.events import OnAmbiguous, Rules
from payamak.domain.hours import Hours, parse_hours
from payamak.domain.message import Lane, State
from payamak.domain.mo import fold
from payamak.domain.money import Tariff
from payamak.domain.numbers import line_key
from payamak.domain.operator_ids import IdBase
from payamak.domain.optout import OPT_IN_WORDS, OPT_OUT_WORDS
from payamak.domain.posting import TARGET
from payamak.domain.templates import Template
from payamak.domain.webhooks import webhook_faults
from payamak.encoding.parts import SplitMethod

DAY_MS = 86_400_000
SIM_MESSAGES_PER_MINUTE = 8.0
"""Contract §4: about what one SIM card may send."""

ADVERTISING_HOURS = "07:00-22:00"
"""Contract §8."""


class LineKind(StrEnum):
    """What a line may carry: advertising lines fall under the opt-out lists, service and SIM lines do not."""

    ADVERTISING = "advertising"
    SERVICE = "service"
    SIM = "sim"


class OnLateOptOut(StrEnum):
    """What becomes of the price of a step that was taken and then refused in the receipt (P5)."""

    REFUND = "refund"
    KEEP = "keep"


class OutsideHours(StrEnum):
    """What becomes of a message for an advertising line outside its hours (contract §8)."""

    REFUSE = "refuse"
    HOLD = "hold"


class AnswerTypes(StrEnum):
    """The types of the values in wsSend's `data` (contract §1)."""

    DOCUMENT = "document"
    NUMERIC = "numeric"
    STRING = "string"


class LaneName(StrEnum):
    """A class by its name, for documents."""

    OTP = "otp"
    NORMAL = "normal"
    BULK = "bulk"

    @property
    def lane(self) -> Lane:
        """The class itself."""
        return Lane[self.name]


class LinkUse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One link of a line: tried in order; `share` weighs links of the same rank, `prefixes` narrow recipients.

    A rank is the place in the list unless `rank` says otherwise; links of one rank share the traffic, links of
    a higher rank are taken when all of the lower ones are down. Prefixes are written as 98912…; none means all.
    """

    link: str
    rank: int | None = None
    share: int = 1
    prefixes: tuple[str, ...] = ()


class Keyword(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A web request: received messages whose first word is `keyword` are posted to `url`.

    What it answers goes back to the sender; the account of this username pays for that.
    """

    keyword: str
    url: str
    account: str


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A sender number, its prices per part, its links, and its rules.

    `hours` is a window in Tehran such as 07:00-22:00, or "always"; nothing said means 07:00-22:00 for an advertising
    line and always for the others. `messages_per_minute` paces the line by itself, whatever its links may do: nothing
    said means 8 for a line of kind sim (one SIM card; 16 for two), 0 is no pace. `footer` (say «لغو۱۱») is written
    under every text of its own, and counted.

    What handsets send to it (MO): `relay_url` gets each message, unless one of `keywords` takes it. Posts are signed if
    `relay_secret` names a variable (`env:NAME`); they go to private addresses only with `allow_private_target`.
    `join_minutes`: how long a long message waits for its parts. `opt_out_words` and `opt_in_words` are whole messages.
    """

    number: str
    kind: LineKind = LineKind.ADVERTISING
    links: tuple[LinkUse, ...] = ()
    gsm7_rial: int = 0
    ucs2_rial: int = 0
    on_ambiguous: OnAmbiguous = OnAmbiguous.RESEND
    on_late_opt_out: OnLateOptOut = OnLateOptOut.REFUND
    opt_out_memory_days: float = 7
    receipt_grace_hours: float = 24
    lane: LaneName | None = None
    hours: str = ""
    outside_hours: OutsideHours = OutsideHours.REFUSE
    footer: str = ""
    messages_per_minute: float | None = None
    relay_url: str = ""
    relay_secret: str = ""
    relay_timeout_s: float = 10
    allow_private_target: bool = False
    keywords: tuple[Keyword, ...] = ()
    opt_out_words: tuple[str, ...] = OPT_OUT_WORDS
    opt_in_words: tuple[str, ...] = OPT_IN_WORDS
    join_minutes: float = 10
    keep_received_days: float = 90
    is_suspended: bool = False

    @property
    def tariff(self) -> Tariff:
        """The prices per part."""
        return Tariff(gsm7_rial=self.gsm7_rial, ucs2_rial=self.ucs2_rial)

    @property
    def window(self) -> Hours | None:
        """When it may send; None is always. Raises ValueError for hours that cannot be read."""
        if self.hours:
            return parse_hours(self.hours)
        return parse_hours(ADVERTISING_HOURS) if self.kind is LineKind.ADVERTISING else None

    @property
    def interval_ms(self) -> int:
        """Milliseconds between two messages; 0 where the line has no pace of its own."""
        default = SIM_MESSAGES_PER_MINUTE if self.kind is LineKind.SIM else 0.0
        pace = default if self.messages_per_minute is None else self.messages_per_minute
        return int(60_000 / pace) if pace > 0 else 0

    @property
    def rules(self) -> Rules:
        """What `advance()` has to know of this line."""
        return Rules(
            on_ambiguous=self.on_ambiguous,
            optout_memory_ms=int(self.opt_out_memory_days * DAY_MS),
            grace_ms=int(self.receipt_grace_hours * 3_600_000),
        )


class LinkKind(StrEnum):
    """How a link speaks to the operator."""

    SMPP = "smpp"
    NEGIN = "negin"


class BindMode(StrEnum):
    """SMPP 3.4 §4.1: what a bind is for."""

    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"


class Link(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One bind to an operator.

    `status_verdicts` maps an SMPP command_status (written 0x…) to one of our codes, `receipt_verdicts` the
    receipt's `err` or `stat` likewise: there is no standard code for an opt-out (contract §3). `password` may
    be written as `env:NAME`, then it is read from the environment at start. `sends_validity` False is for an operator
    that refuses a validity_period; then only we know the deadline. `echoes_reference`: it returns
    user_message_reference in its receipts.

    A link of kind `negin` has a `url` in place of host and port, `system_id` is the user name there, `window` how many
    calls may be open. Both tables then have the server's own numbers for keys: its codes and its state codes.
    `service_template`: template steps go as type=2 with this template number, not by their line. States are asked
    after each of `poll_pauses_s` in turn, then every `poll_every_s`, more rarely as a message grows old.
    """

    name: str
    kind: LinkKind = LinkKind.SMPP
    host: str = "127.0.0.1"
    port: int = 2775
    system_id: str = ""
    password: str = ""
    system_type: str = ""
    bind_mode: BindMode = BindMode.TRANSCEIVER
    window: int = 10
    parts_per_second: float = 0
    response_timeout_s: float = 60
    enquire_link_s: float = 30
    trial_after: int = 10
    trial_minutes: float = 5
    split: SplitMethod = SplitMethod.UDH8
    gives_receipts: bool = True
    echoes_reference: bool = False
    sends_validity: bool = True
    id_base: IdBase = IdBase.AUTO
    upstream: str = ""
    tls: bool = False
    tls_ca_file: str = ""
    tls_certificate_file: str = ""
    tls_key_file: str = ""
    tls_server_name: str = ""
    source_ton: int = 0
    source_npi: int = 0
    recipient_ton: int = 1
    recipient_npi: int = 1
    service_type: str = ""
    status_verdicts: dict[str, int] = field(default_factory=dict)
    receipt_verdicts: dict[str, int] = field(default_factory=dict)
    url: str = ""
    service_template: int | None = None
    poll_pauses_s: tuple[float, ...] = (2, 5, 15, 60)
    poll_every_s: float = 300
    is_suspended: bool = False

    def __repr__(self) -> str:
        return f"Link(name={self.name!r})"  # without its password

    @property
    def upstream_name(self) -> str:
        """The operator's name: links of one upstream share its message ids (and receipts)."""
        return self.upstream or self.name

    @property
    def wire_split(self) -> SplitMethod:
        """How this link wants a text: a server of the contract takes it whole and cuts it itself."""
        return SplitMethod.PAYLOAD if self.kind is LinkKind.NEGIN else self.split


class TemplateDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An approved text of an account (contract §4)."""

    number: int
    text: str
    patterns: dict[str, str] = field(default_factory=dict)
    any_text: bool = False

    @property
    def template(self) -> Template:
        """The pure rule; raises ValueError for a broken pattern."""
        return Template(number=self.number, text=self.text, patterns=self.patterns, any_text=self.any_text)


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A customer: who it is, what it may use, how it is answered.

    `id` is given by the store (0 until then). `credential_version` grows with every new password, so that a
    cached verification dies with it. `lane` overrules the class of all its messages.

    `webhook_url` is told of every change of a message's state, or of those that come to one of `webhook_states`; the
    posts are signed with `webhook_secret` (`env:NAME`) and go to private addresses only with
    `webhook_allow_private_target`.
    """

    username: str
    id: int = 0
    password_hash: str = ""
    credential_version: int = 1
    is_active: bool = True
    expires_at: dt.datetime | None = None
    allowed_addresses: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    default_line: str | None = None
    service_line: str | None = None
    sim_line: str | None = None
    templates: tuple[TemplateDocument, ...] = ()
    default_template: int | None = None
    verdict_wait_ms: int = 1_000
    answer_types: AnswerTypes = AnswerTypes.DOCUMENT
    unknown_state: int = 4
    min_interval_ms: int = 0
    max_parts: int = 10
    lane: LaneName | None = None
    keep_days: float = 90
    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_timeout_s: float = 10
    webhook_allow_private_target: bool = False
    webhook_states: tuple[State, ...] = ()

    def __repr__(self) -> str:
        return f"Account(username={self.username!r}, id={self.id})"  # without its hash

    def has_expired(self, now: int) -> bool:
        """True from the instant `expires_at` on."""
        return self.expires_at is not None and now >= int(self.expires_at.timestamp() * 1_000)

    def allows(self, address: str) -> bool:
        """True if a client at this address may use the account; an empty list allows every address."""
        if not self.allowed_addresses:
            return True
        try:
            client = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(client, "ipv4_mapped", None)
        client = mapped or client
        return any(client in ipaddress.ip_network(net, strict=False) for net in self.allowed_addresses)


Document = Account | Line | Link


class Site(Struct, frozen=True, kw_only=True):
    """An immutable snapshot of the configuration, with the look-ups that a message needs."""

    version: int = 0
    accounts: Mapping[str, Account] = field(default_factory=dict)
    lines: Mapping[str, Line] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    intake_is_suspended: bool = False
    accounts_by_id: Mapping[int, Account] = field(default_factory=dict)
    lines_by_key: Mapping[str, Line] = field(default_factory=dict)
    rules_by_line: Mapping[str, Rules] = field(default_factory=dict)
    windows_by_line: Mapping[str, Hours] = field(default_factory=dict)
    intervals_by_line: Mapping[str, int] = field(default_factory=dict)
    templates_by_account: Mapping[int, Mapping[int, Template]] = field(default_factory=dict)

    def line(self, text: str) -> Line | None:
        """The line registered under this number, in either spelling (contract §5)."""
        return self.lines.get(text) or self.lines_by_key.get(line_key(text))

    def rules(self, number: str) -> Rules:
        """The rules of a line; the defaults for one that is no longer configured."""
        return self.rules_by_line.get(number) or _DEFAULT_RULES

    def split_of(self, line: Line) -> SplitMethod:
        """How texts of this line are cut: as its first link says (validated: all its links say the same)."""
        for use in line.links:
            if link := self.links.get(use.link):
                return link.wire_split
        return SplitMethod.UDH8


_DEFAULT_RULES = Rules()


def build_site(documents: Iterable[Document], version: int, *, intake_is_suspended: bool = False) -> Site:
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
    return Site(
        version=version,
        accounts=accounts,
        lines=lines,
        links=links,
        intake_is_suspended=intake_is_suspended,
        accounts_by_id={a.id: a for a in accounts.values()},
        lines_by_key={line_key(number): line for number, line in lines.items()},
        intervals_by_line={number: line.interval_ms for number, line in lines.items() if line.interval_ms},
        windows_by_line={number: window for number, line in lines.items() if (window := _window_of(line))},
        rules_by_line={number: line.rules for number, line in lines.items()},
        templates_by_account={
            a.id: {t.number: t.template for t in a.templates} for a in accounts.values() if a.templates
        },
    )


LONGEST_RESPONSE_TIMEOUT_S = 600
"""Beyond ten minutes nobody answers any more, and until then the message stands on the wire (P7; taste)."""

_STATUS = re.compile(r"0x[0-9a-f]+|[0-9a-f]+h|0|[1-9][0-9]*", re.IGNORECASE)
"""The ways to write a command_status in a link's table; upstreams/verdicts.py reads them."""


def _window_of(line: Line) -> Hours | None:
    """The window as far as it can be read: what cannot be is told by `faults_of`, and never gets into a store."""
    try:
        return line.window
    except ValueError:
        return None


def faults_of(site: Site) -> list[str]:
    """What is wrong between the documents of a site, one English sentence each; empty if all is well."""
    faults = []
    for account in site.accounts.values():
        named = (*account.lines, account.default_line, account.service_line, account.sim_line)
        for number in named:
            if number is not None and site.line(number) is None:
                faults.append(f"account {account.username}: line {number} is not configured")
        for net in account.allowed_addresses:
            try:
                ipaddress.ip_network(net, strict=False)
            except ValueError:
                faults.append(f"account {account.username}: {net!r} is no address or network such as 10.0.0.0/8")
        if account.unknown_state not in (0, 4):
            faults.append(f"account {account.username}: unknown_state is 4 or 0, not {account.unknown_state}")
        hook = (account.webhook_url, account.webhook_secret, account.webhook_timeout_s)
        faults += [f"account {account.username}: {fault}" for fault in webhook_faults(*hook)]
        for document in account.templates:
            try:
                document.template.check()
            except ValueError as error:
                faults.append(f"account {account.username}: template {document.number}: {error}")
    spellings = Counter(line_key(number) for number in site.lines)
    for line in site.lines.values():
        if spellings[line_key(line.number)] > 1:
            faults.append(f"line {line.number}: it is configured twice, with and without 98")
        known = [site.links[use.link] for use in line.links if use.link in site.links]
        faults += [
            f"line {line.number}: link {use.link} is not configured" for use in line.links if use.link not in site.links
        ]
        if len({link.wire_split for link in known}) > 1:
            faults.append(f"line {line.number}: its links must have the same `split`, or parts and prices would differ")
            if any(link.kind is LinkKind.NEGIN for link in known):
                faults.append(f"line {line.number}: beside a link of kind negin the others have `split` payload")
        if min(line.gsm7_rial, line.ucs2_rial) < 0:
            faults.append(f"line {line.number}: a price cannot be below zero")
        try:
            _ = line.window
        except ValueError as error:
            faults.append(f"line {line.number}: {error}")
        if not line_key(line.number):
            faults.append(f"line {line.number!r}: a line is a number")
        faults += _received_faults(site, line)
    for link in site.links.values():
        faults += _link_faults(link)
    return faults


def _link_faults(link: Link) -> Iterable[str]:
    for key in link.status_verdicts:
        if not _STATUS.fullmatch(key.strip()):
            yield f"link {link.name}: status {key!r} is written 0x0427, 427h or 1063"
    for table in (link.status_verdicts, link.receipt_verdicts):
        for key, code in table.items():
            if code not in Code._value2member_map_:
                yield f"link {link.name}: verdict {key} = {code}: the code is one of {sorted(Code)}"
    if link.window < 1:
        yield f"link {link.name}: window is at least 1"
    if not 0 < link.response_timeout_s <= LONGEST_RESPONSE_TIMEOUT_S:
        # An answer that never comes must end as lost, or its message stands on the wire for ever.
        yield f"link {link.name}: response_timeout_s is above 0 and at most {LONGEST_RESPONSE_TIMEOUT_S}"
    if link.kind is LinkKind.NEGIN:
        yield from _negin_faults(link)


def _negin_faults(link: Link) -> Iterable[str]:
    if not re.match(r"https?://[^/?#@\s]+(/[^?#@\s]*)?\Z", link.url):
        yield f"link {link.name}: kind negin needs a url such as https://sms.example.ir, without login and query"
    if not link.system_id:
        yield f"link {link.name}: kind negin needs system_id, the user name at that server"
    if not link.poll_pauses_s or min(*link.poll_pauses_s, link.poll_every_s, 1) <= 0:
        yield f"link {link.name}: poll_pauses_s and poll_every_s are above zero, in seconds"


def _received_faults(site: Site, line: Line) -> Iterable[str]:
    """What is wrong with the settings for messages from handsets."""
    for url in filter(None, (line.relay_url, *(k.url for k in line.keywords))):
        if not TARGET.fullmatch(url):
            yield f"line {line.number}: {url!r} is no URL such as https://shop.example.ir/sms, without login"
    if line.relay_secret and not line.relay_secret.startswith("env:"):
        yield f"line {line.number}: relay_secret is written env:NAME, the variable that has it"
    if not 0 < line.relay_timeout_s <= 60 or line.join_minutes <= 0:
        yield f"line {line.number}: relay_timeout_s is above 0 and at most 60, join_minutes above 0"
    seen = Counter(fold(keyword.keyword) for keyword in line.keywords)
    for keyword in line.keywords:
        if len(keyword.keyword.split()) != 1 or not fold(keyword.keyword) or seen[fold(keyword.keyword)] > 1:
            yield f"line {line.number}: keyword {keyword.keyword!r}: it is one word, and there once"
        if not keyword.url:
            yield f"line {line.number}: keyword {keyword.keyword!r} needs a url"
        if keyword.account not in site.accounts:
            yield f"line {line.number}: keyword {keyword.keyword!r}: account {keyword.account} is not configured"
