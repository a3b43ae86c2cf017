"""What a setting allows: finite numbers in bounds, texts and lists of a length; and what counts in place of others."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from payamak.config import table
from payamak.domain.site.kinds import INNER, KINDS
from payamak.setting import Field, Items, Numbers, Octets, OneOf, Setting, Table, Text, fields_of, misfits, shown

DOCUMENTS: dict[str, type[Struct]] = {**KINDS, **INNER}
NUMBERS = Numbers(1, 9)
PACE = Numbers(0.5, 9, or_zero=True)


def every_field() -> Iterator[Any]:
    """Each field of each kind of document, by a name for the report."""
    for kind, document in DOCUMENTS.items():
        for name, field in fields_of(document).items():
            yield pytest.param(field, id=f"{kind}.{name}")


def every_setting() -> Iterator[Any]:
    """The settings of the process and those of all documents."""
    yield from (pytest.param(about.setting, id=name) for name, about, _ in table())
    yield from (pytest.param(param.values[0].setting, id=param.id) for param in every_field())


def types_in(wanted: Any) -> set[Any]:
    """The types of which a field's type is made."""
    return {wanted, *(inner for one in getattr(wanted, "__args__", ()) for inner in types_in(one))}


@pytest.mark.parametrize("setting", list(every_setting()))
def test_every_setting_has_a_meaning_and_a_label(setting: Setting) -> None:
    """A field says what it means in one sentence at least, and has a Persian label."""
    assert setting.meaning.endswith(".")
    assert setting.fa
    assert setting.fa.isascii() is (setting.fa == "TLS")


@pytest.mark.parametrize("field", list(every_field()))
def test_every_field_has_bounds(field: Field) -> None:
    """A number has finite bounds, a text and a list a longest length; the words of an enumeration need none."""
    allowed, made_of = field.setting.allowed, types_in(field.type)
    if {int, float} & made_of and dict not in {getattr(t, "__origin__", t) for t in made_of}:
        numbers = allowed.each if isinstance(allowed, Items) else allowed
        assert isinstance(numbers, Numbers | OneOf)
        if isinstance(numbers, Numbers):
            assert math.isfinite(numbers.lowest)
            assert numbers.lowest < numbers.highest <= 2**53
    elif str in made_of:
        assert isinstance(allowed, Text | Octets | Items | Table)
    if any(getattr(t, "__origin__", t) is tuple for t in made_of):
        assert isinstance(allowed, Items)
    if any(getattr(t, "__origin__", t) is dict for t in made_of):
        assert isinstance(allowed, Table)


@pytest.mark.parametrize("field", list(every_field()))
def test_a_default_is_allowed(field: Field) -> None:
    """What counts where nothing is said is itself in bounds, so that it can count for what is not."""
    if not isinstance(field.default, Struct) and repr(field.default) != "NODEFAULT":
        assert list(misfits(field.setting, field.default, field.name)) == []


def test_every_number_of_the_process_has_bounds() -> None:
    """A port, a count of connections: whole numbers in finite bounds."""
    for name, about, default in table():
        if isinstance(default, int) and not isinstance(default, bool):
            assert isinstance(about.setting.allowed, Numbers), name
        elif isinstance(default, tuple):
            assert isinstance(about.setting.allowed, Items), name


@pytest.mark.parametrize("value", [0.9999, 9.0001, -1, math.nan, math.inf, -math.inf, 1e300, 10**400, -(10**20)])
def test_numbers_that_are_not_allowed(value: float) -> None:
    """Beside the bounds, not a number, without end, too large for a float: none of them fits."""
    assert not NUMBERS.fits(value)


@given(st.one_of(st.integers(), st.floats(allow_nan=True)))
def test_the_nearest_is_allowed(value: float) -> None:
    """Whatever stood there, what counts is in bounds; where nothing near is meant, there is none."""
    for numbers in (NUMBERS, PACE):
        nearest = numbers.nearest(value)
        assert nearest is None or numbers.fits(nearest)
        assert not numbers.fits(value) or nearest == value


@pytest.mark.parametrize(
    ("numbers", "value", "nearest"),
    [
        (NUMBERS, 1e300, 9),
        (NUMBERS, 10**400, 9),
        (NUMBERS, -1, 1),
        (NUMBERS, math.nan, None),
        (NUMBERS, math.inf, 9),
        (PACE, -1, None),
        (PACE, 0.1, 0.5),
        (PACE, 0, 0),
    ],
)
def test_what_counts_instead(numbers: Numbers, value: float, nearest: float | None) -> None:
    """The nearest that is allowed; the default (None) for no number, and for less than a zero that means "none"."""
    assert numbers.nearest(value) == nearest


@pytest.mark.parametrize(
    ("setting", "value", "place"),
    [
        (Setting("x", "", Items(2, Text(3))), ("a", "b", "c"), "it"),
        (Setting("x", "", Items(2, Text(3))), ("a", "long"), "it[2]"),
        (Setting("x", "", Items(2, NUMBERS)), (1, math.nan), "it[2]"),
        (Setting("x", "", Items(2, NUMBERS, least=1)), (), "it"),
        (Setting("x", "", Table(1, Text(3), OneOf((5,)))), {"a": 5, "b": 5}, "it"),
        (Setting("x", "", Table(1, Text(3), OneOf((5,)))), {"a": 6}, "it[a]"),
        (Setting("x", "", Table(1, Text(3), OneOf((5,)))), {"long": 5}, "it, a key"),
        (Setting("x", "", Text(3)), "a\0", "it"),
        (Setting("x", "", Octets(3)), "abcd", "it"),
        (Setting("x", "", Octets(3)), "é", "it"),
        (Setting("x", "", Octets(3)), "\n", "it"),
    ],
)
def test_the_place_of_a_misfit(setting: Setting, value: object, place: str) -> None:
    """In lists and tables the very item is named."""
    assert [misfit.place for misfit in misfits(setting, value, "it")] == [place]


def test_what_is_shown_is_short() -> None:
    """No text in full, no number that Python itself would refuse to write."""
    assert len(shown("x" * 100_000)) < 100
    assert shown(1 << 100_000) == "a number of 100001 bits"
    assert shown(math.nan) == "nan"
