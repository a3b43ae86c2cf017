"""What `payamak show` says: every reason, every part's letter, and what happens next."""

import pytest
from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain.message import Message, Reason, State, Step
from payamak.domain.site import Line, Link, LinkUse, Site, build_site
from payamak.encoding.parts import Encoding
from payamak.hands.explain import next_words, step_words, why_of, why_words
from payamak.texts.reasons import REASONS

STEP = Step(line="3000", text="x", encoding=Encoding.GSM7, parts=1, price=10)
MESSAGE = Message(
    id=1001,
    account_id=1,
    recipient="989121112222",
    plan=(STEP, replace(STEP, line="3001")),
    accepted_at=0,
    deadline_at=1_000,
    due_at=0,
    changed_at=0,
)
LINE = Line(number="3000", links=(LinkUse(link="a"),))
LINK = Link(name="a")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_sentence(reason: Reason) -> None:
    """No message stands anywhere without a reason in words."""
    assert REASONS[reason].endswith(".")


def test_how_many_receipts_came() -> None:
    """A text of which some parts were told says of how many."""
    message = replace(MESSAGE, state=State.UNKNOWN, reason=Reason.SOME_RECEIPTS, parts=("tdt",))
    assert why_of(message, Site(), {}) == "Receipts came for 1 of 3 parts until deadline and grace."
    assert why_of(MESSAGE, build_site([LINE, LINK], 0), {"a": True}) == REASONS[Reason.ACCEPTED]


DOWN = {"a": False}
STILL = [
    (build_site([], 0), "Line 3000 is not configured any more: configure it"),
    (build_site([replace(LINE, is_suspended=True), LINK], 0), "suspended by hand: `payamak resume line 3000`."),
    (build_site([replace(LINE, links=())], 0), "Line 3000 has no links"),
    (build_site([LINE, replace(LINK, is_suspended=True)], 0), "(a): `payamak resume link NAME`."),
    (build_site([LINE, LINK], 0), "No link of line 3000 is bound (a): `payamak doctor`"),
]


@pytest.mark.parametrize(("site", "words"), STILL)
def test_what_keeps_a_line_is_said_first(site: Site, words: str) -> None:
    """One sentence with what to do, the same for the queue and for a message; what happens next does not repeat it."""
    said = why_of(MESSAGE, site, DOWN)
    assert words in said
    assert said.count(". ") == 0
    assert why_words("3000", State.QUEUED, Reason.ACCEPTED, site, DOWN) == said
    assert next_words(MESSAGE, site, 100, DOWN) == "It waits for that, or for its deadline."
    assert why_words("3000", State.QUEUED, Reason.RESTORED, site, DOWN) == REASONS[Reason.RESTORED]
    assert why_words("3000", State.ENROUTE, Reason.TAKEN, site, DOWN) == REASONS[Reason.TAKEN]


@pytest.mark.parametrize(
    ("message", "index", "words"),
    [
        (MESSAGE, 0, "this step: waiting"),
        (MESSAGE, 1, "later, only after an opt-out"),
        (replace(MESSAGE, state=State.DELIVERED, parts=("ddu",)), 0, "this step: 2 delivered, 1 undeliverable"),
        (replace(MESSAGE, state=State.DELIVERED), 1, "dropped"),
        (replace(MESSAGE, step=1, parts=("o", "s")), 0, "1 opted out"),
        (replace(MESSAGE, plan=(replace(STEP, skip=Code.OPTED_OUT), STEP), step=1), 0, "known to be opted out (27)"),
    ],
)
def test_a_step_says_where_it_stands(message: Message, index: int, words: str) -> None:
    """A step is told as waiting, skipped, dropped, or by its parts."""
    assert words in step_words(message, index)


@pytest.mark.parametrize(
    ("message", "site", "words"),
    [
        (replace(MESSAGE, due_at=500), build_site([LINE, LINK], 0), "when it is due"),
        (MESSAGE, build_site([LINE, LINK], 0), "payamak doctor"),
        (replace(MESSAGE, state=State.SENDING), Site(), "response timer"),
        (replace(MESSAGE, state=State.ENROUTE), Site(), "receipt decides"),
        (replace(MESSAGE, state=State.ENROUTE, reason=Reason.NO_RECEIPTS), Site(), "final"),
        (replace(MESSAGE, state=State.UNKNOWN), Site(), "late receipt"),
        (replace(MESSAGE, state=State.DELIVERED), Site(), "final"),
    ],
)
def test_what_happens_next_is_said(message: Message, site: Site, words: str) -> None:
    """Whatever a message waits for is named, with the command that helps."""
    assert words in next_words(message, site, 100, {})
