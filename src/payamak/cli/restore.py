"""`payamak restore`: put a copy of the store back, so that nothing goes out unasked and no id is given twice (P10)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from payamak.cli.bounds import bounded
from payamak.cli.optout_file import read_opt_outs
from payamak.cli.shell import Acting, Common, ExitCode, counted, file_to_be, instant_text, now_ms, say, tell
from payamak.domain.restoring import ID_LIMIT
from payamak.language import Words, spoken, worded

if TYPE_CHECKING:
    from payamak.hands.values import PutBack

NOT_KNOWN: Final = Words(
    """\
What the copy cannot know of the time since:
  opt-outs      whoever refused a line since then is sent to again; --opt-outs FILE brings a newer list
  CheckIds      a batch that was accepted since then is accepted again if its caller repeats it
  money         what was charged and paid in since then; compare, then `payamak account credit`
  receipts      those of messages sent since then find nobody (`payamak unmatched`); of those that the copy knows and
                whose receipt came since then, the state stays as it was, in the end unknown
  passwords     those changed since then are the old ones again, and so is the rest of the site: `payamak apply`""",
    """\
آنچه نسخه از این مدت نمی‌داند:
  انصراف‌ها     به هر که از آن پس از خطی انصراف داده دوباره فرستاده می‌شود؛ --opt-outs FILE فهرست تازه‌تر را می‌آورد
  CheckId ها    دسته‌ای که از آن پس پذیرفته شده، اگر دوباره فرستاده شود دوباره پذیرفته می‌شود
  پول           آنچه از آن پس برداشت و واریز شده؛ مقایسه کنید، سپس `payamak account credit`
  رسیدها        رسید پیام‌های از آن پس کسی را نمی‌یابد (`payamak unmatched`)؛ آن‌ها که نسخه می‌شناسد و رسیدشان از آن پس
                آمده، وضعیتشان همان می‌ماند و سرانجام نامشخص می‌شود
  گذرواژه‌ها    آن‌ها که از آن پس عوض شده‌اند دوباره همان پیشین است، و بقیهٔ پیکربندی هم: `payamak apply`""",
)


async def restore(
    backup: Path,
    *,
    ids_above: Annotated[
        int,
        bounded(0, ID_LIMIT - 1_000_000),
        Parameter(help="A message id that is above all that were given, if you know one."),
    ] = 0,
    opt_outs: Annotated[
        Path | None, Parameter(help="A newer list of opt-outs, as `payamak backup` or `optout export` wrote it.")
    ] = None,
    replace: Annotated[
        bool, Parameter(negative="", help="Move the store that is there aside, under a name with the time.")
    ] = False,
    common: Acting = Acting(),
) -> int:
    """Put a copy of the store back in the place of the store (`--data`). The server must be stopped.

    What waited in the copy, or was on the wire when it was made, is held until `payamak resume restored`: it may have
    been sent since. Message ids go on above all that may have been given. The file `STORE-mark`, if it is still there,
    knows best up to where; leave it. The copy itself is only read.

    Example: `payamak restore /backup/payamak-2026-02-01.sqlite --data /var/lib/payamak/store.sqlite`
    """
    from payamak.hands.restore import restore as put_back

    given = read_opt_outs(opt_outs) if opt_outs is not None else []
    address = file_to_be(common)
    done = await put_back(backup, address, ids_above, given, common.by("restore"), now_ms(), may_replace=replace)
    _tell(common, done)
    return ExitCode.DONE


# ------------------------------------------------------------------------------------------------- telling


def _tell(common: Common, done: PutBack) -> None:
    noted = done.noted
    answer: dict[str, Any] = {
        "store": done.store,
        "known_until_at": noted.known_until_at,
        "held": noted.held,
        "ids_above": noted.ids_above,
        "opt_outs": done.opt_outs,
        "moved_aside": list(done.aside),
    }

    def show(_: object) -> None:
        say(
            worded(
                f"{done.store} is the copy, which knows what happened until {instant_text(noted.known_until_at)}.",
                f"{done.store} همان نسخه است و رویدادها را تا {instant_text(noted.known_until_at)} می‌داند.",
            )
        )
        for path in done.aside:
            say(worded(f"What was there is now {path}.", f"آنچه آن‌جا بود حالا {path} است."))
        say(
            worded(
                "Held until `payamak resume restored` (all, or by --line, --account): "
                f"{counted(noted.held, 'message')}.",
                f"تا `payamak resume restored` (همه، یا با --line و --account) نگه داشته شده: {noted.held:,} پیام.",
            )
        )
        say(
            worded(
                f"Message ids go on above {noted.ids_above}; opt-outs put in: {done.opt_outs:,}.",
                f"شناسهٔ پیام‌ها از بالای {noted.ids_above} ادامه می‌یابد؛ انصراف واردشده: {done.opt_outs:,}.",
            )
        )
        say(*spoken(NOT_KNOWN).splitlines())

    tell(common, answer, show)
