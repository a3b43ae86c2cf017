"""Operators' message ids: one operator writes them in hex here and in decimal there, with zeros, in any case.

What an id of an answer became in the receipt is an operator's habit, and nobody documents it. So it is learned: as
long as little is known every reading is tried, and each receipt that names its recipient says which readings found a
part of this recipient. A habit that explains every such receipt, while each other one failed, first decides between
readings (`LEAN_AFTER`), then becomes the only one that is tried (`SETTLE_AFTER`): an id that happens to be another
message's under some other reading can no longer go astray. Nothing here is certain for ever: a few receipts that wait
because only another reading explains them unlearn a settled habit, for the operator has changed its software.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace


class IdBase(StrEnum):
    """How an operator writes message ids in receipts, compared with its answers."""

    AUTO = "auto"
    SAME = "same"
    HEX_TO_DECIMAL = "hex_to_decimal"
    DECIMAL_TO_HEX = "decimal_to_hex"


def operator_key(operator_id: str) -> str:
    """The form under which ids are compared: small letters, no leading zeros, no 0x, no hyphens, nothing around.

    Of a receipt's id the reading takes away what stands around a value; the same id may have had it in the answer.
    """
    key = operator_id.strip(_AROUND).translate(_NO_HYPHENS).lower()
    if key.startswith("0x") and is_number(key[2:]):
        key = key[2:]
    return key.lstrip("0") or "0"


_AROUND: Final = " \t\r\n\"'<>(){},;|"

_NO_HYPHENS: Final = str.maketrans("", "", "-{}")
"""A UUID is written with or without them; where two ids differ in nothing else, the exact one counts."""


def _hex_of(key: str) -> str | None:
    return f"{int(key):x}" if len(key) <= 20 and key.isascii() and key.isdigit() else None


def _decimal_of(key: str) -> str | None:
    return str(int(key, 16)) if len(key) <= 16 and is_number(key) else None


def is_number(key: str) -> bool:
    """Whether an id is a number, hexadecimal or decimal: then zeros and case are nothing but a way to write it."""
    return not key.strip("0123456789abcdef")


def key_by_reading(operator_id: str) -> dict[IdBase, str]:
    """The key of the answer's id under each reading that is possible for a receipt's id, the likeliest first."""
    key = operator_key(operator_id)
    ways = {IdBase.SAME: key}
    if operator_id.translate(_NO_HYPHENS) != operator_id:
        return ways  # it is no number
    if (in_hex := _hex_of(key)) is not None:
        ways[IdBase.HEX_TO_DECIMAL] = in_hex
    if (in_decimal := _decimal_of(key)) is not None:
        ways[IdBase.DECIMAL_TO_HEX] = in_decimal
    return ways


def key_under(key: str, base: IdBase) -> str:
    """The key of the answer's id under one reading of a receipt's; the receipt's own where that is not possible."""
    if base is IdBase.HEX_TO_DECIMAL:
        return _hex_of(key) or key
    return (_decimal_of(key) or key) if base is IdBase.DECIMAL_TO_HEX else key


def readings(operator_id: str, base: IdBase = IdBase.AUTO) -> tuple[str, ...]:
    """The keys under which the answer to a receipt's id may be kept, the likeliest first.

    `base` says what the answer's id became in the receipt; AUTO tries all three readings.
    """
    if base is not IdBase.AUTO:
        return (key_under(operator_key(operator_id), base),)
    return tuple(dict.fromkeys(key_by_reading(operator_id).values()))


# ------------------------------------------------------------------------------------------------ habits

K = TypeVar("K")

LEAN_AFTER: Final = 3
"""Receipts that every other reading failed to explain, before a reading decides where two of them fit."""

SETTLE_AFTER: Final = 20
"""As many again before the other readings are not tried any more. Both are a matter of taste: a chance match needs two
messages to one recipient whose ids are each other's reading."""

UNLEARN_AFTER: Final = 5
"""Receipts that a settled reading does not explain and another one does, before it is given up."""

ANSWER_TIME_MS: Final = 300_000
"""Only those count that have waited as long: their own answer, of the settled reading, may have been still to come."""

_LONGEST_DOUBT: Final = 6
"""Each contradiction doubles what is needed, this many times at most: two systems behind one upstream never settle."""


class IdPlace(StrEnum):
    """Where a receipt may name an id, the likeliest first: the parameter's form is the standard's."""

    PARAMETER = "parameter"
    TEXT = "text"
    PAYLOAD = "payload"


class IdHabit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the receipts of one upstream have shown of its ids.

    Of `judged` receipts since the last contradiction so many were explained by each reading; a receipt may be by
    several. `settled` is AUTO until one reading is the only one tried. `unlearned`: how often that was given up.

    The same of receipts that name `several` different ids: how many were explained by each place, and the `place` that
    is the only one looked at, None until there is one.
    """

    judged: int = 0
    same: int = 0
    hex_to_decimal: int = 0
    decimal_to_hex: int = 0
    contradictions: int = 0
    unlearned: int = 0
    settled: IdBase = IdBase.AUTO
    several: int = 0
    by_parameter: int = 0
    by_text: int = 0
    by_payload: int = 0
    place: IdPlace | None = None

    @property
    def chosen_place(self) -> IdPlace | None:
        """The place that decides where ids of several fit; None if none may."""
        return self.place or self._leading_place(LEAN_AFTER)

    def _leading_place(self, after: int) -> IdPlace | None:
        needed = after << min(self.contradictions, _LONGEST_DOUBT)
        return _clear_best(_explained_by_place(self), self.several, needed)

    @property
    def choice(self) -> IdBase:
        """The reading that decides where several fit; AUTO if none may."""
        return self.settled if self.settled is not IdBase.AUTO else self._leader(LEAN_AFTER)

    def _leader(self, after: int) -> IdBase:
        needed = after << min(self.contradictions, _LONGEST_DOUBT)
        return _clear_best(_explained(self), self.judged, needed) or IdBase.AUTO


def _clear_best(explained: dict[K, int], judged: int, needed: int) -> K | None:
    """What explains all of so many receipts, while each other one failed to explain as many as are needed."""
    best = max(explained, key=lambda key: explained[key])
    beaten = max(count for key, count in explained.items() if key is not best)
    return best if explained[best] == judged and judged - beaten >= needed else None


def _explained(habit: IdHabit) -> dict[IdBase, int]:
    return {
        IdBase.SAME: habit.same,
        IdBase.HEX_TO_DECIMAL: habit.hex_to_decimal,
        IdBase.DECIMAL_TO_HEX: habit.decimal_to_hex,
    }


def _explained_by_place(habit: IdHabit) -> dict[IdPlace, int]:
    return {IdPlace.PARAMETER: habit.by_parameter, IdPlace.TEXT: habit.by_text, IdPlace.PAYLOAD: habit.by_payload}


def judge_place(habit: IdHabit, fitting: Collection[IdPlace]) -> IdHabit:
    """Count a receipt that names different ids, and of which the places in `fitting` found a part of its recipient."""
    if habit.place is not None or not fitting:
        return habit
    counts = {f"by_{place.value}": n + (place in fitting) for place, n in _explained_by_place(habit).items()}
    after = replace(habit, several=habit.several + 1, **counts)
    if after.several > max(counts.values()):
        counts = {f"by_{place.value}": int(place in fitting) for place in IdPlace}
        after = replace(habit, several=1, contradictions=habit.contradictions + 1, **counts)
    return replace(after, place=after._leading_place(SETTLE_AFTER))


def judge(habit: IdHabit, fitting: Collection[IdBase]) -> IdHabit:
    """Count a receipt whose id has several readings and whose recipient agrees with what `fitting` found.

    If no reading explains all receipts any more, the count begins anew with this one, and more is asked of it.
    """
    if habit.settled is not IdBase.AUTO or not fitting:
        return habit
    counts = {base.value: count + (base in fitting) for base, count in _explained(habit).items()}
    after = replace(habit, judged=habit.judged + 1, **counts)
    if after.judged > max(counts.values()):
        counts = {base.value: int(base in fitting) for base in _explained(habit)}
        after = replace(habit, judged=1, contradictions=habit.contradictions + 1, **counts)
    return replace(after, settled=after._leader(SETTLE_AFTER))


def unlearn(habit: IdHabit) -> IdHabit:
    """The settled reading does not hold any more: learn anew, and ask more of it."""
    return IdHabit(contradictions=habit.contradictions + 1, unlearned=habit.unlearned + 1)
