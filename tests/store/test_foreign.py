"""Messages from handsets by a link that does not serve their line: kept and shown, believed only as an opt-out."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.store.test_received import Handsets, mo, pieces
from tests.store.world import ALI, DAY, LINE, LINE2, SARA, World

from payamak.codes import Code
from payamak.domain.mo import KeptAs, MoPart
from payamak.domain.posting import PostState
from payamak.domain.site import Link
from payamak.store.records import ForeignReceived, OptOut, ReceivedSearch


@pytest.fixture
async def handsets(world: World) -> Handsets:
    """The words, on a world with a second operator whose link serves no line."""
    await world.store.put_documents([Link(name="stranger", upstream="other")], [], world.now)
    return Handsets(world)


def foreign(text: str, sender: str = ALI, line: str = LINE) -> MoPart:
    """A message that the other operator's link brings."""
    return replace(mo(text, sender, line, link="stranger"), upstream="other")


async def known(handsets: Handsets, sender: str = ALI) -> list[tuple[str, str, bool]]:
    """Line, source and doubt of the sender's opt-outs."""
    return [(o.line, o.source, o.is_doubtful) for o in await handsets.store.opt_outs(sender, None, "", 10)]


async def names_lines(handsets: Handsets, *numbers: str) -> None:
    """The other operator's link may bring messages for these lines."""
    document = Link(name="stranger", upstream="other", receives_for=numbers)
    await handsets.store.put_documents([document], [], handsets.world.now)


async def test_it_counts_by_the_upstream_not_the_link(handsets: Handsets) -> None:
    """Any link of an upstream that serves the line may bring its messages."""
    await handsets.relayed()
    await handsets.store.put_documents([Link(name="receiver", upstream="operator")], [], handsets.world.now)
    assert await handsets.take(mo("x", link="receiver")) == [KeptAs.WHOLE]
    assert await handsets.due() == ["x"]


async def test_a_foreign_one_is_kept_and_goes_nowhere(handsets: Handsets) -> None:
    """It is on disk and shown; no account reads it, no target gets it."""
    await handsets.relayed()
    assert await handsets.take(foreign("x"), mo("y")) == [KeptAs.FOREIGN, KeptAs.WHOLE]
    assert [(r.text, r.is_foreign, r.relay) for r in await handsets.all()] == [
        ("x", True, PostState.NONE),
        ("y", False, PostState.WAITING),
    ]
    assert await handsets.due() == ["y"]
    for only_unread in (True, False):
        read = await handsets.store.received([LINE], handsets.world.now, only_unread=only_unread)
        assert [received.text for received in read] == ["y"]
    shown = await handsets.store.search_received(ReceivedSearch(is_foreign=True))
    assert [received.text for received in shown] == ["x"]


async def test_of_a_long_one_every_part_must_count(handsets: Handsets) -> None:
    """Parts that two links of an upstream have brought make a foreign message if one of the links may not."""
    named = Link(name="named", upstream="other", receives_for=(LINE,))
    await handsets.store.put_documents([named], [], handsets.world.now)
    first, second = (replace(part, upstream="other", link="named") for part in pieces("ab", "cd"))
    assert await handsets.take(first, second) == [KeptAs.PART, KeptAs.WHOLE]
    third, fourth = (replace(part, upstream="other", link="named") for part in pieces("ef", "gh", reference=8))
    assert await handsets.take(third, replace(fourth, link="stranger")) == [KeptAs.PART, KeptAs.FOREIGN]


async def test_its_opt_out_is_learned_and_marked(handsets: Handsets) -> None:
    """Not to send to somebody who may have asked for it: the opt-out holds, for good, and is doubtful."""
    await handsets.take(foreign("لغو"))
    assert await known(handsets) == [(LINE, "handset", True)]
    assert await handsets.store.doubtful_opt_outs() == 1
    (opt_out,) = await handsets.store.opt_outs(ALI, None, "", 10)
    assert (opt_out.code, opt_out.expires_at) == (Code.OPTED_OUT_OF_LINE, None)


async def test_it_never_opts_in(handsets: Handsets) -> None:
    """What anybody could write takes nobody off the list."""
    await handsets.take(mo("لغو"), foreign("12"))
    assert await known(handsets) == [(LINE, "handset", False)]
    await handsets.take(mo("12"))
    assert await known(handsets) == []


async def test_doubt_takes_the_place_of_no_certainty(handsets: Handsets) -> None:
    """One that holds for good stays as it is; one that would end is made to last; a sure one lifts the doubt."""
    now = handsets.world.now
    learned = OptOut(recipient=ALI, line=LINE, code=33, source="learned", learned_at=now, expires_at=now + DAY)
    by_hand = replace(learned, recipient=SARA, source="hand", expires_at=None)
    await handsets.store.put_opt_outs([learned, by_hand])
    await handsets.take(foreign("لغو"), foreign("لغو", SARA))
    assert await known(handsets) == [(LINE, "handset", True)]
    assert await known(handsets, SARA) == [(LINE, "hand", False)]
    await handsets.take(mo("لغو"))
    assert await known(handsets) == [(LINE, "handset", False)]


async def test_a_doubtful_one_is_put_back_doubtful(handsets: Handsets) -> None:
    """A list that was exported goes in as it was."""
    made = OptOut(recipient=ALI, line=LINE, code=33, source="handset", learned_at=1, expires_at=None, is_doubtful=True)
    await handsets.store.put_opt_outs([made])
    assert await handsets.store.opt_outs(ALI, None, "", 10) == [made]


@pytest.mark.parametrize("number", [LINE, LINE.removeprefix("98")])
async def test_a_link_that_names_the_line(handsets: Handsets, number: str) -> None:
    """`receives_for` makes its messages count, in either spelling, for this line and no other."""
    await handsets.relayed()
    await names_lines(handsets, number)
    assert await handsets.take(foreign("12"), foreign("x"), foreign("y", line=LINE2)) == [
        KeptAs.WHOLE,
        KeptAs.WHOLE,
        KeptAs.FOREIGN,
    ]


async def test_replayed_when_it_counts(handsets: Handsets) -> None:
    """What came before the link was allowed counts from the replay on; until then a replay leaves it where it is."""
    await handsets.relayed()
    await handsets.take(foreign("x"), foreign("y", line=LINE2))
    ids = [received.id for received in await handsets.all()]
    assert await handsets.store.replay(ids, handsets.world.now) == 0
    await names_lines(handsets, LINE, LINE2)
    assert await handsets.store.replay(ids, handsets.world.now) == 2
    assert await handsets.due() == ["x"]
    read = await handsets.store.received([LINE2], handsets.world.now)
    assert [received.text for received in read] == ["y"]


async def test_what_is_told_of_them(handsets: Handsets) -> None:
    """By link and line, how many and when the last one came."""
    await handsets.take(foreign("a"), foreign("b"), foreign("c", line=LINE2), mo("d"))
    now = handsets.world.now
    assert await handsets.store.foreign_received(now - 1, 10) == [
        ForeignReceived(link="stranger", upstream="other", line=LINE, count=2, last_at=now),
        ForeignReceived(link="stranger", upstream="other", line=LINE2, count=1, last_at=now),
    ]
    assert await handsets.store.foreign_received(now, 10) == []


async def test_a_number_that_is_no_line(handsets: Handsets) -> None:
    """Nothing is asked of who brings a message to a number that is no line: it is kept as ever."""
    assert await handsets.take(foreign("لغو", line="10009999")) == [KeptAs.WHOLE]
    assert await known(handsets) == []


# ------------------------------------------------------------------------------------------------ bounds


async def test_parts_that_wait_have_a_bound(handsets: Handsets) -> None:
    """Beyond it a further part is to come again, but never the last one of its message; each link has its own."""
    store, now = handsets.store, handsets.world.now
    links = [Link(name=name, upstream="operator", most_open_parts=255) for name in ("north", "south")]
    await store.put_documents(links, [], now)
    halves = [pieces("a", "b", reference=number)[0] for number in range(255)]
    assert set(await handsets.take(*halves)) == {KeptAs.PART}
    more = pieces("a", "b", reference=300)
    assert await handsets.take(more[0], more[1]) == [KeptAs.TOO_MANY, KeptAs.TOO_MANY]
    assert await handsets.take(replace(more[0], link="south")) == [KeptAs.PART]
    assert await handsets.take(more[1]) == [KeptAs.WHOLE]
    assert await handsets.take(pieces("a", "b", reference=0)[1]) == [KeptAs.WHOLE]
    assert await handsets.take(mo("one part")) == [KeptAs.WHOLE]
    assert await handsets.take(pieces("a", "b", reference=301)[0]) == [KeptAs.PART], "one has gone"
    handsets.world.now += 3_600_000
    while await store.sweep_received(handsets.world.now, 100):
        pass
    assert await handsets.take(pieces("a", "b", reference=302)[0]) == [KeptAs.PART], "they do not wait for ever"


async def test_a_message_has_a_length(handsets: Handsets) -> None:
    """Parts that are longer than any handset's do not make a text of megabytes."""
    long = [replace(part, octets=b"\0a" * 16_000) for part in pieces("", "", "", "")]
    assert await handsets.take(*long[:3]) == [KeptAs.PART, KeptAs.PART, KeptAs.TOO_LONG]
