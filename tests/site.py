"""The site that the suite's houses are furnished with: two operators, seven lines, accounts of every kind, recipients.

Tests rely on its numbers, prices and accounts. The demo has a site of its own, which may change without them.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from msgspec.structs import replace

from payamak.domain.site import (
    Account,
    AnswerTypes,
    Document,
    Line,
    LineKind,
    Link,
    LinkUse,
    TemplateDocument,
)
from payamak.front.passwords import hash_password

LINE: Final = "9830003300"
LINE2: Final = "9830003301"
LINE_1000: Final = "10003300"
OTHER_LINE: Final = "9830003302"
"""The line of the account `other`, and of no other one."""

BUSY_LINE: Final = "9830003390"
"""Has a link of its own: a throttled operator slows that whole link down, and nobody else's messages."""

ALWAYS: Final = "always"
"""No hours: the suite runs at night too."""

SERVICE_LINE: Final = "9820003300"
SIM_LINE: Final = "989350003300"

PASSWORD: Final = "demo-3300"
QUOTING_PASSWORD: Final = "p@ss#1 $2%3&a+b=رمز"
"""Holds what breaks careless programs: @ # $ % & + =, a blank and Persian letters."""

MOBILES: Final = {
    "ok": "989120009000",
    "ok2": "989130009000",
    "opted_out": "989120009033",
    "opted_out_all": "989120009027",
}
"""Takes everything; the same; refuses LINE at once; refuses every line at once."""

_VERDICTS: Final[dict[str, int | str]] = {"0x0427": 27, "0x0433": 33}
_LATE_VERDICTS: Final[dict[str, int | str]] = {"027": 27, "033": 33}
ADVERTISING_LOGIN: Final = ("payamak", "adv-pass")
SERVICE_LOGIN: Final = ("payamak", "svc-pass")


def links(advertising_port: int, service_port: int) -> list[Link]:
    """Two binds to the advertising operator, one to the other; both name their opt-outs by vendor statuses."""
    common = Link(
        name="",
        window=50,
        response_timeout_s=10,
        status_verdicts=_VERDICTS,
        receipt_verdicts=_LATE_VERDICTS,
    )
    advertising = replace(
        common,
        name="advertising",
        port=advertising_port,
        system_id=ADVERTISING_LOGIN[0],
        password=ADVERTISING_LOGIN[1],
        upstream="advertising",
    )
    return [
        advertising,
        replace(advertising, name="busy"),
        replace(
            common,
            name="service",
            port=service_port,
            system_id=SERVICE_LOGIN[0],
            password=SERVICE_LOGIN[1],
        ),
    ]


def lines() -> list[Line]:
    """Advertising lines of the 3000s and the 1000s, the service line and a Chelcheleh line."""
    advertising, service = (LinkUse(link="advertising"),), (LinkUse(link="service"),)
    return [
        Line(number=LINE, links=advertising, hours=ALWAYS, gsm7_rial=2_100, ucs2_rial=900),
        Line(number=LINE2, links=advertising, hours=ALWAYS, gsm7_rial=2_300, ucs2_rial=1_000),
        Line(number=OTHER_LINE, links=advertising, hours=ALWAYS, gsm7_rial=2_100, ucs2_rial=900),
        Line(number=LINE_1000, links=advertising, hours=ALWAYS, gsm7_rial=2_100, ucs2_rial=900),
        Line(number=BUSY_LINE, links=(LinkUse(link="busy"),), hours=ALWAYS, gsm7_rial=2_100, ucs2_rial=900),
        Line(number=SERVICE_LINE, kind=LineKind.SERVICE, links=service, gsm7_rial=3_000, ucs2_rial=1_400),
        Line(
            number=SIM_LINE, kind=LineKind.SIM, links=service, messages_per_minute=0, gsm7_rial=6_000, ucs2_rial=3_000
        ),
    ]


def accounts() -> list[Account]:
    """The caller of most tests, and one account for each way of being refused or answered."""
    demo = Account(
        username="demo",
        password_hash=hash_password(PASSWORD),
        lines=(LINE, LINE2, LINE_1000, BUSY_LINE),
        default_line=LINE,
        service_line=SERVICE_LINE,
        sim_line=SIM_LINE,
        templates=(TemplateDocument(number=1, text="{text}", any_text=True),),
        default_template=1,
        verdict_wait_ms=5_000,
    )
    gone = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    return [
        demo,
        replace(demo, username="other", lines=(OTHER_LINE,), default_line=OTHER_LINE),
        replace(demo, username="quoting", password_hash=hash_password(QUOTING_PASSWORD)),
        replace(demo, username="poor"),
        replace(demo, username="inactive", is_active=False),
        replace(demo, username="expired", expires_at=gone),
        replace(demo, username="numeric", answer_types=AnswerTypes.NUMERIC),
        replace(demo, username="string", answer_types=AnswerTypes.STRING),
    ]


WITH_CREDIT: Final = ("demo", "other", "quoting", "inactive", "expired", "numeric", "string")
CREDIT_RIAL: Final = 1_000_000_000


def documents(advertising_port: int, service_port: int) -> list[Document]:
    """The whole site."""
    return [*links(advertising_port, service_port), *lines(), *accounts()]
