"""Setting: what a person must know of one field of a configuration, and which values are allowed in it.

A field is written `Annotated[T, Setting("meaning", "unit", allowed, fa="برچسب")]`. Everything else is made of that: the
faults that a wrong value is refused with, the help of `--set`, docs/reference/settings.md. Pure: nothing is read here.
msgspec is imported late, so that `payamak --help` is quick.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args, get_type_hints

from payamak.language import Words

if TYPE_CHECKING:
    from msgspec import Struct

LONGEST_SHOWN = 60
"""Characters of a wrong value that a fault repeats; a text in full would end in terminals and mails."""

MOST_BITS_SHOWN = 128

UNITS: Final[dict[str, Words]] = {
    "": Words("", ""),
    "connections": Words("connections", "اتصال"),
    "days": Words("days", "روز"),
    "hours": Words("hours", "ساعت"),
    "messages a minute": Words("messages a minute", "پیام در دقیقه"),
    "milliseconds": Words("milliseconds", "میلی‌ثانیه"),
    "minutes": Words("minutes", "دقیقه"),
    "parts": Words("parts", "بخش"),
    "parts a second": Words("parts a second", "بخش در ثانیه"),
    "rial": Words("rial", "ریال"),
    "seconds": Words("seconds", "ثانیه"),
    "submits": Words("submits", "ارسال"),
    "tries": Words("tries", "تلاش"),
}
"""The units that settings have."""

D = TypeVar("D", bound="Struct")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Finite numbers from `lowest` to `highest`, both included; `or_zero`: 0 too, where it has a meaning of its own."""

    lowest: float
    highest: float
    or_zero: bool = False

    @property
    def words(self) -> Words:
        """What is allowed, as a person reads it."""
        lowest, highest = _number(self.lowest), _number(self.highest)
        return Words(
            f"{'0, or ' if self.or_zero else ''}{lowest} to {highest}",
            f"{'0، یا ' if self.or_zero else ''}{lowest} تا {highest}",
        )

    def fits(self, value: float) -> bool:
        """True for an allowed number; NaN and the infinities never are."""
        return self.lowest <= value <= self.highest or (self.or_zero and value == 0)  # NaN is beside every bound

    def nearest(self, value: float) -> float | None:
        """The allowed number nearest to this one; None where none is meant: NaN, or below a zero that means more."""
        if self.fits(value):
            return value
        if value != value or (self.or_zero and value < 0):
            return None
        number = min(max(value, self.lowest), self.highest)
        return int(number) if isinstance(value, int) and float(number).is_integer() else number


@dataclass(frozen=True, slots=True)
class Text:
    """Texts of `least` to `most` characters, without NUL."""

    most: int
    least: int = 0

    @property
    def words(self) -> Words:
        """What is allowed, as a person reads it."""
        if self.least:
            return Words(f"{self.least} to {self.most} characters", f"{self.least} تا {self.most} نویسه")
        return Words(f"at most {self.most} characters", f"حداکثر {self.most} نویسه")

    def fits(self, value: str) -> bool:
        """True for a text of an allowed length."""
        return self.least <= len(value) <= self.most and "\0" not in value


@dataclass(frozen=True, slots=True)
class Octets:
    """Texts of printable ASCII that fill at most `most` octets in a PDU."""

    most: int

    @property
    def words(self) -> Words:
        """What is allowed, as a person reads it."""
        return Words(f"at most {self.most} octets of ASCII", f"حداکثر {self.most} بایت ASCII")

    def fits(self, value: str) -> bool:
        """True for a text that a C-octet string of SMPP can hold."""
        return len(value) <= self.most and value.isascii() and (value.isprintable() or not value)


@dataclass(frozen=True, slots=True)
class OneOf:
    """These values and no other."""

    values: tuple[int | str, ...]

    @property
    def words(self) -> Words:
        """What is allowed, as a person reads it."""
        return Words(", ".join(map(str, self.values)), "، ".join(map(str, self.values)))

    def fits(self, value: object) -> bool:
        """True for one of the values."""
        return value in self.values


@dataclass(frozen=True, slots=True)
class Items:
    """Lists of `least` to `most` items; `each` says what an item may be, for items that are no documents themselves."""

    most: int
    each: Numbers | Text | Octets | None = None
    least: int = 0

    @property
    def words(self) -> Words:
        """What is allowed, as a person reads it."""
        least, most, each = self.least, self.most, self.each.words if self.each else None
        return Words(
            (f"{least} to {most} items" if least else f"at most {most} items") + (f", each {each}" if each else ""),
            (f"{least} تا {most} مورد" if least else f"حداکثر {most} مورد") + (f"، هر یک {each.fa}" if each else ""),
        )


@dataclass(frozen=True, slots=True)
class Table:
    """Tables of at most `most` rows, with what a key and a value may be."""

    most: int
    key: Text
    value: Text | OneOf

    @property
    def words(self) -> Words:
        """What is allowed, as a person reads it."""
        key, value = self.key.words, self.value.words
        return Words(
            f"at most {self.most} rows; keys of {key}; values: {value}",
            f"حداکثر {self.most} سطر؛ کلید: {key.fa}؛ مقدار: {value.fa}",
        )


Allowed = Numbers | Text | Octets | OneOf | Items | Table


@dataclass(frozen=True, slots=True)
class Setting:
    """Meaning, unit and allowed values of a field, and its label in Persian (`fa`).

    `allowed` is None only where the type itself allows a few values: true and false, the words of an enumeration, an
    instant. `unit` is empty for what has none.
    """

    meaning: str
    unit: str = ""
    allowed: Allowed | None = None
    fa: str = ""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that is not allowed: its place (`poll_pauses_s[2]`), the value as text, and what is allowed there."""

    place: str
    shown: str
    allowed: Words


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a document: its bare type, its Setting, and its default (msgspec.NODEFAULT for its name)."""

    name: str
    type: Any
    setting: Setting
    default: Any


@cache
def fields_of(document: type[Struct]) -> dict[str, Field]:
    """The fields of a kind of document, in order. Raises TypeError for one without a Setting."""
    import msgspec

    hints = get_type_hints(document, include_extras=True)
    found = {}
    for info in msgspec.structs.fields(document):
        wanted, *extras = get_args(hints[info.name]) if hasattr(hints[info.name], "__metadata__") else (None,)
        setting = next((extra for extra in extras if isinstance(extra, Setting)), None)
        if setting is None:
            raise TypeError(f"{document.__name__}.{info.name} has no Setting")
        default = info.default if info.default_factory is msgspec.NODEFAULT else info.default_factory()
        found[info.name] = Field(info.name, wanted, setting, default)
    return found


def misfits_of(document: Struct, prefix: str = "") -> Iterator[Misfit]:
    """Every value of a document, and of the documents in it, that its Setting does not allow."""
    for field in fields_of(type(document)).values():
        yield from misfits(field.setting, getattr(document, field.name), prefix + field.name)


def misfits(setting: Setting, value: Any, place: str) -> Iterator[Misfit]:
    """What is not allowed in one value. None is what a field that may be without a value has."""
    allowed = setting.allowed
    if value is None:
        return
    match allowed:
        case Items():
            yield from _misfits_of_items(allowed, value, place)
        case Table():
            yield from _misfits_of_table(allowed, value, place)
        case None:
            pass
        case _:
            if not allowed.fits(value):
                yield Misfit(place, shown(value), _said(allowed, setting.unit))


def _misfits_of_items(allowed: Items, value: tuple[Any, ...], place: str) -> Iterator[Misfit]:
    if not allowed.least <= len(value) <= allowed.most:
        yield Misfit(place, Words(f"{len(value)} items", f"{len(value)} مورد"), allowed.words)
        return
    for number, item in enumerate(value, 1):
        if _is_document(item):
            yield from misfits_of(item, f"{place}[{number}].")
        elif allowed.each is not None and not allowed.each.fits(item):
            yield Misfit(f"{place}[{number}]", shown(item), allowed.each.words)


def _misfits_of_table(allowed: Table, value: dict[str, Any], place: str) -> Iterator[Misfit]:
    if len(value) > allowed.most:
        yield Misfit(place, Words(f"{len(value)} rows", f"{len(value)} سطر"), allowed.words)
        return
    for key, item in value.items():
        if not allowed.key.fits(key):
            yield Misfit(f"{place}, a key", shown(key), allowed.key.words)
        elif not allowed.value.fits(item):
            yield Misfit(f"{place}[{key}]", shown(item), allowed.value.words)


def mended(document: D) -> D:
    """The document with each number out of bounds replaced by the nearest that is allowed, or else by its default.

    Texts, lists and tables stay as they are: no part of one can be left out in its owner's stead.
    """
    import msgspec

    changes = {}
    for field in fields_of(type(document)).values():
        value = getattr(document, field.name)
        better = _mended(field.setting.allowed, value, field.default)
        if better is not value and better is not msgspec.NODEFAULT:
            changes[field.name] = better
    return msgspec.structs.replace(document, **changes) if changes else document


def _is_document(value: object) -> bool:
    return hasattr(value, "__struct_fields__")


def _mended(allowed: Allowed | None, value: Any, default: Any) -> Any:
    match allowed:
        case Numbers() if value is not None and not allowed.fits(value):
            nearest = allowed.nearest(value)
            return default if nearest is None else nearest
        case OneOf() if value is not None and not allowed.fits(value):
            return default
        case Items(each=Numbers() as each):
            return tuple(_mended(each, item, each.lowest) for item in value) if _is_wrong(each, value) else value
        case Items():
            items = tuple(mended(item) if _is_document(item) else item for item in value)
            return value if all(new is old for new, old in zip(items, value, strict=True)) else items
        case _:
            return value


def _is_wrong(each: Numbers, value: tuple[Any, ...]) -> bool:
    return not all(each.fits(item) for item in value)


def describe_type(wanted: Any) -> Words:
    """A field's type as a person reads it."""
    members: tuple[Any, ...] = getattr(wanted, "__args__", ())
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        values = " | ".join(str(member.value) for member in wanted)
        return Words(values, values)
    if type(None) in members:
        return describe_type(next(member for member in members if member is not type(None)))
    if getattr(wanted, "__origin__", None) is tuple:
        each = describe_type(members[0])
        return Words(f"list of {each}", f"فهرستی از {each.fa}")
    if getattr(wanted, "__origin__", None) is dict:
        return Words("table", "جدول")
    if hasattr(wanted, "__struct_fields__"):
        return Words("tables", "جدول‌ها")
    return _TYPES.get(wanted) or Words(str(wanted), str(wanted))


_TYPES: dict[Any, Words] = {
    str: Words("text", "متن"),
    bool: Words("true | false", "true | false"),
    int: Words("whole number", "عدد صحیح"),
    float: Words("number", "عدد"),
    dt.datetime: Words("instant with zone", "زمان با منطقهٔ زمانی"),
}


def allowed_words(field: Field) -> Words:
    """Type, bounds and unit of a field in one line: `whole number, 1 to 65535`."""
    setting = field.setting
    bounds = [setting.allowed.words] if setting.allowed else []
    said = [*filter(None, [describe_type(field.type), *bounds, UNITS[setting.unit]])]
    return Words(", ".join(said), "، ".join(words.fa for words in said))


def default_words(field: Field) -> str:
    """The default as a person reads it; empty where there is none to speak of."""
    import msgspec

    if field.default in (msgspec.NODEFAULT, None, "", (), {}):
        return ""
    if isinstance(field.default, bool):
        return "true" if field.default else "false"
    if isinstance(field.default, tuple):
        return ", ".join(map(str, field.default))
    return str(field.default)


def shown(value: object) -> str:
    """A wrong value as a person reads it, cut if it is long."""
    if isinstance(value, int) and value.bit_length() > MOST_BITS_SHOWN:
        bits = value.bit_length()  # Python itself refuses to write the longest ones
        return Words(f"a number of {bits} bits", f"عددی {bits} بیتی")
    text = str(value) if isinstance(value, int | float) else repr(str(value) if isinstance(value, Enum) else value)
    if len(text) <= LONGEST_SHOWN:
        return text
    cut, count = text[:LONGEST_SHOWN], len(str(value))
    return Words(f"{cut}… ({count} characters)", f"{cut}… ({count} نویسه)")


def _said(allowed: Allowed, unit: str) -> Words:
    words, of = allowed.words, UNITS[unit]
    return Words(f"{words} ({of})", f"{words.fa} ({of.fa})") if unit else words


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)
