"""`payamak template`: the approved texts of an account's service line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from payamak.cli.bounds import TemplateNumber
from payamak.cli.consent import Consent, agrees, undone
from payamak.cli.documents import word
from payamak.cli.shell import (
    Acting,
    Common,
    ExitCode,
    Failed,
    fill,
    grid,
    look_at_store,
    now_ms,
    open_store,
    say,
    show_block,
    tell,
)
from payamak.hands.refusals import NotDone
from payamak.visible import visible

if TYPE_CHECKING:
    from rich.console import Console

    from payamak.domain.site import TemplateDocument

app = App(
    name="template",
    help="Approved texts of an account, with placeholders in braces: `کد ورود شما: {code}`.",
    help_format="markdown",
)

Pattern = Annotated[
    tuple[str, ...], Parameter(name="--pattern", negative="", help="NAME=REGEX that a value must match; repeat it.")
]
Templates = tuple["TemplateDocument", ...]


@app.command(name="list")
async def show_list(account: str | None = None, *, common: Common = Common()) -> int:
    """List the texts of one account, or of all."""
    from msgspec import to_builtins

    async with look_at_store(common) as store:
        accounts = [a for name, a in store.site.accounts.items() if account in (None, name)]
    if account is not None and not accounts:
        raise Failed(f"there is no account {account}")
    found = [
        {"account": a.username, "is_default": t.number == a.default_template, **to_builtins(t)}
        for a in accounts
        for t in a.templates
    ]
    rows = (
        (row["account"], row["number"], "yes" * row["is_default"], row["text"], word(row.get("patterns") or ""))
        for row in found
    )
    made = fill(grid("account", "number", "default", "text", "patterns", right=("number",)), rows)
    tell(common, found, lambda console: console.print(made))
    return ExitCode.DONE


def _show_text(out: Console, text: str) -> None:
    """As it is if it is one line that is no longer than the terminal's, else behind bars."""
    if text == visible(text) and (not out.is_terminal or len(text) < out.width):
        say(text)
    else:
        show_block(out, text)


@app.command
async def show(account: str, number: TemplateNumber, *, common: Common = Common()) -> int:
    """Show one text."""
    from payamak.hands.site import account_of

    async with look_at_store(common) as store:
        owner = account_of(store.site, account)
    found = next((t for t in owner.templates if t.number == number), None)
    if found is None:
        raise Failed(f"account {account} has no template {number}")
    tell(common, found, lambda console: _show_text(console, found.text))
    return ExitCode.DONE


@app.command
async def add(
    account: str,
    number: TemplateNumber,
    text: str,
    *,
    pattern: Pattern = (),
    any_text: Annotated[bool, Parameter(negative="", help="Let every text pass as it is.")] = False,
    default: Annotated[bool, Parameter(negative="", help="The text that template=0 means.")] = False,
    common: Acting = Acting(),
) -> int:
    """Add a text.

    Example: `payamak template add shop 1 'کد ورود شما: {code}' --pattern 'code=[0-9]{4,8}' --default`
    """
    made = _template(number, text, pattern, any_text)

    def work(templates: Templates) -> Templates:
        if any(t.number == number for t in templates):
            raise NotDone(f"account {account} has a template {number}; `payamak template change` changes it")
        return (*templates, made)

    await _edit(account, common, "add", work, number if default else None)
    tell(common, made, lambda _: say(f"template {number} of account {account} is added."))
    return ExitCode.DONE


@app.command
async def change(
    account: str,
    number: TemplateNumber,
    text: str,
    *,
    pattern: Pattern = (),
    any_text: Annotated[bool, Parameter(negative="", help="Let every text pass as it is.")] = False,
    default: Annotated[bool, Parameter(negative="", help="The text that template=0 means.")] = False,
    common: Acting = Acting(),
) -> int:
    """Put another text, with its patterns, in the place of one."""
    made = _template(number, text, pattern, any_text)

    def work(templates: Templates) -> Templates:
        _must_have(templates, account, number)
        return tuple(made if t.number == number else t for t in templates)

    await _edit(account, common, "change", work, number if default else None)
    tell(common, made, lambda _: say(f"template {number} of account {account} is changed."))
    return ExitCode.DONE


@app.command
async def remove(
    account: str, number: TemplateNumber, *, consent: Consent = Consent(), common: Acting = Acting()
) -> int:
    """Remove a text, after you were asked: what only it allows is refused with 34 from then on."""
    from payamak.hands.site import account_of

    async with open_store(common) as store:
        _must_have(account_of(store.site, account).templates, account, number)
    promise = f"template {number} of account {account} will be removed: what only it allows is refused with 34."
    if not agrees(consent, common, promise):
        return undone(consent, common, {"removed": None})

    def work(templates: Templates) -> Templates:
        _must_have(templates, account, number)
        return tuple(t for t in templates if t.number != number)

    await _edit(account, common, "remove", work, None)
    tell(common, {"removed": number}, lambda _: say(f"template {number} of account {account} is removed."))
    return ExitCode.DONE


def _must_have(templates: Templates, account: str, number: int) -> None:
    if all(t.number != number for t in templates):
        raise NotDone(f"account {account} has no template {number}")


def _template(number: int, text: str, patterns: Sequence[str], any_text: bool) -> TemplateDocument:
    from payamak.domain.site import TemplateDocument

    for pattern in patterns:
        if "=" not in pattern:
            raise Failed(f"--pattern {pattern!r} is not NAME=REGEX", ExitCode.USAGE)
    named = dict(pattern.split("=", 1) for pattern in patterns)
    return TemplateDocument(number=number, text=text, patterns=named, any_text=any_text)


async def _edit(
    account: str, common: Acting, command: str, work: Callable[[Templates], Templates], default: int | None
) -> None:
    from payamak.hands.site import change_templates

    async with open_store(common) as store:
        await change_templates(store, account, work, default, common.by(f"template {command}"), now_ms())
