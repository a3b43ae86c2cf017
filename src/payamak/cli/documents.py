"""What the groups account, line, link and template share: reading options, and list, show, add, change, remove."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import App, Parameter

from payamak.cli.consent import Consent, agrees, undone
from payamak.cli.shell import Acting, Common, ExitCode, Failed, fill, grid, look_at_store, now_ms, open_store, say, tell

if TYPE_CHECKING:
    from payamak.domain.site import Document, Site


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of add and change; a subclass names the most used fields of its kind."""

    set: Annotated[
        tuple[str, ...],
        Parameter(name="--set", negative="", help="KEY=VALUE for any key below, as TOML or plain text; repeat it."),
    ] = ()


def given_fields(kind: str, options: Options) -> dict[str, Any]:
    """The fields that a command line names. Raises Failed for what is not allowed."""
    from payamak.domain.site import NAME_FIELDS
    from payamak.domain.site.secrets import is_named
    from payamak.hands.sitefile import parse_setting, read_field

    given: dict[str, Any] = {}
    try:
        for field in fields(options):
            value = getattr(options, field.name)
            if field.name != "set" and value is not None:
                given[field.name] = read_field(kind, field.name, list(value) if isinstance(value, tuple) else value)
        for setting in options.set:
            name, value = parse_setting(kind, setting)
            given[name] = value
    except ValueError as error:
        raise Failed(str(error), ExitCode.USAGE) from error
    if NAME_FIELDS[kind] in given:
        raise Failed(f"{NAME_FIELDS[kind]} is the {kind}'s name: it is given first and never changes", ExitCode.USAGE)
    if "password" in given and not is_named(str(given["password"])):
        raise Failed(CLEAR_PASSWORD, ExitCode.USAGE)
    return given


CLEAR_PASSWORD: Final = (
    "a password on the command line is seen by everyone who may list processes: give env:NAME, or --stdin"
)


def fields_help(kind: str) -> str:
    """Every key of a kind with its meaning, what is allowed and its default, as a Markdown list for --help."""
    from payamak.domain.site.kinds import settable
    from payamak.setting import allowed_words, default_words

    lines = []
    for name, field in settable(kind).items():
        default = default_words(field)
        says = f"{allowed_words(field)}{f', default {default}' if default else ''}"
        lines.append(f"- `{name}`: {field.setting.meaning} ({says})")
    return "Keys for `--set`:\n\n" + "\n".join(lines)


# ----------------------------------------------------------------------------------------------- commands


async def put(kind: str, name: str, common: Acting, given: Mapping[str, Any], *, is_new: bool) -> int:
    """Add a document, or change the given fields of one."""
    from payamak.hands import site

    if not is_new and not given:
        raise Failed("nothing to change was given; see --help", ExitCode.USAGE)
    async with open_store(common, create=is_new) as store:
        act = site.add if is_new else site.change
        by = common.by(f"{kind} {'add' if is_new else 'change'}")
        document = await act(store, kind, name, given, os.environ, by, now_ms())
    tell(common, masked(document), lambda _: say(f"{kind} {name} is {'added' if is_new else 'changed'}."))
    return ExitCode.DONE


def show(site: Site, kind: str, name: str, common: Common, more: Mapping[str, int] = MappingProxyType({})) -> int:
    """Every field of one document, and what else is known of it. Raises Failed."""
    from payamak.domain.site.kinds import settable
    from payamak.hands.site import find

    plain = masked(find(site, kind, name))
    rows = [(key, word(plain.get(key))) for key in settable(kind)]
    made = fill(grid("key", "value"), [*rows, *((key, f"{value:,}") for key, value in more.items())])
    tell(common, {**plain, **more}, lambda console: console.print(made))
    return ExitCode.DONE


async def remove(kind: str, name: str, consent: Consent, common: Acting) -> int:
    """Take one document away; refused while another names it, or while it has money or messages."""
    from payamak.hands import site

    async with open_store(common) as store:
        removal = await site.plan_removal(store, kind, name)
        notes = removal.notes
        promise = " ".join((f"{kind} {removal.name} will be removed.", *notes))
        if not agrees(consent, common, promise):
            return undone(consent, common, {"removed": None, "notes": notes})
        await site.remove(store, removal, common.by(f"{kind} remove"), now_ms())
    tell(common, {"removed": name, "notes": notes}, lambda _: say(f"{kind} {name} is removed."))
    return ExitCode.DONE


async def show_all(kind: str, common: Common, columns: Sequence[str]) -> int:
    """The documents of a kind, as a table of these fields."""
    from payamak.hands.sitefile import documents_of

    async with look_at_store(common) as store:
        found = [masked(document) for (k, _), document in documents_of(store.site).items() if k == kind]
    made = fill(grid(*columns), ([word(plain.get(column)) for column in columns] for plain in found))
    tell(common, found, lambda console: console.print(made))
    return ExitCode.DONE


def masked(document: Document) -> dict[str, Any]:
    """All fields as plain values, defaults included, secrets masked unless they name a variable."""
    import msgspec

    from payamak.domain.site import SECRETS
    from payamak.domain.site.kinds import MASK
    from payamak.domain.site.secrets import is_named

    plain: dict[str, Any] = {}
    for field in document.__struct_fields__:
        value = msgspec.to_builtins(getattr(document, field))
        plain[field] = MASK if field in SECRETS and value and not is_named(str(value)) else value
    return plain


def word(value: object) -> str:
    """A value of a document for people: `yes`, a list with commas, nothing."""
    if isinstance(value, list | tuple):
        return ", ".join(word(item) for item in value)
    if isinstance(value, dict):
        return str(value["link"]) if set(value) == {"link"} else ", ".join(f"{k}={word(v)}" for k, v in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def group(kind: str, text: str, columns: Iterable[str]) -> App:
    """The group of a kind with list, show and remove; the kind's own file adds add and change."""
    app = App(name=kind, help=text, help_format="markdown")
    columns = tuple(columns)

    @app.command(name="list")
    async def show_list(*, common: Common = Common()) -> int:
        """List all."""
        return await show_all(kind, common, columns)

    @app.command(name="show")
    async def show_one(name: str, *, common: Common = Common()) -> int:
        """Show every key of one, defaults included."""
        async with look_at_store(common) as store:
            return show(store.site, kind, name, common)

    @app.command(name="remove")
    async def remove_one(name: str, *, consent: Consent = Consent(), common: Acting = Acting()) -> int:
        """Remove one, after you were asked; refused while another document names it, or messages wait on it.

        The refusal says what to do first.
        """
        return await remove(kind, name, consent, common)

    return app
