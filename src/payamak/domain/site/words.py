"""The faults of a site in English. A fault is a value until it is shown; this is where that happens."""

from __future__ import annotations

from typing import Final

from payamak.domain.site.faults import Fault, Why

ENGLISH: Final[dict[Why, str]] = {
    Why.NOT_ALLOWED: "{field} cannot be {value}; allowed: {allowed}",
    Why.UNKNOWN: "there is no key {field}",
    Why.NO_DOCUMENT: "it cannot be read: {said}",
    Why.NO_LINE: "line {line} is not configured",
    Why.NO_LINK: "link {link} is not configured",
    Why.NO_ACCOUNT: "keyword {keyword}: account {account} is not configured",
    Why.NO_NETWORK: "{value} is no address or network such as 10.0.0.0/8",
    Why.NO_NUMBER: "a line is a number",
    Why.NO_URL: "{field}: {value} is no URL such as https://shop.example.ir/sms, without login",
    Why.NO_SERVER: "kind negin needs a url such as https://sms.example.ir, without login and query",
    Why.NO_USER: "kind negin needs system_id, the user name at that server",
    Why.NOT_NAMED: "{field} is written env:NAME, the variable that has it",
    Why.UNSIGNED: "webhook_url needs webhook_secret, written env:NAME: every post is signed",
    Why.TEMPLATE: "template {number}: {said}",
    Why.HOURS: "{said}",
    Why.TWO_SPELLINGS: "it is configured twice, with and without 98",
    Why.SPLITS_DIFFER: "its links must have the same `split`, or parts and prices would differ",
    Why.SPLIT_OF_NEGIN: "beside a link of kind negin the others have `split` payload",
    Why.STATUS: "status {key} is written 0x0427, 427h or 1063",
    Why.KEYWORD: "keyword {keyword}: it is one word, and there once",
    Why.KEYWORD_URL: "keyword {keyword} needs a url",
}


def in_words(fault: Fault) -> str:
    """One English sentence, with the document that it is about; and what counts, if a stored value does not."""
    sentence = ENGLISH[fault.why].format_map({"field": fault.field, **fault.arguments})
    counts = fault.arguments.get("counts")
    return f"{fault.kind} {fault.name}: {sentence}" + (f"; until then {counts} counts" if counts else "")
