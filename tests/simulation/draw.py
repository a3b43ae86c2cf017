"""What a seed stands for: a site, what is sent when, and what goes wrong when. Everything is drawn before it begins."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from payamak.domain.events import OnAmbiguous
from payamak.domain.site import (
    Account,
    Document,
    LaneName,
    Line,
    LineKind,
    Link,
    LinkUse,
    OnLateOptOut,
    OutsideHours,
    TemplateDocument,
)
from payamak.simulator import IdFormat, Limits, ReceiptStyle, SimulatorConfig, Timing

DAY_S: Final = 86_400.0
HOUR_S: Final = 3_600.0

RESEND, HOLD, NIGHT, KEEP, SERVICE, SIM, BLIND = (
    "983000101",
    "983000102",
    "983000103",
    "983000104",
    "9820000105",
    "989350000106",
    "983000107",
)
"""Lines: ordinary, holding what is ambiguous, with hours, keeping the price, service, SIM, without receipts."""

LINES: Final = (RESEND, HOLD, NIGHT, KEEP, SERVICE, SIM, BLIND)
NORTH, NORTH2, SOUTH, DARK = "north", "north2", "south", "dark"
LINK_PORTS: Final = {NORTH: 2_775, NORTH2: 2_775, SOUTH: 2_776, DARK: 2_776}
PASSWORD: Final = "x"

_ENDINGS: Final = re.findall(
    r"\d{4}",
    "9000 9000 9000 9001 9002 9003 9004 9005 9006 9106 9033 9028 9027 9133 9128 9127 9010 9011 9040 9041 9042 9043 "
    "9044 9045 9050 9051 9052",
)

_NEVER_ANSWERED: Final = frozenset(("9040", "9041"))
"""Sent again every half minute as long as they live: a day of that shows nothing that ten minutes do not."""


class Send(Struct, frozen=True, kw_only=True):
    """One call of wsSend; `token` is in every part of its text and in no other's."""

    at_s: float
    token: str
    username: str
    recipient: str
    text: str
    line: str | None
    line2: str | None
    type: int
    life_minutes: int


class BatchSend(Struct, frozen=True, kw_only=True):
    """One batch with the caller's own ids; `again_at_s`: it is called once more, for the caller is unsure."""

    at_s: float
    again_at_s: float
    tokens: tuple[str, ...]
    recipients: tuple[str, ...]
    texts: tuple[str, ...]
    line: str
    check_ids: tuple[int, ...]


class Trouble(Struct, frozen=True, kw_only=True):
    """Something that goes wrong, or a hand that an operator lends; what `where`, `for_s`, `count` mean, `kind` says."""

    at_s: float
    kind: str
    where: str = ""
    for_s: float = 0.0
    count: int = 0


class Scenario(Struct, frozen=True, kw_only=True):
    """All of it. `lasts_s`: after that nothing goes wrong any more."""

    seed: int
    is_long: bool
    lasts_s: float
    documents: tuple[Document, ...]
    credit: int
    operators: tuple[SimulatorConfig, ...]
    sends: tuple[Send, ...]
    batches: tuple[BatchSend, ...]
    troubles: tuple[Trouble, ...]
    look_s: float
    commit_s: float
    thread_s: float
    latency_s: tuple[float, float]


def draw(seed: int, password_hash: str) -> Scenario:
    """The scenario of a seed; the same for ever, as long as this file stays the same."""
    rng = random.Random(f"scenario {seed}")
    is_long = rng.random() < 0.05
    lasts_s = rng.choice((0.5, 2, 5)) * DAY_S if is_long else rng.choice((10.0, 10.0, 40.0, 40.0, 150.0, 600.0))
    tokens = iter(f"{number:04d}" for number in rng.sample(range(1, 10_000), 80))
    recipients = _recipients(rng)
    batch_count = rng.choice((0, 0, 0, 0, 0, 1, 2))
    lives_for_days = is_long or batch_count > 0
    patient = [one for one in recipients if one[-4:] not in _NEVER_ANSWERED] or ["989120009000"]
    reached = patient if is_long else recipients
    sends = tuple(_send(rng, next(tokens), reached, lasts_s, is_long) for _ in range(rng.randint(3, 22)))
    batches = tuple(_batch(rng, tokens, patient, lasts_s, number) for number in range(batch_count))
    return Scenario(
        seed=seed,
        is_long=is_long,
        lasts_s=lasts_s,
        documents=(*_links(rng, lives_for_days), *_lines(rng, is_long), *_accounts(rng, password_hash)),
        credit=rng.choice((2_000, 20_000, 1_000_000, 1_000_000)),
        operators=(_operator(rng, lasts_s, is_long), _operator(rng, lasts_s, is_long)),
        sends=sends,
        batches=batches,
        troubles=tuple(sorted(_troubles(rng, lasts_s), key=lambda trouble: trouble.at_s)),
        look_s=60.0 if lives_for_days else rng.choice((1.0, 5.0, 20.0, 60.0, 60.0, 60.0)),
        commit_s=rng.choice((0.0, 0.002, 0.02, 0.2)),
        thread_s=rng.choice((0.0, 0.003, 0.05)),
        latency_s=rng.choice(((0.0005, 0.0), (0.02, 0.05), (0.2, 1.0))),
    )


# ---------------------------------------------------------------------------------------------- the site


def _links(rng: random.Random, lives_for_days: bool) -> list[Link]:
    links = []
    for name, port in LINK_PORTS.items():
        links.append(
            Link(
                name=name,
                port=port,
                system_id=name,
                password="p",
                upstream="south" if port == 2_776 else "north",
                window=rng.choice((1, 2, 10, 50)),
                parts_per_second=rng.choice((0, 0, 1, 5)),
                response_timeout_s=rng.choice((3, 10, 60)),
                enquire_link_s=rng.choice((600, 3_600)) if lives_for_days else rng.choice((5, 30, 120)),
                gives_receipts=name != DARK,
                echoes_reference=rng.random() < 0.3,
                status_verdicts={"0x0427": 27, "0x0433": 33},
                receipt_verdicts={"027": 27, "033": 33},
            )
        )
    return links


def _lines(rng: random.Random, is_long: bool) -> list[Line]:
    north: tuple[LinkUse, ...] = rng.choice(
        (
            (LinkUse(link=NORTH),),
            (LinkUse(link=NORTH), LinkUse(link=NORTH2)),
            (LinkUse(link=NORTH, rank=0, share=2), LinkUse(link=NORTH2, rank=0)),
            (LinkUse(link=NORTH), LinkUse(link=SOUTH)),
        )
    )
    south = (LinkUse(link=SOUTH),)
    night = rng.choice((OutsideHours.HOLD, OutsideHours.REFUSE))
    hours = "07:00-22:00" if is_long else rng.choice(("08:30-08:31", "08:31-08:33", "07:00-22:00"))
    base = Line(
        number="",
        links=north,
        hours="always",
        receipt_grace_hours=rng.choice((1, 24)) if is_long else rng.choice((0.05, 0.2, 0.5)),
    )
    service = replace(base, kind=LineKind.SERVICE, links=south)
    pace = rng.choice((6.0, 30.0, 60.0))
    return [
        replace(base, number=RESEND, ucs2_rial=100, gsm7_rial=200, footer=rng.choice(("", "لغو۱۱"))),
        replace(base, number=HOLD, ucs2_rial=110, gsm7_rial=210, on_ambiguous=OnAmbiguous.HOLD),
        replace(base, number=NIGHT, hours=hours, outside_hours=night, ucs2_rial=120, gsm7_rial=0),
        replace(base, number=KEEP, links=south, ucs2_rial=130, gsm7_rial=230, on_late_opt_out=OnLateOptOut.KEEP),
        replace(service, number=SERVICE, ucs2_rial=300, gsm7_rial=500),
        replace(service, number=SIM, kind=LineKind.SIM, ucs2_rial=600, gsm7_rial=900, messages_per_minute=pace),
        replace(base, number=BLIND, links=(LinkUse(link=DARK),), ucs2_rial=50, gsm7_rial=60),
    ]


def _accounts(rng: random.Random, password_hash: str) -> list[Account]:
    waits = (0, 1_000, 5_000)
    shop = Account(
        username="shop",
        password_hash=password_hash,
        lines=(RESEND, HOLD, NIGHT, KEEP, BLIND),
        default_line=rng.choice((RESEND, HOLD, KEEP)),
        service_line=SERVICE,
        sim_line=SIM,
        templates=(TemplateDocument(number=1, text="Code: {code}"),),
        default_template=1,
        keep_days=365,
        verdict_wait_ms=rng.choice(waits),
    )
    lane = rng.choice((None, LaneName.OTP))
    return [shop, replace(shop, username="bank", lane=lane, verdict_wait_ms=rng.choice(waits))]


def _operator(rng: random.Random, lasts_s: float, is_long: bool) -> SimulatorConfig:
    late_s = rng.choice((0.01, 0.3, 1.0)) * lasts_s
    return SimulatorConfig(
        timing=Timing(
            answer_ms=rng.choice((0, 0, 30, 700, 2_900)),
            receipt_ms=rng.choice((0, 50, 3_000, 60_000)),
            late_ms=int(late_s * 1_000),
        ),
        limits=Limits(submits_per_s=rng.choice((None, None, 3))),
        answer_ids=rng.choice((IdFormat.DECIMAL, IdFormat.DECIMAL, IdFormat.HEX, IdFormat.PADDED, IdFormat.UUID)),
        receipt_style=rng.choice(tuple(ReceiptStyle)),
        advertising_lines=frozenset((RESEND, HOLD, NIGHT, KEEP, BLIND)),
        refuse_lines=rng.choice((frozenset(), frozenset((RESEND, KEEP)))),
        receipt_retry_ms=30_000 if is_long else 2_000,
        receipt_timeout_s=5.0,
    )


# --------------------------------------------------------------------------------------------- the sends


def _recipients(rng: random.Random) -> list[str]:
    return [f"98912{rng.randrange(1_000):03d}{rng.choice(_ENDINGS)}" for _ in range(rng.randint(4, 30))]


def _text(rng: random.Random, token: str) -> str:
    """One part, or up to four, of either encoding; the token stands in every part."""
    repeats = rng.choice((1, 1, 1, 1, 12, 20, 45))
    body = f"{token} " * repeats
    return ("سلام " + body if rng.random() < 0.4 else body).strip()


def _send(rng: random.Random, token: str, recipients: Sequence[str], lasts_s: float, is_long: bool) -> Send:
    line, line2, send_type = rng.choice(_PLANS)
    minutes = (1, 5, 60, 600, 1_440, 10_080) if is_long else (1, 1, 2, 5, 10)
    return Send(
        at_s=_instant(rng, lasts_s * 0.8),
        token=token,
        username=rng.choice(("shop", "shop", "bank")),
        recipient=rng.choice(recipients),
        text=token if send_type == 2 else _text(rng, token),
        line=line,
        line2=line2,
        type=send_type,
        life_minutes=rng.choice(minutes),
    )


_PLANS: Final[tuple[tuple[str | None, str | None, int], ...]] = (
    (None, None, 0),
    (RESEND, None, 0),
    (RESEND, None, 0),
    (RESEND, KEEP, 0),
    (RESEND, SERVICE, 0),
    (RESEND, HOLD, 1),
    (HOLD, None, 0),
    (HOLD, RESEND, 0),
    (HOLD, None, 1),
    (NIGHT, None, 0),
    (NIGHT, RESEND, 1),
    (KEEP, RESEND, 2),
    (KEEP, None, 0),
    (None, None, 1),
    (None, None, 2),
    (BLIND, None, 0),
    (BLIND, HOLD, 2),
    (RESEND, NIGHT, 0),
)
"""line, line2, type."""


def _batch(
    rng: random.Random, tokens: Iterator[str], recipients: Sequence[str], lasts_s: float, number: int
) -> BatchSend:
    count = rng.randint(1, 12)
    mine = tuple(next(tokens) for _ in range(count))
    at_s = _instant(rng, lasts_s * 0.8)
    return BatchSend(
        at_s=at_s,
        again_at_s=at_s + rng.choice((0.0, 0.5, 30.0)),
        tokens=mine,
        recipients=tuple(rng.choice(recipients) for _ in mine),
        texts=tuple(_text(rng, token) for token in mine),
        line=rng.choice((RESEND, HOLD, NIGHT, KEEP, BLIND)),
        check_ids=tuple(10_000 * (number + 1) + place for place in range(count)),
    )


def _instant(rng: random.Random, until_s: float) -> float:
    """Anywhere, or near the begin, where a crowd meets."""
    return 1.0 + (rng.random() * min(until_s, 3.0) if rng.random() < 0.4 else rng.random() * until_s)


# ------------------------------------------------------------------------------------------- the troubles


def _troubles(rng: random.Random, lasts_s: float) -> list[Trouble]:
    count = rng.choice((0, 1, 2, 3, 5, 8))
    kinds = rng.choices(tuple(_KINDS), weights=[weight for weight, _ in _KINDS.values()], k=count)
    return [_KINDS[kind][1](rng, kind, _instant(rng, lasts_s * 0.9), lasts_s) for kind in kinds]


def _for_s(rng: random.Random, lasts_s: float) -> float:
    return rng.choice((0.3, 2.0, 15.0, 70.0, min(lasts_s * 0.5, HOUR_S)))


def _at_port(rng: random.Random, kind: str, at_s: float, lasts_s: float) -> Trouble:
    return Trouble(at_s=at_s, kind=kind, where=rng.choice(("2775", "2776")), for_s=_for_s(rng, lasts_s))


def _at_link(rng: random.Random, kind: str, at_s: float, lasts_s: float) -> Trouble:
    return Trouble(at_s=at_s, kind=kind, where=rng.choice(tuple(LINK_PORTS)), for_s=_for_s(rng, lasts_s))


def _at_line(rng: random.Random, kind: str, at_s: float, lasts_s: float) -> Trouble:
    return Trouble(at_s=at_s, kind=kind, where=rng.choice(LINES), for_s=_for_s(rng, lasts_s))


def _counted(rng: random.Random, kind: str, at_s: float, lasts_s: float) -> Trouble:
    return Trouble(at_s=at_s, kind=kind, count=rng.choice((1, 1, 2, 3, 8)), for_s=rng.choice((0.0, 1.0, 20.0, 100.0)))


def _counted_at_port(rng: random.Random, kind: str, at_s: float, lasts_s: float) -> Trouble:
    return Trouble(at_s=at_s, kind=kind, where=rng.choice(("2775", "2776")), for_s=rng.choice((0.3, 5.0, 60.0)))


def _by_seconds(rng: random.Random, kind: str, at_s: float, lasts_s: float) -> Trouble:
    """The machine's clock is wrong by so much, for less than the ten minutes after which that counts as true."""
    by_s = rng.choice((-3_600, -3_600, 86_400, 86_400, -70, 90, 7 * 86_400))
    return Trouble(at_s=at_s, kind=kind, count=by_s, for_s=rng.choice((0.1, 4.0, 4.0, 60.0, 300.0)))


_KINDS: Final[dict[str, tuple[float, Callable[[random.Random, str, float, float], Trouble]]]] = {
    "cut": (3, _at_port),
    "refuse": (2, _at_port),
    "stall": (2, _at_port),
    "silence": (2, _at_port),
    "slow": (1, _at_port),
    "throttle": (1, _counted_at_port),
    "refuse_binds": (1, _at_port),
    "drop_links": (1, _at_port),
    "unbind_links": (1, _at_port),
    "http_cut": (1, _counted),
    "fail_commits": (2, _counted),
    "mute_commits": (2, _counted),
    "broken_disk": (1, _counted),
    "slow_disk": (1, _counted),
    "crash": (3, _counted),
    "power_cut": (1, _counted),
    "die_before_commit": (3, _counted),
    "die_after_commit": (3, _counted),
    "restart": (2, _counted),
    "suspend_link": (1, _at_link),
    "change_link": (1, _at_link),
    "suspend_line": (1, _at_line),
    "move": (1, _at_line),
    "cancel": (2, _counted),
    "credit": (1, _counted),
    "suspend_intake": (0.5, _counted),
    "clock": (2, _by_seconds),
}
"""How often each kind comes, and how it is drawn."""
