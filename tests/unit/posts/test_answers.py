"""One answer, read from octets: its end, its bounds, and everything a hostile or a simple server may say."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.posts.answers import ALL_LIMIT_OCTETS, BODY_LIMIT_OCTETS, AnswerReader, RemoteProtocolError

OK = b"HTTP/1.1 200 OK\r\n"
TWO = OK + b"Content-Length: 2\r\n\r\nab"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n"

Read = tuple[int | None, bytes, bool]


def read(*pieces: bytes, is_end: bool = False, wants_any_body: bool = True) -> Read:
    """The status, the body, and whether another post may follow, of an answer that is done."""
    reader = AnswerReader(wants_any_body=wants_any_body)
    for piece in pieces:
        reader.feed(piece)
    if is_end:
        reader.end()
    assert reader.is_done
    return reader.status, reader.body, reader.leaves_the_connection_open


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (TWO, (200, b"ab", True)),
        (b"HTTP/1.1 204 \r\n\r\n", (204, b"", True)),
        (b"HTTP/1.1 304 x\r\nContent-Length: 7\r\n\r\n", (304, b"", True)),
        (CHUNKED + b"\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n", (200, b"abc", True)),
        (CHUNKED + b"\r\n0\r\nRetry-After: 5\r\n\r\n", (200, b"", True)),
        (OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nab", (200, b"ab", False)),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", (200, b"ab", False)),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab", (200, b"ab", True)),
        (OK + b"Connection: Upgrade, Keep-Alive\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nab", (200, b"ab", True)),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nab", (200, b"ab", True)),
        (CHUNKED + b"Content-Length: 9\r\n\r\n2\r\nab\r\n0\r\n\r\n", (200, b"ab", False)),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nRetry-After: 5\r\n\r\n" + TWO, (200, b"ab", True)),
    ],
    ids=[
        *(
            "length",
            "no content",
            "not modified",
            "chunked",
            "trailers",
            "close",
            "old",
            "old but kept",
            "apache's offer",
        ),
        *("lone line feeds", "length beside chunks", "informational"),
    ],
)
def test_answers(octets: bytes, expected: Read) -> None:
    """What an answer is, and whether its connection may be used again; octet by octet it is the same."""
    assert read(octets) == expected
    assert read(*(octets[at : at + 1] for at in range(len(octets)))) == expected


@pytest.mark.parametrize("head", [OK, OK + b"Transfer-Encoding: gzip\r\n", b"HTTP/1.0 200 OK\r\n"])
def test_a_body_until_the_end(head: bytes) -> None:
    """Without a length the end of the connection is the end of the answer, and not before."""
    reader = AnswerReader(wants_any_body=True)
    reader.feed(head + b"\r\nabc")
    assert not reader.is_done
    assert read(head + b"\r\nabc", is_end=True) == (200, b"abc", False)


@pytest.mark.parametrize("more", [b"H", TWO, b"\x00", b"SSH-2.0"])
@pytest.mark.parametrize("first", [TWO, OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nab"])
def test_a_second_answer_is_nobodys(first: bytes, more: bytes) -> None:
    """What follows the answer changes nothing of it, and the connection is not used again."""
    assert read(first + more) == (200, b"ab", False)
    assert read(first, more) == (200, b"ab", False)


@pytest.mark.parametrize(
    "octets",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 99 x\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 101 x\r\n\r\n",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        OK + b"Content-Length: -2\r\n\r\nabc",
        OK + b"Content-Length: 99999999999999999999999\r\n\r\nabc",
        CHUNKED + b"\r\nzz\r\nab",
        OK + b"X: y\r\n" * 50_000,
        OK + b"X: " + b"y" * 70_000,
        b"HTTP/1.1 200 " + b"y" * 70_000,
        b"HTTP/1.1 100 x\r\n\r\n" * 4_000,
    ],
)
def test_no_answer(octets: bytes) -> None:
    """What is no HTTP, what nobody has asked for, and a head without end: no answer, and its octets are not told."""
    with pytest.raises(RemoteProtocolError) as caught:
        read(octets, is_end=True)
    assert not any(word in str(caught.value) for word in ("SSH", "abc", "yy"))


@pytest.mark.parametrize("octets", [b"", b"HTTP/1.1 200 OK\r\nX: y", TWO[:-1], CHUNKED + b"\r\n2\r\nab\r\n"])
def test_broken_off(octets: bytes) -> None:
    """An end before the answer's is none; where the status is the answer, only one before the end of the head."""
    with pytest.raises(RemoteProtocolError):
        read(octets, is_end=True)
    if b"\r\n\r\n" in octets:
        assert read(octets, is_end=True, wants_any_body=False)[0] == 200


def test_the_body_of_200_alone() -> None:
    """Who wants the body of a 200 takes the status of another answer for the answer."""
    reader = AnswerReader(wants_body=True)
    reader.feed(b"HTTP/1.1 500 x\r\nContent-Length: 2\r\n\r\na")
    reader.end()
    assert (reader.status, reader.leaves_the_connection_open) == (500, False)


@pytest.mark.parametrize(
    "octets",
    [OK + b"\r\n", OK + b"Content-Length: 999999999\r\n\r\n", CHUNKED + b"\r\n" + b"1\r\nx\r\n" * 20_000],
    ids=["endless", "long", "chunks"],
)
def test_a_body_has_a_limit(octets: bytes) -> None:
    """One octet more than the limit is kept, then it is done, and the connection is not used again."""
    status, body, is_open = read(octets, b"x" * (BODY_LIMIT_OCTETS + 1) if b"1\r\nx" not in octets else b"")
    assert (status, len(body), is_open) == (200, BODY_LIMIT_OCTETS + 1, False)


@pytest.mark.parametrize("piece", [b"2;" + b"y" * 1_000 + b"\r\nab\r\n", b"0\r\nX: " + b"y" * 1_000, b"y" * 1_000])
def test_what_frames_a_body_has_a_limit(piece: bytes) -> None:
    """Chunks' extensions, trailers: nothing is read on for ever."""
    reader, fed = AnswerReader(), 0
    reader.feed(CHUNKED + b"\r\n0\r\nX: " if piece == b"y" * 1_000 else CHUNKED + b"\r\n")
    with suppress(RemoteProtocolError):  # some are no HTTP on the second time
        while not reader.is_done:
            reader.feed(piece)
            fed += len(piece)
            assert fed <= ALL_LIMIT_OCTETS + len(piece)


def test_a_wanted_body_is_whole_or_none() -> None:
    """Where so much frames a wanted body that it is not read on, its beginning is not taken for the answer."""
    with pytest.raises(RemoteProtocolError):
        read(CHUNKED + b"\r\n2\r\nab\r\n1;" + b"y" * ALL_LIMIT_OCTETS)


def test_headers_of_the_answer_alone() -> None:
    """Neither an informational answer's nor a trailer's header is the answer's; a doubled one is joined."""
    reader = AnswerReader()
    reader.feed(b"HTTP/1.1 103 x\r\nRetry-After: 1\r\n\r\n" + CHUNKED + b"Retry-AFTER: 2\r\nretry-after: 3\r\n\r\n")
    reader.feed(b"0\r\nRetry-After: 4\r\n\r\n")
    assert (reader.is_done, reader.header("retry-after"), reader.header("content-type")) == (True, "2, 3", None)


@given(st.lists(st.one_of(st.binary(max_size=50), st.sampled_from([OK, TWO, CHUNKED, b"\r\n", b"0\r\n\r\n"]))))
def test_garbage(pieces: list[bytes]) -> None:
    """Whatever comes, it is an answer or none; nothing else is raised, nothing grows beyond its limit."""
    reader = AnswerReader(wants_any_body=True)
    with suppress(RemoteProtocolError):
        for piece in pieces:
            reader.feed(piece)
        reader.end()
        assert reader.status is not None
    assert len(reader.body) <= BODY_LIMIT_OCTETS + 1
