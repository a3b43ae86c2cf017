"""When a post is made again: the one rule of relay and webhooks."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.domain.pauses import Pauses
from payamak.domain.posting import TARGET, PostState, Tried, is_page, next_post

NOW = 1_700_000_000_000
PAUSES = Pauses(first_ms=5_000, longest_ms=86_400_000)


def tried(**given: object) -> Tried:
    """A first post that got no answer, but for what is given."""
    plain: dict[str, object] = {
        "tries": 1,
        "waiting_since": NOW,
        "salt": 0,
        "has_arrived": False,
        "status": None,
        "retry_after_ms": None,
    }
    return Tried(**{**plain, **given})  # type: ignore[arg-type]


def test_pauses_double() -> None:
    """5 s, 10 s, 20 s … 24 h: each with up to a quarter more, and never more than that."""
    for tries in range(1, 100):
        plain = min(5_000 * 2 ** (tries - 1), 86_400_000)
        for salt in (0, 1, 999, 12_345_678_901):
            assert plain <= PAUSES.after(tries, salt) <= plain * 5 // 4


@given(st.integers(1, 60), st.integers(1, 1 << 53))
def test_jitter_spreads(tries: int, salt: int) -> None:
    """Neighbours that failed together do not come again together."""
    assert len({PAUSES.after(tries, salt + place) for place in range(50)}) > 40


@given(
    st.integers(1, 100),
    st.integers(0, 5 * 86_400_000),
    st.integers(0, 1 << 53),
    st.one_of(st.none(), st.integers(100, 599)),
    st.one_of(st.none(), st.integers(0, 10**12)),
)
def test_every_end(tries: int, age_ms: int, salt: int, status: int | None, retry_after_ms: int | None) -> None:
    """Arrived is done; 410 is dead; else it waits, for 24 h and jitter at most, never beyond three days."""
    facts = {"tries": tries, "salt": salt, "status": status, "retry_after_ms": retry_after_ms}
    now = NOW + age_ms
    assert next_post(tried(**facts, has_arrived=True), PAUSES, now) == (PostState.DONE, None)
    state, next_at = next_post(tried(**facts), PAUSES, now)
    assert (next_at is None) is (state is not PostState.WAITING)
    if status == 410:
        assert state is PostState.DEAD
    if next_at is not None:
        assert now + 5_000 <= next_at <= min(now + 86_400_000 * 5 // 4, NOW + 3 * 86_400_000)
        assert next_at - now >= min(retry_after_ms or 0, 86_400_000)


def test_a_dead_target_for_three_days() -> None:
    """About seventeen posts in three days, the last pauses a day long; then it is kept."""
    now, tries, instants = NOW, 0, []
    while True:
        instants.append(now)
        tries += 1
        state, next_at = next_post(tried(tries=tries, salt=7), PAUSES, now)
        if next_at is None:
            break
        now = next_at
    assert state is PostState.DEAD
    assert 14 <= tries <= 18
    assert 86_400_000 < now - NOW <= 3 * 86_400_000
    assert all(earlier < later for earlier, later in pairwise(instants))


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://shop.example.ir", True),
        ("http://10.0.0.1:8080/states?shop=1", True),
        ("HTTPS://[2001:db8::1]/x", True),
        ("https://user:secret@shop.example.ir/", False),
        ("ftp://shop.example.ir/", False),
        ("shop.example.ir/states", False),
        ("https://", False),
        ("https://shop.example.ir/a b", False),
        ("https://shop.example.ir/#part", False),
    ],
)
def test_targets(url: str, is_one: bool) -> None:
    """HTTP or HTTPS, without a login, a blank or a fragment."""
    assert (TARGET.fullmatch(url) is not None) is is_one


@pytest.mark.parametrize(
    ("media_type", "text", "page"),
    [
        ("text/plain; charset=utf-8", "thanks", False),
        ("", "1 < 2, <3, a<b, x <y> <name>", False),
        ("application/json", '{"a": 1}', False),
        ("text/html; charset=UTF-8", "thanks", True),
        (" TEXT/HTML", "", True),
        ("application/xhtml+xml", "x", True),
        ("text/plain", "<!DOCTYPE html><html>", True),
        ("text/plain", "<br />\n<b>Warning</b>:  Undefined variable $x", True),
        ("", "<H1>Internal Server Error</H1>", True),
        ("", "oops </body>", True),
        ("", "<?xml version='1.0'?>", True),
        ("", "<!-- debug --> thanks", True),
        ("text/plain", "<main class='error'>gone</main>", True),
        ("text/plain", "<label>x</label>", True),
        ("text/plain", "\nWarning: Undefined variable $x in /var/www/sms.php on line 3\nthanks", True),
        ("text/plain", "PHP Fatal error:  Uncaught Error in /a.php:3\n#0 {main}\n  thrown in /a.php on line 3", True),
        ("text/plain", "Warning: two left. Call us on line 30003300", False),
        ("text/plain", "Warning: two left", False),
        ("text/plain", "PHP Fatal error:  Uncaught Exception in /var/www/x.php:3\nStack trace:\n#0 {main}", True),
        ("text/plain", "you are on line 3", False),
    ],
)
def test_a_web_page(media_type: str, text: str, page: bool) -> None:
    """What says that it is a page is one, and so is what holds the tags of one; a less-than sign alone is text."""
    assert is_page(media_type, text) is page
