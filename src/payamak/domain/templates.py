"""Approved texts of a service line, and whether a message is one of them (contract §4).

Callers choose the message, so its cost must be bounded whatever it holds. Where a placeholder may stand is
therefore worked out for all positions at once, as sets of positions kept in the bits of one int: shifting a
set by a literal's length, or by one to 200, moves every position in it together. Only a placeholder that has
a pattern, and one that stands twice, need their values looked at one by one; these looks are counted, and a
text that needs too many is no match.

A text is compared folded (marks.py): what no reader sees, a joiner or a doubled blank, must not decide whether it is
the approved text or a value. What goes out is what was written. And a message that holds all words of the approved text
meant the whole of it: if it does not match it is refused, for as a value it would be said twice.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Final, Self

from payamak.domain.marks import DIGITS, LETTERS, fold, fold_blanks, is_blank, without_escapes, words
from payamak.language import Words, words_of

MAX_VALUE_CHARS: Final = 200
"""The longest value of a placeholder (contract §4)."""

MAX_PLACEHOLDERS: Final = 20
"""More than any approved text has; bounds the work of a match."""

_MAX_LOOKS: Final = 2_000
"""Values tried for one text: a matter of taste. An honest text needs one or two for each placeholder;
one that stands between two others, all parted by blanks, needs 1,800 in a text of 60 words."""

_STEPS_A_LOOK: Final = 10_000
"""Steps of a pattern that count as one look, some 0.2 ms."""

_MAX_REPEATS: Final = 2
_MAX_CHOICES: Final = 16
"""Open-ended repeats, and `?` or `|`, in one pattern. In the worst case each repeat multiplies the time of a
look by the value's length and each choice doubles it: together they may come to _MAX_LOOKS looks."""

_TRIES_OF_A_FOLDED_VALUE: Final = 3
"""As it was written, folded, and folded by the folded pattern; what is ASCII is tried once."""

_MOST_FOLDED: Final = 4
"""A text may be so many times as long as the longest one that fits, for what folding drops: a matter of taste."""

_CERTAIN_LETTERS: Final = 3
"""Contract §4: with fewer letters, what stands around the value is looked for as words of their own."""

_PLACEHOLDER: Final = re.compile(r"\{(\w+|\*)\}")
_BACK_REFERENCE: Final = re.compile(r"\\[1-9]|\(\?P=")
_ATOM: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_GROUP_OPENING: Final = re.compile(r"\(\?(?:P<\w+>|[:=!>]|<[=!])")
_LAZY_OR_POSSESSIVE: Final = re.compile(r"([*+?}])[+?]")
_REPEAT: Final = re.compile(r"[*+]|\{\d*,\d*\}")
_CHOICE: Final = re.compile(r"[?|]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A numbered, approved text with placeholders in braces, as in `کد ورود شما: {code}`.

    A name is letters, digits and underscores, or one `*`; any other brace is text. `patterns` maps names to
    regular expressions that the whole value must match. `any_text` lets every text pass as it is.
    """

    number: int
    text: str
    patterns: Mapping[str, str] = field(default_factory=dict)
    any_text: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The names of the placeholders."""
        return frozenset(_PLACEHOLDER.findall(self.text))

    def check(self) -> None:
        """Raise ValueError, saying what is wrong, if this template cannot be used."""
        if self.number < 0:
            raise ValueError(
                Words(
                    f"a template's number is zero or more, not {self.number}",
                    f"شمارهٔ الگو صفر یا بیشتر است، نه {self.number}",
                )
            )
        if not self.text:
            raise ValueError(Words(f"template {self.number} has no text", f"الگوی {self.number} متن ندارد"))
        if len(_PLACEHOLDER.findall(self.text)) > MAX_PLACEHOLDERS:
            raise ValueError(
                Words(
                    f"template {self.number} has more than {MAX_PLACEHOLDERS} placeholders",
                    f"الگوی {self.number} بیش از {MAX_PLACEHOLDERS} جای‌نگه‌دار دارد",
                )
            )
        for name, pattern in self.patterns.items():
            if name not in self.names:
                raise ValueError(
                    Words(
                        f"template {self.number} has a pattern for {{{name}}}, but no such placeholder",
                        f"الگوی {self.number} برای {{{name}}} قالب دارد، اما چنین جای‌نگه‌داری ندارد",
                    )
                )
            try:
                _check_pattern(pattern)
            except ValueError as error:
                said = words_of(error)
                raise ValueError(
                    Words(
                        f"template {self.number}, pattern of {{{name}}}: {said}",
                        f"الگوی {self.number}، قالب {{{name}}}: {said.fa}",
                    )
                ) from None

    def matches(self, text: str) -> bool:
        """Say whether `text` is the approved one for a reader, each placeholder replaced by a value that it allows."""
        shape, looks = _Shape.of(self.text), iter(range(_MAX_LOOKS))
        if len(text) > _MOST_FOLDED * shape.longest:
            return False
        # As it is too, and with the blanks beside line breaks: they may belong to a value, or to what is before it.
        readings = ((shape, text), *((shape.folded(fold_by), fold_by(text).strip()) for fold_by in (fold, fold_blanks)))
        return any(_fits(each, said, self.patterns, looks) for each, said in readings)

    def means_whole(self, message: str) -> bool:
        """Say whether a message holds all the words around the placeholders in order: it is no value (contract §4).

        Fewer than three letters in all must be words of their own: `به` is none of the words of `بهار`. A message that
        was escaped once too often is read as it stands and as it was meant.
        """
        literals = [words(literal) for literal in _Shape.of(self.text).literals]
        is_certain = sum(len(word) for literal in literals for word in literal) >= _CERTAIN_LETTERS
        joint = "" if is_certain else " "
        wanted = [joint + joint.join(literal) + joint for literal in literals if literal]
        readings = [joint + joint.join(words(said)) + joint for said in {message, without_escapes(message)}]
        begins = literals[0][:1] and message.lstrip().casefold().startswith(literals[0][0].casefold())
        if begins or sum(map(len, literals)) > 1:  # one word in another case within is as likely a word of the value
            wanted, readings = [each.casefold() for each in wanted], [said.casefold() for said in readings]
        return bool(wanted) and any(_stand_in(wanted, said, joint) for said in readings)

    def complete(self, message: str) -> str | None:
        """Return the text to send for a message in words: itself if it matches, else as the only value.

        None for what is neither, and for what means the whole text and does not match.
        """
        if self.any_text:
            return message or None
        if self.matches(message):
            return message
        if len(self.names) != 1 or len(message) > MAX_VALUE_CHARS or self.means_whole(message):
            return None
        return self.compose(dict.fromkeys(self.names, message))

    def compose(self, values: Mapping[str, object]) -> str | None:
        """Return the text filled with `values` (str or int); None unless they are exactly the names."""
        if values.keys() != self.names:
            return None
        written = {name: _written(value) for name, value in values.items()}
        if not all(_allows(self.patterns.get(name), value) for name, value in written.items()):
            return None
        return _PLACEHOLDER.sub(lambda found: written[found[1]], self.text)


def fill(
    templates: Mapping[int, Template],
    default: int | None,
    number: int | None,
    message: str | Mapping[str, object],
) -> str | None:
    """Return the text that an account's service line sends for `message`, or None if it may not (code 34).

    `number` 0 or None means the template `default`; without a default the one numbered 0, or the only one.
    """
    template = templates.get(number) if number else _usual(templates, default)
    if template is None:
        return None
    return template.complete(message) if isinstance(message, str) else template.compose(message)


def _usual(templates: Mapping[int, Template], default: int | None) -> Template | None:
    if default is not None:
        return templates.get(default)
    if len(templates) == 1:
        return next(iter(templates.values()))
    return templates.get(0)


def _written(value: object) -> str:
    """Return a value as text; "", which no placeholder allows, for what is neither text nor a number."""
    if isinstance(value, str):
        return value
    # An int of many digits is slow, or refused, to write out; 2**664 has the 200 digits that are allowed.
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 665:
        return str(value)
    return ""


def _allows(pattern: str | None, value: str) -> bool:
    if len(value) > MAX_VALUE_CHARS or is_blank(value) or _looks_for(pattern, len(value)) > _MAX_LOOKS:
        return False
    if pattern is None or re.fullmatch(pattern, value):
        return True
    if value.isascii() and pattern.isascii():
        return False
    folded = fold(value)[:MAX_VALUE_CHARS]
    return any(re.fullmatch(each, folded) for each in (pattern, _folded_pattern(pattern)))


@lru_cache(maxsize=1_024)
def _folded_pattern(pattern: str) -> str:
    """The pattern for folded values: its letters and digits folded, its marks dropped where it can do without."""
    folded = pattern.translate(LETTERS).translate(DIGITS)
    for candidate in (fold(folded), folded):
        try:
            _check_pattern(candidate)  # a mark that falls out may leave a repeat behind it that repeats more
        except ValueError:
            continue
        return candidate
    return pattern


@lru_cache(maxsize=1_024)
def _looks_for(pattern: str | None, length: int) -> int:
    """What trying one value costs at worst, in looks."""
    if pattern is None:
        return 1
    bare = _bare(pattern)
    steps: int = length ** len(_REPEAT.findall(bare))
    return 1 + (steps << len(_CHOICE.findall(bare))) // _STEPS_A_LOOK


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shape:
    """A template's text taken apart: literals[0] names[0] literals[1] … literals[-1]; literals may be ""."""

    literals: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        pieces = _PLACEHOLDER.split(text)
        return cls(literals=tuple(pieces[::2]), names=tuple(pieces[1::2]))

    @property
    def longest(self) -> int:
        """The characters of the longest text that has this shape."""
        return sum(map(len, self.literals)) + MAX_VALUE_CHARS * len(self.names)

    def folded(self, fold_by: Callable[[str], str]) -> Self:
        """This shape as folded texts have it, blanks around the whole gone."""
        literals = [fold_by(literal) for literal in self.literals]
        literals[0] = literals[0].lstrip()
        literals[-1] = literals[-1].rstrip()
        return type(self)(literals=tuple(literals), names=self.names)

    def bound(self, name: str, value: str) -> Self:
        """Return this shape with `value` in place of `name`, wherever it stands."""
        literals, names = [self.literals[0]], []
        for other, literal in zip(self.names, self.literals[1:], strict=True):
            if other == name:
                literals[-1] += value + literal
            else:
                names.append(other)
                literals.append(literal)
        return type(self)(literals=tuple(literals), names=tuple(names))


def _fits(shape: _Shape, text: str, patterns: Mapping[str, str], looks: Iterator[int]) -> bool:
    """Say whether `text` has this shape; False as well once `looks` has run out.

    A value that passes its pattern is bound, which leaves a shape with one name less.
    """
    if len(text) > shape.longest:
        return False
    starts = _starts(shape, text)
    if not starts[-1] >> len(text) & 1:
        return False
    looked_at = (at for at, name in enumerate(shape.names) if name in patterns or shape.names.count(name) > 1)
    index = next(looked_at, None)
    if index is None:
        return len(shape.names) != 1 or not is_blank(text[len(shape.literals[0]) : len(text) - len(shape.literals[1])])
    name = shape.names[index]
    for value in _values(text, starts[index], _ends(shape, text)[index]):
        tries = 1 if value.isascii() else _TRIES_OF_A_FOLDED_VALUE
        cost = _looks_for(patterns.get(name), len(value)) * tries
        if sum(1 for _ in islice(looks, cost)) < cost:
            return False
        if _allows(patterns.get(name), value) and _fits(shape.bound(name, value), text, patterns, looks):
            return True
    return False


def _stand_in(wanted: Sequence[str], said: str, joint: str) -> bool:
    """Say whether all of `wanted` stand in `said`, in order."""
    at = 0
    for literal in wanted:
        found = said.find(literal, at)
        if found < 0:
            return False
        at = found + len(literal) - len(joint)  # the blank behind a word is the one before the next
    return True


def _starts(shape: _Shape, text: str) -> list[int]:
    """Return, for each placeholder, the positions where it may start; last, those where the text may end."""
    everywhere = (2 << len(text)) - 1
    starts = []
    reached = 1
    for literal in shape.literals:
        after = (reached & _occurrences(literal, text)) << len(literal)
        starts.append(after)
        reached = _shifted(after, 1) & everywhere
    return starts


def _ends(shape: _Shape, text: str) -> list[int]:
    """Return, for each placeholder, the positions where it may end for the rest of the text to fit."""
    ends = []
    reached = 1 << len(text)
    for literal in reversed(shape.literals[1:]):
        before = reached >> len(literal) & _occurrences(literal, text)
        ends.append(before)
        reached = _shifted(before, -1)
    return ends[::-1]


def _occurrences(literal: str, text: str) -> int:
    """Return the positions where `literal` stands in `text`."""
    positions = 0
    at = text.find(literal)
    while at >= 0:
        positions |= 1 << at
        at = text.find(literal, at + 1)
    return positions


def _shifted(positions: int, direction: int) -> int:
    """Return every position that lies 1 to MAX_VALUE_CHARS after (1) or before (-1) one of `positions`.

    Each turn doubles the distances covered, so eight shifts do for 200.
    """
    moved = positions << 1 if direction > 0 else positions >> 1
    covered = 1
    while covered < MAX_VALUE_CHARS:
        step = min(covered, MAX_VALUE_CHARS - covered)
        moved |= moved << step if direction > 0 else moved >> step
        covered += step
    return moved


def _values(text: str, starts: int, ends: int) -> Iterator[str]:
    """Yield the pieces of `text` that run from one of `starts` to one of `ends`."""
    for start in range(len(text)):
        if starts >> start & 1:
            for end in range(start + 1, min(start + MAX_VALUE_CHARS, len(text)) + 1):
                if ends >> end & 1:
                    yield text[start:end]


def _bare(pattern: str) -> str:
    """The pattern with nothing left but what repeats, chooses and groups."""
    return _LAZY_OR_POSSESSIVE.sub(r"\1", _GROUP_OPENING.sub("(", _ATOM.sub("x", pattern)))


def _check_pattern(pattern: str) -> None:
    """Raise ValueError for a pattern that does not compile, or could take very long on MAX_VALUE_CHARS."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(Words(f"not a regular expression: {error}", f"عبارت منظم درستی نیست: {error}")) from None
    if _BACK_REFERENCE.search(pattern):
        raise ValueError(Words("a back reference is not allowed", "ارجاع به عقب مجاز نیست"))
    bare = _bare(pattern)
    if len(_REPEAT.findall(bare)) > _MAX_REPEATS:
        raise ValueError(
            Words(
                f"more than {_MAX_REPEATS} open-ended repeats (*, +, {{m,n}}) are not allowed",
                f"بیش از {_MAX_REPEATS} تکرار بی‌پایان (*, +, {{m,n}}) مجاز نیست",
            )
        )
    if len(_CHOICE.findall(bare)) > _MAX_CHOICES:
        raise ValueError(
            Words(
                f"more than {_MAX_CHOICES} choices (?, |) are not allowed",
                f"بیش از {_MAX_CHOICES} انتخاب (?, |) مجاز نیست",
            )
        )
    if _looks_for(pattern, MAX_VALUE_CHARS) > _MAX_LOOKS:
        raise ValueError(
            Words(
                "so many open-ended repeats (*, +, {m,n}) and choices (?, |) together are not allowed",
                "این همه تکرار بی‌پایان (*, +, {m,n}) و انتخاب (?, |) با هم مجاز نیست",
            )
        )
    opened: list[int] = []
    for at, char in enumerate(bare):
        if char == "(":
            opened.append(at)
        elif char == ")" and opened:
            inside = bare[opened.pop() + 1 : at]
            is_repeated = bare[at + 1 : at + 2] in ("*", "+", "{")
            if is_repeated and (_REPEAT.search(inside) or _CHOICE.search(inside)):
                raise ValueError(
                    Words(
                        "a repeated group that itself repeats or chooses is not allowed",
                        "گروهی که تکرار می‌شود و خودش هم تکرار یا انتخاب دارد مجاز نیست",
                    )
                )
