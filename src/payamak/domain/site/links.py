"""Links: the binds of a site to its operators."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Struct, field

from payamak.codes import Code
from payamak.domain.ids import IdBase
from payamak.domain.site.lines import NAME, NUMBER, SECRET, URL
from payamak.domain.verdicts import COME_AGAIN
from payamak.encoding.parts import Encoding, SplitMethod
from payamak.encoding.user_data import Septets
from payamak.setting import Items, Numbers, Octets, OneOf, Setting, Table, Text

LONGEST_RESPONSE_TIMEOUT_S = 600
"""Beyond ten minutes nobody answers any more, and until then the message stands on the wire (P7; taste)."""

RECEIVED_PER_SECOND = 300.0
"""Far more than the handsets of a line send, and little beside what the disk takes (decision 43)."""

MOST_OPEN_PARTS = 10_000
"""Five minutes of nothing but halves at 30 a second; 2 MB. Taste."""

OCTET = Numbers(0, 255)
"""SMPP 3.4 §5.2.5 and §5.2.6: type and plan of a number are one octet each."""


class ReceiptWord(StrEnum):
    """What a link may say that a word of its receipts means, besides one of our codes."""

    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    EXPIRED = "expired"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    UNDER_WAY = "under_way"


class ReceiptsPer(StrEnum):
    """What one receipt of an operator is about: a part of a text, or the whole text."""

    PART = "part"
    MESSAGE = "message"


STATUS_VERDICTS = Table(1_000, Text(32, least=1), OneOf((*sorted(Code), *COME_AGAIN)))
RECEIPT_VERDICTS = Table(1_000, Text(32, least=1), OneOf((*sorted(Code), *(word.value for word in ReceiptWord))))
HOST = Text(253)
FILE = Text(4_096)
TEMPLATE_NUMBER = Numbers(0, 2**31 - 1)


class LinkKind(StrEnum):
    """How a link speaks to the operator."""

    SMPP = "smpp"
    NEGIN = "negin"


class BindMode(StrEnum):
    """SMPP 3.4 §4.1: what a bind is for."""

    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"


class LongText(StrEnum):
    """How a text of several parts travels: a header in each with a reference of 8 or 16 bits, parameters, or whole."""

    UDH = "udh"
    UDH16 = "udh16"
    SAR = "sar"
    PAYLOAD = "payload"


class DefaultAlphabet(StrEnum):
    """What data_coding 0 means to a centre, "SMSC default alphabet" (SMPP 3.4 §5.2.19)."""

    GSM7 = "gsm7"
    LATIN_1 = "latin-1"
    ASCII = "ascii"


class Validity(StrEnum):
    """How a message says until when it may be delivered (SMPP 3.4 §5.2.16): a span, an instant, or not at all."""

    RELATIVE = "relative"
    ABSOLUTE = "absolute"
    NONE = "none"


_SPLITS = {
    LongText.UDH: SplitMethod.UDH8,
    LongText.UDH16: SplitMethod.UDH16,
    LongText.SAR: SplitMethod.SAR,
    LongText.PAYLOAD: SplitMethod.PAYLOAD,
}


class Link(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One bind to an operator, or one account on another server of the contract (kind `negin`).

    A link of kind `negin` has a `url` in place of host and port, `system_id` is the user name there, `window` how many
    calls may be open. Both tables of verdicts then have the server's own numbers for keys: its codes and its states.
    """

    name: Annotated[str, Setting("Its name.", "", NAME, fa="نام لینک")]
    kind: Annotated[LinkKind, Setting("How it speaks to the operator: smpp or negin.", fa="نوع لینک")] = LinkKind.SMPP
    host: Annotated[str, Setting("The operator's address.", "", Text(HOST.most, least=1), fa="نشانی اپراتور")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Setting("The operator's port.", "", Numbers(1, 65_535), fa="درگاه")] = 2775
    system_id: Annotated[
        str,
        Setting("The login's name: for SMPP at most 15 octets (3.4 §5.2.1).", "", Text(64), fa="نام کاربری"),
    ] = ""
    password: Annotated[
        str,
        Setting(
            "The login's password, or env:NAME, read at the link's start; SMPP: at most 8 octets (3.4 §5.2.2).",
            "",
            SECRET,
            fa="گذرواژه",
        ),
    ] = ""
    system_type: Annotated[
        str, Setting("What the operator wants to be told at the bind (3.4 §5.2.3).", "", Octets(12), fa="نوع سامانه")
    ] = ""
    bind_mode: Annotated[
        BindMode, Setting("What the bind is for: transmitter, receiver or transceiver.", fa="نوع اتصال")
    ] = BindMode.TRANSCEIVER
    interface_version: Annotated[
        int,
        Setting("The version that the bind names (3.4 §5.2.4): 0x34, or 0x33.", "", OCTET, fa="نسخه پروتکل"),
    ] = 0x34
    bind_ton: Annotated[int, Setting("addr_ton of the bind (3.4 §5.2.5).", "", OCTET, fa="TON اتصال")] = 0
    bind_npi: Annotated[int, Setting("addr_npi of the bind (3.4 §5.2.6).", "", OCTET, fa="NPI اتصال")] = 0
    address_range: Annotated[
        str,
        Setting("Which numbers the bind is for, if the operator asks (3.4 §5.2.7).", "", Octets(40), fa="بازه نشانی"),
    ] = ""
    window: Annotated[int, Setting("Parts without an answer at a time.", "parts", Numbers(1, 10_000), fa="پنجره")] = 10
    parts_per_second: Annotated[
        float,
        Setting(
            "Its pace; 0 is without limit.", "parts a second", Numbers(0.01, 100_000, or_zero=True), fa="بخش در ثانیه"
        ),
    ] = 0
    response_timeout_s: Annotated[
        float,
        Setting(
            "How long an answer may take; then it is lost.",
            "seconds",
            Numbers(0.01, LONGEST_RESPONSE_TIMEOUT_S),
            fa="مهلت پاسخ",
        ),
    ] = 60
    enquire_link_s: Annotated[
        float,
        Setting(
            "Silence after which the operator is asked whether it is there; 0 is never.",
            "seconds",
            Numbers(0.01, 3_600, or_zero=True),
            fa="فاصله پرسش زنده‌بودن",
        ),
    ] = 30
    trial_after: Annotated[
        int,
        Setting(
            "Submits overdue, and no answer of any kind, after which a silent link is on trial: one at a time. "
            "The window, if that is smaller.",
            "submits",
            Numbers(1, 1_000),
            fa="آغاز آزمایش پس از",
        ),
    ] = 10
    trial_minutes: Annotated[
        float,
        Setting(
            "How long a link is on trial before it is broken and bound again.",
            "minutes",
            Numbers(0.1, 60),
            fa="مدت آزمایش",
        ),
    ] = 5
    enquire_link_always: Annotated[
        bool,
        Setting(
            "Ask every enquire_link_s, also while PDUs come: some operators cut a bind that never asks.",
            fa="پرسش همیشگی زنده‌بودن",
        ),
    ] = False
    bind_timeout_s: Annotated[
        float,
        Setting(
            "How long the answer to a bind may take, apart from connecting.",
            "seconds",
            Numbers(0.01, 300),
            fa="مهلت پاسخ اتصال",
        ),
    ] = 30
    unbind_wait_ms: Annotated[
        int,
        Setting(
            "How long outstanding answers are waited for before an unbind is answered or the link closed.",
            "milliseconds",
            Numbers(0, 10_000),
            fa="انتظار پیش از جدایی",
        ),
    ] = 1_500
    long_text: Annotated[
        LongText,
        Setting(
            "How a text of several parts travels: with a header (reference of 8 or 16 bits), with the sar parameters, "
            "or whole in message_payload.",
            fa="روش ارسال متن بلند",
        ),
    ] = LongText.UDH
    default_alphabet: Annotated[
        DefaultAlphabet,
        Setting("What data_coding 0 means to the operator, in both directions.", fa="الفبای پیش‌فرض"),
    ] = DefaultAlphabet.GSM7
    septets: Annotated[
        Septets,
        Setting(
            "How texts of septets come from handsets: unpacked, packed_behind_header, or packed.",
            fa="بسته‌بندی متن هفت‌بیتی",
        ),
    ] = Septets.UNPACKED
    gives_receipts: Annotated[bool, Setting("The operator sends receipts.", fa="رسید می‌دهد")] = True
    receipts_per: Annotated[
        ReceiptsPer | None,
        Setting(
            "One receipt is about a part, or about the whole text (message). Nothing said: about a part, and "
            "`payamak doctor` looks whether each long text gets only one.",
            fa="هر رسید برای",
        ),
    ] = None
    receipts_without_esm_class: Annotated[
        bool,
        Setting(
            "Its receipts come unmarked: what looks like one, with the id and numbers of a message of ours, is one.",
            fa="رسید بی‌نشان",
        ),
    ] = False
    echoes_reference: Annotated[
        bool, Setting("It returns user_message_reference in its receipts.", fa="مرجع را بازمی‌گرداند")
    ] = False
    validity: Annotated[
        Validity,
        Setting(
            "How a message says until when it may be delivered: as a span, as an instant of UTC, or not at all, for an "
            "operator that refuses both: then only we know the deadline.",
            fa="شکل اعتبار زمانی",
        ),
    ] = Validity.RELATIVE
    id_base: Annotated[
        IdBase,
        Setting("How its receipts write message ids; auto learns it.", fa="شکل شناسه در رسید"),
    ] = IdBase.AUTO
    upstream: Annotated[
        str,
        Setting(
            "The operator's name: its links share message ids. Nothing said: that of the links with the same host, "
            "port and login; else the link's name.",
            "",
            Text(64),
            fa="نام اپراتور",
        ),
    ] = ""
    tls: Annotated[bool, Setting("The connection is under TLS, 1.2 at least.", fa="TLS")] = False
    tls_ca_file: Annotated[
        str, Setting("The authority that its certificate is checked by; else the system's.", "", FILE, fa="پرونده مرجع")
    ] = ""
    tls_certificate_file: Annotated[str, Setting("Our certificate, where it wants one.", "", FILE, fa="گواهی ما")] = ""
    tls_key_file: Annotated[str, Setting("The key of our certificate.", "", FILE, fa="کلید گواهی")] = ""
    tls_server_name: Annotated[
        str, Setting("The name in its certificate, if it is not the host.", "", HOST, fa="نام در گواهی")
    ] = ""
    source_ton: Annotated[int, Setting("Type of number of the line (3.4 §5.2.5).", "", OCTET, fa="TON فرستنده")] = 0
    source_npi: Annotated[int, Setting("Numbering plan of the line (3.4 §5.2.6).", "", OCTET, fa="NPI فرستنده")] = 0
    recipient_ton: Annotated[int, Setting("Type of number of the recipient.", "", OCTET, fa="TON گیرنده")] = 1
    recipient_npi: Annotated[int, Setting("Numbering plan of the recipient.", "", OCTET, fa="NPI گیرنده")] = 1
    service_type: Annotated[str, Setting("The SMPP service_type (3.4 §5.2.11).", "", Octets(5), fa="نوع خدمت")] = ""
    status_verdicts: Annotated[
        dict[str, int | str],
        Setting(
            "What a command_status (0x0427, 427h or 1063) means: one of our codes, or that the message comes again: "
            "later, throttled (and the link rests), recipient (and the link does not, whatever the status).",
            "",
            STATUS_VERDICTS,
            fa="معنای وضعیت‌ها",
        ),
    ] = field(default_factory=dict)
    receipt_verdicts: Annotated[
        dict[str, int | str],
        Setting(
            "What a receipt's err, stat or message_state means: one of our codes, or a state.",
            "",
            RECEIPT_VERDICTS,
            fa="معنای رسیدها",
        ),
    ] = field(default_factory=dict)
    url: Annotated[
        str, Setting("Kind negin: the server, such as https://sms.example.ir.", "", URL, fa="نشانی سرور")
    ] = ""
    service_template: Annotated[
        int | None,
        Setting(
            "Kind negin: template steps go as type=2 with this template, not by their line.",
            "",
            TEMPLATE_NUMBER,
            fa="الگوی خدماتی",
        ),
    ] = None
    poll_pauses_s: Annotated[
        tuple[float, ...],
        Setting(
            "Kind negin: when a message's state is asked for after it was taken, one after the other.",
            "seconds",
            Items(20, Numbers(0.01, 86_400), least=1),
            fa="مکث‌های پرسش وضعیت",
        ),
    ] = (2, 5, 15, 60)
    poll_every_s: Annotated[
        float,
        Setting(
            "Kind negin: then so often, more rarely as the message grows old.",
            "seconds",
            Numbers(0.01, 86_400),
            fa="فاصله پرسش وضعیت",
        ),
    ] = 300
    receives_for: Annotated[
        tuple[str, ...],
        Setting(
            "Lines whose messages from handsets it may bring although no link of its operator serves them.",
            "",
            Items(10_000, NUMBER),
            fa="دریافت برای خط‌های",
        ),
    ] = ()
    received_per_second: Annotated[
        float,
        Setting(
            "Parts of messages from handsets that are taken; what is more is to come again.",
            "parts a second",
            Numbers(1, 10_000),
            fa="بخش دریافتی در ثانیه",
        ),
    ] = RECEIVED_PER_SECOND
    most_open_parts: Annotated[
        int,
        Setting(
            "Parts of long messages from handsets that wait for the others of theirs; what is more is to come again.",
            "parts",
            Numbers(255, 1_000_000),
            fa="بیشینه بخش‌های در انتظار",
        ),
    ] = MOST_OPEN_PARTS
    is_suspended: Annotated[bool, Setting("Stopped by hand.", fa="متوقف")] = False

    def __repr__(self) -> str:
        return f"Link(name={self.name!r})"  # without its password

    @property
    def wire_split(self) -> SplitMethod:
        """How this link wants a text: a server of the contract takes it whole and cuts it itself."""
        return SplitMethod.PAYLOAD if self.kind is LinkKind.NEGIN else _SPLITS[self.long_text]

    @property
    def wire_alphabet(self) -> Encoding:
        """How this link writes a text that needs no UCS-2; a server of the contract decides that itself."""
        return Encoding.GSM7 if self.kind is LinkKind.NEGIN else Encoding(self.default_alphabet.value)
