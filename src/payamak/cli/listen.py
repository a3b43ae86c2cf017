"""`payamak listen`: what Payamak posts, seen before there is a program that takes it."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from payamak.cli.bounds import Port
from payamak.cli.shell import ExitCode, Failed, complain, say
from payamak.language import counted, worded, words_of

if TYPE_CHECKING:
    from payamak.listener import Listener


def listen(
    *,
    port: Port = 0,
    forward_to: str = "",
    secret: Annotated[str, Parameter(help="env:NAME: the variable that has the secret of webhook or line.")] = "",
    keep: Annotated[Path | None, Parameter(help="Add every post to this file, for --replay.")] = None,
    replay: Annotated[Path | None, Parameter(help="Pass the posts of such a file on again, and end.")] = None,
) -> int:
    """Show the webhooks and relayed messages that are posted here, whether they are signed rightly, until Ctrl-C.

    Set `webhook_url` of the account (`relay_url` of the line) to the address that it names, and, where that is this
    machine, `webhook_allow_private_target` (`allow_private_target`). With `--forward-to` each post goes on to your
    program, and its answer back.

    Example: `payamak listen --port 9000 --secret env:SHOP_WEBHOOK_SECRET --keep posts.jsonl`

    Example: `payamak listen --replay posts.jsonl --forward-to http://127.0.0.1:8000/sms`

    Parameters
    ----------
    port
        Of 127.0.0.1; 0 takes a free one.
    forward_to
        The URL of your program.
    """
    from payamak.domain.site.secrets import UnfitSecret, signing_key
    from payamak.listener import Listener, open_kept

    key = _secret(secret)
    try:
        if key:
            signing_key(key)
    except UnfitSecret as error:
        raise Failed(words_of(error), ExitCode.USAGE) from error
    if forward_to and not forward_to.startswith(("http://", "https://")):
        raise Failed(
            worded(f"{forward_to} is no URL of http or https", f"{forward_to} نشانی http یا https نیست"), ExitCode.USAGE
        )
    with ExitStack() as stack:
        kept = stack.enter_context(open_kept(keep)) if keep is not None else None
        listener = Listener(tell=say, secret=key, forward_to=forward_to, keep=kept)
        if replay is not None:
            return _replay(listener, replay)
        server = stack.enter_context(listener.server("127.0.0.1", port))
        url = f"http://127.0.0.1:{server.server_port}/"
        say(worded(f"Posts to {url} are shown; Ctrl-C ends this.", f"ارسال‌ها به {url} نمایان می‌شود؛ پایان با Ctrl-C."))
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return ExitCode.DONE


def _replay(listener: Listener, file: Path) -> int:
    if not listener.forward_to:
        raise Failed(
            worded("replayed to whom? give --forward-to", "به کجا فرستاده شود؟ --forward-to بدهید"),
            ExitCode.USAGE,
        )
    try:
        statuses = list(listener.replay(file))
    except ValueError as error:
        raise Failed(words_of(error), ExitCode.USAGE) from error
    taken = sum(200 <= status < 300 for status in statuses)
    count = counted(len(statuses), "post", "ارسال")
    complain(worded(f"{count}, {taken:,} taken", f"{count.fa}، {taken:,} گرفته شد"))
    return ExitCode.DONE if taken == len(statuses) else ExitCode.PROBLEM


def _secret(named: str) -> str:
    from payamak.domain.site.secrets import is_named, variable_of

    if not named:
        return ""
    if not is_named(named):
        raise Failed(
            worded(
                "a secret on the command line is seen by everyone: give --secret env:NAME",
                "راز در خط فرمان را همه می‌بینند: --secret env:NAME بدهید",
            ),
            ExitCode.USAGE,
        )
    value = os.environ.get(variable_of(named), "")
    if not value:
        raise Failed(
            worded(f"the variable {variable_of(named)} is not set", f"متغیر {variable_of(named)} مقدار ندارد"),
            ExitCode.USAGE,
        )
    return value
