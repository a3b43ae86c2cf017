"""Two clocks that may disagree, and what follows while they do. Pure; whole milliseconds.

The *wall clock* says what time it is, and may be set to anything. The *boot clock* counts since the machine started,
the time that it was suspended included, and cannot be set. Their difference, the *offset*, is the same all day, but
for what a time daemon slews. When it changes by more than JUMP_MS the wall clock has jumped, and nobody can tell yet
whether it was wrong before or is wrong now:

    agreed --the offset leaves the held one by more than JUMP_MS--> in doubt
    in doubt --the offset comes back--> agreed, as before
    in doubt --TRUE_AFTER_MS without another jump, or a person says so--> agreed, by the new offset

While in doubt there are two readings of the instant: what the wall clock says, and what it would say had it not
jumped. The later one is `now`: what is past its deadline by either is past by the later one, so nothing that asks
`now` sends too late, and an instant that is written is never before one that was written earlier. What *ends*
something asks `earliest(now)`: that is past only if it is past by both.

`now` never goes back by more than JUMP_MS but in one case: the later reading turns out to be the wrong one. Then it
*falls*, and whatever was written from the future is set back by as much (`fallen`; store/rules/clocks.py). By less it
does not go back at all: it goes slower until the wall clock has come up with it.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

JUMP_MS: Final = 60_000
"""By how much the two clocks must have come apart for a jump. A time daemon steps by less at most starts, and no
deadline, hour or pause of ours is that fine."""

TRUE_AFTER_MS: Final = 600_000
"""After how long without another jump the wall clock counts as true."""

FOLLOWS: Final = 10
"""A tenth of the time that passes is how fast the held offset follows the wall clock's: 200 times the fastest slew of
a time daemon (500 ppm), and still too slow for a jump that comes in small steps."""


class Reading(int):
    """The instant while the clocks disagree: the later reading, as a number like any other.

    `earliest` is the other reading; `until` the first instant at which the doubt may be over by itself. What is stored
    or sent is the plain number: int(now).
    """

    earliest: int
    until: int

    def __new__(cls, at: int, earliest: int, until: int) -> Reading:
        """`at` is the later one."""
        made = super().__new__(cls, at)
        made.earliest, made.until = earliest, until
        return made


def earliest(now: int) -> int:
    """The instant that has been reached by both clocks: asked by whatever ends something."""
    return now.earliest if isinstance(now, Reading) else now


def in_doubt_until(now: int) -> int | None:
    """The first instant at which the clocks may agree again; None if they do."""
    return now.until if isinstance(now, Reading) else None


class Clocks(Struct, frozen=True, kw_only=True):
    """What is known of the two clocks; every figure but `jumps` in ms.

    `held` is the offset (wall minus boot) that is held to be true, `offset` the last that was seen, `jumped` the one
    that the last jump led to. `since` is the boot clock's reading at that jump, None while the clocks agree. `top` is
    the offset of `now`. `fallen`: by how much `now` fell, as long as the store has not been set back by it. `looked`
    is up to where on the boot clock the time to follow in has been used.
    """

    held: int
    offset: int
    jumped: int
    top: int
    looked: int
    since: int | None = None
    fallen: int = 0
    jumps: int = 0

    @property
    def is_in_doubt(self) -> bool:
        """Whether the wall clock has jumped and does not count as true yet."""
        return self.since is not None

    @property
    def ahead(self) -> int:
        """By how much the wall clock is ahead of the time that it is held to be; negative: behind."""
        return self.offset - self.held

    def read(self, boot: int) -> int:
        """The instant at `boot`; a Reading while in doubt."""
        now = boot + self.top
        if self.since is None:
            return now
        return Reading(now, boot + min(self.offset, self.held), now + self.true_in(boot))

    def true_in(self, boot: int) -> int:
        """How long until the wall clock counts as true, if it does not jump again; 0 while the clocks agree."""
        return 0 if self.since is None else max(self.since + TRUE_AFTER_MS - boot, 1)


def first_look(wall: int, boot: int, *, last_commit: int = 0, is_doubtful: bool = False) -> Clocks:
    """At a start of the machine: nothing is known of the offset but that the time was `last_commit` once.

    A wall clock before that is held to be wrong, for now; also one after it (`is_doubtful`), if the clock was in doubt
    when the machine ended.
    """
    held = wall - boot
    if last_commit and (wall < last_commit or is_doubtful):
        held = last_commit - boot
    return look(Clocks(held=held, offset=held, jumped=held, top=held, looked=boot), wall, boot)


def look(clocks: Clocks, wall: int, boot: int) -> Clocks:
    """What both clocks' readings make of what was known."""
    offset, step = wall - boot, max(boot - clocks.looked, 0) // FOLLOWS
    held, jumped, since, jumps = clocks.held, clocks.jumped, clocks.since, clocks.jumps
    if abs(offset - held) <= JUMP_MS:
        held, jumped, since = held + min(max(offset - held, -step), step), offset, None
    elif since is None or abs(offset - jumped) > JUMP_MS:
        jumped, since, jumps = offset, boot, jumps + 1
    elif boot - since >= TRUE_AFTER_MS:
        held, since = offset, None
    after = replace(
        clocks,
        held=held,
        offset=offset,
        jumped=jumped,
        since=since,
        jumps=jumps,
        looked=clocks.looked + step * FOLLOWS,
    )
    return _with_top(after, step)


def accepted(clocks: Clocks) -> Clocks:
    """A person says that the wall clock is right as it was last seen."""
    return _with_top(replace(clocks, held=clocks.offset, jumped=clocks.offset, since=None), 0)


def _with_top(clocks: Clocks, step: int) -> Clocks:
    """`now` goes by the later clock. It comes down to that slowly, or, from too far above, falls."""
    later = max(clocks.offset, clocks.held)
    if clocks.top - later > JUMP_MS:
        return replace(clocks, top=later, fallen=clocks.fallen + clocks.top - later)
    return replace(clocks, top=max(later, clocks.top - step))


class ClockRecord(Struct, frozen=True, kw_only=True):
    """What a store remembers of the clocks: what its last process knew, on which boot clock, and its last commit.

    `accepted` is the offset that a person has accepted, on the boot clock of `accepted_on`; 0 says that nobody has.
    """

    clocks: Clocks | None = None
    boot_id: int = 0
    last_commit: int = 0
    accepted: int = 0
    accepted_on: int = 0

    def accepts(self, clocks: Clocks, boot_id: int) -> bool:
        """Whether a person has accepted the wall clock as it was last seen: an earlier jump's acceptance is none."""
        return self.accepted_on == boot_id and abs(self.accepted - clocks.offset) <= JUMP_MS
