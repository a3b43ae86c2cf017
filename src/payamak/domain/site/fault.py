"""One thing that is wrong with a document of a site: a value, whose own text is English; texts/faults.py has both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from payamak.language import Words


class FaultKind(StrEnum):
    """What can be wrong with a document; ENGLISH has a sentence for each."""

    NOT_ALLOWED = "not_allowed"
    UNKNOWN = "unknown"
    NO_DOCUMENT = "no_document"
    NO_LINE = "no_line"
    NO_LINK = "no_link"
    NO_ACCOUNT = "no_account"
    NO_NETWORK = "no_network"
    NO_NUMBER = "no_number"
    NO_URL = "no_url"
    NO_SERVER = "no_server"
    NO_USER = "no_user"
    NOT_NAMED = "not_named"
    UNFIT_SECRET = "unfit_secret"
    UNSIGNED = "unsigned"
    TEMPLATE = "template"
    HOURS = "hours"
    YEAR = "year"
    TWO_SPELLINGS = "two_spellings"
    SPLITS_DIFFER = "splits_differ"
    ALPHABETS_DIFFER = "alphabets_differ"
    SPLIT_OF_NEGIN = "split_of_negin"
    STATUS = "status"
    STATUS_OF_TAKEN = "status_of_taken"
    STATUS_TWICE = "status_twice"
    KEYWORD = "keyword"
    KEYWORD_URL = "keyword_url"


ENGLISH: Final[dict[FaultKind, str]] = {
    FaultKind.NOT_ALLOWED: "{field} cannot be {value}; allowed: {allowed}",
    FaultKind.UNKNOWN: "there is no key {field}",
    FaultKind.NO_DOCUMENT: "it cannot be read: {said}",
    FaultKind.NO_LINE: "line {line} is not configured",
    FaultKind.NO_LINK: "link {link} is not configured",
    FaultKind.NO_ACCOUNT: "keyword {keyword}: account {account} is not configured",
    FaultKind.NO_NETWORK: "{value} is no address or network such as 10.0.0.0/8",
    FaultKind.NO_NUMBER: "a line is a number of 3 to 18 digits",
    FaultKind.NO_URL: "{field}: {value} is no URL such as https://shop.example.ir/sms, without login",
    FaultKind.NO_SERVER: "kind negin needs a url such as https://sms.example.ir, without login and query",
    FaultKind.NO_USER: "kind negin needs system_id, the user name at that server",
    FaultKind.NOT_NAMED: "{field} is written env:NAME, the variable that has it",
    FaultKind.UNFIT_SECRET: "the variable that {field} names signs nothing: {said}",
    FaultKind.UNSIGNED: "webhook_url needs webhook_secret, written env:NAME: every post is signed",
    FaultKind.TEMPLATE: "template {number}: {said}",
    FaultKind.HOURS: "{said}",
    FaultKind.YEAR: "{field}: {said}",
    FaultKind.TWO_SPELLINGS: "it is configured twice, with and without 98",
    FaultKind.SPLITS_DIFFER: "its links must have the same `long_text`, or parts and prices would differ",
    FaultKind.ALPHABETS_DIFFER: "its links must have the same `default_alphabet`, or parts and prices would differ",
    FaultKind.SPLIT_OF_NEGIN: "beside a link of kind negin the others have `long_text` payload",
    FaultKind.STATUS: "status {key} is written 0x0427, 427h or 1063",
    FaultKind.STATUS_OF_TAKEN: "status {key} says that a message was taken, which no table changes; take it out",
    FaultKind.STATUS_TWICE: "status {key} is there twice, in two spellings; keep one",
    FaultKind.KEYWORD: "keyword {keyword}: it is one word, and there once",
    FaultKind.KEYWORD_URL: "keyword {keyword} needs a url",
}


class Fault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong: in which document and field, why, and the arguments of the sentence.

    The argument `counts`: what holds in place of a stored value.
    """

    kind: str
    name: str
    field: str = ""
    why: FaultKind
    arguments: Mapping[str, str] = msgspec.field(default_factory=dict)

    def __str__(self) -> str:
        """One English sentence, with the document that it is about; and what counts, if a stored value does not."""
        sentence = ENGLISH[self.why].format_map({"field": self.field, **self.arguments})
        counts = self.arguments.get("counts")
        return f"{self.kind} {self.name}: {sentence}" + (f"; until then {counts} counts" if counts else "")


class BadDocuments(ValueError):
    """Documents are not put or not removed; `faults` has one for each reason, or a sentence of the store's own."""

    def __init__(self, faults: Iterable[Fault | Words]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))
