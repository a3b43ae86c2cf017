"""Fields out of queries, forms, JSON and multipart bodies."""

import json
from collections.abc import Mapping
from urllib.parse import quote, quote_plus, unquote_to_bytes, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.http import forms
from payamak.http.forms import MAX_ESCAPES, MAX_FIELDS, Malformed, charset_of, parse_fields

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=XyZ"
PASSWORD = "p@ss#$%&+= رمز"
NAMES = ("username", "password", "mobile", "message", "line", "type")


def part(name: str, value: bytes, *headers: str) -> bytes:
    """One part of a multipart body with the boundary XyZ."""
    head = "\r\n".join((f'Content-Disposition: form-data; name="{name}"', *headers))
    return b"--XyZ\r\n" + head.encode() + b"\r\n\r\n" + value + b"\r\n"


@pytest.mark.parametrize(
    ("query", "content_type", "body"),
    [
        (b"", FORM, urlencode({"username": "u", "Password": PASSWORD}).encode()),
        (b"", FORM, urlencode({"username": "u", "Password": PASSWORD}, quote_via=quote).encode()),
        (b"", FORM + "; charset=UTF-8", b"USERNAME=u&PASSWORD=" + quote_plus(PASSWORD).encode()),
        (b"", FORM.upper(), b"userName=u&password=" + quote_plus(PASSWORD).encode()),
        (b"", "", b"username=u&password=" + quote_plus(PASSWORD).encode()),
        (b"", "", json.dumps({"username": "u", "password": PASSWORD}).encode()),
        (b"", JSON, json.dumps({"UserName": "u", "password": PASSWORD}).encode()),
        (b"", JSON, b"\xef\xbb\xbf" + json.dumps({"username": "u", "password": PASSWORD}).encode()),
        (b"", 'application/json;charset="utf-8"', json.dumps({"username": "u", "password": PASSWORD}).encode()),
        (b"", JSON, json.dumps({"username": "u", "password": PASSWORD}, ensure_ascii=False).encode()),
        (b"", MULTIPART, part("username", b"u") + part("PASSWORD", PASSWORD.encode()) + b"--XyZ--\r\n"),
        (b"", MULTIPART, part("username", b"u") + part("password", PASSWORD.encode()) + b"--XyZ--"),
        (
            b"",
            'multipart/form-data; boundary="XyZ"',
            part("username", b"u", "Content-Type: text/plain; charset=utf-8")
            + part("password", PASSWORD.encode(), "Content-Transfer-Encoding: binary")
            + b"--XyZ--\r\n",
        ),
        (b"username=u&password=" + quote_plus(PASSWORD).encode(), "", b""),
        (b"username=u&password=" + quote_plus(PASSWORD).encode(), "application/xml", b""),
        (b"username=u", FORM, b"password=" + quote_plus(PASSWORD).encode()),
    ],
)
def test_every_way_gives_the_same_fields(query: bytes, content_type: str, body: bytes) -> None:
    """Form, JSON, multipart and query say the same; names in any case; passwords keep every character."""
    fields = parse_fields(query, content_type, body)
    assert (fields.text("username"), fields.text("password")) == ("u", PASSWORD)


@pytest.mark.parametrize(
    ("query", "content_type", "body", "line"),
    [
        (b"line=1&line=2", "", b"", "1"),
        (b"line=1&LINE=2", "", b"", "1"),
        (b"", FORM, b"line=1&line=2", "1"),
        (b"", JSON, b'{"line": 1, "line": 2}', "1"),
        (b"", JSON, b'{"Line": "1", "line": "2"}', "1"),
        (b"", MULTIPART, part("line", b"1") + part("line", b"2") + b"--XyZ--\r\n", "1"),
        (b"line=2", FORM, b"line=1", "1"),
        (b"line=2", JSON, b'{"line": "1"}', "1"),
        (b"line=1", FORM, b"other=2", "1"),
        (b"line=", "", b"", None),
        (b"line", "", b"", None),
        (b"", JSON, b'{"line": ""}', None),
        (b"", JSON, b'{"line": null}', None),
        (b"", JSON, b"{}", None),
        (b"", "", b"", None),
        (b"&&line=1&&", "", b"", "1"),
        (b"line=a=b", "", b"", "a=b"),
        (b"line=100%&x=%zz", "", b"", "100%"),
        (b"", JSON, b'{"line": 9830003300}', "9830003300"),
        (b"", JSON, b'{"line": -1}', "-1"),
        (b"", JSON, b'{"line": 9.83e9}', "9.83e9"),
        (b"", JSON, b'{"line": ' + b"9" * 9_000 + b"}", "9" * 9_000),
        (b"", JSON, b'{"line": "1", "other": [true, {"a": [null]}], "more": {"x": false}}', "1"),
        (b"", MULTIPART, part("line", b"1") + part('f"; filename="a.txt', b"\xff") + b"--XyZ--\r\n", "1"),
        (b"line=\xdb\xb1", "", b"", "۱"),
        (b"line=+98", "", b"", " 98"),
    ],
)
def test_which_value_counts(query: bytes, content_type: str, body: bytes, line: str | None) -> None:
    """The first of doubled fields, the body's before the query's; an empty string and null are not given."""
    assert parse_fields(query, content_type, body).text("line") == line


@pytest.mark.parametrize(
    "message",
    [
        "'; DROP TABLE messages; --",
        '{"code": 1}',
        "[1,2]",
        "سلام\u200cدنیا\r\n😀 +%20&=",
        " \t ",
        "null",
    ],
)
def test_text_is_kept_octet_for_octet(message: str) -> None:
    """SQL-like text and a string that looks like JSON are text, whatever the way they come."""
    form = urlencode({"message": message}).encode()
    multipart = part("message", message.encode()) + b"--XyZ--\r\n"
    for query, content_type, body in (
        (b"", FORM, form),
        (form, "", b""),
        (b"", JSON, json.dumps({"message": message}).encode()),
        (b"", MULTIPART, multipart),
    ):
        assert parse_fields(query, content_type, body).text_or_object("message") == message


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b'{"code": "12", "n": 7, "code": "13"}', {"code": "12", "n": "7"}),
        (b'{"a": {"b": 1}, "c": true, "d": null, "e": [1]}', {"a": "", "c": "", "d": "", "e": ""}),
        (b"{}", {}),
        (b"12", "12"),
        (b'"{}"', "{}"),
        (b"null", None),
    ],
)
def test_message_may_be_an_object(message: bytes, expected: str | Mapping[str, str] | None) -> None:
    """A JSON object as message is kept as one, members that can fill no placeholder as empty strings."""
    fields = parse_fields(b"", JSON, b'{"message": ' + message + b"}")
    assert fields.text_or_object("message") == expected


@pytest.mark.parametrize("value", [b"true", b"false", b"[]", b"[1]", b"{}", b'{"a": 1}'])
def test_other_fields_are_scalars(value: bytes) -> None:
    """A truth value, an array or an object where a scalar belongs is malformed, but only if one asks for it."""
    fields = parse_fields(b"", JSON, b'{"mobile": ' + value + b', "line": 1}')
    assert fields.text("line") == "1"
    with pytest.raises(Malformed):
        fields.text("mobile")


@pytest.mark.parametrize("value", [b"true", b"[]"])
def test_message_is_neither_truth_value_nor_array(value: bytes) -> None:
    """As message, too, a truth value or an array is malformed."""
    with pytest.raises(Malformed):
        parse_fields(b"", JSON, b'{"message": ' + value + b"}").text_or_object("message")


ARABIC = "سلام".encode("cp1256")


@pytest.mark.parametrize(
    ("content_type", "body", "message"),
    [
        (FORM + "; charset=ISO-8859-1", b"message=a", "a"),
        (FORM + "; charset=windows-1252", b"message=%7Ea", "~a"),
        (FORM + "; charset=nonsense", b"message=a", "a"),
        (FORM + "; charset=utf-16", b"message=a", "a"),
        (JSON + "; charset=ISO-8859-1", b'{"message": "\\u0633"}', "س"),
        (FORM + "; charset=ISO-8859-1", b"message=caf%E9", "café"),
        (FORM + "; charset=Latin-1", b"message=caf\xe9", "café"),
        (FORM + "; charset=windows-1252", b"message=%805", "€5"),
        (FORM + "; charset=windows-1256", b"message=" + ARABIC, "سلام"),
        (FORM + "; charset=cp1256", b"message=" + quote(ARABIC).encode(), "سلام"),
        (JSON + "; charset=windows-1256", b'{"message": "' + ARABIC + b'"}', "سلام"),
        (FORM + "; charset=koi8-r", "message=سلام".encode(), "سلام"),
        (FORM + "; charset=iso-8859-1", b"\xef\xbb\xbf" + "message=سلام".encode(), "سلام"),
        (FORM, b"{a}=1&message={}", "{}"),
        (FORM, b'message={"a":1}', '{"a":1}'),
        (MULTIPART, part("message", b"a", "Content-Type: text/plain; charset=ISO-8859-1") + b"--XyZ--", "a"),
        (MULTIPART, part("message", b"a", "Content-Type: text/plain; charset=windows-1252") + b"--XyZ--", "a"),
        (MULTIPART, part("message", b"\xe9", "Content-Type: text/plain; charset=iso-8859-1") + b"--XyZ--", "é"),
        (MULTIPART, part("message", ARABIC, 'Content-Type: text/plain; charset="windows-1256"') + b"--XyZ--", "سلام"),
        (MULTIPART + "; charset=windows-1256", part("message", ARABIC) + b"--XyZ--", "سلام"),
        (
            MULTIPART + "; charset=ISO-8859-1",
            part("message", "سلام".encode(), "Content-Type: text/plain; charset=UTF-8") + b"--XyZ--",
            "سلام",
        ),
        (MULTIPART, b"This is a multi-part message.\r\n" + part("message", b"a") + b"--XyZ--\r\nepilogue", "a"),
        (MULTIPART, b"\r\n" + part("message", b"a") + b"--XyZ--\r\n", "a"),
        (MULTIPART, b"ends in LF\n" + part("message", b"a") + part("line", b"1") + b"--XyZ--\r\n", "a"),
        (MULTIPART, b"--XyZed is no delimiter\r\n--XyZ2\r\n" + part("message", b"a") + b"--XyZ--\r\n", "a"),
    ],
)
def test_octets_judge_their_label(content_type: str, body: bytes, message: str) -> None:
    """ASCII is ASCII whatever its label; the three labels of the field are believed for the rest; else it is UTF-8."""
    assert parse_fields(b"", content_type, body).text("message") == message


@pytest.mark.parametrize(
    ("query", "content_type", "body"),
    [
        (b"message=%FF", "", b""),
        (b"message=\xff", "", b""),
        (b"message=%D8", "", b""),
        (b"message=%ED%A0%80", "", b""),
        (b"message=%C0%AF", "", b""),
        (b"message=a%00b", "", b""),
        (b"a%00=b", "", b""),
        (b"", FORM, b"message=a\0b"),
        (b"", FORM, b"message=\xff"),
        (b"", FORM + "; charset=windows-1252", b"message=\x81"),
        (b"", FORM + "; charset=koi8-r", b"message=\xc1"),
        (b"", FORM + "; charset=utf-8", b"message=%C7"),
        (b"", FORM + "; charset=iso-8859-1", b"\xef\xbb\xbfmessage=\xe9"),
        (b"", FORM, b'{"username":"u","message":"a&b=c"}'),
        (b"", FORM, b' [{"username": "u"}]'),
        (b"username=u", FORM, b"[object Object]"),
        (b"", FORM, b"{'username': 'u', 'message': 'x'}"),
        (b"", FORM, b"{username: u}"),
        (b"", FORM, b"%3C?xml version='1.0'?><Envelope/>"),
        (b"", "", b'[{"username": "u"}]'),
        (b"", FORM, b'"{\\"username\\":\\"u\\"}"'),
        (b"", FORM, b"%7B%22username%22%3A%22u%22%7D="),
        (b"", FORM, b'{"username":"u'),
        (b"", FORM, b"{}"),
        (b"", JSON, b'{"message": "a\\u0000b"}'),
        (b"", JSON, b'{"message": "a\0b"}'),
        (b"", JSON, b'{"message": "\\ud83d"}'),
        (b"", JSON, b'{"message": {"a": "\\ud83d"}}'),
        (b"", JSON, b'{"message": "\xff"}'),
        (b"", JSON, b'{"message": "abc'),
        (b"", JSON, b'{"message": NaN}'),
        (b"", JSON, b"message=abc"),
        (b"", JSON, b"[]"),
        (b"", JSON, b"null"),
        (b"", JSON, b'"text"'),
        (b"", JSON, b"   "),
        (b"", JSON, b"[" * 100_000),
        (b"", JSON, b'{"a":' * 100_000),
        (b"", JSON, b"{" + b",".join(b'"k%d":1' % n for n in range(MAX_FIELDS + 1)) + b"}"),
        (b"", JSON + "; charset=utf-16", '{"message": "a"}'.encode("utf-16")),
        (b"", "", b'{"message": "abc'),
        (b"", "text/plain", b"message=abc"),
        (b"", "text/xml", b"<message/>"),
        (b"", "application/octet-stream", b"message=abc"),
        (b"", "nonsense", b"message=abc"),
        (b"", ";;;=", b'{"message": "a'),
        (b"", "multipart/form-data", part("message", b"a") + b"--XyZ--\r\n"),
        (b"", "multipart/form-data; boundary=" + "x" * 9_000, b"a"),
        (b"", MULTIPART, b"message=abc"),
        (b"", MULTIPART, part("message", b"abc")),
        (b"", MULTIPART, part("message", b"abc") + b"--Xy"),
        (b"", MULTIPART, part("message", b"\xff") + b"--XyZ--\r\n"),
        (b"", MULTIPART, part("message", b"a\0b") + b"--XyZ--\r\n"),
        (b"", MULTIPART, b"before XyZ\r\n--Xy\r\n"),
        (b"", MULTIPART, b"\r\nmessage=a"),
        (b"", MULTIPART, part("message", b"YQ==", "Content-Transfer-Encoding: base64") + b"--XyZ--\r\n"),
        (b"", MULTIPART, b"--XyZ\r\nX: y\r\n\r\nabc\r\n--XyZ--\r\n"),
        (b"", MULTIPART, part("a", b"", *(f"X-{n}: 1" for n in range(50))) + b"--XyZ--\r\n"),
        (b"", MULTIPART, part("a", b"") * (MAX_FIELDS + 1) + b"--XyZ--\r\n"),
        (b"&" * (MAX_FIELDS + 1), "", b""),
    ],
)
def test_unreadable_requests_are_malformed(query: bytes, content_type: str, body: bytes) -> None:
    """Bad UTF-8, NUL, truncated or foreign content is malformed: refused, never repaired."""
    with pytest.raises(Malformed):
        parse_fields(query, content_type, body)


@given(
    query=st.binary(max_size=80),
    content_type=st.sampled_from(["", FORM, JSON, MULTIPART, "text/plain"]) | st.text(max_size=40),
    body=st.binary(max_size=200)
    | st.binary(max_size=50).map(lambda octets: part("message", octets) + b"--XyZ--")
    | st.binary(max_size=50).map(lambda octets: b'{"message":' + octets + b"}")
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner),
    ).map(lambda value: json.dumps(value).encode()),
)
def test_garbage_is_malformed_and_nothing_else(query: bytes, content_type: str, body: bytes) -> None:
    """Whatever octets come, the only error is Malformed, and every text is UTF-8 without NUL."""
    try:
        fields = parse_fields(query, content_type, body)
        values = [fields.text(name) for name in NAMES if name != "message"]
        message = fields.text_or_object("message")
        values.extend(message.values() if isinstance(message, Mapping) else [message])
    except Malformed:
        return
    for value in values:
        assert value is None or b"\0" not in value.encode()


def test_a_form_of_nothing_but_escapes_is_refused() -> None:
    """More escapes than any honest call has are refused; 50,000 ids, or a megabyte of one run, are read."""
    with pytest.raises(Malformed):
        parse_fields(b"", FORM, b"message=" + b"%41a" * (MAX_ESCAPES + 1))
    ids = "%2C".join("1234" for _ in range(50_000))
    assert parse_fields(b"", FORM, f"message_ids={ids}".encode()).text("message_ids") is not None
    assert parse_fields(b"", FORM, b"message=" + b"%41" * 300_000).text("message") == "A" * 300_000


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, b"&".join(b"a%d=" % n + b"%41a" * 10_001 for n in range(10))),
        (FORM, b"message=" + b"%" * 1_000_000),
        (JSON, b'{"a":[' + b"{}," * 330_000 + b"1]}"),
        (JSON, b'{"a":[' + b"1," * 330_000 + b"1]}"),
        (JSON, b"{" + b",".join(b'"a%d":1' % n for n in range(30_000)) + b"}"),
        ("multipart/form-data; boundary=a; " + 'a="";' * 9_000, b"--a--"),
    ],
)
def test_what_is_dear_to_read_is_refused_by_its_count(content_type: str, body: bytes) -> None:
    """A stranger's megabyte of escapes in many fields, of brackets or commas, is not read: it took up to 0.6 s."""
    with pytest.raises(Malformed, match=r"too many|too long"):
        parse_fields(b"", content_type, body)


def test_long_texts_are_no_attack() -> None:
    """A JSON text of brackets and colons as long as any message, or 50,000 ids, is read."""
    text = "[{:}]," * 1_000
    assert parse_fields(b"", JSON, json.dumps({"message": text}).encode()).text("message") == text
    ids = ",".join(["1234567"] * 50_000)
    assert parse_fields(b"", JSON, json.dumps({"message_ids": ids}).encode()).text("message_ids") == ids


@given(st.text(alphabet="%0aA4fé +", max_size=40))
def test_escapes_are_read_as_the_standard_reads_them(text: str) -> None:
    """Whole escapes only; a `%` that starts none stands for itself."""
    octets = text.encode().replace(b"+", b"%2B").replace(b" ", b"%20")
    try:
        expected = unquote_to_bytes(octets).decode()
        assert "\0" not in expected
    except (UnicodeDecodeError, AssertionError):
        with pytest.raises(Malformed):
            parse_fields(b"", FORM, b"message=" + octets)
    else:
        assert parse_fields(b"", FORM, b"message=" + octets).text("message") == (expected or None)


def test_what_is_remembered_of_content_types() -> None:
    """A few short ones, whatever comes; none with a boundary; what cannot be read is refused each time."""
    remembered = forms._common_options
    remembered.cache_clear()
    form = "application/x-www-form-urlencoded; charset=UTF-8"
    for _ in range(3):
        assert parse_fields(b"", form, b"message=%D8%B3").text("message") == "\u0633"
        assert charset_of(form) == "UTF-8"
    assert (remembered.cache_info().misses, remembered.cache_info().currsize) == (1, 1)
    for number in range(1_000):
        assert charset_of(f"text/plain; charset=x{number}") == f"x{number}"
    known = remembered.cache_info()
    assert known.currsize == known.maxsize == 32
    remembered.cache_clear()
    assert charset_of("text/plain; charset=" + "x" * 45) == "x" * 45
    assert charset_of("multipart/form-data; boundary=abc; charset=utf-8") == "utf-8"
    for _ in range(2):
        with pytest.raises(Malformed):
            parse_fields(b"", "application/json; charset=\udc80\U0001f600", b"{}")
    assert remembered.cache_info().currsize == 0
