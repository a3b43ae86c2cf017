"""From what a caller asked to a route plan (contract §§1, 3, 4)."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace as changed

from payamak.codes import Code
from payamak.domain.message import Lane, Step, StepKind
from payamak.domain.plan import Text, Via, choose_ways, lane_of, make_plan, reservation
from payamak.domain.site import (
    Account,
    LaneName,
    Line,
    LineKind,
    Link,
    LinkUse,
    OnLateOptOut,
    Site,
    TemplateDocument,
    build_site,
)
from payamak.domain.site.links import LongText
from payamak.encoding.parts import Encoding
from payamak.errors import Refused

ADVERTISING = Line(number="983000123", gsm7_rial=100, ucs2_rial=150, on_late_opt_out=OnLateOptOut.KEEP)
SECOND = Line(number="1000456", kind=LineKind.SERVICE, gsm7_rial=80, ucs2_rial=90, links=(LinkUse(link="wide"),))
SERVICE = Line(number="98700700", kind=LineKind.SERVICE, gsm7_rial=60, ucs2_rial=70)
SIM = Line(number="989120000000", kind=LineKind.SIM, gsm7_rial=500, ucs2_rial=600)
STRANGE = Line(number="983000999")
CODE_TEXT = TemplateDocument(number=1, text="Code: {code}")
ACCOUNT = Account(
    username="shop",
    id=7,
    lines=("983000123", "1000456"),
    default_line="1000456",
    service_line="98700700",
    sim_line="989120000000",
    templates=(CODE_TEXT,),
)


def a_site(account: Account = ACCOUNT) -> Site:
    """A site with one account, its lines and one that is not its."""
    links = (Link(name="wide", long_text=LongText.UDH16),)
    return build_site((account, ADVERTISING, SECOND, SERVICE, SIM, STRANGE, *links), 1)


def plan_of(
    line: str | None = None,
    line2: str | None = None,
    kind: int = 0,
    text: Text | None = "1234",
    template: int | None = None,
    account: Account = ACCOUNT,
) -> tuple[Step, ...]:
    """The plan for what a caller sent."""
    site = a_site(account)
    route: dict[int, Via] = {1: StepKind.SIM, 2: StepKind.TEMPLATE}
    wanted = [each for each in (line, line2, route.get(kind)) if each is not None]
    return make_plan(site, account, choose_ways(site, account, wanted), text, template)


def refusal(**asked: object) -> Code:
    """The code with which a request is refused."""
    with pytest.raises(Refused) as caught:
        plan_of(**asked)  # type: ignore[arg-type]
    return caught.value.code


A, B, T, C = "983000123", "1000456", "98700700", "989120000000"


@pytest.mark.parametrize(
    ("line", "line2", "kind", "lines"),
    [
        (A, None, 0, [A]),
        (None, None, 2, [T]),
        (A, B, 0, [A, B]),
        (A, None, 1, [A, C]),
        (A, None, 2, [A, T]),
        (None, None, 1, [C]),
        (A, B, 1, [A, B, C]),
        (A, B, 2, [A, B, T]),
        (None, None, 0, [B]),
        (None, B, 0, [B]),
        (None, A, 2, [A, T]),
        (None, A, 1, [A, C]),
        # equal steps collapse, in either spelling
        (A, A, 0, [A]),
        (A, "3000123", 0, [A]),
        ("3000123", A, 0, [A]),
        (B, "981000456", 0, [B]),
        ("981000456", A, 0, [B, A]),
        (A, T, 2, [A, T]),
        (T, None, 2, [T]),
        (T, A, 2, [T, A]),
        ("98700700", "700700", 2, [T]),
        ("۹۸۳۰۰۰۱۲۳", None, 0, [A]),
        ("+983000123", None, 0, [A]),
    ],
)
def test_the_table_of_plans(line: str | None, line2: str | None, kind: int, lines: list[str]) -> None:
    """Line, line2 and the route of `type`, as far as given; with none of them the default line."""
    assert lines == [step.line for step in plan_of(line, line2, kind)]


def test_the_kinds_of_the_steps() -> None:
    """A line is sent normally, the service line with a template however it is named, Chelcheleh by SIM."""
    kinds = {A: StepKind.NORMAL, B: StepKind.NORMAL, T: StepKind.TEMPLATE, C: StepKind.SIM}
    for steps in (plan_of(A, B, 2), plan_of(A, B, 1), plan_of(T), plan_of(None, T, 1)):
        assert all(step.kind is kinds[step.line] for step in steps)


def test_what_an_operator_wide_opt_out_covers() -> None:
    """Only lines of kind advertising; never the service line, a service-class line2 or Chelcheleh."""
    assert [step.advertising for step in (*plan_of(A, B, 2), *plan_of(A, B, 1))] == [True, False, False] * 2
    site = build_site(
        (ACCOUNT, ADVERTISING, SECOND, changed(SERVICE, kind="advertising"), changed(SIM, kind="advertising")), 1
    )
    kinds: list[Via] = [StepKind.SIM, StepKind.TEMPLATE]
    for kind in kinds:
        ways = choose_ways(site, ACCOUNT, [kind])
        assert [step.advertising for step in make_plan(site, ACCOUNT, ways, "1234", None)] == [False]


BARE = changed(ACCOUNT, service_line=None, sim_line=None, default_line=None, templates=())


@pytest.mark.parametrize("text", [" ", "\r\n\t", "\u200c\u200f", "\u00a0\u2009", "\u2060 \ufeff \u00ad"])
def test_a_text_that_nobody_can_see(text: str) -> None:
    """A text of nothing but blanks and marks is empty, on a line, as a value, and for a template of any text."""
    assert refusal(line=A, text=text) == 13
    assert refusal(kind=2, text=text) == 13


@pytest.mark.parametrize(
    ("sentence", "asked", "code"),
    [
        ("no Chelcheleh configured", {"kind": 1, "account": BARE}, 22),
        ("also beside a line", {"line": A, "kind": 1, "account": BARE}, 22),
        ("no service line", {"kind": 2, "account": BARE}, 22),
        ("no default line", {"account": BARE}, 2),
        ("a line that nobody knows", {"line": "983000777"}, 2),
        ("a line of somebody else", {"line": "983000999"}, 2),
        ("Chelcheleh's number is no line to name", {"line": C}, 2),
        ("no number at all", {"line": "abc"}, 2),
        ("SQL", {"line": "1' OR '1'='1"}, 2),
        ("every line of the plan is checked", {"line": A, "line2": "983000999"}, 2),
        ("22 before 2", {"line": "983000999", "kind": 1, "account": BARE}, 22),
        ("2 before 13", {"line": "983000999", "text": ""}, 2),
        ("no text", {"line": A, "text": None}, 13),
        ("an empty text", {"line": A, "text": ""}, 13),
        ("an object on a line", {"line": A, "text": {"code": "1"}}, 13),
        ("an object on a line before the service line", {"line": A, "kind": 2, "text": {"code": "1"}}, 13),
        ("an object by Chelcheleh", {"kind": 1, "text": {"code": "1"}}, 13),
        ("an empty object", {"kind": 2, "text": {}}, 13),
        ("half a surrogate pair", {"line": A, "text": "x\ud800"}, 3),
        ("3 before 30", {"line": A, "text": "\ud800" + "ب" * 700}, 3),
        ("3 before 34", {"line": A, "kind": 2, "text": "\ud800"}, 3),
        ("eleven parts", {"line": A, "text": "x" * 1531}, 30),
        ("more parts than a header can number", {"line": A, "text": "x" * 40_000}, 30),
        ("30 before 34", {"line": A, "kind": 2, "text": "x" * 1531}, 30),
        (
            "30 on a later step",
            {"line": A, "line2": B, "text": "ب" * 669},
            30,
        ),
        ("no such template", {"kind": 2, "template": 9}, 34),
        ("also for a step that comes later", {"line": A, "kind": 2, "text": "x" * 201}, 34),
        ("an account without texts", {"kind": 2, "account": changed(ACCOUNT, templates=())}, 34),
        ("names that do not fit", {"kind": 2, "text": {"name": "1"}}, 34),
    ],
)
def test_refusals(sentence: str, asked: Mapping[str, object], code: int) -> None:
    """What cannot be planned is refused when we accept, with the first code of the contract's order."""
    assert code == refusal(**asked), sentence


def test_ten_parts_are_allowed_by_default() -> None:
    """The limit is the account's; ten by default."""
    assert plan_of(A, text="x" * 1530)[0].parts == 10
    assert refusal(line=A, text="x" * 161, account=changed(ACCOUNT, max_parts=1)) == Code.TOO_MANY_PARTS


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("1234", "Code: 1234"),
        ("Code: 1234", "Code: 1234"),
        ({"code": "77"}, "Code: 77"),
        ({"code": 77}, "Code: 77"),
        ('{"code": "77"}', 'Code: {"code": "77"}'),
    ],
)
def test_the_service_line_sends_the_approved_text(text: Text, sent: str) -> None:
    """As it is if it matches, else as the value; an object fills by name; a string that looks like one is text."""
    for template in (None, 0, 1):
        assert [step.text for step in plan_of(kind=2, text=text, template=template)] == [sent]


def test_every_step_has_its_own_text_parts_and_price() -> None:
    """The line sends the text, the service line the approved one; each at its line's price."""
    text = "x" * 155
    first, last = plan_of(A, kind=2, text=text)
    assert (first.text, first.parts, first.price, first.keep) == (text, 1, 100, True)
    assert (last.text, last.parts, last.price, last.keep) == (f"Code: {text}", 2, 120, False)
    persian = plan_of(B, text="س" * 71)[0]
    assert (persian.encoding, persian.parts, persian.price) == (Encoding.UCS2, 2, 180)


def test_a_line_cuts_as_its_links_do() -> None:
    """A 16-bit reference leaves less room in a part: 66 units."""
    assert plan_of(B, text="س" * 133)[0].parts == 3
    assert plan_of(A, text="س" * 133)[0].parts == 2


def a_step(price: int, keep: bool = False, skip: Code | None = None) -> Step:
    """A step that only costs."""
    return Step(line="1", text="x", encoding=Encoding.GSM7, parts=1, price=price, keep=keep, skip=skip)


@pytest.mark.parametrize(
    ("plan", "rial"),
    [
        ([], 0),
        ([a_step(100)], 100),
        ([a_step(100), a_step(300), a_step(200)], 300),
        ([a_step(100, keep=True), a_step(300)], 400),
        ([a_step(300), a_step(100, keep=True), a_step(50)], 300),
        ([a_step(100, keep=True), a_step(100, keep=True), a_step(10)], 210),
        ([a_step(900, skip=Code.OPTED_OUT), a_step(10)], 10),
        ([a_step(900, keep=True, skip=Code.OPTED_OUT), a_step(10)], 10),
    ],
)
def test_the_reservation(plan: list[Step], rial: int) -> None:
    """The dearest end of the plan, with what earlier steps keep; steps that are skipped cost nothing."""
    assert reservation(plan) == rial


@pytest.mark.parametrize(
    ("line", "kind", "account_lane", "line_lane", "lane"),
    [
        (ADVERTISING, StepKind.NORMAL, None, None, Lane.NORMAL),
        (SERVICE, StepKind.TEMPLATE, None, None, Lane.OTP),
        (SECOND, StepKind.NORMAL, None, None, Lane.OTP),
        (ADVERTISING, StepKind.TEMPLATE, None, None, Lane.OTP),
        (SIM, StepKind.SIM, None, None, Lane.NORMAL),
        (SERVICE, StepKind.TEMPLATE, None, LaneName.BULK, Lane.BULK),
        (SERVICE, StepKind.TEMPLATE, LaneName.NORMAL, LaneName.BULK, Lane.NORMAL),
        (ADVERTISING, StepKind.NORMAL, LaneName.OTP, None, Lane.OTP),
    ],
)
def test_the_class_of_a_message(
    line: Line, kind: StepKind, account_lane: LaneName | None, line_lane: LaneName | None, lane: Lane
) -> None:
    """OTP for service lines and templates, else normal; account and line may say otherwise, the account first."""
    way = (changed(line, lane=line_lane), kind)
    assert lane_of(changed(ACCOUNT, lane=account_lane), way) is lane


def test_the_class_of_a_batch() -> None:
    """A batch is bulk, unless it is a template's, or account or line say otherwise."""
    assert lane_of(ACCOUNT, (ADVERTISING, StepKind.NORMAL), Lane.BULK) is Lane.BULK
    assert lane_of(ACCOUNT, (SERVICE, StepKind.TEMPLATE), Lane.BULK) is Lane.OTP
