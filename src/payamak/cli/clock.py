"""`payamak clock`: which time the gateway goes by, and whether the machine's clock has jumped; accept it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cyclopts import App

from payamak.cli.shell import (
    Acting,
    Common,
    ExitCode,
    counted,
    instant_text,
    look_at_store,
    open_store,
    say,
    tell,
)
from payamak.domain.instants import duration_text
from payamak.language import Words, spoken, worded

if TYPE_CHECKING:
    from payamak.delivery.timekeeping import KeptClock

app = App(name="clock", help_format="markdown")


@app.default
async def show(*, common: Common = Common()) -> int:
    """Say whether the machine's clock has jumped, and which times the gateway goes by. Exit code 1 while in doubt.

    Example: `payamak clock`
    """
    from payamak.cli.shell import clock_of

    async with look_at_store(common) as store:
        clock = await clock_of(store)
    facts = _facts(clock)
    tell(common, facts, lambda _: say(*_lines(clock, facts)))
    return ExitCode.PROBLEM if facts["is_in_doubt"] else ExitCode.DONE


@app.command
async def accept(*, common: Acting = Acting()) -> int:
    """Say that the machine's clock is right as it is now, after a jump: what is past its deadline then ends.

    A gateway that runs takes it within a second; one that does not, when it starts. It counts for this jump alone.

    Example: `payamak clock accept`
    """
    from payamak.cli.shell import clock_of
    from payamak.hands.operators import accept_clock

    async with open_store(common) as store:
        clock = await clock_of(store)
        was_in_doubt, facts = clock.clocks.is_in_doubt, _facts(clock)
        if was_in_doubt:
            await accept_clock(store, clock.clocks, clock.boot_id, common.by("clock accept"), clock.now())
    wall = instant_text(facts["wall_at"])
    says = (
        worded(
            f"accepted: it is {wall}; a gateway that runs takes it within a second, another one when it starts.",
            f"پذیرفته شد: ساعت {wall} است؛ درگاهِ روشن تا یک ثانیهٔ دیگر آن را می‌گیرد و دیگری هنگام روشن شدن.",
        )
        if was_in_doubt
        else worded(
            f"there is nothing to accept: the clock has not jumped, it is {wall}.",
            f"چیزی برای پذیرفتن نیست: ساعت جهشی نکرده و {wall} است.",
        )
    )
    tell(common, {**facts, "is_accepted": was_in_doubt}, lambda _: say(says))
    return ExitCode.DONE


def _facts(clock: KeptClock) -> dict[str, Any]:
    boot, clocks = clock.boot, clock.clocks
    return {
        "is_in_doubt": clocks.is_in_doubt,
        "wall_at": boot + clocks.offset,
        "held_at": boot + clocks.held,
        "ahead_s": round(clocks.ahead / 1_000, 3),
        "true_in_s": round(clocks.true_in(boot) / 1_000),
        "jumps": clocks.jumps,
    }


def _lines(clock: KeptClock, facts: dict[str, Any]) -> list[str]:
    from payamak.texts.signs import CLOCK_JUMPED, jump_words

    jumps, wall = counted(facts["jumps"], "jump"), instant_text(facts["wall_at"])
    if not facts["is_in_doubt"]:
        return [
            worded(
                f"The clock is as it is held to be: {wall}. This store has met {jumps}.",
                f"ساعت همان است که باید: {wall}. این پایگاه داده {facts['jumps']:,} جهش دیده است.",
            )
        ]
    return [
        spoken(Words("IN DOUBT: {jump}.", "ساعت مشکوک است: {jump}.").filled(jump=jump_words(clock.clocks))),
        worded(
            f"The machine says {wall}; without the jump it would be {instant_text(facts['held_at'])}.",
            f"دستگاه می‌گوید {wall}؛ بدون جهش {instant_text(facts['held_at'])} می‌بود.",
        ),
        spoken(Words("What to do: {todo}.", "چه باید کرد: {todo}.").filled(todo=CLOCK_JUMPED.todo)),
        worded(
            f"Without another jump the clock counts as true in {duration_text(facts['true_in_s'] * 1_000)}.",
            f"اگر جهش دیگری نباشد، {duration_text(facts['true_in_s'] * 1_000)} دیگر ساعت درست شمرده می‌شود.",
        ),
    ]
