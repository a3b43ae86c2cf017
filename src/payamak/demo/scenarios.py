"""The manual's five scenarios, each with four kinds of recipient, and what has to come of every one.

The expected ends stand here as a table, written from the manual and contract §1–2, not from what the program does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from payamak.client import Chelcheleh, SecondLine, ServiceLine
from payamak.codes import Code, StateCode
from payamak.demo.site import BUSY_LINE, LINE, LINE2, SERVICE_LINE, SIM_LINE

ACCEPTS, AT_ONCE, LATE, EVERYWHERE, THROTTLED = (
    "accepts",
    "opted out",
    "opted out late",
    "opted out everywhere",
    "throttled",
)

_LAST_DIGITS: Final = {ACCEPTS: "9000", AT_ONCE: "9033", LATE: "9133", EVERYWHERE: "9027", THROTTLED: "9010"}

TEXT: Final = "کد ورود شما: ۴۸۲۹۱۳"
LONG_TEXT: Final = (
    "مشترک گرامی، نوبت شما برای روز چهارشنبه ساعت ده و نیم صبح ثبت شد. لطفاً پانزده دقیقه پیش از نوبت در محل "
    "حاضر باشید و کارت ملی و دفترچه‌ی بیمه را همراه بیاورید. "
    "برای تغییر یا لغو نوبت تا یک روز پیش از آن با ما تماس بگیرید."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One message of the demo: what is sent, and what must come of it.

    `refused` is the code that wsSend must answer; else the message must end in `state` on `line`.
    """

    scenario: str
    kind: str
    recipient: str
    plan: tuple[str, ...]
    text: str = TEXT
    refused: Code | None = None
    state: StateCode = StateCode.DELIVERED
    line: str = LINE

    @property
    def client_line(self) -> str | None:
        """`line` of the call; none where the plan is the service line alone (scenario two)."""
        return None if self.plan[0] in _ROUTES else self.plan[0]

    @property
    def via(self) -> Chelcheleh | ServiceLine | None:
        """The route, where the plan has no line before it."""
        return _ROUTES.get(self.plan[0])

    @property
    def fallback(self) -> SecondLine | Chelcheleh | ServiceLine | None:
        """The second step, as the client library says it."""
        if len(self.plan) < 2:
            return None
        return _ROUTES.get(self.plan[1]) or SecondLine(self.plan[1])


_ROUTES: Final[dict[str, Chelcheleh | ServiceLine]] = {SIM_LINE: Chelcheleh(), SERVICE_LINE: ServiceLine(template=0)}

_PLANS: Final = (
    ("1 line", (LINE,)),
    ("2 service line", (SERVICE_LINE,)),
    ("3 line → line2", (LINE, LINE2)),
    ("4 line → Chelcheleh", (LINE, SIM_LINE)),
    ("5 line → service", (LINE, SERVICE_LINE)),
)


def cases() -> list[Case]:
    """All messages of the demo, each with a recipient of its own, so that none knows of another's opt-out."""
    made = []
    for number, (scenario, plan) in enumerate(_PLANS, 1):
        for place, kind in enumerate((ACCEPTS, AT_ONCE, LATE, EVERYWHERE)):
            recipient = f"98912{number * 100 + place:03d}{_LAST_DIGITS[kind]}"
            made.append(_case(scenario, kind, recipient, plan))
    made.append(Case(scenario="long text", kind=ACCEPTS, recipient="989126009000", plan=(LINE,), text=LONG_TEXT))
    made.append(
        Case(scenario="busy operator", kind=THROTTLED, recipient="989126019010", plan=(BUSY_LINE,), line=BUSY_LINE)
    )
    return made


def _case(scenario: str, kind: str, recipient: str, plan: tuple[str, ...]) -> Case:
    """The manual's word: an opt-out of LINE moves on to the next step, if there is one; of every line ends the plan."""
    refuses_line = kind in (AT_ONCE, LATE) and plan[0] == LINE
    if kind == EVERYWHERE:
        return Case(scenario=scenario, kind=kind, recipient=recipient, plan=plan, refused=Code.OPTED_OUT)
    if not refuses_line:
        return Case(scenario=scenario, kind=kind, recipient=recipient, plan=plan, line=plan[0])
    if len(plan) > 1:
        return Case(scenario=scenario, kind=kind, recipient=recipient, plan=plan, line=plan[1])
    if kind == AT_ONCE:
        return Case(scenario=scenario, kind=kind, recipient=recipient, plan=plan, refused=Code.OPTED_OUT_OF_LINE)
    return Case(scenario=scenario, kind=kind, recipient=recipient, plan=plan, state=StateCode.REJECTED)
