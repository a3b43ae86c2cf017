"""What a webhook says, when it is said again, and which settings are refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payamak.domain.message import FINAL_STATES, Reason, State
from payamak.domain.posting import PostState
from payamak.domain.site import Account, build_site, faults_of
from payamak.domain.webhooks import (
    Notice,
    after_notice,
    event_id,
    parse_event_id,
    payload,
    ping_payload,
)

NOW = 1_700_000_000_123
NOTICE = Notice(
    message_id=1042,
    sequence=3,
    account_id=1,
    recipient="989120000001",
    at=NOW,
    state=State.ENROUTE,
    reason=Reason.TAKEN,
    told=8,
    code=None,
    line="9830003300",
    step=1,
    was_taken=True,
    charged=900,
    post=PostState.WAITING,
    tries=0,
    waiting_since=NOW,
    next_at=NOW,
    posted_at=None,
    note="",
)
URL = "https://shop.example.ir/states"


def test_payload() -> None:
    """Exactly this JSON, in this order: the documentation shows it."""
    assert payload(NOTICE) == (
        b'{"type":"message.state","id":"evt-1042-3","timestamp":"2023-11-14T22:13:20.123Z","data":{"message_id":1042,'
        b'"sequence":3,"state":"enroute","reason":"taken","state_code":8,"code":null,"is_final":false,'
        b'"recipient":"989120000001","line":"9830003300","step":2,"was_taken":true,"charged_rial":900}}'
    )


def test_payload_is_the_same_on_every_try() -> None:
    """Nothing of a try is in the body, so that a repeated one is the same octets under the same id."""
    later = replace(NOTICE, tries=7, next_at=None, waiting_since=NOW + 9, note="HTTP 500", post=PostState.DEAD)
    assert payload(later) == payload(NOTICE)


@pytest.mark.parametrize("state", State)
def test_is_final(state: State) -> None:
    """The customer need not know our states to see whether more will come."""
    reason = Reason.NO_RECEIPTS if state is State.ENROUTE else Reason.RECEIPT
    told = json.loads(payload(replace(NOTICE, state=state, reason=reason)))
    assert told["data"]["is_final"] is (state in FINAL_STATES or state is State.ENROUTE)


def test_ping() -> None:
    """A test says so in its type, and tells nothing of any message."""
    assert json.loads(ping_payload("ping-1", "shop", NOW)) == {
        "type": "webhook.test",
        "id": "ping-1",
        "timestamp": "2023-11-14T22:13:20.123Z",
        "data": {"account": "shop"},
    }


@given(st.integers(1, 1 << 53), st.integers(1, 10**8))
def test_event_ids(message_id: int, sequence: int) -> None:
    """An id is read back; it has no full stop, which parts the signed content."""
    text = event_id(message_id, sequence)
    assert parse_event_id(text) == (message_id, sequence)
    assert "." not in text


@pytest.mark.parametrize("text", ["", "evt-", "evt-1", "1-2", "evt-0-1", "evt-1-0", "evt-1-2-3", "mo-1-2", "evt-a-1"])
def test_no_event_ids(text: str) -> None:
    """What is no id is none."""
    assert parse_event_id(text) is None


@pytest.mark.parametrize(
    ("status", "post"),
    [
        *((status, PostState.DONE) for status in (200, 201, 202, 204, 299)),
        *((status, PostState.WAITING) for status in (None, 100, 199, 300, 301, 302, 308, 400, 401, 404, 409, 429)),
        *((status, PostState.WAITING) for status in (500, 502, 503, 504, 599)),
        (410, PostState.DEAD),
    ],
)
def test_statuses(status: int | None, post: PostState) -> None:
    """Any 2xx has arrived, 410 says stop, everything else comes again, a redirect included."""
    assert after_notice(NOTICE, status, None, NOW)[0] is post


def test_retry_after() -> None:
    """Up to 24 hours."""
    assert after_notice(NOTICE, 503, 3_600_000, NOW) == (PostState.WAITING, NOW + 3_600_000)
    assert after_notice(NOTICE, 503, 10**12, NOW) == (PostState.WAITING, NOW + 86_400_000)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "webhook_url needs webhook_secret"),
        ({"webhook_secret": "whsec_abc"}, "webhook_secret is written env:NAME"),
        ({"webhook_secret": "env:S", "webhook_url": "https://a:b@shop.example.ir"}, "without login"),
        ({"webhook_secret": "env:S", "webhook_url": "shop.example.ir"}, "is no URL"),
        ({"webhook_secret": "env:S", "webhook_timeout_s": 0}, "webhook_timeout_s"),
        ({"webhook_secret": "env:S", "webhook_timeout_s": 61}, "webhook_timeout_s"),
    ],
)
def test_faults(given: dict[str, object], says: str) -> None:
    """A wrong setting is told at apply, with its account."""
    account = replace(Account(username="shop", webhook_url=URL), **given)
    (fault,) = faults_of(build_site([account], 1))
    assert str(fault).startswith("account shop: ")
    assert says in str(fault)


def test_no_faults() -> None:
    """A URL with its secret is all that is needed; no webhook needs nothing."""
    account = Account(username="shop", webhook_url=URL, webhook_secret="env:SHOP")
    assert faults_of(build_site([account, Account(username="other")], 1)) == []


def test_no_number_in_the_log() -> None:
    """What is printed of a notice by accident has no number."""
    assert "98912" not in repr(NOTICE)
