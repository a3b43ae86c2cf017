"""What the audit keeps of a changed site: where it changed and how, and no secret, no words, no path of a URL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from payamak.domain.site import KINDS, Account, Line, Link, TemplateDocument, build_site
from payamak.domain.site.differences import LONGEST_TOLD, LONGEST_VALUE, URLS, WORDS, audited, differences
from payamak.domain.site.kinds import HIDDEN, settable
from payamak.setting import Items, Text


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("is_suspended", False, "false"),
        ("ucs2_rial", 0, "0"),
        ("default_line", None, "none"),
        ("lines", (), "none"),
        ("lines", ("983000",), '["983000"]'),
        ("password", "env:RAHYAB", '"env:RAHYAB"'),
        ("password", "hunter2!", "••••••"),
        ("password_hash", "$argon2id$x", "••••••"),
        ("webhook_secret", "env:KEY", '"env:KEY"'),
        ("footer", "لغو۱۱", "5 characters"),
        ("templates", (TemplateDocument(number=1, text="x"),), "1 entries"),
        ("webhook_url", "https://me:pw@u.example.ir:8443/key?k=1", "https://u.example.ir:8443/…"),
        ("relay_url", "http://u.example.ir", "http://u.example.ir"),
        ("webhook_url", "https://[broken", "••••••"),
    ],
)
def test_a_value(field: str, value: Any, kept: str) -> None:
    """As it is, a count of words, a mark for a secret, where a URL leads."""
    assert audited(field, value) == kept


def test_long_values_are_cut() -> None:
    """An account may name thousands of lines, and have many fields."""
    lines = tuple(f"98300{number}" for number in range(1_000))
    assert len(audited("lines", lines)) == LONGEST_VALUE + 1
    before, after = (build_site([Account(username="shop", lines=lines * n)], n) for n in (1, 2))
    (told,) = differences(before, after, [("account", "shop")])
    assert told.before == told.after.replace("changed", told.before.partition(" = ")[2])
    assert len(told.before) <= LONGEST_TOLD


def test_documents() -> None:
    """Each once, in the order in which they were touched; one that nobody could read any more goes by its name."""
    before = build_site([Line(number="1"), Line(number="2", ucs2_rial=5)], 1)
    after = build_site([Line(number="1"), Link(name="x", window=3)], 2)
    touched = [("link", "x"), ("line", "2"), ("line", "1"), ("line", "9"), ("line", "1")]
    told = [(d.change, d.kind, d.name, d.before, d.after) for d in differences(before, after, touched)]
    assert told == [
        ("add", "link", "x", "", "window = 3"),
        ("remove", "line", "2", "ucs2_rial = 5", ""),
        ("change", "line", "1", "", ""),
        ("remove", "line", "9", "", ""),
    ]


def long_texts() -> Iterator[str]:
    """Fields of documents in which there is room for a sentence, or for documents of their own."""
    for kind in KINDS:
        for name, field in settable(kind).items():
            allowed = field.setting.allowed
            if isinstance(allowed, Items) and allowed.each is None:
                yield name
            each = allowed.each if isinstance(allowed, Items) else allowed
            if isinstance(each, Text) and each.most > 64:
                yield name


HARMLESS = {"links", "host", "webhook_states", "tls_ca_file", "tls_certificate_file", "tls_key_file", "tls_server_name"}
"""Names of links and states, addresses and paths of files: nobody's words."""


def test_no_field_of_words_is_forgotten() -> None:
    """A new field with room for words is named among those whose words the audit leaves out, or here as harmless."""
    assert set(long_texts()) - HARMLESS <= WORDS | URLS | HIDDEN
