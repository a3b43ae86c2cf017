"""`payamak link`: binds to operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from payamak.cli.documents import Options, fields_help, given_fields, group, put
from payamak.cli.passwords import from_stdin
from payamak.cli.shell import Common

app = group(
    "link",
    "Binds to operators: address, login, window, pace, what their statuses mean.",
    ("name", "kind", "host", "port", "system_id", "password", "window", "is_suspended"),
)
app.help_epilogue = fields_help("link")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class LinkOptions(Options):
    """The most used fields of a link."""

    host: Annotated[str | None, Parameter(help="The operator's address.")] = None
    port: Annotated[int | None, Parameter(help="The operator's port.")] = None
    system_id: Annotated[str | None, Parameter(help="The login's name.")] = None
    password: Annotated[str | None, Parameter(help="env:NAME, read from the environment when the link starts.")] = None
    window: Annotated[int | None, Parameter(help="Parts without an answer at a time.")] = None
    parts_per_second: Annotated[float | None, Parameter(help="The pace; 0 is without limit.")] = None


Stdin = Annotated[bool, Parameter(negative="", help="Read the password from standard input; it is kept in the store.")]


@app.command
async def add(
    name: str, options: LinkOptions = LinkOptions(), *, stdin: Stdin = False, common: Common = Common()
) -> int:
    """Add a link.

    Example: `payamak link add rahyab --host smpp.example.ir --port 2775 --system-id shop --password env:RAHYAB`
    """
    given = given_fields("link", options) | ({"password": from_stdin()} if stdin else {})
    return await put("link", name, common, given, is_new=True)


@app.command
async def change(
    name: str, options: LinkOptions = LinkOptions(), *, stdin: Stdin = False, common: Common = Common()
) -> int:
    """Change a link; it is bound anew.

    Example: `payamak link change rahyab --window 50 --set 'status_verdicts={"0x0427"=27}'`
    """
    given = given_fields("link", options) | ({"password": from_stdin()} if stdin else {})
    return await put("link", name, common, given, is_new=False)
