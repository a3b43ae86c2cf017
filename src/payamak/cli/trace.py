"""`payamak trace`: the PDUs of a link as they pass, asked of the server through its side door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from payamak.cli.bounds import bounded
from payamak.cli.shell import Common, ExitCode, Failed, complain, existing_store, instant_text, say, tell_json
from payamak.language import worded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_OF_ONE: Final = frozenset(("at", "is_ours", "pdu", "sequence"))


async def trace(
    link: str,
    *,
    seconds: Annotated[int, bounded(1, 600)] = 600,
    numbers: Annotated[bool, Parameter(negative="", help="Show the numbers of handsets whole.")] = False,
    common: Common = Common(),
) -> int:
    """Show the PDUs of a link as they pass, until Ctrl-C, or for ten minutes at most. A bind that fails is seen too.

    Of a text its octets are counted, a password is not shown, and of a handset's number a part. The server must be
    running, and you must be its user or root: it is asked through a socket beside the store, `STORE-door`.

    Example: `payamak trace rahyab --seconds 60`

    Parameters
    ----------
    link
        Its name; an SMPP link.
    seconds
        How long, up to 600.
    """
    from payamak.socketfile import refusal_of

    question = {"ask": "trace", "link": link, "seconds": seconds, "numbers": numbers}
    async for said in _answers(existing_store(common), question):
        if refused := refusal_of(said):
            raise Failed(refused)
        if common.json:
            tell_json(said)
        elif "pdu" in said:
            say(_line(said))
        elif "told" in said:
            more = (
                worded(
                    f", {said['left_out']:,} more were not shown: this terminal was too slow",
                    f"، {said['left_out']:,} تای دیگر نشان داده نشد: این ترمینال کند بود",
                )
                if said["left_out"]
                else ""
            )
            complain(worded(f"{said['told']:,} PDUs{more}", f"{said['told']:,} بستهٔ PDU{more}"))
        else:
            complain(
                worded(
                    f"link {link} is {'bound' if said['is_up'] else 'not bound'}; Ctrl-C ends this",
                    f"لینک {link} {'وصل است' if said['is_up'] else 'وصل نیست'}؛ با Ctrl-C تمام می‌شود",
                )
            )
    return ExitCode.DONE


async def _answers(store: Path, question: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    """What the side door says, an object a line, until it closes. Raises Failed if nobody is behind it."""
    from payamak.sidedoor import door_of
    from payamak.socketfile import answers

    door = door_of(store)
    try:
        async for said in answers(door, question):
            yield said
    except PermissionError:
        raise Failed(
            worded(
                f"{door} is the server's user's alone: ask as that user, or as root",
                f"{door} فقط از آنِ کاربر سرور است: با همان کاربر یا root بپرسید",
            )
        ) from None
    except OSError:
        raise Failed(
            worded(
                f"no server runs on {store} (or not this version of it)",
                f"سروری روی {store} روشن نیست (یا این نسخه از آن نیست)",
            ),
            ExitCode.UNREACHED,
        ) from None


def _line(said: dict[str, Any]) -> str:
    """`18:30:05.123  →  submit_sm 5  source_addr 9830003300 …`: out is to the operator."""
    at = f"{instant_text(said['at'])[11:]}.{said['at'] % 1_000:03d}"
    fields = "  ".join(f"{name} {value}" for name, value in said.items() if name not in _OF_ONE)
    return f"{at}  {'→' if said['is_ours'] else '←'}  {said['pdu']} {said['sequence']}  {fields}".rstrip()
