"""Receipts that name nobody, dealt: what is settled is settled however they are dealt (P3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payamak.domain.message import PartState
from payamak.domain.pools import Copy, LooseReceipt, Pair, PartKey, deal, distinct

D, U, REFUSES, K = PartState.DELIVERED, PartState.UNDELIVERABLE, PartState.OPTED_OUT, PartState.UNSURE


def copies_of(*words: str) -> list[Copy]:
    """Copies as `message.part@instant`, a rival with a `?`: each is the next try of its part."""
    copies: list[Copy] = []
    for word in words:
        name, _, at = word.rstrip("?").partition("@")
        message, part = map(int, name.split("."))
        try_no = 1 + sum(copy.part == (message, 0, part) for copy in copies)
        copies.append(Copy((message, 0, try_no, part), int(at or 0), not word.endswith("?")))
    return copies


def receipts_of(words: str) -> list[LooseReceipt]:
    """Receipts as `letter[=id][@instant]`; each has an id of its own unless it names one, and comes late."""
    receipts = []
    for number, word in enumerate(words.split()):
        said, _, at = word.partition("@")
        letter, is_named, name = said.partition("=")
        receipts.append(LooseReceipt(number, int(at or 99), PartState(letter), name if is_named else f"id{number}"))
    return receipts


def settled(pairs: Sequence[Pair], copies: Sequence[Copy]) -> dict[PartKey, str]:
    """What is certain of which part: delivered, or what receipts said of all its copies."""
    told: dict[PartKey, list[PartState]] = {}
    for pair in pairs:
        told.setdefault(pair.copy.part, []).append(pair.receipt.says)
    certain: dict[PartKey, str] = {}
    for part, letters in told.items():
        if D in letters:
            certain[part] = "d"
        elif len(letters) == sum(copy.part == part for copy in copies):
            certain[part] = "".join(sorted(letters))
    return certain


@pytest.mark.parametrize(
    ("sentence", "copies", "receipts", "told"),
    [
        ("one part, one receipt", ["1.1"], "d", {(1, 0, 1): "d"}),
        ("one part that did not arrive", ["1.1"], "u", {(1, 0, 1): "u"}),
        ("two parts, one of two", ["1.1", "1.2"], "d", {}),
        ("two parts, both", ["1.1", "1.2"], "d d", {(1, 0, 1): "d", (1, 0, 2): "d"}),
        ("two parts sent twice, two of four", ["1.1", "1.2", "1.1", "1.2"], "d d", {}),
        ("two parts sent twice, three of four", ["1.1", "1.2"] * 2, "d d d", {(1, 0, 1): "d", (1, 0, 2): "d"}),
        ("one part sent seven times", ["1.1"] * 7, "d", {(1, 0, 1): "d"}),
        ("two codes to one person, one receipt", ["1.1", "2.1"], "d", {}),
        ("two codes to one person, both", ["1.1", "2.1"], "d d", {(1, 0, 1): "d", (2, 0, 1): "d"}),
        ("one arrived, one did not: which?", ["1.1", "2.1"], "d u", {}),
        ("of two copies one did not arrive", ["1.1", "1.1"], "u", {}),
        ("of two copies neither arrived", ["1.1", "1.1"], "u u", {(1, 0, 1): "uu"}),
        ("of two copies one arrived", ["1.1", "1.1"], "u d", {(1, 0, 1): "d"}),
        ("the same receipt twice counts once", ["1.1", "1.2"], "d=7 d=7", {}),
        ("receipts without an id count once", ["1.1", "1.2"], "d= d=", {}),
        ("an answer that is still to come may be its own", ["1.1", "2.1?"], "d", {}),
        ("and is no part that we settle", ["2.1?"], "d", {}),
        ("it came before the other was on the wire", ["1.1@1", "2.1@5"], "d@3", {(1, 0, 1): "d"}),
        ("the two parts of one text, alone: it did not arrive whole", ["1.1", "1.2"], "u d",
         {(1, 0, 1): "d", (1, 0, 2): "u"}),
        ("unsure is a word too", ["1.1"], "k", {(1, 0, 1): "k"}),
        ("a definite word takes its place", ["1.1"], "k=7 d=7", {(1, 0, 1): "d"}),
    ],
)  # fmt: skip
def test_dealt(sentence: str, copies: list[str], receipts: str, told: dict[PartKey, str]) -> None:
    """A part is settled when every way to deal the receipts says the same of it."""
    there = copies_of(*copies)
    assert settled(deal(there, receipts_of(receipts)), there) == told, sentence


def test_a_pair_that_is_taken_says_nothing_of_others() -> None:
    """A newer copy of a settled part does not make an older one's receipt another message's."""
    there = copies_of("1.1@0", "2.1@0", "1.1@15")
    pairs = deal(there, receipts_of("d@10 d@20"))
    assert settled(pairs, there) == {(1, 0, 1): "d"}


def test_only_a_receipt_that_must_be_its_own_is_taken() -> None:
    """The DELIVRD that settles a part is one of those that force it; a later one may be another part's."""
    there = copies_of("1.1@0", "1.1@0", "1.1@1", "1.2@1", "2.1@1?")
    pairs = deal(there, receipts_of("d@0 u@0 d@1 u@1 u@1"))
    assert settled(pairs, there) == {(1, 0, 1): "d"}
    assert [pair.receipt.number for pair in pairs] == [0]


# --------------------------------------------------------------------------------- against brute force


def dealings(copies: Sequence[Copy], receipts: Sequence[LooseReceipt]) -> Iterator[dict[int, PartState]]:
    """Every way to deal all receipts: to each one copy, on the wire before it came, and to no copy two."""

    def go(left: Sequence[LooseReceipt], dealt: dict[int, PartState]) -> Iterator[dict[int, PartState]]:
        if not left:
            yield dict(dealt)
            return
        for index, copy in enumerate(copies):
            if index not in dealt and copy.since_at <= left[0].came_at:
                dealt[index] = left[0].says
                yield from go(left[1:], dealt)
                del dealt[index]

    return go(list(receipts), {})


def fate(part: PartKey, copies: Sequence[Copy], dealt: dict[int, PartState]) -> str:
    """What one dealing makes of a part: arrived, not arrived, or open as long as one of its copies may arrive."""
    letters = [dealt.get(index) for index, copy in enumerate(copies) if copy.part == part]
    if D in letters:
        return "arrived"
    return "open" if None in letters or K in letters else "failed"


instants = st.integers(0, 4)
pools = st.lists(st.tuples(st.sampled_from([(1, 1), (1, 2), (2, 1), (3, 1)]), instants, st.booleans()), max_size=5)
words = st.lists(st.tuples(st.integers(0, 5), st.sampled_from([D, D, U, REFUSES])), max_size=5)


def pool_of(drawn: Sequence[tuple[tuple[int, int], int, bool]]) -> list[Copy]:
    """Copies in the order in which they were sent."""
    copies: list[Copy] = []
    for (message, part), since_at, is_lost in sorted(drawn, key=lambda one: one[1]):
        try_no = 1 + sum(copy.part == (message, 0, part) for copy in copies)
        copies.append(Copy((message, 0, try_no, part), since_at, is_lost))
    return copies


@settings(max_examples=3_000, deadline=None)
@given(pools, words)
def test_never_said_of_what_may_not_have_been(
    drawn: list[tuple[tuple[int, int], int, bool]], said: list[tuple[int, PartState]]
) -> None:
    """Against brute force: what is called delivered, or not, is so in every dealing; texts, as a whole."""
    copies = pool_of(drawn)
    receipts = [LooseReceipt(number, at, letter, f"id{number}") for number, (at, letter) in enumerate(said)]
    ways = list(dealings(copies, receipts))
    if not ways:
        return  # receipts that are nobody's of these: nothing is promised of them
    told = settled(deal(copies, receipts), copies)
    is_text_alone = len({copy.key[0] for copy in copies}) == 1
    for part, letters in told.items():
        fates = {fate(part, copies, way) for way in ways}
        wanted = "arrived" if letters == "d" else "failed"
        if is_text_alone and fates != {wanted}:
            whole = {tuple(sorted(fate(p, copies, way) for p in {c.part for c in copies})) for way in ways}
            assert len(whole) == 1, f"the parts of a text fare differently: {whole}"
            continue
        assert fates == {wanted}, f"{part} is called {wanted}, and may be {fates}"


@settings(max_examples=1_000, deadline=None)
@given(pools, st.integers(0, 5))
def test_what_is_certain_is_said(drawn: list[tuple[tuple[int, int], int, bool]], count: int) -> None:
    """Where every receipt says delivered, nothing that is certain stays open."""
    copies = pool_of(drawn)
    receipts = [LooseReceipt(number, 9, D, f"id{number}") for number in range(min(count, len(copies)))]
    told = settled(deal(copies, receipts), copies)
    ways = list(dealings(copies, receipts))
    for part in {copy.part for copy in copies if copy.is_lost}:
        if all(fate(part, copies, way) == "arrived" for way in ways):
            assert told.get(part) == "d"


def test_distinct_keeps_the_first_instant() -> None:
    """A receipt that is brought again is as old as the first."""
    assert [(r.came_at, r.says) for r in distinct(receipts_of("k=1@5 u=1@9 d=2@7"))] == [(5, U), (7, D)]
