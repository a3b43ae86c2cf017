"""Builds docs/reference/links.md: every setting of a link with the habit that it serves and where that was seen.

`HABITS` has a row for each field of `Link`; a field without one fails a test. A source is named as what it is: a
section of the specification, an option of somebody's manual, `project #n` for a thread in public; several are parted by
semicolons. What we know without a public source says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from tools.settings_page import row

from payamak.domain.site import Link
from payamak.setting import default_words, fields_of

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference" / "links.md"

INTRODUCTION: Final = """\
# The settings of a link, and the habits behind them

Built by `python -m tools.links_page`; its table is in that file. What a setting means and what is allowed stands in
[the settings](settings.md); what comes of receipts in [receipts](../guide/receipts.md).

Start with host, port, system_id and password, and with nothing else: the rest has the specification's value, or the one
that most operators want. Each row is a reason to depart from that: what an operator does, and where it has been met.
`#n` is a thread of the project before it, of those at the end of this page. "Our own experience" is ours, of operators
who publish nothing.
"""

SOURCES: Final = """\
## The sources

Kannel's user guide: its section on SMPP. Jasmin's manual: "SMPP Client connector manager", and of the HTTP API the
splitting of long texts. Adobe Campaign's SMPP settings: "SMPP external account settings" of version 8. ClickSend's SMPP
page: "ClickSend SMPP API". The specification: SMPP 3.4, issue 1.2. Threads, issues and changes under one numbering:
"""

OURS: Final = "our own experience of the protocol"
NEGIN: Final = "[another panel as the operator](../guide/negin-upstream.md)"

PROJECTS: Final = {
    "Jasmin": "jookies/jasmin",
    "JamaaSMPP": "AdhamAwadhi/JamaaSMPP",
    "Vumi": "praekeltfoundation/vumi",
    "cloudhopper-smpp": "fizzed/cloudhopper-smpp",
    "go-smpp": "fiorix/go-smpp",
    "gosmpp": "linxGnu/gosmpp",
    "jsmpp": "opentelecoms-org/jsmpp",
    "ksmppd": "kneodev/ksmppd",
    "naz": "komuw/naz",
    "node-smpp": "farhadi/node-smpp",
    "opensips": "OpenSIPS/opensips",
    "php-smpp": "onlinecity/php-smpp",
    "sms-smpp": "telenordigital/sms-smpp",
    "smppex": "funbox/smppex",
    "smscsim": "MavoCz/smscsim",
    "uudashr/jsmpp": "uudashr/jsmpp",
}
"""The names of projects whose threads are cited, and where they are on GitHub."""

WITHOUT_A_SETTING: Final = """\
## What needs no setting

Habits that are read whatever is set. The simulated operator plays them, and most of those above, under the names that
`payamak simulate --behaviours` lists with the recipients that choose them.

| the habit | where it was seen | played as |
|---|---|---|
| All parts of a text are answered with one id. | a public report | `one_id` |
| The id has hyphens in one place and none in the other. | a public report | `hyphens` |
| Parameter and text name different ids: the place of the answered one is learned. | public reports | `two_ids` |
| The receipt's text is in message_payload, beside a blank short_message. | a public report | `in_payload` |
| esm_class speaks of a header, and there is none. | a public report | `nul_header`, `bare_header_bit` |
| An end is misspelt (UNDELIVRD, DELIVERD, EXPIRD). | public reports | `misspelt` |
| A refusal (throttled) names an id, and the receipt comes all the same. | a public report | `throttled_taken` |
| generic_nack stands in the place of submit_sm_resp. | public reports | `nacks` |
| Lengths are wrong: octets of nothing behind. | public reports | `nuls_behind` |
| Lengths are wrong: the text is longer, or shorter. | public reports | `text_behind`, `text_short` |
| A parameter, or the whole, is cut. | public reports | `cut_parameter`, `cut_body` |

What is taken of the last three: [oddly written](../guide/received.md#what-is-oddly-written).
"""


class Habit(NamedTuple):
    """What an operator does that the setting is for, and where it was seen."""

    serves: str
    seen: str


HABITS: Final = {
    "name": Habit("None: how we call the link, in logs, metrics and commands.", OURS),
    "kind": Habit("An operator gives a bind; a panel gives an account on its web service.", NEGIN),
    "host": Habit(
        "Some have two hosts and want a bind to each: two links, under one `upstream` where a receipt may come over "
        "either.",
        "ClickSend's SMPP page",
    ),
    "port": Habit("2775 is registered for SMPP, and many use another one; TLS has its own.", "ClickSend's SMPP page"),
    "system_id": Habit("The login; most allow several binds of it.", "SMPP 3.4 §5.2.1; ClickSend's SMPP page"),
    "password": Habit(
        "At most eight octets by the specification; some give longer ones, which no bind of SMPP 3.4 has room for.",
        "SMPP 3.4 §5.2.2; uudashr/jsmpp #44",
    ),
    "system_type": Habit(
        "A bind without the word that was agreed fails.",
        "php-smpp #38; Adobe Campaign's SMPP settings; Kannel's user guide (`system-type`); SMPP 3.4 §5.2.3",
    ),
    "bind_mode": Habit(
        "Some have no transceiver: one bind sends, another one receives.",
        "opensips #1931; Kannel's user guide (`transceiver-mode`); Adobe Campaign's SMPP settings",
    ),
    "interface_version": Habit(
        "Some check the version, and want 3.4 or 3.3 to be said.",
        "smppex #61; node-smpp #58; Kannel's user guide (`interface-version`)",
    ),
    "bind_ton": Habit(
        "Some want a certain type of number in the bind.",
        "go-smpp #40; Kannel's user guide (`bind-addr-ton`); Jasmin's manual (`bind_ton`)",
    ),
    "bind_npi": Habit(
        "The same for the numbering plan.",
        "go-smpp #40; Kannel's user guide (`bind-addr-npi`); Jasmin's manual (`bind_npi`)",
    ),
    "address_range": Habit(
        "Some require a certain range in the bind, some bring what handsets send only to a bind that has one; with "
        "others it has no effect.",
        "go-smpp #40; naz #76; gosmpp #131; Kannel's user guide (`address-range`)",
    ),
    "window": Habit(
        "What goes beyond the operator's window is refused; a small one is slow over a long way.",
        "Adobe Campaign's SMPP settings; ClickSend's SMPP page (10); Kannel's user guide (`max-pending-submits`)",
    ),
    "parts_per_second": Habit(
        "The contract names a rate; beyond it the answer is 0x58.",
        "Jasmin #425; Jasmin's manual (`submit_throughput`); Kannel's user guide (`throughput`)",
    ),
    "response_timeout_s": Habit(
        "Some take more than a second to answer, busy ones much more; what is given up too early goes twice.",
        "go-smpp #3; Kannel's user guide (`wait-ack`, 60 s); Jasmin's manual (`res_to`, 60 s)",
    ),
    "enquire_link_s": Habit(
        "Some want to be asked each half minute or minute, and find each few seconds too often.",
        "node-smpp #204; jsmpp #142; ClickSend's SMPP page (30 s)",
    ),
    "trial_after": Habit(
        "A centre takes submits and answers none of them, but answers enquire_link: each window that goes to it may be "
        "a window of copies.",
        f"{OURS}; [decision 36](../decisions/0036-links-on-trial.md)",
    ),
    "trial_minutes": Habit(
        "Such a centre may be well again after a new bind.",
        f"{OURS}; [decision 36](../decisions/0036-links-on-trial.md)",
    ),
    "enquire_link_always": Habit(
        "Some cut a bind that has not asked within their interval, whatever else came over it.",
        f"node-smpp #204 (asked for at an interval, no less, no more); {OURS}",
    ),
    "bind_timeout_s": Habit(
        "The connection is there at once, and the answer to the bind takes long.",
        "Jasmin #1139; Jasmin's manual (`bind_to`, 30 s); Adobe Campaign's SMPP settings",
    ),
    "unbind_wait_ms": Habit(
        "A centre that unbinds still answers what it has taken; one that is unbound closes as soon as it has written "
        "its unbind_resp.",
        f"jsmpp #82; {OURS}; [decision 35](../decisions/0035-the-end-of-a-bind.md)",
    ),
    "long_text": Habit(
        "Headers are passed through by most; with some they stand in the text, some do not know message_payload, some "
        "bring the parts of a text with sar parameters in disorder. What works differs from centre to centre.",
        "php-smpp #33; node-smpp #37; Jasmin #834; Jasmin's manual (`long_content_split`); "
        "Adobe Campaign's SMPP settings",
    ),
    "default_alphabet": Habit(
        "data_coding 0 is the centre's own alphabet: GSM 7-bit, Latin-1 or ASCII. Read as another one, `@` and `£` are "
        "other characters, or the text ends there.",
        "ksmppd #50; jsmpp #83; node-smpp #97; sms-smpp #139; Kannel's user guide (`alt-charset`); SMPP 3.4 §5.2.19",
    ),
    "septets": Habit(
        "Most bring a septet in an octet; some pass on what comes off the air, packed.",
        "node-smpp #82; go-smpp #75; 3GPP TS 23.038 §6.1.2",
    ),
    "gives_receipts": Habit("Some routes give no receipts, whatever was asked for.", f"SMPP 3.4 §5.2.17; {OURS}"),
    "receipts_per": Habit(
        "A text of several parts gets one receipt, with the id of its first part or of its last.",
        "ksmppd #59; Jasmin #663; Jasmin #1123",
    ),
    "receipts_without_esm_class": Habit(
        "Receipts come with an esm_class of 0, so that only their text tells them from a person's.",
        "node-smpp #140; Vumi #872",
    ),
    "echoes_reference": Habit(
        "Some send user_message_reference back in the receipt: it finds its message where the id says nothing.",
        "node-smpp #199; SMPP 3.4 §5.3.2.17",
    ),
    "validity": Habit(
        "Some read only an instant, some only a span; one answers no submit that has a validity.",
        f"ksmppd #73; go-smpp #1; SMPP 3.4 §7.1.1; {OURS}",
    ),
    "id_base": Habit(
        "The answer has the id in hexadecimal and the receipt in decimal, or the other way round; with zeros before "
        "it, or without.",
        "Jasmin #1034; Jasmin #423; smscsim #4; Jasmin's manual (`dlr_msgid`); Kannel's user guide (`msg-id-type`); "
        "Adobe Campaign's SMPP settings",
    ),
    "upstream": Habit(
        "With several binds of one login a receipt may come over any of them.",
        "Jasmin #599; node-smpp #175; ksmppd #68",
    ),
    "tls": Habit(
        "TLS from the first octet, on a port of its own.",
        "ClickSend's SMPP page (2776); Kannel's user guide (`use-ssl`)",
    ),
    "tls_ca_file": Habit("The operator's certificate is from an authority of its own.", OURS),
    "tls_certificate_file": Habit(
        "Some want a certificate of the customer.", "sms-smpp #118; Kannel's user guide (`ssl-client-certkey-file`)"
    ),
    "tls_key_file": Habit("The same.", "sms-smpp #118; Kannel's user guide (`ssl-client-certkey-file`)"),
    "tls_server_name": Habit(
        "The certificate is for another name than the address that was given. Others can only leave the name "
        "unchecked; here it is said which one is meant.",
        "Adobe Campaign's SMPP settings (certificate verification)",
    ),
    "source_ton": Habit(
        "A sender with another type than was agreed is refused, as 0x0A or 0x48; a name wants type 5.",
        "php-smpp #85; smppex #92; JamaaSMPP #5; Vumi #294",
    ),
    "source_npi": Habit("The same for the numbering plan.", "php-smpp #85; Vumi #294"),
    "recipient_ton": Habit(
        "Numbers with 98 are international, type 1; a centre that wants another type refuses every recipient as 0x0B.",
        "Jasmin #988; ClickSend's SMPP page (1)",
    ),
    "recipient_npi": Habit("The same for the plan: 1, with some 0.", "Jasmin #988; ClickSend's SMPP page (0)"),
    "service_type": Habit(
        "Some choose the route by it.", "Kannel's user guide (`service-type`); Adobe Campaign's SMPP settings"
    ),
    "status_verdicts": Habit(
        "Operators have statuses of their own, and their own meaning of those in the specification: 0x14 is one full "
        "handset with one and the whole customer's limit with another. Which of them come again differs.",
        f"Vumi #636; Jasmin #60; cloudhopper-smpp #21; SMPP 3.4 §5.1.3; {OURS}",
    ),
    "receipt_verdicts": Habit(
        "`err` and `stat` have numbers and words of the operator, and others after a change of route.",
        "ksmppd #46; gosmpp #140; Adobe Campaign's SMPP settings; SMPP 3.4 appendix B",
    ),
    "url": Habit("Kind negin: the web service's address.", NEGIN),
    "service_template": Habit("Kind negin: approved texts go by the panel's service line.", NEGIN),
    "poll_pauses_s": Habit("Kind negin: states are asked for, nobody brings them; most are final soon.", NEGIN),
    "poll_every_s": Habit("Kind negin: the others take hours.", NEGIN),
    "receives_for": Habit(
        "What handsets send comes over a bind that sends nothing.", f"opensips #1931 (binds that only receive); {OURS}"
    ),
    "received_per_second": Habit("A centre that was away brings everything at once; a loop never ends.", OURS),
    "most_open_parts": Habit("Parts come whose others never do.", OURS),
    "is_suspended": Habit("Maintenance is announced, and the link is stopped by hand before it.", OURS),
}


def table() -> Iterable[str]:
    """Yield the table, in the order of the fields."""
    yield "| setting | default | the habit that it serves | where it was seen | برچسب |"
    yield "|---|---|---|---|---|"
    for name, field in fields_of(Link).items():
        habit = HABITS[name]
        yield row(f"`{name}`", default_words(field), habit.serves, habit.seen, field.setting.fa)


def projects() -> Iterable[str]:
    """Yield the projects whose threads are cited."""
    yield "| project | its threads |"
    yield "|---|---|"
    for name, repository in PROJECTS.items():
        yield row(name, f"github.com/{repository}/issues")


def render() -> str:
    """Return the whole page."""
    return "\n".join([INTRODUCTION, *table(), "", WITHOUT_A_SETTING, SOURCES, *projects(), ""])


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
