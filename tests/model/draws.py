"""What the machine draws from: few lines, few ids, few recipients, so that histories meet."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from tests.model.books import UNDER_WAY, LineRules
from tests.model.compare import ANSWERS, NEWS
from tests.model.promise import ARRIVED, LATER, LOST, OPTED_OUT, REFUSED, TAKEN, PlannedStep
from tests.store.world import ALI, DAY, HOLD, HOUR, LINE, LINE2, SARA, SERVICE, step

from payamak.codes import Code
from payamak.domain.events import Outcome
from payamak.domain.message import Step

LINES = {LINE: LineRules(), LINE2: LineRules(), SERVICE: LineRules(is_advertising=False)}
LINES[HOLD] = LineRules(holds=True, grace=HOUR)
UPSTREAMS = {"north": "operator", "far": "elsewhere"}
MOST_MESSAGES = 12
MOST_OPEN = 4

which = st.integers(0, MOST_OPEN)
accounts = st.sampled_from(["shop", "shop", "clinic"])
recipients = st.sampled_from([ALI, ALI, SARA])
lines = st.sampled_from([LINE, LINE2, SERVICE, HOLD])
lives = st.sampled_from([HOUR, DAY, DAY, 3 * DAY])
operator_ids = st.sampled_from([f"x{number}" for number in range(5)])
"""No digits alone: each has one reading. Few: ids of operators recur."""

plans = st.lists(
    st.builds(
        PlannedStep,
        line=lines,
        price=st.sampled_from([100, 100, 250, 60, 0, 4_000]),
        parts=st.sampled_from([1, 1, 2, 3]),
        keeps=st.sampled_from([False, False, True]),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda planned: planned.line,
).map(lambda plan: [PlannedStep(s.line, s.price, s.parts, s.keeps, s.line != SERVICE) for s in plan])
verdicts = st.sampled_from([TAKEN, TAKEN, TAKEN, LOST, LOST, LATER, OPTED_OUT, OPTED_OUT, REFUSED])
news_words = st.sampled_from([ARRIVED, ARRIVED, ARRIVED, OPTED_OUT, OPTED_OUT, *NEWS])
any_words = st.one_of(news_words, news_words, news_words, st.just(UNDER_WAY))
some_line = st.sampled_from([None, None, *LINES])
opt_out_codes = st.sampled_from([27, 33])
links = st.sampled_from(["north", "north", "far"])
said = st.lists(
    st.tuples(verdicts, operator_ids, opt_out_codes), min_size=3, max_size=3, unique_by=lambda answer: answer[1]
)
Said = list[tuple[str, str, int]]
Fresh = tuple[str, str, list[PlannedStep], int]
fresh = st.tuples(accounts, recipients, plans, lives)


def planned(plan: Sequence[PlannedStep]) -> tuple[Step, ...]:
    """The plan in the product's words."""
    return tuple(step(s.line, s.price, s.parts, keep=s.keeps) for s in plan)


def outcome(part: int, verdict: str, code: int | None, operator_id: str | None) -> Outcome:
    """An answer in the product's words."""
    return Outcome(
        part=part, kind=ANSWERS[verdict], code=None if code is None else Code(code), operator_id=operator_id, status=0
    )
