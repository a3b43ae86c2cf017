"""Messages from handsets: parts joined, words understood, pauses between posts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payamak.domain.mo import LONGEST_WORD, MoPart, Received, after_post, fold, is_one_of, join, keyword_of
from payamak.domain.optout import OPT_IN_WORDS, OPT_OUT_WORDS
from payamak.domain.pauses import RELAYS
from payamak.domain.posting import GIVE_UP_MS, PostState
from payamak.encoding.alphabets import Alphabet
from payamak.encoding.parts import Encoding, SplitMethod, choose, split

NOW = 1_700_000_000_000
ALPHABETS = {Encoding.GSM7: Alphabet.GSM7, Encoding.UCS2: Alphabet.UCS2}
PART = MoPart(
    upstream="operator", link="north", line="983000111", sender="989120000001", alphabet=Alphabet.GSM7, octets=b"hi"
)
RECEIVED = Received(
    id=1001,
    upstream="operator",
    link="north",
    line="983000111",
    sender="989120000001",
    text="hi",
    received_at=NOW,
    is_complete=True,
    read_at=None,
    relay=PostState.WAITING,
    keyword="",
    target="983000111",
    tries=0,
    waiting_since=NOW,
    next_at=NOW,
    note="",
    reply_id=None,
)


NO_TEXT = "\0\ufeff\ufffe"
"""No character of a text in UCS-2: NULs that a centre leaves behind it, and byte order marks (test_alphabets.py)."""


@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters=NO_TEXT), max_size=900),
    method=st.sampled_from(list(SplitMethod)),
)
def test_joined(text: str, method: SplitMethod) -> None:
    """What one side splits the other side joins, in any order of the parts."""
    parts = split(text, choose(text), 7, method)
    assert join((p.number, ALPHABETS[p.encoding], p.payload) for p in reversed(parts)) == text


def test_a_pair_cut_between_parts() -> None:
    """A handset that cuts a surrogate pair or an escape pair in two loses nothing."""
    octets = "😀".encode("utf-16-be")
    assert join([(1, Alphabet.UCS2, octets[:2]), (2, Alphabet.UCS2, octets[2:])]) == "😀"
    assert join([(2, Alphabet.GSM7, b"\x65"), (1, Alphabet.GSM7, b"\x1b")]) == "€"


def test_parts_that_do_not_belong_together() -> None:
    """Over a gap, and between two alphabets, octets are not mixed."""
    assert join([(1, Alphabet.GSM7, b"a"), (3, Alphabet.GSM7, b"c")]) == "ac"
    assert join([(1, Alphabet.GSM7, b"a"), (2, Alphabet.UCS2, b"\0b")]) == "ab"


def test_digest() -> None:
    """A repetition by another link of the upstream is the same part; any other difference is not."""
    assert replace(PART, link="south").digest == PART.digest
    others = [
        replace(PART, upstream="other"),
        replace(PART, line="983000222"),
        replace(PART, sender="989120000002"),
        replace(PART, octets=b"ho"),
        replace(PART, reference=1, total=2),
        replace(PART, alphabet=Alphabet.LATIN_1),
    ]
    assert len({part.digest for part in [PART, *others]}) == len(others) + 1


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("  لغو ۱۱ ", "لغو 11"),
        ("لغو\u200c١١", "لغو11"),
        ("STOP.", "stop"),
        ("«كيك»", "کیک"),
        ("لَغو", "لغو"),
        ("...", ""),
        ("\0لغو\x07", "لغو"),
        ("\u2060\u061c11\u00ad", "11"),
        ("ل\u0650غ\u20ddو", "لغو"),
        ("\u200bSTOP\u2009", "stop"),
        ("İPTAL", "iptal"),
    ],
)
def test_fold(written: str, folded: str) -> None:
    """Digits, case, Arabic letters, joiners, marks, control characters and punctuation make no difference."""
    assert fold(written) == folded


def test_what_is_folded_folds_no_further() -> None:
    """Any one character: a word of a site, folded when it is read, meets what was folded once."""
    assert [char for char in map(chr, range(0x110000)) if fold(fold(char)) != fold(char)] == []


@pytest.mark.parametrize(
    "written",
    [
        *("11", "۱۱", " لغو ", "لغو۱۱", "لغو ۱۱", "لغو١١", "Off", "STOP!", "ﻟﻐﻮ"),
        *("11\0", "\0\0لغو\0", "11@", "@لغو", "لغو�", "🚫 11", "-11-", "<stop>", "l1"[1:] * 2),
        *("\u200f11\u200f", "\ufeffلغو", "ل\u200dغو", "\u2060لغو\u061c", "لَغْو", "لـغـو", "\u00a0لغو\u3000", "1\u20091"),
        *("لغو\u3164", "11\uffa0", "ل\u034fغو", "\u115f11"),
    ],
)
def test_opt_out_words(written: str) -> None:
    """What people write to stop a line is understood."""
    assert is_one_of(written, OPT_OUT_WORDS)
    assert not is_one_of(written, OPT_IN_WORDS)


@pytest.mark.parametrize(
    "written", ["", "1", "111", "لغو نکنید", "stop it", "12", "...", "on", "1-1", "1.1", "11@shop", "\0", "@"]
)
def test_other_words(written: str) -> None:
    """Only the whole message is such a word."""
    assert not is_one_of(written, OPT_OUT_WORDS)


@pytest.mark.parametrize("said", ["توقف كامل", "توقف کامل ", "توقف\u200cکامل", "توقّف کامل\0"])
def test_words_of_a_site(said: str) -> None:
    """Arabic kaf and yeh make no difference, in the word that is configured and in the one that comes."""
    assert is_one_of(said, ("توقف کامل",))
    assert is_one_of("ديگر نه", ("دیگر نه",))
    assert is_one_of("دیگر نه", ("ديگر نه",))


def test_opt_in_words() -> None:
    """The way back."""
    assert all(is_one_of(word, OPT_IN_WORDS) for word in ("12", "۱۲", "On", "START"))


@pytest.mark.parametrize(
    ("text", "keyword"),
    [("Win 5", "win"), ("win", "win"), ("WIN: 5", "win"), ("winner", None), ("قيمت دلار", "قیمت"), ("5 win", None)],
)
def test_keyword(text: str, keyword: str | None) -> None:
    """The first word decides, however it is written."""
    assert keyword_of(text, ("win", "قیمت")) == keyword


def test_read() -> None:
    """200 is read, and nothing else is."""
    assert after_post(RECEIVED, 200, None, NOW) == (PostState.DONE, None)
    for status in (None, 201, 204, 301, 302, 400, 404, 429, 500, 503):
        state, next_at = after_post(RECEIVED, status, None, NOW)
        assert state is PostState.WAITING
        assert next_at is not None
        assert NOW + RELAYS.first_ms <= next_at <= NOW + RELAYS.first_ms * 5 // 4


def test_gone() -> None:
    """410 says stop: it is kept, and not posted again by itself."""
    assert after_post(RECEIVED, 410, None, NOW) == (PostState.DEAD, None)


def test_retry_after() -> None:
    """The customer's own pause counts if it is longer, up to the longest of ours."""
    assert after_post(RECEIVED, 503, 60_000, NOW)[1] == NOW + 60_000
    assert after_post(RECEIVED, 503, 10**12, NOW)[1] == NOW + RELAYS.longest_ms


def test_pauses_grow() -> None:
    """From five seconds to hours, spread by a quarter at most, and different for messages that failed together."""
    pauses = [RELAYS.after(tries, 1001) for tries in range(1, 40)]
    assert all(earlier <= later * 5 // 4 for earlier, later in pairwise(pauses))
    assert max(pauses) <= RELAYS.longest_ms * 5 // 4
    assert pauses[0] < pauses[3] < pauses[9]
    assert len({RELAYS.after(3, salt) for salt in range(100)}) > 90


def test_three_days() -> None:
    """A target that never answers is tried for three days, some dozens of times, and then no more."""
    received, now, tries = RECEIVED, NOW, 0
    while True:
        state, next_at = after_post(received, None, None, now)
        tries += 1
        if next_at is None:
            break
        received, now = replace(received, tries=tries), next_at
    assert state is PostState.DEAD
    assert GIVE_UP_MS - 2 * RELAYS.longest_ms < now - NOW <= GIVE_UP_MS
    assert 20 < tries < 60


@pytest.mark.parametrize(
    "text", ["a" + "\u0316\u0301" * 16_000, "\ufdfa" * 32_000, "لغو" + "\u064b" * 30_000, " " * 60_000]
)
def test_a_long_text_is_not_folded(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To sort a letter's marks costs the square of their number: of a long text only the beginning is looked at."""
    folded: list[int] = []

    def normalize(form: str, given: str) -> str:
        folded.append(len(given))
        return given

    monkeypatch.setattr("payamak.domain.mo.unicodedata.normalize", normalize)
    assert not is_one_of(text, OPT_OUT_WORDS)
    assert keyword_of(text, ["قیمت"]) is None
    assert max(folded, default=0) <= LONGEST_WORD


def test_a_word_among_blanks_and_before_much() -> None:
    """Blanks around a word do not count however many; a keyword is seen before any length of text."""
    assert is_one_of(" " * 5_000 + "لغو" + "\n" * 5_000, OPT_OUT_WORDS)
    assert keyword_of(" " * 5_000 + "قیمت " + "x" * 60_000, ["قیمت"]) == "قیمت"
