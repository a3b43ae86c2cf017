"""No number, text or list of a site beside its bounds gets in; one that is in already counts as an allowed one."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.domain.site import (
    Account,
    FaultKind,
    Line,
    Link,
    LinkKind,
    LinkUse,
    TemplateDocument,
    build_site,
    faults_of,
)
from payamak.domain.site.fault import ENGLISH
from payamak.domain.site.faults import login_faults
from payamak.domain.site.kinds import KINDS, NAME_FIELDS, Document
from payamak.domain.site.stored import read_document
from payamak.hands.sitefile import BadSiteFile, Passwords, parse, parse_setting, plan
from payamak.setting import Numbers, fields_of, misfits_of

NAMES = {"link": "a", "line": "3000", "account": "shop"}

#: Kind, field, the value as a site file has it, and what counts where a store has it.
WRONG: list[tuple[str, str, str, Any]] = [
    ("line", "receipt_grace_hours", "1e300", 2_160),
    ("line", "receipt_grace_hours", "nan", 24),
    ("line", "receipt_grace_hours", "inf", 2_160),
    ("line", "receipt_grace_hours", "-inf", 0),
    ("line", "receipt_grace_hours", "-1", 0),
    ("line", "gsm7_rial", "99999999999999999999", 10**9),
    ("line", "ucs2_rial", "99999999999999999999", 10**9),
    ("line", "ucs2_rial", "-1", 0),
    ("line", "opt_out_memory_days", "1e300", 3_650),
    ("line", "messages_per_minute", "1e-320", 0.01),
    ("line", "messages_per_minute", "nan", None),
    ("line", "join_minutes", "0", 0.01),
    ("line", "relay_timeout_s", "nan", 10),
    ("line", "keep_received_days", "1e300", 3_650),
    ("line", "most_tries", "0", 1),
    ("line", "most_tries", "10", 9),
    ("link", "enquire_link_s", "-1", 30),
    ("link", "enquire_link_s", "nan", 30),
    ("link", "parts_per_second", "-1", 0),
    ("link", "parts_per_second", "1e-320", 0.01),
    ("link", "parts_per_second", "inf", 100_000),
    ("link", "port", "99999999", 65_535),
    ("link", "port", "0", 1),
    ("link", "source_ton", "999", 255),
    ("link", "recipient_npi", "-1", 0),
    ("link", "window", "-5", 1),
    ("link", "response_timeout_s", "nan", 60),
    ("link", "poll_pauses_s", "[2, -1]", (2, 0.01)),
    ("link", "poll_every_s", "inf", 86_400),
    ("link", "service_template", "-1", 0),
    ("link", "trial_after", "0", 1),
    ("link", "trial_minutes", "nan", 5),
    ("link", "unbind_wait_ms", "10001", 10_000),
    ("account", "max_parts", "-1", 1),
    ("account", "max_parts", "256", 255),
    ("account", "verdict_wait_ms", "-1", 0),
    ("account", "min_interval_ms", "99999999999999999999", 3_600_000),
    ("account", "keep_days", "1e300", 3_650),
    ("account", "unknown_state", "8", 4),
    ("account", "webhook_timeout_s", "-1", 0.01),
    ("account", "default_template", "-1", 0),
]

TOO_LONG = [
    ("link", "host", '""'),
    ("link", "system_type", '"thirteen.char"'),
    ("link", "system_type", '"é"'),
    ("link", "service_type", '"sixsix"'),
    ("link", "host", f'"{"h" * 254}"'),
    ("link", "url", f'"https://{"h" * 2_000}"'),
    ("link", "poll_pauses_s", "[]"),
    ("link", "poll_pauses_s", str([1] * 21)),
    ("link", "status_verdicts", '{"0x5" = 5}'),
    ("link", "status_verdicts", f'{{"{"5" * 33}" = 27}}'),
    ("line", "footer", f'"{"x" * 301}"'),
    ("line", "footer", '"a\\u0000"'),
    ("line", "opt_out_words", str(["x"] * 101)),
    ("line", "opt_out_words", '[""]'),
    ("line", "links", '[{link = "a", share = -1}]'),
    ("line", "links", '[{link = "a", share = 1001}]'),
    ("line", "links", '[{link = "a", rank = -1}]'),
    ("line", "links", str(["a"] * 33)),
    ("account", "allowed_addresses", str(["10.0.0.1"] * 1_001)),
    ("account", "templates", f'[{{number = 1, text = "{"x" * 4_001}"}}]'),
    ("account", "templates", '[{number = -1, text = "x"}]'),
]

PASSWORDS = Passwords(
    verify=lambda stored, clear: False, hash=str, environment={"LONG": "123456789", "SHORT": "12345678"}
)
#: JSON has no NaN and no infinity, but Python's reader and its writer do, and so do other programs'.
NOT_JSON = {"nan": "null", "inf": "1e400", "-inf": "-1e400"}


@pytest.mark.parametrize(("kind", "name", "value", "_counts"), WRONG)
def test_a_site_file(kind: str, name: str, value: str, _counts: object) -> None:
    """A file is refused with the line, the field, the value, and what is allowed there."""
    with pytest.raises(BadSiteFile) as refused:
        parse(f'[[{kind}]]\n{NAME_FIELDS[kind]} = "{NAMES[kind]}"\n{name} = {value}\n')
    (fault,) = refused.value.faults
    assert fault.startswith(f"site.toml, line 3: {kind}: {name}")
    assert " cannot be " in fault
    assert "; allowed: " in fault


@pytest.mark.parametrize(("kind", "name", "value", "_counts"), WRONG)
def test_a_command_line(kind: str, name: str, value: str, _counts: object) -> None:
    """`--set` refuses the same."""
    with pytest.raises(ValueError, match=rf"{name}.* cannot be .*; allowed: "):
        parse_setting(kind, f"{name}={value}")


@pytest.mark.parametrize(("kind", "name", "value"), TOO_LONG)
def test_texts_and_lists(kind: str, name: str, value: str) -> None:
    """Texts are as long as what they are for allows, lists and tables end."""
    with pytest.raises(BadSiteFile) as refused:
        parse(f'[[{kind}]]\n{NAME_FIELDS[kind]} = "{NAMES[kind]}"\n{name} = {value}\n')
    (fault,) = refused.value.faults
    assert f"{name}" in fault
    assert len(fault) < 400


@pytest.mark.parametrize(("kind", "name", "value", "counts"), WRONG)
def test_a_document_in_the_store(kind: str, name: str, value: str, counts: object) -> None:
    """What an older program has stored counts as the nearest that is allowed, or its default; and it is told."""
    body = f'{{"{NAME_FIELDS[kind]}":"{NAMES[kind]}","{name}":{NOT_JSON.get(value, value)}}}'
    document, faults = read_document(kind, NAMES[kind], body)
    assert document is not None
    if value in NOT_JSON:
        counts = fields_of(KINDS[kind])[name].default
    if counts is not None:
        assert getattr(document, name) == counts
    assert list(misfits_of(document)) == []
    if (kind, name, value) == ("line", "messages_per_minute", "nan"):
        return  # written as null, it is no fault: there is no pace of its own
    (fault,) = faults
    assert fault.why is FaultKind.NOT_ALLOWED
    assert (fault.kind, fault.name, fault.field.partition("[")[0]) == (kind, NAMES[kind], name)
    assert "counts" in str(fault)


@pytest.mark.parametrize(("kind", "name", "value"), TOO_LONG)
def test_a_long_text_in_the_store(kind: str, name: str, value: str) -> None:
    """Numbers inside count as allowed ones; a text or list is never cut, but the site says what is wrong with it."""
    import tomllib

    body = {NAME_FIELDS[kind]: NAMES[kind], **tomllib.loads(f"{name} = {value}")}
    body = (
        {**body, "links": [{"link": use} if isinstance(use, str) else use for use in body["links"]]}
        if name == "links"
        else body
    )
    document, faults = read_document(kind, NAMES[kind], json.dumps(body))
    assert document is not None
    assert [*faults, *faults_of(build_site([document], 1))] != []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", FaultKind.NO_DOCUMENT),
        ("[]", FaultKind.NO_DOCUMENT),
        ('{"port":5}', FaultKind.NO_DOCUMENT),
        ('{"name":5}', FaultKind.NOT_ALLOWED),
        ('{"name":"a","windwo":5}', FaultKind.UNKNOWN),
        ('{"name":"a","bind_mode":"both"}', FaultKind.NOT_ALLOWED),
        ('{"name":"a","port":"x"}', FaultKind.NOT_ALLOWED),
        ('{"name":"a","port":1.5}', FaultKind.NOT_ALLOWED),
    ],
)
def test_a_document_that_does_not_fit(body: str, why: FaultKind) -> None:
    """It is told, and never raised: no document stops the others."""
    document, faults = read_document("link", "a", body)
    assert faults[0].why is why
    assert document is None or document == Link(name="a")
    assert all(str(fault).startswith("link a: ") for fault in faults)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.lists(st.one_of(st.integers(), st.text()), max_size=4),
    st.dictionaries(st.text(), st.integers(), max_size=4),
)


@given(st.data())
def test_whatever_a_store_holds(data: st.DataObject) -> None:
    """Any JSON becomes a document whose numbers are in bounds, or none; a site can be built of it."""
    kind = data.draw(st.sampled_from(list(KINDS)))
    names = st.sampled_from([*fields_of(KINDS[kind]), "strange"])
    body = data.draw(st.dictionaries(names, VALUES, max_size=6)) | {NAME_FIELDS[kind]: NAMES[kind]}
    document, _ = read_document(kind, NAMES[kind], json.dumps(body))
    assert document is not None
    for name, field in fields_of(KINDS[kind]).items():
        if isinstance(field.setting.allowed, Numbers) and (value := getattr(document, name)) is not None:
            assert field.setting.allowed.fits(value)
    site = build_site([document], 1)
    assert all(str(fault).startswith(kind) for fault in faults_of(site))
    for line in site.lines.values():
        assert 0 <= line.rules.grace_ms < 2**53
        assert 0 <= line.interval_ms < 2**53


@pytest.mark.parametrize("why", list(FaultKind))
def test_every_fault_has_words(why: FaultKind) -> None:
    """A kind of fault has its sentence."""
    assert why in ENGLISH


def link(**given: Any) -> Link:
    """A link that is well, but for what is given."""
    return msgspec.structs.replace(Link(name="a", system_id="shop"), **given)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (link(system_id="x" * 16), "system_id cannot be 'xxxxxxxxxxxxxxxx'; allowed: at most 15 octets"),
        (link(system_id="شرکت"), "system_id cannot be 'شرکت'; allowed: at most 15 octets of ASCII"),
        (link(password="123456789"), "password cannot be what it is; allowed: at most 8 octets of ASCII"),
        (link(system_type="x" * 13), "system_type cannot be 'xxxxxxxxxxxxx'; allowed: at most 12 octets of ASCII"),
    ],
)
def test_what_a_bind_can_hold(document: Link, fault: str) -> None:
    """SMPP 3.4 §5.2: 15, 8 and 12 octets; a password is not repeated."""
    assert [str(found) for found in faults_of(build_site([document], 1))] == [
        f"link a: {fault}" if fault.endswith("ASCII") else f"link a: {fault} of ASCII"
    ]


def test_a_password_in_a_variable() -> None:
    """`env:NAME` may be longer than a password; where the variable is set, its value is judged, at apply too."""
    document = link(password="env:A_LONG_NAME")
    assert faults_of(build_site([document], 1)) == []
    assert list(login_faults(document, {"A_LONG_NAME": "12345678"})) == []
    assert [fault.field for fault in login_faults(document, {"A_LONG_NAME": "123456789"})] == ["password"]
    text = '[[link]]\nname = "a"\npassword = "env:{}"\n'
    assert plan(build_site([], 0), parse(text.format("SHORT")), PASSWORDS).puts
    assert plan(build_site([], 0), parse(text.format("UNSET")), PASSWORDS).puts
    with pytest.raises(BadSiteFile, match=r"line 1: link a: password cannot be what it is; allowed: at most 8 octets"):
        plan(build_site([], 0), parse(text.format("LONG")), PASSWORDS)


def test_a_panel_has_names_of_its_own() -> None:
    """A link of kind negin logs in by a web service: its user name and password may be longer."""
    document = link(kind=LinkKind.NEGIN, url="https://sms.example.ir", system_id="x" * 40, password="y" * 40)
    assert faults_of(build_site([document], 1)) == []


def test_an_apply_mends() -> None:
    """A file that says what counts already is written all the same, and the difference names what stood there."""
    stored, faults = read_document("line", "3000", '{"number":"3000","receipt_grace_hours":1e300}')
    assert stored is not None
    site = build_site([stored], 1, mended=faults)
    wanted = plan(site, parse('[[line]]\nnumber = "3000"\nreceipt_grace_hours = 2160\n'), PASSWORDS)
    assert wanted.puts == (stored,)
    (difference,) = wanted.differences
    assert [(f.name, f.before, f.after) for f in difference.fields] == [("receipt_grace_hours", "1e+300", "2160")]


def test_an_apply_prunes_what_cannot_be_read() -> None:
    """A document without a name is no document, but it can be removed."""
    _, faults = read_document("link", "gone", "[]")
    site = build_site([], 1, mended=faults)
    assert plan(site, [], PASSWORDS).removals == ()
    assert plan(site, [], PASSWORDS, prune=True).removals == (("link", "gone"),)


def test_old_faults_of_others_do_not_stand_in_the_way() -> None:
    """A file is judged by what it names and what it brings; a fault that was elsewhere before is no reason."""
    old = link(password="123456789")
    site = build_site([old], 1)
    assert plan(site, parse('[[line]]\nnumber = "3000"\nlinks = ["a"]\n'), PASSWORDS).puts
    with pytest.raises(BadSiteFile, match="password cannot be"):
        plan(site, parse('[[link]]\nname = "a"\nsystem_id = "shop"\n'), PASSWORDS)


def test_bounds_go_inside() -> None:
    """Items of a list have a place of their own, and so have the documents inside."""
    documents: list[Document] = [
        Line(number="3000", links=(LinkUse(link="a"), LinkUse(link="a", share=-1))),
        link(),
        Account(username="shop", templates=(TemplateDocument(number=2**40, text="x"),)),
    ]
    told = [fault.field for fault in faults_of(build_site(documents, 1))]
    assert told == ["templates[1].number", "links[2].share"]


def test_nan_is_told_as_it_is() -> None:
    """A value that is no number is shown as what it is."""
    (fault,) = faults_of(build_site([link(enquire_link_s=math.nan)], 1))
    assert str(fault) == "link a: enquire_link_s cannot be nan; allowed: 0, or 0.01 to 3600 (seconds)"
