"""What comes under a caller's own id: when two bodies are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.domain.own_ids import MARK_OCTETS, OwnIdKind, OwnKey, digest_of, has_same_body

ALI = "989120000001"


def check(number: int) -> OwnKey:
    """A CheckId."""
    return OwnIdKind.CHECK_ID, str(number)


BODY = digest_of(1, check(5), ALI, ["3000"], ["hello"])


@pytest.mark.parametrize(
    "other",
    [
        digest_of(2, check(5), ALI, ["3000"], ["hello"]),
        digest_of(1, check(6), ALI, ["3000"], ["hello"]),
        digest_of(1, check(5), "989120000002", ["3000"], ["hello"]),
        digest_of(1, check(5), ALI, ["3001"], ["hello"]),
        digest_of(1, check(5), ALI, ["30"], ["00hello"]),
        digest_of(1, check(5), ALI, [None], ["hello"]),
        digest_of(1, check(5), ALI, [""], ["hello"]),
        digest_of(1, check(5), ALI, ["3000"], ["hello "]),
        digest_of(1, check(5), ALI, ["3000"], [""]),
    ],
)
def test_another_body(other: bytes) -> None:
    """Account, id, recipient, line, text: none of them may be another."""
    assert not has_same_body(BODY, other)


def test_one_way_in_common_is_enough() -> None:
    """A line by its name or as the default, a text as asked or as it was sent."""
    by_default = digest_of(1, check(5), ALI, [None, "3000"], ["hello", "hello\nStop11"])
    assert len(by_default) == 4 * MARK_OCTETS
    assert len(BODY) == MARK_OCTETS
    for same in (
        BODY,
        digest_of(1, check(5), ALI, [None, "3001"], ["hello"]),
        digest_of(1, check(5), ALI, ["3000"], ["hello\nStop11"]),
    ):
        assert has_same_body(by_default, same)
        assert has_same_body(same, by_default)
    assert not has_same_body(by_default, digest_of(1, check(5), ALI, ["3001"], ["hello"]))


def test_ids_from_before_digests_were_kept() -> None:
    """They answer whatever comes."""
    assert has_same_body(None, BODY)


@given(st.text(), st.text(), st.text(), st.text())
def test_no_two_bodies_read_alike(recipient: str, text: str, other_recipient: str, other_text: str) -> None:
    """Two pairs of the caller's words are the same only if both are; half a surrogate pair is no fault here."""
    one, two = (digest_of(1, check(5), r, ["3000"], [t]) for r, t in ((recipient, text), (other_recipient, other_text)))
    assert has_same_body(one, two) is ((recipient, text) == (other_recipient, other_text))
    assert digest_of(1, check(5), ALI, ["3000"], ["\ud83d"])
