"""The configuration as a snapshot: look-ups, and the faults between its documents."""

import datetime as dt
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace as changed

from payamak.domain.events import OnAmbiguous, Rules
from payamak.domain.message import Lane
from payamak.domain.site import (
    Account,
    Document,
    Keyword,
    LaneName,
    Line,
    Link,
    LinkKind,
    LinkUse,
    TemplateDocument,
    build_site,
    faults_of,
)
from payamak.domain.site.links import DefaultAlphabet, LongText
from payamak.domain.site.stored import read_document
from payamak.encoding.parts import SplitMethod
from payamak.hands.sitefile import parse, parse_setting

URL = "https://shop.example.ir/sms?key=1"
LINK, WIDE = Link(name="one"), Link(name="wide", long_text=LongText.UDH16)
LINE = Line(number="983000123", links=(LinkUse(link="one"),))
ACCOUNT = Account(username="shop", id=7, lines=("983000123",))
EXPIRY = dt.datetime(2024, 3, 19, 20, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize("written", ["983000123", "3000123", "+983000123", "00983000123", "۳۰۰۰۱۲۳", " 3000-123 "])
def test_a_line_is_found_in_either_spelling(written: str) -> None:
    """Some programs write 98 before a line and some do not; the registered one is found."""
    assert build_site([LINE], 1).line(written) is LINE


@pytest.mark.parametrize("written", ["", "abc", "983000124", "0", "%"])
def test_other_texts_are_no_line(written: str) -> None:
    """What is not registered is not found."""
    assert build_site([LINE], 1).line(written) is None


def test_a_snapshot_has_its_look_ups() -> None:
    """Accounts by name and id, rules by line, templates by account."""
    account = changed(ACCOUNT, templates=(TemplateDocument(number=3, text="{x}"),))
    site = build_site([account, LINE, LINK], 5, intake_is_suspended=True)
    assert (site.version, site.intake_is_suspended) == (5, True)
    assert site.accounts["shop"] is site.accounts_by_id[7] is account
    assert site.links == {"one": LINK}
    assert site.templates_by_account[7][3].text == "{x}"
    assert site.rules("gone") == Rules()


def test_the_rules_of_a_line() -> None:
    """Days and hours become milliseconds."""
    line = changed(LINE, on_ambiguous=OnAmbiguous.HOLD, opt_out_memory_days=0.5, receipt_grace_hours=2)
    rules = build_site([line], 1).rules(line.number)
    assert rules == Rules(on_ambiguous=OnAmbiguous.HOLD, optout_memory_ms=43_200_000, grace_ms=7_200_000)
    assert LINE.rules == Rules(), "the defaults agree: 7 days and 24 hours"


def test_how_a_line_is_cut() -> None:
    """As its first known link says; 8-bit references for a line without one."""
    site = build_site([LINK, WIDE], 1)
    uses = (LinkUse(link="gone"), LinkUse(link="wide"))
    assert site.split_of(changed(LINE, links=uses)) is SplitMethod.UDH16
    assert site.split_of(changed(LINE, links=())) is SplitMethod.UDH8


@pytest.mark.parametrize(
    ("allowed", "address", "is_allowed"),
    [
        ((), "203.0.113.9", True),
        ((), "nonsense", True),
        (("203.0.113.9",), "203.0.113.9", True),
        (("203.0.113.9",), "203.0.113.8", False),
        (("10.0.0.0/8", "192.0.2.0/24"), "192.0.2.77", True),
        (("10.1.2.3/8",), "10.9.9.9", True),
        (("10.0.0.0/8",), "::ffff:10.1.1.1", True),
        (("2001:db8::/32",), "2001:db8::5", True),
        (("2001:db8::/32",), "10.0.0.1", False),
        (("10.0.0.0/8",), "nonsense", False),
        (("10.0.0.0/8",), "", False),
    ],
)
def test_who_may_call(allowed: tuple[str, ...], address: str, is_allowed: bool) -> None:
    """Addresses and networks of both versions; an empty list allows everyone."""
    assert changed(ACCOUNT, allowed_addresses=allowed).allows(address) is is_allowed


def test_an_account_expires_at_its_instant() -> None:
    """Up to the millisecond before it is served."""
    account = changed(ACCOUNT, expires_at=EXPIRY)
    at = int(EXPIRY.timestamp() * 1_000)
    assert (account.has_expired(at - 1), account.has_expired(at)) == (False, True)
    assert not ACCOUNT.has_expired(at)


def test_lanes_have_names() -> None:
    """Every class has one, for documents."""
    assert [name.lane for name in LaneName] == list(Lane)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        (({}, {}), ("one", "one")),
        (({}, {"port": 2776}), ("one", "two")),
        (({}, {"system_id": "other"}), ("one", "two")),
        (({"host": "SMS.example.ir"}, {"host": "sms.Example.ir"}), ("one", "one")),
        (({}, {"upstream": "mci"}), ("mci", "mci")),
        (({"upstream": "mci"}, {"upstream": "rcs"}), ("mci", "rcs")),
        (({"system_id": ""}, {"system_id": ""}), ("one", "two")),
        (({"kind": LinkKind.NEGIN}, {"kind": LinkKind.NEGIN}), ("one", "two")),
    ],
)
def test_links_of_one_upstream(changes: tuple[dict[str, Any], ...], names: tuple[str, ...]) -> None:
    """Binds of one login share the operator's ids, unless they say otherwise."""
    links = [
        changed(LINK, **{"name": name, "system_id": "shop"} | each)
        for name, each in zip(("one", "two"), changes, strict=True)
    ]
    site = build_site(links, 1)
    assert tuple(site.upstream_of(link) for link in links) == names


def test_a_sound_site_has_no_faults() -> None:
    """Documents that fit each other."""
    assert faults_of(build_site([ACCOUNT, LINE, LINK, WIDE], 1)) == []


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (changed(ACCOUNT, lines=("999",)), "line 999 is not configured"),
        (changed(ACCOUNT, default_line="999"), "line 999 is not configured"),
        (changed(ACCOUNT, service_line="999"), "line 999 is not configured"),
        (changed(ACCOUNT, sim_line="999"), "line 999 is not configured"),
        (changed(ACCOUNT, allowed_addresses=("10.0.0.0/33",)), "'10.0.0.0/33' is no address or network"),
        (
            changed(ACCOUNT, expires_at=dt.datetime(1406, 1, 1, tzinfo=dt.UTC)),
            "write 2027-03-21T00:00:00+00:00",
        ),
        (changed(ACCOUNT, unknown_state=8), "unknown_state cannot be 8; allowed: 0, 4"),
        (
            changed(ACCOUNT, templates=(TemplateDocument(number=1, text=""),)),
            "template 1: template 1 has no text",
        ),
        (changed(LINE, links=(LinkUse(link="gone"),)), "link gone is not configured"),
        (changed(LINE, links=(LinkUse(link="one"), LinkUse(link="wide"))), "must have the same `long_text`"),
        (changed(LINE, ucs2_rial=-1), "ucs2_rial cannot be -1; allowed: 0 to 1000000000 (rial)"),
        (changed(LINK, receives_for=("999",)), "line 999 is not configured"),
        (changed(LINK, status_verdicts={"0x400": 5}), "status_verdicts[0x400] cannot be 5"),
        (changed(LINK, status_verdicts={"0x0": "later"}), "status '0x0' says that a message was taken"),
        (changed(LINK, status_verdicts={"0x14": 27, "20": "later"}), "status '20' is there twice"),
        (changed(LINK, status_verdicts={"14h": 27, "0x014": 27}), "status '0x014' is there twice"),
        (changed(LINK, receipt_verdicts={"045": 5}), "receipt_verdicts[045] cannot be 5"),
        (changed(LINK, window=0), "window cannot be 0; allowed: 1 to 10000 (parts)"),
        (changed(LINK, response_timeout_s=0), "response_timeout_s cannot be 0; allowed: 0.01 to 600"),
        (changed(LINK, response_timeout_s=601), "response_timeout_s cannot be 601; allowed: 0.01 to 600"),
    ],
)
def test_faults(document: Document, said: str) -> None:
    """Each fault is told by the name of its document and what would be right."""
    (fault,) = faults_of(build_site([ACCOUNT, LINE, LINK, WIDE, document], 1))
    assert said in str(fault)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (changed(LINE, relay_url="ftp://shop.example.ir/"), "no URL"),
        (changed(LINE, relay_url="https://user@shop.example.ir/"), "without login"),
        (changed(LINE, relay_secret="s3cret"), "env:NAME"),
        (changed(LINE, relay_timeout_s=0), "relay_timeout_s"),
        (changed(LINE, join_minutes=0), "join_minutes"),
        (changed(LINE, keywords=(Keyword(keyword="a b", url=URL, account="shop"),)), "one word"),
        (changed(LINE, keywords=(Keyword(keyword="!", url=URL, account="shop"),)), "one word"),
        (changed(LINE, keywords=(Keyword(keyword="a", url="", account="shop"),)), "needs a url"),
        (changed(LINE, keywords=(Keyword(keyword="a", url=URL, account="bank"),)), "bank is not configured"),
        (
            changed(LINE, keywords=tuple(Keyword(keyword=word, url=URL, account="shop") for word in ("كي", "کی"))),
            "there once",
        ),
    ],
)
def test_faults_of_what_is_received(line: Line, fault: str) -> None:
    """What is wrong with targets, secrets and keywords is told with the line."""
    (first, *_) = faults_of(build_site([line, LINK, ACCOUNT], 1))
    assert str(first).startswith(f"line {LINE.number}: ")
    assert fault in str(first)


def test_targets() -> None:
    """A URL with port, path and query is one, and so is none."""
    keywords = (Keyword(keyword="قیمت", url="http://10.0.0.1:8080?k=1", account="shop"),)
    assert faults_of(build_site([changed(LINE, relay_url=URL, keywords=keywords), LINK, ACCOUNT], 1)) == []


def test_reprs_hold_no_secret() -> None:
    """Where a document is printed, in an error or a debugger, its password is not."""
    shown = repr((Link(name="a", password="p4ssword"), Account(username="b", password_hash="$argon2id$h4sh")))
    assert "p4ssword" not in shown
    assert "h4sh" not in shown


def test_the_alphabets_of_a_lines_links_agree() -> None:
    """Parts and price belong to the line at acceptance, so links that would write it otherwise are a fault."""
    latin = Link(name="latin", default_alphabet=DefaultAlphabet.LATIN_1)
    line = changed(LINE, links=(LinkUse(link="one"), LinkUse(link="latin")))
    (fault,) = faults_of(build_site([LINK, latin, line], 1))
    assert "must have the same `default_alphabet`" in str(fault)
    alone = changed(LINE, links=(LinkUse(link="latin"),))
    site = build_site([latin, alone], 1)
    assert faults_of(site) == []
    assert site.alphabet_of(alone) == "latin-1"
    assert site.alphabet_of(changed(LINE, links=())) == "gsm7"


@pytest.mark.parametrize(
    ("written", "field", "value"),
    [
        ({"split": "udh8"}, "long_text", "udh"),
        ({"split": "udh16"}, "long_text", "udh16"),
        ({"split": "payload"}, "long_text", "payload"),
        ({"sends_validity": False}, "validity", "none"),
        ({"sends_validity": True}, "validity", "relative"),
    ],
)
def test_a_field_under_its_old_name(written: dict[str, object], field: str, value: str) -> None:
    """A store and a site file from before a field was renamed say what they said, and nothing is told as a fault."""
    document, faults = read_document("link", "north", msgspec.json.encode({"name": "north", **written}))
    assert faults == ()
    assert getattr(document, field) == value
    ((name, said),) = written.items()
    text = "true" if said is True else "false" if said is False else f'"{said}"'
    (entry,) = parse(f'[[link]]\nname = "north"\n{name} = {text}\n')
    assert entry.given[field] == value
    assert parse_setting("link", f"{name}={text}") == (field, value)
