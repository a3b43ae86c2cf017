"""What an operator's answers and receipts mean to us."""

import pytest
from msgspec.structs import replace as changed

from payamak.codes import Code
from payamak.domain.events import OutcomeKind
from payamak.domain.message import PartState, Reason
from payamak.domain.site import Link
from payamak.smpp.receipt import Receipt, Stat
from payamak.upstreams.lately import MOST_ANSWERS, Lately
from payamak.upstreams.verdicts import blamed, outcome_of, read_verdicts, receipt_meaning

TABLE = {0x0427: Code.OPTED_OUT, 0x0433: Code.OPTED_OUT_OF_LINE, 0x0434: Code.NO_TEMPLATE, 0x58: Code.FORBIDDEN_TEXT}
LINK = Link(name="one", receipt_verdicts={"45": 27, "033": 33, "0": 33, "REJECTD": 35, "BLOCKED": 27})


def test_ways_to_write_a_status() -> None:
    """Hexadecimal with 0x or h, or decimal; blanks and case do not matter."""
    read = read_verdicts({"0x0427": 27, "1063": 27, "428H": 33, " 0X0429 ": 33})
    assert read == {0x0427: 27, 0x0428: 33, 0x0429: 33}


@pytest.mark.parametrize(("key", "code"), [("seven", 27), ("0x", 27), ("", 27), ("0x400", 5)])
def test_a_broken_table_is_refused(key: str, code: int) -> None:
    """What is no status, or no code of ours, is an error at start and not a verdict."""
    with pytest.raises(ValueError):
        read_verdicts({key: code})


@pytest.mark.parametrize(
    ("status", "kind", "code", "reason"),
    [
        (0, OutcomeKind.TAKEN, None, None),
        (0x0427, OutcomeKind.OPTED_OUT, Code.OPTED_OUT, None),
        (0x0433, OutcomeKind.OPTED_OUT, Code.OPTED_OUT_OF_LINE, None),
        (0x0434, OutcomeKind.REFUSED, Code.NO_TEMPLATE, None),
        (0x14, OutcomeKind.LATER, None, Reason.THROTTLED),
        (0x08, OutcomeKind.LATER, None, Reason.OPERATOR_BUSY),
        (0x64, OutcomeKind.LATER, None, Reason.OPERATOR_BUSY),
        (0x04, OutcomeKind.LATER, None, Reason.LINK_DOWN),
        (0x58, OutcomeKind.REFUSED, Code.FORBIDDEN_TEXT, None),
        (0x0B, OutcomeKind.REFUSED, Code.INTERNAL, None),
        (0x65, OutcomeKind.REFUSED, Code.INTERNAL, None),
        (0x0499, OutcomeKind.REFUSED, Code.INTERNAL, None),
    ],
)
def test_the_meaning_of_a_status(status: int, kind: OutcomeKind, code: Code | None, reason: Reason | None) -> None:
    """The link's own table first, then the standard's; what neither names is a definite refusal, told as 15."""
    outcome = outcome_of(2, status, "id", TABLE)
    assert (outcome.part, outcome.status, outcome.kind, outcome.code) == (2, status, kind, code)
    assert reason is None or outcome.reason is reason


def test_throttled_without_a_table() -> None:
    """By the standard, 0x58 asks us to come later."""
    outcome = outcome_of(1, 0x58, None, {})
    assert (outcome.kind, outcome.reason) == (OutcomeKind.LATER, Reason.THROTTLED)


def test_the_id_in_an_answer() -> None:
    """An empty id is none; one beside a refusal is a hint, for some centres throttle what they have taken."""
    assert outcome_of(1, 0, "A1", {}).operator_id == "A1"
    assert outcome_of(1, 0, "", {}).operator_id is None
    assert outcome_of(1, 0, None, {}).operator_id is None
    assert [outcome_of(1, status, "A1", TABLE).operator_id for status in (0x08, 0x14, 0x0B, 0x0427)] == ["A1"] * 4
    assert [outcome_of(1, 0x58, nothing, {}).operator_id for nothing in ("", None, "0", "0000")] == [None] * 4


@pytest.mark.parametrize(
    ("status", "kind"),
    [(0, OutcomeKind.LATER), (0x58, OutcomeKind.LATER), (0x03, OutcomeKind.REFUSED), (0x0427, OutcomeKind.OPTED_OUT)],
)
def test_a_generic_nack_takes_nothing(status: int, kind: OutcomeKind) -> None:
    """Whatever its status: without one the part goes again, with one it is looked up."""
    outcome = outcome_of(1, status, "A1", {0x0427: Code.OPTED_OUT}, is_nack=True)
    assert (outcome.kind, outcome.is_nack) == (kind, status == 0)


@pytest.mark.parametrize(
    ("stat", "text", "err", "state", "code"),
    [
        (Stat.DELIVERED, "DELIVRD", "000", PartState.DELIVERED, None),
        (Stat.DELIVERED, "DELIVRD", "45", PartState.DELIVERED, None),
        (Stat.UNDELIVERABLE, "UNDELIV", "045", PartState.OPTED_OUT, Code.OPTED_OUT),
        (Stat.UNDELIVERABLE, "UNDELIV", "45", PartState.OPTED_OUT, Code.OPTED_OUT),
        (Stat.UNDELIVERABLE, "UNDELIV", "033", PartState.OPTED_OUT, Code.OPTED_OUT_OF_LINE),
        (Stat.UNDELIVERABLE, "UNDELIV", "33", PartState.OPTED_OUT, Code.OPTED_OUT_OF_LINE),
        (Stat.UNDELIVERABLE, "UNDELIV", "0000", PartState.OPTED_OUT, Code.OPTED_OUT_OF_LINE),
        (Stat.UNDELIVERABLE, "UNDELIV", "", PartState.UNDELIVERABLE, None),
        (Stat.UNDELIVERABLE, "UNDELIV", None, PartState.UNDELIVERABLE, None),
        (Stat.DELETED, "DELETED", None, PartState.UNDELIVERABLE, None),
        (Stat.EXPIRED, "EXPIRED", "1", PartState.EXPIRED, None),
        (Stat.REJECTED, "REJECTD", None, PartState.REJECTED, Code.FORBIDDEN_TEXT),
        (Stat.REJECTED, "", None, PartState.REJECTED, Code.FORBIDDEN_TEXT),
        (Stat.REJECTED, "REJECTD", "45", PartState.OPTED_OUT, Code.OPTED_OUT),
        (Stat.UNKNOWN, "UNKNOWN", None, PartState.UNSURE, None),
        (Stat.OTHER, "blocked", None, PartState.OPTED_OUT, Code.OPTED_OUT),
    ],
)
def test_the_meaning_of_a_receipt(stat: Stat, text: str, err: str | None, state: PartState, code: Code | None) -> None:
    """The table is asked for `err`, whatever its zeros, then for the word; delivered is delivered."""
    assert receipt_meaning(LINK, Receipt(operator_id="1", stat=stat, stat_text=text, err=err)) == (state, code)


@pytest.mark.parametrize(
    ("stat", "text", "state", "means"),
    [
        (Stat.OTHER, "BUFFERD", None, None),
        (Stat.OTHER, "ACKED", None, PartState.DELIVERED),
        (Stat.OTHER, "gone", None, PartState.UNDELIVERABLE),
        (Stat.ACCEPTED, "ACCEPTD", 6, PartState.DELIVERED),
        (Stat.DELIVERED, "DELIVRD", 2, PartState.DELIVERED),
        (Stat.UNKNOWN, "UNKNOWN", 7, None),
        (Stat.OTHER, "", 9, PartState.REJECTED),
        (Stat.OTHER, "", 200, None),
        (Stat.UNDELIVERABLE, "UNDELIV", 5, PartState.UNSURE),
    ],
)
def test_a_table_may_name_states(stat: Stat, text: str, state: int | None, means: PartState | None) -> None:
    """A word or a number of message_state may be given a state of its own; what nobody knows moves nothing."""
    names = {"ACKED": "delivered", "GONE": "undeliverable", "ACCEPTD": "delivered", "9": "rejected"}
    link = changed(LINK, receipt_verdicts={**names, "UNKNOWN": "under_way", "UNDELIV": "unknown", "5": 27})
    receipt = Receipt(operator_id="1", stat=stat, stat_text=text or str(state), state=state)
    assert receipt_meaning(link, receipt) == (means, None)


@pytest.mark.parametrize(
    ("table", "stat", "err", "code"),
    [
        ({"045": 27}, "UNDELIV", "45", 27),
        ({"045": 27}, "UNDELIV", "0045", 27),
        ({"0": 33}, "REJECTD", "000", 33),
        ({"000": 33}, "REJECTD", "0", 33),
        ({"45": 33, "045": 27}, "UNDELIV", "045", 27),
        ({"Blacklisted": 27}, "BLACKLISTED", "000", 27),
        ({"BlackListed": 27}, "blacklisted", None, 27),
        ({"005": 27}, "UNDELIV", "001", None),
    ],
)
def test_a_table_is_asked_in_any_spelling(table: dict[str, int | str], stat: str, err: str, code: int | None) -> None:
    """Zeros before an `err` and the case of a word do not matter, on either side; a state is no `err`."""
    known = {"UNDELIV": Stat.UNDELIVERABLE, "REJECTD": Stat.REJECTED}.get(stat, Stat.OTHER)
    receipt = Receipt(operator_id="1", stat=known, stat_text=stat, err=err, state=5)
    assert receipt_meaning(changed(LINK, receipt_verdicts=table), receipt)[1] == code


def test_an_intermediate_receipt_means_nothing_yet() -> None:
    """Enroute and accepted move nothing, and neither does any word that is said not to be final."""
    for stat in (Stat.ENROUTE, Stat.ACCEPTED):
        receipt = Receipt(operator_id="1", stat=stat, stat_text=stat.value, err="45")
        assert receipt_meaning(LINK, receipt) == (None, None)
    said = Receipt(operator_id="1", stat=Stat.UNDELIVERABLE, stat_text="UNDELIV", err="45", is_intermediate=True)
    assert receipt_meaning(LINK, said) == (None, None)
    bare = changed(LINK, receipt_verdicts={})
    rejected = Receipt(operator_id="1", stat=Stat.REJECTED, stat_text="REJECTD", err="45")
    assert receipt_meaning(bare, rejected) == (PartState.REJECTED, None)


@pytest.mark.parametrize(
    ("word", "reason"),
    [("later", Reason.OPERATOR_BUSY), ("throttled", Reason.THROTTLED), ("recipient", Reason.RECIPIENT_BUSY)],
)
@pytest.mark.parametrize("status", [0x0489, 0x14, 0x58, 0x0B])
def test_a_table_may_say_that_it_comes_again(status: int, word: str, reason: Reason) -> None:
    """Whatever the standard says of the status: a vendor's busy, a full handset, an operator that throttles."""
    outcome = outcome_of(1, status, None, read_verdicts({hex(status): word}))
    assert (outcome.kind, outcome.reason, outcome.status) == (OutcomeKind.LATER, reason, status)


@pytest.mark.parametrize("word", [27, 15, "later"])
def test_no_table_makes_untaken_what_was_taken(word: int | str) -> None:
    """Status 0 with an id is an acceptance: else it would go again for ever, or be refused and delivered."""
    assert outcome_of(1, 0, "7", read_verdicts({"0": word})).kind is OutcomeKind.TAKEN


def test_another_word_is_refused() -> None:
    """A table says codes and the three words."""
    with pytest.raises(ValueError, match="later, throttled, recipient"):
        read_verdicts({"0x14": "whenever"})


def test_who_is_to_blame_for_a_number() -> None:
    """A wrong number is the message's own fault once the link has taken another; else it may be how we write all."""
    lately = Lately()
    assert blamed(0x0B, "3000", "98912", lately) is Code.INTERNAL
    lately.keep("3000", "98912", is_taken=True)
    assert blamed(0x0B, "3000", "98912", lately) is Code.INTERNAL, "that very recipient says nothing of others"
    assert blamed(0x0B, "3000", "98913", lately) is Code.RECIPIENT_INVALID
    assert blamed(0x0A, "3000", "98913", lately) is Code.LINE_INVALID
    assert blamed(0x0A, "2000", "98913", lately) is Code.INTERNAL, "nothing of this sender was taken"
    assert blamed(0x45, "3000", "98913", lately) is Code.INTERNAL
    for _ in range(MOST_ANSWERS):
        lately.keep("3000", "98914", is_taken=False)
    assert blamed(0x0B, "3000", "98913", lately) is Code.INTERNAL, "what was taken is long ago"
