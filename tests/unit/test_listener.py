"""Posts seen before there is a program that takes them: whose they are, what they say, and again as they were."""

from pathlib import Path

import pytest

from payamak.listener import KeptPost, Listener, open_kept, read_kept, signed_anew, verdict
from payamak.posts.post import signature

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OTHER = "whsec_D2FVsBQIhrscChlQIMV+b5sSYspob7oD"
NOW_S = 1_800_000_000
BODY = b'{"type":"message.state","id":"evt-3403-3","data":{"message_id":3403,"state":"delivered"}}'


def came(body: bytes = BODY, **headers: str) -> KeptPost:
    """A post, signed now unless a header says otherwise."""
    own = {
        "content-type": "application/json",
        "webhook-id": "evt-3403-3",
        "webhook-timestamp": str(NOW_S),
        "webhook-signature": signature(SECRET, "evt-3403-3", NOW_S, body),
    }
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return KeptPost(path="/sms", headers={name: value for name, value in (own | said).items() if value}, body=body)


@pytest.mark.parametrize(
    ("post", "secret", "says"),
    [
        (came(), SECRET, "signed"),
        (came(), OTHER, "WRONG SIGNATURE"),
        (came(webhook_id="evt-3403-4"), SECRET, "WRONG SIGNATURE"),
        (came(webhook_timestamp=str(NOW_S - 1)), SECRET, "WRONG SIGNATURE"),
        (KeptPost(path="/", headers=came().headers, body=BODY + b" "), SECRET, "WRONG SIGNATURE"),
        (came(webhook_signature="v1,bm9uZQ== " + came().headers["webhook-signature"]), SECRET, "signed"),
        (came(webhook_signature=""), SECRET, "NOT SIGNED"),
        (came(webhook_timestamp="now"), SECRET, "NO TIME"),
        (came(), "", "signed, not verified: no --secret"),
        (came(webhook_signature=""), "", "not signed"),
    ],
)
def test_whose_a_post_is(post: KeptPost, secret: str, says: str) -> None:
    """A receiver must ask for id, time and body; every other one is told apart."""
    assert verdict(post, secret, NOW_S + 200) == says


def test_an_old_post_is_told_and_can_be_signed_anew() -> None:
    """A receiver refuses what is older than five minutes; a replay is signed as of now, over the same octets."""
    assert verdict(came(), SECRET, NOW_S + 301) == "signed, BUT OLD"
    again = signed_anew(came(), SECRET, NOW_S + 301)
    assert (verdict(again, SECRET, NOW_S + 301), again.body) == ("signed", BODY)


@pytest.mark.parametrize(
    ("post", "says"),
    [
        (came(), "evt-3403-3  message.state  message 3403 delivered"),
        (came(b'{"type":"webhook.test","id":"ping-1","data":{"account":"shop"}}'), "ping-1  webhook.test"),
        (
            came(b"to=9830003300&from=989120001234&text=%D8%B3%D9%84%D8%A7%D9%85", content_type="", webhook_id="mo-5"),
            "mo-5  from 989120001234 to 9830003300: سلام",
        ),
        (came(b"to=9830003300", content_type=""), "13 octets that are none of ours"),
        (came(b"[]"), "2 octets that are none of ours"),
        (came(b"\xff\xfe", content_type=""), "2 octets that are none of ours"),
    ],
)
def test_what_a_post_says(post: KeptPost, says: str) -> None:
    """In a line; what is no post of ours is counted, never a fault."""
    assert post.says == says


def test_a_post_is_kept_as_it_came() -> None:
    """Every octet and header of it; what is no such line is refused."""
    for body in (BODY, b"", bytes(range(256))):
        assert read_kept(came(body).line()) == came(body)
    for line in ("", "{}", "[]", '{"path": "/", "headers": {}, "body": "?"}', "1"):
        with pytest.raises(ValueError, match=r"."):
            read_kept(line)


def test_a_replay_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept while a file is passed on again is not passed on with it, though it lands in the same file."""
    monkeypatch.setattr("payamak.listener.forward", lambda _came, _url: (204, b""))
    file = tmp_path / "posts.jsonl"
    file.write_text(f"{came().line()}\n{came(BODY + b' ').line()}\n", encoding="utf-8")
    with open_kept(file) as keep:
        listener = Listener(tell=lambda _: None, forward_to="http://127.0.0.1/", keep=keep)
        assert list(listener.replay(file)) == [204, 204]
    assert len(file.read_text(encoding="utf-8").splitlines()) == 4
