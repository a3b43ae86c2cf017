"""Which link of a line takes a message."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.delivery.routing import choose_link, is_routable
from payamak.domain.site import Line, LinkUse

MCI, IRANCELL = "989121234567", "989351234567"


def a_line(*uses: LinkUse, is_suspended: bool = False) -> Line:
    """A line with these links."""
    return Line(number="983000123", links=uses, is_suspended=is_suspended)


PLAIN = a_line(LinkUse(link="a"), LinkUse(link="b"), LinkUse(link="c"))
BY_PREFIX = a_line(
    LinkUse(link="any"),
    LinkUse(link="mci", prefixes=("98991", "98912")),
    LinkUse(link="mci-spare", prefixes=("98912",)),
    LinkUse(link="special", prefixes=("98912123",)),
)
RANKED = a_line(LinkUse(link="last", rank=5), LinkUse(link="first", rank=1), LinkUse(link="second", rank=2))


@pytest.mark.parametrize(
    ("line", "recipient", "down", "link"),
    [
        (PLAIN, MCI, "", "a"),
        (PLAIN, MCI, "a", "b"),
        (PLAIN, MCI, "a b", "c"),
        (PLAIN, MCI, "a b c", None),
        (a_line(), MCI, "", None),
        (RANKED, MCI, "", "first"),
        (RANKED, MCI, "first", "second"),
        (RANKED, MCI, "first second", "last"),
        (BY_PREFIX, IRANCELL, "", "any"),
        (BY_PREFIX, MCI, "", "special"),
        (BY_PREFIX, MCI, "special", None),
        (BY_PREFIX, "989129999999", "", "mci"),
        (BY_PREFIX, "989129999999", "mci", "mci-spare"),
        (BY_PREFIX, "989129999999", "mci mci-spare", None),
        (a_line(LinkUse(link="mci", prefixes=("98912",))), IRANCELL, "", None),
    ],
)
def test_prefix_then_rank(line: Line, recipient: str, down: str, link: str | None) -> None:
    """The longest prefix decides which links are considered, the lowest rank that is up which one takes it."""
    assert choose_link(line, recipient, 1001, lambda name: name not in down.split()) == link


def test_the_shares_of_a_rank() -> None:
    """Links of one rank share the traffic as they are weighed; the spare gets nothing while they are up."""
    line = a_line(
        LinkUse(link="a", rank=1, share=3),
        LinkUse(link="b", rank=1, share=1),
        LinkUse(link="none", rank=1, share=0),
        LinkUse(link="spare", rank=2),
    )
    dealt = Counter(choose_link(line, MCI, number, lambda _: True) for number in range(1001, 5001))
    assert set(dealt) == {"a", "b"}
    assert dealt["a"] == pytest.approx(3_000, rel=0.05)
    rest = {choose_link(line, MCI, number, lambda name: name != "a") for number in range(1001, 1101)}
    assert rest == {"b"}


def test_shares_of_nothing() -> None:
    """If no link of a rank has a share, the first one takes it."""
    line = a_line(LinkUse(link="a", rank=1, share=0), LinkUse(link="b", rank=1, share=-1))
    assert choose_link(line, MCI, 1001, lambda _: True) == "a"


uses = st.builds(
    LinkUse,
    link=st.sampled_from("abcde"),
    rank=st.none() | st.integers(-1, 3),
    share=st.integers(-1, 5),
    prefixes=st.lists(st.sampled_from(["98912", "98935", "989", ""]), max_size=2).map(tuple),
)


@given(uses=st.lists(uses, max_size=5), is_up=st.sets(st.sampled_from("abcde")), number=st.integers(1001, 2**53))
def test_a_choice_is_open_and_stays(uses: list[LinkUse], is_up: set[str], number: int) -> None:
    """Only a link that is up is chosen, and the same message finds the same one again."""
    line = a_line(*uses)
    chosen = choose_link(line, MCI, number, is_up.__contains__)
    assert chosen is None or chosen in is_up
    assert chosen == choose_link(line, MCI, number, is_up.__contains__)
    assert chosen is None or is_routable(line, is_up.__contains__)


def test_a_line_is_routable_with_any_open_link_unless_it_is_suspended() -> None:
    """Nothing is claimed for a line that cannot send."""
    assert is_routable(PLAIN, lambda name: name == "c")
    assert not is_routable(PLAIN, lambda _: False)
    assert not is_routable(a_line(*PLAIN.links, is_suspended=True), lambda _: True)
    assert not is_routable(a_line(), lambda _: True)
