"""Messages from handsets: kept once, joined, read, posted in order, and what their words do."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.store.world import ALI, DAY, LINE, LINE2, MINUTE, NOW, SARA, SERVICE, MakeStore, World, step

from payamak.codes import Code
from payamak.domain.mo import KeptAs, MoPart, Received
from payamak.domain.posting import GIVE_UP_MS, PostState
from payamak.domain.site import Keyword
from payamak.encoding.alphabets import Alphabet
from payamak.errors import Refused
from payamak.store.records import PostResult, ReceivedSearch

URL = "https://shop.example.ir/sms"


def mo(text: str, sender: str = ALI, line: str = LINE, link: str = "north") -> MoPart:
    """A message of one part."""
    return MoPart(
        upstream="operator",
        link=link,
        line=line,
        sender=sender,
        alphabet=Alphabet.UCS2,
        octets=text.encode("utf-16-be"),
    )


def pieces(*texts: str, reference: int = 7, sender: str = ALI) -> list[MoPart]:
    """The parts of a long message."""
    return [
        replace(mo(text, sender), reference=reference, total=len(texts), part=number)
        for number, text in enumerate(texts, 1)
    ]


class Handsets:
    """Words for what comes in and what becomes of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store
        self.live = ["s1"]

    async def relayed(self, *, keywords: tuple[Keyword, ...] = ()) -> Handsets:
        """Give LINE a target."""
        line = replace(self.store.site.lines[LINE], relay_url=URL, keywords=keywords)
        await self.store.put_documents([line], [], self.world.now)
        return self

    async def take(self, *parts: MoPart, session: str = "s1") -> list[KeptAs]:
        """Parts come in by a bind."""
        return [await self.store.receive_mo(part, session, self.live, self.world.now) for part in parts]

    async def all(self) -> list[Received]:
        """Everything kept, oldest first."""
        return (await self.store.search_received(ReceivedSearch(limit=1_000)))[::-1]

    async def texts(self) -> list[tuple[str, bool]]:
        """Text and whether it is whole."""
        return [(received.text, received.is_complete) for received in await self.all()]

    async def due(self, target: str = LINE) -> list[str]:
        """The texts that may be posted now."""
        return [received.text for received in await self.store.relay_due(target, self.world.now, 100)]

    async def conclude(self, text: str, state: PostState, *, next_in: int = 0, reply: bool = False) -> Received | None:
        """A post of the message with this text has ended."""
        received = next(one for one in await self.all() if one.text == text)
        new = self.world.new(step(price=100), recipient=received.sender) if reply else None
        next_at = self.world.now + next_in if state is PostState.WAITING else None
        result = PostResult(received_id=received.id, state=state, next_at=next_at, note="HTTP", reply=new)
        return (await self.store.conclude_posts([result], self.world.now))[0]


@pytest.fixture
def handsets(world: World) -> Handsets:
    """The words, on the world's store."""
    return Handsets(world)


# ----------------------------------------------------------------------------------------------- keeping


async def test_kept(handsets: Handsets) -> None:
    """A message is on disk with line, sender, text and time; a line that is not configured changes nothing of it."""
    assert await handsets.take(mo("سلام"), mo("x", line="10009999")) == [KeptAs.WHOLE, KeptAs.WHOLE]
    first, second = await handsets.all()
    assert (first.line, first.sender, first.text, first.received_at) == (LINE, ALI, "سلام", NOW)
    assert (first.relay, first.read_at, first.next_at, first.is_complete) == (PostState.NONE, None, None, True)
    assert (second.line, second.text, second.relay) == ("10009999", "x", PostState.NONE)
    assert first.id > 1_000, "small numbers are error codes in this family"


async def test_registered_spelling(handsets: Handsets) -> None:
    """A line is kept as it is registered, however the operator writes it."""
    await handsets.take(mo("x", line=LINE.removeprefix("98")))
    assert [received.line for received in await handsets.all()] == [LINE]


async def test_same_words_twice(handsets: Handsets) -> None:
    """A person may send the same word twice: on a bind that is up, nobody repeats what was acknowledged."""
    handsets.live = ["s1", "s2"]
    await handsets.take(mo("1"), mo("1"))
    await handsets.take(mo("1"), session="s2")
    assert len(await handsets.all()) == 3


async def test_doubtful(handsets: Handsets) -> None:
    """Where it is not sure that the first bind is up, the same words over another are not kept yet."""
    handsets.live = ["s1", "s2"]
    await handsets.take(mo("1"))

    async def again(session: str) -> KeptAs:
        store, now = handsets.store, handsets.world.now
        return await store.receive_mo(mo("1"), session, handsets.live, now, is_sure=False)

    assert (await again("s2"), await again("s1")) == (KeptAs.DOUBTFUL, KeptAs.WHOLE)
    assert len(await handsets.all()) == 2
    handsets.live = ["s2"]
    assert await again("s2") is KeptAs.REPEATED


async def test_repeated_after_a_lost_link(handsets: Handsets) -> None:
    """What a bind that is gone had brought comes again and is not a second message; later it is one."""
    await handsets.take(mo("1"))
    handsets.live = ["s2"]
    assert await handsets.take(mo("1"), session="s2") == [KeptAs.REPEATED]
    handsets.world.now += 11 * MINUTE
    assert await handsets.take(mo("1"), session="s2") == [KeptAs.WHOLE]


async def test_joined(handsets: Handsets) -> None:
    """Parts in any order make one message, when the last one has come."""
    first, second, third = pieces("یک ", "دو ", "سه")
    assert await handsets.take(third, first) == [KeptAs.PART, KeptAs.PART]
    assert await handsets.texts() == []
    assert await handsets.take(second) == [KeptAs.WHOLE]
    assert await handsets.texts() == [("یک دو سه", True)]


async def test_doubled_parts(handsets: Handsets) -> None:
    """A part that comes twice counts once, before its message is whole and after."""
    first, second = pieces("a", "b")
    assert await handsets.take(first, first, second, second, first) == [
        KeptAs.PART,
        KeptAs.REPEATED,
        KeptAs.WHOLE,
        KeptAs.REPEATED,
        KeptAs.REPEATED,
    ]
    assert await handsets.texts() == [("ab", True)]


async def test_parts_of_different_messages(handsets: Handsets) -> None:
    """Sender, reference and number of parts keep messages apart."""
    mine, theirs = pieces("a", "b"), pieces("c", "d", sender=SARA)
    other, longer = pieces("e", "f", reference=8), pieces("g", "h", "i")
    await handsets.take(mine[0], theirs[0], other[0], longer[0])
    await handsets.take(longer[1], other[1], theirs[1], mine[1], longer[2])
    assert sorted(await handsets.texts()) == [("ab", True), ("cd", True), ("ef", True), ("ghi", True)]


async def test_reference_used_again(handsets: Handsets) -> None:
    """Another text in the same place is another message: what came of the first one is not lost."""
    await handsets.take(pieces("a", "b")[0], *pieces("c", "d"))
    assert await handsets.texts() == [("a", False), ("cd", True)]


async def test_time_limit(handsets: Handsets) -> None:
    """Ten minutes after its first part a message is delivered with what came, marked; a late part is not lost."""
    first, second, third = pieces("a", "b", "c")
    await handsets.take(first)
    handsets.world.now += 9 * MINUTE
    await handsets.take(third)
    assert await handsets.store.sweep_received(handsets.world.now, 10) == 0
    handsets.world.now += MINUTE
    assert await handsets.store.sweep_received(handsets.world.now, 10) > 0
    assert await handsets.texts() == [("ac", False)]
    await handsets.take(second)
    handsets.world.now += 10 * MINUTE
    await handsets.store.sweep_received(handsets.world.now, 10)
    assert await handsets.texts() == [("ac", False), ("b", False)]


async def test_parts_outlive_the_process(make_store: MakeStore) -> None:
    """What was acknowledged is on disk: the other part may come to another process."""
    first, second = pieces("a", "b")
    await Handsets(await World(await make_store()).build()).take(first)
    later = Handsets(World(await make_store()))
    assert await later.take(second, session="s2") == [KeptAs.WHOLE]
    assert await later.texts() == [("ab", True)]


# ------------------------------------------------------------------------------------------------ reading


async def test_read_marks(handsets: Handsets) -> None:
    """A reading of a customer's lines marks what it returns; it is not returned again."""
    await handsets.take(mo("a"), mo("b", line=LINE2), mo("c", line=SERVICE), mo("d"))
    lines = [LINE, LINE2, LINE]
    seen = await handsets.store.received(lines, NOW)
    assert [received.text for received in seen] == ["a", "b", "d"]
    first = await handsets.store.received(lines, NOW + 5, limit=2, mark_read=True)
    rest = await handsets.store.received(lines, NOW + 6, mark_read=True)
    assert ([r.text for r in first], [r.text for r in rest]) == (["a", "b"], ["d"])
    assert await handsets.store.received(lines, NOW + 7) == []
    read_at = {received.text: received.read_at for received in await handsets.all()}
    assert read_at == {"a": NOW + 5, "b": NOW + 5, "c": None, "d": NOW + 6}
    newest = await handsets.store.received(lines, NOW, only_unread=False, limit=2)
    assert [received.text for received in newest] == ["b", "d"]


async def test_search(handsets: Handsets) -> None:
    """A person finds them by line, sender, standing and time, newest first, page by page."""
    await handsets.relayed()
    await handsets.take(mo("a"), mo("b", sender=SARA), mo("c", line=LINE2))
    for wanted, texts in (
        (ReceivedSearch(), "cba"),
        (ReceivedSearch(line=LINE), "ba"),
        (ReceivedSearch(sender=SARA), "b"),
        (ReceivedSearch(relay=PostState.NONE), "c"),
        (ReceivedSearch(since_at=NOW + 1), ""),
        (ReceivedSearch(limit=2), "cb"),
    ):
        assert "".join(received.text for received in await handsets.store.search_received(wanted)) == texts
    (last, *_) = await handsets.store.search_received(ReceivedSearch(limit=1))
    older = await handsets.store.search_received(ReceivedSearch(before_id=last.id))
    assert [received.text for received in older] == ["b", "a"]


async def test_retired(handsets: Handsets) -> None:
    """After its line's time a message is removed, but not while it waits for its post."""
    await handsets.relayed()
    await handsets.take(mo("waits"), mo("old", line=LINE2))
    handsets.world.now += 91 * DAY
    await handsets.take(mo("new", line=LINE2))
    assert await handsets.store.retire_received(handsets.world.now, 10) == 1
    assert [text for text, _ in await handsets.texts()] == ["waits", "new"]


# ----------------------------------------------------------------------------------------------- posting


async def test_in_order_of_each_sender(handsets: Handsets) -> None:
    """Only the first of a sender may be posted; the next one has its turn when it is read."""
    await handsets.relayed()
    await handsets.take(mo("a1"), mo("a2"), mo("s1", sender=SARA), mo("a3"))
    assert await handsets.store.relay_targets() == [(LINE, NOW)]
    assert await handsets.due() == ["a1", "s1"]
    done = await handsets.conclude("a1", PostState.DONE)
    assert done is not None
    assert (done.relay, done.read_at, done.tries, done.next_at) == (PostState.DONE, NOW, 1, None)
    assert await handsets.due() == ["a2", "s1"]
    await handsets.conclude("a2", PostState.WAITING, next_in=5_000)
    assert await handsets.due() == ["s1"]
    handsets.world.now += 5_000
    assert await handsets.due() == ["s1", "a2"]


async def test_the_dead_give_their_turn(handsets: Handsets) -> None:
    """What is given up is kept, unread, and holds nobody up."""
    await handsets.relayed()
    await handsets.take(mo("a1"), mo("a2"))
    await handsets.conclude("a1", PostState.DEAD)
    assert await handsets.due() == ["a2"]
    dead, _ = await handsets.all()
    assert (dead.relay, dead.read_at, dead.note) == (PostState.DEAD, None, "HTTP")


async def test_keywords_have_queues_of_their_own(handsets: Handsets) -> None:
    """A keyword's target that does not answer does not hold up the line's relay, nor another keyword's."""
    win = Keyword(keyword="win", url=URL, account="shop")
    await handsets.relayed(keywords=(win, replace(win, keyword="ask")))
    await handsets.take(mo("Win 1"), mo("hello"), mo("ask me"), mo("win 2"))
    assert await handsets.store.relay_targets() == [(LINE, NOW), (f"{LINE}/ask", NOW), (f"{LINE}/win", NOW)]
    assert await handsets.due() == ["hello"]
    assert await handsets.due(f"{LINE}/win") == ["Win 1"]


async def test_turns_outlive_the_process(make_store: MakeStore) -> None:
    """What was being posted when the process died is due again in the next one, and still the first."""
    handsets = await Handsets(await World(await make_store()).build()).relayed()
    await handsets.take(mo("a1"), mo("a2"))
    later = Handsets(World(await make_store()))
    assert await later.due() == ["a1"]


async def test_answer_of_a_web_request(handsets: Handsets) -> None:
    """The answer is accepted and charged in the transaction that ends the post: a second post answers nobody twice."""
    await handsets.relayed(keywords=(Keyword(keyword="win", url=URL, account="shop"),))
    await handsets.take(mo("win"))
    done = await handsets.conclude("win", PostState.DONE, reply=True)
    assert done is not None
    assert done.reply_id is not None
    story = await handsets.store.story(done.reply_id)
    assert story is not None
    assert (story.message.recipient, story.message.reserved) == (ALI, 100)
    assert await handsets.conclude("win", PostState.DONE, reply=True) is None
    assert (await handsets.world.balance()).reserved == 100
    assert await handsets.store.replay([done.id], NOW) == 1
    again = await handsets.conclude("win", PostState.DONE, reply=True)
    assert again is not None
    assert again.reply_id == done.reply_id
    assert (await handsets.world.balance()).reserved == 100


async def test_answer_that_is_refused(handsets: Handsets) -> None:
    """An answer that cannot be paid or sent ends the request all the same, and says why."""
    await handsets.relayed(keywords=(Keyword(keyword="win", url=URL, account="shop"),))
    await handsets.take(mo("win"), mo("لغو"))
    done = await handsets.conclude("win", PostState.DONE, reply=True)
    assert done is not None
    assert (done.relay, done.reply_id) == (PostState.DONE, None)
    assert "33" in done.note


async def test_replay(handsets: Handsets) -> None:
    """What was given up is posted again from the beginning; what waits, or has no target, is left alone."""
    await handsets.take(mo("before"))
    await handsets.relayed()
    await handsets.take(mo("a1"), mo("a2"), mo("elsewhere", line=LINE2))
    await handsets.conclude("a1", PostState.DEAD)
    handsets.world.now += GIVE_UP_MS
    ids = [received.id for received in await handsets.all()]
    assert await handsets.store.replay([*ids, 999_999], handsets.world.now) == 2
    assert await handsets.due() == ["a2"], "its turn is not taken away"
    await handsets.conclude("a2", PostState.DONE)
    assert await handsets.due() == ["before"]
    await handsets.conclude("before", PostState.DONE)
    (again,) = await handsets.store.relay_due(LINE, handsets.world.now, 9)
    assert (again.text, again.tries, again.waiting_since) == ("a1", 0, handsets.world.now)


# ----------------------------------------------------------------------------------------------- opt-out


async def test_opt_out_by_the_handset(handsets: Handsets) -> None:
    """The word stops this line for this recipient, with time and source, in the message's own transaction."""
    await handsets.take(mo("لغو۱۱"))
    (known,) = await handsets.store.opt_outs(ALI, None, "", 9)
    assert (known.line, known.code, known.source) == (LINE, 33, "handset")
    assert (known.learned_at, known.expires_at) == (NOW, None)
    with pytest.raises(Refused) as refusal:
        await handsets.world.accept()
    assert refusal.value.code == Code.OPTED_OUT_OF_LINE
    assert (await handsets.world.accept(handsets.world.new(step(LINE2)))).recipient == ALI


async def test_and_back(handsets: Handsets) -> None:
    """The other word takes it off again, on this line only."""
    await handsets.take(mo("stop"), mo("off", line=LINE2), mo("۱۲"))
    assert [known.line for known in await handsets.store.opt_outs(ALI, None, "", 9)] == [LINE2]
    assert (await handsets.world.accept()).step == 0


async def test_words_of_the_line(handsets: Handsets) -> None:
    """The words are the line's own; without any, nothing is taken for an opt-out."""
    line = handsets.store.site.lines[LINE]
    await handsets.store.put_documents([replace(line, opt_out_words=("بس",))], [], NOW)
    await handsets.take(mo("11"), mo("بس", sender=SARA), mo("11", line="10009999"), mo("11", sender="12345"))
    assert [known.recipient for known in await handsets.store.opt_outs(None, None, "", 9)] == [SARA]
