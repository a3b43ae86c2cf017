"""Accounts: the customers of a site, and their templates."""

from __future__ import annotations

import datetime as dt
import ipaddress
from enum import StrEnum
from typing import Annotated

from msgspec import Struct, field

from payamak.domain.message import State
from payamak.domain.site.lines import KEEP_DAYS, NAME, NUMBER, POST_TIMEOUT_S, SECRET, URL, LaneName
from payamak.domain.site.links import TEMPLATE_NUMBER
from payamak.domain.templates import Template
from payamak.setting import Items, Numbers, OneOf, Setting, Table, Text


class AnswerTypes(StrEnum):
    """The types of the values in wsSend's `data` (contract §1)."""

    DOCUMENT = "document"
    NUMERIC = "numeric"
    STRING = "string"


class TemplateDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An approved text of an account (contract §4)."""

    number: Annotated[int, Setting("The number that callers name.", "", TEMPLATE_NUMBER, fa="شماره الگو")]
    text: Annotated[str, Setting("The text, its placeholders in braces: {code}.", "", Text(4_000), fa="متن")]
    patterns: Annotated[
        dict[str, str],
        Setting(
            "For a placeholder, a regular expression that its whole value must match.",
            "",
            Table(20, Text(64, least=1), Text(500)),
            fa="قالب جای‌نگه‌دارها",
        ),
    ] = field(default_factory=dict)
    any_text: Annotated[bool, Setting("Every text passes as it is.", fa="هر متنی")] = False

    @property
    def template(self) -> Template:
        """The pure rule; raises ValueError for a broken pattern."""
        return Template(number=self.number, text=self.text, patterns=self.patterns, any_text=self.any_text)


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A customer: who it is, what it may use, how it is answered.

    `id` is given by the store (0 until then). `credential_version` grows with every new password, so that a
    cached verification dies with it.
    """

    username: Annotated[str, Setting("The name that it calls by.", "", NAME, fa="نام کاربری")]
    id: Annotated[int, Setting("Its number in the store, which gives it.", "", Numbers(0, 2**53 - 1), fa="شناسه")] = 0
    password_hash: Annotated[
        str, Setting("Its password's argon2id hash; the store makes it.", "", Text(512), fa="درهم‌سازی گذرواژه")
    ] = ""
    credential_version: Annotated[
        int,
        Setting("Grows with every new password; the store counts it.", "", Numbers(0, 2**53 - 1), fa="نسخه گذرواژه"),
    ] = 1
    is_active: Annotated[bool, Setting("It may send and ask.", fa="فعال")] = True
    expires_at: Annotated[
        dt.datetime | None,
        Setting(
            "From this instant on it is refused; with its zone, or a Jalali date such as 1406-01-01.", fa="پایان اعتبار"
        ),
    ] = None
    allowed_addresses: Annotated[
        tuple[str, ...],
        Setting(
            "Client addresses or networks that it may call from; none means all.",
            "",
            Items(1_000, Text(64, least=1)),
            fa="نشانی‌های مجاز",
        ),
    ] = ()
    lines: Annotated[tuple[str, ...], Setting("The lines that it may use.", "", Items(10_000, NUMBER), fa="خط‌ها")] = ()
    default_line: Annotated[str | None, Setting("The line where a call names none.", "", NUMBER, fa="خط پیش‌فرض")] = None
    service_line: Annotated[str | None, Setting("The line of type=2.", "", NUMBER, fa="خط خدماتی")] = None
    sim_line: Annotated[str | None, Setting("The line of type=1, Chelcheleh.", "", NUMBER, fa="خط چلچله")] = None
    templates: Annotated[
        tuple[TemplateDocument, ...], Setting("Its approved texts.", "", Items(1_000), fa="الگوها")
    ] = ()
    default_template: Annotated[
        int | None, Setting("The template where a call names none.", "", TEMPLATE_NUMBER, fa="الگوی پیش‌فرض")
    ] = None
    verdict_wait_ms: Annotated[
        int,
        Setting(
            "How long wsSend waits for the operator's verdict before it answers; 0 is not at all.",
            "milliseconds",
            Numbers(0, 120_000),
            fa="انتظار برای نتیجه",
        ),
    ] = 1_000
    answer_types: Annotated[
        AnswerTypes,
        Setting("The types in wsSend's answer: document, numeric or string.", fa="نوع مقدارهای پاسخ"),
    ] = AnswerTypes.DOCUMENT
    unknown_state: Annotated[
        int, Setting("What wsStates says of a message that is unknown.", "", OneOf((0, 4)), fa="عدد وضعیت نامعلوم")
    ] = 4
    min_interval_ms: Annotated[
        int,
        Setting(
            "Calls that come sooner after the last one are told 409; 0 is no limit.",
            "milliseconds",
            Numbers(0, 3_600_000),
            fa="کمترین فاصله دو ارسال",
        ),
    ] = 0
    dedupe: Annotated[
        bool,
        Setting(
            "The same text to the same recipient twice in one call is one message; its id stands in both places.",
            fa="حذف گیرنده تکراری",
        ),
    ] = False
    max_parts: Annotated[int, Setting("Parts of its longest text.", "parts", Numbers(1, 255), fa="بیشترین بخش‌ها")] = 10
    lane: Annotated[
        LaneName | None,
        Setting("The class of all its messages: otp, normal or bulk; above what their lines say.", fa="رده"),
    ] = None
    keep_days: Annotated[
        float, Setting("How long its finished messages are kept.", "days", KEEP_DAYS, fa="نگه‌داری پیام‌ها")
    ] = 90
    webhook_url: Annotated[
        str, Setting("Where each change of a message's state is posted.", "", URL, fa="نشانی وب‌هوک")
    ] = ""
    webhook_secret: Annotated[
        str, Setting("Signs these posts: env:NAME, the variable that has it.", "", SECRET, fa="راز وب‌هوک")
    ] = ""
    webhook_timeout_s: Annotated[
        float, Setting("How long a post may take.", "seconds", POST_TIMEOUT_S, fa="مهلت وب‌هوک")
    ] = 10
    webhook_allow_private_target: Annotated[
        bool, Setting("Posts may go to private addresses.", fa="اجازه نشانی داخلی")
    ] = False
    webhook_states: Annotated[
        tuple[State, ...],
        Setting("The states that are told; none means all.", "", Items(len(State)), fa="وضعیت‌های گفتنی"),
    ] = ()

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
