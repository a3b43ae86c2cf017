"""`payamak account`: customers, their passwords and their money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import App, Parameter

from payamak.cli.bounds import bounded
from payamak.cli.consent import Consent
from payamak.cli.documents import Options, fields_help, given_fields, masked, put, remove, show, word
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
from payamak.cli.usage import ledger, statement
from payamak.domain.money import MOST_RIAL
from payamak.language import sentence_of, worded

app = App(name="account", help="Customers: what they may use, how they are answered, passwords, credit.")
app.help_format = "markdown"


LONGEST_REFERENCE = 64
"""Characters of a payment's reference; banks' own have 20 digits or so."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class AccountOptions(Options):
    """The most used fields of an account."""

    lines: Annotated[
        tuple[str, ...] | None, Parameter(name="--line", negative="", help="A line it may use; repeat it.")
    ] = None
    default_line: Annotated[str | None, Parameter(help="The line where none is given.")] = None
    service_line: Annotated[str | None, Parameter(help="The line of type=2.")] = None
    sim_line: Annotated[str | None, Parameter(help="The line of type=1, Chelcheleh.")] = None
    allowed_addresses: Annotated[
        tuple[str, ...] | None, Parameter(name="--allow", negative="", help="A client address or network; repeat it.")
    ] = None
    webhook_url: Annotated[str | None, Parameter(help="Where each change of a message's state is posted.")] = None
    webhook_secret: Annotated[str | None, Parameter(help="env:NAME, what signs those posts.")] = None


Password = Annotated[str | None, Parameter(help="env:NAME, read now; never a password in clear.")]
Stdin = Annotated[bool, Parameter(negative="", help="Read the password from standard input.")]


@app.command(name="list")
async def show_list(*, common: Common = Common()) -> int:
    """List all accounts with their balances in rial."""
    async with look_at_store(common) as store:
        accounts = store.site.accounts
        balances = {balance.username: balance for balance in await store.balances()}
    found = [
        masked(account) | {"available": balances[name].available, "reserved": balances[name].reserved}
        for name, account in accounts.items()
    ]
    columns = ("username", "is_active", "lines", "default_line", "available", "reserved")
    rows = ([f"{at:,}" if type(at) is int else word(at) for at in map(plain.get, columns)] for plain in found)
    made = fill(grid(*columns, right=("available", "reserved")), rows)
    tell(common, found, lambda console: console.print(made))
    return ExitCode.DONE


@app.command(name="show")
async def show_one(name: str, *, common: Common = Common()) -> int:
    """Show every key of one account, defaults included, and its money in rial: available, and reserved for messages."""
    async with look_at_store(common) as store:
        balances = {balance.username: balance for balance in await store.balances()}
        found = balances.get(name)
        money = {"available": found.available, "reserved": found.reserved} if found else {}
        return show(store.site, "account", name, common, money)


@app.command(name="remove")
async def remove_one(name: str, *, consent: Consent = Consent(), common: Acting = Acting()) -> int:
    """Remove an account, after you were asked; refused while it has money or messages under way.

    The refusal says what to do first. Its past messages and its ledger stay in the store, and a new account of its name
    has them again.

    Example: `payamak account remove shop --dry-run`
    """
    return await remove("account", name, consent, common)


@app.command(help_epilogue=fields_help("account"))
async def add(
    name: str,
    options: AccountOptions = AccountOptions(),
    *,
    password: Password = None,
    stdin: Stdin = False,
    common: Acting = Acting(),
) -> int:
    """Add an account. Without a password nobody can use it yet.

    Example: `payamak account add shop --line 9830003300 --default-line 9830003300 --password env:SHOP`
    """
    given = given_fields("account", options)
    if password is not None or stdin:
        given["password_hash"] = _hashed(new_password(password, stdin=stdin))
    return await put("account", name, common, given, is_new=True)


@app.command(help_epilogue=fields_help("account"))
async def change(name: str, options: AccountOptions = AccountOptions(), *, common: Acting = Acting()) -> int:
    """Change an account.

    Example: `payamak account change shop --set is_active=false --set verdict_wait_ms=5000`
    """
    given = given_fields("account", options)
    if "password_hash" in given:
        raise Failed(
            worded(
                "a password is changed by `payamak account password`", "گذرواژه با `payamak account password` عوض می‌شود"
            ),
            ExitCode.USAGE,
        )
    return await put("account", name, common, given, is_new=False)


@app.command(name="password")
async def change_password(
    name: str, *, password: Password = None, stdin: Stdin = False, common: Acting = Acting()
) -> int:
    """Change the web-service password: asked for twice, or by --stdin, or from a variable.

    Example: `printf %s "$NEW" | payamak account password shop --stdin`
    """
    from payamak.hands.site import set_password_hash

    hashed = _hashed(new_password(password, stdin=stdin))
    async with open_store(common) as store:
        await set_password_hash(store, name, hashed, common.by("account password"), now_ms())
    tell(
        common,
        {"username": name},
        lambda _: say(worded(f"account {name} has a new password.", f"حساب {name} گذرواژهٔ تازه دارد.")),
    )
    return ExitCode.DONE


@app.command
async def credit(
    name: str,
    amount: Annotated[int, bounded(-MOST_RIAL, MOST_RIAL)],
    *,
    note: str = "",
    reference: Annotated[
        str | None,
        Parameter(help="What whoever pays calls this payment: given again, it is not entered a second time."),
    ] = None,
    allow_negative: Annotated[
        bool, Parameter(negative="", help="Take more than the account has: its balance falls below zero.")
    ] = False,
    common: Acting = Acting(),
) -> int:
    """Add rial to an account, or take them away (below zero), by an entry in the ledger.

    Whole rial, or it is refused. More than the account has is taken only with --allow-negative; it then sends nothing
    that costs until it has paid. With --reference it is safe to repeat: what was entered under it before changes
    nothing, and another amount under it is refused.

    Example: `payamak account credit shop 5000000 --reference 1042 --note "invoice 1042"`
    """
    from payamak.hands import credit

    wanted = None if reference is None else _reference(reference)
    entry = credit.Payment(username=name, amount=amount, note=note, reference=wanted, allow_negative=allow_negative)
    async with open_store(common) as store:
        done = await credit.enter(store, entry, common.by("account credit", note), now_ms())
    answer = {"username": name, "available": done.available, "reference": wanted, "is_repeated": done.is_repeated}
    before = worded(
        f"nothing was changed: {wanted} was entered already, {instant_text(done.entered_at)}; ",
        f"چیزی تغییر نکرد: {wanted} پیش‌تر ثبت شده بود، {instant_text(done.entered_at)}؛ ",
    )
    said = worded(
        f"{before if done.is_repeated else ''}account {name} has {done.available:,} rial.",
        f"{before if done.is_repeated else ''}اعتبار حساب {name} {done.available:,} ریال است.",
    )
    tell(common, answer, lambda _: say(said))
    return ExitCode.DONE


app.command(statement)
app.command(ledger)


def _reference(text: str) -> str:
    """A payment's name, as it is compared: without the blanks around it. Raises Failed."""
    wanted = text.strip()
    if not 0 < len(wanted) <= LONGEST_REFERENCE or not wanted.isprintable():
        raise Failed(
            worded(
                f"a reference is one line of 1 to {LONGEST_REFERENCE} characters",
                f"شناسهٔ پرداخت یک سطر با ۱ تا {LONGEST_REFERENCE} نویسه است",
            ),
            ExitCode.USAGE,
        )
    return wanted


def _hashed(password: str) -> str:
    from payamak.domain.site.secrets import UnfitSecret, check_new_password
    from payamak.front.passwords import hash_password

    try:
        check_new_password(password)
    except UnfitSecret as error:
        raise Failed(
            worded(f"{error}; nothing was changed", f"{sentence_of(error)}؛ چیزی تغییر نکرد"), ExitCode.USAGE
        ) from error
    return hash_password(password)
