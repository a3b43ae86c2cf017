"""Lines: the sender numbers of a site, with their prices, their links and their rules."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Struct

from payamak.domain.events import OnAmbiguous, Rules
from payamak.domain.hours import Hours, parse_hours
from payamak.domain.message import Lane
from payamak.domain.money import MOST_PRICE_RIAL, Tariff
from payamak.domain.optout import OPT_IN_WORDS, OPT_OUT_WORDS
from payamak.setting import Items, Numbers, Setting, Text

DAY_MS = 86_400_000
HOUR_MS = 3_600_000

SIM_MESSAGES_PER_MINUTE = 8.0
"""Contract §4: about what one SIM card may send."""

ADVERTISING_HOURS = "07:00-22:00"
"""Contract §8."""

NAME = Text(64, least=1)
"""What an account or a link may be called."""

NUMBER = Text(20, least=1)
"""SMPP 3.4 §5.2.8: a source address has at most 20 digits."""

URL = Text(2_000)
SECRET = Text(256)
POST_TIMEOUT_S = Numbers(0.01, 60)
KEEP_DAYS = Numbers(0, 3_650)


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
    a higher rank are taken when all of the lower ones are down.
    """

    link: Annotated[str, Setting("The link's name.", "", NAME, fa="نام لینک")]
    rank: Annotated[
        int | None,
        Setting(
            "Lower ranks are taken first; without one, the place in the list, from 0.",
            "",
            Numbers(0, 1_000),
            fa="رتبه",
        ),
    ] = None
    share: Annotated[
        int, Setting("Its weight among the links of its rank; 0 takes nothing.", "", Numbers(0, 1_000), fa="سهم")
    ] = 1
    prefixes: Annotated[
        tuple[str, ...],
        Setting(
            "Recipients that it is for, by how they begin, such as 98912; none means all.",
            "",
            Items(200, Text(15, least=1)),
            fa="پیش‌شماره‌ها",
        ),
    ] = ()


class Keyword(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A web request: received messages whose first word is `keyword` are posted to `url`.

    What it answers goes back to the sender.
    """

    keyword: Annotated[str, Setting("The first word of the message.", "", Text(64, least=1), fa="کلیدواژه")]
    url: Annotated[str, Setting("Where the message is posted.", "", URL, fa="نشانی ارسال")]
    account: Annotated[
        str, Setting("The username of the account that pays for the answer.", "", NAME, fa="حساب پرداخت‌کننده")
    ]


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A sender number, its prices per part, its links, and its rules; and what becomes of what handsets send to it."""

    number: Annotated[str, Setting("The sender number; its name.", "", NUMBER, fa="شماره خط")]
    kind: Annotated[
        LineKind,
        Setting("What it carries: advertising falls under the opt-out lists, service and sim do not.", fa="نوع خط"),
    ] = LineKind.ADVERTISING
    links: Annotated[
        tuple[LinkUse, ...],
        Setting("The links that it goes by, in order of preference.", "", Items(32), fa="لینک‌ها"),
    ] = ()
    gsm7_rial: Annotated[
        int, Setting("Price of a part of a Latin text.", "rial", Numbers(0, MOST_PRICE_RIAL), fa="بهای هر بخش لاتین")
    ] = 0
    ucs2_rial: Annotated[
        int, Setting("Price of a part of a Persian text.", "rial", Numbers(0, MOST_PRICE_RIAL), fa="بهای هر بخش فارسی")
    ] = 0
    on_ambiguous: Annotated[
        OnAmbiguous,
        Setting(
            "What becomes of a message whose answer is lost: sent again (resend) or held as unknown (hold).",
            fa="اگر پاسخ گم شد",
        ),
    ] = OnAmbiguous.RESEND
    most_tries: Annotated[
        int,
        Setting(
            "Tries of a part in a step that may stay without an answer, the first included.",
            "tries",
            Numbers(1, 9),
            fa="بیشترین تلاش بی‌پاسخ",
        ),
    ] = 3
    on_late_opt_out: Annotated[
        OnLateOptOut,
        Setting(
            "What becomes of the price when the receipt brings an opt-out: refund or keep.",
            fa="بها پس از لغوِ دیرهنگام",
        ),
    ] = OnLateOptOut.REFUND
    opt_out_memory_days: Annotated[
        float,
        Setting(
            "How long an opt-out that an operator's answer has shown is remembered.",
            "days",
            Numbers(0, 3_650),
            fa="مدت یادسپاری لغو",
        ),
    ] = 7
    receipt_grace_hours: Annotated[
        float,
        Setting(
            "How long after its deadline a message waits for a receipt; then it is unknown.",
            "hours",
            Numbers(0, 2_160),
            fa="مهلت رسید پس از سررسید",
        ),
    ] = 24
    lane: Annotated[
        LaneName | None,
        Setting("The class of all its messages: otp, normal or bulk; nothing said: each by itself.", fa="رده"),
    ] = None
    hours: Annotated[
        str,
        Setting(
            "When it sends: a window in Tehran such as 07:00-22:00, or always. "
            "Nothing said: 07:00-22:00 for advertising, always for the others.",
            "",
            Text(32),
            fa="ساعت‌های ارسال",
        ),
    ] = ""
    outside_hours: Annotated[
        OutsideHours,
        Setting("What becomes of a message outside its hours: refuse or hold.", fa="بیرون از ساعت‌ها"),
    ] = OutsideHours.REFUSE
    footer: Annotated[
        str,
        Setting("Written under every text of its own, such as «لغو۱۱», and counted.", "", Text(300), fa="پانویس"),
    ] = ""
    messages_per_minute: Annotated[
        float | None,
        Setting(
            "Its own pace, whatever its links may do; 0 is none. Nothing said: 8 for kind sim, else none.",
            "messages a minute",
            Numbers(0.01, 60_000, or_zero=True),
            fa="پیام در دقیقه",
        ),
    ] = None
    relay_url: Annotated[
        str,
        Setting("Where what it receives is posted, unless a keyword takes it.", "", URL, fa="نشانی پیام‌های دریافتی"),
    ] = ""
    relay_secret: Annotated[
        str,
        Setting("Signs these posts: env:NAME, the variable that has it.", "", SECRET, fa="راز امضا"),
    ] = ""
    relay_timeout_s: Annotated[
        float, Setting("How long a post may take.", "seconds", POST_TIMEOUT_S, fa="مهلت ارسال به نشانی")
    ] = 10
    allow_private_target: Annotated[bool, Setting("Posts may go to private addresses.", fa="اجازه نشانی داخلی")] = False
    keywords: Annotated[
        tuple[Keyword, ...],
        Setting("Web requests: first words that have a URL of their own.", "", Items(1_000), fa="کلیدواژه‌ها"),
    ] = ()
    opt_out_words: Annotated[
        tuple[str, ...],
        Setting("Whole messages that take a sender off the line.", "", Items(100, Text(70, least=1)), fa="واژه‌های لغو"),
    ] = OPT_OUT_WORDS
    opt_in_words: Annotated[
        tuple[str, ...],
        Setting("Whole messages that put a sender on again.", "", Items(100, Text(70, least=1)), fa="واژه‌های وصل"),
    ] = OPT_IN_WORDS
    join_minutes: Annotated[
        float,
        Setting(
            "How long a long message waits for its parts.", "minutes", Numbers(0.01, 10_080), fa="انتظار برای بخش‌ها"
        ),
    ] = 10
    keep_received_days: Annotated[
        float, Setting("How long what it received is kept.", "days", KEEP_DAYS, fa="نگه‌داری دریافتی‌ها")
    ] = 90
    is_suspended: Annotated[bool, Setting("Stopped by hand; what waits for it waits.", fa="متوقف")] = False

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
            grace_ms=int(self.receipt_grace_hours * HOUR_MS),
            most_tries=self.most_tries,
        )
