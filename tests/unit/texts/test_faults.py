"""Faults worded: the document, the sentence and its arguments in both languages."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from payamak.domain.site import Account, BadDocuments, Fault, FaultKind, Line, Link, LinkUse, build_site, faults_of
from payamak.domain.site.stored import read_document
from payamak.language import Words
from payamak.texts.faults import fault_words, refusal_words

LINE = Line(number="3000", links=(LinkUse(link="a"),))


@pytest.mark.parametrize(
    ("document", "english", "persian"),
    [
        (LINE, "line 3000: link a is not configured", "خط 3000: لینک a تعریف نشده است"),
        (
            Line(number="3000", hours="nine"),
            "line 3000: hours are written 07:00-22:00 or always, not 'nine'",
            "خط 3000: ساعت‌ها را به شکل 07:00-22:00 یا always بنویسید، نه 'nine'",
        ),
        (
            Account(username="a", max_parts=0),
            "account a: max_parts cannot be 0; allowed: 1 to 255 (parts)",
            "حساب a: max_parts نمی‌تواند 0 باشد؛ مجاز: 1 تا 255 (بخش)",
        ),
        (
            Link(name="l", host="h", system_id="s" * 16),
            f"link l: system_id cannot be '{'s' * 16}'; allowed: at most 15 octets of ASCII",
            f"لینک l: system_id نمی‌تواند '{'s' * 16}' باشد؛ مجاز: حداکثر 15 بایت ASCII",
        ),
        (
            Link(name="l", host="h", password="a secret that is too long"),
            "link l: password cannot be what it is; allowed: at most 8 octets of ASCII",
            "لینک l: password نمی‌تواند آنچه هست باشد؛ مجاز: حداکثر 8 بایت ASCII",
        ),
    ],
)
def test_a_fault_in_both_languages(document: Line | Account | Link, english: str, persian: str) -> None:
    """Kind, name, sentence, and what came and what is allowed in it."""
    words = [fault_words(fault) for fault in faults_of(build_site([document], 1))]
    assert (english, persian) in [(str(said), said.fa) for said in words]


def test_what_counts_instead() -> None:
    """A stored value that is not allowed is told with the value that counts."""
    _, (fault,) = read_document("line", "3000", b'{"number":"3000","most_tries":99999999}')
    assert fault_words(fault).fa.startswith("خط 3000: most_tries نمی‌تواند 99999999 باشد؛ مجاز: ")
    assert fault_words(fault).fa.endswith(" به حساب می‌آید")


def test_a_refusal_has_a_sentence_for_each_fault() -> None:
    """Faults and sentences of the store's own, each in both languages; any other error is one sentence."""
    fault = Fault(kind="line", name="3000", field="links", why=FaultKind.NO_LINK, arguments={"link": "a"})
    error = BadDocuments([fault, Words("no", "نه")])
    assert str(error) == "line 3000: link a is not configured\nno"
    assert [words.fa for words in refusal_words(error)] == ["خط 3000: لینک a تعریف نشده است", "نه"]
    assert [words.fa for words in refusal_words(ValueError(Words("bad", "بد")))] == ["بد"]


def test_a_kind_that_nobody_knows_is_told_by_its_word() -> None:
    """An editor of databases may have put in anything."""
    fault = Fault(kind="route", name="x", why=FaultKind.NO_DOCUMENT, arguments={"said": "KeyError"})
    assert fault_words(replace(fault, name="y")).fa == "route y: خوانده نمی‌شود: KeyError"
