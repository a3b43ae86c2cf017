"""Passwords on their way in: from a variable, from standard input, from a prompt; never from an argument."""

from __future__ import annotations

import getpass
import os
import sys
from typing import TYPE_CHECKING

from payamak.cli.documents import CLEAR_PASSWORD
from payamak.cli.shell import ExitCode, Failed, interruptible
from payamak.language import sentence_of, worded

if TYPE_CHECKING:
    from payamak.hands.sitefile import Passwords


def passwords() -> Passwords:
    """argon2id and this process's environment, as payamak.hands.sitefile wants them."""
    from argon2 import PasswordHasher
    from argon2.exceptions import Argon2Error, InvalidHashError

    from payamak.front.passwords import hash_password
    from payamak.hands.sitefile import Passwords

    def verify(stored: str, clear: str) -> bool:
        try:
            return PasswordHasher().verify(stored, clear)
        except (Argon2Error, InvalidHashError):
            return False

    return Passwords(verify=verify, hash=hash_password, environment=os.environ)


def from_stdin() -> str:
    """One line of standard input. Raises Failed if it is empty."""
    return _not_empty(sys.stdin.readline().rstrip("\r\n"))


def new_password(given: str | None, *, stdin: bool, asked: str = "") -> str:
    """A new password, as asked for: `env:NAME`, standard input, or a prompt that asks twice. Raises Failed.

    `asked`: the prompt, where it is no web-service password.
    """
    if stdin:
        return from_stdin()
    if given is not None:
        from payamak.domain.site.secrets import is_named

        if not is_named(given):
            raise Failed(CLEAR_PASSWORD, ExitCode.USAGE)
        try:
            return passwords().resolve(given)
        except ValueError as error:
            raise Failed(sentence_of(error), ExitCode.USAGE) from error
    if not sys.stdin.isatty():
        raise Failed(
            worded(
                "nobody to ask for a password: give --stdin or --password env:NAME",
                "کسی نیست که گذرواژه را بپرسیم: --stdin یا --password env:NAME بدهید",
            ),
            ExitCode.USAGE,
        )
    with interruptible():
        first = _not_empty(getpass.getpass(asked or worded("New web-service password: ", "گذرواژهٔ تازهٔ وب‌سرویس: ")))
        second = getpass.getpass(worded("Once more: ", "یک بار دیگر: "))
    if second != first:
        raise Failed(worded("the two passwords differ; nothing was changed", "دو گذرواژه یکی نیستند؛ چیزی تغییر نکرد"))
    return first


def _not_empty(password: str) -> str:
    if not password:
        raise Failed(
            worded("the password is empty; nothing was changed", "گذرواژه خالی است؛ چیزی تغییر نکرد"), ExitCode.USAGE
        )
    return password
