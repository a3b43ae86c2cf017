"""site.toml: read it, compare it with what the store has, write it. Pure: no file, no store, no environment.

A site file names what shall be there; `plan()` works out the way. Some things are left as they are where the file
is silent: passwords, and suspensions, which are an operator's hand and not a design. So a file without secrets can
be kept in version control, and applying what `write()` wrote changes nothing.

Every fault of a file is found at once, each with its line. TOML readers give no positions, so lines are found
again in the text: the n-th table of a kind, then the key in it.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from payamak.domain.jalali import check_written, read_marked
from payamak.domain.site import (
    KINDS,
    NAME_FIELDS,
    SECRETS,
    STORES_OWN,
    Account,
    Document,
    Fault,
    Site,
    build_site,
    faults_of,
)
from payamak.domain.site.differences import Difference, FieldChange, difference
from payamak.domain.site.faults import login_faults, signing_faults
from payamak.domain.site.kinds import HIDDEN, MASK, by_new_name, default_of, settable
from payamak.domain.site.secrets import check_new_password, is_named, resolve
from payamak.setting import describe_type, misfits
from payamak.visible import visible_toml

_KEPT: Final = frozenset(
    {("account", "id"), ("account", "password_hash"), ("account", "credential_version")}
    | {("link", "password"), ("line", "is_suspended"), ("link", "is_suspended")}
)
"""Left as they are in the store where a file says nothing of them."""

_NUMBER_FIELDS: Final = frozenset({"number", "lines", "default_line", "service_line", "sim_line"})
_HEADER: Final = re.compile(r"^\s*(\[{1,2})\s*([^\[\]]+?)\s*\]{1,2}\s*(?:#.*)?$")


class BadSiteFile(Exception):
    """The file cannot be followed; `faults` has one sentence for each reason, with its line where it is known."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class SiteEntry(Struct, frozen=True, kw_only=True):
    """One table of a file: `given` are the fields it names, `password` an account's in clear or as `env:NAME`."""

    kind: str
    name: str
    given: Mapping[str, Any]
    line: int
    password: str | None = None

    def __repr__(self) -> str:
        return f"Entry({self.kind} {self.name})"


class Plan(Struct, frozen=True, kw_only=True):
    """What brings the store to what the file says; for Store.put_documents. Holds for one version of the site."""

    version: int
    puts: tuple[Document, ...]
    removals: tuple[tuple[str, str], ...]
    differences: tuple[Difference, ...]


class Passwords(Struct, frozen=True, kw_only=True):
    """How passwords are made and compared: `verify(hash, password)`, `hash(password)`; and the environment."""

    verify: Callable[[str, str], bool]
    hash: Callable[[str], str]
    environment: Mapping[str, str]

    def resolve(self, password: str) -> str:
        """The password itself, read from the environment if written `env:NAME`. Raises ValueError."""
        return resolve(password, self.environment, "password")


# ------------------------------------------------------------------------------------------------ fields


def read_field(kind: str, name: str, value: Any) -> Any:
    """A field's value from what TOML gave. Raises ValueError that says what is allowed."""
    fields = settable(kind)
    if name not in fields:
        raise ValueError(f"there is no key {name!r}; known are: {', '.join(sorted(fields))}")
    wanted = fields[name].type
    if name in _NUMBER_FIELDS:
        value = [_digits(item) for item in value] if isinstance(value, list) else _digits(value)
    if (kind, name) == ("line", "links") and isinstance(value, list):
        value = [{"link": item} if isinstance(item, str) else item for item in value]
    if isinstance(value, str | dt.date) and _is_instant(wanted):
        value = _instant_of(value)
    if isinstance(value, float) and float not in (wanted, *getattr(wanted, "__args__", ())):
        raise ValueError(f"{name} cannot be {_shown(name, value)}: write a whole number, in digits alone")
    try:
        read = msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        raise ValueError(f"{name} cannot be {_shown(name, value)}: {error}; allowed: {describe_type(wanted)}") from None
    if isinstance(read, dt.datetime) and read.tzinfo is None:
        raise ValueError(f"{name} needs a time zone, such as 2030-01-01T00:00:00+03:30")
    for misfit in misfits(fields[name].setting, read, name):
        value = "what it is" if name in HIDDEN else misfit.shown
        raise ValueError(f"{misfit.place} cannot be {value}; allowed: {misfit.allowed}")
    return read


def parse_setting(kind: str, setting: str) -> tuple[str, Any]:
    """One `key=value` of a command line; the value as TOML, or as plain text, lists also joined by commas.

    Raises ValueError that says what is allowed.
    """
    name, separator, text = setting.partition("=")
    name = name.strip()
    if not separator:
        raise ValueError(f"{setting!r} is not key=value")
    field = settable(kind).get(by_new_name(kind, name, None)[0])
    wanted = field.type if field else None
    value: Any = text
    if wanted is not str or text[:1] in "\"'":
        try:
            value = tomllib.loads(f"x = {text}")["x"]
        except tomllib.TOMLDecodeError:
            value = text
    if getattr(wanted, "__origin__", None) is tuple and not isinstance(value, list):
        value = [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(value, str) and _is_instant(wanted):
        value = _instant_of(value)
        with suppress(ValueError):  # without seconds too; what is no instant at all is told below
            value = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    name, value = by_new_name(kind, name, value)
    return name, read_field(kind, name, value)


def _hint(text: str, error: str) -> str:
    """What else is to be said of a line that is no TOML: it may hold a day that only the Jalali calendar has."""
    found = re.search(r"at line (\d+)", error)
    line = text.split("\n")[int(found[1]) - 1] if found else ""
    try:
        check_written(line.partition("=")[2])
    except ValueError as said:
        return f": {said}"
    return ""


def _instant_of(value: str | dt.date) -> Any:
    """What is written for an instant, a marked date read. Raises ValueError for a Jalali one that is not marked."""
    if isinstance(value, str) and (marked := read_marked(value)) is not None:
        return marked
    check_written(value if isinstance(value, str) else value.isoformat())
    return value


def _is_instant(wanted: Any) -> bool:
    return dt.datetime in (wanted, *getattr(wanted, "__args__", ()))


def _digits(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# ------------------------------------------------------------------------------------------------ reading


def parse(text: str, name: str = "site.toml") -> list[SiteEntry]:
    """Read a site file. Raises BadSiteFile with every fault."""
    text = text.removeprefix("\ufeff")  # as Windows' editors write it
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSiteFile([f"{name}: this is no TOML: {error}{_hint(text, str(error))}"]) from error
    except RecursionError as error:
        raise BadSiteFile([f"{name}: lists or tables within each other without end"]) from error
    finder = _Lines(text)
    faults: list[str] = []
    entries: list[SiteEntry] = []
    for kind, tables in document.items():
        where = f"{name}, line {finder.line_of_table(kind, 0)}"
        if kind not in KINDS:
            faults.append(f"{where}: there is no table {kind!r}; known are: {', '.join(f'[[{k}]]' for k in KINDS)}")
        elif not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            faults.append(f"{where}: write each {kind} as a table of its own, [[{kind}]]")
        else:
            for place, table in enumerate(tables):
                if entry := _read_entry(kind, table, place, finder, name, faults):
                    entries.append(entry)
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        if (entry.kind, entry.name) in seen:
            faults.append(f"{name}, line {entry.line}: {entry.kind} {entry.name} is there twice")
        seen.add((entry.kind, entry.name))
    if faults:
        raise BadSiteFile(faults)
    return entries


def _read_entry(
    kind: str, table: Mapping[str, Any], place: int, finder: _Lines, file: str, faults: list[str]
) -> SiteEntry | None:
    start = finder.line_of_table(kind, place)
    name_field = NAME_FIELDS[kind]
    if not table.get(name_field):
        faults.append(f"{file}, line {start}: a {kind} needs its {name_field}")
        return None
    given: dict[str, Any] = {}
    password: str | None = None
    found = len(faults)
    for key, value in table.items():
        field, value = by_new_name(kind, key, value)
        if (kind, key) == ("account", "password"):
            password = value if isinstance(value, str) and value else None
            if password is None:
                faults.append(f"{file}, line {finder.line_of_key(kind, place, key)}: password is a text, not empty")
            continue
        try:
            given[field] = read_field(kind, field, value)
        except ValueError as error:
            faults.append(f"{file}, line {finder.line_of_key(kind, place, key)}: {kind}: {error}")
    if password is not None and "password_hash" in given:
        faults.append(f"{file}, line {start}: give password or password_hash, not both")
    if len(faults) > found:
        return None
    return SiteEntry(kind=kind, name=given[name_field], given=given, line=start, password=password)


class _Lines:
    """Finds tables and keys again in the text of a file."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._headers: dict[str, list[int]] = {}
        self._all: list[int] = []
        for number, line in enumerate(self._lines, 1):
            if found := _HEADER.match(line):
                self._headers.setdefault(found[2].strip("\"'"), []).append(number)
                self._all.append(number)

    def line_of_table(self, kind: str, place: int) -> int:
        numbers = self._headers.get(kind, [])
        if place < len(numbers):
            return numbers[place]
        return next((n for n, line in enumerate(self._lines, 1) if _starts_with_key(line, kind)), 1)

    def line_of_key(self, kind: str, place: int, key: str) -> int:
        start = self.line_of_table(kind, place)
        numbers = self._headers.get(kind, [])
        following = numbers[place + 1] if place + 1 < len(numbers) else len(self._lines) + 1
        others = [n for n in self._all if start < n < following and self._lines[n - 1].lstrip().startswith("[[")]
        end = min([following, *(n for n in others if not self._is_inside(n, kind))])
        for number in range(start, end):
            line = self._lines[number - 1]
            if _starts_with_key(line, key) or re.match(rf"\s*\[+\s*{kind}\.[\"']?{re.escape(key)}\b", line):
                return number
        return start

    def _is_inside(self, number: int, kind: str) -> bool:
        return re.match(rf"\s*\[+\s*{kind}\.", self._lines[number - 1]) is not None


def _starts_with_key(line: str, key: str) -> bool:
    return re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line) is not None


# --------------------------------------------------------------------------------------------- difference


def plan(
    site: Site, entries: Iterable[SiteEntry], passwords: Passwords, *, prune: bool = False, file: str = "site.toml"
) -> Plan:
    """What must change so that the site is what the entries say. Raises BadSiteFile with every fault.

    Documents that no entry names are kept unless `prune`. A password that is the stored one changes nothing; a
    new one is hashed; the store gives its version.
    """
    entries = tuple(entries)
    faults: list[str] = []
    stored = documents_of(site)
    broken: dict[tuple[str, str], list[Fault]] = {}
    for known in site.mended:
        broken.setdefault((known.kind, known.name), []).append(known)
    puts: dict[tuple[str, str], Document] = {}
    differences: list[Difference] = []
    for entry in entries:
        key = (entry.kind, entry.name)
        before = stored.get(key)
        try:
            after = _wanted(entry, before, passwords)
        except ValueError as error:
            faults.append(f"{file}, line {entry.line}: {entry.kind} {entry.name}: {error}")
            continue
        if after != before or key in broken:
            puts[key] = after
            differences.append(_difference(entry.kind, entry.name, before, after, broken.get(key, ())))
    named = {(entry.kind, entry.name): entry.line for entry in entries}
    removals = tuple(key for key in {**stored, **broken} if key not in named) if prune else ()
    differences += [Difference(change="remove", kind=kind, name=name) for kind, name in removals]
    result = {**{key: document for key, document in stored.items() if key not in removals}, **puts}
    for fault in () if faults else _faults_after(site, build_site(result.values(), 0), named, passwords):
        line = named.get((fault.kind, fault.name))
        faults.append(str(fault) if line is None else f"{file}, line {line}: {fault}")
    if faults:
        raise BadSiteFile(faults)
    return Plan(version=site.version, puts=tuple(puts.values()), removals=removals, differences=tuple(differences))


def _faults_after(
    before: Site, after: Site, named: Mapping[tuple[str, str], int], passwords: Passwords
) -> Iterable[Fault]:
    """The faults of what a file names, and those that it brings to others; what was wrong there before may stay."""
    known = faults_of(before)
    yield from (fault for fault in faults_of(after) if (fault.kind, fault.name) in named or fault not in known)
    for link in after.links.values():
        if ("link", link.name) in named and is_named(link.password):
            yield from (fault for fault in login_faults(link, passwords.environment) if fault.field == "password")
    for key, document in documents_of(after).items():
        if key in named:
            yield from signing_faults(document, passwords.environment)


def documents_of(site: Site) -> dict[tuple[str, str], Document]:
    """Every document of a site by kind and name, links first."""
    return {
        **{("link", name): link for name, link in site.links.items()},
        **{("line", number): line for number, line in site.lines.items()},
        **{("account", username): account for username, account in site.accounts.items()},
    }


def _wanted(entry: SiteEntry, before: Document | None, passwords: Passwords) -> Document:
    kept = {name: getattr(before, name) for kind, name in _KEPT if kind == entry.kind and before is not None}
    make: Callable[..., Document] = KINDS[entry.kind]
    after = make(**{**kept, **entry.given})
    if isinstance(after, Account):
        after = _with_credential(after, before if isinstance(before, Account) else None, entry.password, passwords)
    return after


def _with_credential(after: Account, before: Account | None, password: str | None, passwords: Passwords) -> Account:
    stored = before.password_hash if before else ""
    if password is not None:
        clear = passwords.resolve(password)
        matches = bool(stored) and passwords.verify(stored, clear)
        if not matches:
            check_new_password(clear)
        after = replace(after, password_hash=stored if matches else passwords.hash(clear))
    elif after.password_hash and not after.password_hash.startswith("$argon2id$"):
        raise ValueError("password_hash begins with $argon2id$; a password in clear is given as password")
    return after


def _difference(kind: str, name: str, before: Document | None, after: Document, broken: Iterable[Fault]) -> Difference:
    """What changes in a document; `broken`: what stands in the stored one and did not count."""
    made = difference(kind, name, before, after, _shown)
    instead = tuple(
        FieldChange(
            name=fault.field, before=fault.arguments.get("value", "?"), after=fault.arguments.get("counts", "none")
        )
        for fault in broken
        if fault.field and fault.field not in {change.name for change in made.fields}
    )
    return replace(made, fields=(*made.fields, *instead))


def _shown(name: str, value: Any) -> str:
    if name in SECRETS and value and not is_named(str(value)):
        return MASK
    try:
        return toml_value(plain(value)) if value is not None else "none"
    except TypeError:
        return repr(value)


# ------------------------------------------------------------------------------------------------ writing


def plain(value: Any) -> Any:
    """A field's value as TOML has it: plain dicts, lists, texts and instants; links of a line without more as texts."""
    made = msgspec.to_builtins(value, builtin_types=(dt.datetime,))
    if isinstance(made, list | tuple):
        return [item["link"] if isinstance(item, dict) and set(item) == {"link"} else item for item in made]
    return made


def write(site: Site, *, secrets: bool = False) -> str:
    """The site as a file that `parse` and `plan` find no difference in; passwords only with `secrets`."""
    blocks = ["# A site of Payamak, for `payamak apply`. Money in rial; what is not written has its default."]
    for (kind, _), document in documents_of(site).items():
        blocks.append("\n".join([f"[[{kind}]]", *_lines_of(kind, document, secrets)]))
    return "\n\n".join(blocks) + "\n"


def _lines_of(kind: str, document: Document, secrets: bool) -> Iterable[str]:
    for field in msgspec.structs.fields(document):
        value = getattr(document, field.name)
        if field.name in STORES_OWN or value is None or value == default_of(kind, field.name):
            continue
        if field.name in SECRETS and not secrets and not is_named(str(value)):
            yield f"# {field.name}: kept in the store, not written (export --secrets writes it)"
        else:
            yield f"{toml_key(field.name)} = {toml_value(plain(value), spread=field.name == 'templates')}"


def toml_key(name: str) -> str:
    """A key, quoted where TOML wants it."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_value(name)


def toml_value(value: Any, *, spread: bool = False) -> str:
    """A plain value as TOML; a list on lines of its own with `spread`. Raises TypeError for what TOML has not."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return visible_toml(msgspec.json.encode(value).decode())
        case dt.datetime():
            return value.isoformat()
        case dict():
            return "{" + ", ".join(f"{toml_key(k)} = {toml_value(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            items = [toml_value(item) for item in value]
            return "[\n" + "".join(f"  {item},\n" for item in items) + "]" if spread else f"[{', '.join(items)}]"
        case _:
            raise TypeError(f"TOML has no {type(value).__name__}")
