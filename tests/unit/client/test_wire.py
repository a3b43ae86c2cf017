"""Requests as forms, answers as models: the wire without a socket."""

import json
from collections.abc import Sequence
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.client import (
    Chelcheleh,
    Fallback,
    MessageState,
    Refusal,
    Route,
    SecondLine,
    Sent,
    ServiceLine,
    UnexpectedAnswer,
)
from payamak.client.wire import (
    Account,
    Doors,
    Reply,
    Submission,
    loads,
    send_request,
    sent_reader,
    states_reader,
    states_request,
)

DOORS = Doors.at("https://sms.example.ir")
ACCOUNT = Account(username="user", password="@#$%&+= رمز", line="9830003300")
NO_LINE = Account(username="user", password="pw", line=None)
WANTED = Submission(recipient="09395213300", text="متن & چیز")
CREDENTIALS = {"username": "user", "password": "@#$%&+= رمز", "mobile": "09395213300", "message": "متن & چیز"}
SAMPLE = '{"data":{"message_id":3403,"line":9830003300,"mobile":"989395213300"},"status":-1,"msg":"success"}'


def form(body: bytes) -> dict[str, str]:
    """The fields of a form."""
    return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True))


def read_sent(body: str | bytes, http_status: int = 200) -> Sent:
    """What the answer to a send says."""
    raw = body.encode() if isinstance(body, str) else body
    request = send_request(DOORS, ACCOUNT, WANTED)
    return sent_reader(WANTED)(request, Reply(http_status=http_status, body=raw))


def read_states(body: str, ids: Sequence[int] = (6062, 6063, 6064)) -> dict[int, MessageState]:
    """What the answer about these ids says."""
    request = states_request(DOORS, ACCOUNT, ids)
    return states_reader(ids)(request, Reply(http_status=200, body=body.encode()))


@pytest.mark.parametrize(
    ("fallback", "expected"),
    [
        (None, {"line": "9830003300"}),
        ((), {"line": "9830003300"}),
        (SecondLine("9830001234"), {"line": "9830003300", "line2": "9830001234"}),
        (SecondLine(9830001234), {"line": "9830003300", "line2": "9830001234"}),
        (Chelcheleh(), {"line": "9830003300", "type": "1"}),
        (ServiceLine(), {"line": "9830003300", "type": "2", "template": "0"}),
        (
            [SecondLine("9830001234"), ServiceLine(template=3)],
            {"line": "9830003300", "line2": "9830001234", "type": "2", "template": "3"},
        ),
    ],
)
def test_each_fallback_is_the_fields_of_its_scenario(
    fallback: Fallback | Sequence[Fallback] | None, expected: dict[str, str]
) -> None:
    """A fallback becomes exactly the manual's fields, and nothing else is sent."""
    wanted = Submission(recipient=WANTED.recipient, text=WANTED.text, fallback=fallback)
    assert form(send_request(DOORS, ACCOUNT, wanted).body) == CREDENTIALS | expected


@pytest.mark.parametrize(
    ("via", "expected"),
    [(Chelcheleh(), {"type": "1"}), (ServiceLine(template=3), {"type": "2", "template": "3"})],
)
def test_via_names_no_line(via: Route, expected: dict[str, str]) -> None:
    """Scenario two: a route alone leaves out the client's own line."""
    wanted = Submission(recipient=WANTED.recipient, text=WANTED.text, via=via)
    assert form(send_request(DOORS, ACCOUNT, wanted).body) == CREDENTIALS | expected


def test_a_call_may_name_its_own_line_and_life_time() -> None:
    """A line and a life time given with the call are the ones sent."""
    wanted = Submission(recipient=1, text="t", line=30001, life_time_minutes=60)
    sent = form(send_request(DOORS, NO_LINE, wanted).body)
    assert (sent["line"], sent["life_time"], sent["mobile"]) == ("30001", "60", "1")


@pytest.mark.parametrize(
    ("account", "wanted"),
    [
        (ACCOUNT, Submission(recipient="9", text="t", via=ServiceLine(), line="3000")),
        (ACCOUNT, Submission(recipient="9", text="t", via=ServiceLine(), fallback=SecondLine("3000"))),
        (NO_LINE, Submission(recipient="9", text="t", fallback=Chelcheleh())),
        (NO_LINE, Submission(recipient="9", text="t", fallback=SecondLine("3000"))),
        (ACCOUNT, Submission(recipient="9", text="t", fallback=[ServiceLine(), SecondLine("3000")])),
        (ACCOUNT, Submission(recipient="9", text="t", fallback=[ServiceLine(), Chelcheleh()])),
        (ACCOUNT, Submission(recipient="9", text="t", fallback=[SecondLine("1"), SecondLine("2")])),
        (ACCOUNT, Submission(recipient="9", text="t", fallback=SecondLine(" "))),
        (ACCOUNT, Submission(recipient="9", text="t", line="")),
        (ACCOUNT, Submission(recipient="9", text="t", life_time_minutes=0)),
        (ACCOUNT, Submission(recipient="9", text="t", life_time_minutes=10_081)),
        (ACCOUNT, Submission(recipient="9", text="half \ud83d pair")),
    ],
)
def test_what_the_contract_cannot_say_is_refused_before_sending(account: Account, wanted: Submission) -> None:
    """A plan that the fields would silently change is a ValueError, with no trace of the text."""
    with pytest.raises(ValueError) as caught:
        send_request(DOORS, account, wanted)
    assert "half" not in str(caught.value).replace("half of a surrogate", "")
    assert caught.value.__context__ is None


def test_ids_are_joined_by_commas() -> None:
    """The states request carries the ids as the manual prints them, without quotes."""
    assert form(states_request(DOORS, NO_LINE, [6062, 6063]).body) == {
        "username": "user",
        "password": "pw",
        "message_ids": "6062,6063",
    }


@pytest.mark.parametrize("ids", [[0], [-1], [True], ["6062"], [6062.0]])
def test_an_id_is_a_positive_integer(ids: list[int]) -> None:
    """Anything but a positive integer is refused before a call."""
    with pytest.raises(ValueError):
        states_request(DOORS, ACCOUNT, ids)


@pytest.mark.parametrize(
    ("address", "send", "states"),
    [
        ("http://h", "http://h/api/wsSend.ashx", "http://h/api/wsStates.aspx"),
        (" HTTPS://h:81/ ", "https://h:81/api/wsSend.ashx", "https://h:81/api/wsStates.aspx"),
        ("http://h/services/", "http://h/services/wsSend.ashx", "http://h/services/wsStates.ashx"),
        ("http://h/api/wsSend.ashx", "http://h/api/wsSend.ashx", "http://h/api/wsStates.aspx"),
    ],
)
def test_the_doors_follow_from_the_address(address: str, send: str, states: str) -> None:
    """A bare host means /api; an address with a path names the folder."""
    assert Doors.at(address) == Doors(send=send, states=states)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "host",
        "ftp://h",
        "http://",
        "http://u:secret@h",
        "http://h/?password=secret",
        "http://h/#secret",
        "http://user:secret",
    ],
)
def test_an_address_holds_no_secret(address: str) -> None:
    """An address that is none, or holds more than a place, is refused without being repeated."""
    with pytest.raises(ValueError) as caught:
        Doors.at(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        SAMPLE,
        b"\xef\xbb\xbf \r\n" + SAMPLE.encode() + b"\r\n\0",
        SAMPLE.replace(": ", ":").replace(",", " ,\n ").replace("}", ",}"),
        '{"data":{"message_id":"3403","line":"9830003300","mobile":989395213300},"status":"-1","msg":"success"}',
        '{"data":{"message_id":" 3403","line":9830003300.0,"mobile":"۹۸۹۳۹۵۲۱۳۳۰۰",},"status":-1,"msg":"\n"}',
    ],
)
def test_loose_answers_are_read_alike(body: str | bytes) -> None:
    """Commas too many, BOM, blanks, and numbers as strings do not change what an answer says."""
    assert read_sent(body) == Sent(message_id=3403, line="9830003300", recipient="989395213300")


@pytest.mark.parametrize("rest", ["", ',"line":null,"mobile":""', ',"line":"","mobile":null', ',"line":0'])
def test_an_accepted_id_is_never_thrown_away(rest: str) -> None:
    """A message_id beside a missing line or mobile is still a sent message."""
    sent = read_sent('{"status":-1,"data":{"message_id":3403%s}}' % rest)  # noqa: UP031
    assert sent == Sent(message_id=3403, line=None, recipient="09395213300")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>ok</html>",
        "[]",
        "null",
        "-1",
        "3403",
        SAMPLE[:-5],
        "[" * 100_000,
        "{}",
        '{"status":0,"data":{}}',
        '{"status":-2,"data":{"message_id":3403}}',
        '{"status":true,"data":{"message_id":3403}}',
        '{"status":-1,"data":null}',
        '{"status":-1,"data":{}}',
        '{"status":-1,"data":{"message_id":14}}',
        '{"status":-1,"data":{"message_id":"3_403"}}',
        b"\xff\xfe{}",
    ],
)
def test_another_shape_is_unexpected_and_ambiguous(body: str | bytes) -> None:
    """An answer that cannot be understood is told as such, and the message may have been sent."""
    with pytest.raises(UnexpectedAnswer) as caught:
        read_sent(body)
    assert caught.value.may_have_been_sent
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("http_status", "expected"),
    [(302, True), (404, False), (405, False), (408, True), (413, False), (502, True)],
)
def test_a_door_that_was_not_reached_sent_nothing(http_status: int, expected: bool) -> None:
    """A 4xx page means nothing was sent; a 5xx page or a redirect leaves it open."""
    with pytest.raises(UnexpectedAnswer) as caught:
        read_sent("<h1>page</h1>", http_status)
    assert (caught.value.may_have_been_sent, caught.value.http_status) == (expected, http_status)


@pytest.mark.parametrize("http_status", [200, 404, 503])
def test_a_refusal_is_read_under_any_http_status(http_status: int) -> None:
    """The body's code counts, not the HTTP status; nothing was sent."""
    with pytest.raises(Refusal) as caught:
        read_sent('{"data":null,"status":"14","msg":"no credit",}', http_status)
    assert (caught.value.code, caught.value.message) == (14, "no credit")
    assert not caught.value.may_have_been_sent


def test_the_manuals_sample_is_read() -> None:
    """The manual's own states sample, with its stray comma, gives each id its state."""
    data = '{  \n    "msgIds": "6062,6063,6064",  \n    "states": "1,0,8",  \n  }'
    found = read_states('{  \n  "data": ' + data + ',  \n  "status": -1,  \n  "msg": "success"  \n}')
    assert [(each, found[each].code) for each in found] == [(6062, 1), (6063, 0), (6064, 8)]


@pytest.mark.parametrize(
    "data",
    [
        '"msgIds":"6062,6063,6064","states":"1,0,8"',
        '"msgIds":" 6062, 6063 ,6064,","states":"1, 0 ,8, "',
        '"msgIds":[6062,6063,6064],"states":["1","0","8"]',
        '"msgIds":"6064,6062,6063","states":"8,1,0"',
        '"states":"1,0,8"',
    ],
)
def test_loose_states_are_read_alike(data: str) -> None:
    """Blanks, arrays and another order do not change which state belongs to which id."""
    found = read_states('{"status":-1,"data":{%s}}' % data)  # noqa: UP031
    assert list(found.items()) == [(6062, MessageState(1)), (6063, MessageState(0)), (6064, MessageState(8))]


@pytest.mark.parametrize(
    "data",
    [
        '"msgIds":"6062,6063,6064","states":"1,0"',
        '"msgIds":"6062,6063","states":"1,0"',
        '"msgIds":"6062,6063,6065","states":"1,0,8"',
        '"msgIds":"6062,6063,6064","states":"1,,8"',
        '"msgIds":"6062,6063,6064","states":"1,x,8"',
        '"msgIds":"6062,6063,6064"',
        '"states":"1,0,8,8"',
        '"msgIds":{},"states":{}',
    ],
)
def test_states_that_do_not_fit_the_ids_are_unexpected(data: str) -> None:
    """No state is ever given to an id by guess."""
    with pytest.raises(UnexpectedAnswer) as caught:
        read_states('{"status":-1,"data":{%s}}' % data)  # noqa: UP031
    assert not caught.value.may_have_been_sent


def test_a_single_state_may_be_a_number() -> None:
    """One id's state comes as a bare number from some servers."""
    assert read_states('{"status":"-1","data":{"msgIds":6062,"states":-1}}', [6062]) == {6062: MessageState(-1)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":",}",}', {"a": ",}"}),
        ('{"a":"\\",]",\n}', {"a": '",]'}),
        ('[1,[2,\t],{"b\\\\":1 , } , ]', [1, [2], {"b\\": 1}]),
    ],
)
def test_only_commas_outside_strings_are_dropped(text: str, expected: object) -> None:
    """A comma inside a string stays, whatever brackets and quotes stand around it."""
    assert loads(text) == expected


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_trailing_commas_never_change_a_value(value: object) -> None:
    """Any JSON with a comma before every closing bracket reads as the same value."""
    assert loads(_with_trailing_commas(value)) == value


def _with_trailing_commas(value: object) -> str:
    if isinstance(value, list):
        return "[" + "".join(_with_trailing_commas(item) + " ,\n" for item in value) + "]"
    if isinstance(value, dict):
        pairs = (json.dumps(key) + ":" + _with_trailing_commas(item) + "," for key, item in value.items())
        return "{" + "".join(pairs) + "}"
    return json.dumps(value, ensure_ascii=False)


def test_an_endless_string_is_refused_in_linear_time() -> None:
    """A million quotes that never close are refused, not pondered."""
    with pytest.raises(ValueError):
        loads("{" + '\\"' * 1_000_000)
