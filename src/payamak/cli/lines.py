"""`payamak line`: sender numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from payamak.cli.bounds import WHOLE
from payamak.cli.documents import Options, fields_help, given_fields, group, put
from payamak.cli.shell import Acting

app = group(
    "line",
    "Sender numbers: their kind, their prices per part, the links they go by, their rules.",
    ("number", "kind", "links", "gsm7_rial", "ucs2_rial", "is_suspended"),
)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class LineOptions(Options):
    """The most used fields of a line."""

    kind: Annotated[str | None, Parameter(help="advertising, service or sim.")] = None
    links: Annotated[
        tuple[str, ...] | None, Parameter(name="--link", negative="", help="A link, in order of preference; repeat it.")
    ] = None
    gsm7_rial: Annotated[int | None, WHOLE, Parameter(help="Price of a Latin part, in rial.")] = None
    ucs2_rial: Annotated[int | None, WHOLE, Parameter(help="Price of a Persian part, in rial.")] = None


@app.command(help_epilogue=fields_help("line"))
async def add(number: str, options: LineOptions = LineOptions(), *, common: Acting = Acting()) -> int:
    """Add a line.

    Example: `payamak line add 9830003300 --link rahyab --gsm7-rial 2100 --ucs2-rial 900`
    """
    return await put("line", number, common, given_fields("line", options), is_new=True)


@app.command(help_epilogue=fields_help("line"))
async def change(number: str, options: LineOptions = LineOptions(), *, common: Acting = Acting()) -> int:
    """Change a line.

    Example: `payamak line change 9830003300 --set on_ambiguous=hold --set 'links=["a", {link="b", share=2}]'`
    """
    return await put("line", number, common, given_fields("line", options), is_new=False)
