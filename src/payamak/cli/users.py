"""`payamak user`: people of the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from payamak.cli.consent import Consent, agrees, undone
from payamak.cli.passwords import new_password
from payamak.cli.shell import (
    Acting,
    Common,
    ExitCode,
    Failed,
    fill,
    grid,
    instant_text,
    look_at_store,
    now_ms,
    open_store,
    say,
    tell,
)
from payamak.domain.people import UserRole
from payamak.language import Words, sentence_of, spoken, worded
from payamak.texts.people import ROLES

if TYPE_CHECKING:
    from payamak.domain.people import User
    from payamak.domain.site import Site

app = App(name="user", help="People of the panel: who may come in, and as what.")
app.help_format = "markdown"

Password = Annotated[str | None, Parameter(help="env:NAME, read now; never a password in clear.")]
Stdin = Annotated[bool, Parameter(negative="", help="Read the password from standard input.")]

ASKED = Words("New password of this person: ", "گذرواژهٔ تازهٔ این شخص: ")


@app.command(name="list")
async def show_list(*, common: Common = Common()) -> int:
    """List all people: of which account, as what, and when they last came in."""
    async with look_at_store(common) as store:
        users, site = await store.people.users(), store.site
    found = [_plain(user, site) for user in users]
    columns = ("user", "account", "role", "is_active", "last sign-in")
    rows = (
        (
            user.name,
            _where(user, site),
            ROLES[user.role],
            worded("yes", "بله") if user.is_active else worded("no", "نه"),
            instant_text(user.last_login_at),
        )
        for user in users
    )
    made = fill(grid(*columns), rows)
    tell(common, found, lambda console: console.print(made))
    return ExitCode.DONE


@app.command
async def add(
    name: str,
    *,
    role: UserRole,
    account: Annotated[str | None, Parameter(help="Whose person it is.")] = None,
    site: Annotated[bool, Parameter(negative="", help="It is a person of the house, of no account.")] = False,
    password: Password = None,
    stdin: Stdin = False,
    common: Acting = Acting(),
) -> int:
    """Add a person: of an account as owner, sender or viewer; of the house as another. The password is asked for.

    Example: `payamak user add omid --role administrator --site`

    Parameters
    ----------
    name
        By which the person comes in.
    role
        What the person may do.
    """
    from payamak.hands import people

    if (account is None) is not site:
        raise Failed(
            worded("give --account NAME, or --site for the house", "--account NAME بدهید، یا برای سامانه --site"),
            ExitCode.USAGE,
        )
    async with open_store(common) as store:
        wanted = people.made(store, people.NewUser(name=name, role=role, account=account))
        hashed = _hashed(wanted.name, password, stdin=stdin)
        made = await people.add(store, wanted, hashed, common.by("user add"), now_ms())
        plain = _plain(made, store.site)
    said = worded(f"user {made.name} may come in.", f"کاربر {made.name} می‌تواند وارد شود.")
    tell(common, plain, lambda _: say(said))
    return ExitCode.DONE


@app.command
async def change(
    name: str,
    *,
    role: Annotated[UserRole | None, Parameter(help="What the person may do from now on.")] = None,
    active: Annotated[
        bool | None, Parameter(negative="--inactive", help="Let the person in again; --inactive: not any more.")
    ] = None,
    new_password_too: Annotated[
        bool, Parameter(name="--new-password", negative="", help="Ask for a new password.")
    ] = False,
    password: Password = None,
    stdin: Stdin = False,
    common: Acting = Acting(),
) -> int:
    """Change what a person may do, whether he may come in, or his password; his sessions end.

    Example: `payamak user change omid --inactive --reason "left us"`

    Parameters
    ----------
    name
        Whose.
    """
    from payamak.hands import people

    wants_password = new_password_too or stdin or password is not None
    if role is None and active is None and not wants_password:
        raise Failed(
            worded(
                "nothing to change: give --role, --inactive or --new-password",
                "چیزی برای تغییر نیست: --role یا --inactive یا --new-password بدهید",
            ),
            ExitCode.USAGE,
        )
    async with open_store(common) as store:
        user = await people.find(store, name)
        hashed = _hashed(user.name, password, stdin=stdin) if wants_password else None
        by = common.by("user change")
        if role is not None or active is not None:
            user = await people.change(store, user, by, now_ms(), role=role, is_active=active)
        if hashed is not None:
            user = await people.set_password(store, user, hashed, by, now_ms())
        plain = _plain(user, store.site)
    tell(common, plain, lambda _: say(worded(f"user {user.name} is changed.", f"کاربر {user.name} تغییر کرد.")))
    return ExitCode.DONE


@app.command
async def remove(name: str, *, consent: Consent = Consent(), common: Acting = Acting()) -> int:
    """Remove a person, after you were asked; what he did stays in the audit.

    Example: `payamak user remove omid --dry-run`

    Parameters
    ----------
    name
        Whom.
    """
    from payamak.hands import people

    async with open_store(common) as store:
        user = await people.find(store, name)
        answer: dict[str, object] = {"user": user.name}
        promise = worded(f"user {user.name} is removed.", f"کاربر {user.name} حذف می‌شود.")
        if not agrees(consent, common, promise):
            return undone(consent, common, answer)
        is_done = await people.remove(store, user, common.by("user remove"), now_ms())
    said = worded(
        f"user {user.name} is removed." if is_done else f"user {user.name} was gone already.",
        f"کاربر {user.name} حذف شد." if is_done else f"کاربر {user.name} پیش‌تر رفته بود.",
    )
    tell(common, {**answer, "removed": is_done}, lambda _: say(said))
    return ExitCode.DONE


def _where(user: User, site: Site) -> str:
    """Whose person it is."""
    if user.account_id is None:
        return worded("the house", "سامانه")
    account = site.accounts_by_id.get(user.account_id)
    return f"#{user.account_id}" if account is None else account.username


def _plain(user: User, site: Site) -> dict[str, object]:
    return {
        "user": user.name,
        "account": None if user.account_id is None else _where(user, site),
        "role": user.role.value,
        "is_active": user.is_active,
        "made_at": user.made_at,
        "last_login_at": user.last_login_at,
    }


def _hashed(name: str, given: str | None, *, stdin: bool) -> str:
    from payamak.domain.people import check_person_password
    from payamak.domain.site.secrets import UnfitSecret
    from payamak.front.passwords import hash_password

    password = new_password(given, stdin=stdin, asked=spoken(ASKED))
    try:
        return hash_password(check_person_password(name, password))
    except UnfitSecret as error:
        raise Failed(
            worded(f"{error}; nothing was changed", f"{sentence_of(error)}؛ چیزی تغییر نکرد"), ExitCode.USAGE
        ) from error
