"""site.toml: what is written is read again, what is wrong is told with its line, secrets stay masked."""

import datetime as dt
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payamak.domain.site import (
    Account,
    Document,
    Line,
    LineKind,
    Link,
    LinkUse,
    Site,
    TemplateDocument,
    build_site,
)
from payamak.domain.site.kinds import MASK
from payamak.hands.sitefile import (
    BadSiteFile,
    Passwords,
    Plan,
    documents_of,
    parse,
    parse_setting,
    plan,
    toml_value,
    write,
)

FILE = """\
[[link]]
name = "a"
port = 2776
password = "env:LINK_A"
status_verdicts = {"0x0427" = 27}

[[link]]
name = "b"

[[line]]
number = 9830003300
links = ["a", {link = "b", share = 2, prefixes = ["98912"]}]
ucs2_rial = 900

[[line]]
number = "9820003300"
kind = "service"

[[account]]
username = "shop"
password = "s3cret-s"
lines = ["9830003300"]
default_line = "9830003300"
expires_at = 2030-01-01T00:00:00+03:30
templates = [{number = 1, text = "کد: {code}", patterns = {code = "[0-9]+"}}]
"""

PASSWORDS = Passwords(
    verify=lambda stored, clear: stored == f"$argon2id${clear}",
    hash=lambda clear: f"$argon2id${clear}",
    environment={"SHOP": "s3cret-s"},
)


@pytest.mark.parametrize("password", ["x", "seven77", "ر" * 513])
def test_a_new_password_that_is_too_short_or_long(password: str) -> None:
    """Refused where it would be new; one that is stored already changes nothing and goes on."""
    text = FILE.replace("s3cret-s", password)
    with pytest.raises(BadSiteFile, match="at least 8 characters and at most 1024 octets"):
        planned(text)
    if len(password) > 8:
        return  # it was never verified, so nobody has it
    old = applied(Site(), planned(FILE))
    account = replace(old.accounts["shop"], password_hash=f"$argon2id${password}")
    stored = build_site([*documents_of(old).values(), account], 1)
    assert planned(text, stored).differences == ()


def test_a_secret_that_signs_nothing() -> None:
    """A variable that is there and too short to sign a post is refused; one that is not there may be set elsewhere."""
    hook = 'webhook_url = "https://a.example.ir/"\nwebhook_secret = "env:HOOK"\n'
    text = FILE.replace('username = "shop"\n', f'username = "shop"\n{hook}')
    assert plan(Site(), parse(text), PASSWORDS).puts
    short = replace(PASSWORDS, environment={**PASSWORDS.environment, "HOOK": "x"})
    with pytest.raises(BadSiteFile, match="webhook_secret names signs nothing: the secret is shorter than 16 octets"):
        plan(Site(), parse(text), short)


def applied(site: Site, plan: Plan) -> Site:
    """The site after a plan, as the store would have it."""
    documents: dict[tuple[str, str], Document] = documents_of(site)
    documents = {key: document for key, document in documents.items() if key not in plan.removals}
    documents.update({key: d for d in plan.puts for key in documents_of(build_site([d], 0))})
    return build_site(documents.values(), site.version + 1)


def planned(text: str, site: Site | None = None, *, prune: bool = False) -> Plan:
    """What a file would change."""
    return plan(site or Site(), parse(text), PASSWORDS, prune=prune)


SITE = applied(Site(), planned(FILE))


def test_every_table_of_a_file_becomes_a_document() -> None:
    """A file's tables become the documents it describes."""
    assert SITE.links["a"] == Link(name="a", port=2776, password="env:LINK_A", status_verdicts={"0x0427": 27})
    assert SITE.lines["9830003300"] == Line(
        number="9830003300",
        links=(LinkUse(link="a"), LinkUse(link="b", share=2, prefixes=("98912",))),
        ucs2_rial=900,
    )
    assert SITE.lines["9820003300"].kind is LineKind.SERVICE
    account = SITE.accounts["shop"]
    assert account.password_hash == "$argon2id$s3cret-s"
    assert account.expires_at == dt.datetime(2029, 12, 31, 20, 30, tzinfo=dt.UTC)
    assert account.templates == (TemplateDocument(number=1, text="کد: {code}", patterns={"code": "[0-9]+"}),)


@pytest.mark.parametrize("secrets", [True, False])
def test_what_was_written_changes_nothing(secrets: bool) -> None:
    """Applying an export of the same site shows no difference, with secrets and without."""
    assert planned(write(SITE, secrets=secrets), SITE, prune=True).differences == ()


def test_an_export_with_secrets_makes_the_same_site_elsewhere() -> None:
    """A file with secrets is the whole site."""
    assert documents_of(applied(Site(), planned(write(SITE, secrets=True)))) == documents_of(SITE)


def test_an_export_without_secrets_has_none() -> None:
    """Without --secrets no password and no hash is written, but the names of variables are."""
    site = build_site(
        [Link(name="a", password="pw-in-clear"), Account(username="shop", password_hash="$argon2id$x")], 0
    )
    text = write(site)
    assert "pw-in-clear" not in text
    assert "argon2id$x" not in text
    assert 'password = "env:LINK_A"' in write(SITE)


def test_the_same_password_changes_nothing_and_a_new_one_counts() -> None:
    """The stored hash stays while the password verifies; a new one makes a new hash, whose version the store gives."""
    assert planned(FILE, SITE).differences == ()
    assert planned(FILE.replace('"s3cret-s"', '"env:SHOP"'), SITE).differences == ()
    changed = planned(FILE.replace("s3cret-s", "other one"), SITE)
    (account,) = changed.puts
    assert isinstance(account, Account)
    assert account.password_hash == "$argon2id$other one"
    assert [(f.name, f.before, f.after) for f in changed.differences[0].fields] == [("password_hash", MASK, MASK)]


def test_what_a_file_does_not_name_is_kept_unless_pruned() -> None:
    """Other documents stay; --prune removes them."""
    text = FILE.partition('[[line]]\nnumber = "9820003300"')[0]
    assert planned(text, SITE).differences == ()
    pruned = planned(text, SITE, prune=True)
    assert pruned.removals == (("line", "9820003300"), ("account", "shop"))


def test_a_suspension_outlives_a_file_that_says_nothing_of_it() -> None:
    """An operator's suspension is not undone by applying the file again, unless the file says so."""
    suspended = applied(SITE, planned(FILE.replace('name = "b"', 'name = "b"\nis_suspended = true'), SITE))
    assert suspended.links["b"].is_suspended
    assert planned(FILE, suspended).differences == ()
    assert planned(FILE.replace('name = "b"', 'name = "b"\nis_suspended = false'), suspended).differences != ()


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("x = [", ["no TOML"]),
        ("[[lnik]]\nname = 1", ["line 1: there is no table 'lnik'; known are: [[link]], [[line]], [[account]]"]),
        ("[link]\nname = 'a'", ["line 1: write each link as a table of its own"]),
        ("[[link]]\nport = 1", ["line 1: a link needs its name"]),
        (
            '[[link]]\nname = "a"\n\n[[link]]\nname = "b"\nport = "x"\nwindwo = 3\nbind_mode = "both"',
            [
                "line 6: link: port cannot be",
                "line 7: link: there is no key 'windwo'; known are:",
                "allowed: transmitter | receiver | transceiver",
            ],
        ),
        ('[[account]]\nusername = "x"\nid = 7', ["line 3: account: there is no key 'id'"]),
        ('[[account]]\nusername = "x"\nexpires_at = 2030-01-01T00:00:00', ["line 3: account: expires_at needs a time"]),
        ('[[account]]\nusername = "x"\npassword = ""', ["line 3: password is a text"]),
        ('[[account]]\nusername = "x"\npassword = "env:NONE"', ["line 1: account x: the environment variable NONE"]),
        ('[[account]]\nusername = "x"\npassword_hash = "plain"', ["line 1: account x: password_hash begins with"]),
        ('[[link]]\nname = "a"\n[[link]]\nname = "a"', ["line 3: link a is there twice"]),
        ('\n[[line]]\nnumber = "3000"\nlinks = ["no"]', ["line 2: line 3000: link no is not configured"]),
        ("a = " + "[" * 100_000, ["lists or tables within each other without end"]),
        ('[[account]]\nusername = "x"\n[[account.templates]]\nnumber = "x"', ["line 3: account: templates cannot be"]),
    ],
)
def test_faults_are_told_with_their_line(text: str, faults: list[str]) -> None:
    """Whatever is wrong is told with the line and what is allowed, all of it at once."""
    with pytest.raises(BadSiteFile) as caught:
        planned(text)
    assert len(caught.value.faults) == len(faults)
    for part, fault in zip(faults, caught.value.faults, strict=True):
        assert part in fault


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        ("link", "port=2776", 2776),
        ("link", "name=2776", "2776"),
        ("link", "tls=true", True),
        ("link", "parts_per_second=8", 8.0),
        ("link", "password=a=b", "a=b"),
        ("line", "kind=sim", LineKind.SIM),
        ("line", "links=a,b", (LinkUse(link="a"), LinkUse(link="b"))),
        ("line", 'links=["a", {link="b", rank=0}]', (LinkUse(link="a"), LinkUse(link="b", rank=0))),
        ("account", "lines=9830003300,3000", ("9830003300", "3000")),
        ("account", "default_line=9830003300", "9830003300"),
        ("account", "expires_at=2030-01-01T00:00:00Z", dt.datetime(2030, 1, 1, tzinfo=dt.UTC)),
    ],
)
def test_a_setting_of_the_command_line_is_read_by_its_type(kind: str, setting: str, value: object) -> None:
    """`--set key=value` takes the value as TOML or as plain text, as the field wants it."""
    name, read = parse_setting(kind, setting)
    assert (name, read) == (setting.partition("=")[0], value)


@pytest.mark.parametrize("setting", ["port", "port=x", "prot=1", "bind_mode=both", "password_hashh=1"])
def test_a_wrong_setting_is_refused(setting: str) -> None:
    """A key that does not exist and a value that is not allowed are refused."""
    with pytest.raises(ValueError, match=r"not key=value|known are|allowed"):
        parse_setting("link", setting)


@given(st.text(string.printable + '۰آ‌"\\\x7f\0😀'))
def test_every_text_survives_toml(text: str) -> None:
    """Any text is written so that TOML reads the same text again."""
    import tomllib

    assert tomllib.loads(f"x = {toml_value(text)}") == {"x": text}


def test_a_jalali_year_is_told() -> None:
    """1406 would be an instant long past, and lock the account: refused with the day that was meant, read if marked."""
    zoned = ("1406-01-01T00:00:00+03:30", '"1406-01-01T00:00:00+03:30"')
    for written in (*zoned, "1406-01-01", "1406-01-01T00:00:00", '"1406-01-01"', '"1406/1/1"', '"۱۴۰۶-۰۱-۰۱"'):
        with pytest.raises(BadSiteFile) as caught:
            parse(FILE.replace("2030-01-01T00:00:00+03:30", written))
        assert "line 24: account: 1406 is no year" in str(caught.value)
        assert "write 2027-03-21T00:00:00+03:30, or jalali:1406-01-01" in str(caught.value)
        with pytest.raises(ValueError, match="2027-03-21T00"):
            parse_setting("account", f"expires_at={written}")
    with pytest.raises(BadSiteFile, match=r"this is no TOML: .* write 2027-05-21T00:00:00"):
        parse(FILE.replace("2030-01-01T00:00:00+03:30", "1406-02-31T00:00:00+03:30"))
    with pytest.raises(ValueError, match="write 2027-05-21T00:00:00"):
        parse_setting("account", "expires_at=1406-02-31T00:00:00+03:30")
    assert parse_setting("account", "expires_at=2027-03-21T00:00:00+03:30") == parse_setting(
        "account", "expires_at=jalali:1406-01-01"
    )
    with pytest.raises(ValueError, match="instant with zone"):
        parse_setting("account", "expires_at=tomorrow")
    meant = dt.datetime(2027, 3, 21, tzinfo=dt.timezone(dt.timedelta(hours=3, minutes=30)))
    assert parse_setting("account", "expires_at=jalali:1406/01/01") == ("expires_at", meant)
    *_, account = parse(FILE.replace("2030-01-01T00:00:00+03:30", '"jalali:1406-01-01"'))
    assert account.given["expires_at"] == meant


def test_a_byte_order_mark() -> None:
    """A site file as Windows' editors write it is read."""
    assert [(e.kind, e.name, e.line, e.given) for e in parse("\ufeff" + FILE)] == [
        (e.kind, e.name, e.line, e.given) for e in parse(FILE)
    ]
