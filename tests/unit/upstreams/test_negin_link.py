"""A link of kind negin in the site: what it needs, and how texts are cut for it."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace as changed
from tests.unit.upstreams.doors import LINK

from payamak.domain.plan import choose_ways, make_plan
from payamak.domain.site import Account, Document, Line, Link, LinkUse, Site, build_site, faults_of
from payamak.domain.site.links import LongText

SMPP = Link(name="smpp")
ACCOUNT = Account(username="shop", id=1, lines=("983000123",))


def site_of(*links: Link) -> Site:
    """One line over these links in order."""
    line = Line(number="983000123", links=tuple(LinkUse(link=link.name) for link in links), ucs2_rial=900)
    documents: list[Document] = [*links, line, ACCOUNT]
    return build_site(documents, 1)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "https://sms.example.ir/services", "https://[2001:db8::1]:8443/", LINK.url]
)
def test_a_link_with_an_address_and_a_login_is_well(url: str) -> None:
    """A bare host or the folder of the doors."""
    assert faults_of(site_of(changed(LINK, url=url))) == []


@pytest.mark.parametrize(
    ("link", "words"),
    [
        *(
            (changed(LINK, url=url), "needs a url")
            for url in (
                "",
                "sms.example.ir",
                "https://",
                "ftp://a",
                "https://u:p@sms.example.ir",
                "https://a?b",
                "http://a b",
            )
        ),
        (changed(LINK, system_id=""), "needs system_id"),
        (changed(LINK, poll_pauses_s=()), "poll_pauses_s"),
        (changed(LINK, poll_pauses_s=(1, 0)), "poll_pauses_s"),
        (changed(LINK, poll_every_s=-1), "poll_every_s"),
    ],
)
def test_a_link_that_cannot_work_is_refused(link: Link, words: str) -> None:
    """When it is configured, not when the first message waits for it."""
    [fault] = faults_of(site_of(link))
    assert str(fault).startswith("link panel: ")
    assert words in str(fault)


def test_a_text_is_one_part_on_the_wire() -> None:
    """Counted and priced as it is cut, handed over whole; whatever `long_text` the link has."""
    site = site_of(changed(LINK, long_text=LongText.UDH16))
    ways = choose_ways(site, ACCOUNT, ["983000123"])
    [step] = make_plan(site, ACCOUNT, ways, "سلام " * 30, None)
    assert (step.parts, step.wire_parts, step.price) == (3, 1, 2_700)


def test_beside_smpp_the_other_links_hand_over_whole_texts_too() -> None:
    """A message may fail over between the links of its line, so they must cut alike."""
    assert any("long_text` payload" in str(fault) for fault in faults_of(site_of(LINK, SMPP)))
    assert faults_of(site_of(LINK, changed(SMPP, long_text=LongText.PAYLOAD))) == []


def test_a_link_survives_its_document() -> None:
    """Its own fields are kept as JSON and read back alike."""
    link = changed(LINK, service_template=3, poll_pauses_s=(0.5, 2))
    assert msgspec.json.decode(msgspec.json.encode(link), type=Link) == link
