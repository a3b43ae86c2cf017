"""May a waiting message go by another line: the rules of that line, one by one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.message import MOST_MOVES, Message, Reason, Relocation, Step, StepKind
from payamak.domain.moving import Bar, Move, judge
from payamak.domain.plan import make_plan
from payamak.domain.site import (
    Account,
    Line,
    LineKind,
    Link,
    LinkUse,
    OutsideHours,
    Site,
    TemplateDocument,
    build_site,
)
from payamak.domain.site.links import LongText
from payamak.domain.states import advance
from payamak.encoding.parts import Encoding, SplitMethod

DAY_MS = 86_400_000
NOW = 1_700_000_000_000
"""1:43 in Tehran."""

FROM, TO, SERVICE, SERVICE2, SIM, SIM2 = "3000", "3001", "2000", "2001", "912", "913"
ALI = "989120000001"
USE = (LinkUse(link="north"),)
TARGETS = {
    "plain": Line(number=TO, hours="always", links=USE),
    "dearer": Line(number=TO, hours="always", links=USE, ucs2_rial=901, gsm7_rial=100),
    "cheaper": Line(number=TO, hours="always", links=USE, ucs2_rial=1),
    "by day": Line(number=TO, links=USE),
    "by day, holds": Line(number=TO, links=USE, outside_hours=OutsideHours.HOLD),
    "service": Line(number=SERVICE, kind=LineKind.SERVICE, links=USE),
    "any service": Line(number=SERVICE2, kind=LineKind.SERVICE, links=USE),
    "sim": Line(number=SIM2, kind=LineKind.SIM, links=USE),
    "16 bits": Line(number=TO, hours="always", links=(LinkUse(link="wide"),), gsm7_rial=100, ucs2_rial=900),
    "payload": Line(number=TO, hours="always", links=(LinkUse(link="whole"),)),
    "with a footer": Line(number=TO, hours="always", links=USE, footer="لغو۱۲"),
}
SHOP = Account(
    username="shop",
    id=7,
    lines=(FROM, TO),
    service_line=SERVICE,
    sim_line=SIM,
    max_parts=3,
    templates=(TemplateDocument(number=1, text="کد ورود شما: {code}", patterns={"code": "[0-9]+"}),),
)


def site_of(target: Line) -> Site:
    """A site with a source of each kind, the target, and links that cut texts in three ways."""
    return build_site(
        [
            Line(number=FROM, hours="always", links=USE, gsm7_rial=100, ucs2_rial=900, footer="لغو۱۱"),
            Line(number=SERVICE2, kind=LineKind.SERVICE, links=USE),
            Line(number=SIM, kind=LineKind.SIM, links=USE),
            target,
            Link(name="north"),
            Link(name="wide", long_text=LongText.UDH16),
            Link(name="whole", long_text=LongText.PAYLOAD),
            SHOP,
        ],
        1,
    )


def message_of(site: Site, text: str = "سلام", line: str = FROM, kind: StepKind = StepKind.NORMAL) -> Message:
    """A message as it is accepted on a line, waiting."""
    plan = make_plan(site, SHOP, [(site.lines[line], kind)], text, None)
    return Message(
        id=1001,
        account_id=7,
        recipient=ALI,
        plan=plan,
        accepted_at=NOW,
        deadline_at=NOW + DAY_MS,
        due_at=NOW,
        changed_at=NOW,
    )


def judged(
    name: str,
    text: str = "سلام",
    line: str = FROM,
    kind: StepKind = StepKind.NORMAL,
    facts: dict[str, Code] | None = None,
    at_old_price: bool = False,
) -> ev.Moved | Bar:
    """What becomes of such a message when its line is moved to such a target."""
    target = TARGETS[name]
    site = site_of(target)
    move = Move(source=line, target=target.number, by="ali", at_old_price=at_old_price)
    return judge(site, move, target, message_of(site, text, line, kind), facts or {}, NOW)


def moved(name: str, text: str = "سلام", **more: object) -> Step:
    """The step as it stands after the move."""
    event = judged(name, text, **more)  # type: ignore[arg-type]
    assert isinstance(event, ev.Moved), event
    after, effects = advance(message_of(site_of(TARGETS[name]), text), event, NOW + 5)
    assert effects == ()
    return after.current


@pytest.mark.parametrize(
    ("name", "more", "expected"),
    [
        ("service", {}, Bar.TEMPLATE),
        ("service", {"text": "کد ورود شما: 12"}, Bar.TEMPLATE),
        ("any service", {}, Bar.TEMPLATE),
        ("dearer", {}, Bar.DEARER),
        ("by day", {}, Bar.HOURS),
        ("plain", {"facts": {TO: Code.OPTED_OUT_OF_LINE}}, Bar.OPTED_OUT),
        ("plain", {"facts": {"*": Code.OPTED_OUT}}, Bar.OPTED_OUT),
        ("16 bits", {"text": "x" * 459, "line": SERVICE2}, Bar.SPLIT),
    ],
)
def test_what_may_not_go(name: str, more: dict[str, object], expected: Bar) -> None:
    """What the target would not have taken at acceptance does not go there; with a footer it is no approved text."""
    assert judged(name, **more) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("plain", {}),
        ("plain", {"facts": {FROM: Code.OPTED_OUT_OF_LINE}}),
        ("sim", {"facts": {"*": Code.OPTED_OUT}}),
        ("dearer", {"at_old_price": True}),
        ("dearer", {"text": "hello", "line": SERVICE2, "at_old_price": True}),
        ("service", {"text": "کد ورود شما: 12", "line": SERVICE2}),
    ],
)
def test_what_may_go(name: str, more: dict[str, object]) -> None:
    """An approved text goes by a service line; what another line's rules say does not matter."""
    assert isinstance(judged(name, **more), ev.Moved)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["plain", "cheaper", "with a footer"])
def test_price_and_text_stay(name: str) -> None:
    """The price of acceptance (P5) and the text with the footer of acceptance go along, and no other footer."""
    step = moved(name)
    assert (step.line, step.price, step.text) == (TO, 900, "سلام\nلغو۱۱")


def test_the_kind_is_the_targets() -> None:
    """An approved text stays one by a service line, and is an ordinary text, under the opt-out lists, by another."""
    site = site_of(TARGETS["plain"])
    approved = replace(
        message_of(site, "کد ورود شما: 12", SERVICE2),
        plan=(
            Step(
                line=SERVICE, text="کد ورود شما: 12", encoding=Encoding.UCS2, parts=1, price=0, kind=StepKind.TEMPLATE
            ),
        ),
    )
    move = Move(source=SERVICE, target=TO, at_old_price=True)
    event = judge(site, move, TARGETS["plain"], approved, {}, NOW)
    assert isinstance(event, ev.Moved)
    assert (event.kind, event.advertising) == (StepKind.NORMAL, True)


def test_the_split_is_the_targets() -> None:
    """A text is cut as the target's link wants it, and counted anew: in two parts, or whole."""
    text = "س" * 100
    wide, whole = moved("16 bits", text, at_old_price=True), moved("payload", text)
    assert [(wide.split, wide.wire_parts), (whole.split, whole.wire_parts)] == [
        (SplitMethod.UDH16, 2),
        (SplitMethod.PAYLOAD, 1),
    ]


def test_hours_hold() -> None:
    """A line that holds takes it, and it waits for the hours."""
    event = judged("by day, holds")
    assert isinstance(event, ev.Moved)
    after, _ = advance(message_of(site_of(TARGETS["by day, holds"])), event, NOW)
    assert (after.reason, after.due_at > NOW) == (Reason.OUTSIDE_HOURS, True)


def test_a_reply_waits_for_the_hours() -> None:
    """An answer to a handset is not refused for the hours, as at acceptance: nobody would send it again."""
    target = TARGETS["by day"]
    site = site_of(target)
    reply = replace(message_of(site), source="reply")
    assert isinstance(judge(site, Move(source=FROM, target=TO), target, reply, {}, NOW), ev.Moved)


def test_past_its_deadline() -> None:
    """What nobody may send any more does not move."""
    target = TARGETS["plain"]
    site = site_of(target)
    assert judge(site, Move(source=FROM, target=TO), target, message_of(site), {}, NOW + DAY_MS) is Bar.DEADLINE


@pytest.mark.parametrize(
    ("word", "unanswered", "awaited", "name", "expected"),
    [
        ("aa", "11", (), "plain", ev.Moved),
        ("wt", "", (), "plain", Bar.PARTS_OUT),
        ("aw", "10", (1,), "plain", Bar.PARTS_OUT),
        ("aa", "11", (), "payload", Bar.SPLIT),
        ("ww", "10", (), "payload", Bar.SPLIT),
        ("ww", "", (), "payload", ev.Moved),
    ],
)
def test_parts_under_way(word: str, unanswered: str, awaited: tuple[int, ...], name: str, expected: type | Bar) -> None:
    """All parts of a text go by one line; a copy of a lost one is cut as the first, or it is not sent there."""
    target = TARGETS[name]
    site = site_of(target)
    message = replace(
        message_of(site, "س" * 100),
        parts=(word,),
        tries=1,
        unanswered=unanswered,
        awaited=awaited,
        reason=Reason.RESEND,
    )
    event = judge(site, Move(source=FROM, target=TO), target, message, {}, NOW)
    assert event is expected or type(event) is expected
    if isinstance(event, ev.Moved):
        after, _ = advance(message, event, NOW)
        assert len(after.parts[0]) == after.current.wire_parts


def test_an_opt_out_has_led_past_it() -> None:
    """A line whose opt-out began the present step is not gone back to, whatever is still remembered of it."""
    target = TARGETS["plain"]
    site = site_of(target)
    message = message_of(site)
    twice = replace(message, plan=(replace(message.current, line=TO), message.current), step=1)
    assert judge(site, Move(source=FROM, target=TO), target, twice, {}, NOW) is Bar.OPTED_OUT


def test_the_step_remembers_its_moves() -> None:
    """From where, when, by whom; the latest twenty."""
    assert moved("plain").moves == (Relocation(from_line=FROM, at=NOW + 5, by="ali"),)
    message = message_of(site_of(TARGETS["plain"]))
    for at in range(MOST_MOVES + 3):
        message, _ = advance(message, ev.Moved(line=f"{at}", advertising=True, by="ali"), NOW + at)
    assert [move.at - NOW for move in message.current.moves] == list(range(3, MOST_MOVES + 3))
