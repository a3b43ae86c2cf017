"""The operator's hands: suspend and resume, cancel, move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from payamak.cli.bounds import Ids
from payamak.cli.consent import Consent, agrees, undone
from payamak.cli.shell import Acting, ExitCode, Failed, clock_of, complain, counted, now_ms, open_store, say, tell
from payamak.language import spoken, worded
from payamak.texts.faults import KIND_WORDS
from payamak.texts.reasons import STATES

if TYPE_CHECKING:
    from payamak.hands.values import MovePlan, Store

What = Literal["line", "link", "intake"]
Resumable = Literal["line", "link", "intake", "restored", "moved"]


async def suspend(what: What, name: str | None = None, *, common: Acting = Acting()) -> int:
    """Stop a line, a link, or the intake, within half a second.

    Nothing is lost: what is accepted waits, at most until its deadline; what is on the wire ends as it ends. With
    the intake suspended every send is answered 23 (busy).

    Example: `payamak suspend line 9830003300`, `payamak suspend intake`
    """
    return await _switch(what, name, common, is_suspended=True)


async def resume(
    what: Resumable,
    name: str | None = None,
    *,
    line: Annotated[
        str | None, Parameter(help="Of what is held after a restore, only what waits on this line.")
    ] = None,
    account: Annotated[str | None, Parameter(help="Of what is held after a restore, only this account's.")] = None,
    consent: Consent = Consent(),
    common: Acting = Acting(),
) -> int:
    """Let a line, a link, or the intake go on; or what is held because a copy of the store was put back.

    `restored` lets that go which waited in the copy, all of it or a line's or an account's: each may have been sent
    already, after the copy was made. What was on the wire then goes by its line's rule. `moved` says that the store is
    no copy but the newest there is, only that it came without the file `…-mark` beside it: all goes on as it was. It
    lets nothing go where the store is a copy by its own word, or by a person's. You are told how many, and asked.

    Example: `payamak resume link rahyab`, `payamak resume restored --line 9830003300`
    """
    if what != "restored" and (line is not None or account is not None):
        raise Failed(
            worded(
                "--line and --account belong to `resume restored`", "--line و --account با `resume restored` می‌آیند"
            ),
            ExitCode.USAGE,
        )
    if what == "restored" or what == "moved":
        if name is not None:
            raise Failed(
                worded(
                    f"`resume {what}` takes no name; --line and --account choose",
                    f"`resume {what}` نامی نمی‌گیرد؛ با --line و --account انتخاب کنید",
                ),
                ExitCode.USAGE,
            )
        return await _resume_held(line, account, consent, common, is_moved=what == "moved")
    if consent.dry_run:
        raise Failed(
            worded(
                "--dry-run belongs to what is held after a restore; this only lets go on",
                "--dry-run برای چیزی است که پس از بازگردانی نگه داشته شده؛ این فرمان فقط ادامه می‌دهد",
            ),
            ExitCode.USAGE,
        )
    return await _switch(what, name, common, is_suspended=False)


async def _resume_held(
    line: str | None, account: str | None, consent: Consent, common: Acting, *, is_moved: bool
) -> int:
    from payamak.hands import messages

    by = common.by(f"resume {'moved' if is_moved else 'restored'}")
    async with open_store(common) as store:
        clock = await clock_of(store)
        held = await messages.held(store, line, account)
        ids = held.ids
        answer: dict[str, object] = {"promised": len(ids), "resumed": 0, "gone": 0, "held": len(ids)}
        how = (
            worded("as what they are, for the store is no copy", "همان‌طور که هستند، چون پایگاه داده نسخه نیست")
            if is_moved
            else worded("each as the copy that it may be", "هر یک به‌عنوان نسخه‌ای که شاید باشد")
        )
        if ids and not agrees(
            consent,
            common,
            worded(
                f"{counted(len(ids), 'held message')} will be let go, {how}.",
                f"{len(ids):,} پیام نگه‌داشته‌شده آزاد می‌شود، {how}.",
            ),
        ):
            return undone(consent, common, answer)
        count = await messages.let_go(store, held, by, clock.now(), is_moved=is_moved)
        left = await store.last_restore()
    answer |= {"resumed": count, "gone": len(ids) - count, "held": left.held if left else 0}
    told = worded(
        f"let go: {counted(count, 'message')}{_gone(len(ids) - count)}; still held: {answer['held']:,}",
        f"آزاد شد: {count:,} پیام{_gone(len(ids) - count)}؛ هنوز نگه داشته شده: {answer['held']:,}",
    )
    tell(common, answer, lambda _: say(told))
    return ExitCode.DONE


async def _switch(what: What, name: str | None, common: Acting, *, is_suspended: bool) -> int:
    from payamak.hands import site

    if (what == "intake") is not (name is None):
        raise Failed(
            worded(
                "name the line or link; the intake has no name", "نام خط یا لینک را بگویید؛ پذیرش (intake) نامی ندارد"
            ),
            ExitCode.USAGE,
        )
    async with open_store(common) as store:
        if is_suspended:
            await site.suspend(store, what, name, common.by(f"suspend {what}"), now_ms())
        else:
            await site.resume(store, what, name, common.by(f"resume {what}"), now_ms())
    said = worded(f"{what} {name}", f"{spoken(KIND_WORDS[what])} {name}") if name else worded("the intake", "پذیرش")
    answer = {"what": what, "name": name, "is_suspended": is_suspended}
    tell(
        common,
        answer,
        lambda _: say(
            worded(
                f"{said} is {'suspended' if is_suspended else 'resumed'}.",
                f"{said} {'متوقف شد' if is_suspended else 'به کار افتاد'}.",
            )
        ),
    )
    return ExitCode.DONE


async def cancel(
    message_ids: Annotated[Ids, Parameter(negative="")] = (),
    *,
    line: Annotated[str | None, Parameter(help="All that waits on this line.")] = None,
    account: Annotated[str | None, Parameter(help="All that waits of this account.")] = None,
    consent: Consent = Consent(),
    common: Acting = Acting(),
) -> int:
    """Take waiting messages back; nothing is charged for them. What is on the wire or further cannot be cancelled.

    A line's or an account's are counted and shown, and you are asked. Then those that were counted are taken back: what
    is accepted meanwhile is not, and what is sent meanwhile is counted as gone. Exit code 1 if a message that you
    named does not wait.

    Example: `payamak cancel 3403 3404`, `payamak cancel --line 9830003300 --dry-run`
    """
    if bool(message_ids) + (line is not None) + (account is not None) != 1:
        raise Failed(
            worded(
                "give message ids, or --line NUMBER, or --account NAME",
                "شناسهٔ پیام‌ها را بدهید، یا --line NUMBER، یا --account NAME",
            ),
            ExitCode.USAGE,
        )
    async with open_store(common) as store:
        if message_ids:
            return await _cancel_named(store, message_ids, consent, common)
        return await _cancel_all(store, line, account, consent, common)


async def _cancel_named(store: Store, message_ids: Sequence[int], consent: Consent, common: Acting) -> int:
    """Whoever names them has counted them: nobody is asked."""
    from payamak.hands import messages

    ids = tuple(dict.fromkeys(message_ids))
    if consent.dry_run:
        agrees(
            consent,
            common,
            worded(
                f"{counted(len(ids), 'message')} would be taken back, as far as they wait.",
                f"{len(ids):,} پیام، تا جایی که هنوز منتظرند، پس گرفته می‌شود.",
            ),
        )
        return undone(consent, common, {"promised": len(ids), "cancelled": []})
    done = await messages.cancel(store, messages.Chosen(ids=ids), common.by("cancel"), now_ms())
    for message_id, state in done.left.items():
        if state is None:
            complain(worded(f"there is no message {message_id}", f"پیام {message_id} نیست"))
            continue
        complain(
            worded(
                f"message {message_id} is {state}: only what waits can be cancelled",
                f"پیام {message_id} {spoken(STATES[state])} است: فقط آنچه منتظر است پس گرفته می‌شود",
            )
        )
    answer = {"promised": len(ids), "cancelled": done.done, "not_cancelled": len(done.left)}
    tell(
        common,
        answer,
        lambda _: say(
            worded(f"cancelled: {counted(len(done.done), 'message')}", f"پس گرفته شد: {len(done.done):,} پیام")
        ),
    )
    return ExitCode.PROBLEM if done.left else ExitCode.DONE


async def _cancel_all(store: Store, line: str | None, account: str | None, consent: Consent, common: Acting) -> int:
    from payamak.hands import messages

    waiting = await messages.waiting(store, line, account)
    ids, number = waiting.ids, waiting.line
    where = (
        worded(f"on line {number}", f"روی خط {number}")
        if number is not None
        else worded(f"of account {account}", f"از حساب {account}")
    )
    answer: dict[str, object] = {"promised": len(ids), "cancelled": [], "gone": 0}
    if not ids:
        tell(common, answer, lambda _: say(worded(f"Nothing waits {where}.", f"چیزی {where} منتظر نیست.")))
        return ExitCode.DONE
    word = "wait" if len(ids) > 1 else "waits"
    promise = worded(
        f"{counted(len(ids), 'message')} {word} {where} and will be taken back; nothing is charged.",
        f"{len(ids):,} پیام {where} منتظر است و پس گرفته می‌شود؛ هزینه‌ای ندارد.",
    )
    if not agrees(consent, common, promise):
        return undone(consent, common, answer)
    done = await messages.cancel(store, waiting, common.by("cancel"), now_ms())
    answer |= {"cancelled": done.done, "gone": len(done.left), "not_cancelled": 0}
    tell(
        common,
        answer,
        lambda _: say(
            worded(
                f"cancelled: {counted(len(done.done), 'message')}{_gone(len(done.left))}",
                f"پس گرفته شد: {len(done.done):,} پیام{_gone(len(done.left))}",
            )
        ),
    )
    return ExitCode.DONE


def _gone(count: int) -> str:
    return (
        worded(
            f"; gone meanwhile (sent, ended or moved): {count:,}",
            f"؛ در این میان رفته (فرستاده، تمام یا منتقل شده): {count:,}",
        )
        if count
        else ""
    )


async def move(
    source: str,
    target: str,
    *,
    at_old_price: Annotated[
        bool, Parameter(negative="", help="Also what would cost more there: it keeps the price of its acceptance.")
    ] = False,
    consent: Consent = Consent(),
    common: Acting = Acting(),
) -> int:
    """Move what waits on one line to another. Price and text stay, footer included; what is on the wire stays there.

    The target's rules are asked as at acceptance: approved texts, hours, opt-outs, alphabet and parts; and its price,
    which must not be above what was agreed. What may not go is skipped and counted (exit code 1), and waits on where it
    is. You are asked before anything moves; what is accepted meanwhile does not move. `payamak show` tells of a move.

    Example: `payamak move 9830003300 9830003301 --dry-run`
    """
    from payamak.hands import messages

    by = common.by("move")
    async with open_store(common) as store:
        clock = await clock_of(store)
        moving = await messages.plan_move(store, source, target, by, clock.now(), at_old_price=at_old_price)
        plan, wanted = moving.plan, moving.move
        answer: dict[str, object] = {"promised": len(plan.ids), "moved": 0, "gone": 0, "skipped": plan.skipped}
        code = ExitCode.PROBLEM if plan.skipped else ExitCode.DONE
        for sentence in () if common.json else _skipped(plan):
            say(sentence)
        if not plan.ids:
            nothing = worded(
                f"Nothing that may go by line {wanted.target} waits on {wanted.source}.",
                f"چیزی که بتواند با خط {wanted.target} برود روی {wanted.source} منتظر نیست.",
            )
            tell(common, answer, lambda _: say(nothing))
            return code
        promise = worded(
            f"{counted(len(plan.ids), 'message')} will move from line {wanted.source} to {wanted.target}, each at the"
            " price of its acceptance.",
            f"{len(plan.ids):,} پیام از خط {wanted.source} به {wanted.target} منتقل می‌شود، هر یک با بهای زمان پذیرشش.",
        )
        if not agrees(consent, common, promise):
            return undone(consent, common, answer)
        moved = await messages.move(store, moving, by, clock.now())
    gone = len(plan.ids) - moved
    answer |= {"moved": moved, "gone": gone}
    told = worded(
        f"moved to line {wanted.target}: {counted(moved, 'message')}{_gone(gone)}",
        f"به خط {wanted.target} منتقل شد: {moved:,} پیام{_gone(gone)}",
    )
    tell(common, answer, lambda _: say(told))
    return code


def _skipped(plan: MovePlan) -> list[str]:
    """A sentence for each reason why messages stay where they are."""
    from payamak.domain.moving import Bar
    from payamak.texts.reasons import BARS

    return [
        worded(
            f"skipped: {counted(count, 'message')}, because {BARS[Bar(bar)]} ({bar})",
            f"منتقل نشد: {count:,} پیام، چون {BARS[Bar(bar)].fa}",
        )
        for bar, count in plan.skipped.items()
    ]
